-- Somebody who only saw one packet says that the session is over.  Who believes it?
--
--   shakedown run forged-end
--   shakedown run forged-end --set protocol=gquic,mode=fresh --trace
--
-- A session is quiet.  Mallory saw the server's last packet and forges an end in its name: over TCP a
-- RST with the next sequence number, for gQUIC a public reset with the connection id.  Other protocols
-- have no end that nothing authenticates, and mallory has nothing to send.

local client, server = host "client", host "server"
local mallory, switch = host "mallory", router "switch"
local tape = switch:record { from = server, what = "data" }
local broken = false

return scenario {
  title = "An end that anybody can forge",
  tags  = { "lab" },

  sweep = {
    protocol = protocols.all,
    mode     = { "fresh", "q046" },
  },

  network = { star { switch, client, server, mallory, delay = 5*ms, rate = 10*Mbps } },
  agents  = {
    client:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode },
  },

  timeline = {
    at(0*s, tape),
    at(0*s, client:request(server)),
    at(2*s, mallory:cut(tape) { how = "rst" }),
    on(client, "error", function () broken = true end),
    on(client, "reset", function () broken = true end),
    at(4*s, stop()),
  },

  measure = {
    "mallory.packets_out",
    survives = function () return not broken end,
  },

  expect = {
    { "a public reset ends a connection of Q043", when = { protocol = "gquic", mode = "fresh" },
      function (r) return not r.survives end },
    { "but none of Q046", when = { protocol = "gquic", mode = "q046" },
      function (r) return r.survives end },
    { "a RST ends what rides on TCP", when = { protocol = { "tls12", "tls13", "tcpcrypt" } },
      function (r) return not r.survives end },
    { "nobody ends QUIC, WireGuard or DTLS so",
      when = { protocol = { "quic", "wireguard", "dtls12", "dtls13" } },
      function (r) return r.survives end },
  },

  table = {
    by = { "protocol", "mode" },
    columns = { { "forged", "mallory.packets_out" }, { "survives", "survives", stat = "sum" } },
  },
}
