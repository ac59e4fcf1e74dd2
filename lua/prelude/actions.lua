-- What machines and links can be told to do.  An action is a value: at(), on(), every() and after()
-- say when; calling it with a run, as in client:connect(server)(run), does it now.
local P = ...
local kinds = P.kinds
local Action = { is = "action" }

-- -- arguments of their own kinds --

local Addresses, Message = { is = "addresses" }, { is = "message" }

function Addresses:__tostring()
  return string.format("addresses \"%s\"", self.text)
end

-- addresses "198.51.100.0/24"
P.word("addresses", function(text)
  local a, b, c, d, prefix
  if type(text) == "string" then
    a, b, c, d, prefix = string.match(text, "^(%d+)%.(%d+)%.(%d+)%.(%d+)/(%d+)$")
  end
  local net, bits = 0, math.tointeger(tonumber(prefix))
  for _, byte in ipairs { a, b, c, d } do
    byte = math.tointeger(tonumber(byte))
    net = byte <= 255 and net and net << 8 | byte
  end
  if not bits or not net or bits < 8 or bits > 32 then
    P.fail(nil, "addresses: expected a network such as \"198.51.100.0/24\", found %s",
           P.found(text))
  end
  return setmetatable({ text = text, net = net & ~((1 << (32 - bits)) - 1), bits = bits },
                      Addresses)
end)

function Message:__tostring()
  return string.format("first_message(%s)", tostring(self.protocol))
end

P.word("first_message", function(protocol)
  if type(protocol) ~= "string" and P.is(protocol) ~= "lazy" then
    P.fail(nil, "first_message: expected a protocol such as each.protocol, found %s",
           P.found(protocol))
  end
  return setmetatable({ protocol = protocol }, Message)
end)

local function kind_of(is, expected)
  return {
    expected = expected,
    take = function(value)
      if P.is(value) == is then
        return value
      end
    end,
  }
end

local host = {
  expected = "a host",
  take = function(value)
    if P.is(value) == "machine" and value.kind == "host" then
      return value
    end
  end,
}
local tape = {
  expected = "a recording such as switch:record { from = client }",
  take = function(value)
    if P.is(value) == "action" and value.verb == "record" then
      return value
    end
  end,
}

-- What asks and answers says who it is.
local message = P.kind_quantity("size", P.host.message_min, 1 << 40)

-- Spoofed addresses, or the attacker's own: net 0.
local sources = {
  expected = "addresses \"198.51.100.0/24\" or \"own\"",
  take = function(value)
    if P.is(value) == "addresses" then
      return value
    elseif value == "own" then
      return { net = 0, bits = 0 }
    end
  end,
}

-- -- verbs --

-- by: who can; args: what stands in brackets; fields: what stands in braces; chained: may follow
-- another verb on the same session; awaited: the event after which the next of a chain comes.
local packets = { from = host, to = host, what = P.kind_word("handshake", "data") }
local count = P.kind_count(1, 1000000, 1)
local function some(more)
  for _, name in ipairs(P.keys(packets)) do
    more[name] = packets[name]
  end
  return more
end
local request = { size = message, reply = message, close = kinds.flag, datagram = kinds.flag,
                  objects = P.kind_count(1, 1000, 8) }
