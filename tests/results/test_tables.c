/* Groups, units, and tables as golden text. */
#include "results/groups.h"
#include "results/tables.h"
#include "results/units.h"
#include "tests/cmd/program.h"
#include "tests/results/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sd_error error;

/* Loss before rtt, as a sweep sorted by name has them; rtt in an order of its own; one run never
 * ended, one scenario is another. */
static const char rows[] =
    "protocol,mode,scenario,loss_ppm,rtt_us,repeat,seed,outcome,detail,time_ns,size_bytes\n"
    "tls12,fresh,a,0,80000,0,1,ok,,160000000,1000\n"
    "tls12,fresh,a,0,80000,1,2,ok,,160000001,1000\n"
    "tls12,fresh,a,0,40000,0,3,ok,,80000000,1000\n"
    "tls12,fresh,a,0,40000,1,4,ok,,82000000,1000\n"
    "tls12,fresh,a,25000,80000,0,5,ok,,1160000000,30000\n"
    "tls12,fresh,a,25000,80000,1,6,unfinished,stopped,,\n"
    "tls13,early,a,0,80000,0,7,ok,,100000000,2000\n"
    "tls13,early,a,0,80000,1,8,failed,refused,,\n"
    "tls13,fresh,b,,,0,9,ok,,5,\n";

static struct sd_frame *frame_of(const char *text)
{
    struct sd_frame *frame;
    size_t len = strlen(text);
    if (sd_frame_parse(&frame, strdup(text), len, "runs.csv", &error) < 0)
        fail_msg("%s", error.text);
    return frame;
}

/* -- groups -- */

static void groups_are_sorted_by_the_order_of_the_sweep(void **state)
{
    (void)state;
    static const char *const by[] = {"protocol", "rtt_us", "loss_ppm"};
    static const char *const expected[][3] = {
        {"tls12", "80000", "0"},
        {"tls12", "80000", "25000"},
        {"tls12", "40000", "0"},
        {"tls13", "80000", "0"},
    };
    static const size_t runs[] = {2, 2, 2, 2};
    struct sd_frame *frame = frame_of(rows);
    struct sd_query query = {.scenario = "a", .by = by, .bys = 3};
    struct sd_groups *groups;
    assert_int_equal(sd_groups_make(&groups, frame, &query, &error), SD_OK);
    assert_int_equal(sd_groups_count(groups), 4);
    for (size_t g = 0; g < 4; g++) {
        const size_t *row;
        for (size_t i = 0; i < 3; i++)
            assert_string_equal(sd_groups_cell(groups, g, i), expected[g][i]);
        assert_int_equal(sd_groups_rows(groups, g, &row), runs[g]);
        assert_true(row[0] < row[1]);
    }
    sd_groups_free(groups);
    sd_frame_free(frame);
}

static void conditions_select_rows(void **state)
{
    (void)state;
    static const char *const zero[] = {"0"}, *const two[] = {"tls12", "tls13"};
    static const char *const none[] = {"quic"};
    static const struct {
        const char *scenario;
        struct sd_condition when[2];
        size_t whens, n;
    } table[] = {
        {"a", {{0}}, 0, 8},
        {"b", {{0}}, 0, 1},
        {NULL, {{0}}, 0, 9},
        {"c", {{0}}, 0, 0},
        {"a", {{"loss_ppm", zero, 1}}, 1, 6},
        {"a", {{"loss_ppm", zero, 1}, {"protocol", two, 1}}, 2, 4},
        {"a", {{"protocol", two, 2}}, 1, 8},
        {"a", {{"protocol", none, 1}}, 1, 0},
    };
    struct sd_frame *frame = frame_of(rows);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sd_query query = {
            .scenario = table[i].scenario, .when = table[i].when, .whens = table[i].whens};
        struct sd_groups *groups;
        struct sd_ask ask = {.stat = SD_STAT_N};
        struct sd_value n = {0};
        assert_int_equal(sd_groups_make(&groups, frame, &query, &error), SD_OK);
        if (sd_groups_count(groups))
            assert_int_equal(sd_groups_stat(groups, 0, &ask, &n, &error), SD_OK);
        if (n.number != table[i].n)
            fail_msg("row %zu: expected %zu runs, found %llu", i, table[i].n,
                     (unsigned long long)n.number);
        sd_groups_free(groups);
    }
    sd_frame_free(frame);
}

