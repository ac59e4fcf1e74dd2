/* Quantities, sweeps and seeds: what a script's numbers become in columns and cells. */
#include "tests/lua/script_file.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define TIMELINE "  timeline = { at(0*s, client:connect(server)), at(9*s, stop \"late\") },\n"

static struct sd_scenario *load(const char *body, const char *settings)
{
    char text[8192];
    struct sd_error error;
    snprintf(text, sizeof text, SCRIPT_HEAD "%s" TIMELINE "}\n", body);
    struct sd_scenario *s = script_load_set(text, settings, &error);
    if (!s)
        fail_msg("%s\n%s", text, error.text);
    return s;
}

/* -- quantities -- */

/* An expression as the only value of the sweep's x. */
static const struct {
    const char *expression, *column, *cell;
} expressions[] = {
    {"25*ms", "x_us", "25000"},
    {"ms*25", "x_us", "25000"},
    {"31.169*ms", "x_us", "31169"},
    {"1*s + 500*ms", "x_us", "1500000"},
    {"2*minutes - 60*s", "x_us", "60000000"},
    {"-(5*ms) + 6*ms", "x_us", "1000"},
    {"100*ms / 4", "x_us", "25000"},
    {"1000*ns", "x_us", "1"},
    {"10*Mbps", "x_bps", "10000000"},
    {"1.5*Gbps", "x_bps", "1500000000"},
    {"64*KiB", "x_bytes", "65536"},
    {"4*MiB / 2", "x_bytes", "2097152"},
    {"1*percent", "x_ppm", "10000"},
    {"0.1*percent", "x_ppm", "1000"},
    {"1.1*percent", "x_ppm", "11000"},
    {"0.0001*percent", "x_ppm", "1"},
    {"1000*pps", "x_pps", "1000"},
    /* Dimensions of products and quotients. */
    {"8*Mbps * (1*s)", "x_bytes", "1000000"},
    {"1*s * (8*Mbps)", "x_bytes", "1000000"},
    {"1000000*B / (1*s)", "x_bps", "8000000"},
    {"1000000*B / (8*Mbps)", "x_us", "1000000"},
    {"1000 / s", "x_pps", "1000"},
    {"1 / (1000*pps)", "x_us", "1000"},
    {"50*percent * (10*ms)", "x_us", "5000"},
    {"50*percent * (50*percent)", "x_ppm", "250000"},
    {"math.tointeger(1000*pps * (2*s))", "x", "2000"},
    {"math.tointeger((1*s) / (1*ms))", "x", "1000"},
    /* Counts and words. */
    {"7", "x", "7"},
    {"\"always\"", "x", "always"},
    {"\"a-b.c_d\"", "x", "a-b.c_d"},
    /* Lua's own, made safe. */
    {"#string.rep(\"ab\", 3)", "x", "6"},
    {"(string.find(\"a.b\", \".\"))", "x", "2"},
    {"string.format(\"%s-%d\", \"v\", 4)", "x", "v-4"},
    {"tostring(5*ms) == \"5 ms\" and 1 or 0", "x", "1"},
    {"tostring({})", "x", "table"},
    {"string.format(\"%s\", tostring)", "x", "function"},
    {"(function () local t = {3, 1}; table.insert(t, 1, 2); table.sort(t)\n"
     "  return table.concat(t, \"-\") end)()",
     "x", "1-2-3"},
    {"(function () local t = {5, 6, 7}; table.remove(t, 1)\n"
     "  return table.concat(t, \"-\") end)()",
     "x", "6-7"},
    {"(function () local k = \"\"; for n in pairs { b = 1, a = 1, [2] = 1, [1] = 1 } do\n"
     "  k = k .. n end return k end)()",
     "x", "12ab"},
};

static void quantities(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        char body[1024];
        snprintf(body, sizeof body, "  sweep = { protocol = { \"tls13\" }, x = { %s } },\n",
                 expressions[i].expression);
        struct sd_scenario *s = load(body, "");
        const char *column = sd_scenario_column(s, 2), *cell = sd_scenario_cell(s, 0, 2);
        if (strcmp(column, expressions[i].column) || strcmp(cell, expressions[i].cell))
            fail_msg("%s: expected %s %s, found %s %s", expressions[i].expression,
                     expressions[i].column, expressions[i].cell, column, cell);
        sd_scenario_free(s);
    }
}

