-- One run: builds the lab of a plan and walks the timeline.  lab.* are the C functions of binding.c.
-- The session that a mode needs before (resumption, early data) is the lab's own business.
local P = ...
local lab = P.host.lab
local Run = { is = "run" }
local now_running -- the run under way

-- Ways in which a protocol lets its application down.
local failures = { error = true, refused = true, reset = true }

-- -- what functions see: run and event --

local methods = {}
P.run_methods = methods

function methods:note(...)
  local text = P.format(...)
  lab.note(text)
end

-- run:random(): from 0 to below 1; run:random(6): 1 to 6; run:random(1*s, 2*s): between.
function methods:random(low, high)
  if low == nil then
    return lab.random(1 << 53) / (1 << 53)
  elseif P.is(low) == "quantity" and high ~= nil and low <= high then
    return low + (high - low) * (lab.random(1 << 53) / (1 << 53))
  elseif math.type(low) == "integer" and low >= 1 and high == nil then
    return lab.random(low) + 1
  end
  P.fail(nil, "run:random: expected nothing, a whole number from 1, or two quantities, found %s",
         P.found(low))
end

function methods:stop(why)
  P.take("run:stop", why or "", P.kinds.text, P.line())
  P.finish_run(why and why ~= "" and "unfinished" or "ok", why)
end

local handle = setmetatable({}, Run)

