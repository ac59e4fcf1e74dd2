/* lab_test.c - what the lab promises its scripts, a story a row or a test. */
#include "tests/node/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* TCP's stack takes its steps a nanosecond apart. */
static void check_time(const struct world *w, sd_time expected, sd_time found, const char *what)
{
    if (found + 10 < expected || found > expected + 10)
        world_check(w, expected, found, what);
}

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
        uint64_t without = handshake_time(row->protocol, "fresh", 0);
        world_make(&w, &(struct world_options){
                           .protocol = row->protocol, .costs = &row->costs, .cores = row->cores});
        world_connect(&w);
        world_run(&w, 10 * SD_SECOND);
        char what[64];
        snprintf(what, sizeof what, "row %zu, %s: time more", i, row->protocol);
        check_time(&w, row->more, world_metric(&w, "handshake.time") - without, what);
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

/* -- a host moves -- */

static void move(void *ctx)
{
    struct world *w = ctx;
    assert_int_equal(sd_lab_move(w->lab, w->client), SD_OK);
}

static void a_host_moves(void **state)
{
    (void)state;
    struct world w;
    world_make(&w, &(struct world_options){.protocol = "wireguard", .middle = WORLD_ROUTER});
    world_connect(&w);
    sd_lab_at(w.lab, SD_SECOND, stream_up, &w);
    sd_lab_at(w.lab, 2 * SD_SECOND, move, &w);
    world_run(&w, 10 * SD_SECOND);
    world_check(&w, 200, world_metric(&w, "stream.received"), "stream.received");
    world_check(&w, 1, world_metric(&w, "migrated.count"), "migrated.count");
    world_check(&w, 1, world_metric(&w, "handshake.count"), "handshake.count");
    world_check(&w, true, world_saw(&w, "client", "moved"), "moved is told");
    world_free(&w);
}

/* -- sessions end, and others follow -- */

static void connect_and_close(void *ctx)
{
    struct world *w = ctx;
    struct sd_lab_connect with = {.client = w->client,
                                  .server = w->server,
                                  .request_len = 100,
                                  .reply_len = 5000,
                                  .close = true,
                                  .inner_datagram = w->events % 2 == 0};
    assert_true(sd_lab_connect(w->lab, &with) != 0);
}

static void sessions_follow_one_another(void **state)
{
    (void)state;
    static const char *const protocols[] = {"tls13", "tls12", "dtls12", "wireguard"};
    for (size_t i = 0; i < SD_ROWS(protocols); i++) {
        struct world w;
        world_make(&w, &(struct world_options){.protocol = protocols[i]});
        for (int k = 0; k < 5; k++)
            sd_lab_at(w.lab, (sd_time)k * 10 * SD_SECOND, connect_and_close, &w);
        /* 15 s after the last one WireGuard's server would ask whether its peer is still there. */
        world_run(&w, 52 * SD_SECOND);
        world_check(&w, 5, world_metric(&w, "attempts"), protocols[i]);
        world_check(&w, 5, world_metric(&w, "replies"), protocols[i]);
        world_check(&w, 5, world_metric(&w, "handshake.count"), protocols[i]);
        world_check(&w, 0, world_machine_metric(&w, w.client, "sessions"), protocols[i]);
        world_run(&w, 80 * SD_SECOND);
        world_check(&w, true, world_metric(&w, "handshake.time.worst") < SD_SECOND, protocols[i]);
        world_free(&w);
    }
}

/* -- roles that the first action settles -- */

static void first_action_settles_roles(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *mode;
        unsigned rtts;
    } both[] = {{"tls13", "fresh", 2},
                {"tls13", "resumed", 2},
                {"tls13", "early", 1},
                {"wireguard", "fresh", 1}};
    for (size_t i = 0; i < SD_ROWS(both); i++) {
        struct world w;
        world_make(&w, &(struct world_options){.protocol = both[i].protocol,
                                               .mode = both[i].mode,
                                               .role = SD_ROLE_BOTH});
        world_connect(&w);
        world_run(&w, 10 * SD_SECOND);
        check_time(&w, both[i].rtts * 50 * SD_MS, world_metric(&w, "handshake.time"), both[i].mode);
        world_check(&w, 1, world_metric(&w, "handshake.count"), both[i].mode);
        world_check(&w, 1, world_metric(&w, "replies"), both[i].mode);
        world_free(&w);
    }
}

