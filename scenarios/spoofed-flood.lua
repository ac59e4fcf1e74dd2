-- An attacker floods a server with first messages from invented addresses while honest clients try
-- to connect.  What does the server spend, how much does it send to strangers, and do the honest
-- clients get in?
--
--   shakedown run spoofed-flood
--   shakedown run spoofed-flood --set rate=1000pps,defence=always
--   shakedown run spoofed-flood --set cpu=laptop-2020
--
-- defence is when a client has to prove its address before the server spends state on it: by the
-- protocol's own judgement, always, or never.  Over TCP the first message is a SYN: always is a
-- SYN cookie for each, by default they begin when the backlog is full, and who holds a connection
-- half open sends its SYN-ACK again and again, 1 s, 2 s, 4 s, ... later, which is what amplifies.

local honest   = hosts("honest", 30)
local attacker = host "attacker"
local switch   = router "switch"
local server   = host "server" { cores = 1, cpu = cost(each.cpu) }
local flooded  = 2*s

return scenario {
  title   = "Spoofed handshake flood with honest clients",
  chapter = 6,
  tags    = { "dos", "survey" },

  sweep = {
    protocol = protocols.all,
    rate     = { 0*pps, 1000*pps, 10000*pps, 50000*pps },
    defence  = { "default", "always", "never" },
    cpu      = { "reference" },
  },
  quick = { rate = { 0*pps, 1000*pps, 10000*pps }, defence = { "default", "never" } },

  network = {
    star { switch, honest, delay = 20*ms, rate = 10*Mbps },
    link { attacker, switch, delay = 5*ms, rate = 1*Gbps },
    link { switch, server, delay = 1*ms, rate = 100*Mbps, queue = 256*KiB },
  },
  agents = {
    honest:runs { each.protocol },
    server:runs { each.protocol, source_validation = each.defence, backlog = 1024 },
  },

  timeline = {
    at(0*s, attacker:flood(server) {
      rate    = each.rate,
      source  = addresses "198.51.100.0/24", -- nobody answers there
      packet  = first_message(each.protocol), -- fresh each time
      between = { 1*s, 1*s + flooded },
    }),
    every(50*ms, honest:one():request(server) { size = 1*KiB, reply = 1*KiB, close = true },
          { from = 1500*ms, to = 2950*ms }),
    on(honest, "error", note "an honest client gives up"),
    at(30*s, stop()),
  },

  measure = {
    "attempts", "replies", "success", "handshake.time.mean", "handshake.time.worst",
    "work.dh_per_spoofed",
    "server.cpu", "server.state.peak", "server.half_open.peak",
    "server.queue.drops", "server.crypto.derive", "server.crypto.sign",
    "server.bytes_from_unvalidated", "server.bytes_to_unvalidated", "attacker.packets_out",
    -- Processor time as a share of the flood's: more than all of it when the queue is worked off
    -- afterwards.
    busy = function (r) return r.server.cpu / flooded * 100*percent end,
    -- What the server sends to strangers for each byte that the attacker sent.
    amplification = function (r)
      return (r.server.bytes_out - r.honest.bytes_in) / r.attacker.bytes_out
    end,
  },

  expect = {
    { "without a flood every honest client is served", when = { rate = 0*pps },
      function (r) return r.success == 100*percent end },
    { "who always validates sends no more than three times what it got",
      when = { defence = "always" },
      function (r) return not known(r.amplification) or r.amplification <= 3 end },
  },

  table = {
    by = { "protocol", "mode", "defence", "rate" },
    columns = {
      { "success_ppm", "success" },
      { "handshake_mean_ns", "handshake.time.mean" },
      { "busy_ppm", "busy" },
      { "dh_per_spoofed_ppm", "work.dh_per_spoofed" },
      { "state_peak_bytes", "server.state.peak" },
      { "amplification_ppm", "amplification" },
    },
  },
  plot = {
    { name = "flood-success", x = "protocol", y = "success", by = "rate", panel = "defence", kind = "bars",
      title = "Honest clients served under a spoofed flood" },
    { name = "flood-latency", x = "protocol", y = "handshake.time.mean", by = "rate",
      panel = "defence", kind = "bars", scale = "log", title = "Handshakes of those who were served" },
    { name = "flood-cpu", x = "protocol", y = "busy", by = "rate", panel = "defence", kind = "bars",
      title = "Processor time of the server under a spoofed flood" },
    { name = "flood-state", x = "protocol", y = "server.state.peak", by = "rate",
      panel = "defence", kind = "bars", scale = "log", title = "Memory held for strangers" },
  },
  answer = { of = "success", when = { rate = 10000*pps, defence = "default" },
             say = "honest clients served under 10000 spoofed packets per second" },
}
