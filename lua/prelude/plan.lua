-- The machines, links and agents of one point of the sweep, checked as far as that can be done
-- before anything runs.
local P = ...
local kinds = P.kinds
local Agent = { is = "agent" }

-- -- agents --

local function is_options(value)
  if type(value) ~= "table" or P.is(value) then
    return false
  end
  for _, name in ipairs(P.keys(value)) do
    if type(value[name]) ~= "string" and P.is(value[name]) ~= "lazy" then
      return false
    end
  end
  return true
end

P.agent_fields = {
  mode = kinds.text,
  identity = kinds.text,
  resume = kinds.flag,
  role = P.kind_word("client", "server", "both", "directory"),
  source_validation = P.kind_word("default", "always", "never"),
  backlog = P.kind_count(1, 1000000, 1024),
  mutual = kinds.flag,
  anti_replay = P.kind_word("on", "off"),
  alpn = kinds.text,
  impostor = kinds.flag,
  psk = P.kind_word("shared", "other"),
  recorded = kinds.flag,
  options = {
    expected = "names and texts such as { cipher = \"aes128gcm\" }",
    take = function(value)
      return is_options(value) and value or nil
    end,
  },
}

function Agent:__tostring()
  return self.machine.name .. ":runs"
end

local function named(given)
  local fields = {}
  for _, name in ipairs(P.keys(given)) do
    fields[name] = given[name]
  end
  return fields
end

-- client:runs { each.protocol, identity = "client.example" }
function P.runs(machine, given)
  if type(given) ~= "table" or P.is(given) then
    P.fail(nil, "%s:runs: expected { each.protocol, ... }, found %s", machine.name,
           P.found(given))
  elseif machine.kind ~= "host" and machine.kind ~= "hosts" then
    P.fail(nil, "%s cannot run a protocol; a host can", tostring(machine))
  end
  local protocol = given[1]
  if type(protocol) ~= "string" and P.is(protocol) ~= "lazy" then
    P.fail(nil, "%s:runs: expected a protocol first, such as each.protocol, found %s",
           machine.name, P.found(protocol))
  end
  P.fields("runs", named(given), P.agent_fields, nil, P.line())
  return setmetatable({ machine = machine, protocol = protocol, fields = named(given),
                        line = P.line() }, Agent)
end

local function mode_of(agent, fields, protocol, point)
  local mode = fields.mode
  if fields.resume ~= nil then
    if mode and (mode == "resumed") ~= fields.resume then
      P.fail(agent.line, "runs.resume: expected what mode = \"%s\" says, found %s", mode,
             tostring(fields.resume))
    end
    mode = mode or (fields.resume and "resumed" or "fresh")
  end
  mode = mode or point.mode
  if not protocol.mode[mode] then
    P.fail(agent.line, "runs.mode: expected a mode of %s, found '%s'%s", protocol.name, mode,
           P.hint(mode, protocol.modes))
  end
  return mode
end

