-- What do loss, reordering, copies, a recording sent again and a new address do to a call?
--
--   shakedown run media
--   shakedown run media --set trouble=rebinding,latch=off --trace
--
-- Two speak for 20 s: audio, a packet of 160 B every 20 ms, and video of 4 Mbit/s, 30 frames a second as
-- bursts of packets.  What comes more than 100 ms after it was said is late and cannot be played.
-- SRTP (RFC 3711) acknowledges nothing and sends nothing again: what is lost stays lost.  Its replay
-- list takes what is late as far as it looks back (window), and refuses copies and what is older;
-- without a tag on RTP (tag = off) it can tell neither.
--
-- trouble: nothing; loss, three packets in a row; disorder, one packet in ten comes 300 ms late;
-- copies, one in twenty comes twice; replay, an eavesdropper sends what it recorded a second time; or
-- rebinding, a NAT forgets its bindings after 5 s.  A receiver knows a stream by its SSRC and hears on
-- from a new address.  Whether it answers there is not SRTP's business: latch says whether it does, once
-- media from there proved to be authentic.

local caller, callee = host "caller", host "callee" { cpu = cost "reference" }
local mallory = host "mallory"
local home    = nat "home" { mapping = "address-dependent", timeout = 30*s }
local switch  = router "switch"
local wan     = link { home, switch, delay = 17*ms, rate = 50*Mbps }
local rtt     = 40*ms
local tape    = switch:record { from = caller, to = callee, what = "data", limit = 500 }
local round_trips = { fresh = 2, dtls13 = 1 } -- of a handshake of DTLS 1.2 and 1.3

