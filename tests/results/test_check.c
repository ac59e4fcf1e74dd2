/* What a check finds: a row for each tolerance, just within and just outside, what vanished, what
 * is new, what was not run. */
#include "results/check.h"
#include "results/tolerance.h"
#include "tests/cmd/program.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char top[4096];
static struct sd_error error;

static int setup(void **state)
{
    (void)state;
    program_mktree(top, sizeof top);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_rmtree(top);
    return 0;
}

/* -- two folders of results -- */

/* A folder of one scenario "s" with one metric; its rows are points "a", "b", ... in order. */
struct folder {
    const char *name;
    const char *metric;
    unsigned repeats;
    const char *rows; /* "a:5,5,6 b:7,failed": cells of each repeat of each point */
    const char *seed, *openssl, *command, *expectations;
    bool quick;
};

static void put(const char *dir, const char *name, const char *text)
{
    char path[9000];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void write_rows(const struct folder *folder, const char *dir)
{
    char text[8192], list[1024], *points = NULL;
    size_t len = (size_t)snprintf(text, sizeof text,
                                  "protocol,mode,scenario,point,repeat,seed,outcome,detail,%s\n",
                                  folder->metric);
    snprintf(list, sizeof list, "%s", folder->rows);
    for (char *point = strtok_r(list, " ", &points); point; point = strtok_r(NULL, " ", &points)) {
        char *cells = NULL, *name = strtok_r(point, ":", &cells);
        unsigned repeat = 0;
        for (char *cell; (cell = strtok_r(NULL, ",", &cells)); repeat++) {
            bool number = *cell >= '0' && *cell <= '9', none = !strcmp(cell, "none");
            len += (size_t)snprintf(text + len, sizeof text - len, ",,s,%s,%u,0,%s,,%s\n", name,
                                    repeat, number || none ? "ok" : cell, number ? cell : "");
        }
    }
    put(dir, "runs.csv", text);
}

static void write_folder(const struct folder *folder, char *dir, size_t cap)
{
    char text[8192];
    snprintf(dir, cap, "%s/%s", top, folder->name);
    mkdir(dir, 0777);
    snprintf(
        text, sizeof text,
        "{\"shakedown_results\":1,\"command\":\"%s\",\"base_seed\":\"%s\",\"versions\":{"
        "\"openssl\":\"%s\",\"compiler\":\"%s\"},\"scenarios\":[{\"name\":\"s\",\"repeats\":%u,"
        "\"quick\":%s,\"columns\":[\"point\"],\"metrics\":[\"%s\"],\"expectations\":["
        "\"it works\",\"it is <quick> & \\\"small\\\"\"]}]}\n",
        folder->command ? folder->command : "shakedown run s", folder->seed ? folder->seed : "1",
        folder->openssl ? folder->openssl : "3.0.1", folder->name,
        folder->repeats ? folder->repeats : 1, folder->quick ? "true" : "false", folder->metric);
    put(dir, "manifest.json", text);
    snprintf(text, sizeof text, "scenario,run,expectation,ok\n%s",
             folder->expectations ? folder->expectations : "");
    put(dir, "expectations.csv", text);
    write_rows(folder, dir);
}

static struct sd_check *check_of(const struct folder *then, const struct folder *now)
{
    char a[8192], b[8192];
    struct sd_check *check;
    struct folder before = *then, after = *now;
    before.name = "then";
    after.name = "now";
    write_folder(&before, a, sizeof a);
    write_folder(&after, b, sizeof b);
    if (sd_check_make(&check, b, a, &error) < 0)
        fail_msg("sd_check_make: %s", error.text);
    return check;
}

/* -- tolerances -- */

/* Each row of the table at its edge: `good` is within, `bad` is not.  Steady and redrawn points
 * have one value three times; varying ones have others around their median. */
static const struct {
    const char *rule, *metric;
    enum sd_spread spread;
    unsigned long long baseline, good, bad;
} edges[] = {
    {"cpu_*", "cpu_ns_server", SD_STEADY, 1000000, 1010000, 1010001},
    {"cpu_*", "cpu_ns_server", SD_VARYING, 1000000, 1150000, 1150001},
    {"cpu_*", "cpu_ns_server", SD_VARYING, 2000, 3000, 3001},
    {"state_peak_bytes*", "state_peak_bytes_server", SD_STEADY, 10000, 12000, 12001},
    {"state_peak_bytes*", "state_peak_bytes_server", SD_VARYING, 100, 356, 357},
    {"half_open_peak*", "half_open_peak_server", SD_VARYING, 100, 110, 111},
    {"half_open_peak*", "half_open_peak_server", SD_VARYING, 3, 5, 6},
    {"amplification_ppm*", "amplification_ppm_server", SD_STEADY, 3000000, 3030000, 3030001},
    {"busy_ppm*", "busy_ppm", SD_REDRAWN, 10000, 10100, 10101},
    {"replays_accepted*", "replays_accepted_server", SD_VARYING, 0, 0, 1},
    {"delivered_twice*", "delivered_twice", SD_STEADY, 0, 0, 1},
    {"success_ppm*", "success_ppm", SD_STEADY, 1000000, 1000000, 999999},
    {"success_ppm*", "success_ppm", SD_VARYING, 900000, 800000, 799999},
    {"*_ns*", "handshake_time_ns", SD_STEADY, 100000000, 100100000, 100100001},
    {"*_ns*", "handshake_time_ns", SD_STEADY, 100000000, 99900000, 99899999},
    {"*_ns*", "handshake_time_ns", SD_REDRAWN, 100000000, 107000000, 107000001},
    {"*_ns*", "handshake_time_ns", SD_VARYING, 100000000, 115000000, 115000001},
    {"*_ns*", "handshake_time_ns", SD_VARYING, 100000000, 85000000, 84999999},
    {"*_ns*", "handshake_time_ns", SD_VARYING, 300000, 500000, 500001},
    {"*bytes*", "handshake_bytes_client", SD_REDRAWN, 1000, 1008, 1009},
    {"*bytes*", "handshake_bytes_client", SD_REDRAWN, 100000, 100100, 100101},
    {"*handshake_bytes*", "handshake_bytes_client", SD_VARYING, 1000, 1020, 1021},
    {"*handshake_bytes*", "handshake_bytes_client", SD_VARYING, 100, 84, 83},
    {"*handshake_count*", "handshake_count", SD_VARYING, 5, 6, 7},
    {"*", "handshake_bytes_client", SD_STEADY, 472, 472, 473},
    {"*", "handshake_bytes_client", SD_STEADY, 472, 472, 471},
    {"*", "handshake_count", SD_STEADY, 1, 1, 2},
    {"*", "handshake_packets_client", SD_REDRAWN, 4, 4, 5},
    {"*", "crypto_derive_server", SD_STEADY, 2, 2, 1},
    {"*", "net_retransmits", SD_VARYING, 100, 115, 116},
    {"*", "net_retransmits", SD_VARYING, 3, 5, 6},
};

static void rows_around(char *rows, size_t cap, unsigned long long value, bool varying)
{
    if (varying)
        snprintf(rows, cap, "a:%llu,%llu,%llu", value - (value > 0), value, value + 1);
    else
        snprintf(rows, cap, "a:%llu,%llu,%llu", value, value, value);
}

static void every_tolerance_ends_where_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        const char *metric = edges[i].metric;
        bool varying = edges[i].spread == SD_VARYING;
        if (strcmp(sd_tolerance_of(metric, edges[i].spread)->metric, edges[i].rule) != 0)
            fail_msg("%s: expected rule %s, found %s", metric, edges[i].rule,
                     sd_tolerance_of(metric, edges[i].spread)->metric);
        for (int bad = 0; bad < 2; bad++) {
            char before[128], after[128];
            rows_around(before, sizeof before, edges[i].baseline, varying);
            rows_around(after, sizeof after, bad ? edges[i].bad : edges[i].good, varying);
            struct folder then = {.metric = metric, .repeats = 3, .rows = before};
            struct folder now = {.metric = metric, .repeats = 3, .rows = after};
            now.seed = edges[i].spread == SD_REDRAWN ? "2" : "1";
            struct sd_check *check = check_of(&then, &now);
            if (sd_check_failures(check) != (size_t)bad)
                fail_msg("%s of %llu: %llu %s", metric, edges[i].baseline,
                         bad ? edges[i].bad : edges[i].good,
                         bad ? "was not caught" : "was not tolerated");
            sd_check_free(check);
        }
    }
}

