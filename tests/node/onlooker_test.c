/* onlooker_test.c - who stands on the path, and what it takes to try a protocol's promises:
 * reading, turning bits, holding packets back, forging ends, playing a recording again; and
 * exporting. */
#include "tests/node/world.h"

#include <stdio.h>
#include <string.h>

static struct world_options between(const char *protocol, const char *mode)
{
    return (struct world_options){
        .protocol = protocol, .mode = mode, .middle = WORLD_ROUTER, .attacker = true};
}

static void messages(void *ctx)
{
    struct world *w = ctx;
    assert_int_equal(sd_lab_stream(w->lab, w->conn, w->client, 200, 20 * SD_MS, 10), SD_OK);
}

/* -- reading -- */

static const struct {
    const char *protocol, *mode;
    bool text, identity, name; /* whether any packet shows them */
} readable[] = {
    {"tls12", "fresh", false, true, true},      {"tls13", "fresh", false, false, true},
    {"dtls12", "fresh", false, true, true},     {"wireguard", "fresh", false, false, false},
    {"tcpcrypt", "fresh", false, false, false}, {"tcpcrypt", "plain", true, false, false},
};

static void eavesdropper_reads_what_is_clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(readable); i++) {
        struct world w;
        struct world_options options = between(readable[i].protocol, readable[i].mode);
        world_make(&w, &options);
        world_check(&w, UINT64_MAX, world_machine_metric(&w, w.server, "seen.text"),
                    "nobody looks");
        assert_int_equal(sd_lab_eavesdrop(w.lab, w.middle), SD_OK);
        world_connect(&w);
        sd_lab_at(w.lab, 8 * SD_SECOND, messages, &w);
        world_run(&w, 12 * SD_SECOND);
        const char *what = readable[i].protocol;
        world_check(&w, readable[i].text, world_machine_metric(&w, w.client, "seen.text") > 0,
                    what);
        world_check(&w, readable[i].identity,
                    world_machine_metric(&w, w.server, "seen.identity") > 0, what);
        world_check(&w, readable[i].name, world_machine_metric(&w, w.server, "seen.name") > 0,
                    what);
        world_check(&w, 10, world_metric(&w, "stream.received"), what);
        world_free(&w);
    }
}

/* -- turning bits, holding back -- */

static const struct {
    const char *protocol, *mode;
    enum sd_meddling how;
    uint64_t received; /* of ten messages */
    uint64_t refused, garbled;
} meddled[] = {
    {"dtls12", "fresh", SD_CORRUPT, 9, 1, 0},   {"wireguard", "fresh", SD_CORRUPT, 9, 1, 0},
    {"curvecp", "fresh", SD_CORRUPT, 10, 1, 0}, /* it is sent again */
    {"tcpcrypt", "plain", SD_CORRUPT, 2, 0, 1}, /* everything behind it is in the wrong place */
    {"dtls12", "fresh", SD_DELAY, 10, 0, 0},    {"wireguard", "fresh", SD_DELAY, 10, 0, 0},
    {"tls13", "fresh", SD_DELAY, 10, 0, 0},
};

static void packets_are_changed_and_held_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(meddled); i++) {
        struct world w;
        struct world_options options = between(meddled[i].protocol, meddled[i].mode);
        world_make(&w, &options);
        struct sd_meddle meddle = {
            .which = {.at = w.middle, .from = w.client, .to = w.server, .data = true},
            .nth = 3,
            .how = meddled[i].how,
            .delay = 90 * SD_MS};
        world_connect(&w);
        sd_lab_at(w.lab, 8 * SD_SECOND, messages, &w);
        world_run(&w, 7 * SD_SECOND); /* what the handshake still has to say is said */
        uint64_t before = world_machine_metric(&w, w.server, "drops");
        assert_int_equal(sd_lab_meddle(w.lab, &meddle), SD_OK);
        world_run(&w, 12 * SD_SECOND);
        char what[80];
        snprintf(what, sizeof what, "%s, %s", meddled[i].protocol,
                 meddled[i].how == SD_DELAY ? "held back" : "changed");
        world_check(&w, meddled[i].received, world_metric(&w, "stream.received"), what);
        world_check(&w, meddled[i].garbled > 0, world_machine_metric(&w, w.server, "garbled") > 0,
                    what);
        world_check(&w, meddled[i].refused, world_machine_metric(&w, w.server, "drops") - before,
                    what);
        world_free(&w);
    }
}

