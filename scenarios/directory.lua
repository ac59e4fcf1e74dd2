-- What does it cost to ask for a server's key first?  A directory stands near its clients or far
-- away, and is asked before every session, at boot only, or never.
--
--   shakedown run directory
--   shakedown run directory --set distance=200ms --trace
--
-- Of the survey's protocols only MinimaLT has a directory of ephemeral keys.  distance is the round
-- trip to it, the server's is 100 ms.  mode says what the client knows beforehand: fresh the
-- server's record, lookup its resolver's tunnel, boot nothing but the directory's address and key.

local client, server, directory = host "client", host "server", host "directory"
local switch = router "switch"

return scenario {
  title   = "A directory between a client and its server",
  chapter = 10,
  tags    = { "handshake", "directory" },

  sweep = {
    protocol = { "minimalt" },
    mode     = { "fresh", "lookup", "boot" },
    distance = { 2*ms, 20*ms, 100*ms, 300*ms },
    rtt      = { 100*ms },
  },
  quick = { distance = { 20*ms, 300*ms } },

  network = {
    link { client, switch, delay = 0*ms },
    link { switch, server, delay = each.rtt / 2 },
    link { switch, directory, delay = each.distance / 2 },
  },
  agents = {
    client:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode },
    directory:runs { each.protocol, role = "directory" },
  },
  timeline = {
    at(0*s, client:request(server) { size = 64*B, reply = 64*B }),
    on(client, "reply", stop()),
    at(60*s, stop "no reply came"),
  },

  measure = {
    "handshake.time", "reply.time", "client.crypto.verify", "directory.crypto.derive",
    "directory.bytes_in", "directory.bytes_out", "directory.state.peak",
  },

  expect = {
    { "with a record at hand nobody waits", when = { mode = "fresh" },
      function (r) return r.handshake.time == 0*s and r.directory.bytes_in == 0*B end },
    { "asking takes the directory's round trip", when = { mode = { "lookup", "boot" } },
      function (r) return (r.handshake.time - r.distance):within(0*ms, 1*ms) end },
    { "the reply comes one round trip to the server later",
      function (r) return (r.reply.time - r.handshake.time - r.rtt):within(0*ms, 1*ms) end },
    { "a record is believed for its two signatures", when = { mode = { "lookup", "boot" } },
      function (r) return r.client.crypto.verify == 2 end },
  },

  table = {
    by = { "mode", "distance" },
    columns = {
      { "send_ns", "handshake.time" },
      { "reply_ns", "reply.time" },
      { "directory_in_bytes", "directory.bytes_in" },
      { "directory_out_bytes", "directory.bytes_out" },
      { "directory_dh", "directory.crypto.derive" },
      { "directory_state_bytes", "directory.state.peak" },
    },
  },
  plot = { x = "distance", y = "reply.time", by = "mode",
           title = "Until the reply, by the directory's distance" },
  ladder = { when = { mode = "boot" } },
}
