/* cost_test.c - a machine's processor takes its time. */
#include "tests/node/world.h"

#include <stdio.h>
#include <string.h>

/* -- computing takes time -- */

struct cost_row {
    const char *protocol;
    struct sd_cost_table costs;
    uint32_t cores;
    sd_time more; /* that the handshake takes */
};
static const struct cost_row cost_rows[] = {
    /* one agreement each way for TLS 1.3; the server's comes before its first answer */
    {"tls13", {.rows = 1, .row = {{SD_OP_DERIVE, "*", 10000000, 0}}}, 1, 10 * SD_MS},
    {"tls13", {.rows = 1, .row = {{SD_OP_SIGN, "*", 7000000, 0}}}, 4, 7 * SD_MS},
    /* the connection and the ClientHello come at once, and are taken one after the other */
    {"tls13", {.unit_in_ns = 1000000}, 1, 2 * SD_MS},
    /* es, ss with the initiation, ee, se with the response (static ones kept): four agreements */
    {"wireguard", {.rows = 1, .row = {{SD_OP_DERIVE, "*", 1000000, 0}}}, 1, 4 * SD_MS},
    {"wireguard", {.unit_in_ns = 3000000}, 1, 3 * SD_MS},
};

static void computing_takes_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(cost_rows); i++) {
        const struct cost_row *row = &cost_rows[i];
        struct world w;
        uint64_t without = world_handshake_time(row->protocol, "fresh", 0);
        world_make(&w, &(struct world_options){
                           .protocol = row->protocol, .costs = &row->costs, .cores = row->cores});
        world_connect(&w);
        world_run(&w, 10 * SD_SECOND);
        char what[64];
        snprintf(what, sizeof what, "row %zu, %s: time more", i, row->protocol);
        world_check_time(&w, row->more, world_metric(&w, "handshake.time") - without, what);
        uint64_t cpu = world_machine_metric(&w, w.server, "cpu");
        world_check(&w, true, cpu >= row->more && cpu < 20 * row->more, "cpu");
        world_check(&w, cpu / 10 / row->cores * SD_PPM / SD_SECOND,
                    world_machine_metric(&w, w.server, "cpu.share"), "cpu.share");
        world_check(&w, UINT64_MAX, world_machine_metric(&w, w.client, "cpu"), "client's cpu");
        world_check(&w, SD_PPM, world_metric(&w, "success"), "success");
        world_free(&w);
    }
}

/* A processor that is too slow for the flood loses units at its queue, and honest ones too. */
static void a_slow_processor_drops(void **state)
{
    (void)state;
    static const struct sd_cost_table slow = {.unit_in_ns = 20000000};
    struct world w;
    world_make(
        &w, &(struct world_options){
                .protocol = "wireguard", .middle = WORLD_ROUTER, .attacker = true, .costs = &slow});
    struct sd_flood flood = {.from = w.attacker,
                             .to = w.server,
                             .rate_pps = 2000,
                             .source_net = 0xc6336400,
                             .source_prefix = 24,
                             .end = 5 * SD_SECOND};
    assert_int_equal(sd_lab_flood(w.lab, &flood, NULL), SD_OK);
    world_run(&w, 5 * SD_SECOND);
    world_check(&w, true, world_machine_metric(&w, w.server, "queue.drops") > 5000, "queue.drops");
    uint64_t share = world_machine_metric(&w, w.server, "cpu.share");
    world_check(&w, true, share > 980000 && share <= SD_PPM, "cpu.share");
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(computing_takes_time),
        world_test(a_slow_processor_drops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
