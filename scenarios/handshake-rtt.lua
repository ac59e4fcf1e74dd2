-- How many round trips pass before a protocol may send, and before the first byte of a reply?
--
--   shakedown run handshake-rtt
--   shakedown run handshake-rtt --set protocol=tls13 --trace
--
-- Nothing is lost, links are so fast that sending takes no time, and computing takes none either:
-- what is left is round trips.

local client, server = host "client", host "server"

-- From the client's first packet: round trips until it may send, and until the reply's first byte.
-- The specifications say so; a cell that is not here is not held to anything.
local round_trips = {
  tls12     = { fresh = { 3, 4 }, resumed = { 2, 3 }, stateful = { 2, 3 }, psk = { 3, 4 } },
  tls13     = { fresh = { 2, 3 }, resumed = { 2, 3 }, stateful = { 2, 3 }, psk = { 2, 3 },
                early = { 1, 2 }, cookie = { 3, 4 }, hrr = { 3, 4 } },
  dtls12    = { fresh = { 2, 3 }, resumed = { 1, 2 }, psk = { 2, 3 }, cookie = { 3, 4 } },
  dtls13    = { fresh = { 1, 2 }, resumed = { 1, 2 }, psk = { 1, 2 }, early = { 0, 1 },
                cookie = { 2, 3 }, cid = { 1, 2 } },
  quic      = { fresh = { 1, 2 }, cookie = { 2, 3 }, early = { 0, 1 }, resumed = { 1, 2 },
                token = { 1, 2 }, psk = { 1, 2 } },
  gquic     = { fresh = { 1, 2 }, resumed = { 1, 2 }, early = { 0, 1 }, cookie = { 2, 3 },
                q046 = { 1, 2 } },
  curvecp   = { fresh = { 1, 2 }, reference = { 1, 2 } },
  minimalt  = { fresh = { 0, 1 }, lookup = { 1, 2 }, boot = { 1, 2 }, cookie = { 0, 2 } },
  tcpcrypt  = { fresh = { 2, 3 }, resumed = { 1, 2 }, p256 = { 2, 3 }, plain = { 1, 2 } },
  ipsec     = { fresh = { 2, 3 }, psk = { 2, 3 }, cookie = { 3, 4 }, puzzle = { 3, 4 },
                resumed = { 2, 3 }, eap = { 5, 6 }, cbc = { 2, 3 }, tcp = { 3, 4 } },
  wireguard = { fresh = { 1, 2 }, psk = { 1, 2 } },
  srtp      = { fresh = { 2, 3 }, resumed = { 1, 2 }, cookie = { 3, 4 }, dtls13 = { 1, 2 },
                ["dtls13-resumed"] = { 1, 2 }, ["dtls13-cookie"] = { 2, 3 },
                ["dtls13-cid"] = { 1, 2 } },
}

local function expected(r, which)
  local modes = round_trips[r.protocol]
  local counts = modes and modes[r.mode]
  return counts and counts[which]
end

local function near(time, count, rtt)
  return count == nil or (time / rtt - count) < 0.05 and (count - time / rtt) < 0.05
end

return scenario {
  title   = "Round trips of a handshake",
  chapter = 1,
  tags    = { "handshake", "survey" },

  sweep = {
    protocol = protocols.all,
    mode     = modes.all,
    rtt      = { 100*ms },
  },

  network  = { link { client, server, delay = each.rtt / 2 } },
  agents   = {
    client:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    -- Inside a tunnel the request is a datagram: no handshake of TCP comes on top.
    at(0*s, client:request(server) { size = 64*B, reply = 64*B, datagram = true }),
    on(client, "reply", stop()),
    at(60*s, stop "no reply came"),
  },

  measure = {
    "handshake.time", "first_byte.time", "reply.time", "handshake.flights",
    "handshake.bytes.client", "handshake.bytes.server",
    "handshake.packets.client", "handshake.packets.server",
  },

  expect = {
    { "every mode gets its reply", function (r) return r.outcome == "ok" end },
    { "it may send after the round trips of its specification",
      function (r) return near(r.handshake.time, expected(r, 1), r.rtt) end },
    { "the reply begins after the round trips of its specification",
      function (r) return near(r.reply.time, expected(r, 2), r.rtt) end },
    -- The timer runs from the first initiation: the round trip that brought the cookie is part of it.
    { "WireGuard under load costs its timer of 5 s to 5.333 s and a round trip",
      when = { protocol = "wireguard", mode = "cookie" },
      function (r) return (r.handshake.time - r.rtt):within(5*s, 5.334*s) end },
  },

  table = {
    by      = { "protocol", "mode" },
    columns = {
      { "send_rtts", "handshake.time", per = "rtt", decimals = 2 },
      { "reply_rtts", "reply.time", per = "rtt", decimals = 2 },
      { "client_bytes", "handshake.bytes.client" },
      { "server_bytes", "handshake.bytes.server" },
      { "client_packets", "handshake.packets.client" },
      { "server_packets", "handshake.packets.server" },
    },
  },
  plot   = { x = "mode", y = "reply.time", by = "protocol", kind = "bars", scale = "log",
             when = { mode = { "fresh", "resumed", "psk", "early", "cookie" } },
             title = "Until the reply begins, at a round trip of 100 ms" },
  answer = { of = "reply.time", when = { mode = "fresh" }, per = "rtt",
             say = "until the reply begins, in a fresh session" },
  ladder = { when = {} },
}
