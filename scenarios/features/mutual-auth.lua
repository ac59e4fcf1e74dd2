-- Does a server that asks for it notice that a client is not one of those that it knows?
--
-- The stranger signed its certificate itself and has a static key that nobody knows.

local client, stranger = host "client", host "stranger"
local server, switch   = host "server", router "switch"
local told = false -- the server's application got to know the stranger's key

-- Where a service that both trust tells the fingerprint of the certificate, it is a known client's.
local known_one = by_protocol { srtp = { announce =
  "dfc430187f91e05e40d5fa1df6b4172d36856fae77cc0ea1b81c91fc435d5bd3" } }

return scenario {
  title   = "A client that nobody knows",
  feature = "MA",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, stranger, server, delay = 5*ms } },
  agents  = {
    client:runs   { each.protocol, mutual = true },
    stranger:runs { each.protocol, mutual = true, impostor = true, options = known_one },
    server:runs   { each.protocol, mutual = true },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(3*s, stranger:request(server)),
    on(server, "peer auth", function (run)
      told = told or run.now > 3*s
    end),
    on(stranger, "error", note "the stranger gives up"),
    on(stranger, "reset", note "the stranger's connection broke"),
    on(stranger, "refused", note "the stranger's connection was refused"),
    at(11*s, stop()),
  },
  ladder  = {},
  verdict = function (r)
    if r.client.replies == 0 then
      return no "not even a client that is known is served"
    elseif r.stranger.replies == 0 then
      return yes "a known client is served, a stranger is not"
    elseif told then
      return partly "the server's application is told the stranger's key, and has to refuse it itself"
    end
    return no "the stranger is served as the others are, and the server never learns who it is"
  end,
}
