-- Is a new address tested before a server sends everything there?
--
-- An attacker on the path holds a client's packets back and sends a copy of the first from its own
-- address.
-- A server that takes it for a move of its client sends the attacker, who answers nothing, what the
-- client should get.  A second client does move: who does not follow that has nothing to test.

local client, server = host "client", host "server"
local mover, other   = host "mover", host "other"
local home           = nat "home" { mapping = "address-and-port-dependent" }
local mallory, switch = host "mallory", router "switch"
local tape    = switch:record { from = client, what = "data" }
local follows = false

return scenario {
  title   = "A copy from another address",
  feature = "PV",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "cid" } },
  network = {
    star { switch, client, server, mallory, other, delay = 5*ms },
    link { mover, home, delay = 2*ms }, link { home, switch, delay = 2*ms },
  },
  agents  = {
    client:runs { each.protocol, mode = each.mode }, server:runs { each.protocol, mode = each.mode },
    mover:runs { each.protocol, mode = each.mode }, other:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    at(0*s, mover:request(other) { datagram = true }),
    -- The one that moves.
    at(8*s, home:rebind "both"),
    at(9*s, mover:send(other, 400*B)),
    at(9500*ms, other:send(mover, 400*B)),
    on(mover, "received all", function (run)
      follows = run.now > 9*s
    end),
    -- The one that does not.
    at(8*s, tape),
    at(8*s, switch:delay { from = client, what = "data", count = 100, by = 2*s }),
    at(9*s, client:send(server, 400*B)),
    at(9010*ms, mallory:replay(tape) { nth = 1, source = "own" }),
    at(9100*ms, server:send(client, 32*KiB)),
    on(client, "error", note "the session is over"),
    on(mover, "error", note "the session is over"),
    on(mover, "reset", note "the connection is over"),
    at(30*s, stop()),
  },
  measure = { "mallory.bytes_in", "mallory.bytes_out" },
  verdict = function (r)
    if not follows or r.mover.handshake.count > 1 then
      return not_applicable "a session stays at its address: there is no new path to test"
    elseif r.mallory.bytes_in > 3 * r.mallory.bytes_out + 256*B then
      return no(string.format("one packet copied from another address drew %d bytes there",
                              math.floor(r.mallory.bytes_in / (1*B))))
    end
    return yes(string.format("a copy from another address draws no more than %d bytes there",
                             math.floor(r.mallory.bytes_in / (1*B))))
  end,
}
