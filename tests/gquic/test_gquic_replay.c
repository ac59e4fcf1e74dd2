/* test_gquic_replay.c - recorded packets again: what protects early data, and what everything else
 * has. */
#include "tests/gquic/pair.h"
#include <string.h>

/* One session with early data, recorded; then its first flight again. */
static void test_early_replays(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool register_off; /* no strike register, as many servers of 2018 */
        bool ended;        /* the session is over by then */
        bool other_host;   /* the copy comes from elsewhere */
        size_t deliveries; /* of the early data, the first included */
        uint64_t twice;    /* replays_accepted */
    } rows[] = {
        {"while it is open", false, false, false, 1, 0},
        {"after its end", false, true, false, 1, 0},
        {"no register, while it is open", true, false, false, 1, 0},
        {"no register, after its end", true, true, false, 2, 1},
        {"no register, from another host", true, true, true, 1, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        const struct pair_options o = {.mode = "early", .early_replay_ok = rows[i].register_off};
        print_message("          %s\n", rows[i].name);
        pair_prepare(&p, &o);
        size_t before = sd_mem_units(p.mem);
        pair_open(&p, "pay 100");
        pair_run(&p, SD_SECOND);
        if (rows[i].ended)
            sd_mem_close(p.mem, p.client, p.client_sid);
        pair_run(&p, SD_SECOND);
        size_t recorded = sd_mem_units(p.mem);
        struct sd_addr other = sd_ipv4(10, 9, 9, 9, 999);
        other.proto = SD_PROTO_UDP;
        for (size_t k = before; k < recorded; k++) {
            const struct sd_mem_unit *u = sd_mem_unit(p.mem, k);
            if (u->from == p.client && u->sent < sd_mem_now(p.mem) - SD_SECOND)
                sd_mem_replay(p.mem, k, rows[i].other_host ? &other : NULL);
        }
        pair_run(&p, SD_SECOND);
        size_t deliveries = 0;
        for (size_t k = 0; k < sd_mem_events(p.mem); k++) {
            const struct sd_mem_event *e = sd_mem_event(p.mem, k);
            deliveries += e->seat == p.server && e->kind == SD_EV_DATA && e->len == 7 &&
                          memcmp(e->data, "pay 100", 7) == 0;
        }
        pair_check(&p, rows[i].deliveries, deliveries, "deliveries");
        pair_check(&p, rows[i].twice, pair_stats(&p, p.server).replays_accepted,
                   "replays accepted");
        pair_end(&p);
    }
}

/* The strike register alone, at a server that has forgotten the connection. */
static void test_register_alone(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "early"};
    pair_prepare(&p, &o);
    pair_open(&p, "pay 100");
    pair_run(&p, SD_SECOND);
    struct gquic *gq = pair_agent(&p, p.server);
    struct sd_env *env = sd_mem_seat(p.mem, p.server)->env, *was = sd_enter(env);
    gq_connection_free(gq, pair_connection(&p, p.server));
    gq->now = SD_NEVER - 1;
    gq_graves_expire(gq);
    sd_leave(was);
    size_t data = pair_count(&p, p.server, SD_EV_DATA);
    uint64_t handshakes = pair_stats(&p, p.server).handshakes;
    sd_mem_replay(p.mem, pair_index(&p, p.client, "full CHLO", 0), NULL);
    pair_run(&p, WAY);
    pair_check(&p, data, pair_count(&p, p.server, SD_EV_DATA), "deliveries");
    pair_check(&p, handshakes, pair_stats(&p, p.server).handshakes, "handshakes");
    /* It is answered by a REJ that says so. */
    size_t rej = pair_index(&p, p.server, "ACK, REJ", 0);
    assert_true(rej != SIZE_MAX);
    pair_end(&p);
}

/* Everything that was ever sent, again, from here and from elsewhere, while the session is open and
 * afterwards: nothing is delivered twice. */
static void test_all_again(void **state)
{
    (void)state;
    static const char *const modes[] = {"fresh", "q046", "cookie", "resumed"};
    for (size_t m = 0; m < SD_ROWS(modes); m++)
        for (int ended = 0; ended < 2; ended++)
            for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
                struct pair p;
                const struct pair_options o = {.mode = modes[m], .reply = 5000};
                if (strcmp(modes[m], "resumed") == 0)
                    pair_prepare(&p, &o);
                else
                    pair_make(&p, &o);
                p.request = 3000;
                pair_open(&p, NULL);
                pair_run(&p, SD_SECOND);
                if (ended)
                    sd_mem_close(p.mem, p.client, p.client_sid);
                pair_run(&p, SD_SECOND);
                struct sd_addr other = sd_ipv4(10, 9, 9, 9, 999);
                other.proto = SD_PROTO_UDP;
                size_t recorded = sd_mem_units(p.mem);
                uint64_t handshakes = pair_stats(&p, p.server).handshakes;
                for (size_t k = 0; k < recorded; k++)
                    if (sd_mem_unit(p.mem, k)->to >= 0)
                        sd_mem_replay(p.mem, k, elsewhere ? &other : NULL);
                pair_run(&p, 2 * SD_SECOND);
                pair_received(&p, p.server, 0, 3000);
                pair_received(&p, p.client, 0, 5000);
                pair_check(&p, handshakes, pair_stats(&p, p.server).handshakes, "handshakes");
                pair_check(&p, 0, pair_count(&p, p.server, SD_EV_MIGRATED), "moves");
                /* An open session goes on where it was. */
                if (!ended) {
                    pair_send(&p, p.client, 1, 700, false);
                    pair_run(&p, SD_SECOND);
                    pair_received(&p, p.server, 1, 700);
                }
                pair_end(&p);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_early_replays),
        cmocka_unit_test(test_register_alone),
        cmocka_unit_test(test_all_again),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
