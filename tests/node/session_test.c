/* session_test.c - sessions begin, follow one another, renew their keys; and what a lost packet
 * costs. */
#include "tests/node/world.h"

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
    {"quic", "fresh", 1, 999 * SD_MS, 999 * SD_MS + 1},
    {"quic", "resumed", 1, 999 * SD_MS, 999 * SD_MS + 1},
    {"dtls12", "fresh", 1, SD_SECOND, SD_SECOND},
    {"dtls12", "resumed", 1, SD_SECOND, SD_SECOND},
    {"wireguard", "fresh", 1, 5 * SD_SECOND, 5334 * SD_MS},
    {"wireguard", "cookie", 9, 5 * SD_SECOND,
     5334 * SD_MS}, /* none is lost: the next try carries the cookie */
};

static void a_lost_packet_costs_its_timer(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(lost_rows); i++) {
        const struct lost_row *row = &lost_rows[i];
        const char *calm = strcmp(row->mode, "cookie") == 0 ? "fresh" : row->mode;
        uint64_t without = world_handshake_time(row->protocol, calm, 0);
        uint64_t with = world_handshake_time(row->protocol, row->mode, row->drop);
        if (with - without < row->least || with - without > row->most)
            fail_msg("%s %s: expected %.3f to %.3f s more, found %.3f", row->protocol, row->mode,
                     (double)row->least / 1e9, (double)row->most / 1e9,
                     (double)(with - without) / 1e9);
    }
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
    static const char *const protocols[] = {"tls13", "tls12", "dtls12", "quic", "wireguard"};
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
    } both[] = {{"tls13", "fresh", 2},    {"tls13", "resumed", 2}, {"tls13", "early", 1},
                {"dtls12", "resumed", 1}, {"quic", "early", 0},    {"quic", "token", 1},
                {"wireguard", "fresh", 1}};
    for (size_t i = 0; i < SD_ROWS(both); i++) {
        struct world w;
        world_make(&w, &(struct world_options){.protocol = both[i].protocol,
                                               .mode = both[i].mode,
                                               .role = SD_ROLE_BOTH});
        world_connect(&w);
        world_run(&w, 10 * SD_SECOND);
        world_check_time(&w, both[i].rtts * 50 * SD_MS, world_metric(&w, "handshake.time"),
                         both[i].mode);
        world_check(&w, 1, world_metric(&w, "handshake.count"), both[i].mode);
        world_check(&w, 1, world_metric(&w, "replies"), both[i].mode);
        world_free(&w);
    }
}

/* -- many clients, each with an earlier session, more of them than the server's backlog -- */

#define CROWD 100

static void connect_crowd(void *ctx)
{
    struct world *w = ctx;
    for (int i = 0; i < CROWD; i++) {
        struct sd_lab_connect with = {
            .client = w->crowd[i], .server = w->server, .request_len = 100, .reply_len = 100};
        assert_true(sd_lab_connect(w->lab, &with) != 0);
    }
}

static void a_crowd_resumes(void **state)
{
    (void)state;
    struct world w;
    static sd_machine crowd[CROWD];
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
    } rows[] = {{"tls13", "key update"},
                {"quic", "key update"},
                {"wireguard", "key update"},
                {"tls12", "refused"}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct world w;
        world_make(&w, &(struct world_options){.protocol = rows[i].protocol});
        world_connect(&w);
        sd_lab_at(w.lab, 8 * SD_SECOND, rekey, &w);
        sd_lab_at(w.lab, 9 * SD_SECOND, world_stream, &w);
        world_run(&w, 20 * SD_SECOND);
        world_check(&w, true, world_saw(&w, "client", rows[i].event), rows[i].protocol);
        world_check(&w, 200, world_metric(&w, "stream.received"), rows[i].protocol);
        world_free(&w);
    }
}

/* -- a run that ends when the client is ready has seen the whole handshake -- */

static void stop_when_ready(void *ctx, const struct sd_lab_event *e)
{
    struct world *w = ctx;
    if (e->machine == w->client && strcmp(e->name, "ready") == 0)
        sd_lab_stop(w->lab);
}

static void stopping_at_ready(void **state)
{
    (void)state;
    static const char *const protocols[] = {"tls13", "tls12", "dtls12", "quic", "wireguard"};
    for (size_t i = 0; i < SD_ROWS(protocols); i++) {
        uint64_t bytes[2];
        for (int early = 0; early < 2; early++) {
            struct world w;
            world_make(&w, &(struct world_options){.protocol = protocols[i]});
            if (early)
                sd_lab_on_event(w.lab, stop_when_ready, &w);
            world_connect(&w);
            world_run(&w, 10 * SD_SECOND);
            bytes[early] = world_metric(&w, "handshake.bytes");
            world_check(&w, early, sd_lab_now(w.lab) < SD_SECOND, "stopped");
            world_free(&w);
        }
        if (bytes[0] != bytes[1] || bytes[0] == UINT64_MAX)
            fail_msg("%s: handshake.bytes: expected %llu, found %llu", protocols[i],
                     (unsigned long long)bytes[0], (unsigned long long)bytes[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_lost_packet_costs_its_timer),
        world_test(sessions_follow_one_another),
        world_test(first_action_settles_roles),
        world_test(a_crowd_resumes),
        world_test(keys_are_renewed),
        world_test(stopping_at_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
