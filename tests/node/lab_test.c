/* lab_test.c - what the lab promises its scripts, a story a row or a test. */
#include "tests/node/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- the first packet is lost: who waits how long -- */

struct lost_row {
    const char *protocol, *mode;
    uint32_t drop;       /* the client's n-th packet */
    sd_time least, most; /* time that it adds to the handshake */
};
static const struct lost_row lost_rows[] = {
    {"tls13", "fresh", 1, SD_SECOND, SD_SECOND},
    {"tls13", "resumed", 1, SD_SECOND, SD_SECOND},
    {"tls13", "early", 1, SD_SECOND, SD_SECOND},
    {"tls12", "resumed", 1, SD_SECOND, SD_SECOND},
    {"dtls12", "fresh", 1, SD_SECOND, SD_SECOND},
    {"dtls12", "resumed", 1, SD_SECOND, SD_SECOND},
    {"wireguard", "fresh", 1, 5 * SD_SECOND, 5334 * SD_MS},
    {"wireguard", "cookie", 9, 5 * SD_SECOND,
     5334 * SD_MS}, /* none is lost: the next try carries the cookie */
};

static uint64_t handshake_time(const char *protocol, const char *mode, uint32_t drop)
{
    struct world w;
    world_make(
        &w, &(struct world_options){.protocol = protocol, .mode = mode, .forth = {.drop = {drop}}});
    world_connect(&w);
    world_run(&w, 20 * SD_SECOND);
    uint64_t time = world_metric(&w, "handshake.time");
    if (time == UINT64_MAX)
        fail_msg("%s %s: no handshake; events: %s", protocol, mode, w.seen);
    world_free(&w);
    return time;
}

static void a_lost_packet_costs_its_timer(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(lost_rows); i++) {
        const struct lost_row *row = &lost_rows[i];
        const char *calm = strcmp(row->mode, "cookie") == 0 ? "fresh" : row->mode;
        uint64_t without = handshake_time(row->protocol, calm, 0);
        uint64_t with = handshake_time(row->protocol, row->mode, row->drop);
        if (with - without < row->least || with - without > row->most)
            fail_msg("%s %s: expected %.3f to %.3f s more, found %.3f", row->protocol, row->mode,
                     (double)row->least / 1e9, (double)row->most / 1e9,
                     (double)(with - without) / 1e9);
    }
}

/* -- a NAT forgets its binding during a stream of messages -- */

struct rebind_row {
    const char *protocol;
    unsigned what;
    bool survives;
    uint64_t migrated;
};
static const struct rebind_row rebind_rows[] = {
    {"wireguard", SD_REBIND_PORT, true, 1},
    {"wireguard", SD_REBIND_PORT | SD_REBIND_ADDRESS, true, 1},
    {"tls13", SD_REBIND_PORT, false, 0},
    {"tls12", SD_REBIND_ADDRESS, false, 0},
    {"dtls12", SD_REBIND_PORT, false, 0},
};

static void stream_up(void *ctx)
{
    struct world *w = ctx;
    assert_int_equal(sd_lab_stream(w->lab, w->conn, w->client, 200, 20 * SD_MS, 200), SD_OK);
}

struct rebinding {
    struct world *w;
    unsigned what;
};
static void rebind(void *ctx)
{
    struct rebinding *r = ctx;
    assert_int_equal(sd_lab_rebind(r->w->lab, r->w->middle, r->what), SD_OK);
}

static void rebinding(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rebind_rows); i++) {
        const struct rebind_row *row = &rebind_rows[i];
        struct world w;
        struct rebinding r = {&w, row->what};
        world_make(&w, &(struct world_options){.protocol = row->protocol, .middle = WORLD_NAT});
        world_connect(&w);
        sd_lab_at(w.lab, SD_SECOND, stream_up, &w);
        sd_lab_at(w.lab, 3 * SD_SECOND, rebind, &r);
        world_run(&w, 20 * SD_SECOND);
        uint64_t lost = world_metric(&w, "stream.lost");
        world_check(&w, true, (world_metric(&w, "stream.received") >= 90), "received before");
        world_check(&w, row->survives, lost == 0, row->protocol);
        world_check(&w, row->migrated, world_metric(&w, "migrated.count"), "migrated");
        world_check(&w, true, world_saw(&w, "?", "rebound"), "rebound is told");
        if (row->survives)
            world_check(&w, 1, world_metric(&w, "handshake.count"), "handshakes");
        world_check(&w, 0, world_machine_metric(&w, w.server, "garbled"), "garbled");
        world_free(&w);
    }
}

/* -- bulk -- */

struct bulk_row {
    const char *protocol;
    bool datagram;
    uint64_t rate_bps;
};
static const struct bulk_row bulk_rows[] = {
    {"tls13", false, 100000000}, {"wireguard", false, 100000000},
    {"dtls12", true, 10000000},  {"wireguard", true, 10000000},
    {"tls12", false, 0},
};

static const struct bulk_row *bulk;

static void connect_bulk(void *ctx)
{
    struct world *w = ctx;
    struct sd_lab_connect with = {
        .client = w->client, .server = w->server, .inner_datagram = bulk->datagram};
    w->conn = sd_lab_connect(w->lab, &with);
    assert_true(w->conn != 0);
    /* Before it is ready: it waits. */
    assert_int_equal(sd_lab_send(w->lab, w->conn, w->server, 1 << 20), SD_OK);
}

static void bulk_arrives_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(bulk_rows); i++) {
        struct world w;
        bulk = &bulk_rows[i];
        world_make(&w, &(struct world_options){.protocol = bulk->protocol,
                                               .rate_bps = bulk->rate_bps,
                                               .delay = 5 * SD_MS});
        sd_lab_at(w.lab, 0, connect_bulk, &w);
        world_run(&w, 30 * SD_SECOND);
        world_check(&w, 1 << 20, world_metric(&w, "transfer.bytes"), bulk->protocol);
        world_check(&w, true, world_saw(&w, "client", "received all"), bulk->protocol);
        world_check(&w, true, world_metric(&w, "transfer.time") < 2 * SD_SECOND, "transfer.time");
        world_check(&w, 0, world_machine_metric(&w, w.client, "garbled"), "garbled");
        world_check(&w, 0, world_machine_metric(&w, w.client, "delivered_twice"), "twice");
        world_free(&w);
    }
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_packet_costs_its_timer),
        cmocka_unit_test(rebinding),
        cmocka_unit_test(bulk_arrives_whole),
        cmocka_unit_test(replays_deliver_nothing_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
