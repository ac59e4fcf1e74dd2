-- What does a handshake cost each side: which public-key operations, and how much processor time?
--
--   shakedown run handshake-cost
--   shakedown run handshake-cost --set cpu=laptop-2020
--
-- Operations are counted where they are made, inside the libraries too, and priced by a cost table
-- (shakedown list costs).  The session carries one short request and its reply, which cost next to
-- nothing beside a handshake.  What an earlier session did, for the modes that need one, is not
-- counted.

local client, server = host "client" { cpu = cost(each.cpu) }, host "server" { cpu = cost(each.cpu) }

-- Key pairs, agreements, signatures made and verified: what a handshake is made of.
local function public_key(side)
  return side.crypto.keygen + side.crypto.derive + side.crypto.sign + side.crypto.verify
         + side.crypto.rsa
end

return scenario {
  title   = "What a handshake costs",
  chapter = 11,
  tags    = { "cost", "survey" },

  sweep = {
    protocol = protocols.all,
    mode     = modes.all,
    cpu      = { "reference" },
  },

  network  = { link { client, server, delay = 20*ms } },
  agents   = {
    client:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:request(server) { size = 64*B, reply = 64*B, datagram = true }),
    on(client, "reply", stop()),
    at(60*s, stop "no reply came"),
  },

  measure = {
    "client.cpu", "server.cpu",
    "client.crypto.keygen", "client.crypto.derive", "client.crypto.sign", "client.crypto.verify",
    "client.crypto.rsa",
    "server.crypto.keygen", "server.crypto.derive", "server.crypto.sign", "server.crypto.verify",
    "server.crypto.rsa",
    "server.state.peak",
    public_key_client = function (r) return public_key(r.client) end,
    public_key_server = function (r) return public_key(r.server) end,
  },

  expect = {
    { "every mode gets its reply", function (r) return r.outcome == "ok" end },
    { "computing takes time", function (r) return r.client.cpu > 0*s and r.server.cpu > 0*s end },
  },

  table = {
    by = { "protocol", "mode" },
    columns = {
      { "client_keygen", "client.crypto.keygen" },
      { "client_derive", "client.crypto.derive" },
      { "client_sign", "client.crypto.sign" },
      { "client_verify", "client.crypto.verify" },
      { "server_keygen", "server.crypto.keygen" },
      { "server_derive", "server.crypto.derive" },
      { "server_sign", "server.crypto.sign" },
      { "server_verify", "server.crypto.verify" },
      { "client_cpu_ns", "client.cpu" },
      { "server_cpu_ns", "server.cpu" },
      { "server_state_bytes", "server.state.peak" },
    },
  },
  plot   = { x = "mode", y = "server.cpu", by = "protocol", kind = "bars", scale = "log",
             when = { mode = { "fresh", "resumed", "psk", "early", "cookie" } },
             title = "Processor time of a server for one handshake" },
  answer = { of = "server.cpu", when = { mode = "fresh" }, say = "of the server's processor" },
}