P.verbs = {
  connect = { by = "host", args = { host }, fields = {}, awaited = "ready" },
  request = { by = "host", args = { host }, fields = request, awaited = "reply" },
  send = { by = "host", args = { host, kinds.size }, fields = {}, chained = true,
           awaited = "received all" },
  send_beside = { by = "host", args = { host, P.kind_quantity("size", 1, 1000) },
                  fields = { stream = P.kind_count(1, 1000000, 4) } },
  stream = { by = "host", args = { host }, chained = true,
             fields = { size = P.kind_quantity("size", P.host.message_min, 65000), every = kinds.span,
                        count = P.kind_count(1, 100000000, 500), last = kinds.span } },
  call = { by = "host", args = { host }, awaited = "ready",
           fields = { audio = message, video = kinds.rate, playout = kinds.span,
                      last = kinds.span } },
  close = { by = "host", args = { host }, fields = {}, chained = true },
  rekey = { by = "host", args = { host }, fields = {}, chained = true, awaited = "key update" },
  export = { by = "host", args = { host }, fields = {}, chained = true },
  move = { by = "host", args = {}, fields = {} },
  flood = { by = "host", args = { host },
            fields = { rate = kinds.pps, source = sources,
                       packet = kind_of("message", "first_message(each.protocol)"),
                       between = P.kind_pair("a flood", "time", true), fresh = kinds.flag } },
  replay = { by = "host", args = { tape },
             fields = { nth = P.kind_count(1, 1000000, 1), source = P.kind_word("original", "own"),
                        copies = P.kind_count(1, 1000000, 2), every = kinds.time } },
  cut = { by = "host", args = { tape }, fields = { how = P.kind_word("fin", "rst") } },
  record = { by = "any", args = {}, fields = some { limit = P.kind_count(1, 1000000, 100) } },
  corrupt = { by = "any", args = {}, fields = some { nth = count, count = count } },
  delay = { by = "any", args = {}, fields = some { nth = count, count = count, by = kinds.span } },
  eavesdrop = { by = "any", args = {}, fields = {} },
  rebind = { by = "nat", args = {}, word = P.kind_word("port", "address", "both"),
             fields = { port = P.kind_word("new"), address = P.kind_word("new") } },
  set = { by = "link", args = {} }, -- its fields are the link's
}
local verbs = P.verbs

-- -- making actions --

-- In a function of the script an action is a value, too, and does nothing by itself: those that it
-- made and neither did nor handed on are a mistake (run.lua).
function P.used(value)
  if P.loose then
    P.loose[value] = nil
  end
end

