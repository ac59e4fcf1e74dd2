-- Does a client have to show that it can be reached at its address before a server begins a session?
--
-- Spoofed first messages come from addresses where nobody answers: the server must not open a session
-- for any, nor send them more than three times what they sent.  Honest clients get in meanwhile.

local honest   = hosts("honest", 3)
local attacker = host "attacker"
local server, switch = host "server", router "switch"

return scenario {
  title   = "Proof of an address",
  feature = "SV",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, defence = { "always" } },
  network = { star { switch, honest, attacker, server, delay = 2*ms } },
  agents  = {
    honest:runs { each.protocol },
    server:runs { each.protocol, source_validation = each.defence },
  },
  timeline = {
    at(0*s, attacker:flood(server) { rate = 200*pps, between = { 100*ms, 600*ms } }),
    every(150*ms, honest:one():request(server), { from = 150*ms, to = 450*ms }),
    on(honest, "error", note "an honest client gives up"),
    at(12*s, stop()),
  },
  measure = {
    "server.sessions", "server.half_open.peak",
    sent = function (r)
      return (r.server.bytes_out - r.honest.bytes_in) / r.attacker.bytes_out
    end,
  },
  verdict = function (r)
    local sent = r.sent
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
    end
    return yes(string.format("a stranger gets a challenge, %.2f times what it sent, and no session",
                             sent))
  end,
}