/* All of loss 0 and rtt 80 ms of tls12: 160000000 and 160000001 ns. */
static void statistics_are_exact(void **state)
{
    (void)state;
    static const char *const by[] = {"protocol", "loss_ppm", "rtt_us"};
    static const struct {
        struct sd_ask ask;
        size_t group;
        enum sd_value_kind kind;
        uint64_t number;
    } table[] = {
        {{"time_ns", NULL, 0, SD_STAT_MEDIAN}, 0, SD_VALUE_KNOWN, 160000000},
        {{"time_ns", NULL, 0, SD_STAT_MAX}, 0, SD_VALUE_KNOWN, 160000001},
        {{"time_ns", NULL, 1, SD_STAT_MEAN}, 0, SD_VALUE_KNOWN, 1600000005},
        {{"time_ns", "rtt_us", 2, SD_STAT_MEDIAN}, 0, SD_VALUE_KNOWN, 200},
        /* 82 ms / 40 ms = 2.05, rounded to a tenth 2.1 */
        {{"time_ns", "rtt_us", 2, SD_STAT_MAX}, 1, SD_VALUE_KNOWN, 205},
        {{"time_ns", "rtt_us", 1, SD_STAT_MAX}, 1, SD_VALUE_KNOWN, 21},
        {{"time_ns", "rtt_us", 0, SD_STAT_MAX}, 1, SD_VALUE_KNOWN, 2},
        /* not two times: bytes per microsecond, 1000 / 80000 = 0.0125 */
        {{"size_bytes", "rtt_us", 4, SD_STAT_MEDIAN}, 0, SD_VALUE_KNOWN, 125},
        /* divided by zero: nothing to measure */
        {{"time_ns", "loss_ppm", 2, SD_STAT_MEDIAN}, 0, SD_VALUE_NONE, 0},
        {{"time_ns", NULL, 0, SD_STAT_MEDIAN}, 2, SD_VALUE_KNOWN, 1160000000},
        {{"time_ns", NULL, 0, SD_STAT_P75}, 2, SD_VALUE_NEVER, 0},
        {{NULL, NULL, 0, SD_STAT_UNFINISHED}, 2, SD_VALUE_KNOWN, 1},
        {{NULL, NULL, 3, SD_STAT_RATE}, 2, SD_VALUE_KNOWN, 500000},
    };
    struct sd_frame *frame = frame_of(rows);
    struct sd_query query = {.scenario = "a", .by = by, .bys = 3};
    struct sd_groups *groups;
    assert_int_equal(sd_groups_make(&groups, frame, &query, &error), SD_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sd_value found;
        assert_int_equal(sd_groups_stat(groups, table[i].group, &table[i].ask, &found, &error),
                         SD_OK);
        if (found.kind != table[i].kind || found.number != table[i].number)
            fail_msg("row %zu: expected kind %d, %llu; found kind %d, %llu", i, table[i].kind,
                     (unsigned long long)table[i].number, found.kind,
                     (unsigned long long)found.number);
    }
    sd_groups_free(groups);
    sd_frame_free(frame);
}

static void wrong_columns_are_told(void **state)
{
    (void)state;
    static const char *const by[] = {"protocl"};
    struct sd_frame *frame = frame_of(rows);
    struct sd_query query = {.by = by, .bys = 1};
    struct sd_groups *groups;
    assert_int_equal(sd_groups_make(&groups, frame, &query, &error), SD_E_ARG);
    assert_string_equal(error.text, "expected a column of runs.csv, found 'protocl'; did you mean "
                                    "protocol?");
    query = (struct sd_query){.scenario = "a"};
    assert_int_equal(sd_groups_make(&groups, frame, &query, &error), SD_OK);
    static const struct sd_ask asks[] = {
        {"tim_ns", NULL, 0, SD_STAT_MEAN},
        {NULL, NULL, 0, SD_STAT_MEAN},
        {"time_ns", "rt_us", 0, SD_STAT_MEAN},
        {"time_ns", NULL, 10, SD_STAT_MEAN},
    };
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        struct sd_value value;
        assert_int_equal(sd_groups_stat(groups, 0, &asks[i], &value, &error), SD_E_ARG);
    }
    sd_groups_free(groups);
    sd_frame_free(frame);
}

/* -- units -- */

