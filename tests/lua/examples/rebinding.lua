-- A NAT forgets its bindings while 4 MiB come down: who carries on, and after what silence?
--
-- How people write a scenario with functions; tests/lua/test_examples.c runs it as it is.

local laptop = host "laptop"
local router = nat  "router" { mapping = "address-dependent", timeout = 30*s }
local server = host "server"

return scenario {
  title   = "A download across a NAT that rebinds",
  tags    = { "mobility", "nat" },

  sweep   = {
    protocol = protocols.all,
    rebind   = { 500*ms, 1*s, 2*s },
    repeats  = 10,
  },

  network = {
    link { laptop, router, delay =  2*ms, rate = 100*Mbps },
    link { router, server, delay = 20*ms, rate =  10*Mbps, loss = 0.1*percent },
  },

  agents  = {
    laptop:runs { each.protocol, resume = false },
    server:runs { each.protocol },
  },

  timeline = {
    at(0*s, laptop:connect(server)),
    on(laptop, "ready", server:send(laptop, 4*MiB)),

    at(each.rebind, router:rebind { port = "new", address = "new" }),
    on(server, "migrated", function (run, event)
      run:note("the peer is at %s from now on", event.path.remote)
    end),
    on(laptop, "error", function (run, event)
      run:note("lost: %s; once more", event.detail)
      laptop:connect(server)(run)
    end),

    on(laptop, "received all", stop()),
    at(30*s, stop "the download never ended"),
  },

  measure = {
    "transfer.time", "transfer.longest_gap", "handshake.count", "migrated.count",
    survives = function (r) return r.handshake.count == 1 and r.outcome == "ok" end,
  },

  expect  = {
    { "WireGuard roams on one handshake", when = { protocol = "wireguard" },
      function (r) return r.survives and r.transfer.longest_gap < 1*s end },
    { "TLS goes down with its TCP connection", when = { protocol = "tls13" },
      function (r) return not r.survives end },
  },

  plot    = { x = "protocol", y = "transfer.longest_gap", by = "rebind", kind = "bars" },
  ladder  = { when = { protocol = { "quic", "dtls12" }, rebind = 1*s },
              window = { 900*ms, 1500*ms } },
}
