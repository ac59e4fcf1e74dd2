/* Timelines over a double of the lab: what they ask of it, how runs end, what they measure. */
#include "tests/lua/fake_lab.h"
#include "tests/lua/script_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SWEEP   "  sweep = { protocol = { \"tls13\" }, what = { \"both\" }, wait = { 250*ms } },\n"
#define CONNECT "at(0*s, client:connect(server)), "
#define END     "at(9*s, stop \"late\") },\n"

static struct sd_scenario *load(const char *body)
{
    char text[8192];
    struct sd_error error;
    snprintf(text, sizeof text, SCRIPT_HEAD SWEEP "%s}\n", body);
    struct sd_scenario *s = script_load_set(text, "", &error);
    if (!s)
        fail_msg("%s\n%s", text, error.text);
    return s;
}

/* -- what a timeline asks of the lab -- */

static const struct story {
    const char *body;
    const char *log; /* after the start */
    enum sd_outcome outcome;
    const char *detail;
    struct fake_event events[4];
} stories[] = {
    {.body = "  timeline = { " CONNECT "on(client, \"ready\", stop()), " END,
     .log = "0.000 connect client server 0/0\n0.100 stop\n"},
    {.body = "  timeline = { " CONNECT END,
     .log = "0.000 connect client server 0/0\n9.000 stop\n",
     .outcome = SD_RUN_UNFINISHED,
     .detail = "late"},
    {.body = "  timeline = { at(1*s, client:request(server) { size = 1*KiB, reply = 2*KiB, "
             "close = true, datagram = true }), on(client, \"reply\", stop()), " END,
     .log = "1.000 connect client server 1024/2048 close datagram\n1.200 stop\n"},
    {.body = "  timeline = { at(0*s, client:request(server)), at(1*s, stop()) },\n",
     .log = "0.000 connect client server 256/256\n1.000 stop\n"},
    /* Chains wait for the event before. */
    {.body = "  timeline = { at(0*s, client:connect(server):send(5*KiB):close()), " END,
     .log = "0.000 connect client server 0/0\n0.100 send 1 client 5120\n1.100 close 1 client\n"
            "9.000 stop\n",
     .outcome = SD_RUN_UNFINISHED,
     .detail = "late"},
    {.body = "  timeline = { at(0*s, client:request(server):send(1*B)), at(2*s, stop()) },\n",
     .log = "0.000 connect client server 256/256\n0.200 send 1 client 1\n2.000 stop\n"},
    /* Events, and what they carry. */
    {.body = "  timeline = { " CONNECT "on(client, \"ready\", server:send(client, 4*MiB)),\n"
             "    on(client, \"received all\", function (run, event)\n"
             "      run:note(\"%s %s %s %s %s\", event.name, event.machine.name, event.at,\n"
             "        event.path.remote, run.what)\n"
             "      run:stop() end), " END,
     .log = "0.000 connect client server 0/0\n0.100 send 1 server 4194304\n"
            "1.100 note received all client 1.1 s 192.0.2.7:40000 both\n1.100 stop\n"},
    {.body = "  timeline = { " CONNECT "on(client, \"ready\", after(each.wait, "
             "client:rekey(server))), at(1*s, stop()) },\n",
     .log = "0.000 connect client server 0/0\n0.350 rekey 1 client\n"
            "0.350 note client:rekey: the right call at the wrong moment\n1.000 stop\n"},
    {.body = "  timeline = { every(2*s, note \"tick\", { from = 1*s, to = 5*s }), " END,
     .log = "1.000 note tick\n3.000 note tick\n5.000 note tick\n9.000 stop\n",
     .outcome = SD_RUN_UNFINISHED,
     .detail = "late"},
    {.body = "  timeline = { at(0*s, client:connect(server)), at(1*s, router:rebind(each.what)),\n"
             "    at(2*s, router:rebind { port = \"new\" }), at(3*s, client:move()),\n"
             "    on(router, \"rebound\", note \"new ports\"), at(4*s, stop()) },\n",
     .log = "0.000 connect client server 0/0\n1.000 rebind router 3\n1.000 note new ports\n"
            "2.000 rebind router 1\n2.000 note new ports\n3.000 move client\n4.000 stop\n"},
    {.body = "  timeline = { at(1*s, wan:set { delay = 50*ms, loss = 5*percent, "
             "back = drop {2, 4} }), at(2*s, stop()) },\n",
     .log = "1.000 set router server delay 50000000 rate 10000000 queue 0 mtu 0 forth loss 50000 "
            "burst 0 corrupt 0 back loss 50000 burst 0 corrupt 0 drop 2 drop 4\n2.000 stop\n"},
    {.body = "  timeline = { at(0*s, client:connect(server):stream { size = 100*B, every = 10*ms, "
             "last = 1*s }), at(2*s, stop()) },\n",
     .log = "0.000 connect client server 0/0\n0.100 stream 1 client 100 every 10000000 x 100\n"
            "2.000 stop\n"},
    {.body = "  timeline = { at(0*s, client:call(server) { video = 1*Mbps, last = 1*s }:close()), "
             "at(2*s, stop()) },\n",
     .log = "0.000 connect client server 0/0\n"
            "0.000 call 1 audio 160 video 1000000 playout 0 for 1000000000\n"
            "0.100 close 1 client\n2.000 stop\n"},
    /* Attackers. */
    {.body = "  timeline = { at(0*s, client:flood(server) { rate = 500*pps, between = { 1*s, 2*s "
             "},\n    source = addresses \"192.0.2.128/25\", packet = first_message(each.protocol) "
             "}),\n    at(3*s, stop()) },\n",
     .log = "0.000 flood client server 500 from c0000280/25 1000-2000 fresh\n3.000 stop\n"},
    {.body = "  timeline = { at(0*s, client:flood(server) { rate = 0*pps }), at(3*s, stop()) },\n",
     .log = "3.000 stop\n"},
    {.body = "  timeline = (function ()\n"
             "    local tape = router:record { from = client, what = \"data\", limit = 9 }\n"
             "    return { at(0*s, tape), at(1*s, client:replay(tape) { nth = 2, source = \"own\", "
             "copies = 3 }), at(2*s, client:replay(tape)), at(3*s, stop()) } end)(),\n",
     .log = "0.000 tap router client any data 9\n1.000 replay 0 client 1 x 3 own\n"
            "2.000 replay 0 client -1 x 1\n3.000 stop\n"},
    /* Failures: of a machine that connects, when nobody handles them. */
    {.body = "  timeline = { " CONNECT END,
     .log = "0.000 connect client server 0/0\n0.500 stop\n",
     .outcome = SD_RUN_FAILED,
     .detail = "client: error: bad certificate",
     .events = {{500 * SD_MS, "client", "error", "bad certificate"}}},
    {.body = "  timeline = { " CONNECT "at(3*s, stop()) },\n",
     .log = "0.000 connect client server 0/0\n3.000 stop\n",
     .events = {{500 * SD_MS, "server", "error", "bad certificate"}}},
    {.body = "  timeline = { " CONNECT "on(client, \"error\", function (run, event)\n"
             "      run:note(\"again after %s\", event.detail)\n"
             "      client:connect(server)(run) end), at(3*s, stop()) },\n",
     .log = "0.000 connect client server 0/0\n0.500 note again after an alert\n"
            "0.500 connect client server 0/0\n3.000 stop\n",
     .events = {{500 * SD_MS, "client", "error", "an alert"},
                {600 * SD_MS, "client", "reset", ""}}},
    {.body = "  timeline = { " CONNECT "at(3*s, function (run) run:stop(\"enough\") end), " END,
     .log = "0.000 connect client server 0/0\n3.000 stop\n",
     .outcome = SD_RUN_UNFINISHED,
     .detail = "enough"},
    /* Functions do, or hand on, what they make. */
    {.body = "  timeline = { " CONNECT "at(500*ms, function (run)\n"
             "      client:send(server, 2*KiB)(run)\n"
             "      after(1*s, client:close(server))(run)\n"
             "      after(2*s, function (run) stop()(run) end)(run)\n"
             "      local again = client:request(server)\n"
             "      again { size = 1*KiB } (run) end), " END,
     .log = "0.000 connect client server 0/0\n0.500 send 1 client 2048\n"
            "0.500 connect client server 1024/256\n1.500 close 2 client\n2.500 stop\n"},
    /* The first end counts. */
    {.body = "  timeline = { " CONNECT "on(client, \"ready\", stop()), on(client, \"ready\", "
             "stop \"twice\"), " END,
     .log = "0.000 connect client server 0/0\n0.100 stop\n"},
};

