-- Do several flows share one session?
--
-- Something is said on a second stream of a session: does it arrive as such, and is the first stream
-- left alone?  And a client that makes a second connection to its server: does it need another key
-- pair than a client that makes one?

local client, quiet  = host "client", host "quiet"
local server, switch = host "server", router "switch"

return scenario {
  title   = "Two flows, one handshake",
  feature = "MUX",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "cid" } },
  network = { star { switch, client, quiet, server, delay = 5*ms } },
  agents  = {
    client:runs { each.protocol, mode = each.mode }, quiet:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(0*s, quiet:request(server)),
    at(8*s, function (run)
      if run.service ~= "ip" then
        client:send_beside(server, 400*B)(run)
        client:send(server, 400*B)(run)
      end
    end),
    at(10*s, client:request(server)),
    on(client, "error", note "a session is over, or does not come about"),
    on(client, "refused", note "there is no second connection"),
    at(18*s, stop()),
  },
  verdict = function (r)
    local keys, once = r.client.crypto.keygen, r.quiet.crypto.keygen
    if r.quiet.replies == 0 then
      return no "nobody is served"
    elseif r.server.streams > 0 and r.server.garbled == 0 then
      return yes "a second stream of the session arrives beside the first"
    elseif r.client.replies == 2 and keys == once then
      return yes "a second connection runs in the session of the first, without new keys"
    elseif r.client.replies == 2 and r.carrier ~= "tcp" then
      return partly "several sessions share a pair of ports, each with keys of its own"
    elseif r.client.replies == 2 then
      return no "a second flow wants a session of its own, with new keys"
    end
    return no "there is one flow from a client's port to its server, and no second one beside it"
  end,
}
