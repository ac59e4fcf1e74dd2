-- Does application data go with the client's first flight?
--
-- It did when the server has it after half a round trip or, on TCP, whose own handshake comes first,
-- after one more and before the client has the keys that the server agreed to.

local client, server = host "client", host "server"
local ready, heard

return scenario {
  title   = "Data in the first flight",
  feature = "ED",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "resumed", "early" } },
  network = { link { client, server, delay = 50*ms } },
  agents  = {
    client:runs { each.protocol, mode = each.mode }, server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    on(client, "ready", function (run)
      ready = ready or run.now
    end),
    on(server, "first byte", function (run)
      heard = heard or run.now
    end),
    at(3*s, stop()),
  },
  verdict = function (r)
    if not heard then
      return no "the server never heard anything"
    end
    local first = r.first_byte.time <= 55*ms
    local second = r.carrier == "tcp" and r.first_byte.time <= 155*ms
    if first or second and (not ready or heard < ready) then
      return yes(string.format("the server has data %.1f round trips after the client's first packet",
                               r.first_byte.time / (100*ms)))
    end
    return no(string.format("data reaches the server no sooner than after %.1f round trips, when it " ..
                            "has answered", r.first_byte.time / (100*ms)))
  end,
}