static void units_are_read_from_names(void **state)
{
    (void)state;
    static const struct {
        const char *column;
        uint64_t number;
        const char *words;
    } table[] = {
        {"rtt_us", 50000, "50 ms"},
        {"rtt_us", 31169, "31.169 ms"},
        {"rtt_us", 31, "31 µs"},
        {"delay_s", 2, "2 s"},
        {"delay_ms", 1500, "1.5 s"},
        {"time_ns", 0, "0 ns"},
        {"cpu_ns_server", 150000, "0.15 ms"},
        {"loss_ppm", 20000, "2%"},
        {"loss_ppm", 1, "0.0001%"},
        {"loss_ppm", 0, "0%"},
        {"size_bytes", 65536, "64 KiB"},
        {"size_bytes", 4194304, "4 MiB"},
        {"size_bytes", 1500, "1500 B"},
        {"rate_bps", 10000000, "10 Mbit/s"},
        {"rate_bps", 1000000000, "1 Gbit/s"},
        {"rate_bps", 56000, "56 kbit/s"},
        {"rate_pps", 20000, "20000/s"},
        {"answer", 3, "3"},
        {"ns", 7, "7 ns"},
        {"time_ns", 18446744073709551615u, "18446744073.709553 s"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char words[64];
        sd_unit_words(table[i].column, table[i].number, words, sizeof words);
        /* A double has 53 bits: of the largest number the first digits count. */
        if (strncmp(words, table[i].words, strlen(table[i].words) > 12 ? 12 : 64) != 0)
            fail_msg("%s %llu: expected %s, found %s", table[i].column,
                     (unsigned long long)table[i].number, table[i].words, words);
    }
}

static void cells_say_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *column, *cell, *words;
    } table[] = {
        {"protocol", "tls13", "tls13"},
        {"mode", "0", "0"},
        {"loss_ppm", "20000", "loss=2%"},
        {"rtt_us", "31169", "rtt=31.169ms"},
        {"rate_pps", "1000", "rate=1000/s"},
        {"defence", "never", "defence=never"},
        {"lost", "3", "lost=3"},
        {"size_bytes", "", "size_bytes="},
        {"rtt_us", "-1", "rtt_us=-1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char words[64];
        sd_cell_words(table[i].column, table[i].cell, words, sizeof words);
        assert_string_equal(words, table[i].words);
    }
}

/* -- tables -- */

static const char manifest[] =
    "{\"shakedown_results\":1,\"scenarios\":[{\"name\":\"a\",\"title\":\"A | title\",\"columns\":"
    "[\"protocol\",\"mode\",\"loss_ppm\",\"rtt_us\"],\"metrics\":[\"time_ns\",\"size_bytes\"],"
    "\"measure\":[],\"tables\":["
    "{\"name\":\"a\",\"title\":\"Times\",\"by\":[\"protocol\",\"mode\",\"rtt_us\",\"loss_ppm\"],"
    "\"when\":{},\"columns\":[{\"name\":\"n\",\"stat\":\"n\"},{\"name\":\"p50_ns\",\"metric\":"
    "\"time_ns\",\"stat\":\"p50\"},{\"name\":\"p95_ns\",\"metric\":\"time_ns\",\"stat\":\"p95\"},"
    "{\"name\":\"size_bytes\",\"metric\":\"size_bytes\",\"stat\":\"max\"},"
    "{\"name\":\"send_rtts\",\"metric\":\"time_ns\",\"stat\":\"median\",\"per\":\"rtt_us\","
    "\"decimals\":2},{\"name\":\"all_well\",\"stat\":\"rate\"}]},"
    "{\"name\":\"few\",\"by\":[\"mode\"],\"when\":{\"protocol\":\"tls13\"},\"columns\":"
    "[{\"name\":\"worst_ns\",\"metric\":\"time_ns\",\"stat\":\"max\"}]}]},"
    "{\"name\":\"b\",\"title\":\"B\",\"columns\":[\"protocol\",\"mode\"],\"metrics\":[\"time_ns\","
    "\"size_bytes\"],\"measure\":[{\"name\":\"time\",\"column\":\"time_ns\"},{\"name\":\"size\","
    "\"column\":\"size_bytes\"}],\"tables\":[]}]}";

static struct sd_tables *tables_of(const char *json, int expected)
{
    json_error_t why;
    struct sd_tables *tables;
    json_t *root = json_loads(json, 0, &why);
    if (!root)
        fail_msg("%s: %s", why.text, json);
    int rc = sd_tables_make(&tables, root, frame_of(rows), "DIR", &error);
    if (rc != expected)
        fail_msg("expected %d, found %d: %s", expected, rc, error.text);
    return tables;
}

static void prints(const struct sd_tables *tables, size_t table, enum sd_grid_format format,
                   const char *expected)
{
    struct sd_text text = {0};
    if (sd_tables_text(tables, table, format, &text, &error) < 0)
        fail_msg("%s", error.text);
    if (strcmp(text.text, expected) != 0)
        fail_msg("expected\n%s\nfound\n%s", expected, text.text);
    free(text.text);
}

