/* test_quic_session.c - connections from the first Initial to the end: every mode, who is who, what
 * is agreed, keys, and every way to stop. */
#include <string.h>

#include "tests/quic/pair.h"

/* -- modes -- */

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        unsigned ready, reply;          /* round trips until the client has them */
        bool resumed, retry, validated; /* validated: before the handshake was over */
        const char *early;
    } rows[] = {
        {"fresh", 1, 2, false, false, false, NULL},
        {"resumed", 1, 2, true, false, false, NULL},
        {"early", 1, 1, true, false, false, "a request in the first flight"},
        {"cookie", 2, 3, false, true, true, NULL},
        {"token", 1, 2, false, false, true, NULL},
        {"psk", 1, 2, false, false, false, NULL},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].mode);
        pair_make_known(&p, &(struct pair_options){.mode = rows[i].mode, .reply = 100});
        sd_time start = sd_mem_now(p.mem);
        pair_open(&p, rows[i].early);
        if (!rows[i].early)
            pair_send(&p, p.client, 0, 64, false);
        pair_run(&p, 3 * SD_SECOND);
        pair_check(&p, start + rows[i].ready * RTT, pair_when(&p, p.client, SD_EV_READY, 0),
                   "client READY");
        pair_check(&p, start + rows[i].reply * RTT, pair_when(&p, p.client, SD_EV_DATA, 0),
                   "reply");
        pair_check(&p, 100, pair_heard(&p, p.client, 0), "bytes of the reply");
        pair_check(&p, rows[i].resumed, pair_count(&p, p.client, SD_EV_RESUMED), "client RESUMED");
        pair_check(&p, rows[i].resumed, pair_count(&p, p.server, SD_EV_RESUMED), "server RESUMED");
        pair_check(&p, !rows[i].resumed, pair_count(&p, p.client, SD_EV_PEER_AUTH), "PEER_AUTH");
        pair_check(&p, rows[i].early != NULL, pair_count(&p, p.client, SD_EV_EARLY_OK), "EARLY_OK");
        pair_check(&p, rows[i].early != NULL, pair_count(&p, p.server, SD_EV_EARLY_OK), "EARLY_OK");
        pair_check(&p, rows[i].retry, pair_units(&p, p.server, "Retry"), "Retry packets");
        pair_check(&p, 1, pair_count(&p, p.server, SD_EV_VALIDATED), "server VALIDATED");
        pair_check(&p, rows[i].validated,
                   pair_when(&p, p.server, SD_EV_VALIDATED, 0) <
                       pair_when(&p, p.server, SD_EV_READY, 0),
                   "validated before the handshake was over");
        pair_end(&p);
    }
}

/* -- who is who -- */

