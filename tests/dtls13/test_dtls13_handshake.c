/* test_dtls13_handshake.c - every mode from ClientHello to the end: round trips, what both sides
 * are told, what they export, what it costs, and who is refused. */
#include "tests/dtls13/check.h"

/* -- modes -- */

struct row {
    const char *name, *mode;
    bool again;                            /* a session before it, for a ticket */
    double ready, reply;                   /* round trips */
    unsigned keygen, derive, sign, verify; /* of the client */
    const char *server;                    /* identity */
    const struct sd_option *options;
    bool mutual;
    uint16_t mtu;
    const char *seen; /* in READY's detail */
    bool cookie, resumed;
};

static const struct sd_option p256[] = {{"groups", "P-256"}, {0}};
static const struct sd_option chacha[] = {{"suites", "TLS_CHACHA20_POLY1305_SHA256"}, {0}};
static const struct sd_option sha384[] = {{"suites", "TLS_AES_256_GCM_SHA384"}, {0}};
static const struct sd_option cid_1[] = {{"cid", "1"}, {0}};
static const struct sd_option cid_20[] = {{"cid", "20"}, {0}};

static const struct row rows[] = {
    {"fresh", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2},
    {"cid", "cid", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2},
    {"cookie", "cookie", .ready = 2, .reply = 3, .keygen = 2, .derive = 1, .verify = 2,
     .cookie = true},
    {"psk", "psk", .ready = 1, .reply = 2, .keygen = 1, .derive = 1},
    {"resumed", "resumed", .again = true, .ready = 1, .reply = 2, .keygen = 1, .derive = 1,
     .resumed = true},
    {"early", "early", .again = true, .ready = 1, .reply = 1, .keygen = 1, .derive = 1,
     .resumed = true},
    {"mutual", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .sign = 1, .verify = 2,
     .mutual = true},
    {"mutual, resumed", "resumed", .again = true, .ready = 1, .reply = 2, .keygen = 1, .derive = 1,
     .mutual = true, .resumed = true},
    {"Ed25519", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2,
     .server = "server.ed25519.example"},
    {"RSA", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2,
     .server = "server.rsa.example"},
    {"RSA over a path of 300 bytes", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1,
     .verify = 2, .server = "server.rsa.example", .mtu = 300},
    {"mutual over a path of 256 bytes", "cid", .ready = 1, .reply = 2, .keygen = 1, .derive = 1,
     .sign = 1, .verify = 2, .mutual = true, .mtu = 256},
    {"P-256", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2,
     .options = p256, .seen = "secp256r1"},
    {"ChaCha20", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2,
     .options = chacha, .seen = "CHACHA20"},
    {"SHA-384", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2,
     .options = sha384, .seen = "SHA384"},
    {"ids of one byte", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2,
     .options = cid_1},
    {"ids of 20 bytes", "fresh", .ready = 1, .reply = 2, .keygen = 1, .derive = 1, .verify = 2,
     .options = cid_20},
};

static void make(struct talk *t, const struct row *row)
{
    struct sd_config client = talk_config(SD_ROLE_CLIENT, row->mode);
    struct sd_config server = talk_config(SD_ROLE_SERVER, row->mode);
    if (row->server) {
        server.identity = sd_identity(row->server);
        client.server_name = row->server;
    }
    client.options = server.options = row->options;
    server.mutual = row->mutual;
    client.path_mtu = server.path_mtu = row->mtu;
    talk_init(t, "dtls13", &client, &server, 1);
}

static uint64_t calls(struct talk *t, enum sd_op op)
{
    return sd_account_calls(&sd_mem_seat(t->mem, t->client)->env->account, op);
}

