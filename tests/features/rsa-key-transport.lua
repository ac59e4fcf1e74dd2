-- Do long-term keys that leak later open traffic whose keys went by RSA key transport?
--
-- The negative control of scenarios/features/forward-secrecy.lua: they do.

local client, server = host "client", host "server"
local suite = { suites = "AES128-GCM-SHA256" }

return scenario {
  title   = "RSA key transport and the server's private key",
  feature = "FS",
  sweep   = { protocol = { "tls12" } },
  network = { link { client, server, delay = 10*ms } },
  agents  = {
    client:runs { each.protocol, options = suite, recorded = true },
    server:runs { each.protocol, options = suite, recorded = true, identity = "server.rsa.example" },
  },
  timeline = {
    at(0*s, client:request(server) { size = 400*B }),
    at(2*s, stop()),
  },
  verdict = function (r)
    if r.replies == 1 and r.server.opened == 400*B then
      return no "the server's private key opens the whole request"
    end
    return yes "the server's private key opens nothing"
  end,
}