/* -- forging ends -- */

struct cutting {
    struct world *w;
    int tap, sent;
    enum sd_cut how;
};

static void cut(void *ctx)
{
    struct cutting *c = ctx;
    c->sent = sd_lab_cut(c->w->lab, c->tap, c->w->attacker, c->how);
}

static const struct {
    const char *protocol, *mode;
    enum sd_cut how;
    int sent;
    const char *event; /* at the other side; NULL: none */
    bool of_server;    /* in the server's name */
} cuts[] = {
    {"tls12", "fresh", SD_CUT_FIN, 1, "error", false},
    {"tls13", "fresh", SD_CUT_FIN, 1, "error", false},
    {"tcpcrypt", "fresh", SD_CUT_FIN, 1, "error", false},
    {"tcpcrypt", "plain", SD_CUT_FIN, 1, "closed", false},
    {"tls13", "fresh", SD_CUT_RST, 1, "reset", false},
    {"dtls12", "fresh", SD_CUT_FIN, 0, NULL, false},
    {"wireguard", "fresh", SD_CUT_FIN, 0, NULL, false},
    {"gquic", "fresh", SD_CUT_FIN, 1, "error", true},
    {"gquic", "fresh", SD_CUT_FIN, 0, NULL, false},
    {"gquic", "q046", SD_CUT_FIN, 1, NULL, true},
};

static void forged_ends_reach_who_has_no_better(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(cuts); i++) {
        struct world w;
        struct world_options options = between(cuts[i].protocol, cuts[i].mode);
        struct cutting c = {.w = &w, .how = cuts[i].how};
        world_make(&w, &options);
        c.tap = sd_lab_tap(w.lab, &(struct sd_tap){.at = w.middle,
                                                   .from = cuts[i].of_server ? w.server : w.client,
                                                   .to = cuts[i].of_server ? w.client : w.server,
                                                   .data = true});
        world_connect(&w);
        sd_lab_at(w.lab, 3 * SD_SECOND, cut, &c);
        world_run(&w, 3200 * SD_MS);
        world_check(&w, (uint64_t)cuts[i].sent, (uint64_t)c.sent, cuts[i].protocol);
        const char *other = cuts[i].of_server ? "client" : "server";
        if (cuts[i].event)
            world_check(&w, true, world_saw(&w, other, cuts[i].event), cuts[i].protocol);
        else
            world_check(&w, false, world_saw(&w, other, "closed") || world_saw(&w, other, "error"),
                        cuts[i].protocol);
        world_free(&w);
    }
}

/* -- exporting -- */

static const struct {
    const char *protocol, *event;
} exported[] = {
    {"tls12", "exported"},    {"tls13", "exported"},    {"dtls12", "exported"},
    {"tcpcrypt", "exported"}, {"wireguard", "refused"},
};

static void sessions_export(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(exported); i++) {
        struct world w;
        struct world_options options = between(exported[i].protocol, "fresh");
        world_make(&w, &options);
        world_connect(&w);
        world_run(&w, 7 * SD_SECOND);
        assert_int_equal(sd_lab_export(w.lab, w.conn, w.client), SD_OK);
        assert_int_equal(sd_lab_export(w.lab, w.conn, w.server), SD_OK);
        world_run(&w, 8 * SD_SECOND);
        world_check(&w, true, world_saw(&w, "client", exported[i].event), exported[i].protocol);
        world_check(&w, true, world_saw(&w, "server", exported[i].event), exported[i].protocol);
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(eavesdropper_reads_what_is_clear),
        world_test(packets_are_changed_and_held_back),
        world_test(forged_ends_reach_who_has_no_better),
        world_test(sessions_export),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
