-- A laptop changes its network in the middle of a transfer, and knows it.  Which protocols take their
-- session along, and how long is the silence?
--
--   shakedown run roaming
--   shakedown run roaming --set protocol=quic --trace
--
-- As in nat-rebinding, but it is the client's own address that changes: the agent is told, and may
-- do something about it.  QUIC probes the new path and goes on; what is bound to addresses is lost,
-- and TCP does not even find out.

local laptop, server = host "laptop", host "server"
local router = router "router"

return scenario {
  title   = "A client that moves to another address",
  chapter = 4,
  tags    = { "mobility", "survey" },

  sweep = {
    protocol = protocols.all,
    mode     = { "fresh", "cid" },
  },

  network = {
    link { laptop, router, delay = 2*ms, rate = 100*Mbps },
    link { router, server, delay = 20*ms, rate = 10*Mbps, queue = 128*KiB },
  },
  agents = {
    laptop:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode },
  },

  timeline = {
    at(0*s, laptop:connect(server)),
    on(laptop, "ready", function (run)
      if run.service == "datagram" then
        laptop:stream(server) { size = 200*B, every = 20*ms, last = 10*s } (run)
        after(11*s, laptop:send(server, 1*KiB))(run) -- does it still get through?
      else
        server:send(laptop, 4*MiB)(run)
      end
    end),
    at(1*s, laptop:move()),
    on(server, "migrated", function (run, event)
      run:note("the server now answers to %s", event.path.remote)
    end),
    on(laptop, "error", function (run, event)
      run:note("connection lost: %s", event.detail)
    end),
    on(laptop, "received all", stop()),
    on(server, "received all", stop()),
    at(30*s, stop "the data never got there"),
  },

  measure = {
    "transfer.longest_gap", "stream.sent", "stream.received", "stream.longest_gap",
    "handshake.count", "migrated.count",
    -- The longest time without news, whatever was sent.
    silence = function (r)
      return known(r.stream.longest_gap) and r.stream.longest_gap or r.transfer.longest_gap
    end,
    -- One handshake was enough, and the data went on.
    survives = function (r) return r.handshake.count == 1 and r.outcome == "ok" end,
  },

  expect = {
    { "QUIC migrates within a few round trips", when = { protocol = "quic" },
      function (r) return r.survives and r.silence < 1*s end },
    { "gQUIC's connection id goes along", when = { protocol = "gquic" },
      function (r) return r.survives end },
    { "WireGuard roams without a new handshake", when = { protocol = "wireguard" },
      function (r) return r.survives end },
    { "DTLS 1.3 follows its client by connection id", when = { protocol = "dtls13", mode = "cid" },
      function (r) return r.survives end },
    { "IKEv2 moves its tunnel (MOBIKE)", when = { protocol = "ipsec" },
      function (r) return r.survives end },
    { "MinimaLT's tunnels are independent of addresses", when = { protocol = "minimalt" },
      function (r) return r.survives end },
    { "CurveCP follows its client", when = { protocol = "curvecp" },
      function (r) return r.survives end },
    { "what stands on TCP does not survive", when = { protocol = { "tls12", "tls13", "tcpcrypt" } },
      function (r) return not r.survives end },
  },

  table = {
    by = { "protocol", "mode" },
    columns = {
      { "finished", stat = "ok" },
      { "survives", "survives", stat = "sum" },
      { "silence_ns", "silence" },
      { "migrated", "migrated.count" },
    },
  },
  plot   = { x = "protocol", y = "silence", by = "protocol", kind = "bars", scale = "log",
             when = { mode = "fresh" }, title = "Longest silence when the client moves" },
  ladder = { when = { protocol = { "quic", "wireguard" } }, window = { 900*ms, 1500*ms } },
  answer = { of = "survives", say = "survives its client's move" },
}
