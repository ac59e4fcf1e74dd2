/* test_wireguard_session.c - handshakes, modes, sizes, replay, routing, roaming and what is
 * counted on the way. */
#include "protocols/wireguard/wireguard.h"
#include "tests/wireguard/pair.h"
#include <string.h>

/* -- modes: when both are ready, with 10 ms each way -- */

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct pair_options options;
        sd_time initiator_ready; /* the latest; the earliest is `earliest` */
        sd_time earliest;
        uint64_t to, from; /* bytes to and from an unvalidated address */
        size_t cookies;
    } rows[] = {
        {"fresh", {.mode = "fresh"}, 20 * SD_MS, 20 * SD_MS, 92, 148, 0},
        {"no mode is fresh", {0}, 20 * SD_MS, 20 * SD_MS, 92, 148, 0},
        {"psk",
         {.mode = "psk", .psk_client = true, .psk_server = true},
         20 * SD_MS,
         20 * SD_MS,
         92,
         148,
         0},
        {"cookie", {.mode = "cookie"}, 5353 * SD_MS, 5020 * SD_MS, 64, 148, 1},
        {"validation always",
         {.validation = SD_VALIDATE_ALWAYS},
         5353 * SD_MS,
         5020 * SD_MS,
         64,
         148,
         1},
        {"validation never", {.validation = SD_VALIDATE_NEVER}, 20 * SD_MS, 20 * SD_MS, 92, 148, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_ready(&p, &rows[i].options);
        const struct sd_mem_event *c = sd_mem_find(p.mem, p.client, SD_EV_READY, 0),
                                  *s = sd_mem_find(p.mem, p.server, SD_EV_READY, 0);
        pair_check(&p, true, c->at >= rows[i].earliest && c->at <= rows[i].initiator_ready,
                   "time of the client's READY");
        pair_check(&p, c->at + 10 * SD_MS, s->at, "server READY by key confirmation");
        pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_VALIDATED), "validated");
        pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_PEER_AUTH), "server knows the peer");
        pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_PEER_AUTH), "client knows the peer");
        pair_check(&p, rows[i].to, pair_stats(&p, p.server).bytes_to_unvalidated, "bytes to");
        pair_check(&p, rows[i].from, pair_stats(&p, p.server).bytes_from_unvalidated, "bytes from");
        pair_check(&p, rows[i].cookies, pair_sent(&p, p.server, WG_COOKIE_REPLY), "cookie replies");
        pair_check(&p, rows[i].cookies, pair_stats(&p, p.client).retransmits, "retransmits");
        for (int seat = 0; seat < 2; seat++) {
            pair_check(&p, 1, pair_stats(&p, seat).sessions, "sessions");
            pair_check(&p, 0, pair_stats(&p, seat).half_open, "half-open sessions");
            pair_check(&p, 1, pair_stats(&p, seat).handshakes, "handshakes");
        }
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
