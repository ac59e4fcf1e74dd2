/* What a session offers beyond its handshake: client certificates, ALPN, exporter, key update,
 * closing, early data and its replay, bulk; and what a handshake costs in operations. */
#include "tests/tls/talk.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const protocols[] = {"tls13", "tls12", "dtls12"};
#define PROTOCOLS (sizeof protocols / sizeof *protocols)

static void test_mutual_and_alpn(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTOCOLS; i++) {
        struct talk t;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
        struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
        server.mutual = true;
        client.alpn = "http/1.1,h2";
        server.alpn = "h2,http/1.1";
        talk_init(&t, protocols[i], &client, &server, 1);
        talk_connect(&t);
        assert_string_equal(talk_detail(&t, t.client, SD_EV_PEER_AUTH),
                            "certificate of server.example");
        assert_string_equal(talk_detail(&t, t.server, SD_EV_PEER_AUTH),
                            "certificate of client.example");
        assert_non_null(strstr(talk_detail(&t, t.client, SD_EV_READY), "ALPN h2"));
        assert_non_null(strstr(talk_detail(&t, t.server, SD_EV_READY), "ALPN h2"));
        talk_close(&t);
        talk_fini(&t);
    }
}

static void test_identities(void **state)
{
    (void)state;
    static const struct {
        const char *server, *client; /* client NULL: it shows no certificate */
    } rows[] = {
        {"server.ed25519.example", NULL},
        {"server.rsa.example", NULL},
        {"server.example", "client.ed25519.example"},
    };
    for (size_t i = 0; i < PROTOCOLS; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
            struct talk t;
            if (strcmp(protocols[i], "dtls12") == 0 && strstr(rows[k].server, "ed25519"))
                continue; /* refused: OpenSSL's limit (limits_test.c, refusal_test.c) */
            struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
            struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
            server.identity = sd_identity(rows[k].server);
            client.server_name = rows[k].server;
            server.mutual = rows[k].client != NULL;
            client.identity = rows[k].client ? sd_identity(rows[k].client) : NULL;
            talk_init(&t, protocols[i], &client, &server, 1);
            talk_connect(&t);
            if (!strstr(talk_detail(&t, t.client, SD_EV_PEER_AUTH), rows[k].server) ||
                (rows[k].client &&
                 !strstr(talk_detail(&t, t.server, SD_EV_PEER_AUTH), rows[k].client))) {
                sd_mem_print(t.mem);
                fail_msg("%s: expected a session of %s with %s", protocols[i], rows[k].server,
                         rows[k].client ? rows[k].client : "nobody");
            }
            assert_true(t.reply != SD_NEVER);
            talk_close(&t);
            talk_fini(&t);
        }
}

static void test_exporter(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTOCOLS; i++) {
        struct talk t;
        uint8_t out[5][32];
        talk_modes(&t, protocols[i], "fresh", 1);
        talk_connect(&t);
        sd_sid client = sd_mem_sid(t.mem, t.conversation), server = talk_server_sid(&t);
        struct sd_control c = {.verb = SD_EXPORT, .text = "EXPORTER-lab", .out_len = 32};
        c.out = out[0];
        assert_int_equal(sd_mem_control(t.mem, t.client, client, &c), SD_OK);
        c.out = out[1];
        assert_int_equal(sd_mem_control(t.mem, t.server, server, &c), SD_OK);
        c.out = out[2];
        c.text = "EXPORTER-other";
        assert_int_equal(sd_mem_control(t.mem, t.server, server, &c), SD_OK);
        assert_memory_equal(out[0], out[1], 32);
        assert_memory_not_equal(out[0], out[2], 32);
        c.text = "EXPORTER-lab";
        c.in = (const uint8_t *)"context";
        c.in_len = 7;
        c.out = out[3];
        assert_int_equal(sd_mem_control(t.mem, t.client, client, &c), SD_OK);
        c.out = out[4];
        assert_int_equal(sd_mem_control(t.mem, t.server, server, &c), SD_OK);
        assert_memory_equal(out[3], out[4], 32);
        assert_memory_not_equal(out[0], out[3], 32);
        talk_close(&t);
        assert_int_equal(sd_mem_control(t.mem, t.client, client, &c), SD_E_STATE);
        talk_fini(&t);
    }
}

