-- When things happen: at(), on(), every(); and what makes a timeline impossible, found before
-- anything runs.
local P = ...
local kinds = P.kinds
local Entry = { is = "entry" }

function Entry:__tostring()
  return self.kind
end

local function entry(fields)
  fields.line = P.line()
  return setmetatable(fields, Entry)
end

local function checked(what, value, kind)
  if P.is(value) ~= "lazy" then
    P.take(what, value, kind, P.line())
  end
end

P.word("at", function(time, action)
  if P.is(time) == "quantity" and time.dim == "time" and time.amount < 0 then
    P.fail(nil, "at: expected a time from 0 on, found %s", tostring(time))
  end
  checked("at", time, kinds.time)
  P.take("at", action, kinds.action, P.line())
  return entry { kind = "at", time = time, action = action }
end)

P.word("on", function(machine, event, action)
  if P.is(machine) ~= "machine" or machine.kind == "pick" then
    P.fail(nil, "on: expected a machine, found %s", P.found(machine))
  end
  local known = false
  for _, name in ipairs(P.host.events) do
    known = known or name == event
  end
  if not known and P.is(event) ~= "lazy" then
    P.fail(nil, "on: expected an event, found %s%s", P.found(event),
           type(event) == "string" and P.hint(event, P.host.events) or
             "; such as \"ready\" (shakedown list words)")
  end
  P.take("on", action, kinds.action, P.line())
  return entry { kind = "on", machine = machine, event = event, action = action }
end)

P.every_fields = { from = kinds.time, to = kinds.time }
P.word("every", function(interval, action, window)
  checked("every", interval, kinds.span)
  P.take("every", action, kinds.action, P.line())
  if window ~= nil and (type(window) ~= "table" or P.is(window)) then
    P.fail(nil, "every: expected { from = 0*s, to = 10*s }, found %s", P.found(window))
  end
  P.fields("every", window or {}, P.every_fields, nil, P.line())
  return entry { kind = "every", interval = interval, action = action, window = window or {} }
end)

-- -- at a point of the sweep --

-- Every action that an entry can come to, functions apart: they are known only when they run.
local function reach(action, visit)
  if P.is(action) ~= "action" then
    return
  end
  if action.verb == "after" then
    reach(action.action, visit)
  else
    for _, step in ipairs(P.chain(action)) do
      visit(step)
    end
  end
end

function P.reach(timeline, visit)
  for _, one in ipairs(timeline) do
    reach(one.action, visit)
  end
end

local function is_stop(action)
  return P.is(action) == "action" and action.verb == "stop"
end

-- The entries with exact times in ns, in the script's order, and the end.
function P.resolve_timeline(timeline, point)
  local exact, finish, start = {}, nil, nil
  for i, one in ipairs(timeline) do
    local got = { entry = one }
    if one.kind == "at" then
      got.time = P.take("at", P.resolve(one.time, point), kinds.time, one.line)
      if is_stop(one.action) and (not finish or got.time < finish) then
        finish = got.time
      end
    elseif one.kind == "on" then
      got.event = P.resolve(one.event, point)
    else
      got.interval = P.take("every", P.resolve(one.interval, point), kinds.span, one.line)
      local window = P.fields("every", one.window, P.every_fields, point, one.line)
      got.from, got.to = window.from or 0, window.to
    end
    exact[i] = got
  end
  if not finish then
    P.fail(P.locate(P.scenario_line, "timeline"), "timeline: expected an end such as " ..
           "at(60*s, stop \"never finished\"), found none: the run would never stop")
  end
  local function text(ns)
    return tostring(P.quantity("time", ns))
  end
  for _, got in ipairs(exact) do
    local line = got.entry.line
    if got.entry.kind == "at" and not is_stop(got.entry.action) then
      if got.time > finish then
        P.fail(line, "at: expected a time before the end at %s, found %s", text(finish),
               text(got.time))
      end
      start = math.min(start or got.time, got.time)
    elseif got.entry.kind == "every" then
      got.to = got.to or finish
      if got.from > got.to or got.to > finish then
        P.fail(line, "every: expected from <= to <= the end at %s, found from = %s, to = %s",
               text(finish), text(got.from), text(got.to))
      elseif (got.to - got.from) // got.interval > 10000000 then
        P.fail(line, "every: expected at most 10000000 times, found %d",
               (got.to - got.from) // got.interval)
      end
      start = math.min(start or got.from, got.from)
    end
  end
  if not start then
    P.fail(P.locate(P.scenario_line, "timeline"), "timeline: expected something that begins by " ..
           "itself, such as at(0*s, client:connect(server)), found none")
  elseif finish == 0 or start >= finish then
    P.fail(P.locate(P.scenario_line, "timeline"),
           "timeline: expected to stop after the first action at %s, found a stop at %s",
           text(start), text(finish))
  end
  return exact, finish
end
