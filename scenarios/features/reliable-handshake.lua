-- Does a handshake come about when its packets are lost?
--
-- The first packet of either side is lost, then every fifth at random.

local client, server = host "client", host "server"
local wan = link { client, server, delay = 10*ms, drop = {1}, loss = each.loss }

return scenario {
  title   = "A handshake under loss",
  feature = "HR",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, loss = { 20*percent } },
  network = { wan },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, client:connect(server)),
    on(client, "ready", stop()),
    on(client, "error", note "the handshake is given up"),
    at(120*s, stop()),
  },
  verdict = function (r)
    if not known(r.handshake.time) then
      return no "the handshake does not come about"
    end
    return yes(string.format("the client is ready after %.1f s, though packets were lost",
                             r.handshake.time / (1*s)))
  end,
}