static void test_key_update(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTOCOLS; i++) {
        struct talk t;
        bool has = strcmp(protocols[i], "tls13") == 0;
        talk_modes(&t, protocols[i], "fresh", 1);
        talk_connect(&t);
        sd_sid sid = sd_mem_sid(t.mem, t.conversation);
        struct sd_control c = {.verb = SD_REKEY};
        assert_int_equal(sd_mem_control(t.mem, t.client, sid, &c), has ? SD_OK : SD_E_UNSUPPORTED);
        talk_run(&t, 1 * SD_SECOND);
        sd_mem_send(t.mem, t.client, sid, 0, "after", 5, false);
        talk_run(&t, 1 * SD_SECOND);
        /* RFC 8446 4.6.3: the request is answered before the next data: four keys changed */
        assert_int_equal(talk_count(&t, t.client, SD_EV_KEY_UPDATE), has ? 2 : 0);
        assert_int_equal(talk_count(&t, t.server, SD_EV_KEY_UPDATE), has ? 2 : 0);
        assert_int_equal(talk_count(&t, t.server, SD_EV_DATA), 2);
        assert_int_equal(talk_count(&t, t.client, SD_EV_DATA), 2);
        talk_close(&t);
        talk_fini(&t);
    }
}

static void test_server_closes(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTOCOLS; i++) {
        struct talk t;
        talk_modes(&t, protocols[i], "fresh", 1);
        talk_connect(&t);
        sd_mem_close(t.mem, t.server, talk_server_sid(&t));
        talk_run(&t, 10 * SD_SECOND);
        assert_string_equal(talk_detail(&t, t.client, SD_EV_CLOSED), "close_notify");
        assert_string_equal(talk_detail(&t, t.server, SD_EV_CLOSED), "close_notify");
        assert_int_equal(talk_stats(&t, t.server).sessions, 0);
        assert_int_equal(talk_stats(&t, t.client).sessions, 0);
        talk_fini(&t);
    }
}

/* RFC 8446 6.1: a connection that ends without close_notify was cut off. */
static void test_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct talk t;
        talk_modes(&t, protocols[i], "fresh", 1);
        talk_connect(&t);
        const struct sd_mem_event *ready = sd_mem_find(t.mem, t.server, SD_EV_READY, 0);
        struct sd_unit end = {.path = ready->path, .flags = SD_UNIT_FIN};
        sd_seat_net_in(sd_mem_seat(t.mem, t.server), sd_mem_now(t.mem), &end);
        assert_non_null(strstr(talk_detail(&t, t.server, SD_EV_ERROR), "truncated"));
        assert_int_equal(talk_stats(&t, t.server).sessions, 0);
        sd_mem_break(t.mem, t.conversation);
        talk_run(&t, 1 * SD_SECOND);
        assert_non_null(strstr(talk_detail(&t, t.client, SD_EV_ERROR), "reset"));
        talk_fini(&t);
    }
}

static void test_bulk(void **state)
{
    (void)state;
    size_t len = 4 << 20, got;
    uint8_t *big = malloc(len);
    assert_non_null(big);
    for (size_t i = 0; i < len; i++)
        big[i] = (uint8_t)(i * 31 + (i >> 11));
    for (size_t i = 0; i < 2; i++) {
        struct talk t;
        talk_modes(&t, protocols[i], "fresh", 1);
        t.quiet = true;
        sd_mem_link(t.mem)->stream_chunk = i ? 1448 : 0;
        talk_connect(&t);
        sd_mem_send(t.mem, t.server, talk_server_sid(&t), 0, big, len, false);
        talk_run(&t, 10 * SD_SECOND);
        const uint8_t *bytes = sd_mem_received(t.mem, t.client, &got);
        assert_int_equal(got, len);
        assert_memory_equal(bytes, big, len);
        talk_close(&t);
        talk_fini(&t);
    }
    free(big);
}

