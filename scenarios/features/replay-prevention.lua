-- Does a recorded packet reach the application a second time?
--
-- All that the client sent after its handshake comes again, as it was, from its own address.

local client, server, mallory = host "client", host "server", host "mallory"
local switch = router "switch"
local tape   = switch:record { from = client, what = "data" }

return scenario {
  title   = "Data sent again",
  feature = "RP",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, server, mallory, delay = 2*ms } },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, tape),
    at(0*s, client:request(server) { datagram = true }),
    at(6*s, client:stream(server) { size = 100*B, every = 10*ms, count = 10 }),
    at(8*s, mallory:replay(tape) { every = 1*ms }),
    on(client, "error", note "the session is over"),
    at(12*s, stop()),
  },
  verdict = function (r)
    if r.mallory.packets_out == 0 then
      return no "there was nothing to send again"
    elseif r.server.delivered_twice > 0 then
      return no(string.format("%d messages are delivered twice", r.server.delivered_twice))
    elseif r.carrier == "tcp" then
      return yes "TCP's sequence numbers keep old segments out"
    end
    return yes(string.format("none of %d packets is delivered again", r.mallory.packets_out))
  end,
}
