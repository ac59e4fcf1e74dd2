-- Does one lost packet hold up what it carried nothing of?
--
--   shakedown run head-of-line
--   shakedown run head-of-line --set protocol=quic,loss=2% --trace
--
-- A client asks for eight objects at once.  On one byte stream they come one after the other, and
-- behind a lost packet everything waits until it has come again.  Where each object has a stream of
-- its own, only that object waits; but all share the path, so that none is whole much before the
-- rest.  MinimaLT has a connection for each object and one order for all of them.

local client, server = host "client", host "server"

return scenario {
  title   = "Eight objects at once, and packets lost",
  chapter = 7,
  tags    = { "loss", "streams", "survey" },

  sweep = {
    protocol = { "tls13", "quic", "gquic", "minimalt" },
    rtt      = { 50*ms },
    loss     = { 0*percent, 1*percent, 2*percent, 5*percent },
    repeats  = 40,
  },
  quick = { loss = { 0*percent, 2*percent }, repeats = 8 },

  network  = {
    link { client, server, delay = each.rtt / 2, rate = 20*Mbps, queue = 128*KiB,
           loss = each.loss },
  },
  agents   = {
    client:runs { each.protocol },
    server:runs { each.protocol },
  },
  timeline = {
    at(0*s, client:request(server) { objects = 8, size = 200*B, reply = 20*KiB }),
    on(client, "reply", stop()),
    at(60*s, stop "an object never came"),
  },

  measure = {
    "object.first", "object.median", "object.last",
    -- From the first object that is whole until the last is: what streams cannot make shorter.
    spread_ns = function (r) return r.object.last - r.object.first end,
  },

  expect = {
    { "every object comes", function (r) return r.outcome == "ok" end },
    { "without loss eight objects take a few round trips", when = { loss = 0*percent },
      function (r) return r.object.last < 10 * r.rtt end },
  },

  table = {
    by      = { "protocol", "loss" },
    columns = {
      "n", "ok",
      { "first_ns", "object.first", stat = "median" },
      { "median_ns", "object.median", stat = "median" },
      { "median_p85_ns", "object.median", stat = "p85" },
      { "last_ns", "object.last", stat = "median" },
      { "last_p85_ns", "object.last", stat = "p85" },
    },
  },
  plot   = { x = "loss", y = "object.median", by = "protocol", show = { "median", "p85" },
             title = "Until half of eight objects are whole" },
  ladder = { when = { loss = 2*percent } },
  answer = { of = "object.median", when = { loss = 2*percent },
             say = "until half of eight objects are whole, when one packet in fifty is lost" },
}
