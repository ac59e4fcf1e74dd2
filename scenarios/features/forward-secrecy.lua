-- Do long-term keys that leak later open the traffic that somebody recorded?
--
--   shakedown run forward-secrecy
--   shakedown run forward-secrecy --set protocol=tls12,mode=rsa
--
-- The recorder plays each side's part again: with its certificate, its static and its pre-shared
-- keys, told what it was told, drawing what it drew wherever that stood on the wire.  Only what was
-- never on the wire has to be drawn anew.

local client, server = host "client", host "server"

return scenario {
  title   = "Recorded traffic and long-term keys",
  feature = "FS",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, server, delay = 10*ms } },
  agents  = {
    client:runs { each.protocol, recorded = true },
    server:runs { each.protocol, recorded = true },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(2*s, stop()),
  },
  ladder  = {},
  verdict = function (r)
    if r.replies == 0 then
      return no "nothing was said"
    elseif r.server.opened + r.client.opened > 0*B then
      return no "the long-term keys open what was recorded"
    end
    return yes "a recorder with the long-term keys of both sides opens nothing"
  end,
}