/* The client's units of the last connection, as one flight before the server answered. */
static size_t first_flight(struct talk *t, uint8_t *flight, size_t cap)
{
    size_t len = 0;
    for (size_t i = 0; i < sd_mem_units(t->mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(t->mem, i);
        if (u->segment || u->sent < t->begun)
            continue;
        if (u->from == t->server)
            break;
        assert_true(len + u->len <= cap);
        memcpy(flight + len, u->data, u->len);
        len += u->len;
    }
    return len;
}

/* RFC 8446 8: somebody sends the recorded first flight again, over a connection of his own. */
static void replay_early(bool allowed)
{
    struct talk t;
    uint8_t flight[4096];
    struct sd_config client = talk_config(SD_ROLE_CLIENT, "early");
    struct sd_config server = talk_config(SD_ROLE_SERVER, "early");
    server.early_replay_ok = allowed;
    talk_init(&t, "tls13", &client, &server, 2);
    talk_connect(&t);
    talk_close(&t);
    t.early = true;
    talk_start(&t);
    talk_run(&t, 1 * SD_SECOND); /* libssl takes early data for 10 s after its time */
    assert_int_equal(talk_count(&t, t.server, SD_EV_EARLY_OK), 1);
    size_t len = first_flight(&t, flight, sizeof flight);
    size_t data = talk_count(&t, t.server, SD_EV_DATA);
    struct sd_path path = sd_mem_find(t.mem, t.server, SD_EV_READY, 1)->path;
    path.conn = 4242;
    path.remote.port = 6666;
    struct sd_unit begin = {.path = path, .flags = SD_UNIT_BEGIN};
    struct sd_unit copy = {.path = path, .data = flight, .len = len};
    sd_seat_net_in(sd_mem_seat(t.mem, t.server), sd_mem_now(t.mem), &begin);
    sd_seat_net_in(sd_mem_seat(t.mem, t.server), sd_mem_now(t.mem), &copy);
    assert_int_equal(talk_count(&t, t.server, SD_EV_DATA), data + allowed);
    assert_int_equal(talk_stats(&t, t.server).replays_accepted, allowed);
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_REPLAY], !allowed);
    assert_int_equal(talk_count(&t, t.server, SD_EV_EARLY_REFUSED), !allowed);
    talk_fini(&t);
}

static void test_early_replay(void **state)
{
    (void)state;
    replay_early(false);
    replay_early(true);
}

static void test_early_without_ticket(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "tls13", "early", 2);
    t.early = true;
    talk_connect(&t);
    assert_non_null(strstr(talk_detail(&t, t.client, SD_EV_EARLY_REFUSED), "no ticket"));
    assert_int_equal(t.reply, 3 * RTT);
    talk_close(&t);
    talk_fini(&t);
}

/* RFC 8446 C.4: a client shows a TLS 1.3 ticket once, so that nobody links its connections. */
static void test_tickets_are_used_once(void **state)
{
    (void)state;
    static const struct sd_option one[] = {{"tickets", "1"}, {0}};
    for (size_t i = 0; i < 2; i++) {
        struct talk t;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "resumed");
        struct sd_config server = talk_config(SD_ROLE_SERVER, "resumed");
        bool once = strcmp(protocols[i], "tls13") == 0;
        server.options = one;
        talk_init(&t, protocols[i], &client, &server, 1);
        talk_connect(&t);
        assert_int_equal(talk_count(&t, t.client, SD_EV_TICKET), 1);
        talk_start(&t);
        talk_start(&t);
        talk_run(&t, 10 * SD_SECOND);
        assert_int_equal(talk_count(&t, t.client, SD_EV_READY), 3);
        assert_int_equal(talk_count(&t, t.client, SD_EV_RESUMED), once ? 1 : 2);
        talk_fini(&t);
    }
}

/* The server decides: a cookie also for clients that came in another mode.  Nobody resumes then
 * with TLS 1.3, by OpenSSL's limit. */
static void test_validation_always(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *mode;
        bool earlier; /* the client brings a ticket */
        bool resumed;
        unsigned ready; /* RTTs */
    } rows[] = {
        {"tls13", "fresh", false, false, 3},  {"tls13", "hrr", false, false, 3},
        {"tls13", "resumed", true, false, 3}, {"tls13", "early", true, false, 3},
        {"dtls12", "fresh", false, false, 3}, {"dtls12", "resumed", true, true, 2},
        {"dtls12", "psk", false, false, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct talk t;
        bool tls = strcmp(rows[i].protocol, "tls13") == 0;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, rows[i].mode);
        struct sd_config server = talk_config(SD_ROLE_SERVER, tls ? "fresh" : rows[i].mode);
        server.validation = SD_VALIDATE_ALWAYS;
        server.allow_early = true;
        talk_init(&t, rows[i].protocol, &client, &server, 1);
        sd_mem_link(t.mem)->stream_chunk = 50; /* the ClientHello comes in pieces */
        if (rows[i].earlier) {
            talk_connect(&t);
            talk_close(&t);
            sd_mem_forget(t.mem);
        }
        t.early = strcmp(rows[i].mode, "early") == 0;
        talk_connect(&t);
        size_t resumed = talk_count(&t, t.client, SD_EV_RESUMED);
        if (t.ready != rows[i].ready * RTT || resumed != rows[i].resumed ||
            !strstr(talk_detail(&t, t.server, SD_EV_VALIDATED), "cookie")) {
            sd_mem_print(t.mem);
            fail_msg("%s %s: expected a cookie, ready after %u RTT, resumed %d; found %.2f, %zu",
                     rows[i].protocol, rows[i].mode, rows[i].ready, rows[i].resumed,
                     (double)t.ready / RTT, resumed);
        }
        assert_int_equal(talk_count(&t, t.client, SD_EV_EARLY_REFUSED), t.early);
        talk_close(&t);
        talk_fini(&t);
    }
}

