-- Do several flows share one session?
--
-- Of a tunnel: two requests at once, and one handshake.  Of others: something said on a second stream
-- of the session arrives as such, and the first stream is not disturbed.

local client, server = host "client", host "server"
local refused = false

return scenario {
  title   = "Two flows, one handshake",
  feature = "MUX",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, server, delay = 5*ms } },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, client:request(server)),
    at(8*s, function (run)
      if run.service == "ip" then
        client:request(server)(run)
      else
        client:send_beside(server, 400*B)(run)
        client:send(server, 400*B)(run)
      end
    end),
    on(client, "error", note "the session is over"),
    on(client, "refused", function ()
      refused = true
    end),
    at(16*s, stop()),
  },
  verdict = function (r)
    if r.replies == 0 then
      return no "nobody is served"
    elseif r.service == "ip" then
      return r.replies == 2 and r.handshake.count == 1 and yes "two connections run in one session" or
             no "every connection wants a session of its own"
    elseif r.server.streams > 0 and r.server.garbled == 0 then
      return yes "a second stream of the session arrives beside the first"
    end
    return no "a session is one flow: what is said beside it is lost in it, or refused"
  end,
}
