-- Is a later handshake with the same server cheaper?
--
-- The second pair has met before, if its mode wants that; the first has not.  What costs is public-key
-- cryptography: key pairs, Diffie-Hellman, signatures.

local stranger, elsewhere = host "stranger", host "elsewhere"
local client, server      = host "client", host "server"
local switch = router "switch"

local function work(machine)
  return machine.crypto.keygen + machine.crypto.derive + machine.crypto.sign +
         machine.crypto.verify + machine.crypto.rsa
end

return scenario {
  title   = "A session taken up again",
  feature = "SC",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "resumed", "stateful" } },
  network = { star { switch, stranger, elsewhere, client, server, delay = 5*ms } },
  agents  = {
    stranger:runs { each.protocol, mode = "fresh" }, elsewhere:runs { each.protocol, mode = "fresh" },
    client:runs { each.protocol, mode = each.mode }, server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, stranger:request(elsewhere)),
    at(0*s, client:request(server)),
    at(3*s, stop()),
  },
  verdict = function (r)
    local first = work(r.stranger) + work(r.elsewhere)
    local later = work(r.client) + work(r.server)
    if r.replies < 2 then
      return no "the later session does not come about"
    elseif later >= first then
      return no(string.format("every handshake costs %d public-key operations", first))
    end
    return yes(string.format("%d public-key operations instead of %d", later, first))
  end,
}