/* What is typed behind --set, over a sweep of each kind. */
static const struct {
    const char *setting;
    size_t column;
    const char *cells; /* of the points, with spaces */
} settings[] = {
    {"rtt=31.169ms", 5, "31169"},
    {"rtt=31.169*ms", 5, "31169"},
    {"rtt=2s,500us", 5, "2000000 500"},
    {"rtt=1.5min", 5, "90000000"},
    {"loss=2%,0.05%", 3, "20000 500"},
    {"loss=0.7%", 3, "7000"},
    {"loss=150ppm", 3, "150"},
    {"rate=1000pps", 4, "1000"},
    {"size=2KiB", 6, "2048"},
    {"size=1GiB", 6, "1073741824"},
    {"count=12", 2, "12"},
    {"word=never,some-thing", 7, "never some-thing"},
};

static void settings_parsed(void **state)
{
    (void)state;
    static const char body[] =
        "  sweep = { protocol = { \"tls13\" }, rtt = { 1*ms }, loss = { 1*percent },\n"
        "            rate = { 1*pps }, size = { 1*B }, count = { 1 }, word = { \"a\" } },\n";
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct sd_scenario *s = load(body, settings[i].setting);
        char cells[256] = "";
        for (size_t point = 0; point < sd_scenario_points(s); point++)
            snprintf(cells + strlen(cells), sizeof cells - strlen(cells), "%s%s", point ? " " : "",
                     sd_scenario_cell(s, point, settings[i].column));
        if (strcmp(cells, settings[i].cells) != 0)
            fail_msg("--set %s: expected %s, found %s in column %s", settings[i].setting,
                     settings[i].cells, cells, sd_scenario_column(s, settings[i].column));
        sd_scenario_free(s);
    }
}

/* -- sweeps -- */

static const struct {
    const char *body, *settings;
    const char *points; /* "protocol mode ..." one point after the other */
} sweeps[] = {
    {"  sweep = { protocol = { \"tls12\", \"wireguard\" }, mode = { \"fresh\", \"early\" } },\n",
     "", "tls12 fresh, wireguard fresh"},
    {"  sweep = { protocol = { \"tls13\" }, mode = { \"early\", \"fresh\" }, b = { 1, 2 }, a = { 3 "
     "} },\n",
     "", "tls13 early 3 1, tls13 early 3 2, tls13 fresh 3 1, tls13 fresh 3 2"},
    {"  sweep = { protocol = { \"tls13\" }, b = { 1, 2 }, a = { 3, 4 } },\n"
     "  except = { { a = 3, b = 1 }, { a = 4, b = { 2 } } },\n",
     "", "tls13 fresh 3 2, tls13 fresh 4 1"},
    {"  sweep = { protocol = { \"tls13\" }, mode = { \"fresh\" } },\n", "protocol=wireguard,tls12",
     "wireguard fresh, tls12 fresh"},
    {"  sweep = { protocol = { \"wireguard\" } },\n", "mode=all",
     "wireguard fresh, wireguard psk, wireguard cookie"},
};

static void sweep_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++) {
        struct sd_scenario *s = load(sweeps[i].body, sweeps[i].settings);
        char points[1024] = "";
        for (size_t point = 0; point < sd_scenario_points(s); point++)
            for (size_t c = 0; c < sd_scenario_columns(s); c++)
                snprintf(points + strlen(points), sizeof points - strlen(points), "%s%s",
                         c       ? " "
                         : point ? ", "
                                 : "",
                         sd_scenario_cell(s, point, c));
        /* The order of a protocol's own modes is its business. */
        if (!strcmp(sweeps[i].settings, "mode=all"))
            assert_int_equal(sd_scenario_points(s), 3);
        else if (strcmp(points, sweeps[i].points) != 0)
            fail_msg("%s: expected\n%s\nfound\n%s", sweeps[i].body, sweeps[i].points, points);
        sd_scenario_free(s);
    }
}

static void every_protocol_and_mode(void **state)
{
    (void)state;
    struct sd_scenario *s = load("  sweep = { protocol = protocols.all, mode = modes.all },\n", "");
    bool seen = false;
    for (size_t point = 0; point < sd_scenario_points(s); point++)
        seen |= !strcmp(sd_scenario_cell(s, point, 0), "tls13") &&
                !strcmp(sd_scenario_cell(s, point, 1), "early");
    assert_true(seen);
    sd_scenario_free(s);
}

