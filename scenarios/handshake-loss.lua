-- How long does a secure handshake take when the network drops packets?
--
--   shakedown run handshake-loss
--   shakedown run handshake-loss --set rtt=31.169ms,loss=2%,5% --set protocol=tls13,wireguard
--   shakedown run handshake-loss --quick
--
-- Every protocol meets the same losses: packet n of a direction is lost for all of them, or for
-- none.  MinimaLT has its server's key from a directory and may send at once, whatever is lost.

local client, server = host "client", host "server"

-- WireGuard begins anew 5 s to 5.333 s after an attempt of which either message was lost; sending
-- two small packets takes less than a millisecond.
local function waits_for_attempts(time)
  for lost = 0, 30 do
    if time:within(lost * 5*s, lost * 5.334*s + 1*ms) then
      return true
    end
  end
  return false
end

return scenario {
  title   = "Handshake time against packet loss",
  chapter = 2,
  tags    = { "handshake", "loss", "survey" },

  sweep = {
    protocol = protocols.all,
    mode     = { "fresh" },
    rtt      = { 50*ms },
    rate     = { 10*Mbps },
    loss     = { 0*percent, 1*percent, 2*percent, 5*percent, 10*percent, 20*percent },
    repeats  = 1000,
  },
  quick = { loss = { 0*percent, 2*percent, 5*percent, 10*percent }, repeats = 40 },

  network = {
    link { client, server, delay = each.rtt / 2, rate = each.rate, loss = each.loss,
           queue = 64*KiB },
  },
  agents  = {
    client:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:connect(server)),
    on(client, "ready", stop()),
    at(120*s, stop "the handshake was never over"),
  },

  measure = {
    "handshake.time", "handshake.flights", "handshake.bytes", "handshake.packets.client",
    "handshake.packets.server", "net.retransmits",
  },

  expect = {
    { "without loss every handshake ends", when = { loss = 0*percent },
      function (r) return r.outcome == "ok" end },
    { "WireGuard waits 5 s to 5.333 s for each attempt that was lost",
      when = { protocol = "wireguard", mode = "fresh", rate = 10*Mbps },
      function (r) return r.outcome ~= "ok" or waits_for_attempts(r.handshake.time - r.rtt) end },
  },

  table = {
    by = { "protocol", "mode", "rtt", "loss" },
    columns = {
      "n", "ok",
      { "p25_ns", "handshake.time", stat = "p25" },
      { "p50_ns", "handshake.time", stat = "p50" },
      { "p75_ns", "handshake.time", stat = "p75" },
      { "p85_ns", "handshake.time", stat = "p85" },
      { "p95_ns", "handshake.time", stat = "p95" },
      { "p99_ns", "handshake.time", stat = "p99" },
      { "mean_ns", "handshake.time", stat = "mean" },
    },
  },
  plot = {
    { name = "handshake-loss", x = "loss", y = "handshake.time", by = "protocol", panel = "protocol",
      show = { "median", "p95" }, scale = "log" },
    { name = "handshake-loss-cdf", y = "handshake.time", by = "loss", panel = "protocol",
      kind = "cdf", scale = "log", title = "How many handshakes are over by when" },
  },
  answer = { of = "handshake.time", when = { mode = "fresh", loss = 5*percent } },
}
