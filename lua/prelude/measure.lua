-- What a run's row says: metrics of the lab by name, measures that a script computes from them, and
-- the result r that measures and expectations read: r.handshake.time, r.server.cpu, r.loss.
local P = ...
local host = P.host

-- -- a value that is not there: it never happened --

-- Thrown by whatever needs the value; ends the measure (no value) or expectation (it fails).
P.Absent = { is = "absent", __tostring = function(self) return self.text end }
local Missing = { is = "missing" }

local function missing(name)
  return setmetatable({ name = name, complain = function(self)
    error(setmetatable({ text = self.name .. " has no value" }, P.Absent), 0)
  end }, Missing)
end

function Missing:__tostring()
  return "nothing"
end

local function complain(a, b)
  local one = P.is(a) == "missing" and a or b
  one:complain()
end
for _, event in ipairs { "add", "sub", "mul", "div", "unm", "eq", "lt", "le", "concat", "call" } do
  Missing["__" .. event] = complain
end
function Missing:__index(_)
  self:complain()
end

P.word("known", function(value)
  return value ~= nil and P.is(value) ~= "missing"
end)

-- -- metrics by name --

local metrics, starts, metric_names = {}, {}, {} -- starts: a metric by what its name begins with
P.metric_starts = starts
for i, metric in ipairs(host.metrics) do
  metric.index = i - 1
  metrics[metric.name] = metric
  metric_names[i] = metric.name
  local prefix = ""
  for part in string.gmatch(metric.name, "([^.]+)%.") do
    prefix = prefix == "" and part or prefix .. "." .. part
    starts[prefix] = starts[prefix] or metric.name
  end
end

-- Machines and groups that a name may speak of.
local function speakers()
  local by_name = {}
  for _, machine in ipairs(P.machines) do
    by_name[machine.name] = machine
    if machine.group then
      by_name[machine.group.name] = machine.group
    end
  end
  return by_name
end

-- Whether a metric can be of a machine: one of clients, of a host or group, whose conversations it
-- counts; one of the whole run, of none.
local function accepts(metric, machine)
  return metric.scope == "machine" or
           metric.scope == "clients" and (machine.kind == "host" or machine.kind == "hosts")
end

-- "server.cpu" and "cpu.server" are the same.  Returns the metric (nil: the name is only the
-- beginning of one) and the machine (nil: none named); false when there is no such thing.
local function find(name)
  local machines = speakers()
  local rest, machine = name, nil
  if metrics[name] then
    return metrics[name]
  end
  local first, others = string.match(name, "^([^.]+)%.?(.*)$")
  if machines[first] then
    rest, machine = others, machines[first]
  else
    local front, last = string.match(name, "^(.+)%.([^.]+)$")
    if machines[last] then
      rest, machine = front, machines[last]
    end
  end
  if metrics[rest] and machine and not accepts(metrics[rest], machine) then
    return false, machine, rest
  elseif metrics[rest] then
    return metrics[rest], machine
  elseif rest == "" or starts[rest] then
    return nil, machine
  end
  return false, machine, rest
end

local function no_metric(line, what, name)
  local found, machine, rest = find(name)
  if machine and metrics[rest] then
    P.fail(line, "%s: '%s' is of %s, not of %s; write \"%s\"", what, rest,
           metrics[rest].scope == "clients" and "the run or of hosts" or "the whole run",
           tostring(machine), rest)
  end
  local near = host.nearest(rest or name, metric_names)
  P.fail(line, "%s: unknown metric '%s'%s", what, name,
         near and string.format("; did you mean '%s'?",
                                machine and machine.name .. "." .. near or near) or
           "; see shakedown list metrics")
end

-- What the lab is asked of: a machine's id, or those of the clients whose conversations count.
function P.read_of(metric, machine)
  if not machine then
    return nil
  elseif metric.scope ~= "clients" then
    return machine.id
  end
  local ids = {}
  for i, member in ipairs(machine.members or { machine }) do
    ids[i] = member.id or nil
  end
  return ids
end

