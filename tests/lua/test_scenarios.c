/* The scenarios of the source tree, in real simulations: they load, their expectations hold, and
 * the numbers are those of the specifications. */
#include "lua/scenario.h"
#include "sim/core/env.h"
#include "sim/core/root.h"
#include "tests/lua/tree.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>

static struct sd_scenario *load(const char *name, const char *settings, bool quick,
                                uint32_t repeats)
{
    char path[600];
    snprintf(path, sizeof path, "scenarios/%s", name);
    return tree_scenario(path, settings, quick, repeats);
}

static void run(struct sd_scenario *s, size_t point, uint32_t repeat, struct sd_run_result *result)
{
    struct sd_error error = {0};
    if (sd_scenario_run(s, &(struct sd_run_request){.point = point, .repeat = repeat}, result,
                        &error) < 0)
        fail_msg("%s", error.text);
}

static const char *words_of(const struct sd_scenario *s, size_t point)
{
    static char words[512];
    *words = '\0';
    for (size_t c = 0; c < sd_scenario_columns(s); c++)
        snprintf(words + strlen(words), sizeof words - strlen(words), " %s=%s",
                 sd_scenario_column(s, c), sd_scenario_cell(s, point, c));
    return words;
}

/* -- all of them -- */

static size_t load_folder(const char *folder)
{
    struct sd_error error = {0};
    char path[4096], name[512];
    snprintf(path, sizeof path, "%s/scenarios/%s", sd_root(&error), folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    struct dirent *entry;
    size_t found = 0;
    while ((entry = readdir(dir))) {
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 4, ".lua") != 0)
            continue;
        snprintf(name, sizeof name, "%s%s", folder, entry->d_name);
        for (int quick = 0; quick < 2; quick++) {
            struct sd_scenario *s = load(name, "", quick, 0);
            const char *question = sd_scenario_question(s);
            if (!strchr(question, '?') && !strchr(question, '.'))
                fail_msg("%s opens without its question: '%s'", name, question);
            json_t *json = json_loads(sd_scenario_json(s), 0, NULL);
            assert_non_null(json);
            json_decref(json);
            assert_true(sd_scenario_points(s) > 0);
            sd_scenario_free(s);
        }
        found++;
    }
    closedir(dir);
    return found;
}

static void all_load(void **state)
{
    (void)state;
    assert_true(load_folder("") >= 5);
    assert_true(load_folder("features/") >= 31);
    assert_true(load_folder("labs/") >= 1);
}

/* -- runs whose expectations hold -- */

static const struct {
    const char *name, *settings;
    uint32_t repeats;
    bool may_not_finish; /* "unfinished" is an answer, too */
} rows[] = {
    {.name = "handshake-rtt.lua", .settings = "", .repeats = 1},
    {.name = "handshake-loss.lua", .settings = "loss=0%,5%", .repeats = 3},
    {.name = "first-packet-loss.lua", .settings = "lost=0,1 answer=0", .repeats = 1},
    {.name = "nat-rebinding.lua",
     .settings = "rebind=both moment=after-ready mode=fresh",
     .repeats = 1,
     .may_not_finish = true},
    {.name = "nat-rebinding.lua",
     .settings = "rebind=port moment=after-ready mode=reference",
     .repeats = 1,
     .may_not_finish = true},
    {.name = "nat-rebinding.lua",
     .settings = "rebind=port moment=after-1s protocol=wireguard",
     .repeats = 1},
    {.name = "replay.lua", .settings = "moment=ended", .repeats = 1},
    {.name = "labs/watch-a-handshake.lua", .settings = "", .repeats = 1},
    {.name = "labs/idle-behind-a-nat.lua", .settings = "", .repeats = 1, .may_not_finish = true},
    {.name = "labs/forged-end.lua", .settings = "", .repeats = 1},
    {.name = "spoofed-flood.lua",
     .settings = "rate=0pps,1000pps protocol=tls13,dtls12 defence=default,always",
     .repeats = 1},
};

static void expectations_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_scenario *s = load(rows[i].name, rows[i].settings, false, rows[i].repeats);
        for (size_t point = 0; point < sd_scenario_points(s); point++)
            for (uint32_t repeat = 0; repeat < rows[i].repeats; repeat++) {
                struct sd_run_result result;
                run(s, point, repeat, &result);
                if (result.outcome != SD_RUN_OK &&
                    !(rows[i].may_not_finish && result.outcome == SD_RUN_UNFINISHED))
                    fail_msg("%s%s: expected ok, found %s: %s", rows[i].name, words_of(s, point),
                             sd_outcome_name(result.outcome), result.detail);
                if (result.expectations_failed)
                    fail_msg("%s%s: expected that %s; it does not (%s)", rows[i].name,
                             words_of(s, point), sd_scenario_expectation(s, result.failed[0]),
                             result.detail);
            }
        sd_scenario_free(s);
    }
}

/* -- the same again -- */

static void same_again(void **state)
{
    (void)state;
    struct sd_scenario *s = load("handshake-loss.lua", "loss=10% mode=all", false, 2);
    for (size_t point = 0; point < sd_scenario_points(s); point++) {
        struct sd_run_result one, two;
        run(s, point, 1, &one);
        run(s, point, 1, &two);
        if (memcmp(&one, &two, sizeof one) != 0)
            fail_msg("%s: the second run of one seed differs from the first", words_of(s, point));
    }
    sd_scenario_free(s);
}

/* -- WireGuard's closed form -- */

/* Mean handshake time under independent loss p each way: RTT + 5.1665 s * q / (1 - q) with
 * q = 1 - (1 - p)^2; the wait of one attempt is 5 s and a mean jitter of 166.5 ms. */
static void wireguard_closed_form(void **state)
{
    (void)state;
    enum { RUNS = 400 };
    struct sd_scenario *s =
        load("handshake-loss.lua", "protocol=wireguard loss=10% rate=1Gbps", false, RUNS);
    assert_string_equal(sd_scenario_metric(s, 0), "handshake_time_ns");
    double sum = 0;
    for (uint32_t repeat = 0; repeat < RUNS; repeat++) {
        struct sd_run_result result;
        run(s, 0, repeat, &result);
        assert_true(result.has[0]);
        sum += (double)result.value[0] / 1e9;
    }
    sd_scenario_free(s);
    double q = 1 - 0.9 * 0.9;
    double expected = 0.050 + 5.1665 * q / (1 - q), deviation = 5.1665 * sqrt(q) / (1 - q);
    double found = sum / RUNS, error = deviation / sqrt(RUNS);
    if (fabs(found - expected) > 3 * error)
        fail_msg("mean handshake time: expected %.3f s +- %.3f s, found %.3f s", expected,
                 3 * error, found);
}

static int setup(void **state)
{
    (void)state;
    return sd_core_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_load),
        cmocka_unit_test(expectations_hold),
        cmocka_unit_test(same_again),
        cmocka_unit_test(wireguard_closed_form),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
