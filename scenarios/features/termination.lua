-- Does the other side learn that a session is over, and only from its peer?
--
-- One session is closed.  Of another an attacker says in either side's name that it is over, where
-- anybody can (by TCP's FIN, by gQUIC's public reset): nobody must take that for the end that its peer
-- meant, though it may be one.

local client, server = host "client", host "server"
local victim, other  = host "victim", host "other"
local mallory, switch = host "mallory", router "switch"
local of_victim = switch:record { from = victim, what = "data" }
local of_other  = switch:record { from = other, what = "data" }
local heard, fooled = false, false

return scenario {
  title   = "An end, and a forged one",
  feature = "CT",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, server, victim, other, mallory, delay = 2*ms } },
  agents  = {
    client:runs { each.protocol }, server:runs { each.protocol },
    victim:runs { each.protocol }, other:runs { each.protocol },
  },
  timeline = {
    at(0*s, of_victim),
    at(0*s, of_other),
    at(0*s, client:request(server) { datagram = true }),
    at(0*s, victim:request(other) { datagram = true }),
    at(8*s, client:close(server)),
    at(8*s, mallory:cut(of_victim) { how = "fin" }),
    at(8*s, mallory:cut(of_other) { how = "fin" }),
    on(server, "closed", function ()
      heard = true
    end),
    on(other, "closed", function ()
      fooled = true
    end),
    on(victim, "closed", function ()
      fooled = true
    end),
    on(client, "error", note "the session is over"),
    on(victim, "error", note "the session is over"),
    on(victim, "reset", note "the connection is over"),
    at(8500*ms, stop()),
  },
  verdict = function (r)
    if r.replies < 2 then
      return no "there was no session"
    elseif not heard then
      return no "a peer that is done says nothing of it"
    elseif fooled then
      return no "an end that anybody can forge looks like the one that the peer meant"
    elseif r.mallory.packets_out > 0 then
      return yes "the end is told under the session's keys; a forged one breaks it, as an error"
    end
    return yes "the end is told under the session's keys; there is no other"
  end,
}
