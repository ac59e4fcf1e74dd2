/* Scripts that say what cannot be, and what they are told: file, line, expected, found. */
#include "tests/lua/script_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* text is a whole file, or (body) what comes after the twelve lines that every scenario has. */
struct row {
    const char *text;
    const char *message;
    int code; /* 0: SD_E_SCENARIO */
    const char *body;
    const char *settings;
};

#define SWEEP    "  sweep = { protocol = { \"tls13\" }, loss = { 0*percent, 2*percent } },\n"
#define TIMELINE "  timeline = { at(0*s, client:connect(server)), at(9*s, stop \"late\") },\n"

static const struct row rows[] = {
    /* The file. */
    {.text = "",
     .message = "case.lua:1: expected the file to end with return scenario { ... }, found nothing"},
    {.text = "local x = 1\n",
     .message = "case.lua:1: expected the file to end with return scenario { ... }, found nothing"},
    {.text = "return 5",
     .message =
         "case.lua:1: expected the file to end with return scenario { ... }, found the number 5"},
    {.text = "x = 1", .message = "case.lua:1: 'x' is not local; write: local x = ..."},
    {.text = "return scenario",
     .message =
         "case.lua:1: expected the file to end with return scenario { ... }, found a function"},
    {.text = "return scenario {\n", .message = "case.lua:2: unexpected symbol near <eof>"},
    {.text = "\x1bLua", .message = "case.lua: attempt to load a binary chunk (mode is 't')"},
    {.text = "return scenario { }",
     .message = "case.lua:1: scenario.title: expected a text in quotes, found nothing"},
    {.text = "return scenario \"x\"",
     .message = "case.lua:1: scenario: expected { title = \"...\", ... }, found the word 'x'"},
    {.text = "return scenario {\n  titel = \"x\" }",
     .message = "case.lua:2: scenario: unknown field 'titel'; did you mean 'title'?"},

    {.text = "-- ?\nlocal x = \"\xff\"\n",
     .message = "case.lua:2: expected UTF-8, found a byte that is none"},
    {.text = "local x = \"\xe2\x82\xac\" error(x)", .message = "case.lua:1: \xe2\x82\xac"},
    {.text = "\nerror { }", .message = "case.lua:2: error() expects a text"},

    {.text = "local a = 25ms",
     .message =
         "case.lua:1: malformed number near '25m'; a number and its unit have a star between "
         "them, as in 25*ms"},
    {.text = "\nlocal a = { 2% }",
     .message = "case.lua:2: unexpected symbol near '}'; a share is written 1*percent"},
    {.text = "local a = { 1\n 2 }",
     .message = "case.lua:2: '}' expected (to close '{' at line 1) near '2'; is a comma or a quote "
                "missing before it?"},

    /* Words that are not there, and ways out. */
    {.text = "local a = host \"server\"\nlocal b = sever",
     .message = "case.lua:2: unknown word 'sever'; did you mean 'server'?"},
    {.text = "connect()",
     .message = "case.lua:1: unknown word 'connect'; a machine does that: client:connect(...)"},
    {.text = "local m = { handshake.time }",
     .message = "case.lua:1: unknown word 'handshake'; metrics stand in quotes, as in "
                "\"handshake.time\""},
    {.text = "\nreturn lnk { }", .message = "case.lua:2: unknown word 'lnk'; did you mean 'link'?"},
    {.text = "return xyzzy",
     .message = "case.lua:1: unknown word 'xyzzy'; see shakedown list words"},
    {.text = "os.exit(1)",
     .message = "case.lua:1: 'os' is not for scripts: a script cannot reach outside of its run"},
    {.text = "local f = io.open('/etc/passwd')",
     .message = "case.lua:1: 'io' is not for scripts: a script cannot reach outside of its run"},
    {.text = "load('x')", .message = "case.lua:1: 'load' is not for scripts: a script is one file"},
    {.text = "require 'x'",
     .message = "case.lua:1: 'require' is not for scripts: a script is one file"},
    {.text = "print(1)",
     .message = "case.lua:1: 'print' is not for scripts: use note \"...\" or run:note(\"...\"): a "
                "line of the run's trace"},
    {.text = "local x = math.random()",
     .message = "case.lua:1: math.random: use run:random(), which follows the run's seed"},
    {.text = "local x = math.flor(1)",
     .message = "case.lua:1: math has no 'flor'; did you mean 'floor'?"},
    {.text = "local x = ('a'):gsub('a', 'b')",
     .message =
         "case.lua:1: string.gsub: scripts have no patterns; string.find looks for plain text"},
    {.text = "local x = string.format('%p', {})",
     .message = "case.lua:1: string.format: %p shows an address, which differs from run to run"},
    {.text = "local t = setmetatable({}, {})",
     .message = "case.lua:1: 'setmetatable' is not for scripts: tables of scripts are plain"},
    {.text = "local x = ('x'):rep(1e9)",
     .message = "case.lua:1: string.rep: expected a text and at most 65536 times, "
                "found the word 'x' and the number 1000000000.0"},
    {.text = "for k in pairs(host 'x') do end",
     .message = "case.lua:1: pairs: expected a table, found host x"},
    {.text = "for k in pairs { [{}] = 1 } do end",
     .message = "case.lua:1: pairs: expected keys that are numbers or strings, found a table"},

    /* No end. */
    {.text = "\nwhile true do end",
     .message = "case.lua:2: the script did not come to an end in 20 million steps; does a loop "
                "never end?"},
    {.text = "local s = 'x'\nwhile true do\n s = s .. 'x'\nend",
     .message = "case.lua:3: the script did not come to an end in 20 million steps; does a loop "
                "never end?"},
    {.text = "local t = {}\nwhile true do t[#t + 1] = { } end",
     .message =
         "case.lua: the script wants more than 64 MiB of memory; does a loop make tables or texts "
         "without end, or a function call itself?"},
    {.text = "local function f() return 1 + f() end\nreturn f()",
     .message = "case.lua: the script wants more than 64 MiB of memory; does a loop make tables or "
                "texts without end, or a function call itself?"},

    /* Quantities. */
    {.text = "local x = 5*ms + 3",
     .message =
         "case.lua:1: cannot add 5 ms (a time) and the number 3; give the number a unit: 3*ns"},
    {.text = "local x = 5*ms + 3*KiB",
     .message = "case.lua:1: cannot add 5 ms (a time) and 3 KiB (a size)"},
    {.text = "local x = 5*ms < 3*percent",
     .message = "case.lua:1: cannot compare 5 ms (a time) and 3% (a ratio)"},
    {.text = "local x = 5*ms == 3*B",
     .message = "case.lua:1: cannot compare 5 ms (a time) and 3 B (a size)"},
    {.text = "local x = 5*ms < 3",
     .message =
         "case.lua:1: cannot compare 5 ms (a time) and the number 3; give the number a unit: 3*ns"},
    {.text = "local x = 5*ms * (3*ms)",
     .message = "case.lua:1: cannot multiply 5 ms (a time) and 3 ms (a time)"},
    {.text = "local x = 5 / (2*KiB)",
     .message =
         "case.lua:1: cannot divide the number 5 and 2 KiB (a size); give the number a unit: 5*B"},
    {.text = "local x = (5*ms).amuont",
     .message = "case.lua:1: a quantity has no 'amuont'; there are: within"},
    {.text = "local x = 5*msec",
     .message = "case.lua:1: unknown word 'msec'; see shakedown list words"},
    {.text = "local x = each.loss < 1*percent",
     .message = "case.lua:1: each.loss has no value yet; in a function, write run.loss"},

    /* Machines. */
    {.text = "local h = host(5)",
     .message = "case.lua:1: host: expected a name of letters, digits, - and _ such as "
                "\"client\", found the number 5"},
    {.text = "local a = host 'x'\nlocal b = nat 'x'",
     .message = "case.lua:2: nat: there is a machine 'x' already, made on line 1"},
    {.text = "local h = host 'x' { cors = 2 }",
     .message = "case.lua:1: host: unknown field 'cors'; did you mean 'cores'?"},
    {.text = "local h = host 'x' { cores = 2*KiB }",
     .message = "case.lua:1: host.cores: expected a whole number such as 2, found 2 KiB (a size)"},
    {.text = "local h = host 'x' { cores = 100 }",
     .message =
         "case.lua:1: host.cores: expected a whole number from 1 to 64, found the number 100"},
    {.text = "local h = host 'x' { cpu = 'fast' }",
     .message = "case.lua:1: host.cpu: expected a cost table such as "
                "cost \"reference\", found the word 'fast'"},
    {.text = "local w = firewall 'w' {\n blocks = 'upd' }",
     .message = "case.lua:2: firewall.blocks: expected 'udp', found the word 'upd'"},
    {.text = "local w = firewall 'w' {\n blocks = { 'udp', 7 } }",
     .message = "case.lua:2: firewall.blocks: expected \"nothing\", \"udp\", \"esp\", "
                "\"tcp-options\", or a list of them, found a table"},
    {.text = "local w = firewall 'w' {\n drops = 'udp' }",
     .message = "case.lua:2: firewall: unknown field 'drops'; there are: blocks"},
    {.text = "local n = nat 'x' {\n mapping = 'adress-dependent' }",
     .message = "case.lua:2: nat.mapping: expected 'address-dependent', found the word "
                "'adress-dependent'"},
    {.text = "local g = hosts('x', 0)",
     .message = "case.lua:1: hosts: expected a whole number from 1 to 20000, found the number 0"},
    {.text = "local g = hosts('x', 3)\nlocal h = g[4]",
     .message = "case.lua:2: hosts x: expected 1 to 3, found 4"},
    {.text = "local h = host 'x'\nh:snd(1)",
     .message = "case.lua:2: host x cannot 'snd'; did you mean 'send'?"},
    {.text = "local h = host 'x'\nh:rebind 'port'",
     .message = "case.lua:2: host x cannot rebind; a nat can"},
    {.text = "local h = host 'x'\nh.connect(1)",
     .message = "case.lua:2: write a colon: x:connect(...), not a dot"},
    {.text = "local h = host 'x'\nh:connect(h)",
     .message = "case.lua:2: connect: host x cannot connect to itself"},
    {.text = "local h = host 'x'\nh:connect(5)",
     .message = "case.lua:2: connect: expected a host, found the number 5"},
    {.text = "local a, b = host 'a', host 'b'\na:send(b, 5)",
     .message = "case.lua:2: send: expected a size such as 64*KiB, found the number 5"},
    {.text = "local a, b = host 'a', host 'b'\na:connect(b):snd(5)",
     .message = "case.lua:2: nothing called 'snd' can follow a:connect; did you mean 'send'?"},
    {.text = "local a, b = host 'a', host 'b'\na:close(b):send(5*B)",
     .message = "case.lua:2: nothing called 'send' can follow a:close"},
    {.text = "local a, b = host 'a', host 'b'\na:request(b) { sise = 5*B }",
     .message = "case.lua:2: request: unknown field 'sise'; did you mean 'size'?"},
    {.text = "local a, b = host 'a', host 'b'\na:request(b) { size = 5*B }",
     .message = "case.lua:2: request.size: expected at least 36 B, found 5 B (a size)"},
    {.text = "local r = nat 'r'\nr:rebind { port = 5 }",
     .message = "case.lua:2: rebind.port: expected one of new, found the number 5"},
    {.text = "local r = nat 'r'\nr:rebind 'prot'",
     .message = "case.lua:2: rebind: expected 'port', found the word 'prot'"},

    /* Links. */
    {.text = "local l = link { host 'a' }",
     .message = "case.lua:1: link: expected two machines, found 1"},
    {.text = "local a = host 'a'\nlocal l = link { a, a }",
     .message = "case.lua:2: link: host a is on both ends"},
    {.text = "local l = link { host 'a', hosts('b', 2) }",
     .message = "case.lua:1: link: expected two machines, found hosts b; star { middle, b, ... } "
                "gives each a "
                "link"},
    {.text = "local l = link {\n  host 'a', host 'b',\n  delay = 25 }",
     .message = "case.lua:3: link.delay: expected a time such as 25*ms, found the number 25"},
    {.text = "local l = link {\n  host 'a', host 'b',\n  delay = 5*ms, rate = 10*ms }",
     .message = "case.lua:3: link.rate: expected a rate such as 10*Mbps, found 10 ms (a time)"},
    {.text = "local l = link { host 'a', host 'b', los = 1*percent }",
     .message = "case.lua:1: link: unknown field 'los'; did you mean 'loss'?"},
    {.text = "local l = link { host 'a', host 'b', loss = 120*percent }",
     .message = "case.lua:1: link.loss: expected at most 100%, found 120% (a ratio)"},
    {.text = "local l = link { host 'a', host 'b', delay = 0*s - 1*ms }",
     .message = "case.lua:1: link.delay: expected at least 0 ns, found -1 ms (a time)"},
    {.text = "local l = link { host 'a', host 'b', mtu = 10*B }",
     .message = "case.lua:1: link.mtu: expected at least 68 B, found 10 B (a size)"},
    {.text = "local l = link { host 'a', host 'b', drop = {3, 2} }",
     .message = "case.lua:1: link.drop: expected numbers of packets from 1 in rising order, such "
                "as {3, 5}, "
                "found a table"},
    {.text = "local l = link { host 'a', host 'b', forth = { los = 1 } }",
     .message = "case.lua:1: link.forth: unknown field 'los'; did you mean 'loss'?"},
    {.text = "local l = link { host 'a', host 'b', blackhole = { 3*s, 2*s } }",
     .message =
         "case.lua:1: link.blackhole: expected a black hole to end after it begins, found a table"},
    {.text = "local d = drop { 0 }",
     .message = "case.lua:1: drop: expected numbers of packets from 1 in rising "
                "order, such as {3, 5}, found a table"},
    {.text = "local c = cost(5)",
     .message = "case.lua:1: cost: expected the name of a cost table such as "
                "\"reference\", found the number 5"},

    /* Timelines. */
    {.text = "local e = at(5, stop())",
     .message = "case.lua:1: at: expected a time such as 25*ms, found the number 5"},
    {.text = "local e = at(0*s - 1*s, stop())",
     .message = "case.lua:1: at: expected a time from 0 on, found -1 s"},
    {.text = "local e = at(5*s, 6)",
     .message = "case.lua:1: at: expected an action such as client:connect(server), "
                "or a function(run, event), found the number 6"},
    {.text = "local e = on(host 'a', 'redy', stop())",
     .message = "case.lua:1: on: expected an event, found the word 'redy'; did you mean 'ready'?"},
    {.text = "local e = on(5, 'ready', stop())",
     .message = "case.lua:1: on: expected a machine, found the number 5"},
    {.text = "local e = every(0*s, stop())",
     .message = "case.lua:1: every: expected at least 1 ns, found 0 ns (a time)"},
    {.text = "local e = every(1*s, stop(), { form = 1*s })",
     .message = "case.lua:1: every: unknown field 'form'; did you mean 'from'?"},
    {.text = "local e = stop(5)",
     .message = "case.lua:1: stop: expected nothing, or why the run is unfinished in "
                "quotes, found the number 5"},
    {.text = "local e = after(5, stop())",
     .message = "case.lua:1: after: expected a time such as 25*ms, found the number 5"},
    {.text = "local a = addresses '10.0.0.0'",
     .message = "case.lua:1: addresses: expected a network such as "
                "\"198.51.100.0/24\", found the word '10.0.0.0'"},
    {.text = "local a = addresses '10.0.0.300/24'",
     .message = "case.lua:1: addresses: expected a network such as "
                "\"198.51.100.0/24\", found the word '10.0.0.300/24'"},

    /* Sweeps. */
    {.body = TIMELINE,
     .message = "case.lua:8: sweep: expected protocol = protocols.all or { \"tls13\" }, found no "
                "protocol"},
    {.body = "  sweep = { protocol = { \"tls\" } },\n" TIMELINE,
     .message = "case.lua:12: sweep.protocol: expected a protocol, found the word 'tls'; did you "
                "mean 'tls12'?"},
    {.body = "  sweep = { protocol = { \"tls13\" }, mode = { \"fersh\" } },\n" TIMELINE,
     .message =
         "case.lua:12: sweep.mode: expected a mode, found the word 'fersh'; did you mean 'fresh'?"},
    {.body = "  sweep = {\n    protocol = { \"tls13\" },\n    loss = 1*percent },\n" TIMELINE,
     .message =
         "case.lua:14: sweep.loss: expected values in braces such as { 1% }, found 1% (a ratio)"},
    {.body =
         "  sweep = {\n    protocol = { \"tls13\" },\n    loss = { 1*percent, 2*ms } },\n" TIMELINE,
     .message = "case.lua:14: sweep.loss: expected a ratio as before it, found 2 ms (a time)"},
    {.body = "  sweep = { protocol = { \"tls13\" }, loss = { 1*percent, 1*percent } },\n" TIMELINE,
     .message = "case.lua:12: sweep.loss: 1% (a ratio) is there twice"},
    {.body = "  sweep = { protocol = { \"tls13\" }, rtt = { 5*ns } },\n" TIMELINE,
     .message = "case.lua:12: sweep.rtt: expected a multiple of 1 us, found 5 ns (a time)"},
    {.body = "  sweep = { protocol = { \"tls13\" }, outcome = { 1 } },\n" TIMELINE,
     .message = "case.lua:12: sweep: the name 'outcome' means something else in functions; choose "
                "another"},
    {.body = "  sweep = { protocol = { \"tls13\" }, repeats = 5*s },\n" TIMELINE,
     .message =
         "case.lua:12: sweep.repeats: expected a whole number such as 30, found 5 s (a time)"},
    {.body = "  sweep = { protocol = { \"wireguard\" }, mode = { \"early\" } },\n" TIMELINE,
     .message = "the sweep is empty: wireguard has no mode early, or except leaves everything out",
     .code = SD_E_USAGE},
    {.body = "  sweep = { protocol = { \"tls13\" } },\n  timeline = { at(each.when, "
             "client:connect(server)), at(9*s, stop()) },\n",
     .message = "case.lua:13: each.when: expected a name of the sweep, found 'when'; there are: "
                "protocol, mode"},

    /* Impossible timelines. */
    {.body = SWEEP "  timeline = { at(0*s, client:connect(server)) },\n",
     .message = "case.lua:13: timeline: expected an end such as at(60*s, stop \"never finished\"), "
                "found none: the run would never stop"},
    {.body = SWEEP "  timeline = {\n    at(0*s, client:connect(server)),\n    at(70*s, "
                   "client:close(server)),\n    at(60*s, stop \"late\") },\n",
     .message = "case.lua:15: at: expected a time before the end at 60 s, found 70 s"},
    {.body = SWEEP "  timeline = { at(0*s, stop()), at(0*s, client:connect(server)) },\n",
     .message = "case.lua:13: timeline: expected to stop after the first action at 0 ns, found a "
                "stop at 0 ns"},
    {.body = SWEEP "  timeline = { at(9*s, stop()) },\n",
     .message = "case.lua:13: timeline: expected something that begins by itself, such as at(0*s, "
                "client:connect(server)), found none"},
    {.body = SWEEP "  timeline = { every(1*s, client:connect(server), { from = 3*s, to = 2*s }), "
                   "at(9*s, stop()) },\n",
     .message =
         "case.lua:13: every: expected from <= to <= the end at 9 s, found from = 3 s, to = 2 s"},
    {.body = SWEEP
     "  timeline = { at(0*s, attacker:flood(server) { rate = 5*pps }), at(9*s, stop()) },\n",
     .message = "case.lua:13: attacker:flood: expected a machine with a link, found host attacker "
                "without one"},
    {.text = "local a, b, c, d = host 'a', host 'b', host 'c', host 'd'\n"
             "return scenario { title = 'x', sweep = { protocol = { 'tls13' } },\n"
             "  network = { link { a, b }, link { c, d } },\n"
             "  agents = { a:runs { each.protocol }, c:runs { each.protocol } },\n"
             "  timeline = { at(0*s, a:connect(c)), at(1*s, stop()) } }",
     .message = "case.lua:5: a:connect: expected links that lead from a to c, found no way"},
    {.body = SWEEP "  timeline = { at(0*s, client:connect(attacker)), at(9*s, stop()) },\n",
     .message = "case.lua:13: client:connect: expected a machine with a link, found host attacker "
                "without one"},
    {.body = SWEEP "  timeline = { at(0*s, client:flood(server)), at(9*s, stop()) },\n",
     .message = "case.lua:13: flood.rate: expected a packet rate such as 1000*pps, found nothing"},
    {.body = SWEEP "  timeline = { at(0*s, client:flood(server) { rate = 5*pps, between = { 1*s, "
                   "10*s } }), at(9*s, stop()) },\n",
     .message = "case.lua:13: flood.between: expected to end before the end at 9 s"},
    {.body = SWEEP "  timeline = { at(0*s, client:flood(server) { rate = 5*pps, packet = "
                   "first_message \"tls12\" }), at(9*s, stop()) },\n",
     .message = "case.lua:13: flood.packet: expected the protocol of server, tls13, found 'tls12'"},
    {.body = SWEEP "  timeline = { at(0*s, client:connect(server)), on(router, \"ready\", stop()), "
                   "at(9*s, stop()) },\n",
     .message = "case.lua:13: on: nat router runs no protocol and is never \"ready\""},
    {.body = SWEEP "  timeline = { at(0*s, client:connect(server)), on(client, \"rebound\", "
                   "stop()), at(9*s, stop()) },\n",
     .message = "case.lua:13: on: expected a nat for \"rebound\", found host client"},
    {.body = SWEEP "  timeline = { at(0*s, client:connect(server)), stop() },\n",
     .message =
         "case.lua:13: timeline: expected at(0*s, client:connect(server)) as number 2, found stop"},

    {.body = SWEEP "  timeline = { at(0*s, client.connect(server)), at(9*s, stop()) },\n",
     .message = "case.lua:13: write a colon: client:connect(...), not a dot"},
    {.body = SWEEP "  timeline = { at(0*s, client:connect(server)), at(9*s, stop) },\n",
     .message = "case.lua:13: at: expected an action such as stop(...), with its brackets, found a "
                "function"},

    /* Measures, expectations, pictures. */
    {.body = SWEEP TIMELINE "  measure = { \"handshake.tme\" },\n",
     .message =
         "case.lua:14: measure: unknown metric 'handshake.tme'; did you mean 'handshake.time'?"},
    {.body = SWEEP TIMELINE "  measure = { \"server.cup\" },\n",
     .message = "case.lua:14: measure: unknown metric 'server.cup'; did you mean 'server.cpu'?"},
    {.body = SWEEP TIMELINE "  measure = { \"server.transfer.time\" },\n",
     .message = "case.lua:14: measure: 'transfer.time' is of the whole run, not of host server; "
                "write \"transfer.time\""},
    {.body = SWEEP TIMELINE "  measure = { \"router.success\" },\n",
     .message = "case.lua:14: measure: 'success' is of the run or of hosts, not of nat router; "
                "write \"success\""},
    {.body = SWEEP TIMELINE "  measure = { \"handshake.time\", \"handshake.time\" },\n",
     .message = "case.lua:14: measure: 'handshake.time' is there twice"},
    {.body = SWEEP TIMELINE "  measure = { x = 5 },\n",
     .message = "case.lua:14: measure.x: expected a function(r), found the number 5"},
    {.body = SWEEP TIMELINE "  measure = { x = function (r) return r.y end },\n",
     .message = "case.lua:14: result: unknown metric 'y'; see shakedown list metrics"},
    {.body = SWEEP TIMELINE "  measure = { x = function (r) return nil end },\n",
     .message = "case.lua:14: measure.x: its unit is not clear, because it gives nil where every "
                "metric has a value; name it with its unit, such as x_ns, x_bytes or x_ppm"},
    {.body = SWEEP TIMELINE "  measure = { x = function (r) return r.x end },\n",
     .message = "case.lua:14: measure.x: it asks for its own value"},
    {.body = SWEEP TIMELINE
     "  expect = { { \"x\", when = { los = 0*percent }, function (r) return true end } },\n",
     .message = "case.lua:14: expect.when: expected a name of the sweep, found 'los'; did you mean "
                "'loss'?"},
    {.body = SWEEP TIMELINE
     "  expect = { { \"x\", when = { loss = 0*ms }, function (r) return true end } },\n",
     .message =
         "case.lua:14: expect.when.loss: expected a ratio as in the sweep, found 0 ns (a time)"},
    {.body = SWEEP TIMELINE "  expect = { { function (r) return true end } },\n",
     .message = "case.lua:14: expect: expected { \"text\", when = { ... }, function (r) ... end } "
                "as number 1, found a table"},
    {.body = SWEEP TIMELINE "  plot = { x = \"rtt\", y = \"handshake.time\" },\n",
     .message = "case.lua:14: plot.x: expected a name of the sweep, found the word 'rtt'; there "
                "are: protocol, mode, loss"},
    {.body = SWEEP TIMELINE "  plot = { x = \"loss\", y = \"handshake.time\" },\n",
     .message = "case.lua:14: plot.y: expected one of measure, found the word 'handshake.time'"},
    {.body = SWEEP TIMELINE "  table = { by = { \"los\" } },\n",
     .message = "case.lua:14: table.by: expected a name of the sweep, found the word 'los'; did "
                "you mean 'loss'?"},
    {.body = SWEEP TIMELINE "  table = { columns = { { \"x\", stat = \"p95\" } } },\n",
     .message = "case.lua:14: table.columns: expected a metric for the p95 in 'x', found none"},
    {.body = SWEEP TIMELINE "  ladder = { window = { 3*s, 1*s } },\n",
     .message =
         "case.lua:14: ladder.window: expected the window to end after it begins, found a table"},

    /* --set. */
    {.body = SWEEP TIMELINE,
     .settings = "los=1%",
     .code = SD_E_USAGE,
     .message = "--set los: case sweeps no 'los'; did you mean 'loss'?"},
    {.body = SWEEP TIMELINE,
     .settings = "loss=5ms",
     .code = SD_E_USAGE,
     .message = "--set loss: expected a ratio such as 2%, found 5 ms (a time)"},
    {.body = SWEEP TIMELINE,
     .settings = "loss=5",
     .code = SD_E_USAGE,
     .message = "--set loss: expected a ratio such as 2%, found the number 5"},
    {.body = SWEEP TIMELINE,
     .settings = "loss=2pct",
     .code = SD_E_USAGE,
     .message = "--set loss: unknown unit 'pct' in '2pct'; did you mean 'ppm'?"},
    {.body = SWEEP TIMELINE,
     .settings = "loss=2%,2%",
     .code = SD_E_USAGE,
     .message = "--set loss: 2% is there twice"},
    {.body = SWEEP TIMELINE,
     .settings = "loss=0.00001%",
     .code = SD_E_USAGE,
     .message = "--set loss: expected a multiple of 0.0001%, found 1e-05% (a ratio)"},
    {.body = SWEEP TIMELINE,
     .settings = "protocol=tls",
     .code = SD_E_USAGE,
     .message = "--set protocol: expected a protocol, found 'tls'; did you mean 'tls12'?"},
    /* Probes. */
    {.body =
         SWEEP TIMELINE "  feature = \"FX\",\n  verdict = function (r) return yes \"so\" end,\n",
     .message = "case.lua:14: scenario.feature: expected 'FS', found the word 'FX'"},
    {.body = SWEEP TIMELINE "  feature = \"FS\",\n",
     .message = "case.lua:8: scenario.verdict: expected a function(r), found nothing"},
    {.body = SWEEP TIMELINE "  verdict = function (r) return yes \"so\" end,\n",
     .message = "case.lua:8: scenario.feature: expected the feature that the verdict is about, "
                "such as \"FS\", found nothing"},
    {.body = SWEEP TIMELINE "  feature = \"FS\",\n  verdict = \"yes\",\n",
     .message = "case.lua:15: scenario.verdict: expected a function(r), found the word 'yes'"},
    {.text = "\nlocal x = yes()",
     .message = "case.lua:2: yes: expected the reason in quotes, found nothing"},
    {.text = "\nlocal x = by_protocol { tls13 = 1,\n  tls14 = 2 }",
     .message = "case.lua:3: by_protocol: there is no protocol 'tls14'; did you mean 'tls12'?"},
    {.text = "\nlocal x = by_protocol \"tls13\"",
     .message = "case.lua:2: by_protocol: expected { default, tls13 = value, ... }, found the word "
                "'tls13'"},

    {.body = SWEEP TIMELINE,
     .settings = "mode=early,frsh",
     .code = SD_E_USAGE,
     .message = "--set mode: expected a mode, found 'frsh'; did you mean 'fresh'?"},
    {.body = SWEEP TIMELINE,
     .settings = "repeats=5",
     .code = SD_E_USAGE,
     .message = "--set repeats: write --repeats 5"},
};

static void refusals(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        char text[8192];
        struct sd_error error;
        if (row->body)
            snprintf(text, sizeof text, SCRIPT_HEAD "%s}\n", row->body);
        else
            snprintf(text, sizeof text, "%s", row->text);
        struct sd_scenario *s = script_load_set(text, row->settings ? row->settings : "", &error);
        sd_scenario_free(s);
        int code = row->code ? row->code : SD_E_SCENARIO;
        const char *found = s ? "(it loaded)" : error.text;
        if (strcmp(found, row->message) != 0 || error.code != code) {
            print_message("row %zu:\n%s\nexpected (%d): %s\nfound    (%d): %s\n", i,
                          row->body ? row->body : row->text, code, row->message, error.code, found);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, script_setup, script_teardown);
}
