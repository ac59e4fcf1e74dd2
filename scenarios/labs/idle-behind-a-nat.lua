-- A session sleeps behind a NAT that forgets idle bindings.  Does the server's next message still
-- arrive?
--
--   shakedown run idle-behind-a-nat
--   shakedown run idle-behind-a-nat --set idle=20s,25s,30s,35s --set protocol=wireguard
--   shakedown run idle-behind-a-nat --set forget=2min
--
-- The NAT remembers TCP connections for hours but other traffic for half a minute.  Who rides UDP has
-- to say something now and then, or be spoken to by nobody.

local laptop = host "laptop"
local router = nat "router" { timeout = each.forget }
local server = host "server"

return scenario {
  title = "A message after a sleep behind a NAT",
  tags  = { "lab" },

  sweep = {
    protocol = protocols.all,
    idle     = { 10*s, 45*s, 3*minutes },
    forget   = { 30*s },
  },

  network = {
    link { laptop, router, delay = 2*ms, rate = 100*Mbps },
    link { router, server, delay = 20*ms, rate = 10*Mbps },
  },
  agents = {
    laptop:runs { each.protocol },
    server:runs { each.protocol },
  },

  timeline = {
    at(0*s, laptop:request(server)),
    on(laptop, "reply", after(each.idle, server:send(laptop, 1*KiB))),
    on(laptop, "received all", stop()),
    at(5*minutes, stop "the message never arrived"),
  },

  measure = {
    "transfer.time", "packets_in.laptop",
    arrives = function (r) return r.transfer.bytes == 1*KiB end,
  },

  expect = {
    { "TCP's binding outlives the sleep", when = { protocol = { "tls12", "tls13" } },
      function (r) return r.arrives end },
    { "DTLS is not heard any more once its binding is forgotten",
      when = { protocol = "dtls12", idle = { 45*s, 3*minutes }, forget = 30*s },
      function (r) return not r.arrives end },
  },

  table = {
    by = { "protocol", "idle", "forget" },
    columns = { { "arrives", "arrives", stat = "sum" }, { "transfer_ns", "transfer.time" } },
  },
}
