-- Can somebody who only listens see who talks to whom?
--
-- Both sides show who they are, where the protocol lets them; every packet is searched for their
-- certificates, their static keys, and the server's name.  What anybody can open is open: QUIC's first
-- packet is sealed with keys that follow from its own header.

local client, server = host "client", host "server"
local switch = router "switch"
local shown  = false

return scenario {
  title   = "Identities on the wire",
  feature = "IH",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, switch, delay = 2*ms }, link { switch, server, delay = 2*ms } },
  agents  = {
    client:runs { each.protocol, mutual = true }, server:runs { each.protocol, mutual = true },
  },
  timeline = {
    at(0*s, switch:eavesdrop()),
    at(0*s, client:request(server)),
    on(client, "peer auth", function ()
      shown = true
    end),
    on(server, "peer auth", function ()
      shown = true
    end),
    at(8*s, stop()),
  },
  ladder  = {},
  verdict = function (r)
    if r.replies == 0 then
      return no "nothing was said"
    elseif not shown then
      return not_applicable "neither side shows an identity"
    elseif r.client.seen.identity > 0 and r.server.seen.identity > 0 then
      return no "the certificates of both sides go by in clear"
    elseif r.client.seen.identity > 0 or r.server.seen.identity > 0 then
      return no(string.format("what identifies the %s goes by in clear",
                              r.client.seen.identity > 0 and "client" or "server"))
    elseif r.server.seen.name > 0 then
      return partly "neither certificate is seen, but anybody can read which server is asked for"
    end
    return yes "no packet shows a certificate, a static key or the server's name"
  end,
}