static void tables_print_as_golden_text(void **state)
{
    (void)state;
    struct sd_tables *tables = tables_of(manifest, SD_OK);
    assert_int_equal(sd_tables_count(tables), 3);
    assert_string_equal(sd_tables_name(tables, 1), "few");
    assert_string_equal(sd_tables_title(tables, 1), "A | title");
    assert_string_equal(sd_tables_scenario(tables, 2), "b");
    prints(
        tables, 0, SD_GRID_MARKDOWN,
        "## Times\n\n"
        "| protocol | mode  | RTT (ms) | loss (%) |   n | p50 (ms) | p95 (ms) | size bytes | send "
        "RTTs | all well (%) |\n"
        "|----------|-------|---------:|---------:|----:|---------:|---------:|-----------:|------"
        "----:|-------------:|\n"
        "| tls12    | fresh |       80 |      0.0 |   2 |    160.0 |    160.0 |       1000 |      "
        "2.00 |        100.0 |\n"
        "| tls12    | fresh |       80 |      2.5 |   2 |   1160.0 |        ∞ |          ∞ |     "
        "14.50 |         50.0 |\n"
        "| tls12    | fresh |       40 |      0.0 |   2 |     80.0 |     82.0 |       1000 |      "
        "2.00 |        100.0 |\n"
        "| tls13    | early |       80 |      0.0 |   2 |    100.0 |        ∞ |          ∞ |      "
        "1.25 |         50.0 |\n"
        "\n∞: that many runs did not get so far.\n");
    prints(tables, 0, SD_GRID_CSV,
           "protocol,mode,rtt_us,loss_ppm,n,p50_ns,p95_ns,size_bytes,send_rtts,all_well\n"
           "tls12,fresh,80000,0,2,160000000,160000001,1000,2.00,1000000\n"
           "tls12,fresh,80000,25000,2,1160000000,,,14.50,500000\n"
           "tls12,fresh,40000,0,2,80000000,82000000,1000,2.00,1000000\n"
           "tls13,early,80000,0,2,100000000,,,1.25,500000\n");
    prints(tables, 1, SD_GRID_JSON,
           "{\"name\": \"few\", \"title\": \"A | title\", \"scenario\": \"a\", \"rows\": [\n"
           "  {\"mode\": \"early\", \"worst_ns\": null}\n]}");
    /* A scenario that asks for no table. */
    prints(tables, 2, SD_GRID_MARKDOWN,
           "## B\n\n"
           "| protocol | mode  |   n |  ok | time (ns) | size bytes |\n"
           "|----------|-------|----:|----:|----------:|-----------:|\n"
           "| tls13    | fresh |   1 |   1 |         5 |          – |\n"
           "\n–: there is nothing of the kind to measure.\n");
    sd_tables_free(tables);
}

static void markdown_escapes_bars_and_counts_letters(void **state)
{
    (void)state;
    struct sd_grid grid = {0};
    struct sd_text text = {0};
    sd_grid_column(&grid, "a|b", false);
    sd_grid_column(&grid, "µ", true);
    sd_grid_cell(&grid, "x|y|z");
    sd_grid_cell(&grid, "∞");
    sd_grid_cell(&grid, "é");
    sd_grid_cell(&grid, "1000");
    sd_grid_print(&grid, SD_GRID_MARKDOWN, &text);
    assert_string_equal(text.text, "| a\\|b    |    µ |\n"
                                   "|---------|-----:|\n"
                                   "| x\\|y\\|z |    ∞ |\n"
                                   "| é       | 1000 |\n");
    free(text.text);
    text = (struct sd_text){0};
    sd_grid_print(&grid, SD_GRID_TEXT, &text);
    assert_string_equal(text.text, "a|b       µ\n"
                                   "x|y|z     ∞\n"
                                   "é      1000\n");
    free(text.text);
    sd_grid_free(&grid);
}