return scenario {
  title   = "A call under loss, reordering, copies, replay and rebinding",
  chapter = 8,
  tags    = { "media", "mobility", "replay", "survey" },

  sweep = {
    protocol = { "srtp" },
    mode     = { "fresh", "dtls13" },
    trouble  = { "nothing", "loss", "disorder", "copies", "replay", "rebinding" },
    window   = { "64", "1024" },
    tag      = { "on", "off" },
    latch    = { "off", "on" },
    repeats  = 5,
  },
  except = {
    { trouble = { "nothing", "loss", "copies", "rebinding" }, window = "1024" },
    { trouble = { "nothing", "loss", "disorder", "rebinding" }, tag = "off" },
    { trouble = { "nothing", "loss", "disorder", "copies", "replay" }, latch = "on" },
    { window = "1024", tag = "off" },
  },
  quick = { mode = { "fresh" }, repeats = 1 },

  network = {
    link { caller, home, delay = 2*ms, rate = 100*Mbps },
    link { switch, callee, delay = 1*ms, rate = 100*Mbps },
    link { mallory, switch, delay = 1*ms, rate = 100*Mbps },
    wan,
  },
  agents = {
    caller:runs { each.protocol,
                  options = { window = each.window, rtp_tag = each.tag, latch = each.latch } },
    callee:runs { each.protocol,
                  options = { window = each.window, rtp_tag = each.tag, latch = each.latch } },
  },

  timeline = {
    at(0*s, function (run)
      if run.trouble == "loss" then
        wan:set { loss = 3*percent, burst = 3 } (run)
      elseif run.trouble == "disorder" then
        wan:set { reorder = 10*percent, reorder_delay = 300*ms } (run)
      elseif run.trouble == "copies" then
        wan:set { duplicate = 5*percent } (run)
      end
    end),
    at(0*s, caller:call(callee) { video = 4*Mbps, playout = 100*ms, last = 20*s }),
    at(5*s, function (run)
      if run.trouble == "rebinding" then
        home:rebind "both" (run)
      elseif run.trouble == "replay" then
        tape(run)
        after(2*s, mallory:replay(tape) { every = 1*ms })(run)
      end
    end),
    at(22*s, stop()),
  },

  measure = {
    "handshake.time", "stream.first.time", "stream.sent", "stream.received", "stream.lost",
    "stream.duplicates", "caller.heard", "callee.heard", "caller.late", "callee.late",
    "caller.drops.replay", "callee.drops.replay", "callee.drops.auth", "callee.cpu",
    "migrated.count",
    lost_ppm = function (r) return r.stream.lost * 1000000 // r.stream.sent end,
    too_late = function (r) return r.caller.late + r.callee.late end,
    refused = function (r) return r["caller.drops.replay"] + r["callee.drops.replay"] end,
    cpu_per_packet_ns = function (r)
      return known(r.callee.cpu) and r.callee.cpu / r.callee.heard or nil
    end,
  },

  expect = {
    { "a call comes about", function (r) return r.outcome == "ok" and r.stream.received > 0 end },
    { "media goes after the round trips of the handshake",
      when = { trouble = { "nothing", "rebinding" } },
      function (r)
        local least = round_trips[r.mode] * rtt
        return r.handshake.time:within(least, least + 2*ms)
      end },
    { "the first to be ready is heard half a round trip later",
      when = { trouble = { "nothing", "rebinding" } },
      function (r)
        -- The server of DTLS 1.2 is the first, the client of DTLS 1.3.
        local least = (r.mode == "fresh" and 2 or 1.5) * rtt
        return r.stream.first.time:within(least, least + 2*ms)
      end },
    { "where nothing happens nothing is lost, late or refused", when = { trouble = "nothing" },
      function (r) return r.stream.lost == 0 and r.too_late == 0 and r.refused == 0 end },
    { "what is lost stays lost", when = { trouble = "loss" },
      function (r) return r.lost_ppm > 15000 and r.lost_ppm < 50000 and r.refused == 0 end },
    { "a window of 64 refuses late packets of a fast stream",
      when = { trouble = "disorder", window = "64" },
      function (r) return r.refused > 0 and r.stream.lost >= r.refused end },
    { "a window of 1024 takes them all, late as they are",
      when = { trouble = "disorder", window = "1024" },
      function (r) return r.refused == 0 and r.stream.lost == 0 and r.too_late > 0 end },
    { "copies are refused", when = { trouble = "copies", tag = "on" },
      function (r) return r.refused > 0 and r.stream.duplicates == 0 and r.stream.lost == 0 end },
    { "without a tag copies are heard", when = { trouble = "copies", tag = "off" },
      function (r) return r.stream.duplicates > 100 and r.refused < 20 end }, -- SRTCP always has one
    { "nothing of a recording is heard again", when = { trouble = "replay", tag = "on" },
      function (r)
        return r["callee.drops.replay"] == 500 and r.stream.duplicates == 0 and r.stream.lost == 0
      end },
    { "without a tag a recording is heard again", when = { trouble = "replay", tag = "off" },
      function (r) return r.stream.duplicates > 450 end },
    { "who moved is heard on", when = { trouble = "rebinding" },
      function (r) return r.callee.heard * 100 > r.stream.sent * 49 end },
    { "without latching nobody answers who moved", when = { trouble = "rebinding", latch = "off" },
      function (r) return r.caller.heard * 3 < r.callee.heard and r.migrated.count == 0 end },
    { "with latching the silence is a round trip", when = { trouble = "rebinding", latch = "on" },
      function (r) return r.lost_ppm < 5000 and r.migrated.count >= 1 end },
  },

  table = {
    by = { "protocol", "mode", "trouble", "window", "tag", "latch" },
    columns = {
      "ok",
      { "first_media_ns", "stream.first.time" },
      { "sent", "stream.sent" },
      { "caller_heard", "caller.heard" },
      { "callee_heard", "callee.heard" },
      { "lost", "stream.lost" },
      { "late", "too_late" },
      { "refused", "refused" },
      { "twice", "stream.duplicates" },
      { "cpu_per_packet_ns", "cpu_per_packet_ns" },
    },
  },
  plot   = { x = "trouble", y = "stream.lost", by = "latch", kind = "bars",
             when = { mode = "fresh", window = "64", tag = "on" }, title = "Packets of a call of 20 s that were never heard" },
  ladder = { when = { mode = "fresh", trouble = "rebinding", latch = "on" }, window = { 4900*ms, 5200*ms } },
  answer = { of = "stream.lost", when = { mode = "fresh", window = "64", tag = "on" },
             say = "packets of a call that were never heard" },
}