static void check_exporters(struct talk *t, const char *name)
{
    uint8_t out[2][56];
    for (int side = 0; side < 2; side++) {
        struct sd_control c = {.verb = SD_EXPORT,
                               .text = "EXTRACTOR-dtls_srtp",
                               .out = out[side],
                               .out_len = sizeof out[side]};
        sd_sid sid = side ? talk_server_sid(t) : sd_mem_sid(t->mem, t->conversation);
        check(t, name, "export", SD_OK,
              sd_mem_control(t->mem, side ? t->server : t->client, sid, &c));
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
}

static void check_row(const struct row *row)
{
    struct talk t;
    uint64_t before[SD_OP_MAX] = {0};
    make(&t, row);
    if (row->again) {
        talk_connect(&t);
        check(&t, row->name, "tickets", 1, talk_count(&t, t.client, SD_EV_TICKET));
        talk_close(&t);
        for (int op = 0; op < SD_OP_MAX; op++)
            before[op] = calls(&t, op);
        t.early = strcmp(row->mode, "early") == 0;
        sd_mem_forget(t.mem);
    }
    talk_connect(&t);
    check(&t, row->name, "ready", (sd_time)(row->ready * RTT), t.ready);
    check(&t, row->name, "reply", (sd_time)(row->reply * RTT), t.reply);
    check(&t, row->name, "keygen", row->keygen, calls(&t, SD_OP_KEYGEN) - before[SD_OP_KEYGEN]);
    check(&t, row->name, "derive", row->derive, calls(&t, SD_OP_DERIVE) - before[SD_OP_DERIVE]);
    check(&t, row->name, "sign", row->sign, calls(&t, SD_OP_SIGN) - before[SD_OP_SIGN]);
    check(&t, row->name, "verify", row->verify, calls(&t, SD_OP_VERIFY) - before[SD_OP_VERIFY]);
    check(&t, row->name, "resumed", row->resumed, talk_count(&t, t.client, SD_EV_RESUMED));
    check(&t, row->name, "client knows the server", 1, talk_count(&t, t.client, SD_EV_PEER_AUTH));
    check(&t, row->name, "server knows the client", row->mutual || strcmp(row->mode, "psk") == 0,
          talk_count(&t, t.server, SD_EV_PEER_AUTH));
    check(&t, row->name, "validated by cookie", row->cookie,
          strstr(talk_detail(&t, t.server, SD_EV_VALIDATED), "cookie") != NULL);
    check(&t, row->name, "retransmissions", 0,
          talk_stats(&t, t.client).retransmits + talk_stats(&t, t.server).retransmits);
    check(&t, row->name, "half open", 0, talk_stats(&t, t.server).half_open);
    check(&t, row->name, "sessions", 1, talk_stats(&t, t.server).sessions);
    if (row->seen && !strstr(talk_detail(&t, t.client, SD_EV_READY), row->seen))
        fail_msg("%s: expected %s, found '%s'", row->name, row->seen,
                 talk_detail(&t, t.client, SD_EV_READY));
    if (row->mtu)
        for (size_t i = 0; i < sd_mem_units(t.mem); i++)
            assert_true(sd_mem_unit(t.mem, i)->len <= row->mtu - 28u);
    check_exporters(&t, row->name);
    talk_close(&t);
    check(&t, row->name, "closed, client", 1, talk_count(&t, t.client, SD_EV_CLOSED));
    check(&t, row->name, "closed, server", 1, talk_count(&t, t.server, SD_EV_CLOSED));
    check(&t, row->name, "sessions left", 0, talk_stats(&t, t.server).sessions);
    talk_fini(&t);
}

static void test_modes(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++)
        check_row(&rows[i]);
}

/* Whoever is first in a process books the same: libraries keep what they made for the first one. */
static void test_first_in_a_process(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_stats peaks[2][2];
        for (int run = 0; run < 2; run++) {
            struct talk t;
            make(&t, &rows[i]);
            talk_connect(&t);
            talk_close(&t);
            for (int seat = 0; seat < 2; seat++)
                peaks[run][seat] = talk_stats(&t, seat);
            talk_fini(&t);
        }
        for (int seat = 0; seat < 2; seat++)
            if (peaks[0][seat].state_bytes_peak != peaks[1][seat].state_bytes_peak)
                fail_msg("%s: peak of seat %d: expected what the first had, %llu bytes, found %llu",
                         rows[i].name, seat, (unsigned long long)peaks[0][seat].state_bytes_peak,
                         (unsigned long long)peaks[1][seat].state_bytes_peak);
    }
}

/* -- refusals -- */

