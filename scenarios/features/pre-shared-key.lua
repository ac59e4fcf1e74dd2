-- Does a key that was agreed beforehand decide who gets in?
--
-- One client has the server's pre-shared key, the other has another one.

local client, stranger = host "client", host "stranger"
local server, switch   = host "server", router "switch"

return scenario {
  title   = "Two pre-shared keys",
  feature = "PSK",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "psk" } },
  network = { star { switch, client, stranger, server, delay = 5*ms } },
  agents  = {
    client:runs   { each.protocol, mode = each.mode },
    stranger:runs { each.protocol, mode = each.mode, psk = "other" },
    server:runs   { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(3*s, stranger:request(server)),
    on(stranger, "error", note "the stranger gives up"),
    on(stranger, "reset", note "the stranger's connection broke"),
    on(stranger, "refused", note "the stranger's connection was refused"),
    at(11*s, stop()),
  },
  ladder  = {},
  verdict = function (r)
    if r.client.replies == 0 then
      return no "whoever has the server's key is not served"
    elseif r.stranger.replies == 0 then
      return yes "whoever has the server's key is served, whoever has another is not"
    end
    return no "a key agreed beforehand plays no part: whoever has another is served, too"
  end,
}
