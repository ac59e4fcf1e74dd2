/* transfer_test.c - what applications send arrives: over NATs that forget, hosts that move, narrow
 * links, black holes. */
#include "tests/node/world.h"

#include <string.h>

/* -- bulk -- */

struct bulk_row {
    const char *protocol;
    bool datagram;
    uint64_t rate_bps;
};
static const struct bulk_row bulk_rows[] = {
    {"tls13", false, 100000000}, {"wireguard", false, 100000000},
    {"dtls12", true, 10000000},  {"wireguard", true, 10000000},
    {"tls12", false, 0},         {"quic", false, 100000000},
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
    {"quic", SD_REBIND_PORT, true, 1},
    {"quic", SD_REBIND_ADDRESS, true, 1},
    {"quic", SD_REBIND_PORT | SD_REBIND_ADDRESS, true, 1},
    {"tls13", SD_REBIND_PORT, false, 0},
    {"tls12", SD_REBIND_ADDRESS, false, 0},
    {"dtls12", SD_REBIND_PORT, false, 0},
};

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
        sd_lab_at(w.lab, SD_SECOND, world_stream, &w);
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

/* -- a host moves -- */

static void move(void *ctx)
{
    struct world *w = ctx;
    assert_int_equal(sd_lab_move(w->lab, w->client), SD_OK);
}

static void a_host_moves(void **state)
{
    (void)state;
    /* Only WireGuard's server has moved; QUIC's client knows that the new path was validated. */
    static const struct {
        const char *protocol;
        uint64_t migrated;
    } rows[] = {{"wireguard", 1}, {"quic", 2}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct world w;
        world_make(&w,
                   &(struct world_options){.protocol = rows[i].protocol, .middle = WORLD_ROUTER});
        world_connect(&w);
        sd_lab_at(w.lab, SD_SECOND, world_stream, &w);
        sd_lab_at(w.lab, 2 * SD_SECOND, move, &w);
        world_run(&w, 10 * SD_SECOND);
        world_check(&w, 200, world_metric(&w, "stream.received"), "stream.received");
        world_check(&w, rows[i].migrated, world_metric(&w, "migrated.count"), "migrated.count");
        world_check(&w, 1, world_metric(&w, "handshake.count"), "handshake.count");
        world_check(&w, true, world_saw(&w, "client", "moved"), "moved is told");
        world_free(&w);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(bulk_arrives_whole), world_test(rebinding),    world_test(a_host_moves),
        world_test(narrow_links),       world_test(a_black_hole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
