-- Does the wire show how long the applications' messages are?
--
-- Messages of 100, 101, ... 131 bytes go one by one: how many different lengths does an eavesdropper
-- see?

local client, server = host "client", host "server"
local switch = router "switch"
local size = 100

return scenario {
  title   = "Lengths on the wire",
  feature = "LHP",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, switch, delay = 2*ms }, link { switch, server, delay = 2*ms } },
  agents  = {
    client:runs { each.protocol, options = by_protocol {
      tls13 = { padding = "256" }, dtls13 = { padding = "256" }, ipsec = { pad_to = "256" },
    } },
    server:runs { each.protocol },
  },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    on(client, "reply", after(1*s, switch:eavesdrop())),
    every(50*ms, function (run)
      if size < 132 then
        client:send(server, size*B)(run)
        size = size + 1
      end
    end, { from = 10*s, to = 12*s }),
    at(13*s, stop()),
  },
  measure = { "client.seen.sizes" },
  verdict = function (r)
    local seen = r.client.seen.sizes
    if r.replies == 0 or seen == 0 then
      return no "nothing was said"
    elseif seen <= 2 then
      return yes(string.format("messages of 32 lengths have %d lengths on the wire", seen))
    elseif seen <= 8 then
      return partly(string.format("messages of 32 lengths have %d lengths on the wire", seen))
    end
    return no(string.format("messages of 32 lengths have %d lengths on the wire", seen))
  end,
}
