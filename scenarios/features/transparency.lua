-- Do applications that know nothing of the protocol work through it?
--
-- A tunnel carries an ordinary TCP connection and ordinary UDP.  A protocol inside TCP must let two
-- sockets talk as they always did, though one of the two machines does not have it: mode plain.

local client, server = host "client", host "server"

return scenario {
  title   = "Applications that know nothing of it",
  feature = "TR",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "plain" } },
  network = { link { client, server, delay = 5*ms } },
  agents  = {
    client:runs { each.protocol, mode = "fresh" }, server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(8*s, client:request(server) { datagram = true }),
    on(client, "error", note "the session is over"),
    at(16*s, stop()),
  },
  ladder  = {},
  verdict = function (r)
    if r.replies == 0 then
      return no "nobody is served"
    elseif r.service == "ip" and r.replies == 2 then
      return yes "TCP and UDP go through it as they are"
    elseif r.mode == "plain" then
      return yes "an application talks as before, also with a machine that does not have it"
    end
    return no "both applications have to speak to it instead of TCP or UDP"
  end,
}
