-- What does a server's puzzle cost its honest clients?
--
--   shakedown run puzzle-cost
--   shakedown run puzzle-cost --set bits=18 --set cpu=laptop-2020
--
-- MinimaLT's server hides the last bits of a number and shows its hash: whoever wants a tunnel looks
-- for them, half of 2^bits hashes on average, and as much again for each bit more.  The server
-- poses a puzzle and checks its solution with three symmetric operations, keeps nothing meanwhile,
-- and computes nothing on the curve until it is solved; without puzzles (defence = never) a spoofed
-- first packet costs it two or three agreements.

local client = host "client" { cpu = cost(each.cpu) }
local server = host "server" { cpu = cost(each.cpu) }

return scenario {
  title   = "What a puzzle costs an honest client",
  chapter = 6,
  tags    = { "dos", "cost" },

  sweep = {
    protocol = { "minimalt" },
    defence  = { "never", "always" },
    bits     = { "0", "4", "8", "10", "12", "14", "16" },
    cpu      = { "reference" },
    rtt      = { 50*ms },
    repeats  = 20,
  },
  except = { { defence = "never", bits = { "4", "8", "10", "12", "14", "16" } } },
  quick  = { bits = { "0", "8", "12" }, repeats = 5 },

  network = { link { client, server, delay = each.rtt / 2 } },
  agents  = {
    client:runs { each.protocol, mode = "fresh" },
    server:runs { each.protocol, mode = "fresh", source_validation = each.defence,
                  options = { puzzle_bits = each.bits } },
  },
  timeline = {
    at(0*s, client:request(server) { size = 64*B, reply = 64*B }),
    on(client, "reply", stop()),
    at(60*s, stop "no reply came"),
  },

  measure = {
    "reply.time", "client.cpu", "server.cpu", "client.crypto.puzzle", "server.crypto.puzzle",
    "server.crypto.derive",
  },

  expect = {
    { "every client is served", function (r) return r.outcome == "ok" end },
    { "a puzzle costs a round trip and the client's time", when = { defence = "always" },
      function (r) return (r.reply.time - 2 * r.rtt):within(0*ms, r.client.cpu + r.server.cpu) end },
    { "nobody works without one", when = { defence = "never" },
      function (r) return r.client.crypto.puzzle == 0 end },
    { "the server does not solve puzzles", function (r) return r.server.crypto.puzzle == 0 end },
  },

  table = {
    by = { "defence", "bits" },
    columns = {
      { "tries", "client.crypto.puzzle", stat = "mean" },
      { "client_cpu_ns", "client.cpu", stat = "mean" },
      { "client_cpu_p95_ns", "client.cpu", stat = "p95" },
      { "server_cpu_ns", "server.cpu", stat = "mean" },
      { "reply_ns", "reply.time", stat = "mean" },
      { "reply_p95_ns", "reply.time", stat = "p95" },
    },
  },
  plot = { x = "bits", y = "client.cpu", by = "defence", show = { "median", "p95" }, scale = "log",
           title = "Processor time of a client that solves a puzzle" },
}
