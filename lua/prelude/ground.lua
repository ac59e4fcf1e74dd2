-- What every other file of the prelude stands on: errors that say file, line, expected and found,
-- and checked fields.
local P = ...
local host = P.host

-- A line of the script: the one being run or, after the script has returned, P.context.
function P.line()
  return host.line() or P.context
end

-- A place in the source: a line, or where `name = ...` stands from another place on.
function P.locate(place, ...)
  return { place or 1, ... }
end

local function line_of(place)
  if type(place) ~= "table" then
    return place
  end
  local line = line_of(place[1]) or 1
  for i = 2, #place do
    local pattern = "%f[%w_]" .. string.gsub(place[i], "%p", "%%%0") .. "%f[^%w_]%s*=[^=]"
    for at = line, #P.lines do
      if string.find(string.gsub(P.lines[at] .. " ", "%-%-.*", " "), pattern) then
        line = at
        break
      end
    end
  end
  return line
end

-- place nil: the line of the script that is being run.
function P.fail(place, format, ...)
  local line = line_of(place or P.line())
  local where = line and string.format("%s:%d: ", P.source, line) or P.source .. ": "
  error(where .. string.format(format, ...), 0)
end

-- What is behind a prelude object's metatable: "quantity", "machine", "action", ... or nil.
function P.is(value)
  local meta = type(value) == "table" and getmetatable(value)
  return meta and meta.is
end

-- String keys in order, so that nothing depends on how Lua hashes.
function P.keys(t)
  local keys = {}
  for key in next, t do
    if type(key) == "string" then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  return keys
end

function P.list(words)
  return table.concat(words, ", ")
end

-- "; did you mean 'loss'?", or what there is, or nothing.
function P.hint(word, words)
  local near = host.nearest(word, words)
  if near then
    return string.format("; did you mean '%s'?", near)
  end
  return #words > 0 and #words <= 24 and "; there are: " .. P.list(words) or ""
end

local articles = { time = "a time", rate = "a rate", size = "a size", ratio = "a ratio",
                   pps = "a packet rate" }

-- A value in words, for "found ...".
function P.found(value)
  local is = P.is(value)
  if is == "quantity" then
    return string.format("%s (%s)", tostring(value), articles[value.dim])
  elseif is then
    return tostring(value)
  elseif value == nil then
    return "nothing"
  elseif type(value) == "string" then
    return string.format("the word '%s'", value)
  elseif type(value) == "number" then
    return "the number " .. tostring(value)
  elseif type(value) == "boolean" then
    return tostring(value)
  end
  return "a " .. type(value)
end

-- Checks the fields of `given` against `spec` (name = kind) and returns them in the units C counts
-- in.  Without a point of the sweep, values that depend on it are left for later.  Whole numbers
-- as keys are the caller's business.
function P.fields(what, given, spec, point, line)
  local exact = {}
  for _, name in ipairs(P.keys(given)) do
    local kind = spec[name]
    if not kind then
      P.fail(P.locate(line, name), "%s: unknown field '%s'%s", what, name,
             P.hint(name, P.keys(spec)))
    end
    local value = P.resolve(given[name], point)
    if value ~= nil and P.is(value) ~= "lazy" then
      exact[name] = P.take(what .. "." .. name, value, kind, P.locate(line, name))
    end
  end
  return exact
end

-- One value of a kind: { expected = "a time such as 25*ms", take = function(value) ... end }, where
-- take returns the exact value, or nil and sharper words for what was expected.
function P.take(what, value, kind, place)
  local exact, sharper = kind.take(value)
  if exact == nil then
    P.fail(place, "%s: expected %s, found %s", what, sharper or kind.expected, P.found(value))
  end
  return exact
end
