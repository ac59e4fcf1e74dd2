-- Probes: scenarios that say of a feature whether a protocol has it, by what happened.
local P = ...
local Verdict = { is = "verdict" }

function Verdict:__tostring()
  return string.format("the verdict '%s'", self.word)
end

-- Best last: of a protocol's runs the best counts.  results/features.c reads the numbers.
local ranks = { not_applicable = 0, no = 1, partly = 2, yes = 3 }
for _, word in ipairs(P.keys(ranks)) do
  P.word(word, function(reason)
    if type(reason) ~= "string" or reason == "" then
      P.fail(nil, "%s: expected the reason in quotes, found %s", word, P.found(reason))
    end
    return setmetatable({ word = word, rank = ranks[word], reason = reason }, Verdict)
  end)
end

function P.check_probe(scenario)
  if not scenario.feature and not scenario.verdict then
    return
  elseif not scenario.feature then
    P.fail(nil, "scenario.feature: expected the feature that the verdict is about, such as \"FS\", " ..
           "found nothing")
  elseif type(scenario.verdict) ~= "function" then
    P.fail(P.locate(P.scenario_line, "verdict"),
           "scenario.verdict: expected a function(r), found %s", P.found(scenario.verdict))
  end
end

function P.probe_columns(scenario, columns)
  if scenario.feature then
    columns[#columns + 1] = { name = "verdict", column = "verdict", dim = "count",
                              what = "0 not applicable, 1 no, 2 partly, 3 yes" }
  end
end

-- The verdict as its column's number, and why.
function P.verdict(scenario, r)
  local place = P.locate(P.scenario_line, "verdict")
  local verdict, absent = P.ask(scenario.verdict, r)
  if verdict == nil and absent then
    return nil, absent
  elseif P.is(verdict) ~= "verdict" then
    P.fail(place, "verdict: expected yes \"why\", partly, no or not_applicable, found %s",
           P.found(verdict))
  end
  return verdict.rank, verdict.reason
end