static void stories_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const struct story *story = &stories[i];
        struct sd_scenario *s = load(story->body);
        struct sd_run_result result;
        struct sd_error error = {0};
        fake_events = story->events;
        int rc = sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error);
        fake_events = NULL;
        if (rc < 0)
            fail_msg("%s\n%s", story->body, error.text);
        const char *log = strstr(fake_log, "start\n");
        assert_non_null(log);
        if (strcmp(log + 6, story->log) != 0)
            fail_msg("%s\nexpected:\n%sfound:\n%s", story->body, story->log, log + 6);
        if (result.outcome != story->outcome ||
            strcmp(result.detail, story->detail ? story->detail : "") != 0)
            fail_msg("%s\nexpected %s '%s', found %s '%s'", story->body,
                     sd_outcome_name(story->outcome), story->detail ? story->detail : "",
                     sd_outcome_name(result.outcome), result.detail);
        sd_scenario_free(s);
    }
}

/* -- the network and its agents -- */

static void network_built(void **state)
{
    (void)state;
    struct sd_error error;
    struct sd_scenario *s = script_load_set(
        "-- ?\n"
        "local all = hosts(\"c\", 2)\n"
        "local middle, home = router \"middle\", nat \"home\" { mapping = \"address-dependent\" }\n"
        "local server = host \"server\" { cores = 4, cpu = cost \"reference\" }\n"
        "return scenario { title = \"x\",\n"
        "  sweep = { protocol = { \"tls13\" }, rtt = { 40*ms }, loss = { 1*percent } },\n"
        "  network = { star { middle, all, home, delay = each.rtt / 4, loss = each.loss,\n"
        "                     forth = { loss = 0*percent, burst = 3 } },\n"
        "              link { middle, server, rate = 5*Mbps, queue = 10*KiB, mtu = 1280*B,\n"
        "                     blackhole = { 1*s, 2*s } } },\n"
        "  agents = { all:runs { each.protocol, mode = \"early\", alpn = \"h2\" },\n"
        "             server:runs { each.protocol, source_validation = \"always\", mutual = true,\n"
        "                           backlog = 77, anti_replay = \"off\" } },\n"
        "  timeline = { at(0*s, all:connect(server)), at(1*s, all:one():connect(server)),\n"
        "               at(1*s, all[1]:connect(server)), at(2*s, all:one():connect(server)),\n"
        "               at(3*s, stop()) } }",
        "", &error);
    if (!s)
        fail_msg("%s", error.text);
    struct sd_run_result result;
    if (sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error) < 0)
        fail_msg("%s", error.text);
    static const char expected[] =
        "0.000 host c1\n0.000 host c2\n0.000 router middle\n"
        "0.000 nat home mapping 1 timeout 0\n0.000 host server cores 4 cost reference\n"
        "0.000 link middle c1 delay 10000000 rate 0 queue 0 mtu 0 forth loss 0 burst 3 corrupt 0 "
        "back loss 10000 burst 0 corrupt 0\n"
        "0.000 link middle c2 delay 10000000 rate 0 queue 0 mtu 0 forth loss 0 burst 3 corrupt 0 "
        "back loss 10000 burst 0 corrupt 0\n"
        "0.000 link middle home delay 10000000 rate 0 queue 0 mtu 0 forth loss 0 burst 3 corrupt 0 "
        "back loss 10000 burst 0 corrupt 0\n"
        "0.000 link middle server delay 0 rate 5000000 queue 10240 mtu 1280 forth loss 0 burst 0 "
        "corrupt 0 black 1000-2000 back loss 0 burst 0 corrupt 0 black 1000-2000\n"
        "0.000 agent c1 tls13 early role 1 validation 0 backlog 0 alpn\n"
        "0.000 agent c2 tls13 early role 1 validation 0 backlog 0 alpn\n"
        "0.000 agent server tls13 fresh role 2 validation 1 backlog 77 mutual replayable\n"
        "0.000 start\n"
        "0.000 connect c1 server 0/0\n0.000 connect c2 server 0/0\n"
        "1.000 connect c1 server 0/0\n1.000 connect c1 server 0/0\n"
        "2.000 connect c2 server 0/0\n3.000 stop\n";
    assert_string_equal(fake_log, expected);
    assert_true(fake_config.seed == sd_scenario_seed(s, 0, 0));
    assert_false(fake_config.checksums);
    sd_scenario_free(s);
}

