-- Do headers that the application's data came with stay readable, for those on the path to use?
--
-- Messages go at a steady pace.  Fields of their packets that go up by the same each time can be read:
-- one counter is the record's own number; a second one, as a media clock, says what the data are.

local client, server = host "client", host "server"
local switch = router "switch"

return scenario {
  title   = "Readable headers",
  feature = "PE",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, switch, delay = 2*ms }, link { switch, server, delay = 2*ms } },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    at(7*s, switch:eavesdrop()),
    at(8*s, client:stream(server) { size = 160*B, every = 20*ms, count = 50 }),
    at(12*s, stop()),
  },
  verdict = function (r)
    local counters = r.client.seen.counters
    if r.stream.received == 0 then
      return no "nothing was said"
    elseif r.client.seen.text > 0 then
      return no "everything is readable"
    elseif counters > 1 then
      return yes(string.format("%d counters are readable in the packets, and nothing of their payload",
                               counters))
    elseif counters == 1 then
      return no "only the record's own number is readable"
    end
    return no "no field of a packet can be followed"
  end,
}