local function action(fields)
  for _, name in ipairs { "subject", "prev", "word", "tape", "why" } do
    fields[name] = fields[name] or false
  end
  fields.line = fields.line or P.line()
  setmetatable(fields, Action)
  if P.loose then
    P.loose[fields] = true
    P.loose[#P.loose + 1] = fields
  end
  return fields
end

local function checked_fields(verb, fields)
  if verb == "set" then
    P.link_fields("set", fields, nil, P.line())
  elseif P.is(fields) or type(fields) ~= "table" then
    P.fail(nil, "%s: expected { field = value, ... }, found %s", verb, P.found(fields))
  elseif #fields > 0 then
    P.fail(nil, "%s: expected fields with names, found %s", verb, P.found(fields[1]))
  else
    P.fields(verb, fields, verbs[verb].fields, nil, P.line())
  end
  return fields
end

local function told(verb, subject, values, prev)
  local spec = verbs[verb]
  local wanted = spec.args
  local made = { verb = verb, subject = subject, args = {}, fields = {}, prev = prev }
  local inherited = prev and 1 or 0 -- the machine that the chain began with
  if #wanted == inherited and values.n == 1 and type(values[1]) == "table" and not P.is(values[1])
  then
    made.fields = checked_fields(verb, values[1])
    values = { n = 0 }
  end
  if prev then
    values = table.pack(prev.args[1], table.unpack(values, 1, values.n))
  end
  if spec.word and values.n == 1 then
    if P.is(values[1]) ~= "lazy" then
      P.take(verb, values[1], spec.word, P.line())
    end
    made.word = values[1]
    return action(made)
  end
  for i, kind in ipairs(wanted) do
    made.args[i] = values[i]
    if P.is(values[i]) ~= "lazy" then
      P.take(verb, values[i], kind, P.line())
    end
  end
  if values.n > #wanted then
    P.fail(nil, "%s: expected %d values in brackets, found %d", verb, #wanted - inherited,
           values.n - inherited)
  elseif rawequal(made.args[1], subject) then
    P.fail(nil, "%s: %s cannot %s to itself", verb, tostring(subject), verb)
  end
  return action(made)
end

-- Who has these verbs: hosts, groups and one() of a group are "host".
local function roles(subject)
  if subject.kind == "link" then
    return { link = true }
  elseif subject.kind == "hosts" or subject.kind == "pick" then
    return { host = true, any = subject.kind == "hosts" and nil }
  end
  return { [subject.kind] = true, any = true }
end

local function names_for(subject)
  local names, mine = {}, roles(subject)
  for _, name in ipairs(P.keys(verbs)) do
    if mine[verbs[name].by] then
      names[#names + 1] = name
    end
  end
  if subject.kind == "hosts" then
    names[#names + 1] = "one"
  end
  if subject.kind == "host" or subject.kind == "hosts" then
    names[#names + 1] = "runs"
  end
  table.sort(names)
  return names
end

-- server:send, wan:set, honest:one: what a machine or link answers to a name.
function P.verb_of(subject, name)
  local spec = verbs[name]
  if name == "one" and subject.kind == "hosts" then
    return P.host.word(function(self)
      return P.pick(self)
    end)
  elseif name == "runs" and (subject.kind == "host" or subject.kind == "hosts") then
    return P.host.word(P.runs)
  elseif spec and roles(subject)[spec.by] then
    return P.host.word(function(self, ...)
      if not rawequal(self, subject) then
        P.fail(nil, "write a colon: %s:%s(...), not a dot", subject.name, name)
      end
      return told(name, self, table.pack(...))
    end)
  elseif spec then
    P.fail(nil, "%s cannot %s; a %s can", tostring(subject), name,
           spec.by == "any" and "machine" or spec.by)
  end
  local names = names_for(subject)
  P.fail(nil, "%s cannot '%s'%s", tostring(subject), tostring(name),
         P.hint(tostring(name), names))
end

-- client:connect(server):send(1*KiB):close()
function Action:__index(name)
  local spec = verbs[name]
  local open = self.subject and verbs[self.verb].awaited
  if not open or not spec or not spec.chained then
    local names = {}
    for _, verb in ipairs(P.keys(verbs)) do
      if open and verbs[verb].chained then
        names[#names + 1] = verb
      end
    end
    P.fail(nil, "nothing called '%s' can follow %s%s", tostring(name), tostring(self),
           P.hint(tostring(name), names))
  end
  return P.host.word(function(before, ...)
    P.used(before)
    return told(name, before.subject, table.pack(...), before)
  end)
end

function Action:__newindex(name)
  P.fail(nil, "%s: its '%s' cannot be set", tostring(self), tostring(name))
end

-- With a run: now.  With fields: the same action with these.
function Action:__call(given)
  P.used(self)
  if P.is(given) == "run" then
    P.perform(self, given)
    return
  elseif not self.subject then
    P.fail(nil, "%s: expected the run, found %s", tostring(self), P.found(given))
  end
  local copy = { verb = self.verb, subject = self.subject, args = self.args,
                 prev = self.prev, word = self.word, line = self.line }
  copy.fields = checked_fields(self.verb, given)
  return action(copy)
end

function Action:__tostring()
  return (self.subject and self.subject.name .. ":" or "") .. self.verb
end

-- The verbs of a chain, first to last.
function P.chain(last)
  local steps = {}
  while last do
    table.insert(steps, 1, last)
    last = last.prev
  end
  return steps
end

-- -- actions without a machine --

kinds.action = {
  expected = "an action such as client:connect(server), or a function(run, event)",
  take = function(value)
    local word = type(value) == "function" and P.word_for(value)
    if word then
      return nil, string.format("an action such as %s(...), with its brackets", word)
    elseif P.is(value) == "action" or type(value) == "function" then
      P.used(value)
      return value
    elseif P.is(value) == "machine" then
      return nil, string.format("an action such as %s:connect(...)", value.name)
    end
  end,
}

P.word("stop", function(why)
  if why ~= nil and (type(why) ~= "string" or why == "") then
    P.fail(nil, "stop: expected nothing, or why the run is unfinished in quotes, found %s",
           P.found(why))
  end
  return action { verb = "stop", why = why }
end)

P.word("note", function(text)
  P.take("note", text, kinds.text, P.line())
  return action { verb = "note", text = text }
end)

P.word("after", function(delay, what)
  if P.is(delay) ~= "lazy" then
    P.take("after", delay, kinds.time, P.line())
  end
  P.take("after", what, kinds.action, P.line())
  return action { verb = "after", delay = delay, action = what }
end)
