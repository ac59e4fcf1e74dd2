-- A home router forgets its NAT bindings in the middle of a transfer.  Which protocols carry on,
-- and how long is the silence?
--
--   shakedown run nat-rebinding
--   shakedown run nat-rebinding --set protocol=wireguard,rebind=both --trace
--
-- Byte streams and tunnels download 4 MiB; protocols of datagrams send one every 20 ms for 10 s.
-- After an error the laptop connects again and begins anew, which is how a protocol that does not
-- survive gets its data after all.
--
-- Mode cid is DTLS 1.3 with connection ids.  OpenSSL 3.0 has no connection ids for DTLS 1.2, so that
-- dtls12 has nothing to survive with, whatever RFC 9146 says.
--
-- A run is ok when the data gets there in the end, over whatever many sessions; it is unfinished
-- when the silence outlasts the run, and then its times count as infinite: that the run was 60 s
-- long says nothing of the protocol.  survives says that the session itself carried on.

local laptop = host "laptop"
local router = nat "router" { mapping = "address-dependent", timeout = 30*s }
local server = host "server"

-- For which the bindings change at a fixed time, or after the handshake.
local rebound = false
local function rebind(run)
  rebound = true
  router:rebind(run.rebind)(run)
end

return scenario {
  title   = "NAT rebinding in the middle of a transfer",
  chapter = 4,
  tags    = { "mobility", "nat", "survey" },

  sweep = {
    protocol = protocols.all,
    mode     = { "fresh", "cid", "reference" },
    rebind   = { "port", "address", "both" },
    moment   = { "after-1s", "after-ready" },
  },
  quick = { moment = { "after-ready" } },

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
      if run.moment == "after-ready" and not rebound then
        after(200*ms, rebind)(run)
      end
    end),
    at(1*s, function (run)
      if run.moment == "after-1s" then
        rebind(run)
      end
    end),

    on(server, "migrated", function (run, event)
      run:note("the server now answers to %s", event.path.remote)
    end),
    on(laptop, "error", function (run, event)
      run:note("connection lost: %s; connecting again", event.detail)
      laptop:connect(server)(run)
    end),

    on(laptop, "received all", stop()),
    on(server, "received all", stop()),
    at(60*s, stop "the data never got there"),
  },

  measure = {
    "transfer.longest_gap", "stream.sent", "stream.received", "stream.longest_gap",
    "handshake.count", "migrated.count",
    download_ns = function (r) return not known(r.stream.sent) and r.transfer.time or nil end,
    -- The longest time without news, whatever was sent.
    silence = function (r)
      return known(r.stream.longest_gap) and r.stream.longest_gap or r.transfer.longest_gap
    end,
    -- One handshake was enough, and the data went on.
    survives = function (r) return r.handshake.count == 1 and r.outcome == "ok" end,
  },

  expect = {
    { "WireGuard roams without a new handshake", when = { protocol = "wireguard" },
      function (r) return r.survives end },
    { "ESP in UDP follows the NAT of its client", when = { protocol = "ipsec" },
      function (r) return r.survives end },
    { "CurveCP follows its client", when = { protocol = "curvecp", mode = "fresh" },
      function (r) return r.survives end },
    { "MinimaLT's tunnels are independent of addresses", when = { protocol = "minimalt" },
      function (r) return r.survives end },
    { "CurveCP's server of 2011 does not", when = { protocol = "curvecp", mode = "reference" },
      function (r) return not r.survives end },
    { "QUIC validates the new path and goes on", when = { protocol = "quic" },
      function (r) return r.survives and r.silence < 1*s end },
    { "gQUIC's connection id outlives its address", when = { protocol = "gquic" },
      function (r) return r.survives end },
    { "what an SRTP client says is heard on: its receiver goes by SSRC", when = { protocol = "srtp" },
      function (r) return r.survives end },
    { "TLS over TCP does not survive", when = { protocol = { "tls12", "tls13" } },
      function (r) return not r.survives end },
    { "DTLS without connection ids does not survive",
      when = { protocol = { "dtls12", "dtls13" }, mode = "fresh" },
      function (r) return not r.survives end },
    { "DTLS 1.3 follows its client by connection id", when = { protocol = "dtls13", mode = "cid" },
      function (r) return r.survives end },
  },

  table = {
    by = { "protocol", "mode", "rebind", "moment" },
    columns = {
      { "finished", stat = "ok" },
      { "survives", "survives", stat = "sum" },
      { "silence_ns", "silence" },
      { "download_ns", "download_ns" },
    },
  },
  plot   = { x = "rebind", y = "silence", by = "protocol", panel = "moment", kind = "bars",
             scale = "log", when = { mode = "fresh" },
             title = "Longest silence after a NAT rebinding" },
  ladder = { when = { rebind = "both", moment = "after-ready" }, window = { 0*s, 2*s } },
  answer = { of = "survives", when = { rebind = "both", moment = "after-ready" },
             say = "survives a new port and address" },
}