static void a_wrong_table_is_told(void **state)
{
    (void)state;
#define TABLE(t) "{\"scenarios\":[{\"name\":\"a\",\"tables\":[" t "]}]}"
    static const struct {
        const char *json, *why;
        bool early; /* already when loaded */
    } table[] = {
        {TABLE("{\"name\":\"../x\",\"by\":[\"mode\"],\"columns\":[]}"), "can be those of files",
         true},
        {TABLE("{\"name\":\".x\",\"by\":[\"mode\"],\"columns\":[]}"), "can be those of files",
         true},
        {"{\"scenarios\":[{\"tables\":[{\"by\":[\"mode\"]}]}]}", "can be those of files", true},
        {"{\"scenarios\":[7]}", "can be those of files", true},
        {TABLE("{\"by\":7,\"columns\":[]}"), "expected \"by\" to be a list of columns", false},
        {TABLE("{\"by\":[7],\"columns\":[]}"), "expected \"by\" to be a list of columns", false},
        {TABLE("{\"columns\":[]}"), "expected at least one column", false},
        {TABLE("{\"by\":[\"colour\"],\"columns\":[]}"), "found 'colour'", false},
        {TABLE("{\"when\":{\"mode\":7},\"by\":[\"mode\"]}"), "expected \"when\"", false},
        {TABLE("{\"columns\":[{\"stat\":\"n\"}]}"), "with \"name\" and \"stat\"", false},
        {TABLE("{\"columns\":[{\"name\":\"x\",\"stat\":\"p42\"}]}"), "expected \"stat\" to be",
         false},
        {TABLE("{\"columns\":[{\"name\":\"x\",\"stat\":\"mean\"}]}"), "expected a metric for mean",
         false},
        {TABLE("{\"columns\":[{\"name\":\"x\",\"stat\":\"mean\",\"metric\":\"time\"}]}"),
         "found 'time'", false},
        {TABLE("{\"columns\":[{\"name\":\"x\",\"stat\":\"n\",\"decimals\":10}]}"),
         "expected \"decimals\" between 0 and 9", false},
        {TABLE("{\"columns\":[{\"name\":\"x\",\"stat\":\"n\",\"decimals\":-1}]}"),
         "expected \"decimals\" between 0 and 9", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        error = (struct sd_error){0};
        struct sd_tables *tables = tables_of(table[i].json, table[i].early ? SD_E_IO : SD_OK);
        struct sd_text text = {0};
        if (tables)
            assert_int_equal(sd_tables_text(tables, 0, SD_GRID_CSV, &text, &error), SD_E_IO);
        if (!strstr(error.text, table[i].why) || !strstr(error.text, "DIR/manifest.json: "))
            fail_msg("%s: expected '%s', found '%s'", table[i].json, table[i].why, error.text);
        free(text.text);
        sd_tables_free(tables);
    }
}

static void two_tables_of_one_name_are_both_there(void **state)
{
    (void)state;
    struct sd_tables *tables =
        tables_of("{\"scenarios\":[{\"name\":\"a\",\"tables\":[{\"name\":\"t\"}]},{\"name\":\"b\","
                  "\"tables\":[{\"name\":\"t\"}]}]}",
                  SD_OK);
    assert_string_equal(sd_tables_name(tables, 0), "t");
    assert_string_equal(sd_tables_name(tables, 1), "b-t");
    sd_tables_free(tables);
}

static void tables_are_written_beside_the_rows(void **state)
{
    (void)state;
    char dir[4096], folder[4200];
    program_mktree(dir, sizeof dir);
    struct sd_store_config config = test_config(dir, false);
    struct sd_store *store;
    assert_int_equal(sd_store_create(&store, &config, &error), SD_OK);
    assert_int_equal(sd_tables_write(dir, &error), SD_E_IO);
    assert_non_null(strstr(error.text, "runs.csv: No such file or directory; its runs were "
                                       "interrupted: finish them with --resume"));
    assert_int_equal(test_add_all(store, &error), SD_OK);
    assert_int_equal(sd_store_finish(store, 0, &error), SD_OK);
    assert_int_equal(sd_tables_write(dir, &error), SD_OK);
    snprintf(folder, sizeof folder, "%s/tables", dir);
    char *csv = program_file(folder, "alpha.csv"), *md = program_file(folder, "beta.md");
    assert_string_equal(csv, "protocol,loss_ppm,n,ok,time_ns\n"
                             "x,0,2,2,100\n"
                             "x,20000,2,2,102\n"
                             "y,0,2,1,104\n"
                             "y,20000,2,2,106\n");
    assert_non_null(md);
    free(csv);
    free(md);
    program_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_sorted_by_the_order_of_the_sweep),
        cmocka_unit_test(conditions_select_rows),
        cmocka_unit_test(statistics_are_exact),
        cmocka_unit_test(wrong_columns_are_told),
        cmocka_unit_test(units_are_read_from_names),
        cmocka_unit_test(cells_say_what_they_are),
        cmocka_unit_test(tables_print_as_golden_text),
        cmocka_unit_test(markdown_escapes_bars_and_counts_letters),
        cmocka_unit_test(a_wrong_table_is_told),
        cmocka_unit_test(two_tables_of_one_name_are_both_there),
        cmocka_unit_test(tables_are_written_beside_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