/* Weather is the same for every protocol and mode, and another for another loss or repeat. */
static void weather_in_common(void **state)
{
    (void)state;
    struct sd_scenario *s = load("  quick = { x = { 1 } }, timeline = { " CONNECT END);
    sd_scenario_free(s);
    char text[4096];
    struct sd_error error;
    snprintf(text, sizeof text,
             SCRIPT_HEAD "  sweep = { protocol = { \"tls12\", \"tls13\" }, loss = { 0*percent, "
                         "1*percent } },\n  timeline = { " CONNECT END "}");
    s = script_load_set(text, "", &error);
    assert_non_null(s);
    struct sd_run_result result;
    uint64_t weather[4], seed[4];
    for (size_t point = 0; point < 4; point++) {
        assert_int_equal(
            sd_scenario_run(s, &(struct sd_run_request){.point = point}, &result, &error), SD_OK);
        weather[point] = fake_config.weather;
        seed[point] = fake_config.seed;
    }
    assert_true(weather[0] == weather[2] && weather[1] == weather[3]);
    assert_true(weather[0] != weather[1]);
    assert_true(seed[0] != seed[2] && seed[0] != weather[0]);
    sd_scenario_run(s, &(struct sd_run_request){.repeat = 1}, &result, &error);
    assert_true(fake_config.weather != weather[0]);
    sd_scenario_free(s);
}

