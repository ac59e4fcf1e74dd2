/* attack_test.c - replays and floods. */
#include "tests/node/world.h"

#include <stdio.h>
#include <string.h>

/* -- replays -- */

struct replay_row {
    const char *protocol, *mode;
    bool data, own_source, early_replay_ok;
    uint64_t twice;       /* messages delivered a second time */
    uint64_t least_drops; /* that the server counts */
};
static const struct replay_row replay_rows[] = {
    {"wireguard", "fresh", false, false, false, 0, 1},
    {"wireguard", "fresh", true, false, false, 0, 5},
    {"wireguard", "fresh", true, true, false, 0, 5},
    {"dtls12", "fresh", false, false, false, 0, 1},
    {"dtls12", "fresh", true, false, false, 0, 5},
    {"dtls12", "fresh", true, true, false, 0, 5},
    {"quic", "fresh", false, false, false, 0, 1},
    {"quic", "fresh", false, true, false, 0, 1},
    {"quic", "fresh", true, false, false, 0, 0},
    {"quic", "fresh", true, true, false, 0, 0},
    {"quic", "early", false, false, false, 0, 1},
    {"quic", "early", false, true, false, 0, 1},
    {"tls13", "fresh", true, false, false, 0, 0},
    {"tls13", "fresh", false, true, false, 0, 0},
    {"tls13", "early", false, false, false, 0, 0},
    {"tls13", "early", false, true, false, 0, 0},
    {"tls13", "early", false, true, true, 1, 0},
};

struct replaying {
    struct world *w;
    sd_machine attacker;
    int tap;
    bool own_source;
    int sent;
};

static void replay_all(void *ctx)
{
    struct replaying *r = ctx;
    struct sd_replay replay = {.tap = r->tap,
                               .from = r->attacker,
                               .index = -1,
                               .own_source = r->own_source,
                               .spacing = SD_MS};
    r->sent = sd_lab_replay(r->w->lab, &replay);
}

static void upload(void *ctx)
{
    struct world *w = ctx;
    assert_int_equal(sd_lab_stream(w->lab, w->conn, w->client, 200, 20 * SD_MS, 10), SD_OK);
}

static void replays_deliver_nothing_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(replay_rows); i++) {
        const struct replay_row *row = &replay_rows[i];
        struct world w;
        struct replaying r = {.w = &w, .own_source = row->own_source};
        world_make(&w, &(struct world_options){.protocol = row->protocol,
                                               .mode = row->mode,
                                               .middle = WORLD_ROUTER,
                                               .attacker = true,
                                               .early_replay_ok = row->early_replay_ok});
        r.attacker = w.attacker;
        r.tap = sd_lab_tap(
            w.lab,
            &(struct sd_tap){.at = w.middle, .from = w.client, .to = w.server, .data = row->data});
        assert_true(r.tap >= 0);
        world_connect(&w);
        sd_lab_at(w.lab, SD_SECOND, upload, &w);
        sd_lab_at(w.lab, 3 * SD_SECOND, replay_all, &r);
        world_run(&w, 10 * SD_SECOND);
        if (r.sent < 1)
            fail_msg("%s %s: nothing was replayed", row->protocol, row->mode);
        char what[80];
        snprintf(what, sizeof what, "%s %s %s %s: delivered twice", row->protocol, row->mode,
                 row->data ? "data" : "handshake", row->own_source ? "own source" : "spoofed");
        world_check(&w, row->twice, world_machine_metric(&w, w.server, "delivered_twice"), what);
        world_check(&w, 10, world_metric(&w, "stream.received"), what);
        uint64_t drops = world_machine_metric(&w, w.server, "drops");
        if (drops < row->least_drops)
            world_check(&w, row->least_drops, drops, what);
        world_free(&w);
    }
}

/* -- floods -- */

struct flood_row {
    const char *protocol;
    enum sd_validation validation;
    bool own_source;
    bool honest;          /* gets through */
    uint64_t least, most; /* handshakes under way at once */
};
#define BACKLOG 50
static const struct flood_row flood_rows[] = {
    {"tls13", SD_VALIDATE_NEVER, false, false, BACKLOG, BACKLOG},
    {"tls13", SD_VALIDATE_DEFAULT, false, true, BACKLOG, BACKLOG},
    {"tls13", SD_VALIDATE_ALWAYS, false, true, 0, 1},
    {"tls13", SD_VALIDATE_NEVER, true, false, BACKLOG, BACKLOG},
    {"dtls12", SD_VALIDATE_NEVER, false, false, BACKLOG, BACKLOG},
    {"dtls12", SD_VALIDATE_DEFAULT, false, true, BACKLOG / 2, BACKLOG / 2 + 1},
    {"dtls12", SD_VALIDATE_ALWAYS, false, true, 0, 1},
    {"quic", SD_VALIDATE_NEVER, false, false, BACKLOG, BACKLOG},
    {"quic", SD_VALIDATE_DEFAULT, false, true, BACKLOG / 2, BACKLOG / 2 + 1},
    {"quic", SD_VALIDATE_ALWAYS, false, true, 0, 1},
    {"wireguard", SD_VALIDATE_NEVER, false, true, 0, 1},
    {"wireguard", SD_VALIDATE_DEFAULT, false, true, 0, 1},
};

static void floods_meet_the_backlog(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(flood_rows); i++) {
        const struct flood_row *row = &flood_rows[i];
        struct world w;
        struct sd_error error = {0};
        world_make(&w, &(struct world_options){.protocol = row->protocol,
                                               .middle = WORLD_ROUTER,
                                               .attacker = true,
                                               .validation = row->validation,
                                               .backlog = BACKLOG});
        struct sd_flood flood = {.from = w.attacker,
                                 .to = w.server,
                                 .rate_pps = 500,
                                 .source_net = row->own_source ? 0 : 0xc6336400,
                                 .source_prefix = 24,
                                 .start = 0,
                                 .end = 8 * SD_SECOND,
                                 .fresh = true};
        if (sd_lab_flood(w.lab, &flood, &error) != SD_OK)
            fail_msg("%s", error.text);
        world_run(&w, SD_SECOND);
        world_connect(&w);
        world_run(&w, 8 * SD_SECOND);
        char what[64];
        snprintf(what, sizeof what, "row %zu, %s", i, row->protocol);
        world_check(&w, row->honest ? SD_PPM : 0, world_metric(&w, "success"), what);
        world_check(&w, 1, world_metric(&w, "attempts"), what);
        uint64_t peak = world_machine_metric(&w, w.server, "half_open.peak");
        if (peak < row->least || peak > row->most)
            world_check(&w, row->most, peak, what);
        world_check(&w, true, world_machine_metric(&w, w.attacker, "packets_out") > 3000, what);
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(replays_deliver_nothing_twice),
        world_test(floods_meet_the_backlog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
