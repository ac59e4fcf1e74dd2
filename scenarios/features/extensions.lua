-- Can a client say something new in its handshake, and does a server that does not know it go on?
--
-- Two clients differ only in that one adds an extension that nobody knows.  A protocol that has no
-- place for one takes no such option: then both say the same, byte for byte.

local client, newer  = host "client", host "newer"
local server, switch = host "server", router "switch"

return scenario {
  title   = "An extension that nobody knows",
  feature = "CX",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, newer, server, delay = 5*ms } },
  agents  = {
    client:runs { each.protocol },
    newer:runs  { each.protocol, options = by_protocol {
      tls12 = { extension = "unknown" }, tls13 = { extension = "unknown" },
      dtls12 = { extension = "unknown" }, dtls13 = { extension = "unknown" },
      quic = { extension = "unknown" }, srtp = { extension = "unknown" },
      ipsec = { extension = "unknown" }, gquic = { extension = "unknown" },
      tcpcrypt = { extension = "unknown" },
    } },
    server:runs { each.protocol },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(3*s, newer:request(server)),
    on(newer, "error", note "the newer client gives up"),
    on(newer, "reset", note "the newer client's connection broke"),
    on(newer, "refused", note "the newer client's connection was refused"),
    at(11*s, stop()),
  },
  ladder  = {},
  verdict = function (r)
    if r.client.replies == 0 then
      return no "nobody is served"
    elseif r.newer.replies == 0 then
      return no "a server refuses what it does not know"
    end
    local more = r["newer.handshake.bytes.client"] - r["client.handshake.bytes.client"]
    if more < 4*B then
      return no "nothing can be added to its handshake"
    end
    return yes(string.format("the server passes over %d bytes that it does not know",
                             math.floor(more / (1*B))))
  end,
}
