-- Does a client have to show that it can be reached at its address before a server begins a session?
--
-- Spoofed first messages come from addresses where nobody answers: the server must not open a session
-- for any, nor send them more than three times what they sent.  Honest clients get in meanwhile.
--
-- A challenge proves an address only if its answer counts from there alone: a mover, behind a NAT that
-- forgets its binding while the challenge is on its way, answers from another address.  Where it is
-- served as fast as a stayer is, whoever was challenged once may speak for any address.

local honest   = hosts("honest", 3)
local attacker = host "attacker"
local server, switch = host "server", router "switch"
local mover, stayer  = host "mover", host "stayer"
local forgetful, faithful = nat "forgetful" {}, nat "faithful" {}

return scenario {
  title   = "Proof of an address",
  feature = "SV",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, defence = { "always" } },
  network = {
    link { mover, forgetful, delay = 20*ms }, link { stayer, faithful, delay = 20*ms },
    link { switch, forgetful, delay = 2*ms }, link { switch, faithful, delay = 2*ms },
    star { switch, honest, attacker, server, delay = 2*ms },
  },
  agents  = {
    honest:runs { each.protocol }, mover:runs { each.protocol }, stayer:runs { each.protocol },
    server:runs { each.protocol, source_validation = each.defence },
  },
  timeline = {
    at(0*s, attacker:flood(server) { rate = 200*pps, between = { 100*ms, 600*ms } }),
    every(150*ms, honest:one():request(server), { from = 150*ms, to = 450*ms }),
    on(honest, "error", note "an honest client gives up"),
    at(2*s, mover:request(server)),
    at(2*s, stayer:request(server)),
    -- The challenge is at the client 48 ms after its first packet, and its answer at the NAT 20 ms later.
    at(2058*ms, forgetful:rebind "both"),
    on(mover, "error", note "the mover gives up"),
    at(20*s, stop()),
  },
  measure = {
    "server.sessions", "server.half_open.peak",
    sent = function (r)
      local known_clients = r.honest.bytes_in + r.mover.bytes_in + r.stayer.bytes_in
      return (r.server.bytes_out - known_clients) / r.attacker.bytes_out
    end,
  },
  verdict = function (r)
    local sent = r.sent
    local moved, stayed = r.mover.first_byte.time, r.stayer.first_byte.time
    if r.honest.success < 100*percent then
      return no "honest clients do not get in"
    elseif r.server.half_open.peak > 10 and r.carrier ~= "tcp" then
      return no(string.format("%d handshakes of strangers are under way at once",
                              r.server.half_open.peak))
    elseif sent > 3 then
      return no(string.format("it sends strangers %.1f times what they sent", sent))
    elseif r.carrier == "tcp" then
      return yes "by TCP: nothing is heard of who does not answer a SYN-ACK"
    elseif sent == 0 then
      return no "strangers get no answer, but whoever is known needs no proof"
    elseif known(moved) and moved - stayed < 1*ms and stayed - moved < 1*ms then
      return partly "a stranger gets a challenge, but its answer counts from any other address, too"
    end
    return yes(string.format("a stranger gets a challenge, %.2f times what it sent, whose answer "
                             .. "counts from its address alone", sent))
  end,
}