static void test_half_open_max(void **state)
{
    (void)state;
    struct talk t;
    struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
    struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
    server.half_open_max = 3;
    t.quiet = true;
    talk_init(&t, "tls13", &client, &server, 1);
    for (int i = 0; i < 5; i++)
        sd_mem_connect(t.mem, t.client, t.server);
    talk_run(&t, 10 * SD_SECOND);
    assert_int_equal(talk_stats(&t, t.server).half_open_peak, 3);
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_FULL], 2);
    assert_int_equal(talk_count(&t, t.client, SD_EV_READY), 3);
    assert_int_equal(talk_count(&t, t.client, SD_EV_ERROR), 2);
    talk_fini(&t);
}

/* A P-256 leaf under a P-256 authority, X25519: what the counting facts say. */
static void test_operations(void **state)
{
    (void)state;
    static const struct {
        bool client;
        enum sd_op op;
        uint64_t calls;
    } rows[] = {
        {true, SD_OP_KEYGEN, 1}, {true, SD_OP_DERIVE, 1},  {true, SD_OP_SIGN, 0},
        {true, SD_OP_VERIFY, 2}, {false, SD_OP_KEYGEN, 1}, {false, SD_OP_DERIVE, 1},
        {false, SD_OP_SIGN, 1},  {false, SD_OP_VERIFY, 0},
    };
    struct talk t;
    talk_modes(&t, "tls13", "fresh", 1);
    talk_connect(&t);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int seat = rows[i].client ? t.client : t.server;
        uint64_t calls = sd_account_calls(&sd_mem_seat(t.mem, seat)->env->account, rows[i].op);
        if (calls != rows[i].calls)
            fail_msg("%s, %s: expected %u, found %u", rows[i].client ? "client" : "server",
                     sd_op_name(rows[i].op), (unsigned)rows[i].calls, (unsigned)calls);
    }
    talk_close(&t);
    talk_fini(&t);
}

/* The secrets that Wireshark wants, the same ones on both sides. */
static void test_key_log(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *mode;
        const char *labels[6];
    } rows[] = {
        {"tls13",
         "fresh",
         {"CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_HANDSHAKE_TRAFFIC_SECRET ",
          "CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 ", "EXPORTER_SECRET "}},
        {"tls13", "early", {"CLIENT_EARLY_TRAFFIC_SECRET ", "EARLY_EXPORTER_SECRET "}},
        {"tls12", "fresh", {"CLIENT_RANDOM "}},
        {"tls12", "resumed", {"CLIENT_RANDOM "}},
        {"dtls12", "fresh", {"CLIENT_RANDOM "}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct talk t;
        talk_modes(&t, rows[i].protocol, rows[i].mode, 1);
        talk_connect(&t);
        if (strcmp(rows[i].mode, "fresh") != 0) {
            talk_close(&t);
            t.early = strcmp(rows[i].mode, "early") == 0;
            talk_connect(&t);
        }
        for (size_t k = 0; k < 6 && rows[i].labels[k]; k++) {
            char line[256];
            const char *found = strstr(sd_mem_keylog(t.mem, t.client), rows[i].labels[k]);
            if (!found)
                fail_msg("%s %s: expected %sin the key log, found:\n%s", rows[i].protocol,
                         rows[i].mode, rows[i].labels[k], sd_mem_keylog(t.mem, t.client));
            snprintf(line, sizeof line, "%.*s", (int)strcspn(found, "\n") + 1, found);
            assert_non_null(strstr(sd_mem_keylog(t.mem, t.server), line));
        }
        talk_close(&t);
        talk_fini(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutual_and_alpn),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_exporter),
        cmocka_unit_test(test_key_update),
        cmocka_unit_test(test_server_closes),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_early_replay),
        cmocka_unit_test(test_early_without_ticket),
        cmocka_unit_test(test_tickets_are_used_once),
        cmocka_unit_test(test_validation_always),
        cmocka_unit_test(test_half_open_max),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_key_log),
    };
    if (sd_core_init() != SD_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
