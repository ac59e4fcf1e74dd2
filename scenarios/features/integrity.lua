-- Does a receiver notice that one bit of its peer's data was turned on the way?
--
-- The attacker stands on the path and puts checksums right, so that only the protocol can tell.

local client, server = host "client", host "server"
local switch  = router "switch"
local refused = false -- the session ended rather than take it

local function give_up(run)
  refused = true
end

return scenario {
  title   = "A turned bit in flight",
  feature = "RI",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, switch, delay = 5*ms }, link { switch, server, delay = 5*ms } },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, client:request(server)),
    on(client, "reply", function (run)
      switch:corrupt { from = client, what = "data" } (run)
      client:send(server, 400*B)(run)
    end),
    on(client, "error", give_up),
    on(client, "reset", give_up),
    on(server, "error", give_up),
    at(5*s, stop()),
  },
  verdict = function (r)
    if r.server.garbled > 0 then
      return no "the application was given the changed bytes"
    elseif r.replies == 0 or not refused and r.server.drops == 0 then
      return no "the change was not even noticed"
    elseif refused then
      return yes "the changed record ends the session"
    end
    return yes "the changed record is dropped"
  end,
}
