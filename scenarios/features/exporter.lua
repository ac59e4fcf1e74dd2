-- Does the application get a secret, or an identifier, that only the two sides of this session have?
--
-- Both sides of two sessions are asked: sides of one must agree, sessions must differ.

local client, second, server = host "client", host "second", host "server"
local switch = router "switch"
local ours, theirs, others

return scenario {
  title   = "A value of the session",
  feature = "SSKE",
  tags    = { "features" },
  sweep   = { protocol = protocols.all },
  network = { star { switch, client, second, server, delay = 2*ms } },
  agents  = {
    client:runs { each.protocol }, second:runs { each.protocol }, server:runs { each.protocol },
  },
  timeline = {
    at(0*s, client:request(server)),
    at(0*s, second:request(server)),
    at(6*s, client:export(server)),
    at(6*s, server:export(client)),
    at(6*s, second:export(server)),
    on(client, "exported", function (_, event)
      ours = event.detail
    end),
    on(server, "exported", function (_, event)
      theirs = event.detail
    end),
    on(second, "exported", function (_, event)
      others = event.detail
    end),
    on(client, "refused", note "there is nothing to export"),
    on(second, "refused", note "there is nothing to export"),
    at(14*s, stop()),
  },
  verdict = function (r)
    if r.replies < 2 then
      return no "there was no session"
    elseif not ours and not theirs then
      return no "the session gives nothing of its keys away"
    elseif ours ~= theirs then
      return no "the two sides do not get the same"
    elseif ours == others then
      return no "another session gives the same"
    end
    return yes(string.format("both sides get the same %d bytes, another session gives others",
                             #ours // 2))
  end,
}
