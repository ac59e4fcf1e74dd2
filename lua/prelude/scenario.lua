-- The word scenario, and what C asks for: loading, describing, running, judging.
local P = ...
local kinds = P.kinds
local Scenario = { is = "scenario" }
function Scenario:__tostring()
  return "scenario"
end

local any = { expected = "something", take = function(value) return value end }
P.scenario_fields = { title = kinds.text, chapter = P.kind_count(1, 1000, 3), tags = any, sweep = any, quick = any, except = any,
                      network = any, agents = any, timeline = any, measure = any, expect = any, plot = any,
                      table = any, ladder = any, answer = any, feature = P.kind_word(table.unpack(P.host.features)),
                      verdict = any }

local function list_of(scenario, name, is, example)
  local line = P.locate(P.scenario_line, name)
  local list = scenario[name]
  if type(list) ~= "table" or P.is(list) or #list == 0 then
    P.fail(line, "%s: expected { %s, ... }, found %s", name, example, P.found(list))
  end
  for i, one in ipairs(list) do
    if P.is(one) ~= is then
      P.fail(line, "%s: expected %s as number %d, found %s", name, example, i, P.found(one))
    end
  end
  for _, key in ipairs(P.keys(list)) do
    P.fail(P.locate(line, key), "%s: expected entries without names, found '%s'", name, key)
  end
end

local function check_tags(tags)
  local line = P.locate(P.scenario_line, "tags")
  if type(tags) ~= "table" or P.is(tags) then
    P.fail(line, "tags: expected { \"loss\", ... }, found %s", P.found(tags))
  end
  for _, tag in ipairs(tags) do
    if type(tag) ~= "string" or not string.find(tag, "^[%l%d-]+$") then
      P.fail(line, "tags: expected words of small letters, digits and -, found %s", P.found(tag))
    end
  end
end

-- Where `scenario {` stands.
local function call_line()
  for at, text in ipairs(P.lines) do
    if string.find(text, "^%s*return%s+scenario%f[^%w_]") then
      return at
    end
  end
end

P.word("scenario", function(given)
  P.scenario_line = P.line() or call_line()
  if P.made then
    P.fail(nil, "scenario: expected one in a file, found a second")
  elseif type(given) ~= "table" or P.is(given) then
    P.fail(nil, "scenario: expected { title = \"...\", ... }, found %s", P.found(given))
  end
  P.fields("scenario", given, P.scenario_fields, nil, P.scenario_line)
  if #given > 0 then
    P.fail(nil, "scenario: expected fields with names, found %s", P.found(given[1]))
  end
  if not given.title then
    P.fail(nil, "scenario.title: expected a text in quotes, found nothing")
  end
  P.made = { title = given.title, chapter = given.chapter, answer = given.answer, tags = given.tags or {}, sweep = given.sweep,
             quick = given.quick, except = given.except, network = given.network, agents = given.agents,
             timeline = given.timeline, measure = given.measure, expect = given.expect,
             plot = given.plot, table = given.table, ladder = given.ladder,
             feature = given.feature, verdict = given.verdict }
  check_tags(P.made.tags)
  P.check_probe(P.made)
  list_of(P.made, "network", "link", "link { client, server }")
  list_of(P.made, "agents", "agent", "client:runs { each.protocol }")
  list_of(P.made, "timeline", "entry", "at(0*s, client:connect(server))")
  return setmetatable({}, Scenario)
end)

-- Takes what the chunk returned.
function P.accept(returned)
  if P.is(returned) ~= "scenario" then
    P.fail(math.max(1, #P.lines), "expected the file to end with return scenario { ... }, found %s",
           P.found(returned))
  end
  P.context = P.scenario_line
end

local function agents_of(plan)
  local speakers, seen = {}, {}
  for _, agent in ipairs(plan.agents) do
    local one = agent.machine.group or agent.machine
    if not seen[one] then
      seen[one] = true
      speakers[#speakers + 1] = one
    end
  end
  return speakers
end

local function facts_of(point, outcome, detail)
  local protocol = P.protocol(point.protocol)
  local facts = { outcome = outcome, detail = detail, service = protocol.service,
                  carrier = protocol.carrier }
  for _, name in ipairs(P.keys(point)) do
    facts[name] = point[name]
  end
  return facts
end

local function no_clash(axes)
  for _, axis in ipairs(axes) do
    for _, machine in ipairs(P.machines) do
      if machine.name == axis.name then
        P.fail(machine.line, "%s: the sweep has a '%s' already; choose another name",
               tostring(machine), axis.name)
      end
    end
  end
end

-- Everything that load needs, checked at every value of the sweep.
function P.describe(config)
  local scenario = P.made
  local line = P.locate(P.scenario_line, "measure")
  local axes, repeats = P.sweep(scenario, config)
  local places, points = P.points(axes, repeats)
  no_clash(axes)
  local samples, first = P.samples(axes, places, points), nil
  for _, point in ipairs(samples) do
    local plan = P.plan(scenario, point)
    first = first or plan
  end
  local columns = P.measures(scenario.measure or {}, facts_of(samples[1], "ok", ""),
                             agents_of(first), line)
  P.probe_columns(scenario, columns)
  local expectations = P.expectations(scenario.expect, axes, P.locate(P.scenario_line, "expect"))
  local about = { question = config.question, path = config.path, repeats = repeats,
                  quick = config.quick }
  local metric_columns, texts, cells, names = {}, {}, {}, {}
  for i, column in ipairs(columns) do
    metric_columns[i] = column.column
  end
  for i, one in ipairs(expectations) do
    texts[i] = one.text
  end
  for i, axis in ipairs(axes) do
    names[i], cells[i] = axis.column, P.cells(axis)
  end
  return { title = scenario.title, chapter = scenario.chapter or 0, tags = scenario.tags, columns = names, cells = cells,
           places = places, points = points, repeats = repeats, metrics = metric_columns,
           expectations = texts, json = P.json(scenario, about, axes, columns, expectations) }
end

-- The run of one point, given as places in the axes' values.
local under_way

-- Tells whether bytes may change on the way, so that checksums must be right.
function P.prepare(config, pick)
  local axes = P.sweep(P.made, config)
  under_way = { axes = axes, plan = P.plan(P.made, P.point(axes, pick)) }
  return under_way.plan.corrupts
end

-- Tells the time by which the run is certainly over.
function P.begin()
  return P.run(under_way.plan)
end

-- Outcome, detail, the row's values, expectations asked and the places of those that failed.
function P.finish()
  local scenario, plan, axes = P.made, under_way.plan, under_way.axes
  local outcome, detail = P.ended()
  local facts = facts_of(plan.point, outcome, detail)
  local read = function(metric, machine)
    return P.host.lab.metric(metric.index, P.read_of(metric, machine))
  end
  local columns, computed = P.measures(scenario.measure or {}, facts_of(plan.point, "ok", ""),
                                       agents_of(plan), P.locate(P.scenario_line, "measure"))
  local r = P.result(facts, computed, read)
  local values, width = P.values(columns, r, read), #columns
  if scenario.feature then
    width = width + 1
    values[width], detail = P.verdict(scenario, r)
  end
  local expectations = P.expectations(scenario.expect, axes,
                                      P.locate(P.scenario_line, "expect"))
  local asked, failed, why = P.judge(expectations, r, plan.point)
  if why then
    detail = detail == "" and why or detail .. "; " .. why
  end
  return outcome, detail, values, width, asked, failed
end