/* So that a rule that is added gets its edge. */
static void every_rule_has_an_edge(void **state)
{
    (void)state;
    for (size_t rule = 0; rule < sd_tolerances_count; rule++) {
        bool tried = !strcmp(sd_tolerances[rule].metric, "ok"); /* below */
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
            tried =
                tried || sd_tolerance_of(edges[i].metric, edges[i].spread) == &sd_tolerances[rule];
        if (!tried)
            fail_msg("rule %zu, %s, has no row in this test", rule, sd_tolerances[rule].metric);
        if (!*sd_tolerances[rule].reason)
            fail_msg("rule %zu, %s, gives no reason", rule, sd_tolerances[rule].metric);
    }
}

/* -- outcomes, and what is there at all -- */

static void changes_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *what, *then, *now;
        size_t failures, count[SD_CHANGES];
        const char *command;
        bool quick;
    } rows[] = {
        {"the same", "a:5 b:6", "a:5 b:6", 0, {0}, NULL, false},
        {"another order is the same", "a:5 b:6", "b:6 a:5", 0, {0}, NULL, false},
        {"one point of two", "a:5 b:6", "a:5 b:7", 1, {[SD_CHANGE_WORSE] = 1}, NULL, false},
        {"steady: one run of three, though not the median",
         "a:5,5,5",
         "a:5,5,9",
         1,
         {[SD_CHANGE_WORSE] = 1},
         NULL,
         false},
        {"steady: one run lower", "a:5,5,5", "a:1,5,5", 1, {[SD_CHANGE_WORSE] = 1}, NULL, false},
        {"a run fails now", "a:5,5,5", "a:5,5,failed", 2, {[SD_CHANGE_WORSE] = 2}, NULL, false},
        {"all ended, now none", "a:5", "a:unfinished", 2, {[SD_CHANGE_WORSE] = 2}, NULL, false},
        /* A value where there was none is told, that runs end otherwise is a change. */
        {"none ended, now all", "a:failed", "a:5", 2, {[SD_CHANGE_WORSE] = 2}, NULL, false},
        {"varying: a tenth fewer",
         "a:1,2,3,4,5,6,7,8,9,failed",
         "a:1,2,3,4,5,6,7,8,failed,failed",
         0,
         {[SD_CHANGE_TOLERATED] = 1},
         NULL,
         false},
        {"varying: two tenths fewer",
         "a:1,2,3,4,5,6,7,8,9,failed",
         "a:1,2,3,4,5,6,7,failed,failed,failed",
         1,
         {[SD_CHANGE_WORSE] = 1},
         NULL,
         false},
        {"varying: more end well",
         "a:1,2,3,4,5,6,7,failed,failed,failed",
         "a:1,2,3,4,5,6,7,8,9,10",
         0,
         {[SD_CHANGE_TOLERATED] = 1},
         NULL,
         false},
        {"nothing to measure on both sides", "a:none", "a:none", 0, {0}, NULL, false},
        {"measured now", "a:none", "a:5", 0, {[SD_CHANGE_NEW] = 1}, NULL, false},
        {"measured no more", "a:5", "a:none", 1, {[SD_CHANGE_VANISHED] = 1}, NULL, false},
        {"a new point", "a:5", "a:5 b:6", 0, {[SD_CHANGE_NEW] = 1}, NULL, false},
        {"a point is gone", "a:5 b:6", "b:6", 1, {[SD_CHANGE_VANISHED] = 1}, NULL, false},
        {"left out by --set",
         "a:5 b:6",
         "b:6",
         0,
         {[SD_CHANGE_LEFT_OUT] = 1},
         "shakedown run s --set point=b",
         false},
        {"left out by --quick", "a:5 b:6", "b:6", 0, {[SD_CHANGE_LEFT_OUT] = 1}, NULL, true},
        {"but what is there counts",
         "a:5 b:6",
         "b:7",
         1,
         {[SD_CHANGE_LEFT_OUT] = 1, [SD_CHANGE_WORSE] = 1},
         "shakedown run s --set point=b",
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned repeats = 1;
        for (const char *at = strchr(rows[i].then, ':'); *at && *at != ' '; at++)
            repeats += *at == ',';
        struct folder then = {.metric = "count", .repeats = repeats, .rows = rows[i].then};
        struct folder now = {.metric = "count", .repeats = repeats, .rows = rows[i].now};
        now.command = rows[i].command;
        now.quick = rows[i].quick;
        struct sd_check *check = check_of(&then, &now);
        bool good = sd_check_failures(check) == rows[i].failures;
        for (int change = 0; change < SD_CHANGES; change++)
            good = good && check->count[change] == rows[i].count[change];
        if (!good) {
            struct sd_text text = {0};
            sd_check_print(check, true, &text);
            fail_msg("%s: expected %zu failures, found %zu:\n%s", rows[i].what, rows[i].failures,
                     sd_check_failures(check), text.text);
        }
        sd_check_free(check);
    }
}

