-- Do the peers agree, in the handshake, on what their applications will speak?
--
-- The first client offers two application protocols, one of which the server has; the second only
-- one that it has not.

local client, stranger = host "client", host "stranger"
local server, switch   = host "server", router "switch"

return scenario {
  title   = "Application protocols in common, and none",
  feature = "AFN",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, stranger, server, delay = 5*ms } },
  agents  = {
    client:runs   { each.protocol, alpn = "h2,http/1.1" },
    stranger:runs { each.protocol, alpn = "acme-tls/1" },
    server:runs   { each.protocol, alpn = "http/1.1" },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(3*s, stranger:request(server)),
    on(stranger, "error", note "the second client gives up"),
    on(stranger, "reset", note "the second client's connection broke"),
    on(stranger, "refused", note "the second client's connection was refused"),
    at(11*s, stop()),
  },
  verdict = function (r)
    if r.client.replies == 0 then
      return no "two applications with a protocol in common do not find it"
    elseif r.stranger.replies > 0 then
      return no "what the application offers makes no difference"
    end
    return yes "they agree on what both speak; with nothing in common there is no session"
  end,
}
