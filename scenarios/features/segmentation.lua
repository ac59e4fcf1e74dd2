-- May an application hand over more than fits into a packet?
--
-- A stream gets 64 KiB at once; where messages are sent, one of 8000 bytes on a path that takes 1500.

local client, server = host "client", host "server"
local refused = false

return scenario {
  title   = "More than a packet",
  feature = "SEG",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, server, delay = 5*ms } },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    at(8*s, function (run)
      if run.service == "stream" then
        client:send(server, 64*KiB)(run)
      else
        client:stream(server) { size = 8000*B, every = 100*ms, count = 1 } (run)
      end
    end),
    on(client, "error", note "the session is over"),
    at(16*s, stop()),
  },
  verdict = function (r)
    if r.service == "ip" then
      return not_applicable "it carries IP packets, which their senders cut"
    elseif r.service == "stream" then
      return known(r.transfer.time) and yes "64 KiB handed over at once arrive whole" or
             no "64 KiB handed over at once do not arrive"
    end
    return known(r.stream.received) and r.stream.received == 1 and
           yes "a message of 8000 bytes arrives whole" or
           no "a message has to fit into a packet: one of 8000 bytes is refused"
  end,
}
