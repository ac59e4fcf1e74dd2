-- Which protocols find another way when a middlebox blocks theirs, and how long does it take?
--
--   shakedown run udp-blocked
--   shakedown run udp-blocked --set protocol=ipsec,blocked=udp --trace
--
-- A firewall between client and server drops UDP, or IP protocol 50, or takes every TCP option out
-- that it does not know; in silence, as such boxes do.  A run is ok when the client knows where it
-- stands: the reply came, or the protocol gave up and said so, at noticed_ns.

local client, server = host "client", host "server"
local wall = firewall "wall" { blocks = each.blocked }

local noticed -- when the client was told that there is no way
local words -- what it was told when it was ready

local function gave_up(run, event)
  noticed = run.now
  run:note("%s: %s", event.name, event.detail)
  run:stop()
end

-- Whose carrier is what the wall blocks.
local on_udp = { "dtls12", "dtls13", "quic", "gquic", "minimalt", "curvecp", "wireguard", "srtp" }
local on_tcp = { "tls12", "tls13", "tcpcrypt" }

return scenario {
  title   = "A middlebox that blocks UDP, ESP or TCP's options",
  chapter = 9,
  tags    = { "middlebox", "survey" },

  sweep = {
    protocol = protocols.all,
    rtt      = { 50*ms },
    blocked  = { "nothing", "udp", "esp", "tcp-options" },
  },

  network = {
    link { client, wall, delay = each.rtt / 4 },
    link { wall, server, delay = each.rtt / 4 },
  },
  agents = {
    client:runs { each.protocol },
    server:runs { each.protocol },
  },

  timeline = {
    at(0*s, client:request(server) { size = 64*B, reply = 64*B, datagram = true }),
    on(client, "ready", function (run, event)
      words = event.detail
      run:note("ready: %s", event.detail)
    end),
    on(client, "reply", stop()),
    on(client, "error", gave_up),
    on(client, "refused", gave_up),
    at(600*s, stop "no answer, and nobody says so"),
  },

  measure = {
    "reply.time", "bytes_out.client",
    gets_through = function (r) return known(r.reply.time) end,
    noticed_ns = function () return noticed end,
    -- tcpcrypt says so where it goes on without protection.
    unprotected = function () return words ~= nil and string.find(words, "plain") ~= nil end,
  },

  expect = {
    { "the client learns where it stands", function (r) return r.outcome == "ok" end },
    { "nothing is blocked: the reply comes", when = { blocked = "nothing" },
      function (r) return r.gets_through and not r.unprotected end },
    { "TCP gets past a wall that blocks the others", when = { protocol = on_tcp },
      function (r) return r.gets_through end },
    { "who has only UDP does not get past one that blocks UDP",
      when = { protocol = on_udp, blocked = "udp" },
      function (r) return not r.gets_through end },
    { "who does not need what is blocked does not notice",
      when = { protocol = on_udp, blocked = { "esp", "tcp-options" } },
      function (r) return r.gets_through end },
    { "tcpcrypt goes on as plain TCP where its option is taken out, and says so",
      when = { protocol = "tcpcrypt", blocked = "tcp-options" },
      function (r) return r.gets_through and r.unprotected end },
    { "IKEv2 goes to TCP where UDP is blocked, and to UDP where ESP is",
      when = { protocol = "ipsec" },
      function (r) return r.gets_through and not r.unprotected end },
  },

  table = {
    by = { "protocol", "blocked" },
    columns = {
      { "gets_through", "gets_through", stat = "sum" },
      { "reply_ns", "reply.time" },
      { "unprotected", "unprotected", stat = "sum" },
      { "noticed_ns", "noticed_ns" },
    },
  },
  plot   = { x = "blocked", y = "reply.time", by = "protocol", kind = "bars", scale = "log",
             title = "Until the reply begins, past a middlebox" },
  ladder = { when = { blocked = "udp" }, window = { 0*s, 20*s } },
  answer = { of = "gets_through", when = { blocked = "udp" }, say = "gets through where UDP is blocked" },
}
