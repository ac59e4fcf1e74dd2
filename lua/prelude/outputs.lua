-- The tables, plots and ladders that a scenario asks for, and the JSON that tells the other rooms.
local P = ...
local kinds = P.kinds

-- -- JSON, in the order written --

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }

local function quoted(text)
  return '"' .. string.gsub(text, '[%c"\\\127]', function(c)
    return escapes[c] or string.format("\\u%04x", string.byte(c))
  end) .. '"'
end

local Object = {}

-- object { { "name", value }, ... }
local function object(pairs)
  return setmetatable(pairs, Object)
end

local null = {}

local function json(value)
  if value == null then
    return "null"
  elseif type(value) == "string" then
    return quoted(value)
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  local is_object = getmetatable(value) == Object
  for i, one in ipairs(value) do
    parts[i] = is_object and quoted(one[1]) .. ":" .. json(one[2]) or json(one)
  end
  local text = table.concat(parts, ",")
  return is_object and "{" .. text .. "}" or "[" .. text .. "]"
end

local function when_json(when)
  local pairs = {}
  for i, one in ipairs(when) do
    pairs[i] = { one.column, one.cells }
  end
  return object(pairs)
end

-- -- names of sweep columns and measures --

local function sweep_column(what, name, axes, line)
  local names = {}
  for i, axis in ipairs(axes) do
    if axis.name == name then
      return axis.column
    end
    names[i] = axis.name
  end
  P.fail(line, "%s: expected a name of the sweep, found %s%s", what, P.found(name),
         type(name) == "string" and P.hint(name, names) or "")
end

local function measure_column(what, name, columns, line)
  local names = {}
  for i, column in ipairs(columns) do
    if column.name == name or column.column == name then
      return column
    elseif column.machine and column.machine.name .. "." .. column.metric.name == name then
      return column
    end
    names[i] = column.name
  end
  P.fail(line, "%s: expected one of measure, found %s%s", what, P.found(name),
         type(name) == "string" and P.hint(name, names) or "")
end

-- One description or a list of them.
local function each_of(what, given, line)
  if given == nil then
    return {}
  elseif type(given) ~= "table" or P.is(given) then
    P.fail(line, "%s: expected { ... }, found %s", what, P.found(given))
  elseif #given > 0 and type(given[1]) == "table" and #P.keys(given) == 0 then
    return given
  end
  return { given }
end

local function text_list(values, expected)
  return {
    expected = expected,
    take = function(value)
      if type(value) == "string" then
        value = { value }
      end
      if type(value) ~= "table" or P.is(value) or #value == 0 then
        return nil
      end
      for _, one in ipairs(value) do
        local known = not values
        for _, word in ipairs(values or {}) do
          known = known or word == one
        end
        if type(one) ~= "string" or not known then
          return nil, values and "words of " .. P.list(values)
        end
      end
      return value
    end,
  }
end

local stats = { "n", "ok", "failed", "unfinished", "p25", "p50", "median", "p75", "p85", "p95",
                "p99", "mean", "min", "max", "sum", "rate" }
local of_runs = { n = true, ok = true, failed = true, unfinished = true, rate = true }
local any = { expected = "anything", take = function(value) return value end }
local file_stem = {
  expected = "a name of small letters, digits and - for a file",
  take = function(value)
    if type(value) == "string" and string.find(value, "^[%l%d][%l%d-]*$") and #value <= 60 then
      return value
    end
  end,
}

local function stem(what, name, taken, default, line)
  name = name or default
  if taken[name] then
    P.fail(line, "%s: expected a name of its own, found '%s' twice", what, name)
  end
  taken[name] = true
  return name
end

-- -- tables --

local table_fields = { name = file_stem, title = kinds.text, by = text_list(nil, "names of the " ..
                       "sweep such as { \"protocol\", \"loss\" }"), when = any, columns = any }
local column_fields = { stat = P.kind_word(table.unpack(stats)), per = kinds.text,
                        decimals = P.kind_count(0, 9, 2) }

local function named(given)
  local fields = {}
  for _, name in ipairs(P.keys(given)) do
    fields[name] = given[name]
  end
  return fields
end

