-- Can the keys of a session be changed while it goes on?
--
-- Two sessions say the same; one of them is asked for new keys in between.  New keys cost key
-- derivations or Diffie-Hellman that the other session does not need.

local client, server    = host "client", host "server"
local quiet, other      = host "quiet", host "other"
local switch = router "switch"
local refused = false
local after_it = false

local function work(machine)
  return machine.crypto.kdf + machine.crypto.derive + machine.crypto.hash + machine.crypto.mac
end

return scenario {
  title   = "New keys in the middle",
  feature = "KU",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, server, quiet, other, delay = 2*ms } },
  agents  = {
    client:runs { each.protocol }, server:runs { each.protocol },
    quiet:runs { each.protocol }, other:runs { each.protocol },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(0*s, quiet:request(other)),
    at(8*s, client:rekey(server)),
    at(9*s, client:send(server, 400*B)),
    at(9*s, quiet:send(other, 400*B)),
    at(12*s, client:send(server, 400*B)), -- whoever makes the keys after next in advance does it now
    at(12*s, quiet:send(other, 400*B)),
    on(client, "refused", function ()
      refused = true
    end),
    on(server, "received all", function (run)
      after_it = run.now > 8*s
    end),
    on(client, "error", note "the session is over"),
    at(14*s, stop()),
  },
  verdict = function (r)
    local more = work(r.client) - work(r.quiet)
    if refused then
      return no "a session keeps its keys: it does not take the request"
    elseif not after_it then
      return no "nothing gets through after it"
    elseif more <= 0 then
      return no "nothing is computed for new keys"
    end
    return yes(string.format("%d key derivations more, and the session goes on", more))
  end,
}
