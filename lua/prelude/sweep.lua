-- The sweep: every combination of its values is a point.  Columns are protocol, mode, then the
-- others by name; their cells are whole numbers with the unit in the column's name, or words.
local P = ...
local host = P.host

-- -- protocols and modes --

local protocols = { list = {}, by_name = {} }
local all_modes, seen_modes = {}, {}
for i, protocol in ipairs(host.protocols) do
  protocols.list[i] = protocol.name
  protocols.by_name[protocol.name] = protocol
  protocol.mode = {}
  for j, mode in ipairs(protocol.modes) do
    protocol.mode[mode.name] = mode
    protocol.modes[j] = mode.name
    if not seen_modes[mode.name] then
      seen_modes[mode.name] = true
      all_modes[#all_modes + 1] = mode.name
    end
  end
end

function P.protocol(name, line)
  local protocol = protocols.by_name[name]
  if not protocol then
    P.fail(line, "expected a protocol, found %s%s", P.found(name),
           type(name) == "string" and P.hint(name, protocols.list) or "")
  end
  return protocol
end

local function everything(words, what)
  return setmetatable({ all = words }, { is = "words of a list",
    __index = function(_, name)
      P.fail(nil, "%s has no '%s'; there is %s.all", what, tostring(name), what)
    end })
end
P.word("protocols", everything(protocols.list, "protocols"))
P.word("modes", everything(all_modes, "modes"))

-- A protocol that an expectation may speak of though this build has it not yet.
local coming = { "tls12", "tls13", "dtls12", "dtls13", "quic", "gquic", "minimalt", "curvecp",
                 "tcpcrypt", "ipsec", "wireguard", "srtp" }
local usual_modes = { "fresh", "resumed", "early", "cookie", "psk" }

local function contains(list, value)
  for _, one in ipairs(list) do
    if one == value then
      return true
    end
  end
  return false
end

function P.is_protocol(name)
  return contains(protocols.list, name) or contains(coming, name)
end

function P.protocol_names()
  return coming
end

-- -- one value --

-- "loss" of a ratio is column loss_ppm with whole ppm as cells.
local function column_of(name, dim)
  local unit = P.dims[dim] and P.dims[dim].column
  return unit and name .. "_" .. unit or name
end

local function dim_of(value)
  if P.is(value) == "quantity" then
    return value.dim
  elseif math.type(value) == "integer" then
    return "count"
  elseif type(value) == "string" then
    return "word"
  end
end

local dim_names = { time = "a time", rate = "a rate", size = "a size", ratio = "a ratio",
                    pps = "a packet rate", count = "a whole number", word = "a word" }
local examples = { time = "31.169ms", rate = "10Mbps", size = "64KiB", ratio = "2%",
                   pps = "1000pps", count = "3", word = "always" }

-- The text in a row of runs.csv, or nil and what a cell can hold.
local function cell_of(value)
  local dim = dim_of(value)
  if dim == "word" then
    if string.find(value, "^[%w_.-]+$") and #value <= 40 then
      return value
    end
    return nil, "a word of letters, digits, '-', '.' and '_'"
  elseif dim == "count" then
    return value >= 0 and tostring(value) or nil, "a number from 0 on"
  end
  local unit = P.dims[dim].column_unit
  if value.amount < 0 then
    return nil, "at least " .. tostring(P.quantity(dim, 0))
  elseif math.type(value.amount) ~= "integer" or value.amount % unit ~= 0 then
    return nil, string.format("a multiple of %s", tostring(P.quantity(dim, unit)))
  end
  return tostring(value.amount // unit)
end

-- -- the lists of a sweep --

local function values_of(name, list, line)
  if P.is(list) or type(list) ~= "table" then
    P.fail(line, "sweep.%s: expected values in braces such as { %s }, found %s", name,
           P.is(list) == "quantity" and tostring(list) or "1*percent, 2*percent", P.found(list))
  elseif #list == 0 or #P.keys(list) > 0 then
    P.fail(line, "sweep.%s: expected at least one value and nothing with a name", name)
  end
  local values, seen, dim = {}, {}, nil
  for i, value in ipairs(list) do
    local one = dim_of(value)
    if not one then
      P.fail(line, "sweep.%s: expected quantities, whole numbers or words, found %s", name,
             P.found(value))
    elseif dim and one ~= dim then
      P.fail(line, "sweep.%s: expected %s as before it, found %s", name, dim_names[dim],
             P.found(value))
    end
    dim = one
    local cell, expected = cell_of(value)
    if not cell then
      P.fail(line, "sweep.%s: expected %s, found %s", name, expected, P.found(value))
    elseif seen[cell] then
      P.fail(line, "sweep.%s: %s is there twice", name, P.found(value))
    end
    seen[cell] = true
    values[i] = { value = value, cell = cell }
  end
  return { name = name, column = column_of(name, dim), dim = dim, values = values }
end

local function check_words(axis, list, what, line)
  for _, value in ipairs(axis.values) do
    if not contains(list, value.value) then
      P.fail(line, "sweep.%s: expected a %s, found %s%s", axis.name, what, P.found(value.value),
             dim_of(value.value) == "word" and P.hint(value.value, list) or "")
    end
  end
end

-- Names that mean something else in a function's run or result.
local function is_taken(name)
  return contains({ "repeats", "run", "outcome", "detail", "note", "random", "now", "stop",
                    "service", "scenario" }, name)
end

local function axis_of(name, list, line)
  if not string.find(name, "^%l[%l%d_]*$") or #name > 32 then
    P.fail(line, "sweep: expected a name of small letters such as loss, found '%s'", name)
  elseif is_taken(name) then
    P.fail(line, "sweep: the name '%s' means something else in functions; choose another", name)
  end
  local axis = values_of(name, list, line)
  if name == "protocol" then
    check_words(axis, protocols.list, "protocol", line)
  elseif name == "mode" then
    check_words(axis, all_modes, "mode", line)
  end
  return axis
end

-- -- --set and --repeats --

local function usage(format, ...)
  error(setmetatable({ text = string.format(format, ...) }, P.Usage), 0)
end
P.Usage = { is = "usage", __tostring = function(self) return self.text end }

local function set_value(name, text, dim)
  local value, why = P.parse(text)
  if value == nil then
    usage("--set %s: %s", name, why)
  elseif dim_of(value) ~= dim then
    usage("--set %s: expected %s such as %s, found %s", name, dim_names[dim], examples[dim],
          P.found(value))
  end
  local cell, expected = cell_of(value)
  if not cell then
    usage("--set %s: expected %s, found %s", name, expected, P.found(value))
  end
  return { value = value, cell = cell }
end

local function set_axis(axis, texts)
  local values, seen = {}, {}
  local words = axis.name == "protocol" and protocols.list or axis.name == "mode" and all_modes
  if words and #texts == 1 and texts[1] == "all" then
    texts = words
  end
  for i, text in ipairs(texts) do
    local value = set_value(axis.name, text, axis.dim)
    if words and not contains(words, value.value) then
      usage("--set %s: expected a %s, found '%s'%s", axis.name, axis.name, text,
            P.hint(text, words))
    elseif seen[value.cell] then
      usage("--set %s: %s is there twice", axis.name, text)
    end
    seen[value.cell] = true
    values[i] = value
  end
  axis.values = values
end

-- -- the whole --

local function add_lists(into, given, what, line)
  if given ~= nil and (type(given) ~= "table" or P.is(given)) then
    P.fail(line, "%s: expected { name = { values }, ... }, found %s", what, P.found(given))
  end
  if given and #given > 0 then
    P.fail(P.locate(line, what), "%s: expected names before values, as in loss = { 1*percent }",
           what)
  end
  for _, name in ipairs(P.keys(given or {})) do
    into[name] = { list = given[name], line = P.locate(line, what, name) }
  end
end

-- Axes in the order of their columns, and the number of repeats.
function P.sweep(scenario, config)
  local lists = { mode = { list = { "fresh" }, line = P.scenario_line } }
  add_lists(lists, scenario.sweep, "sweep", P.scenario_line)
  if config.quick then
    add_lists(lists, scenario.quick, "quick", P.scenario_line)
  end
  if not lists.protocol then
    P.fail(P.locate(P.scenario_line, "sweep"),
           "sweep: expected protocol = protocols.all or { \"tls13\" }, found no protocol")
  end
  local repeats = 1
  if lists.repeats then
    repeats = P.take("sweep.repeats", lists.repeats.list, P.kind_count(1, 1000000, 30),
                     lists.repeats.line)
    lists.repeats = nil
  end
  local names, axes, by_name = P.keys(lists), {}, {}
  table.sort(names, function(a, b)
    local rank = { protocol = 1, mode = 2 }
    return (rank[a] or 3) < (rank[b] or 3) or (rank[a] or 3) == (rank[b] or 3) and a < b
  end)
  for i, name in ipairs(names) do
    axes[i] = axis_of(name, lists[name].list, lists[name].line)
    by_name[name] = axes[i]
  end
  for _, name in ipairs(P.keys(P.asked)) do
    if not by_name[name] then
      P.fail(P.asked[name], "each.%s: expected a name of the sweep, found '%s'%s", name, name,
             P.hint(name, names))
    end
  end
  for _, setting in ipairs(config.settings) do
    local axis = by_name[setting.name]
    if setting.name == "repeats" then
      usage("--set repeats: write --repeats %s", setting.texts[1] or "N")
    elseif not axis then
      usage("--set %s: %s sweeps no '%s'%s", setting.name, config.name, setting.name,
            P.hint(setting.name, names))
    end
    set_axis(axis, setting.texts)
  end
  P.except(scenario.except or {}, axes, P.locate(P.scenario_line, "except"))
  return axes, config.repeats > 0 and config.repeats or repeats
end

-- Combinations that the scenario leaves out: axes.except is a list of when.
function P.except(given, axes, line)
  if type(given) ~= "table" or P.is(given) or #P.keys(given) > 0 then
    P.fail(line, "except: expected { { name = value, ... }, ... }, found %s", P.found(given))
  end
  axes.except = {}
  for i, one in ipairs(given) do
    axes.except[i] = P.when("except", one, axes, line)
  end
end

-- Whether this combination exists: the mode is one of the protocol's, and it is not left out.
function P.exists(axes, pick)
  local protocol, mode = axes[1].values[pick[1]].value, axes[2].values[pick[2]].value
  if not protocols.by_name[protocol].mode[mode] then
    return false
  end
  local point = #axes.except > 0 and P.point(axes, pick)
  for _, when in ipairs(axes.except) do
    if P.matches(when, point) then
      return false
    end
  end
  return true
end

-- All points as places in the axes' values, one after the other in one list.
function P.points(axes, repeats)
  local places, pick, points, runs = {}, {}, 0, repeats
  for i = 1, #axes do
    pick[i] = 1
    runs = runs * #axes[i].values
  end
  if runs > 1000000 then
    P.fail(P.locate(P.scenario_line, "sweep"), "sweep: expected at most 1000000 runs, found %.0f",
           runs)
  end
  local at
  repeat
    if P.exists(axes, pick) then
      points = points + 1
      table.move(pick, 1, #axes, #places + 1, places)
    end
    at = #axes
    while at > 0 and pick[at] == #axes[at].values do
      pick[at] = 1
      at = at - 1
    end
    if at > 0 then
      pick[at] = pick[at] + 1
    end
  until at == 0
  if points > 100000 then
    P.fail(P.locate(P.scenario_line, "sweep"), "sweep: expected at most 100000 points, found %d",
           points)
  elseif points == 0 then
    usage("the sweep is empty: %s %s no mode %s, or except leaves everything out",
          P.list(P.cells(axes[1])), #axes[1].values == 1 and "has" or "have",
          P.list(P.cells(axes[2])))
  end
  return places, points
end

function P.cells(axis)
  local cells = {}
  for i, value in ipairs(axis.values) do
    cells[i] = value.cell
  end
  return cells
end

function P.point(axes, pick)
  local point = {}
  for i, axis in ipairs(axes) do
    point[axis.name] = axis.values[pick[i]].value
  end
  return point
end

-- Some of the points, among which are every pair of protocol and mode and every other value (of the
-- first hundreds), so that each is looked at before anything runs.
local samples_max = 300

function P.samples(axes, places, points)
  local samples, seen = {}, {}
  for i = 2, #axes do
    seen[i] = {}
  end
  for n = 0, points - 1 do
    local at, new = n * #axes, false
    for i = 2, #axes do
      local place = places[at + i]
      if i == 2 then
        place = place * 1000 + places[at + 1]
      end
      if not seen[i][place] then
        seen[i][place], new = true, true
      end
    end
    if new and #samples < samples_max then
      samples[#samples + 1] = P.point(axes, table.move(places, at + 1, at + #axes, 1, {}))
    end
  end
  return samples
end

-- -- when = { protocol = "tls13", loss = { 0*percent, 1*percent } } --

-- Cells by column, for JSON, and a test of a point.
function P.when(what, given, axes, line)
  if given == nil then
    given = {}
  elseif type(given) ~= "table" or P.is(given) then
    P.fail(line, "%s: expected { name = value or { values } }, found %s", what, P.found(given))
  end
  local names, by_name, cells = {}, {}, {}
  for i, axis in ipairs(axes) do
    names[i], by_name[axis.name] = axis.name, axis
  end
  table.sort(names)
  for _, name in ipairs(P.keys(given)) do
    local axis = by_name[name]
    local at = P.locate(line, name)
    if not axis then
      P.fail(at, "%s: expected a name of the sweep, found '%s'%s", what, name,
             P.hint(name, names))
    end
    local values = given[name]
    if type(values) ~= "table" or P.is(values) then
      values = { values }
    end
    local list = {}
    for i, value in ipairs(values) do
      local words = name == "protocol" and coming or name == "mode" and usual_modes
      if dim_of(value) ~= axis.dim then
        P.fail(at, "%s.%s: expected %s as in the sweep, found %s", what, name,
               dim_names[axis.dim], P.found(value))
      elseif words and not contains(words, value) and
        not contains(name == "protocol" and protocols.list or all_modes, value) then
        P.fail(at, "%s.%s: expected a %s, found '%s'%s", what, name, name, value,
               P.hint(value, name == "protocol" and coming or all_modes))
      end
      local cell, expected = cell_of(value)
      if not cell then
        P.fail(at, "%s.%s: expected %s, found %s", what, name, expected, P.found(value))
      end
      list[i] = cell
    end
    cells[#cells + 1] = { name = name, column = axis.column, cells = list }
  end
  return cells
end

function P.matches(when, point)
  for _, one in ipairs(when) do
    if not contains(one.cells, (cell_of(point[one.name]))) then
      return false
    end
  end
  return true
end