local function resolve_agents(agents, point, linked)
  local exact, by_machine = {}, {}
  for _, agent in ipairs(agents) do
    local protocol = P.protocol(P.resolve(agent.protocol, point), agent.line)
    local fields = P.fields("runs", agent.fields, P.agent_fields, point, agent.line)
    local mode = mode_of(agent, fields, protocol, point)
    local options = {}
    for i, name in ipairs(P.keys(fields.options or {})) do
      options[i] = { name, tostring(P.resolve(fields.options[name], point)) }
    end
    for _, machine in ipairs(P.members(agent.machine)) do
      if not linked[machine] then
        P.fail(agent.line, "runs: expected a machine with a link, found %s without one",
               tostring(machine))
      elseif by_machine[machine] then
        P.fail(agent.line, "runs: %s runs %s already", tostring(machine),
               by_machine[machine].protocol)
      end
      by_machine[machine] = { machine = machine, protocol = protocol.name, mode = mode,
                              identity = fields.identity, role = fields.role,
                              validation = fields.source_validation, backlog = fields.backlog,
                              mutual = fields.mutual, early_replay = fields.anti_replay == "off",
                              alpn = fields.alpn, options = options, impostor = fields.impostor,
                              other_psk = fields.psk == "other", recorded = fields.recorded,
                              line = agent.line }
      exact[#exact + 1] = by_machine[machine]
    end
  end
  return exact, by_machine
end

-- -- network --

-- Which machines have a link, and the machine by which all that can reach each other are known.
local function islands(links)
  local parent = {}
  local function root(machine)
    local top = machine
    while parent[top] ~= top do
      top = parent[top]
    end
    while machine ~= top do
      machine, parent[machine] = parent[machine], top
    end
    return top
  end
  for _, link in ipairs(links) do
    for _, couple in ipairs(link.link.couples) do
      for _, machine in ipairs(couple) do
        parent[machine] = parent[machine] or machine
      end
      parent[root(couple[2])] = root(couple[1])
    end
  end
  return parent, root
end

local function resolve_links(network, point)
  local links, corrupts = {}, false
  for i, link in ipairs(network) do
    links[i] = { link = link, fields = P.link_fields(link.name, link.fields, point, link.line) }
    for _, way in ipairs { "forth", "back" } do
      corrupts = corrupts or links[i].fields[way].corrupt ~= nil
    end
  end
  return links, corrupts
end

local function resolve_machine(machine, point)
  local config = P.fields(machine.kind, machine.config, P.machine_fields[machine.kind], point,
                          machine.line)
  config.cpu = P.resolve(config.cpu, point)
  if config.cpu then
    local ok, why = P.host.cost(config.cpu)
    if not ok then
      P.fail(P.locate(machine.line, "cpu"), "%s", why)
    end
  end
  return { machine = machine, config = config }
end

-- -- what the timeline asks of them --

local function same_island(plan, step, a, b)
  for _, machine in ipairs { a, b } do
    if not plan.linked[machine] then
      P.fail(step.line, "%s: expected a machine with a link, found %s without one",
             tostring(step), tostring(machine))
    end
  end
  if b and plan.root(a) ~= plan.root(b) then
    P.fail(step.line, "%s: expected links that lead from %s to %s, found no way", tostring(step),
           a.name, b.name)
  end
end

local function agent_on(plan, step, machine)
  local agent = plan.by_machine[machine]
  if not agent then
    P.fail(step.line, "%s: expected a host that runs a protocol, found %s, which runs none",
           tostring(step), tostring(machine))
  end
  return agent
end

local function mark_role(agent, role)
  agent.inferred = (agent.inferred == nil or agent.inferred == role) and role or "both"
end

local checks = {}

function checks.connect(plan, step, from, to)
  local client, server = agent_on(plan, step, from), agent_on(plan, step, to)
  if client.protocol ~= server.protocol then
    P.fail(step.line, "%s: expected the same protocol on both, found %s and %s", tostring(step),
           client.protocol, server.protocol)
  end
  mark_role(client, "client")
  mark_role(server, "server")
  plan.clients[from] = true
end
checks.request, checks.call = checks.connect, checks.connect

local function needs_agents(plan, step, from, to)
  agent_on(plan, step, from)
  agent_on(plan, step, to)
end
for _, verb in ipairs { "send", "send_beside", "stream", "close", "rekey", "export" } do
  checks[verb] = needs_agents
end

function checks.flood(plan, step, _, to)
  local victim = agent_on(plan, step, to)
  mark_role(victim, "server")
  local fields = P.fields("flood", step.fields, P.verbs.flood.fields, plan.point, step.line)
  if not fields.rate then
    P.fail(step.line, "flood.rate: expected a packet rate such as 1000*pps, found nothing")
  elseif fields.between and fields.between[2] > plan.finish then
    P.fail(P.locate(step.line, "between"), "flood.between: expected to end before the end at %s",
           tostring(P.quantity("time", plan.finish)))
  end
  local protocol = fields.packet and P.resolve(fields.packet.protocol, plan.point)
  if protocol and protocol ~= victim.protocol then
    P.fail(P.locate(step.line, "packet"), "flood.packet: expected the protocol of %s, %s, found '%s'",
           to.name, victim.protocol, protocol)
  end
end

function checks.set(plan, step)
  if not plan.link_of[step.subject] then
    P.fail(step.line, "set: expected a link of the network, found one that is not in it")
  end
  local fields = P.link_fields("set", step.fields, plan.point, step.line)
  for _, way in ipairs { "forth", "back" } do
    plan.corrupts = plan.corrupts or fields[way].corrupt ~= nil
  end
end

local function check_step(plan, step)
  local spec = P.verbs[step.verb]
  if not spec then
    return -- stop and note ask for nothing
  end
  if step.verb ~= "set" then
    P.fields(step.verb, step.fields, spec.fields, plan.point, step.line)
    for i, kind in ipairs(spec.args) do
      P.take(step.verb, P.resolve(step.args[i], plan.point), kind, step.line)
    end
    if step.word then
      P.take(step.verb, P.resolve(step.word, plan.point), spec.word, step.line)
    end
    local target = P.is(step.args[1]) == "machine" and step.args[1] or nil
    local subjects = step.subject.kind == "pick" and step.subject.group.members or
                       P.members(step.subject)
    for _, machine in ipairs(subjects) do
      same_island(plan, step, machine, target)
      if checks[step.verb] then
        checks[step.verb](plan, step, machine, target)
      end
    end
  else
    checks.set(plan, step)
  end
end

local on_nat = { rebound = true }
local on_any_host = { moved = true }

local function check_listener(plan, got)
  local one = got.entry
  local kind = one.machine.kind
  for _, machine in ipairs(P.members(one.machine)) do
    if on_nat[got.event] and kind ~= "nat" then
      P.fail(one.line, "on: expected a nat for \"%s\", found %s", got.event, tostring(one.machine))
    elseif not on_nat[got.event] and not on_any_host[got.event] and not plan.by_machine[machine]
    then
      P.fail(one.line, "on: %s runs no protocol and is never \"%s\"", tostring(machine), got.event)
    elseif on_any_host[got.event] and machine.kind ~= "host" then
      P.fail(one.line, "on: expected a host for \"%s\", found %s", got.event, tostring(machine))
    end
  end
end

-- -- the whole --

function P.plan(scenario, point)
  P.context = P.scenario_line
  local plan = { point = point, machines = {}, clients = {}, link_of = {} }
  plan.links, plan.corrupts = resolve_links(scenario.network, point)
  for _, link in ipairs(plan.links) do
    if plan.link_of[link.link] then
      P.fail(link.link.line, "network: this %s is there twice", link.link.name)
    end
    plan.link_of[link.link] = link
  end
  plan.linked, plan.root = islands(plan.links)
  for _, machine in ipairs(P.machines) do
    if plan.linked[machine] then
      plan.machines[#plan.machines + 1] = resolve_machine(machine, point)
    end
  end
  plan.agents, plan.by_machine = resolve_agents(scenario.agents, point, plan.linked)
  plan.timeline, plan.finish = P.resolve_timeline(scenario.timeline, point)
  P.reach(scenario.timeline, function(step)
    check_step(plan, step)
  end)
  for _, got in ipairs(plan.timeline) do
    if got.entry.kind == "on" then
      check_listener(plan, got)
    end
  end
  return plan
end