-- Of a group: the lab knows all of its conversations; of what is each machine's, counts and sizes
-- are summed, times and ratios averaged over those that have one.
local function of_machine(metric, machine, read)
  if not machine.members or metric.scope == "clients" then
    return read(metric, machine)
  end
  local sum, n = 0, 0
  for _, member in ipairs(machine.members) do
    local value = read(metric, member)
    if value then
      sum, n = sum + value, n + 1
    end
  end
  if n == 0 then
    return nil
  end
  return (metric.dim == "time" or metric.dim == "ratio") and (sum + n // 2) // n or sum
end

local function as_value(metric, amount, name)
  if amount == nil then
    return missing(name)
  elseif metric.dim == "count" then
    return amount
  end
  return P.quantity(metric.dim, amount)
end

-- -- the result r --

local result_methods = {}

-- Reads names of metrics part by part: r.handshake, then .time.
local function reader(prefix, read)
  return setmetatable({}, { is = "part of a result",
    __index = function(_, part)
      local name = prefix .. "." .. tostring(part)
      local metric, machine = find(name)
      if metric == false then
        no_metric(nil, "result", name)
      elseif metric and (metric.scope ~= "machine" or machine) then
        return as_value(metric, machine and of_machine(metric, machine, read) or
                          not machine and read(metric) or nil, name)
      end
      return reader(name, read)
    end,
    __tostring = function()
      return string.format("'%s', which is only the beginning of a metric's name", prefix)
    end })
end

-- facts: outcome, detail and the point's values.  measures: of the script, by name.
function P.result(facts, measures, read)
  local known, under_way = {}, {}
  return setmetatable({}, { is = "result",
    __index = function(r, name)
      if facts[name] ~= nil then
        return facts[name]
      elseif type(name) ~= "string" then
        P.fail(nil, "result: expected a name, found %s", P.found(name))
      elseif measures[name] then
        if under_way[name] then
          P.fail(measures[name].line, "measure.%s: it asks for its own value", name)
        elseif known[name] == nil then
          under_way[name] = true
          known[name] = P.computed(measures[name], r)
          under_way[name] = nil
          if known[name] == nil then
            known[name] = missing(name)
          end
        end
        return known[name]
      end
      local metric, machine = find(name)
      if metric == false then
        no_metric(nil, "result", name)
      elseif metric and (metric.scope ~= "machine" or machine) then
        return as_value(metric, machine and of_machine(metric, machine, read) or
                          not machine and read(metric) or nil, name)
      end
      return reader(name, read)
    end,
    __newindex = function(_, name)
      P.fail(nil, "result: its '%s' cannot be set", tostring(name))
    end,
    __tostring = function()
      return "the result"
    end })
end

-- Calls a script's function on the result; absent values become nil and the reason.
local function ask(call, r)
  P.context = host.defined(call)
  local ok, value = pcall(call, r)
  if not ok and P.is(value) == "absent" then
    return nil, tostring(value)
  elseif not ok then
    error(value, 0)
  end
  return value
end
P.ask = ask

function P.computed(measure, r)
  local value = ask(measure.call, r)
  if P.is(value) == "missing" or value ~= value or value == math.huge or value == -math.huge then
    return nil
  elseif P.is(value) == "quantity" and value.amount ~= value.amount then
    return nil
  elseif value ~= nil and type(value) ~= "number" and type(value) ~= "boolean" and
    P.is(value) ~= "quantity" then
    P.fail(measure.line, "measure.%s: expected a quantity, a number, true, false or nil, found %s",
           measure.name, P.found(value))
  end
  return value
end

-- -- columns --

local suffixes = { _ns = { "time", 1 }, _us = { "time", 1000 }, _ppm = { "ratio", 1 },
                   _bytes = { "size", 1 }, _bps = { "rate", 1 }, _pps = { "pps", 1 } }
local by_dim = { time = "_ns", ratio = "_ppm", size = "_bytes", rate = "_bps", pps = "_pps" }

-- The unit of a script's measure is seen by calling it on an example, where every metric has a
-- value: a quotient is a share in ppm.  A name that ends with a unit says it itself.
local function shape(measure, example)
  local suffix = string.match(measure.name, "_[a-z]+$")
  if suffixes[suffix] then
    measure.column, measure.unit = measure.name, suffix
    return
  end
  local value = example[measure.name]
  if P.is(value) == "missing" then
    P.fail(measure.line, "measure.%s: its unit is not clear, because it gives nil where every " ..
           "metric has a value; name it with its unit, such as %s_ns, %s_bytes or %s_ppm",
           measure.name, measure.name, measure.name, measure.name)
  end
  measure.flag = type(value) == "boolean"
  local dim = P.is(value) == "quantity" and value.dim or math.type(value) == "float" and "ratio"
  measure.unit = by_dim[dim]
  measure.column = measure.name .. (measure.unit or "")
end

-- A script's value as the whole number of its column.
local function cell_of(measure, value)
  if P.is(value) == "missing" then
    return nil
  elseif type(value) == "boolean" then
    return value and 1 or 0
  end
  local dim, per = nil, 1
  if measure.unit then
    dim, per = suffixes[measure.unit][1], suffixes[measure.unit][2]
  end
  local amount
  if P.is(value) == "quantity" and value.dim == dim then
    amount = value.amount / per
  elseif type(value) == "number" and dim == "ratio" then
    amount = value * 1000000
  elseif type(value) == "number" and not dim and math.tointeger(value) then
    amount = value
  else
    P.fail(measure.line, "measure.%s: its column %s takes %s, found %s", measure.name,
           measure.column, dim and "a value such as " .. P.dims[dim].example or "a whole number",
           P.found(value))
  end
  if amount < 0 or amount >= 2 ^ 63 then
    P.fail(measure.line, "measure.%s: expected a value from 0 on, found %s", measure.name,
           P.found(value))
  end
  return math.floor(amount + 0.5)
end

local function example_of(metric)
  return ({ time = 1000000000, size = 1024, ratio = 500000 })[metric.dim] or 1
end

-- Columns of the scenario's measures, in its order, then those it computes, by name.  agents: the
-- machines that a metric without a machine speaks of.
function P.measures(given, facts, agents, line)
  if type(given) ~= "table" or P.is(given) then
    P.fail(line, "measure: expected { \"handshake.time\", ... }, found %s", P.found(given))
  end
  local columns, computed, taken = {}, {}, {}
  local function add(column, at)
    if taken[column.column] then
      P.fail(at, "measure: '%s' is there twice", column.name)
    end
    taken[column.column] = true
    columns[#columns + 1] = column
  end
  for i, name in ipairs(given) do
    if type(name) ~= "string" then
      P.fail(line, "measure: expected the name of a metric in quotes, found %s", P.found(name))
    end
    local metric, machine = find(name)
    if not metric then
      no_metric(line, "measure", name)
    end
    local speak = machine and { machine } or metric.scope == "machine" and agents or { false }
    for _, one in ipairs(speak) do
      local suffix = one and "_" .. string.gsub(one.name, "%-", "_") or ""
      add({ name = one and metric.name .. "." .. one.name or metric.name,
            column = metric.column .. suffix, dim = metric.dim, what = metric.what,
            metric = metric, machine = one or nil }, line)
    end
  end
  for _, name in ipairs(P.keys(given)) do
    local at = P.locate(line, name)
    if type(given[name]) ~= "function" then
      P.fail(at, "measure.%s: expected a function(r), found %s", name, P.found(given[name]))
    elseif not string.find(name, "^%l[%l%d_]*$") or #name > 48 or facts[name] ~= nil then
      P.fail(at, "measure: expected another name of small letters than '%s'", name)
    end
    computed[name] = { name = name, call = given[name], line = at }
  end
  local example = P.result(facts, computed, example_of)
  for _, name in ipairs(P.keys(computed)) do
    local measure = computed[name]
    shape(measure, example)
    local dim = measure.unit and suffixes[measure.unit][1] or measure.flag and "flag" or "count"
    add({ name = name, column = measure.column, dim = dim, what = "", computed = measure },
        measure.line)
  end
  return columns, computed
end

-- The row's values after a run; absent ones are nil.
function P.values(columns, r, read)
  local values = {}
  for i, column in ipairs(columns) do
    if column.computed then
      values[i] = cell_of(column.computed, r[column.name])
    elseif column.machine then
      values[i] = of_machine(column.metric, column.machine, read)
    else
      values[i] = read(column.metric)
    end
  end
  return values
end

-- -- expectations --

function P.expectations(given, axes, line)
  if given == nil then
    return {}
  elseif type(given) ~= "table" or P.is(given) then
    P.fail(line, "expect: expected { { \"text\", function (r) ... end }, ... }, found %s",
           P.found(given))
  end
  local list = {}
  for i, one in ipairs(given) do
    if type(one) ~= "table" or P.is(one) or type(one[1]) ~= "string" or
       type(one[2]) ~= "function" or #one ~= 2 then
      P.fail(line, "expect: expected { \"text\", when = { ... }, function (r) ... end } as number "
             .. "%d, found %s", i, P.found(one))
    end
    for _, name in ipairs(P.keys(one)) do
      if name ~= "when" then
        P.fail(P.locate(line, name), "expect: unknown field '%s'%s", name, P.hint(name, { "when" }))
      end
    end
    local near = P.locate(math.max(1, host.defined(one[2]) - 2), "when")
    list[i] = { text = one[1], call = one[2],
                when = P.when("expect.when", one.when, axes, near) }
  end
  if #list > 255 then
    P.fail(line, "expect: expected at most 255, found %d", #list)
  end
  return list
end

-- How many were asked, the places of those that failed, and why in words where a value was absent.
function P.judge(expectations, r, point)
  local asked, failed, why = 0, {}, nil
  for i, one in ipairs(expectations) do
    if P.matches(one.when, point) then
      asked = asked + 1
      local value, absent = ask(one.call, r)
      if not value or P.is(value) == "missing" then
        failed[#failed + 1] = i
        why = why or absent
      end
    end
  end
  return asked, failed, why
end
