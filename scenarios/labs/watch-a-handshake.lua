-- What happens in a TLS 1.3 handshake, packet by packet, and what breaks when its first packet is
-- lost?
--
--   shakedown run watch-a-handshake --trace
--   shakedown trace results/runs/watch-a-handshake watch-a-handshake-tls13-fresh-0-r0 --text
--   shakedown trace results/runs/watch-a-handshake watch-a-handshake-tls13-fresh-1-r0 --text
--
-- Read it from top to bottom: a scenario is a network, agents on it, a timeline, and what to
-- measure.  Then change something: protocol=dtls12 or protocol=wireguard, lost=2, another delay.

local client = host "client"
local server = host "server"

return scenario {
  title = "One handshake, and the loss of its first packet",
  tags  = { "lab" },

  -- Every combination of these is run: here two, without a loss and with one.
  sweep = {
    protocol = { "tls13" },
    lost     = { 0, 1 }, -- which packet of the client disappears; 0 is none
  },

  -- One link, 25 ms long: a round trip takes 50 ms.
  network = {
    link { client, server, delay = 25*ms, rate = 10*Mbps, forth = drop(each.lost) },
  },

  agents = {
    client:runs { each.protocol },
    server:runs { each.protocol },
  },

  timeline = {
    at(0*s, client:request(server) { size = 100*B, reply = 1*KiB }),
    on(client, "ready", note "the client may send"),
    on(client, "reply", stop()),
    at(60*s, stop "no reply came"),
  },

  measure = { "handshake.time", "reply.time", "handshake.packets.client", "net.retransmits" },

  -- TCP carries the handshake, and nothing can be sent before its SYN has arrived.  Linux sends
  -- the SYN again after 1 s: that is what the lost packet costs, whatever the round trip.
  expect = {
    { "a lost SYN costs one second", when = { protocol = "tls13", lost = 1 },
      function (r) return r.handshake.time:within(1100*ms, 1105*ms) end },
  },

  ladder = { when = { lost = { 0, 1 } } },
}
