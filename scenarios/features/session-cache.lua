-- Is a later handshake with the same server cheaper?
--
-- One client has met the server before, if its mode wants that; the other has not.  What costs a client
-- is public-key cryptography: key pairs, Diffie-Hellman, signatures.

local stranger, client = host "stranger", host "client"
local server, switch   = host "server", router "switch"

local function work(machine)
  return machine.crypto.keygen + machine.crypto.derive + machine.crypto.sign +
         machine.crypto.verify + machine.crypto.rsa
end

return scenario {
  title   = "A session taken up again",
  feature = "SC",
  tags    = { "features" },
  sweep   = { protocol = protocols.all, mode = { "fresh", "resumed", "stateful" } },
  network = { star { switch, stranger, client, server, delay = 5*ms } },
  agents  = {
    stranger:runs { each.protocol, mode = by_protocol { "fresh", minimalt = "boot" } },
    client:runs { each.protocol, mode = each.mode }, server:runs { each.protocol, mode = each.mode },
  },
  timeline = {
    at(0*s, stranger:request(server)),
    at(0*s, client:request(server)),
    at(3*s, stop()),
  },
  verdict = function (r)
    local first, later = work(r.stranger), work(r.client)
    if r.replies < 2 then
      return no "the later session does not come about"
    elseif later >= first then
      return no(string.format("every handshake costs a client %d public-key operations", first))
    end
    return yes(string.format("%d public-key operations of a client instead of %d", later, first))
  end,
}
