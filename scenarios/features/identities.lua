-- Does it matter which identity and private key an application gives?
--
-- A server with the keys that its clients expect, one with others; a client that the server knows, one
-- that it does not.

local client, victim, stranger = host "client", host "victim", host "stranger"
local server, impostor = host "server", host "impostor"
local switch = router "switch"

-- Where a service that both trust tells the fingerprints of certificates, they are those of the true.
local of_server = by_protocol { srtp = { announce =
  "0ce5d76bbfe90a2cb1c5884f112304f1de651799a885154de220d229f2c3dbed" } }
local of_client = by_protocol { srtp = { announce =
  "dfc430187f91e05e40d5fa1df6b4172d36856fae77cc0ea1b81c91fc435d5bd3" } }

return scenario {
  title   = "Who has the right keys",
  feature = "IPK",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, victim, stranger, server, impostor, delay = 5*ms } },
  agents  = {
    client:runs   { each.protocol, mutual = true },
    victim:runs   { each.protocol, mutual = true },
    stranger:runs { each.protocol, mutual = true, impostor = true, options = of_client },
    server:runs   { each.protocol, mutual = true },
    impostor:runs { each.protocol, mutual = true, impostor = true, options = of_server },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(0*s, victim:request(impostor)),
    at(3*s, stranger:request(server)),
    on(victim, "error", note "the victim gives up"),
    on(victim, "reset", note "the victim's connection broke"),
    on(victim, "refused", note "the victim's connection was refused"),
    on(stranger, "error", note "the stranger gives up"),
    on(stranger, "reset", note "the stranger's connection broke"),
    on(stranger, "refused", note "the stranger's connection was refused"),
    at(11*s, stop()),
  },
  verdict = function (r)
    local server_matters, client_matters = r.victim.replies == 0, r.stranger.replies == 0
    if r.client.replies == 0 then
      return no "nobody is served"
    elseif server_matters and client_matters then
      return yes "the keys of both sides decide who is served"
    elseif server_matters then
      return yes "the server's keys decide whether it is believed; its clients may have any"
    end
    return no "whatever keys it is given, they make no difference"
  end,
}
