-- Everything a script can write, as `shakedown list words` names it: for the test that holds the
-- list against the language.
local P = ...

local function add(words, prefix, fields)
  for _, name in ipairs(P.keys(fields)) do
    words[#words + 1] = prefix .. name
  end
end

function P.vocabulary()
  local words = {}
  add(words, "", P.env)
  add(words, "scenario.", P.scenario_fields)
  add(words, "host.", P.machine_fields.host)
  add(words, "nat.", P.machine_fields.nat)
  add(words, "firewall.", P.machine_fields.firewall)
  add(words, "link.", P.carrier_fields)
  add(words, "runs.", P.agent_fields)
  add(words, "every.", P.every_fields)
  for _, verb in ipairs(P.keys(P.verbs)) do
    local spec = P.verbs[verb]
    words[#words + 1] = (spec.by == "any" and "host" or spec.by) .. ":" .. verb
    add(words, verb .. ".", spec.fields or {})
  end
  add(words, "run:", P.run_methods)
  return words
end
