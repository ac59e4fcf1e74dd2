/* Scenarios as people write them (tests/lua/examples), as they are, in real simulations. */
#include "lua/scenario.h"
#include "sim/core/env.h"
#include "tests/lua/tree.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ABSENT                                                                                     \
    {                                                                                              \
        1, 0                                                                                       \
    }

static const struct row {
    const char *name, *settings;
    enum sd_outcome outcome;
    const char *detail;
    struct {
        const char *column;
        struct {
            uint64_t least, most;
        } value;
    } cells[5];
} rows[] = {
    {.name = "loss",
     .settings = "protocol=tls13 loss=0%",
     .cells = {{"handshake_time_ns", {100000000, 102000000}},
               {"handshake_flights", {5, 5}},
               {"cpu_ns_server", ABSENT}}},
    {.name = "loss", .settings = "protocol=wireguard loss=0%,10%"},
    {.name = "rebinding",
     .settings = "protocol=wireguard rebind=1s",
     .cells = {{"survives", {1, 1}},
               {"handshake_count", {1, 1}},
               {"migrated_count", {1, 1}},
               {"transfer_longest_gap_ns", {1, 999999999}}}},
    {.name = "rebinding",
     .settings = "protocol=tls13 rebind=500ms",
     .cells = {{"survives", {0, 0}},
               {"handshake_count", {2, 2}},
               {"migrated_count", {0, 0}},
               {"transfer_time_ns", {3500000000, 9000000000}}}},
    {.name = "rebinding",
     .settings = "protocol=dtls12 rebind=500ms",
     .outcome = SD_RUN_UNFINISHED,
     .detail = "the download never ended",
     .cells = {{"survives", {0, 0}}, {"handshake_count", {1, 1}}, {"transfer_time_ns", ABSENT}}},
    /* 29 conversations; a round trip to the server is 42 ms. */
    {.name = "flood",
     .settings = "protocol=tls13 rate=0pps defence=default",
     .cells = {{"success_ppm_honest", {1000000, 1000000}},
               {"handshake_time_ns_honest", {84000000, 87000000}},
               {"work_dh_per_spoofed_ppm", ABSENT}}},
    /* After 1024 SYNs nobody gets in: 7 have, and the median of 29 falls on one that has not. */
    {.name = "flood",
     .settings = "protocol=tls13 rate=1000pps defence=never",
     .cells = {{"success_ppm_honest", {1000000 * 7 / 29, 1000000 * 7 / 29}},
               {"handshake_time_ns_honest", ABSENT},
               {"work_dh_per_spoofed_ppm", {0, 0}}}},
    {.name = "flood",
     .settings = "protocol=dtls12 rate=1000pps defence=always",
     .cells = {{"success_ppm_honest", {1000000, 1000000}},
               {"handshake_time_ns_honest", {126000000, 129000000}},
               {"work_dh_per_spoofed_ppm", {0, 0}},
               {"amplification_ppm", {200000, 400000}}}},
    /* Of 10000 packets 1024 find room, less the honest ones there: a key pair each. */
    {.name = "flood",
     .settings = "protocol=dtls12 rate=1000pps defence=never",
     .cells = {{"success_ppm_honest", {200000, 300000}},
               {"work_dh_per_spoofed_ppm", {102000, 102400}}}},
    /* One agreement tells that the peer is nobody's. */
    {.name = "flood",
     .settings = "protocol=wireguard rate=1000pps defence=default",
     .cells = {{"success_ppm_honest", {1000000, 1000000}},
               {"handshake_time_ns_honest", {42000000, 43000000}},
               {"work_dh_per_spoofed_ppm", {1000000, 1000000}}}},
};

static void check_cell(const struct sd_scenario *s, const struct row *row, size_t cell,
                       const struct sd_run_result *result)
{
    const char *column = row->cells[cell].column;
    uint64_t least = row->cells[cell].value.least, most = row->cells[cell].value.most;
    size_t i = 0;
    while (i < sd_scenario_metrics(s) && strcmp(sd_scenario_metric(s, i), column) != 0)
        i++;
    if (i == sd_scenario_metrics(s))
        fail_msg("%s: expected a column %s, found none", row->name, column);
    if (result->has[i] != (least <= most))
        fail_msg("%s %s: %s: expected %s, found %s", row->name, row->settings, column,
                 least <= most ? "a value" : "none", result->has[i] ? "one" : "none");
    if (result->has[i] && (result->value[i] < least || result->value[i] > most))
        fail_msg("%s %s: %s: expected %" PRIu64 " to %" PRIu64 ", found %" PRIu64, row->name,
                 row->settings, column, least, most, result->value[i]);
}

static void check_run(struct sd_scenario *s, size_t point, const struct row *row)
{
    struct sd_run_result result;
    struct sd_error error = {0};
    if (sd_scenario_run(s, &(struct sd_run_request){.point = point}, &result, &error) < 0)
        fail_msg("%s", error.text);
    if (result.outcome != row->outcome ||
        strcmp(result.detail, row->detail ? row->detail : "") != 0)
        fail_msg("%s %s: expected %s '%s', found %s '%s'", row->name, row->settings,
                 sd_outcome_name(row->outcome), row->detail ? row->detail : "",
                 sd_outcome_name(result.outcome), result.detail);
    if (result.expectations_failed)
        fail_msg("%s %s: expected that %s; it does not", row->name, row->settings,
                 sd_scenario_expectation(s, result.failed[0]));
    for (size_t i = 0; i < sizeof row->cells / sizeof *row->cells && row->cells[i].column; i++)
        check_cell(s, row, i, &result);
}

static void examples_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[64];
        snprintf(path, sizeof path, "tests/lua/examples/%s.lua", rows[i].name);
        struct sd_scenario *s = tree_scenario(path, rows[i].settings, false, 1);
        for (size_t point = 0; point < sd_scenario_points(s); point++)
            check_run(s, point, &rows[i]);
        sd_scenario_free(s);
    }
}

static int setup(void **state)
{
    (void)state;
    return sd_core_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples_run)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
