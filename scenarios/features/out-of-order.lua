-- Can a record be used before the one that was sent before it has come?
--
-- Ten messages go at intervals of 10 ms; three packets wait for 60 ms on the way, and others overtake
-- them.  What a server refuses in a handshake alone is seen from a second pair.

local client, server = host "client", host "server"
local quiet, other   = host "quiet", host "other"
local switch = router "switch"

return scenario {
  title   = "A packet that others overtake",
  feature = "OO",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, server, quiet, other, delay = 50*ms } },
  agents  = {
    client:runs { each.protocol }, server:runs { each.protocol },
    quiet:runs { each.protocol }, other:runs { each.protocol },
  },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    at(0*s, quiet:request(other) { datagram = true }),
    at(8*s, switch:delay { from = client, what = "data", nth = 3, count = 3, by = 60*ms }),
    at(8*s, client:stream(server) { size = 100*B, every = 10*ms, count = 10 }),
    at(12*s, stop()),
  },
  verdict = function (r)
    local refused = r.server.drops - r["server.drops.replay"]
    local before = r.other.drops - r["other.drops.replay"]
    if r.replies < 2 or r.stream.received < 10 then
      return no "what is overtaken, or overtakes, is lost"
    elseif r.stream.longest_gap < 60*ms then
      return yes "what overtakes is delivered at once"
    elseif r.carrier ~= "tcp" and refused <= before then
      return yes "records are taken in any order, and their bytes wait for those before them"
    end
    return no(string.format("%s until the missing one is there: silence for %d ms",
                            r.carrier == "tcp" and "TCP hands nothing on" or "records are refused",
                            math.floor(r.stream.longest_gap / (1*ms))))
  end,
}
