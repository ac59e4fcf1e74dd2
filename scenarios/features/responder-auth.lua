-- Does a client notice that it talks to somebody else than it wanted?
--
-- The impostor has the server's name and address, but signed its certificate itself and has another
-- static key.  A second client meets the true server.

local client, server   = host "client", host "server"
local victim, impostor = host "victim", host "impostor"
local switch = router "switch"

-- Where a service that both trust tells the fingerprint of the certificate, it is the true one's.
local told = by_protocol { srtp = { announce =
  "0ce5d76bbfe90a2cb1c5884f112304f1de651799a885154de220d229f2c3dbed" } }

return scenario {
  title   = "A server that is not the one it says",
  feature = "RA",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, server, victim, impostor, delay = 5*ms } },
  agents  = {
    client:runs { each.protocol }, server:runs { each.protocol },
    victim:runs { each.protocol }, impostor:runs { each.protocol, impostor = true, options = told },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(0*s, victim:request(impostor)),
    on(victim, "error", note "the victim gives up"),
    on(victim, "reset", note "the victim's connection broke"),
    on(victim, "refused", note "the victim's connection was refused"),
    at(8*s, stop()),
  },
  ladder  = {},
  verdict = function (r)
    if r.client.replies == 0 then
      return no "not even the true server is believed"
    elseif r.victim.replies > 0 then
      return no "the impostor got the request, and was believed its reply"
    end
    return yes "the true server is believed, the impostor is not"
  end,
}