static void quick_and_repeats(void **state)
{
    (void)state;
    char text[4096];
    struct sd_error error;
    snprintf(text, sizeof text,
             SCRIPT_HEAD "  sweep = { protocol = { \"tls13\" }, x = { 1, 2, 3 }, repeats = 30 },\n"
                         "  quick = { x = { 2 }, repeats = 4 },\n" TIMELINE "}\n");
    static const struct {
        struct sd_scenario_config config;
        size_t points;
        uint32_t repeats;
    } rows[] = {
        {{.quick = false}, 3, 30},
        {{.quick = true}, 1, 4},
        {{.quick = true, .repeats = 7}, 1, 7},
        {{.repeats = 2}, 3, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_scenario *s = script_load(text, &rows[i].config, &error);
        assert_non_null(s);
        assert_int_equal(sd_scenario_points(s), rows[i].points);
        assert_int_equal(sd_scenario_repeats(s), rows[i].repeats);
        sd_scenario_free(s);
    }
}

/* -- seeds -- */

static size_t point_of(const struct sd_scenario *s, const char *protocol, const char *cell)
{
    for (size_t point = 0; point < sd_scenario_points(s); point++)
        if (!strcmp(sd_scenario_cell(s, point, 0), protocol) &&
            !strcmp(sd_scenario_cell(s, point, 2), cell))
            return point;
    fail_msg("no point %s %s", protocol, cell);
    return 0;
}

static void seeds_stay(void **state)
{
    (void)state;
    struct sd_scenario *few =
        load("  sweep = { protocol = { \"tls13\" }, loss = { 1*percent } },\n", "");
    struct sd_scenario *more = load("  sweep = { protocol = { \"tls12\", \"tls13\" },\n"
                                    "            loss = { 0*percent, 1*percent } },\n",
                                    "");
    uint64_t seed = sd_scenario_seed(few, 0, 3);
    assert_true(seed == sd_scenario_seed(more, point_of(more, "tls13", "10000"), 3));
    assert_true(seed != sd_scenario_seed(more, point_of(more, "tls12", "10000"), 3));
    assert_true(seed != sd_scenario_seed(more, point_of(more, "tls13", "0"), 3));
    assert_true(seed != sd_scenario_seed(few, 0, 2));
    sd_scenario_free(few);
    sd_scenario_free(more);
}

static void seeds_follow_the_base(void **state)
{
    (void)state;
    char text[4096];
    struct sd_error error;
    snprintf(text, sizeof text,
             SCRIPT_HEAD "  sweep = { protocol = { \"tls13\" } },\n" TIMELINE "}");
    struct sd_scenario *one =
        script_load(text, &(struct sd_scenario_config){.base_seed = 1}, &error);
    struct sd_scenario *two =
        script_load(text, &(struct sd_scenario_config){.base_seed = 2}, &error);
    assert_true(sd_scenario_seed(one, 0, 0) != sd_scenario_seed(two, 0, 0));
    sd_scenario_free(one);
    sd_scenario_free(two);
}

/* -- JSON -- */

static void described_as_json(void **state)
{
    (void)state;
    struct sd_scenario *s = load(
        "  tags = { \"a\", \"b\" }, chapter = 4,\n"
        "  sweep = { protocol = { \"tls13\" }, loss = { 0*percent, 2*percent }, rtt = { 50*ms },\n"
        "            repeats = 3 },\n"
        "  measure = { \"handshake.time\", \"cpu\",\n"
        "    kept = function (r) return r.outcome == \"ok\" end,\n"
        "    worth = function (r) return r.handshake.time / r.rtt end },\n"
        "  expect = { { \"says \\\"yes\\\"\", function (r) return true end } },\n"
        "  plot = { { x = \"loss\", y = \"handshake.time\", by = \"protocol\",\n"
        "             show = { \"median\", \"p95\" }, scale = \"log\", when = { loss = 0*percent } "
        "},\n"
        "           { name = \"c\", kind = \"cdf\", y = \"worth\", panel = \"loss\" } },\n"
        "  table = { by = { \"protocol\", \"loss\" },\n"
        "    columns = { \"ok\", { \"t\", \"handshake.time\", per = \"rtt\", decimals = 2 },\n"
        "                { \"c\", \"cpu.server\", stat = \"max\" } } },\n"
        "  ladder = { when = { protocol = \"tls13\" }, window = { 0*s, 1500*ms } },\n"
        "  answer = { of = \"worth\", when = { loss = 2*percent }, per = \"rtt\" },\n",
        "");
    static const char expected[] =
        "{\"name\":\"case\",\"title\":\"A test\",\"question\":\"Does it work?\",\"path\":\"PATH\","
        "\"chapter\":4,"
        "\"tags\":[\"a\",\"b\"],\"repeats\":3,\"quick\":false,"
        "\"columns\":[\"protocol\",\"mode\",\"loss_ppm\",\"rtt_us\"],"
        "\"metrics\":[\"handshake_time_ns\",\"cpu_ns_client\",\"cpu_ns_server\",\"kept\","
        "\"worth_ppm\"],"
        "\"sweep\":{\"protocol\":[\"tls13\"],\"mode\":[\"fresh\"],\"loss_ppm\":[\"0\",\"20000\"],"
        "\"rtt_us\":[\"50000\"]},"
        "\"measure\":[{\"name\":\"handshake.time\",\"column\":\"handshake_time_ns\",\"dim\":"
        "\"time\",\"what\":\"WHAT\"},"
        "{\"name\":\"cpu.client\",\"column\":\"cpu_ns_client\",\"dim\":\"time\",\"what\":\"WHAT\"},"
        "{\"name\":\"cpu.server\",\"column\":\"cpu_ns_server\",\"dim\":\"time\",\"what\":\"WHAT\"},"
        "{\"name\":\"kept\",\"column\":\"kept\",\"dim\":\"flag\",\"what\":\"WHAT\"},"
        "{\"name\":\"worth\",\"column\":\"worth_ppm\",\"dim\":\"ratio\",\"what\":\"WHAT\"}],"
        "\"plots\":[{\"name\":\"case\",\"title\":\"A test\",\"kind\":\"lines\",\"x\":\"loss_ppm\","
        "\"y\":\"handshake_time_ns\",\"by\":\"protocol\",\"panel\":null,"
        "\"show\":[\"median\",\"p95\"],\"scale\":\"log\",\"when\":{\"loss_ppm\":[\"0\"]}},"
        "{\"name\":\"c\",\"title\":\"A test\",\"kind\":\"cdf\",\"x\":null,\"y\":\"worth_ppm\","
        "\"by\":\"protocol\",\"panel\":\"loss_ppm\",\"show\":[\"median\"],\"scale\":\"linear\","
        "\"when\":{}}],"
        "\"tables\":[{\"name\":\"case\",\"title\":\"A test\",\"by\":[\"protocol\",\"loss_ppm\"],"
        "\"when\":{},\"columns\":[{\"name\":\"ok\",\"metric\":null,\"stat\":\"ok\"},"
        "{\"name\":\"t\",\"metric\":\"handshake_time_ns\",\"stat\":\"median\",\"per\":\"rtt_us\","
        "\"decimals\":2},"
        "{\"name\":\"c\",\"metric\":\"cpu_ns_server\",\"stat\":\"max\"}]}],"
        "\"ladders\":[{\"when\":{\"protocol\":[\"tls13\"]},\"from_ns\":0,\"to_ns\":1500000000}],"
        "\"answer\":{\"y\":\"worth_ppm\",\"when\":{\"loss_ppm\":[\"20000\"]},\"per\":\"rtt_us\","
        "\"say\":null},"
        "\"expectations\":[\"says \\\"yes\\\"\"]}";
    json_error_t why;
    json_t *found = json_loads(sd_scenario_json(s), 0, &why);
    if (!found)
        fail_msg("%s:\n%s", why.text, sd_scenario_json(s));
    /* What is the machine's or the metrics' own is not this test's business. */
    json_object_set_new(found, "path", json_string("PATH"));
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(found, "measure"), i, one)
        json_object_set_new(one, "what", json_string("WHAT"));
    char *text = json_dumps(found, JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert_string_equal(text, expected);
    free(text);
    json_decref(found);
    sd_scenario_free(s);
}

static void says_what_it_is(void **state)
{
    (void)state;
    struct sd_error error;
    struct sd_scenario *s = script_load_set(
        "-- What happens, and\n-- why?\n--\n-- Details.\n" SCRIPT_HEAD
        "  tags = { \"x\" }, sweep = { protocol = { \"tls13\" } },\n" TIMELINE "}\n",
        "", &error);
    assert_non_null(s);
    assert_string_equal(sd_scenario_question(s), "What happens, and why?");
    assert_string_equal(sd_scenario_name(s), "case");
    assert_string_equal(sd_scenario_title(s), "A test");
    assert_string_equal(sd_scenario_tags(s)[0], "x");
    assert_null(sd_scenario_tags(s)[1]);
    assert_int_equal(strlen(sd_scenario_sha256(s)), 64);
    sd_scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities),
        cmocka_unit_test(settings_parsed),
        cmocka_unit_test(sweep_order),
        cmocka_unit_test(every_protocol_and_mode),
        cmocka_unit_test(quick_and_repeats),
        cmocka_unit_test(seeds_stay),
        cmocka_unit_test(seeds_follow_the_base),
        cmocka_unit_test(described_as_json),
        cmocka_unit_test(says_what_it_is),
    };
    return cmocka_run_group_tests(tests, script_setup, script_teardown);
}