/* -- measures and expectations -- */

#define MEASURED                                                                                   \
    "  measure = { \"handshake.time\", \"cpu.server\", \"reply.time\",\n"                          \
    "    fine = function (r) return r.handshake.time < 1*s and r.outcome == \"ok\" end,\n"         \
    "    share = function (r) return r.server.cpu / r.handshake.time end,\n"                       \
    "    extra = function (r) return r.handshake.time - r.wait end,\n"                             \
    "    gone_ns = function (r) return r.reply.time end,\n"                                        \
    "    none = function (r) return r.fine and r[\"drops.replay.server\"] end },\n"                \
    "  timeline = { " CONNECT "at(3*s, stop()) },\n"

static const struct fake_metric measured[] = {
    {"handshake.time", NULL, 300 * SD_MS},
    {"cpu", "server", 30 * SD_MS},
    {"drops.replay", "server", 5},
    {NULL, NULL, 0},
};

static void measures_taken(void **state)
{
    (void)state;
    static const struct {
        const char *column;
        bool has;
        uint64_t value;
    } rows[] = {
        {"handshake_time_ns", true, 300 * SD_MS},
        {"cpu_ns_server", true, 30 * SD_MS},
        {"reply_time_ns", false, 0},
        {"extra_ns", true, 50 * SD_MS},
        {"fine", true, 1},
        {"gone_ns", false, 0},
        {"none", true, 5},
        {"share_ppm", true, 100000},
    };
    struct sd_scenario *s = load(MEASURED);
    struct sd_run_result result;
    struct sd_error error;
    fake_metrics = measured;
    if (sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error) < 0)
        fail_msg("%s", error.text);
    fake_metrics = NULL;
    assert_int_equal(sd_scenario_metrics(s), sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(sd_scenario_metric(s, i), rows[i].column);
        if (result.has[i] != rows[i].has || result.value[i] != rows[i].value)
            fail_msg("%s: expected %s %llu, found %s %llu", rows[i].column,
                     rows[i].has ? "" : "none", (unsigned long long)rows[i].value,
                     result.has[i] ? "" : "none", (unsigned long long)result.value[i]);
    }
    sd_scenario_free(s);
}