/* Further repeats had other weather: only those that both have are compared. */
static void repeats_in_common_are_compared(void **state)
{
    (void)state;
    struct folder few = {.metric = "count", .repeats = 2, .rows = "a:10,20"};
    struct folder many = {.metric = "count", .repeats = 4, .rows = "a:10,20,500,600"};
    struct sd_check *check = check_of(&few, &many);
    assert_int_equal(check->rows, 0);
    sd_check_free(check);
    check = check_of(&many, &few);
    assert_int_equal(check->rows, 0);
    sd_check_free(check);
}

/* Another seed or library draws other numbers and is compared accordingly; another compiler is
 * not. */
static void other_draws_are_said(void **state)
{
    (void)state;
    struct folder then = {.metric = "handshake_bytes", .rows = "a:1000"};
    struct folder now = {.metric = "handshake_bytes", .rows = "a:1001"};
    struct sd_check *check = check_of(&then, &now);
    assert_null(check->draws);
    assert_int_equal(sd_check_failures(check), 1);
    sd_check_free(check);
    now.seed = "7";
    check = check_of(&then, &now);
    assert_string_equal(check->draws, "base_seed 1, now 7");
    assert_int_equal(sd_check_failures(check), 0);
    sd_check_free(check);
    now.seed = NULL;
    now.openssl = "3.0.2";
    check = check_of(&then, &now);
    assert_string_equal(check->draws, "openssl 3.0.1, now 3.0.2");
    assert_int_equal(sd_check_failures(check), 0);
    sd_check_free(check);
}

