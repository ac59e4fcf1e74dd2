-- Can somebody on the path read what the applications say?
--
-- The applications' text is known, so it is searched for in every packet that passes the switch.

local client, server = host "client", host "server"
local switch = router "switch"

return scenario {
  title   = "Known plaintext on the wire",
  feature = "RC",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, switch, delay = 5*ms }, link { switch, server, delay = 5*ms } },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, switch:eavesdrop()),
    at(0*s, client:request(server)),
    at(2*s, stop()),
  },
  ladder  = {},
  verdict = function (r)
    local readable = r.client.seen.text + r.server.seen.text
    if readable > 0 then
      return no(string.format("%d packets show what the applications say", readable))
    elseif r.replies == 0 then
      return no "nothing was said"
    end
    return yes "request and reply went by, and no packet shows a word of them"
  end,
}