/* Of a group, some may fail; its conversations are measured with its name before the metric. */
static void crowds_are_measured(void **state)
{
    (void)state;
    struct sd_error error;
    struct sd_scenario *s = script_load_set(
        "-- ?\n"
        "local crowd, server = hosts(\"crowd\", 2), host \"server\"\n"
        "return scenario { title = \"x\",\n"
        "  sweep = { protocol = { \"tls13\" } }, network = { star { server, crowd } },\n"
        "  agents = { crowd:runs { each.protocol }, server:runs { each.protocol } },\n"
        "  timeline = { at(0*s, crowd:connect(server)), at(3*s, stop()) },\n"
        "  measure = { \"crowd.handshake.time\", \"success.crowd\", \"crowd1.attempts\", "
        "\"attempts\",\n"
        "    some = function (r) return r.crowd.success < 60*percent end } }",
        "", &error);
    if (!s)
        fail_msg("%s", error.text);
    static const struct fake_event events[] = {{500 * SD_MS, "crowd1", "error", "bad certificate"},
                                               {0}};
    fake_events = events;
    fake_metrics = (const struct fake_metric[]){{"handshake.time", "crowd2", 7},
                                                {"success", "crowd2", 500000},
                                                {"attempts", "crowd1", 1},
                                                {"attempts", NULL, 2},
                                                {NULL, NULL, 0}};
    struct sd_run_result result;
    int rc = sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error);
    fake_events = NULL;
    fake_metrics = NULL;
    if (rc < 0)
        fail_msg("%s", error.text);
    assert_string_equal(sd_outcome_name(result.outcome), "ok");
    static const struct {
        const char *column;
        uint64_t value;
    } expected[] = {{"handshake_time_ns_crowd", 7},
                    {"success_ppm_crowd", 500000},
                    {"attempts_crowd1", 1},
                    {"attempts", 2},
                    {"some", 1}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_string_equal(sd_scenario_metric(s, i), expected[i].column);
        assert_true(result.has[i]);
        assert_int_equal(result.value[i], expected[i].value);
    }
    sd_scenario_free(s);
}

static void expectations_judged(void **state)
{
    (void)state;
    struct sd_scenario *s = load(
        "  measure = { \"handshake.time\", twice = function (r) return 2 * r.handshake.time end "
        "},\n"
        "  timeline = { " CONNECT "at(3*s, stop()) },\n"
        "  expect = {\n"
        "    { \"holds\", function (r) return r.handshake.time:within(0*s, 1*s) end },\n"
        "    { \"fails\", function (r) return r.twice < 500*ms end },\n"
        "    { \"is not asked\", when = { what = \"port\" }, function (r) return false end },\n"
        "    { \"is asked\", when = { wait = { 250*ms, 1*s } }, function (r) return false end },\n"
        "    { \"has no value\", function (r) return r.reply.time < 1*s end },\n"
        "    { \"is known\", function (r) return known(r.handshake.time) and\n"
        "        not known(r.reply.time) and r.outcome == \"ok\" and r.server.drops == 9 end },\n"
        "    { \"gives nothing\", function (r) end },\n"
        "  },\n");
    struct sd_run_result result;
    struct sd_error error;
    fake_metrics = (const struct fake_metric[]){
        {"handshake.time", NULL, 300 * SD_MS}, {"drops", "server", 9}, {NULL, NULL, 0}};
    if (sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error) < 0)
        fail_msg("%s", error.text);
    fake_metrics = NULL;
    assert_int_equal(result.expectations, 6);
    assert_int_equal(result.expectations_failed, 4);
    static const char *const failed[] = {"fails", "is asked", "has no value", "gives nothing"};
    for (int i = 0; i < 4; i++)
        assert_string_equal(sd_scenario_expectation(s, result.failed[i]), failed[i]);
    assert_string_equal(result.detail, "reply.time has no value");
    sd_scenario_free(s);
}

