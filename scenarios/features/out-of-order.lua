-- Can a record be used before the one that was sent before it has come?
--
-- Ten messages go at intervals of 10 ms; three packets wait for 60 ms on the way, and others overtake
-- them.

local client, server = host "client", host "server"
local switch = router "switch"

return scenario {
  title   = "A packet that others overtake",
  feature = "OO",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, server, delay = 2*ms } },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    at(8*s, switch:delay { from = client, what = "data", nth = 3, count = 3, by = 60*ms }),
    at(8*s, client:stream(server) { size = 100*B, every = 10*ms, count = 10 }),
    at(12*s, stop()),
  },
  verdict = function (r)
    if r.replies == 0 or r.stream.received < 10 then
      return no "what is overtaken, or overtakes, is lost"
    elseif r.stream.longest_gap < 60*ms then
      return yes "what overtakes is delivered at once"
    elseif r.carrier ~= "tcp" and r.server.drops == 0 then
      return yes "records are taken in any order, and their bytes wait for those before them"
    end
    return no(string.format("TCP hands nothing on until the missing segment is there: silence for %s",
                            tostring(r.stream.longest_gap)))
  end,
}