static void a_metric_or_column_that_is_gone_fails(void **state)
{
    (void)state;
    struct folder then = {.metric = "count", .rows = "a:5"};
    struct folder now = {.metric = "amount", .rows = "a:5"};
    struct sd_check *check = check_of(&then, &now);
    assert_int_equal(check->count[SD_CHANGE_VANISHED], 1);
    assert_int_equal(check->count[SD_CHANGE_NEW], 1);
    assert_int_equal(sd_check_failures(check), 1);
    sd_check_free(check);
}

/* -- words -- */

static void the_table_and_junit_say_it(void **state)
{
    (void)state;
    struct folder then = {.metric = "handshake_time_ns", .rows = "a:100000000 b:6 c:7"};
    struct folder now = {
        .metric = "handshake_time_ns",
        .rows = "a:150000000 b:6",
        .expectations = "s,s-a-r0,\"it is <quick> & \"\"small\"\"\",0\n"
                        "s,s-b-r0,\"it is <quick> & \"\"small\"\"\",0\n"
                        "s,s-a-r0,it works,1\n",
    };
    struct sd_check *check = check_of(&then, &now);
    struct sd_text text = {0};
    sd_check_print(check, false, &text);
    assert_string_equal(
        text.text,
        "expectations: 1 of 2 hold\n\n"
        "| scenario | expectation             | runs | the first |\n"
        "|----------|-------------------------|-----:|-----------|\n"
        "| s        | it is <quick> & \"small\" |    2 | s-a-r0    |\n\n"
        "baseline: 2 points, 4 values compared: 1 changed, 1 vanished, 0 within their tolerance, "
        "0 new, 0 not run\n\n"
        "| scenario | point   | metric            | baseline |       now | tolerance | verdict  |\n"
        "|----------|---------|-------------------|---------:|----------:|-----------|----------|\n"
        "| s        | point=a | handshake_time_ns |   100 ms |    150 ms | ±0.1%     | CHANGED  |\n"
        "| s        | point=c |                   |    there | not there |           | VANISHED "
        "|\n");
    free(text.text);
    text = (struct sd_text){0};
    sd_check_junit(check, &text);
    assert_string_equal(
        text.text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"shakedown check\">\n"
        "  <testsuite name=\"s\" tests=\"5\" failures=\"3\">\n"
        "    <testcase classname=\"s\" name=\"expectation: it works\"/>\n"
        "    <testcase classname=\"s\" name=\"expectation: it is &lt;quick&gt; &amp; "
        "&quot;small&quot;\">\n"
        "      <failure message=\"in runs: 2, the first: s-a-r0\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"s\" name=\"baseline: point=a\">\n"
        "      <failure message=\"values that differ: 1\">\n"
        "CHANGED handshake_time_ns: baseline 100 ms, now 150 ms, tolerance ±0.1%: a byte more in a "
        "packet moves a link's time; a round trip is far more\n"
        "      </failure>\n"
        "    </testcase>\n"
        "    <testcase classname=\"s\" name=\"baseline: point=b\"/>\n"
        "    <testcase classname=\"s\" name=\"baseline: point=c\">\n"
        "      <failure message=\"vanished\">\n"
        "VANISHED: baseline there, now not there\n"
        "      </failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
    free(text.text);
    sd_check_free(check);
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct folder folder = {.name = "good", .metric = "count", .rows = "a:5"};
    struct sd_check *check;
    char dir[8192], nowhere[8192];
    write_folder(&folder, dir, sizeof dir);
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", top);
    assert_int_equal(sd_check_make(&check, nowhere, dir, &error), SD_E_IO);
    assert_non_null(strstr(error.text, "nowhere/manifest.json"));
    assert_int_equal(sd_check_make(&check, dir, nowhere, &error), SD_E_IO);
    assert_non_null(strstr(error.text, "nowhere/manifest.json"));
    assert_int_equal(sd_check_make(&check, dir, NULL, &error), SD_OK);
    assert_false(check->compared);
    assert_int_equal(sd_check_failures(check), 0);
    sd_check_free(check);
    put(dir, "expectations.csv", "scenario,run\n");
    assert_int_equal(sd_check_make(&check, dir, NULL, &error), SD_E_IO);
    assert_non_null(strstr(error.text, "expected a column 'expectation'"));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(every_tolerance_ends_where_it_says),
        ROW(every_rule_has_an_edge),
        ROW(changes_are_found),
        ROW(repeats_in_common_are_compared),
        ROW(other_draws_are_said),
        ROW(a_metric_or_column_that_is_gone_fails),
        ROW(the_table_and_junit_say_it),
        ROW(what_cannot_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