/* -- scripts that go wrong while they run -- */

static const struct {
    const char *body, *message;
} mistakes[] = {
    {"  timeline = { at(0*s, function (run)\n    run:nte(\"x\") end), " END,
     "case.lua:14: run: expected a name of the sweep, now, service, carrier or a method, found "
     "'nte'; did "
     "you mean 'note'?"},
    {"  timeline = { at(0*s, function (run)\n    local x = nil + 1 end), " END,
     "case.lua:14: attempt to perform arithmetic on a nil value"},
    {"  timeline = { at(0*s, function (run)\n"
     "    local function again(r) after(0*s, again)(r) end\n    again(run) end), " END,
     "case.lua:14: expected virtual time to pass, found 200000 actions at 0 ns; give after() a "
     "delay"},
    {"  timeline = { at(0*s, function (run)\n    while true do end end), " END,
     "case.lua:14: the script did not come to an end in 20 million steps; does a loop never end?"},
    {"  timeline = { at(0*s, function (run)\n    server:send(client, 5)(run) end), " END,
     "case.lua:14: send: expected a size such as 64*KiB, found the number 5"},
    {"  timeline = { at(0*s, function (run)\n    server:send(client, 5*B)(run) end), " END,
     "case.lua:14: server:send: expected a session of server with client, found none yet; "
     "connect() "
     "first, and do this on(..., \"ready\", ...)"},
    {"  timeline = { " CONNECT "on(client, \"ready\", function (run, event)\n"
     "    run:note(event.path.remot) end), " END,
     "case.lua:14: event.path: expected remote or [\"local\"], found 'remot'"},
    {"  timeline = { " CONNECT "on(client, \"ready\", function (run, event)\n"
     "    run:note(event.datail) end), " END,
     "case.lua:14: event: expected at, machine, name, detail, code or path, found 'datail'"},
    {"  timeline = { at(0*s, function (run)\n    client:connect(server) end), " END,
     "case.lua:14: client:connect: expected the run in brackets behind it, as in "
     "client:connect(...)(run), found an action that nothing does"},
    {"  timeline = { at(0*s, function (run)\n    client:connect(server):send(1*KiB) end), " END,
     "case.lua:14: client:send: expected the run in brackets behind it, as in "
     "client:send(...)(run), "
     "found an action that nothing does"},
    {"  timeline = { at(0*s, function (run)\n    run.note(\"x\") end), " END,
     "case.lua:14: write a colon: run:note(...), not a dot"},
    {"  timeline = { at(0*s, function (run)\n    run.loss = 5 end), " END,
     "case.lua:14: run: its 'loss' cannot be set; use a local variable of the script"},
    {"  timeline = { at(0*s, note \"x\"), at(1*s, stop()) },\n"
     "  measure = { x = function (r)\n    return r.outcome == \"ok\" and 5*ms or 1 end },\n",
     NULL},
    {"  timeline = { at(0*s, note \"x\"), at(1*s, stop()) },\n"
     "  measure = { late_ns = function (r)\n    return known(r.reply.time) and 5*ms or 5*B end "
     "},\n",
     "case.lua:14: measure.late_ns: its column late_ns takes a value such as 25*ms, found 5 B (a "
     "size)"},
    {"  timeline = { at(0*s, note \"x\"), at(1*s, stop()) },\n"
     "  expect = { { \"x\", function (r)\n    return r.outcom == \"ok\" end } },\n",
     "case.lua:15: result: unknown metric 'outcom'; see shakedown list metrics"},
};

