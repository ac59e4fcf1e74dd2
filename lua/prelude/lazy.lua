-- each.loss: the value of this run, known only when a point of the sweep is chosen.  Sums and
-- multiples of it are as lazy.
local P = ...
local Lazy = { is = "lazy" }

local function lazy(text, value)
  return setmetatable({ text = text, value = value }, Lazy)
end

-- What a value is at a point of the sweep; without one, lazy values stay as they are.
function P.resolve(value, point)
  if point and getmetatable(value) == Lazy then
    return value.value(point)
  end
  return value
end

local operations = {
  __add = { "+", function(a, b) return a + b end },
  __sub = { "-", function(a, b) return a - b end },
  __mul = { "*", function(a, b) return a * b end },
  __div = { "/", function(a, b) return a / b end },
}
for _, event in ipairs(P.keys(operations)) do
  local sign, apply = operations[event][1], operations[event][2]
  Lazy[event] = function(a, b)
    local line = P.line()
    return lazy(string.format("%s %s %s", tostring(a), sign, tostring(b)), function(point)
      P.context = line
      return apply(P.resolve(a, point), P.resolve(b, point))
    end)
  end
end

local function too_early(a, b)
  local one = getmetatable(a) == Lazy and a or b
  local there = string.gsub(tostring(one), "each%.", "run.")
  P.fail(nil, "%s has no value yet; in a function, write %s", tostring(one), there)
end
Lazy.__eq, Lazy.__lt, Lazy.__le, Lazy.__concat = too_early, too_early, too_early, too_early

function Lazy:__tostring()
  return self.text
end

function Lazy:__index(name)
  P.fail(nil, "%s has no '%s'", self.text, tostring(name))
end

-- Lines on which the script asked for a name of its sweep.
P.asked = {}
P.word("each", setmetatable({}, { is = "each",
  __index = function(_, name)
    if type(name) ~= "string" then
      P.fail(nil, "each: expected the name of something swept, as in each.loss, found %s",
             P.found(name))
    end
    P.asked[name] = P.asked[name] or P.line()
    return lazy("each." .. name, function(point)
      return point[name]
    end)
  end,
  __tostring = function()
    return "each"
  end }))

-- by_protocol { "fresh", minimalt = "boot" }: what this run's protocol has, else the first, else
-- nothing.
P.word("by_protocol", function(given)
  if type(given) ~= "table" or P.is(given) then
    P.fail(nil, "by_protocol: expected { default, tls13 = value, ... }, found %s", P.found(given))
  end
  for _, name in ipairs(P.keys(given)) do
    if not P.is_protocol(name) then
      P.fail(P.locate(P.line(), name), "by_protocol: there is no protocol '%s'%s", name,
             P.hint(name, P.protocol_names()))
    end
  end
  return lazy("by_protocol", function(point)
    local value = given[point.protocol]
    return value == nil and given[1] or value
  end)
end)
