-- Can something else than the protocol decide who the peer is?
--
-- A client meets a server whose certificate it cannot verify and which has another static key.  The
-- decision is delegated when the protocol, asked to leave it to the application, tells it instead of
-- refusing; when a third party decides, as with EAP; or when the protocol authenticates nobody and
-- gives both sides a value that only this session has, for the application to do it with.

local client, impostor = host "client", host "impostor"
local guest, server    = host "guest", host "server"
local switch = router "switch"
local theirs, ours, told

return scenario {
  title   = "Who decides on a peer's identity",
  feature = "AD",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "eap" } },
  network = { star { switch, client, impostor, guest, server, delay = 5*ms } },
  agents  = {
    client:runs { each.protocol, mode = each.mode, options = by_protocol {
      tls12 = { verify = "application" }, tls13 = { verify = "application" },
      dtls12 = { verify = "application" }, dtls13 = { verify = "application" },
      quic = { verify = "application" },
    } },
    impostor:runs { each.protocol, mode = each.mode, impostor = true },
    guest:runs { each.protocol, mode = each.mode }, server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:request(impostor)),
    at(0*s, guest:request(server)),
    on(client, "peer auth", function (_, event)
      told = string.find(event.detail, "unverified")
    end),
    on(client, "reply", function (run)
      client:export(impostor)(run)
      impostor:export(client)(run)
    end),
    on(client, "exported", function (_, event)
      ours = event.detail
    end),
    on(impostor, "exported", function (_, event)
      theirs = event.detail
    end),
    on(client, "error", note "the client refuses"),
    on(client, "refused", note "no export"),
    on(client, "reset", note "the connection broke"),
    at(8*s, stop()),
  },
  verdict = function (r)
    if r.mode == "eap" and r.guest.replies == 1 then
      return yes "another method and whoever keeps its secrets decide, by EAP"
    elseif r.client.replies == 0 then
      return no "the protocol itself refuses whom it cannot verify; nobody else is asked"
    elseif told then
      return yes "the application is told of a certificate that does not verify, and decides"
    elseif ours and ours == theirs then
      return yes "nobody is authenticated, and both sides get a value of their session to do it with"
    end
    return no "nobody is authenticated, and the application gets nothing to do it with"
  end,
}
