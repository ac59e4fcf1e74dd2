-- Is early data delivered twice when its server does not look for replays?
--
-- The negative control of scenarios/features/replay-prevention.lua: anti_replay = off makes it so.

local client, server, mallory = host "client", host "server", host "mallory"
local switch = router "switch"
local tape   = switch:record { from = client }

return scenario {
  title   = "Early data sent again",
  feature = "RP",
  sweep   = { protocol = { "tls13" }, mode = { "early" }, anti_replay = { "on", "off" } },
  network = { star { switch, client, server, mallory, delay = 2*ms } },
  agents  = {
    client:runs { each.protocol, mode = each.mode },
    server:runs { each.protocol, mode = each.mode, anti_replay = each.anti_replay },
  },
  timeline = {
    at(0*s, tape),
    at(0*s, client:request(server)),
    at(4*s, mallory:replay(tape) { source = "own" }),
    at(8*s, stop()),
  },
  verdict = function (r)
    if r.server.delivered_twice > 0 then
      return no "the request is delivered twice"
    end
    return yes "the request is delivered once"
  end,
}
