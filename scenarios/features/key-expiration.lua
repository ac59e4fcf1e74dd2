-- Do keys get old?
--
-- For four hours a session says something every 15 seconds: does it get new keys without being
-- asked, or does it end?  Limits by volume lie far beyond what can be sent here.

local client, server = host "client", host "server"
local changes, ended = 0, false

local function changed()
  changes = changes + 1
end

local function over(run)
  ended = ended or run.now < 239*minutes
end

return scenario {
  title   = "Keys that get old",
  feature = "KE",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { link { client, server, delay = 5*ms } },
  agents  = { client:runs { each.protocol }, server:runs { each.protocol } },
  timeline = {
    at(0*s, client:request(server) { datagram = true }),
    at(10*s, client:stream(server) { size = 100*B, every = 15*s, count = 957 }),
    on(client, "key update", changed),
    on(client, "key expired", changed),
    on(client, "closed", over),
    on(client, "error", over),
    at(240*minutes, stop()),
  },
  verdict = function (r)
    if r.replies == 0 then
      return no "there was no session"
    elseif changes > 0 or r.handshake.count > 1 then
      return yes(string.format("new keys %d times in four hours without being asked",
                               math.max(changes, r.handshake.count - 1)))
    elseif ended then
      return partly "the session ends by itself"
    end
    return no(string.format("four hours and %d messages under the same keys", r.stream.received))
  end,
}