static const struct sd_option x25519[] = {{"groups", "X25519"}, {0}};
static const struct sd_option raw_server[] = {{"raw_public_key", "server.example"}, {0}};
static const struct sd_option raw_client[] = {{"raw_public_key", "client.example"}, {0}};
static const struct sd_option raw_other[] = {{"raw_public_key", "server.ed25519.example"}, {0}};
static const struct sd_option srtp_both[] = {
    {"use_srtp", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_HMAC_SHA1_80"}, {0}};
static const struct sd_option srtp_one[] = {{"use_srtp", "SRTP_AES128_CM_HMAC_SHA1_80"}, {0}};

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *asked, *client_identity, *client_alpn, *server_alpn;
        const struct sd_option *client, *server;
        const char *client_mode, *server_mode;
        bool mutual;
        unsigned alert; /* 0: it goes well */
    } refusals[] = {
        {"the server is somebody else", .asked = "other.example", .alert = E13_UNRECOGNIZED_NAME},
        {"no suite in common", .client = chacha, .server = sha384, .alert = E13_HANDSHAKE_FAILURE},
        {"no group in common", .client = p256, .server = x25519, .alert = E13_HANDSHAKE_FAILURE},
        {"no application protocol in common", .client_alpn = "h2", .server_alpn = "coap",
         .alert = E13_NO_APPLICATION_PROTOCOL},
        {"the second application protocol", .client_alpn = "h2,coap", .server_alpn = "coap"},
        {"no client certificate", .client_identity = "none", .mutual = true,
         .alert = E13_CERTIFICATE_REQUIRED},
        {"a server that knows no PSK shows its certificate", .client_mode = "psk",
         .server_mode = "fresh"},
        {"a client that knows no PSK", .client_mode = "fresh", .server_mode = "psk",
         .alert = E13_UNKNOWN_PSK_IDENTITY},
        {"raw public key", .client = raw_server, .server = raw_client},
        {"raw public keys of both", .client = raw_server, .server = raw_client, .mutual = true},
        {"another raw public key", .client = raw_other, .server = raw_client,
         .alert = E13_BAD_CERTIFICATE},
        {"raw public key, the server has none", .client = raw_server,
         .alert = E13_UNSUPPORTED_CERTIFICATE},
        {"SRTP profile", .client = srtp_both, .server = srtp_one},
    };
    for (size_t i = 0; i < SD_ROWS(refusals); i++) {
        struct talk t;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, refusals[i].client_mode);
        struct sd_config server = talk_config(SD_ROLE_SERVER, refusals[i].server_mode);
        if (refusals[i].asked)
            client.server_name = refusals[i].asked;
        if (refusals[i].client_identity)
            client.identity = NULL;
        client.alpn = refusals[i].client_alpn;
        server.alpn = refusals[i].server_alpn;
        client.options = refusals[i].client;
        server.options = refusals[i].server;
        server.mutual = refusals[i].mutual;
        talk_init(&t, "dtls13", &client, &server, 1);
        talk_connect(&t);
        bool good = refusals[i].alert == 0;
        check(&t, refusals[i].name, "replies", good, talk_count(&t, t.client, SD_EV_DATA));
        if (!good) {
            const struct sd_mem_event *e = sd_mem_find(t.mem, -1, SD_EV_ERROR, 0);
            assert_non_null(e);
            check(&t, refusals[i].name, "alert", refusals[i].alert, e->code);
        }
        if (refusals[i].client == srtp_both)
            check(&t, refusals[i].name, "profile", 1,
                  sd_mem_find(t.mem, t.server, SD_EV_READY, 0)->code);
        talk_fini(&t);
    }
}

/* -- key updates -- */

static void test_key_updates(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls13", "fresh", 1);
    talk_connect(&t);
    for (unsigned round = 1; round <= 9; round++) { /* over epochs 3 to 12: their bits come again */
        bool by_client = round % 2;
        struct sd_control c = {.verb = SD_REKEY};
        sd_sid sid = by_client ? sd_mem_sid(t.mem, t.conversation) : talk_server_sid(&t);
        check(&t, "key update", "control", SD_OK,
              sd_mem_control(t.mem, by_client ? t.client : t.server, sid, &c));
        talk_run(&t, SD_SECOND);
        for (int seat = 0; seat < 2; seat++)
            check(&t, "key update", "sending and receiving", 2 * round,
                  talk_count(&t, seat, SD_EV_KEY_UPDATE));
        sd_mem_send(t.mem, t.client, sd_mem_sid(t.mem, t.conversation), 0, REQUEST, strlen(REQUEST),
                    false);
        talk_run(&t, SD_SECOND);
        check(&t, "key update", "replies", 1 + round, talk_count(&t, t.client, SD_EV_DATA));
    }
    talk_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_a_process), /* first */
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_key_updates),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
