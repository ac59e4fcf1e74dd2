-- An eavesdropper sends what it recorded a second time.  Does anything reach the application twice,
-- does the server keep state for it, and what does refusing it cost?
--
--   shakedown run replay
--   shakedown run replay --set protocol=tls13,mode=early,anti_replay=off --trace
--
-- tape is what is sent again: the client's handshake messages, its data, or nothing.  moment: while the
-- handshake is under way, while the session is open, or after its end.  source: from the address
-- that was recorded, or from the attacker's own.  anti_replay = off lets a server take early data
-- twice, which RFC 8446 warns of.
--
-- From its own address the attacker's host also answers what the server replies: ICMP says that
-- nobody listens there, TCP acknowledges.  What state is left is what the server still holds 15 s
-- after the replay: compare it with tape = nothing.

local client, server = host "client", host "server" { cpu = cost "reference" }
local mallory = host "mallory"
local switch  = router "switch"

local tapes = {
  handshake = switch:record { from = client, to = server, what = "handshake" },
  data      = switch:record { from = client, to = server, what = "data" },
}

local function again(run)
  if run.tape ~= "nothing" then
    mallory:replay(tapes[run.tape]) { source = run.source, every = 1*ms } (run)
  end
end

return scenario {
  title   = "Recorded packets sent again",
  chapter = 5,
  tags    = { "replay", "survey" },

  sweep = {
    protocol    = protocols.all,
    mode        = { "fresh", "early", "reference" },
    tape        = { "nothing", "handshake", "data" },
    moment      = { "during", "open", "ended" },
    source      = { "original", "own" },
    anti_replay = { "on", "off" },
  },
  except = {
    { mode = { "fresh", "reference" }, anti_replay = "off" }, -- no early data to take twice
    { tape = "data", moment = "during" },    -- nor data before the handshake is over
    { tape = "nothing", moment = { "during", "open" } },
    { tape = "nothing", anti_replay = "off" },
  },
  quick = { moment = { "ended" } },

  network = {
    link { client, switch, delay = 10*ms, rate = 100*Mbps },
    link { mallory, switch, delay = 1*ms, rate = 1*Gbps },
    link { switch, server, delay = 1*ms, rate = 100*Mbps },
  },
  agents = {
    client:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode, anti_replay = each.anti_replay },
  },

  timeline = {
    at(0*s, tapes.handshake),
    at(0*s, tapes.data),
    at(0*s, client:request(server) { size = 400*B, reply = 400*B, datagram = true }),
    -- One round trip and a quarter after the first packet, and again when TCP has its answer too.
    every(8*ms, function (run)
      if run.moment == "during" then
        again(run)
      end
    end, { from = 27*ms, to = 35*ms }),
    on(client, "reply", client:send(server, 8*KiB)),
    on(server, "received all", function (run)
      if run.moment == "open" then
        after(100*ms, again)(run)
      elseif run.moment == "ended" then
        client:close(server)(run)
        after(5*s, again)(run)
      end
      after(20*s, stop())(run)
    end),
    -- What the attacker provokes is the measure's business, not the end of the run.
    on(client, "error", note "the client's session broke"),
    at(60*s, stop "no reply came"),
  },

  measure = {
    "server.delivered_twice", "server.replays_accepted", "server.handshakes", "server.sessions",
    "server.half_open.peak", "server.state.peak", "server.state.left", "server.cpu", "server.drops",
    "server.drops.replay", "server.drops.auth", "server.drops.unknown", "server.drops.unexpected",
    "server.crypto.derive", "server.crypto.open", "mallory.packets_out",
  },

  expect = {
    { "nothing is delivered twice", when = { anti_replay = "on", mode = { "fresh", "early" } },
      function (r) return r.server.delivered_twice == 0 end },
    { "what was not early is never delivered twice", when = { mode = "fresh" },
      function (r) return r.server.delivered_twice == 0 end },
    { "early data is delivered twice where its server allows it",
      when = { protocol = { "tls13", "dtls13" }, mode = "early", anti_replay = "off",
               tape = "handshake", moment = { "open", "ended" }, source = "own" },
      function (r) return r.server.delivered_twice == 1 end },
    -- While a connection is there, a copy of its first packet belongs to it by its connection id.
    { "early data of QUIC is delivered twice once its connection is over, where its server allows it",
      when = { protocol = "quic", mode = "early", anti_replay = "off", tape = "handshake",
               moment = "ended", source = "own" },
      function (r) return r.server.delivered_twice == 1 end },
    { "early data of QUIC is not delivered twice while its connection is open",
      when = { protocol = "quic", mode = "early", tape = "handshake", moment = "open" },
      function (r) return r.server.delivered_twice == 0 end },
    { "gQUIC's early data is, too, but only from the address of its token",
      when = { protocol = "gquic", mode = "early", anti_replay = "off", tape = "handshake",
               moment = "ended" },
      function (r)
        return r.server.delivered_twice == (r.source == "original" and 1 or 0)
      end },
    { "CurveCP's server of 2011 serves an Initiate again once its connection is over",
      when = { protocol = "curvecp", mode = "reference", tape = "handshake", moment = "ended" },
      function (r) return r.server.delivered_twice == 1 and r.server.handshakes == 2 end },
  },

  table = {
    by = { "protocol", "mode", "tape", "moment", "source", "anti_replay" },
    columns = {
      { "attacker_packets", "mallory.packets_out" },
      { "delivered_twice", "server.delivered_twice" },
      { "handshakes", "server.handshakes" },
      { "drops", "server.drops" },
      { "cpu_ns", "server.cpu" },
      { "state_left_bytes", "server.state.left" },
    },
  },
  plot   = { x = "tape", y = "server.cpu", by = "protocol", panel = "source", kind = "bars",
             when = { mode = "fresh", moment = "ended" },
             title = "Processor time of a server that gets recorded packets again" },
  answer = { of = "server.delivered_twice",
             when = { tape = "handshake", moment = "ended", source = "own" },
             say = "requests delivered twice" },
  ladder = { when = { tape = "handshake", moment = "ended", source = "own", anti_replay = "on" } },
}
