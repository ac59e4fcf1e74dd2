-- Hosts, NATs and routers, and the links between them.  Evaluating a script only makes tables;
-- build.lua makes the network of one run from them.
local P = ...
local Machine, Link = { is = "machine" }, { is = "link" }
P.machines = {} -- in the order the script made them
local named = {}

local kinds = P.kinds

-- What a firewall or NAT does not let through: bits of sim/box/firewall.h.
local blocked = { nothing = 0, udp = 1, esp = 2, ["tcp-options"] = 4 }
local blocks = {
  expected = "\"nothing\", \"udp\", \"esp\", \"tcp-options\", or a list of them",
  take = function(value)
    local bits = 0
    for _, word in ipairs(type(value) == "table" and not P.is(value) and value or { value }) do
      if not blocked[word] then
        local near = type(word) == "string" and P.host.nearest(word, P.keys(blocked))
        return nil, near and string.format("'%s'", near)
      end
      bits = bits | blocked[word]
    end
    return bits
  end,
}

local configs = {
  host = {
    cores = P.kind_count(1, 64, 2),
    queue = kinds.size,
    cpu = {
      expected = "a cost table such as cost \"reference\"",
      take = function(value)
        if P.is(value) == "cost" then
          return value.name
        end
      end,
    },
  },
  hosts = {},
  router = {},
  firewall = { blocks = blocks },
  nat = {
    blocks = blocks,
    mapping = P.kind_word("endpoint-independent", "address-dependent",
                          "address-and-port-dependent"),
    timeout = kinds.span,
    tcp_timeout = kinds.span,
  },
}
configs.hosts = configs.host
P.machine_fields = configs

local function name_of(kind, name)
  if type(name) ~= "string" or not string.find(name, "^%a[%w_-]*$") or #name > 32 then
    P.fail(nil, "%s: expected a name of letters, digits, - and _ such as \"client\", found %s",
           kind, P.found(name))
  elseif named[name] then
    P.fail(nil, "%s: there is a machine '%s' already, made on line %d", kind, name, named[name])
  end
  named[name] = P.line() or 1
  return name
end

