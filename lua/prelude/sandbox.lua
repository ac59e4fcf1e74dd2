-- The global words of a script: the safe part of Lua's own library, and refusals that say why.
local P = ...
local host = P.host
local env = {}
P.env = env

for _, name in ipairs { "ipairs", "tonumber", "type", "error", "assert", "select" } do
  env[name] = _G[name]
end

-- -- ordered pairs --

local ranks = { number = 1, string = 2 }

local function before(a, b)
  local rank_a, rank_b = ranks[type(a)], ranks[type(b)]
  if rank_a ~= rank_b then
    return rank_a < rank_b
  end
  return a < b
end

function env.pairs(t)
  if type(t) ~= "table" or getmetatable(t) then
    P.fail(nil, "pairs: expected a table, found %s", P.found(t))
  end
  local keys = {}
  for key in next, t do
    if not ranks[type(key)] then
      P.fail(nil, "pairs: expected keys that are numbers or strings, found %s", P.found(key))
    end
    keys[#keys + 1] = key
  end
  table.sort(keys, before)
  local at = 0
  return function()
    at = at + 1
    if keys[at] ~= nil then
      return keys[at], t[keys[at]]
    end
  end
end

-- -- texts without addresses --

-- Lua shows tables and functions by their address, which no result may depend on.
local function text_of(value)
  local kind = type(value)
  if (kind == "table" and not P.is(value)) or kind == "function" then
    return kind
  end
  return tostring(value)
end
env.tostring = text_of

local function format(text, ...)
  local values = table.pack(...)
  if type(text) ~= "string" then
    P.fail(nil, "string.format: expected a text, found %s", P.found(text))
  elseif string.find(string.gsub(text, "%%%%", ""), "%%[^%a]*p") then
    P.fail(nil, "string.format: %%p shows an address, which differs from run to run")
  end
  for i = 1, values.n do
    if type(values[i]) ~= "number" and type(values[i]) ~= "string" then
      values[i] = text_of(values[i])
    end
  end
  return string.format(text, table.unpack(values, 1, values.n))
end
P.format = format

-- Work inside of C is not counted by the limit of steps: what can be asked to work without end
-- (patterns, repetitions of nothing) is not here.
local strings = { format = format }
for _, name in ipairs { "byte", "char", "len", "lower", "reverse", "sub", "upper" } do
  strings[name] = string[name]
end

local most = 65536

function strings.find(text, part)
  if type(text) ~= "string" or type(part) ~= "string" or #text > most or #part > most then
    P.fail(nil, "string.find: expected two texts of at most %d bytes", most)
  end
  return string.find(text, part, 1, true)
end

function strings.rep(text, times)
  if type(text) ~= "string" or math.type(times) ~= "integer" or times > most then
    P.fail(nil, "string.rep: expected a text and at most %d times, found %s and %s", most,
           P.found(text), P.found(times))
  end
  return string.rep(text, times)
end

local tables = { concat = table.concat, sort = table.sort, unpack = table.unpack }

local function place(name, t, at, highest)
  if type(t) ~= "table" or getmetatable(t) then
    P.fail(nil, "table.%s: expected a table, found %s", name, P.found(t))
  elseif math.type(at) ~= "integer" or at < 1 or at > highest then
    P.fail(nil, "table.%s: expected a place from 1 to %d, found %s", name, highest, P.found(at))
  end
end

function tables.insert(t, ...)
  local at, value = ...
  if select("#", ...) < 2 then
    at, value = #t + 1, at
  end
  place("insert", t, at, #t + 1)
  for i = #t, at, -1 do
    t[i + 1] = t[i]
  end
  t[at] = value
end

function tables.remove(t, at)
  at = at or math.max(#t, 1)
  place("remove", t, at, #t + 1)
  local value = t[at]
  for i = at, #t do
    t[i] = t[i + 1]
  end
  return value
end

local numbers = {}
for _, name in ipairs(P.keys(math)) do
  if name ~= "random" and name ~= "randomseed" then
    numbers[name] = math[name]
  end
end

-- A library whose missing members say what to do.
local function library(name, members, refused)
  return setmetatable(members, { is = "library",
    __index = function(_, member)
      local why = refused[member]
      if why then
        P.fail(nil, "%s.%s: %s", name, member, why)
      end
      P.fail(nil, "%s has no '%s'%s", name, tostring(member),
             P.hint(tostring(member), P.keys(members)))
    end,
    __tostring = function()
      return name
    end })
end

local no_patterns = "scripts have no patterns; string.find looks for plain text"
env.string = library("string", strings,
  { match = no_patterns, gmatch = no_patterns, gsub = no_patterns })
env.table = library("table", tables, {})
local seeded = "use run:random(), which follows the run's seed"
env.math = library("math", numbers, { random = seeded, randomseed = seeded })
getmetatable("").__index = env.string

-- -- words that are not there --

local outside = "a script cannot reach outside of its run"
local refused = {
  os = outside, io = outside, debug = outside, package = outside,
  require = "a script is one file", dofile = "a script is one file",
  load = "a script is one file", loadfile = "a script is one file",
  loadstring = "a script is one file",
  print = "use note \"...\" or run:note(\"...\"): a line of the run's trace",
  pcall = "an error in a script ends the run and is shown",
  xpcall = "an error in a script ends the run and is shown",
  coroutine = "use after(), every() and on()",
  setmetatable = "tables of scripts are plain", getmetatable = "tables of scripts are plain",
  rawget = "tables of scripts are plain", rawset = "tables of scripts are plain",
  rawequal = "tables of scripts are plain", rawlen = "tables of scripts are plain",
  next = "use pairs(), which goes in order",
  collectgarbage = "memory looks after itself", utf8 = "texts of scripts are bytes",
}

-- A word of the language or a machine nearly spelt so (its variable is called alike, mostly), a verb
-- without a machine, a metric without quotes.
local function what_it_could_be(word)
  local words = P.keys(env)
  for _, machine in ipairs(P.machines) do
    words[#words + 1] = machine.name
  end
  if P.verbs[word] then
    return string.format("; a machine does that: client:%s(...)", word)
  elseif P.metric_starts[word] then
    return string.format("; metrics stand in quotes, as in \"%s\"", P.metric_starts[word])
  end
  return host.nearest(word, words) and P.hint(word, words) or "; see shakedown list words"
end

setmetatable(env, { is = "words",
  __index = function(_, word)
    if refused[word] then
      P.fail(nil, "'%s' is not for scripts: %s", word, refused[word])
    end
    P.fail(nil, "unknown word '%s'%s", tostring(word), what_it_could_be(tostring(word)))
  end,
  __newindex = function(_, name)
    P.fail(nil, "'%s' is not local; write: local %s = ...", tostring(name), tostring(name))
  end })

-- Gives scripts a word.
function P.word(name, value)
  rawset(env, name, type(value) == "function" and host.word(value) or value)
end

-- The word that a value is, or nil.
function P.word_for(value)
  for _, name in ipairs(P.keys(env)) do
    if rawequal(rawget(env, name), value) then
      return name
    end
  end
end
for _, name in ipairs(P.keys(P.units)) do
  P.word(name, P.units[name])
end
