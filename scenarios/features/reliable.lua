-- Does everything arrive, in order, when packets are lost?
--
-- After the handshake every eighth packet is lost.  Inside a tunnel it is datagrams that are sent: what
-- runs TCP there is reliable by itself.

local client, server = host "client", host "server"
local wan = link { client, server, delay = 5*ms, rate = 10*Mbps }

return scenario {
  title   = "Data under loss",
  feature = "REL",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { wan },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    at(8*s, wan:set { loss = 12*percent }),
    at(8*s, client:send(server, 64*KiB)),
    at(120*s, stop()),
  },
  measure = { "transfer.bytes" },
  verdict = function (r)
    if not known(r.transfer.bytes) or r.transfer.bytes == 0*B then
      return no "nothing arrives"
    elseif r.transfer.bytes < 64*KiB then
      return no(string.format("of 64 KiB %d %% arrive, and nobody sends the rest again",
                              math.floor(r.transfer.bytes / (64*KiB) * 100)))
    end
    return yes "64 KiB arrive whole and in order, though every eighth packet is lost"
  end,
}