function Run:__index(name)
  if methods[name] then
    return P.host.word(function(self, ...)
      if not rawequal(self, handle) then
        P.fail(nil, "write a colon: run:%s(...), not a dot", name)
      end
      return methods[name](self, ...)
    end)
  elseif name == "now" then
    return P.quantity("time", lab.now())
  elseif name == "service" or name == "carrier" then
    return P.protocol(now_running.plan.point.protocol)[name]
  end
  local value = now_running.plan.point[name]
  if value == nil then
    local names = P.keys(now_running.plan.point)
    for _, method in ipairs(P.keys(methods)) do
      names[#names + 1] = method
    end
    table.sort(names)
    P.fail(nil, "run: expected a name of the sweep, now, service, carrier or a method, found '%s'%s",
           tostring(name), P.hint(tostring(name), names))
  end
  return value
end

function Run:__newindex(name)
  P.fail(nil, "run: its '%s' cannot be set; use a local variable of the script", tostring(name))
end

function Run:__tostring()
  return "the run"
end

local Event = { is = "event" }
function Event:__tostring()
  return string.format("the event \"%s\"", self.name)
end
function Event:__index(name)
  P.fail(nil, "event: expected at, machine, name, detail, code or path, found '%s'",
         tostring(name))
end

local Path = { is = "path" }
function Path:__tostring()
  return "the event's path"
end
function Path:__index(name)
  P.fail(nil, "event.path: expected remote or [\"local\"], found '%s'", tostring(name))
end

-- -- ending --

function P.finish_run(outcome, detail)
  if not now_running.outcome then
    now_running.outcome, now_running.detail = outcome, detail or ""
    lab.stop()
  end
end

-- -- performing --

-- Performs the next verb of a chain; the one after it waits for an event of the same session.
local function advance(chain)
  chain.at = chain.at + 1
  local step = chain.steps[chain.at]
  P.perform_step(step, chain.from, chain)
  if chain.conn and chain.at < #chain.steps then
    local who = step.verb == "send" and chain.to or chain.from
    local awaited = P.verbs[step.verb].awaited
    now_running.waiting[chain.conn] = { event = awaited, machine = who.id, chain = chain }
    lab.listen(who.id, awaited)
  end
end

-- A result of the lab: what could not be done at that moment is a line of the trace.
local function tried(step, result)
  if result == nil then
    return
  elseif result < 0 then
    lab.note(string.format("%s: %s", tostring(step), P.host.result_text(result)))
  end
end

local function session(step, from, chain)
  local conn = chain.conn or lab.last_conn(from.id, step.args[1].id)
  if conn == 0 then
    P.fail(step.line, "%s: expected a session of %s with %s, found none yet; connect() first, and do " ..
             "this on(..., \"ready\", ...)", tostring(step), from.name, step.args[1].name)
  end
  return conn
end

local performers = {}

function performers.connect(_, _, from, to)
  return lab.connect(from.id, to.id, 0, 0, false, false)
end

function performers.request(_, fields, from, to)
  return lab.connect(from.id, to.id, fields.size or 256, fields.reply or 256,
                     fields.close or false, fields.datagram or false, fields.objects or 0)
end

-- A session, and media both ways over it.
function performers.call(step, fields, from, to)
  local conn = lab.connect(from.id, to.id, 0, 0, false, false)
  if conn ~= 0 then
    tried(step, lab.call(conn, fields.audio or 160, fields.video or 0, fields.playout or 0,
                         fields.last or now_running.plan.finish - lab.now()))
  end
  return conn
end

function performers.send(step, _, from, _, chain)
  local size = P.take("send", P.resolve(step.args[2], now_running.plan.point), P.kinds.size,
                      step.line)
  tried(step, lab.send(session(step, from, chain), from.id, size))
end

function performers.send_beside(step, fields, from, _, chain)
  local size = P.take("send_beside", P.resolve(step.args[2], now_running.plan.point), P.kinds.size,
                      step.line)
  tried(step, lab.send_beside(session(step, from, chain), from.id, fields.stream or 4, size))
end

function performers.stream(step, fields, from, _, chain)
  local interval = fields.every or 20000000
  local left = now_running.plan.finish - lab.now()
  local count = fields.count or math.max(1, (fields.last or left) // interval)
  tried(step, lab.stream(session(step, from, chain), from.id, fields.size or 200, interval, count))
end

function performers.close(step, _, from, _, chain)
  tried(step, lab.close(session(step, from, chain), from.id))
end

function performers.rekey(step, _, from, _, chain)
  tried(step, lab.rekey(session(step, from, chain), from.id))
end

function performers.export(step, _, from, _, chain)
  tried(step, lab.export(session(step, from, chain), from.id))
end

function performers.move(step, _, from)
  tried(step, lab.move(from.id))
end

function performers.rebind(step, fields, from)
  local word = step.word and P.resolve(step.word, now_running.plan.point)
  local port = fields.port or word == "port" or word == "both"
  local address = fields.address or word == "address" or word == "both"
  if not port and not address then
    port, address = true, true
  end
  tried(step, lab.rebind(from.id, (port and 1 or 0) | (address and 2 or 0)))
end

function performers.flood(_, fields, from, to)
  local between = fields.between or { lab.now(), now_running.plan.finish }
  if fields.rate > 0 then
    lab.flood(from.id, to.id, fields.rate, fields.source and fields.source.net or 0xC6336400,
              fields.source and fields.source.bits or 24, between[1], between[2],
              fields.fresh ~= false)
  end
end

-- Which packets: of a recording, or those that are meddled with.
local function packets(fields)
  return fields.from and fields.from.id or -1, fields.to and fields.to.id or -1,
         fields.what == "data"
end

function performers.record(step, fields, at)
  local from, to, data = packets(fields)
  step.tape = lab.tap(at.id, from, to, data, fields.limit or 0)
end

function performers.replay(step, fields, from)
  local tape = step.args[1]
  if not tape.tape then
    P.fail(step.line, "replay: the recording of line %d was never begun: at(0*s, ...) begins it",
           tape.line)
  end
  local sent = lab.replay(tape.tape, from.id, (fields.nth or 0) - 1, fields.source == "own",
                          fields.copies or 1, fields.every or 0)
  if sent <= 0 then
    lab.note("replay: nothing to send again")
  end
end

function performers.cut(step, fields, from)
  local tape = step.args[1]
  if not tape.tape or lab.cut(tape.tape, from.id, fields.how == "rst") <= 0 then
    lab.note("cut: nothing was recorded whose end anybody can forge")
  end
end

function performers.corrupt(_, fields, at)
  local from, to, data = packets(fields)
  lab.meddle(at.id, from, to, data, fields.nth or 1, fields.count or 1, 0)
end

function performers.delay(_, fields, at)
  local from, to, data = packets(fields)
  lab.meddle(at.id, from, to, data, fields.nth or 1, fields.count or 1, fields.by or 100000000)
end

function performers.eavesdrop(_, _, at)
  lab.eavesdrop(at.id)
end

-- Links change by their names; what is not named stays.
function P.set_link(link, given, point, line)
  local merged = {}
  for _, fields in ipairs { link.fields, given } do
    for _, name in ipairs(P.keys(fields)) do
      merged[name] = fields[name]
    end
  end
  local exact = P.link_fields("set", merged, point, line)
  for i, couple in ipairs(link.couples) do
    lab.set_link(link.ids[i], couple[1].id, couple[2].id, exact)
  end
end

function P.perform_step(step, from, chain)
  P.context = step.line
  local point = now_running.plan.point
  if step.verb == "set" then
    P.set_link(step.subject, step.fields, point, step.line)
    return
  end
  local spec = P.verbs[step.verb]
  local fields = P.fields(step.verb, step.fields, spec.fields, point, step.line)
  local conn = performers[step.verb](step, fields, from, step.args[1], chain)
  if step.verb == "connect" or step.verb == "request" or step.verb == "call" then
    chain.conn = conn ~= 0 and conn
  end
end

local function call(action, run, event)
  local outer, loose = P.loose, {}
  P.context, P.loose = P.host.defined(action), loose
  action(run, event)
  P.loose = outer
  for _, made in ipairs(loose) do
    if loose[made] then
      P.fail(made.line, "%s: expected the run in brackets behind it, as in %s(...)(run), found an " ..
             "action that nothing does", tostring(made), tostring(made))
    end
  end
end

-- Actions that call each other at one instant for ever would keep virtual time from passing.
local ACTIONS_AT_ONCE = 200000

local function count_action(action)
  local running, now = now_running, lab.now()
  if running.instant ~= now then
    running.instant, running.actions = now, 0
  end
  running.actions = running.actions + 1
  if running.actions > ACTIONS_AT_ONCE then
    P.fail(type(action) == "table" and action.line or P.host.defined(action),
           "expected virtual time to pass, found %d actions at %s; give after() a delay",
           ACTIONS_AT_ONCE, tostring(P.quantity("time", now)))
  end
end

function P.perform(action, run, event)
  count_action(action)
  if type(action) == "function" then
    call(action, run, event)
    return
  end
  P.context = action.line
  if action.verb == "stop" then
    P.finish_run(action.why and "unfinished" or "ok", action.why or nil)
  elseif action.verb == "note" then
    lab.note(action.text)
  elseif action.verb == "after" then
    local delay = P.take("after", P.resolve(action.delay, now_running.plan.point), P.kinds.time,
                         action.line)
    lab.at(lab.now() + delay, function()
      P.perform(action.action, run, event)
    end)
  else
    local steps = P.chain(action)
    local subject = steps[1].subject
    for _, machine in ipairs(subject.kind == "link" and { subject } or P.members(subject)) do
      advance { steps = steps, at = 0, from = machine, to = steps[1].args[1], conn = false }
    end
  end
end

-- -- events --

-- What the script wants done at this event of a machine, or of its group.
local function heard(machine, name)
  local actions = {}
  for _, who in ipairs { machine, machine.group or nil } do
    local listeners = now_running.listeners[who]
    for _, action in ipairs(listeners and listeners[name] or {}) do
      actions[#actions + 1] = action
    end
  end
  return actions
end

-- Called by C for what lab.listen() asked for.
function P.happened(id, name, conn, detail, code, at, near, far)
  local run = now_running
  local machine = run.by_id[id]
  local waiting = run.waiting[conn]
  local actions = heard(machine, name)
  if #actions > 0 then
    local event = setmetatable({ at = P.quantity("time", at), machine = machine,
                                 name = name, detail = detail, code = code,
                                 path = setmetatable({ ["local"] = near, remote = far }, Path) },
                               Event)
    for _, action in ipairs(actions) do
      P.perform(action, handle, event)
    end
  elseif failures[name] and run.plan.clients[machine] and not run.handled[machine] and
    not machine.group then -- of many clients, some may fail: success says how many
    P.finish_run("failed", string.format("%s: %s%s", machine.name, name,
                                         detail ~= "" and ": " .. detail or ""))
  end
  if waiting and waiting.event == name and waiting.machine == id then
    run.waiting[conn] = nil
    advance(waiting.chain)
  end
end

-- -- building --

local function build(plan)
  for _, one in ipairs(plan.machines) do
    local machine, config = one.machine, one.config
    P.context = machine.line
    local id
    if machine.kind == "host" then
      id = lab.host(machine.name, config.cores or 0, config.cpu or "none", config.queue or 0)
    elseif machine.kind == "nat" then
      local mapping = { ["endpoint-independent"] = 0, ["address-dependent"] = 1,
                        ["address-and-port-dependent"] = 2 }
      id = lab.nat(machine.name, mapping[config.mapping or "endpoint-independent"],
                   config.timeout or 0, config.tcp_timeout or 0)
    else
      id = lab.router(machine.name)
    end
    if (config.blocks or 0) ~= 0 then
      lab.block(id, config.blocks)
    end
    machine.id = id
    now_running.by_id[id] = machine
  end
  for _, one in ipairs(plan.links) do
    local link = one.link
    P.context = link.line
    link.ids = {}
    for i, couple in ipairs(link.couples) do
      link.ids[i] = lab.link(couple[1].id, couple[2].id, one.fields)
    end
  end
  for _, agent in ipairs(plan.agents) do
    P.context = agent.line
    lab.agent(agent.machine.id, agent.protocol, agent.mode, agent.identity or false,
              agent.role or agent.inferred or "both", agent.validation or "default",
              agent.backlog or 0, agent.mutual or false, agent.early_replay,
              agent.alpn or false, agent.options, agent.impostor or false, agent.other_psk,
              agent.recorded or false)
  end
  P.context = P.scenario_line
  lab.start()
end

-- -- the timeline --

local function again(got)
  local next_time = got.from
  local function tick()
    P.perform(got.entry.action, handle)
    next_time = next_time + got.interval
    if next_time <= got.to then
      lab.at(next_time, tick)
    end
  end
  lab.at(next_time, tick)
end

local function walk(run)
  for _, got in ipairs(run.plan.timeline) do
    local one = got.entry
    if one.kind == "at" then
      lab.at(got.time, function()
        P.perform(one.action, handle)
      end)
    elseif one.kind == "every" then
      again(got)
    else
      local listeners = run.listeners[one.machine] or {}
      run.listeners[one.machine] = listeners
      listeners[got.event] = listeners[got.event] or {}
      table.insert(listeners[got.event], one.action)
      for _, machine in ipairs(P.members(one.machine)) do
        lab.listen(machine.id, got.event)
        run.handled[machine] = run.handled[machine] or failures[got.event]
      end
    end
  end
  for _, machine in ipairs(P.machines) do
    for _, name in ipairs(run.plan.clients[machine] and P.keys(failures) or {}) do
      lab.listen(machine.id, name)
    end
  end
end

-- Builds and schedules; returns the time by which the run is certainly over.
function P.run(plan)
  now_running = { plan = plan, waiting = {}, listeners = {}, handled = {}, by_id = {} }
  build(plan)
  walk(now_running)
  return plan.finish + 1
end

function P.ended()
  return now_running.outcome or "unfinished",
         now_running.detail or "nothing more happened before the end of the timeline"
end