static void mistakes_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct sd_scenario *s = load(mistakes[i].body);
        struct sd_run_result result;
        struct sd_error error = {0};
        int rc = sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error);
        const char *found = strstr(error.text, "case.lua");
        if (!mistakes[i].message)
            assert_int_equal(rc, SD_OK);
        else if (rc != SD_E_SCENARIO || !found || strcmp(found, mistakes[i].message) != 0)
            fail_msg("%s\nexpected: %s\nfound:    %s (%d)", mistakes[i].body, mistakes[i].message,
                     error.text, rc);
        sd_scenario_free(s);
    }
}

/* No run sees what another left in the script's variables. */
static void runs_do_not_meet(void **state)
{
    (void)state;
    char text[4096];
    struct sd_error error;
    snprintf(text, sizeof text,
             "local count = 0\n" SCRIPT_HEAD SWEEP
             "  timeline = { at(0*s, function (run) count = count + 1\n"
             "      run:note(\"%%d %%.6f %%d\", count, run:random(), run:random(6)) end),\n"
             "    at(1*s, stop()) },\n}");
    struct sd_scenario *s = script_load_set(text, "", &error);
    if (!s)
        fail_msg("%s", error.text);
    struct sd_run_result result;
    char first[256];
    assert_int_equal(sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error), SD_OK);
    snprintf(first, sizeof first, "%s", strstr(fake_log, "note"));
    assert_non_null(strstr(first, "note 1 0."));
    assert_int_equal(sd_scenario_run(s, &(struct sd_run_request){.repeat = 1}, &result, &error),
                     SD_OK);
    assert_non_null(strstr(fake_log, "note 1 0."));
    assert_string_not_equal(strstr(fake_log, "note"), first);
    assert_int_equal(sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error), SD_OK);
    assert_string_equal(strstr(fake_log, "note"), first);
    sd_scenario_free(s);
}

static void errors_of_the_lab(void **state)
{
    (void)state;
    struct sd_scenario *s = load("  timeline = { " CONNECT END);
    struct sd_run_result result;
    struct sd_error error;
    struct sd_run_request request = {.trace_path = "/nowhere/x.jsonl"};
    assert_int_equal(sd_scenario_run(s, &request, &result, &error), SD_E_IO);
    assert_true(fake_config.trace);
    assert_string_equal(error.text, "cannot write /nowhere/x.jsonl");
    sd_scenario_free(s);

    char text[2048];
    snprintf(text, sizeof text,
             "local a, b = host \"a\", host \"b\"\n"
             "local wire = link { a, b,\n  delay = each.far }\n"
             "return scenario { title = \"x\", network = { wire },\n"
             "  sweep = { protocol = { \"tls13\" }, far = { 999*s } },\n"
             "  agents = { a:runs { each.protocol }, b:runs { each.protocol } },\n"
             "  timeline = { at(0*s, a:connect(b)), at(1*s, stop()) } }");
    s = script_load_set(text, "", &error);
    assert_non_null(s);
    assert_int_equal(sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error),
                     SD_E_SCENARIO);
    if (!strstr(error.text, "case.lua:2: the lab takes no delay of 999 s"))
        fail_msg("found %s", error.text);
    sd_scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_told),        cmocka_unit_test(network_built),
        cmocka_unit_test(weather_in_common),   cmocka_unit_test(measures_taken),
        cmocka_unit_test(crowds_are_measured), cmocka_unit_test(expectations_judged),
        cmocka_unit_test(mistakes_told),       cmocka_unit_test(runs_do_not_meet),
        cmocka_unit_test(errors_of_the_lab),
    };
    return cmocka_run_group_tests(tests, script_setup, script_teardown);
}