local function table_column(given, axes, columns, line)
  if type(given) == "string" then
    given = { given, stat = given }
  end
  if type(given) ~= "table" or P.is(given) or type(given[1]) ~= "string" then
    P.fail(line, "table.columns: expected { \"name\", \"metric\", stat = \"median\" } or \"ok\", " ..
           "found %s", P.found(given))
  end
  local fields = P.fields("table.columns", named(given), column_fields, nil, line)
  local stat = fields.stat or "median"
  local metric = null
  if given[2] ~= nil then
    metric = measure_column("table.columns", given[2], columns, line).column
  elseif not of_runs[stat] then
    P.fail(line, "table.columns: expected a metric for the %s in '%s', found none", stat, given[1])
  end
  local made = { { "name", given[1] }, { "metric", metric }, { "stat", stat } }
  if fields.per then
    made[#made + 1] = { "per", sweep_column("table.columns.per", fields.per, axes, line) }
  end
  if fields.decimals then
    made[#made + 1] = { "decimals", fields.decimals }
  end
  return object(made)
end

-- Medians; of what is true or false, how often it was true.
local function default_columns(columns)
  local list = { "n", "ok" }
  for _, column in ipairs(columns) do
    local stat = column.computed and column.computed.flag and "sum" or nil
    list[#list + 1] = { column.column, column.name, stat = stat }
  end
  return list
end

local function tables_json(scenario, axes, columns)
  local line = P.locate(P.scenario_line, "table")
  local list, taken = {}, {}
  local default = scenario.feature and {} or { {} } -- probes make one table together
  local given = scenario.table == nil and default or each_of("table", scenario.table, line)
  for i, one in ipairs(given) do
    local fields = P.fields("table", one, table_fields, nil, line)
    local by = {}
    for j, axis in ipairs(axes) do
      by[j] = axis.column
    end
    if fields.by then
      by = {}
      for j, name in ipairs(fields.by) do
        by[j] = sweep_column("table.by", name, axes, line)
      end
    end
    local cells = {}
    local wanted = fields.columns or default_columns(columns)
    if type(wanted) ~= "table" or P.is(wanted) then
      P.fail(line, "table.columns: expected { \"ok\", { ... } }, found %s", P.found(wanted))
    end
    for j, column in ipairs(wanted) do
      cells[j] = table_column(column, axes, columns, line)
    end
    list[i] = object { { "name", stem("table", fields.name, taken, P.name, line) },
                       { "title", fields.title or scenario.title }, { "by", by },
                       { "when", when_json(P.when("table.when", fields.when, axes, line)) },
                       { "columns", cells } }
  end
  return list
end

-- -- plots --

local plot_fields = { name = file_stem, title = kinds.text, x = kinds.text, y = kinds.text,
                      by = kinds.text, panel = kinds.text, when = any,
                      kind = P.kind_word("lines", "bars", "cdf"),
                      scale = P.kind_word("linear", "log"),
                      show = text_list(stats, "statistics such as { \"median\", \"p95\" }") }

-- "honest.handshake.time" in the name of a file: honest-handshake-time.
local function slug(name)
  return (string.gsub(string.gsub(string.lower(name), "[^%l%d]", "-"), "%-+", "-"))
end

local function plots_json(scenario, axes, columns)
  local line = P.locate(P.scenario_line, "plot")
  local list, taken = {}, {}
  for i, one in ipairs(each_of("plot", scenario.plot, line)) do
    local fields = P.fields("plot", one, plot_fields, nil, line)
    local function column(name)
      return fields[name] and sweep_column("plot." .. name, fields[name], axes, line) or null
    end
    if not fields.y then
      P.fail(line, "plot.y: expected one of measure, found nothing")
    elseif not fields.x and fields.kind ~= "cdf" then
      P.fail(line, "plot.x: expected a name of the sweep, found nothing")
    end
    local default = i == 1 and P.name or P.name .. "-" .. slug(fields.y)
    list[i] = object { { "name", stem("plot", fields.name, taken, default, line) },
                       { "title", fields.title or scenario.title },
                       { "kind", fields.kind or "lines" }, { "x", column "x" },
                       { "y", measure_column("plot.y", fields.y, columns, line).column },
                       { "by", fields.by and column "by" or "protocol" },
                       { "panel", column "panel" }, { "show", fields.show or { "median" } },
                       { "scale", fields.scale or "linear" },
                       { "when", when_json(P.when("plot.when", fields.when, axes, line)) } }
  end
  return list
end

-- -- ladders --

local ladder_fields = { when = any, window = P.kind_pair("the window", "time", true) }

local function ladders_json(scenario, axes)
  local line = P.locate(P.scenario_line, "ladder")
  local list = {}
  for i, one in ipairs(each_of("ladder", scenario.ladder, line)) do
    local fields = P.fields("ladder", one, ladder_fields, nil, line)
    local window = fields.window or { 0, 0 }
    list[i] = object { { "when", when_json(P.when("ladder.when", fields.when, axes, line)) },
                       { "from_ns", window[1] }, { "to_ns", window[2] } }
  end
  return list
end

-- -- the one sentence that answers the question --

local answer_fields = { of = kinds.text, when = any, per = kinds.text, say = kinds.text }

local function answer_json(scenario, axes, columns)
  if scenario.answer == nil then
    return null
  end
  local place = P.locate(P.scenario_line, "answer")
  if type(scenario.answer) ~= "table" or P.is(scenario.answer) then
    P.fail(place, "answer: expected { of = \"handshake.time\" }, found %s",
           P.found(scenario.answer))
  end
  local fields = P.fields("answer", scenario.answer, answer_fields, nil, place)
  return object {
    { "y", measure_column("answer.of", fields.of, columns, place).column },
    { "when", when_json(P.when("answer.when", fields.when, axes, place)) },
    { "per", fields.per and sweep_column("answer.per", fields.per, axes, place) or null },
    { "say", fields.say or null },
  }
end

-- -- the whole --

local function member(list, name)
  local values = {}
  for i, one in ipairs(list) do
    values[i] = one[name]
  end
  return values
end

function P.json(scenario, about, axes, columns, expectations)
  local sweep, measure = {}, {}
  for i, axis in ipairs(axes) do
    sweep[i] = { axis.column, P.cells(axis) }
  end
  for i, column in ipairs(columns) do
    measure[i] = object { { "name", column.name }, { "column", column.column },
                          { "dim", column.dim }, { "what", column.what } }
  end
  local whole = {
    { "name", P.name }, { "title", scenario.title }, { "question", about.question },
    { "path", about.path }, { "chapter", scenario.chapter or null }, { "tags", scenario.tags }, { "repeats", about.repeats },
    { "quick", about.quick }, { "columns", member(axes, "column") },
    { "metrics", member(columns, "column") }, { "sweep", object(sweep) }, { "measure", measure },
    { "plots", plots_json(scenario, axes, columns) },
    { "tables", tables_json(scenario, axes, columns) },
    { "ladders", ladders_json(scenario, axes) },
    { "answer", answer_json(scenario, axes, columns) },
    { "expectations", member(expectations, "text") },
  }
  if scenario.feature then
    whole[#whole + 1] = { "feature", scenario.feature }
  end
  return json(object(whole))
end