/* -- many clients, each with an earlier session, more of them than the server's backlog -- */

#define CROWD 100
static sd_machine crowd[CROWD];

static void connect_crowd(void *ctx)
{
    struct world *w = ctx;
    for (int i = 0; i < CROWD; i++) {
        struct sd_lab_connect with = {
            .client = crowd[i], .server = w->server, .request_len = 100, .reply_len = 100};
        assert_true(sd_lab_connect(w->lab, &with) != 0);
    }
}

static void a_crowd_resumes(void **state)
{
    (void)state;
    struct world w;
    world_make(&w, &(struct world_options){.protocol = "dtls12",
                                           .mode = "resumed",
                                           .middle = WORLD_ROUTER,
                                           .backlog = 60,
                                           .crowd = crowd,
                                           .crowd_size = CROWD});
    sd_lab_at(w.lab, 0, connect_crowd, &w);
    world_run(&w, 30 * SD_SECOND);
    world_check(&w, CROWD, world_metric(&w, "attempts"), "attempts");
    world_check(&w, CROWD, world_metric(&w, "replies"), "replies");
    world_check(&w, CROWD, world_metric(&w, "handshake.count"), "handshakes");
    world_check(&w, CROWD, world_machine_metric(&w, w.server, "handshakes"), "server's");
    world_free(&w);
}

/* -- keys are renewed, where the protocol can -- */

static void rekey(void *ctx)
{
    struct world *w = ctx;
    assert_int_equal(sd_lab_rekey(w->lab, w->conn, w->client), SD_OK);
}

static void keys_are_renewed(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *event;
    } rows[] = {{"tls13", "key update"}, {"wireguard", "key update"}, {"tls12", "refused"}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct world w;
        world_make(&w, &(struct world_options){.protocol = rows[i].protocol});
        world_connect(&w);
        sd_lab_at(w.lab, 8 * SD_SECOND, rekey, &w);
        sd_lab_at(w.lab, 9 * SD_SECOND, stream_up, &w);
        world_run(&w, 20 * SD_SECOND);
        world_check(&w, true, world_saw(&w, "client", rows[i].event), rows[i].protocol);
        world_check(&w, 200, world_metric(&w, "stream.received"), rows[i].protocol);
        world_free(&w);
    }
}

/* -- a long black hole: TCP inside a tunnel outlives the tunnel's patience -- */

static void a_black_hole(void **state)
{
    (void)state;
    struct world w;
    static const struct bulk_row row = {"wireguard", false, 10000000};
    bulk = &row;
    struct sd_weather black = {.black_from = 500 * SD_MS, .black_to = 120 * SD_SECOND};
    world_make(&w, &(struct world_options){.protocol = "wireguard",
                                           .rate_bps = 10000000,
                                           .queue_bytes = 65536,
                                           .forth = black,
                                           .back = black});
    sd_lab_at(w.lab, 0, connect_bulk, &w);
    world_run(&w, 600 * SD_SECOND);
    world_check(&w, true, world_saw(&w, "client", "received all"), "received all");
    world_check(&w, 1 << 20, world_metric(&w, "transfer.bytes"), "transfer.bytes");
    uint64_t gap = world_metric(&w, "transfer.longest_gap");
    world_check(&w, true, gap > 119 * SD_SECOND && gap < 400 * SD_SECOND, "longest_gap");
    world_free(&w);
}

/* -- a narrow link in the middle of the path -- */

static void narrow_links(void **state)
{
    (void)state;
    static const char *const protocols[] = {"tls13", "dtls12", "wireguard"};
    for (size_t i = 0; i < SD_ROWS(protocols); i++) {
        struct world w;
        world_make(&w, &(struct world_options){
                           .protocol = protocols[i], .middle = WORLD_ROUTER, .mtu = 600});
        world_connect(&w);
        world_run(&w, 20 * SD_SECOND);
        world_check(&w, SD_PPM, world_metric(&w, "success"), protocols[i]);
        world_free(&w);
    }
}

/* -- what never happened has no value -- */

