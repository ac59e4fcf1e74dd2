-- Does a session go on when its client's port and address change?
--
-- A NAT between them rebinds in the middle; then both sides have something to say.

local client, server = host "client", host "server"
local router = nat "router" { mapping = "address-and-port-dependent" }
local there, back = false, false

return scenario {
  title   = "A NAT that forgets",
  feature = "CM",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "cid" } },
  network = { link { client, router, delay = 2*ms }, link { router, server, delay = 10*ms } },
  agents  = {
    client:runs { each.protocol, mode = each.mode }, server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    at(5*s, router:rebind "both"),
    at(6*s, client:send(server, 400*B)),
    at(8*s, server:send(client, 400*B)),
    on(server, "received all", function (run)
      there = run.now > 5*s
    end),
    on(client, "received all", function (run)
      back = run.now > 5*s
    end),
    on(client, "error", note "the session is over"),
    on(client, "reset", note "the connection is over"),
    at(20*s, stop()),
  },
  verdict = function (r)
    if r.replies == 0 then
      return no "there was no session to begin with"
    elseif there and back and r.handshake.count == 1 then
      return yes "the same session goes on at a new address and port, both ways"
    elseif there and r.handshake.count == 1 then
      return partly "the server hears its client at the new address, but goes on answering the old one"
    elseif there then
      return no(string.format("it takes a new handshake (%d in all)", r.handshake.count))
    end
    return no "nothing gets through any more"
  end,
}