static void test_identities(void **state)
{
    (void)state;
    static const struct {
        const char *server, *client; /* client "": it shows no certificate */
        bool ready;
    } rows[] = {
        {"server.example", NULL, true},     {"server.ed25519.example", NULL, true},
        {"server.rsa.example", NULL, true}, {"server.example", "client.ed25519.example", true},
        {"server.example", "", false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        const char *client = rows[i].client ? rows[i].client : "client.example";
        print_message("          %s, %s\n", rows[i].server, client);
        pair_make(&p, &(struct pair_options){.identity = rows[i].server,
                                             .client_identity = client,
                                             .name = rows[i].server,
                                             .mutual = true});
        pair_request(&p);
        pair_check(&p, rows[i].ready, pair_count(&p, p.server, SD_EV_READY), "server READY");
        pair_check_text(&p, rows[i].server, pair_detail(&p, p.client, SD_EV_PEER_AUTH, 0), "auth");
        if (rows[i].ready)
            pair_check_text(&p, client, pair_detail(&p, p.server, SD_EV_PEER_AUTH, 0), "auth");
        else
            pair_check_text(&p, "TLS alert 116", pair_detail(&p, p.client, SD_EV_ERROR, 0),
                            "what the client is told");
        pair_end(&p);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct sd_option tell[] = {{"verify", "application"}, {0}};
    static const struct {
        const char *what;
        struct pair_options options;
        const char *client, *server; /* errors; NULL: READY */
    } rows[] = {
        {"another name", {.name = "other.example"}, "TLS alert 112", "TLS alert 112"},
        {"another authority", {.client_ca = "server.rsa.example"}, "TLS alert 42", "TLS alert 42"},
        {"another authority, only told",
         {.client_ca = "server.rsa.example", .client_options = tell},
         NULL,
         NULL},
        {"no application in common",
         {.client_alpn = "h3", .server_alpn = "hq-interop"},
         "TLS alert 120",
         "TLS alert 120"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        struct pair_options o = rows[i].options;
        if (o.client_ca) /* a certificate that issued nothing */
            o.client_ca = sd_identity(o.client_ca)->certificate;
        print_message("          %s\n", rows[i].what);
        pair_make(&p, &o);
        pair_open(&p, NULL);
        pair_run(&p, 3 * SD_SECOND);
        pair_check(&p, !rows[i].client, pair_count(&p, p.client, SD_EV_READY), "client READY");
        if (rows[i].client)
            pair_check_text(&p, rows[i].client, pair_detail(&p, p.client, SD_EV_ERROR, 0),
                            "client");
        else
            pair_check_text(&p, "unverified", pair_detail(&p, p.client, SD_EV_PEER_AUTH, 0),
                            "client");
        if (rows[i].server)
            pair_check_text(&p, rows[i].server, pair_detail(&p, p.server, SD_EV_ERROR, 0),
                            "server");
        pair_end(&p);
    }
}

static void test_alpn(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p,
              &(struct pair_options){.client_alpn = "http/0.9,h3", .server_alpn = "h3,http/0.9"});
    pair_request(&p);
    for (int seat = 0; seat < 2; seat++)
        pair_check_text(&p, "ALPN h3", pair_detail(&p, seat, SD_EV_READY, 0),
                        "the server's choice");
    pair_end(&p);
}

/* -- keys -- */

static void test_exporter(void **state)
{
    (void)state;
    static const struct {
        const char *label, *context;
    } rows[] = {{"EXPORTER-lab", NULL}, {"EXPORTER-other", NULL}, {"EXPORTER-lab", "context"}};
    uint8_t out[SD_ROWS(rows)][2][32];
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_request(&p);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_control c = {.verb = SD_EXPORT,
                               .text = rows[i].label,
                               .in = (const uint8_t *)rows[i].context,
                               .in_len = rows[i].context ? strlen(rows[i].context) : 0,
                               .out_len = 32};
        for (int seat = 0; seat < 2; seat++) {
            c.out = out[i][seat];
            sd_sid sid = seat == p.client ? p.client_sid : p.server_sid;
            pair_check(&p, SD_OK, sd_mem_control(p.mem, seat, sid, &c), "export");
        }
        assert_memory_equal(out[i][0], out[i][1], 32);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(out[i][0], out[k][0], 32);
    }
    pair_end(&p);
}

static void test_key_update(void **state)
{
    (void)state;
    for (int seat = 0; seat < 2; seat++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){.reply = 100});
        pair_request(&p);
        /* It shows in the next packet of either side. */
        for (unsigned update = 1; update <= 2; update++) {
            pair_check(&p, SD_OK, pair_control(&p, seat, SD_REKEY), "an update");
            pair_check(&p, SD_E_STATE, (int64_t)pair_control(&p, seat, SD_REKEY), "one more");
            for (int i = 0; i < 2; i++) {
                pair_send(&p, p.client, 0, 64, false);
                pair_run(&p, SD_SECOND);
            }
            pair_check(&p, 2 * update, pair_count(&p, seat, SD_EV_KEY_UPDATE), "whoever began");
            pair_check(&p, update, pair_count(&p, !seat, SD_EV_KEY_UPDATE), "the other");
        }
        pair_check(&p, 5 * 64, pair_heard(&p, p.server, 0), "bytes");
        pair_end(&p);
    }
}

/* -- the end -- */

static void test_close(void **state)
{
    (void)state;
    for (int seat = 0; seat < 2; seat++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){0});
        pair_request(&p);
        /* What was said before is heard before. */
        pair_send(&p, seat, 0, 100000, false);
        pair_check(&p, SD_OK, pair_control(&p, seat, SD_CLOSE), "close");
        pair_run(&p, 3 * SD_SECOND);
        pair_check(&p, 100000 + (seat == p.client ? 64 : 0), pair_heard(&p, !seat, 0), "heard");
        pair_check(&p, 1, pair_count(&p, seat, SD_EV_CLOSED), "CLOSED of whoever closed");
        pair_check(&p, 1, pair_count(&p, !seat, SD_EV_CLOSED), "CLOSED of the other");
        pair_check(&p, 0, pair_stats(&p, seat).sessions + pair_stats(&p, !seat).sessions, "left");
        pair_end(&p);
    }
}

static void test_silence(void **state)
{
    (void)state;
    static const struct sd_option idle[] = {{"idle", "5"}, {0}};
    struct pair p;
    pair_make(&p, &(struct pair_options){.client_options = idle});
    pair_request(&p);
    sd_time last = sd_mem_unit(p.mem, sd_mem_units(p.mem) - 1)->sent;
    pair_run(&p, 60 * SD_SECOND);
    for (int seat = 0; seat < 2; seat++) {
        pair_check_text(&p, "idle timeout", pair_detail(&p, seat, SD_EV_CLOSED, 0), "CLOSED");
        sd_time at = pair_when(&p, seat, SD_EV_CLOSED, 0);
        pair_check(&p, true, at > last + 4 * SD_SECOND && at < last + 6 * SD_SECOND, "after 5 s");
    }
    pair_end(&p);
}

