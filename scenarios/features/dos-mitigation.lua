-- What do spoofed first messages make a server do, when it asks everybody to prove an address first?
--
-- Honest clients meet two servers; one of them is flooded with first messages from addresses where
-- nobody answers.  Over TCP such an address can only send SYNs.

local honest, others = hosts("honest", 5), hosts("others", 5)
local server, calm   = host "server", host "calm"
local attacker, switch = host "attacker", router "switch"

return scenario {
  title   = "Work and state for spoofed first messages",
  feature = "DM",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, defence = { "always" } },
  network = {
    star { switch, honest, others, attacker, server, calm, delay = 2*ms },
  },
  agents  = {
    honest:runs { each.protocol }, others:runs { each.protocol },
    server:runs { each.protocol, source_validation = each.defence },
    calm:runs   { each.protocol, source_validation = each.defence },
  },
  timeline = {
    at(0*s, attacker:flood(server) { rate = 1000*pps, between = { 100*ms, 600*ms } }),
    every(100*ms, honest:one():request(server) { close = true }, { from = 150*ms, to = 550*ms }),
    every(100*ms, others:one():request(calm) { close = true }, { from = 150*ms, to = 550*ms }),
    on(honest, "error", note "an honest client gives up"),
    at(12*s, stop()),
  },
  measure = { "work.dh_per_spoofed", "server.state.peak", "calm.state.peak" },
  verdict = function (r)
    local work = r.work.dh_per_spoofed / (1*percent) / 100
    local more = r.server.state.peak - math.min(r.server.state.peak, r.calm.state.peak)
    if r.honest.success < 100*percent then
      return no "honest clients are turned away beside a flood"
    elseif more > 16*KiB then
      return no(string.format("500 spoofed packets make it hold %d KiB more",
                              math.floor(more / (1*KiB))))
    elseif work > 0.05 then
      return partly(string.format("no state is held for strangers, but %.1f Diffie-Hellman " ..
                                  "operations are done for each spoofed packet", work))
    elseif r.carrier == "tcp" then
      return yes "no state and no public-key operation for a stranger, by TCP's SYN cookies"
    end
    return yes "no state and no public-key operation for a stranger"
  end,
}
