-- What does one lost packet cost a handshake, and does it matter which?
--
--   shakedown run first-packet-loss
--   shakedown run first-packet-loss --set protocol=tls13,lost=1 --trace
--
-- lost is which of the client's packets disappears, answer which of the server's; 0 is none.  The
-- first packet is the dearest: nothing is known of the path yet, so the timer is a guess.  MinimaLT
-- may send before anything is answered, so that nothing is added to its handshake.

local client, server = host "client", host "server"

-- When the specification (or Linux, for TCP) sends the first packet again.
local timers = {
  tls12 = { 1*s, 1*s }, tls13 = { 1*s, 1*s }, tcpcrypt = { 1*s, 1*s },
  dtls12 = { 1*s, 1*s }, dtls13 = { 1*s, 1*s }, srtp = { 400*ms, 400*ms },
  quic = { 999*ms, 999*ms }, curvecp = { 1*s, 2*s }, wireguard = { 5*s, 5.334*s },
  ipsec = { 4*s, 4*s },
  gquic = { 150*ms, 150*ms }, -- 1.5 times the 100 ms that it guesses
}
-- Round trips of an undisturbed handshake (handshake-rtt).
local round_trips = {
  tls12 = 3, tls13 = 2, dtls12 = 2, dtls13 = 1, quic = 1, curvecp = 1, tcpcrypt = 2, wireguard = 1,
  srtp = 2, gquic = 1, ipsec = 2,
}

return scenario {
  title   = "One lost packet of a handshake",
  chapter = 3,
  tags    = { "handshake", "loss", "survey" },

  sweep = {
    protocol = protocols.all,
    rtt      = { 50*ms },
    lost     = { 0, 1, 2, 3 },
    answer   = { 0, 1, 2 },
  },
  quick = { answer = { 0, 1 } },

  network = {
    link { client, server, delay = each.rtt / 2, forth = drop(each.lost),
           back = drop(each.answer) },
  },
  agents = {
    client:runs { each.protocol },
    server:runs { each.protocol },
  },
  timeline = {
    at(0*s, client:connect(server)),
    on(client, "ready", stop()),
    at(60*s, stop "the handshake was never over"),
  },

  measure = {
    "handshake.time", "net.retransmits",
    -- What it took more than its round trips.
    added_ns = function (r)
      return round_trips[r.protocol] and r.handshake.time - round_trips[r.protocol] * r.rtt
    end,
  },

  expect = {
    { "one lost packet does not stop a handshake",
      function (r) return r.outcome == "ok" end },
    { "a lost first packet costs what its timer says", when = { lost = 1, answer = 0 },
      function (r)
        local timer = timers[r.protocol]
        return not timer or r.added_ns:within(timer[1] - 1*ms, timer[2] + 1*ms)
      end },
  },

  table = {
    by = { "protocol", "lost", "answer" },
    columns = {
      "ok",
      { "handshake_ns", "handshake.time" },
      { "added_ns", "added_ns" },
      { "retransmits", "net.retransmits" },
    },
  },
  plot   = { x = "lost", y = "handshake.time", by = "protocol", kind = "bars", scale = "log",
             when = { answer = 0 }, title = "A handshake that loses one of the client's packets" },
  ladder = { when = { lost = 1, answer = 0 } },
  answer = { of = "added_ns", when = { lost = 1, answer = 0 },
             say = "what a lost first packet costs" },
}