static void absent_values(void **state)
{
    (void)state;
    static const char *const absent[] = {
        "handshake.time",    "reply.time",           "handshake.bytes", "handshake.time.mean",
        "success",           "transfer.time",        "transfer.bytes",  "stream.lost",
        "handshake.flights", "transfer.longest_gap",
    };
    struct world w;
    world_make(&w, &(struct world_options){.protocol = "dtls12"});
    world_run(&w, SD_SECOND);
    for (size_t i = 0; i < SD_ROWS(absent); i++)
        world_check(&w, UINT64_MAX, world_metric(&w, absent[i]), absent[i]);
    world_check(&w, UINT64_MAX, world_machine_metric(&w, w.server, "amplification"),
                "amplification");
    world_check(&w, UINT64_MAX, world_machine_metric(&w, w.server, "cpu.share"), "cpu.share");
    world_check(&w, UINT64_MAX, world_machine_metric(&w, -1, "bytes_in"), "nobody's");
    world_check(&w, 0, world_metric(&w, "attempts"), "attempts");
    world_free(&w);
    /* The server cannot be reached: begun, and no more. */
    world_make(&w, &(struct world_options){.protocol = "tls13", .forth = {.loss_ppm = SD_PPM}});
    world_connect(&w);
    world_run(&w, 300 * SD_SECOND);
    world_check(&w, UINT64_MAX, world_metric(&w, "handshake.time"), "handshake.time");
    world_check(&w, 0, world_metric(&w, "success"), "success");
    world_check(&w, true, world_saw(&w, "client", "refused"), "refused");
    world_free(&w);
}

/* -- wrong arguments -- */

