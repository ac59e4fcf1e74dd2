-- First messages from invented addresses fall on a server while twenty honest clients try to get
-- in.  What does it cost the server, what does it send to strangers, and who gets in?
--
-- How people write a scenario with groups and attackers; tests/lua/test_examples.c runs it as it is.

local honest   = hosts("honest", 20)
local attacker = host "attacker"
local switch   = router "switch"
local server   = host "server" { cores = 1, cpu = cost "laptop-2020" }

return scenario {
  title   = "Honest clients beside a spoofed flood",
  tags    = { "dos", "slow" },

  sweep   = {
    protocol = protocols.all,
    rate     = { 0*pps, 1000*pps, 5000*pps, 20000*pps },
    defence  = { "default", "always", "never" },
    repeats  = 5,
  },

  network = {
    star { switch, honest,   delay = 20*ms, rate =  10*Mbps },
    link { attacker, switch, delay =  5*ms, rate =   1*Gbps },
    link { switch, server,   delay =  1*ms, rate = 100*Mbps, queue = 256*KiB },
  },

  agents  = {
    honest:runs { each.protocol },
    server:runs { each.protocol, source_validation = each.defence, backlog = 1024 },
  },

  timeline = {
    at(0*s, attacker:flood(server) {
      rate    = each.rate,
      source  = addresses "198.51.100.0/24",
      packet  = first_message(each.protocol),
      between = { 2*s, 12*s },
    }),
    every(500*ms, honest:one():connect(server):send(1*KiB):close(), { from = 0*s, to = 14*s }),
    at(20*s, stop()),
  },

  measure = {
    "honest.handshake.time", "honest.success", "cpu.server", "state.peak",
    "work.dh_per_spoofed",
    amplification = function (r)
      return r.server.bytes_to_unvalidated / r.attacker.bytes_out
    end,
  },

  expect  = {
    { "a server that validates reflects at most three times what it got",
      when = { defence = "always" },
      function (r) return r.rate == 0*pps or r.amplification <= 3 end },
  },

  plot    = {
    { x = "rate", y = "honest.success", by = "protocol", panel = "defence" },
    { x = "rate", y = "cpu.server",     by = "protocol", panel = "defence" },
  },
}