-- One machine of the network, or a group of hosts, or one() of a group.
local function machine(kind, name, group)
  local self = setmetatable({ kind = kind, name = name, line = P.line(), config = {},
                              group = group or false, members = false, turn = 0, id = false },
                            Machine)
  if kind ~= "hosts" and kind ~= "pick" then
    P.machines[#P.machines + 1] = self
  end
  return self
end

for _, kind in ipairs { "firewall", "host", "nat", "router" } do
  P.word(kind, function(name)
    return machine(kind, name_of(kind, name))
  end)
end

P.word("hosts", function(name, count)
  local group = machine("hosts", name_of("hosts", name))
  group.members = {}
  for i = 1, P.take("hosts", count, P.kind_count(1, 20000, 20), P.line()) do
    group.members[i] = machine("host", name_of("hosts", name .. i), group)
  end
  return group
end)

-- host "server" { cores = 2 }
function Machine:__call(config)
  if type(config) ~= "table" or P.is(config) then
    P.fail(nil, "%s: expected { field = value, ... }, found %s", tostring(self), P.found(config))
  end
  P.fields(self.kind, config, configs[self.kind] or {}, nil, P.line())
  for _, one in ipairs(self.members or { self }) do
    one.config, one.line = config, P.line()
  end
  self.line = P.line()
  return self
end

function Machine:__tostring()
  return string.format("%s %s", self.kind == "pick" and "one of" or self.kind, self.name)
end

function Machine:__newindex(name)
  P.fail(nil, "%s: its '%s' cannot be set", tostring(self), tostring(name))
end

-- honest[3] is a member of a group; every other name is something the machine does (actions.lua).
function Machine:__index(name)
  if math.type(name) == "integer" and self.members then
    return self.members[name] or
             P.fail(nil, "%s: expected 1 to %d, found %d", tostring(self), #self.members, name)
  end
  return P.verb_of(self, name)
end

-- honest:one(): the members of a group in turn.
function P.pick(group)
  return machine("pick", group.name, group)
end

function P.members(subject)
  if subject.kind == "pick" then
    local group = subject.group
    group.turn = group.turn % #group.members + 1
    return { group.members[group.turn] }
  end
  return subject.members or { subject }
end

P.kinds.machine = {
  expected = "a machine",
  take = function(value)
    if getmetatable(value) == Machine then
      return value
    end
  end,
}

-- -- links --

local function pair(name, kind, ordered)
  return {
    expected = string.format("two of a kind such as { %s, %s }", P.dims[kind].example,
                             P.dims[kind].example),
    take = function(value)
      if type(value) ~= "table" or P.is(value) or #value ~= 2 then
        return nil
      end
      local from = kinds[kind].take(value[1])
      local to = kinds[kind].take(value[2])
      if not from or not to then
        return nil
      elseif ordered and from >= to then
        return nil, string.format("%s to end after it begins", name)
      end
      return { from, to }
    end,
  }
end
P.kind_pair = pair

local weather = {
  loss = kinds.ratio,
  burst = P.kind_count(1, 10000, 4),
  duplicate = kinds.ratio,
  reorder = kinds.ratio,
  reorder_delay = kinds.span,
  jitter = kinds.time,
  corrupt = kinds.ratio,
  blackhole = pair("a black hole", "time", true),
  drop = {
    expected = "numbers of packets in order, such as {3, 5}, or one number",
    take = function(value)
      if math.type(value) == "integer" and value >= 0 and value <= 4294967295 then
        return value > 0 and { value } or {}
      elseif type(value) ~= "table" or P.is(value) or #value > 31 then
        return nil, type(value) == "table" and "at most 31 numbers of packets" or nil
      end
      for i, n in ipairs(value) do
        if math.type(n) ~= "integer" or n < 1 or n > 4294967295 or i > 1 and n <= value[i - 1] then
          return nil, "numbers of packets from 1 in rising order, such as {3, 5}"
        end
      end
      return value
    end,
  },
}
local function direction(name)
  return {
    expected = "weather such as { loss = 1*percent }",
    take = function(value)
      if type(value) == "table" and not P.is(value) then
        return value -- its fields are checked as "link.forth" by link_fields()
      end
    end,
  }
end
local carrier = { delay = kinds.time, rate = kinds.rate, queue = kinds.size,
                  mtu = P.kind_quantity("size", 68, 65535), forth = direction "forth",
                  back = direction "back" }
for _, name in ipairs(P.keys(weather)) do
  carrier[name] = weather[name]
end
P.carrier_fields = carrier

-- All fields of a link or star as C wants them: forth and back have the whole weather.
function P.link_fields(what, given, point, line)
  local fields = P.fields(what, given, carrier, point, line)
  local exact = { delay = fields.delay, rate = fields.rate, queue = fields.queue, mtu = fields.mtu }
  for _, way in ipairs { "forth", "back" } do
    local sky = P.fields(what .. "." .. way, fields[way] or {}, weather, point,
                         P.locate(line, way))
    for _, name in ipairs(P.keys(weather)) do
      if sky[name] == nil then
        sky[name] = fields[name]
      end
    end
    exact[way] = sky
  end
  return exact
end

-- The fields of a table with names, without what stands at numbers.
local function fields_of(given)
  local fields = {}
  for _, name in ipairs(P.keys(given)) do
    fields[name] = given[name]
  end
  return fields
end

local function ends(what, given, least, most)
  for i, one in ipairs(given) do
    if P.is(one) ~= "machine" or one.kind == "pick" then
      P.fail(nil, "%s: expected machines first, found %s", what, P.found(one))
    end
  end
  if #given < least or #given > most then
    P.fail(nil, "%s: expected %s, found %d", what,
           most == 2 and "two machines" or "a middle and at least one more machine", #given)
  end
end

local function carry(what, given, couples)
  P.link_fields(what, fields_of(given), nil, P.line())
  return setmetatable({ kind = "link", name = what, line = P.line(), fields = fields_of(given),
                        couples = couples, ids = false }, Link)
end

local function checked_table(what, given)
  if type(given) ~= "table" or P.is(given) then
    P.fail(nil, "%s: expected { machine, machine, delay = 25*ms, ... }, found %s", what,
           P.found(given))
  end
end

P.word("link", function(given)
  checked_table("link", given)
  ends("link", given, 2, 2)
  local a, b = given[1], given[2]
  if a == b then
    P.fail(nil, "link: %s is on both ends", tostring(a))
  elseif a.kind == "hosts" or b.kind == "hosts" then
    P.fail(nil, "link: expected two machines, found %s; star { middle, %s, ... } gives each a link",
           tostring(a.kind == "hosts" and a or b), (a.kind == "hosts" and a or b).name)
  end
  return carry("link", given, { { a, b } })
end)

P.word("star", function(given)
  checked_table("star", given)
  ends("star", given, 2, 10000)
  if given[1].kind == "hosts" then
    P.fail(nil, "star: expected one machine in the middle, found %s", tostring(given[1]))
  end
  local couples = {}
  for i = 2, #given do
    for _, one in ipairs(P.members(given[i])) do
      if one == given[1] then
        P.fail(nil, "star: %s is in the middle and around it", tostring(one))
      end
      couples[#couples + 1] = { given[1], one }
    end
  end
  return carry("star", given, couples)
end)

-- forth = drop {1}: exactly these packets of a direction.
P.word("drop", function(numbers)
  if P.is(numbers) ~= "lazy" then
    P.take("drop", numbers, weather.drop, P.line())
  end
  return { drop = numbers }
end)

function Link:__tostring()
  return self.name
end

function Link:__index(name)
  return P.verb_of(self, name)
end

function Link:__newindex(name)
  P.fail(nil, "%s: its '%s' cannot be set; at(1*s, wan:set { %s = ... }) changes it on the way",
         self.name, tostring(name), tostring(name))
end

-- -- processors --

local Cost = { is = "cost" }
function Cost:__tostring()
  return string.format("cost \"%s\"", tostring(self.name))
end
P.word("cost", function(name)
  if type(name) ~= "string" and P.is(name) ~= "lazy" then
    P.fail(nil, "cost: expected the name of a cost table such as \"reference\", found %s",
           P.found(name))
  end
  return setmetatable({ name = name, line = P.line() }, Cost)
end)