static void test_no_answer(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    sd_mem_link(p.mem)->loss_ppm = SD_PPM;
    pair_open(&p, NULL);
    pair_run(&p, 100 * SD_SECOND);
    pair_check_text(&p, "no answer", pair_detail(&p, p.client, SD_EV_ERROR, 0), "ERROR");
    /* 999 ms, then doubling (RFC 9002 6.2): at 1, 3, 7 and 15 s. */
    pair_check(&p, 999 * SD_MS, sd_mem_unit(p.mem, 1)->sent / SD_MS * SD_MS, "first probe");
    pair_check(&p, 2997 * SD_MS, sd_mem_unit(p.mem, 2)->sent / SD_MS * SD_MS, "second probe");
    pair_end(&p);
}

/* The server forgets everything but its static key: RFC 9000 10.3. */
static void test_stateless_reset(void **state)
{
    (void)state;
    static const struct sd_option key[] = {{"static_key", "of these tests"}, {0}};
    static const struct sd_option other[] = {{"static_key", "another"}, {0}};
    for (int same = 0; same < 2; same++) {
        struct pair p;
        struct sd_error error;
        pair_make(&p, &(struct pair_options){.server_options = key});
        pair_request(&p);
        struct sd_seat *seat = sd_mem_seat(p.mem, p.server), before = *seat;
        sd_seat_fini(seat);
        p.config[1].options = same ? key : other;
        assert_int_equal(sd_seat_init(seat, &sd_quic_agent, &p.config[1], before.env, before.sink,
                                      before.ctx, sd_mem_now(p.mem), &error),
                         SD_OK);
        pair_send(&p, p.client, 0, 64, false);
        pair_run(&p, SD_SECOND);
        pair_check(&p, same, pair_count(&p, p.client, SD_EV_ERROR), "ERROR");
        if (same)
            pair_check_text(&p, "stateless reset", pair_detail(&p, p.client, SD_EV_ERROR, 0),
                            "why");
        pair_end(&p);
    }
}

static void test_version_negotiation(void **state)
{
    (void)state;
    /* RFC 9000 15: ?a?a?a?a is reserved, to exercise this. */
    static const struct sd_option reserved[] = {{"version", "1a2a3a4a"}, {0}};
    struct pair p;
    pair_make(&p, &(struct pair_options){.client_options = reserved, .reply = 100});
    pair_request(&p);
    pair_check(&p, 1, pair_units(&p, p.server, "Version Negotiation"), "packets");
    pair_check(&p, 2 * RTT, pair_when(&p, p.client, SD_EV_READY, 0), "READY");
    pair_check(&p, 100, pair_heard(&p, p.client, 0), "reply");
    pair_end(&p);
}

/* -- what a handshake costs -- */

static void test_operations(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        enum sd_op op;
        uint64_t client, server;
    } rows[] = {
        /* GnuTLS sends a key share of either group, and checks leaf and chain. */
        {"fresh", SD_OP_KEYGEN, 2, 1},   {"fresh", SD_OP_DERIVE, 1, 1},
        {"fresh", SD_OP_SIGN, 0, 1},     {"fresh", SD_OP_VERIFY, 2, 0},
        {"resumed", SD_OP_KEYGEN, 2, 1}, {"resumed", SD_OP_DERIVE, 1, 1},
        {"resumed", SD_OP_SIGN, 0, 0},   {"resumed", SD_OP_VERIFY, 0, 0},
        {"psk", SD_OP_DERIVE, 1, 1},     {"psk", SD_OP_SIGN, 0, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        uint64_t before[2], found[2];
        pair_make_known(&p, &(struct pair_options){.mode = rows[i].mode});
        for (int seat = 0; seat < 2; seat++)
            before[seat] = sd_account_calls(&sd_mem_seat(p.mem, seat)->env->account, rows[i].op);
        pair_request(&p);
        for (int seat = 0; seat < 2; seat++)
            found[seat] = sd_account_calls(&sd_mem_seat(p.mem, seat)->env->account, rows[i].op) -
                          before[seat];
        if (found[0] != rows[i].client || found[1] != rows[i].server)
            fail_msg("%s %s: expected %llu and %llu, found %llu and %llu", rows[i].mode,
                     sd_op_name(rows[i].op), (unsigned long long)rows[i].client,
                     (unsigned long long)rows[i].server, (unsigned long long)found[0],
                     (unsigned long long)found[1]);
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_alpn),
        cmocka_unit_test(test_exporter),
        cmocka_unit_test(test_key_update),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_stateless_reset),
        cmocka_unit_test(test_version_negotiation),
        cmocka_unit_test(test_operations),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