static void wrong_arguments(void **state)
{
    (void)state;
    struct sd_error e = {0};
    struct sd_lab *lab;
    assert_int_equal(sd_lab_create(&lab, &(struct sd_lab_config){.seed = 1}, &e), SD_OK);
    struct sd_machine_config host = {.name = "a"};
    sd_machine a = sd_lab_host(lab, &host, &e);
    assert_int_equal(sd_lab_host(lab, &host, &e), SD_E_ARG);
    assert_non_null(strstr(e.text, "'a' twice"));
    assert_int_equal(sd_lab_host(lab, &(struct sd_machine_config){.name = ""}, &e), SD_E_ARG);
    assert_int_equal(sd_lab_host(lab, &(struct sd_machine_config){.name = "c", .cores = 5000}, &e),
                     SD_E_ARG);
    assert_int_equal(sd_lab_nat(lab, &(struct sd_nat_config){.name = "n", .mapping = 7}, &e),
                     SD_E_ARG);
    sd_machine b = sd_lab_host(lab, &(struct sd_machine_config){.name = "b"}, &e);
    sd_machine nat = sd_lab_nat(lab, &(struct sd_nat_config){.name = "n"}, &e);
    assert_true(a >= 0 && b >= 0 && nat >= 0);

    const struct sd_lab_link links[] = {
        {.a = a, .b = a},
        {.a = a, .b = 77},
        {.a = a, .b = b, .mtu = 10},
        {.a = a, .b = b, .forth = {.loss_ppm = 2000000}},
        {.a = a, .b = b, .back = {.drop = {5, 3}}},
        {.a = a, .b = b, .delay = SD_NEVER},
    };
    for (size_t i = 0; i < SD_ROWS(links); i++)
        assert_int_equal(sd_lab_link(lab, &links[i], &e), SD_E_ARG);
    assert_int_equal(sd_lab_link(lab, &(struct sd_lab_link){.a = a, .b = b}, &e), 0);

    const struct sd_lab_agent agents[] = {
        {.protocol = "tls14", .role = SD_ROLE_CLIENT},
        {.protocol = "tls13", .role = SD_ROLE_CLIENT, .mode = "slow"},
        {.protocol = "tls13"},
        {.protocol = "tls13", .role = SD_ROLE_CLIENT, .identity = "nobody"},
        {.protocol = NULL, .role = SD_ROLE_CLIENT},
    };
    for (size_t i = 0; i < SD_ROWS(agents); i++)
        assert_int_equal(sd_lab_agent(lab, a, &agents[i], &e), SD_E_ARG);
    assert_int_equal(sd_lab_agent(lab, a, &agents[0], &e), SD_E_ARG);
    assert_non_null(strstr(e.text, "did you mean tls1"));
    struct sd_lab_agent good = {.protocol = "tls13", .role = SD_ROLE_CLIENT};
    assert_int_equal(sd_lab_agent(lab, nat, &good, &e), SD_E_ARG);
    assert_int_equal(sd_lab_agent(lab, a, &good, &e), SD_OK);
    assert_int_equal(sd_lab_agent(lab, a, &good, &e), SD_E_STATE);

    /* Not started yet. */
    assert_int_equal(sd_lab_run(lab, 1), SD_E_STATE);
    assert_int_equal(sd_lab_connect(lab, &(struct sd_lab_connect){.client = a, .server = b}), 0);
    assert_int_equal(sd_lab_save_trace(lab, "/dev/null", &e), SD_E_STATE);
    assert_int_equal(sd_lab_save_capture(lab, "/dev/null", NULL, &e), SD_E_STATE);
    assert_int_equal(sd_lab_rebind(lab, nat, SD_REBIND_PORT), SD_E_STATE);
    assert_int_equal(sd_lab_start(lab, &e), SD_E_ARG); /* the NAT has no links */
    assert_non_null(strstr(e.text, "nat n"));
    sd_lab_destroy(lab);

    struct world w;
    world_make(&w, &(struct world_options){.protocol = "tls13"});
    assert_int_equal(sd_lab_host(w.lab, &host, &e), SD_E_STATE);
    assert_int_equal(sd_lab_link(w.lab, &links[0], &e), SD_E_STATE);
    assert_int_equal(sd_lab_start(w.lab, &e), SD_E_STATE);
    assert_int_equal(
        sd_lab_connect(w.lab, &(struct sd_lab_connect){.client = w.server, .server = w.client}), 0);
    struct sd_lab_connect small = {.client = w.client, .server = w.server, .request_len = 35};
    assert_int_equal(sd_lab_connect(w.lab, &small), 0);
    assert_int_equal(world_metric(&w, "attempts"), 2); /* refused ones count */
    assert_int_equal(sd_lab_send(w.lab, 9, w.client, 100), SD_E_ARG);
    assert_int_equal(sd_lab_close(w.lab, 0, w.client), SD_E_ARG);
    assert_int_equal(sd_lab_rekey(w.lab, 1, w.client), SD_E_ARG);
    assert_int_equal(sd_lab_move(w.lab, 5), SD_E_ARG);
    assert_int_equal(sd_lab_rebind(w.lab, w.client, SD_REBIND_PORT), SD_E_ARG);
    assert_int_equal(sd_lab_set_link(w.lab, 3, &links[0]), SD_E_ARG);
    struct sd_lab_link corrupt = {.forth = {.corrupt_ppm = 1}};
    assert_int_equal(sd_lab_set_link(w.lab, w.link, &corrupt), SD_E_STATE);
    assert_int_equal(sd_lab_tap(w.lab, &(struct sd_tap){.at = 9}), SD_E_ARG);
    assert_int_equal(sd_lab_replay(w.lab, &(struct sd_replay){.tap = 0}), SD_E_ARG);
    assert_int_equal(sd_lab_flood(w.lab, &(struct sd_flood){.from = w.client, .to = w.server}, &e),
                     SD_E_ARG);
    assert_int_equal(sd_lab_at(w.lab, 0, NULL, NULL), SD_E_ARG);
    world_run(&w, SD_SECOND);
    assert_int_equal(sd_lab_at(w.lab, 0, move, &w), SD_E_ARG);
    /* A second lab would need a second network. */
    struct sd_lab *second;
    assert_int_equal(sd_lab_create(&second, &(struct sd_lab_config){.seed = 1}, &e), SD_OK);
    assert_int_equal(sd_lab_start(second, &e), SD_E_STATE);
    sd_lab_destroy(second);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_lost_packet_costs_its_timer),
        world_test(rebinding),
        world_test(bulk_arrives_whole),
        world_test(replays_deliver_nothing_twice),
        world_test(floods_meet_the_backlog),
        world_test(computing_takes_time),
        world_test(a_slow_processor_drops),
        world_test(a_host_moves),
        world_test(sessions_follow_one_another),
        world_test(first_action_settles_roles),
        world_test(a_crowd_resumes),
        world_test(keys_are_renewed),
        world_test(a_black_hole),
        world_test(narrow_links),
        world_test(absent_values),
        world_test(wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
