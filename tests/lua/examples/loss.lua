-- A handshake on a lossy link: what do drops cost?
--
-- How people write a small scenario; tests/lua/test_examples.c runs it as it is.

local client, server = host "client", host "server"

return scenario {
  title   = "Handshakes and packet loss",
  tags    = { "handshake", "loss", "survey" },

  sweep   = {
    protocol = protocols.all,
    loss     = { 0*percent, 1*percent, 2*percent, 5*percent, 10*percent },
    repeats  = 30,
  },

  network = {
    link { client, server, delay = 25*ms, rate = 10*Mbps,
           loss = each.loss, queue = 64*KiB },
  },

  agents  = {
    client:runs { each.protocol, identity = "client.example" },
    server:runs { each.protocol, identity = "server.example" },
  },

  timeline = {
    at(0*s, client:connect(server)),
    on(client, "ready", stop()),
    at(60*s, stop "no session within a minute"),
  },

  measure = { "handshake.time", "handshake.flights", "handshake.bytes",
              "net.retransmits", "cpu.server" },

  expect  = {
    { "nothing fails when nothing is lost", when = { loss = 0*percent },
      function (r) return r.outcome == "ok" end },
    { "WireGuard may send after one round trip", when = { protocol = "wireguard", loss = 0*percent },
      function (r) return r.handshake.time:within(50*ms, 60*ms) end },
    { "QUIC may send after one round trip", when = { protocol = "quic", loss = 0*percent },
      function (r) return r.handshake.time:within(50*ms, 60*ms) end },
  },

  plot    = { x = "loss", y = "handshake.time", by = "protocol",
              show = { "median", "p95" }, scale = "log" },
}
