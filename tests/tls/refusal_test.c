/* What must not come about: each side says the alert and the words, and keeps no session. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "tests/tls/talk.h"

struct row {
    const char *name, *protocol, *mode;
    const char *server_name; /* whom the client expects; NULL: server.example */
    const char *client_alpn, *server_alpn;
    const char *psk, *psk_identity; /* the client's, where it differs */
    bool stranger;                  /* the client trusts another authority */
    bool mutual, no_certificate;    /* of the client */
    bool server_stranger;           /* the server trusts another authority */
    unsigned alert;                 /* of RFC 8446 6 */
    bool client_finds;              /* else the server does */
    const char *words;              /* in the finder's detail */
    enum sd_result drop;            /* counted by the finder */
};

static const struct row rows[] = {
    {.name = "unknown authority",
     .protocol = "tls13",
     .stranger = true,
     .alert = 48,
     .client_finds = true,
     .words = "unable to get local issuer",
     .drop = SD_DROP_AUTH},
    {.name = "unknown authority",
     .protocol = "tls12",
     .stranger = true,
     .alert = 48,
     .client_finds = true,
     .words = "unable to get local issuer",
     .drop = SD_DROP_AUTH},
    {.name = "unknown authority",
     .protocol = "dtls12",
     .stranger = true,
     .alert = 48,
     .client_finds = true,
     .words = "unable to get local issuer",
     .drop = SD_DROP_AUTH},
    {.name = "wrong name",
     .protocol = "tls13",
     .server_name = "other.example",
     .alert = 112,
     .words = "unrecognized name",
     .drop = SD_DROP_POLICY},
    {.name = "wrong name",
     .protocol = "tls12",
     .server_name = "other.example",
     .alert = 112,
     .words = "unrecognized name",
     .drop = SD_DROP_POLICY},
    {.name = "wrong name",
     .protocol = "dtls12",
     .server_name = "other.example",
     .alert = 112,
     .words = "unrecognized name",
     .drop = SD_DROP_POLICY},
    {.name = "no common ALPN",
     .protocol = "tls13",
     .client_alpn = "h3",
     .server_alpn = "h2,http/1.1",
     .alert = 120,
     .words = "no application protocol",
     .drop = SD_DROP_POLICY},
    {.name = "no common ALPN",
     .protocol = "tls12",
     .client_alpn = "h3",
     .server_alpn = "h2,http/1.1",
     .alert = 120,
     .words = "no application protocol",
     .drop = SD_DROP_POLICY},
    {.name = "no common ALPN",
     .protocol = "dtls12",
     .client_alpn = "h3",
     .server_alpn = "h2",
     .alert = 120,
     .words = "no application protocol",
     .drop = SD_DROP_POLICY},
    {.name = "no client certificate",
     .protocol = "tls13",
     .mutual = true,
     .no_certificate = true,
     .alert = 116,
     .words = "peer did not return a certificate",
     .drop = SD_DROP_AUTH},
    {.name = "no client certificate",
     .protocol = "tls12",
     .mutual = true,
     .no_certificate = true,
     .alert = 40,
     .words = "peer did not return a certificate",
     .drop = SD_DROP_POLICY},
    {.name = "no client certificate",
     .protocol = "dtls12",
     .mutual = true,
     .no_certificate = true,
     .alert = 40,
     .words = "peer did not return a certificate",
     .drop = SD_DROP_POLICY},
    {.name = "unknown client",
     .protocol = "tls13",
     .mutual = true,
     .server_stranger = true,
     .alert = 48,
     .words = "unable to get local issuer",
     .drop = SD_DROP_AUTH},
    {.name = "unknown client",
     .protocol = "tls12",
     .mutual = true,
     .server_stranger = true,
     .alert = 48,
     .words = "unable to get local issuer",
     .drop = SD_DROP_AUTH},
    {.name = "other PSK",
     .protocol = "tls13",
     .mode = "psk",
     .psk = "another key",
     .alert = 47,
     .words = "binder does not verify",
     .drop = SD_DROP_MALFORMED},
    {.name = "other PSK",
     .protocol = "tls12",
     .mode = "psk",
     .psk = "another key",
     .alert = 20,
     .words = "decryption failed",
     .drop = SD_DROP_AUTH},
    {.name = "other PSK identity",
     .protocol = "tls13",
     .mode = "psk",
     .psk_identity = "stranger",
     .alert = 40,
     .words = "no suitable signature algorithm",
     .drop = SD_DROP_POLICY},
    {.name = "other PSK identity",
     .protocol = "tls12",
     .mode = "psk",
     .psk_identity = "stranger",
     .alert = 115,
     .words = "psk identity not found",
     .drop = SD_DROP_AUTH},
    {.name = "other PSK identity",
     .protocol = "dtls12",
     .mode = "psk",
     .psk_identity = "stranger",
     .alert = 115,
     .words = "psk identity not found",
     .drop = SD_DROP_AUTH},
};

static void check_row(const struct row *row)
{
    struct talk t;
    struct sd_config client = talk_config(SD_ROLE_CLIENT, row->mode);
    struct sd_config server = talk_config(SD_ROLE_SERVER, row->mode);
    client.alpn = row->client_alpn;
    server.alpn = row->server_alpn;
    server.mutual = row->mutual;
    if (row->server_name)
        client.server_name = row->server_name;
    if (row->stranger)
        client.ca = sd_identity("server.rsa.example")->certificate;
    if (row->server_stranger)
        server.ca = sd_identity("server.rsa.example")->certificate;
    if (row->no_certificate)
        client.identity = NULL;
    if (row->psk) {
        client.psk = (const uint8_t *)row->psk;
        client.psk_len = strlen(row->psk);
    }
    client.psk_identity = row->psk_identity;
    talk_init(&t, row->protocol, &client, &server, 7);
    talk_connect(&t);
    int finder = row->client_finds ? t.client : t.server,
        other = row->client_finds ? t.server : t.client;
    const struct sd_mem_event *found = sd_mem_find(t.mem, finder, SD_EV_ERROR, 0);
    const struct sd_mem_event *heard = sd_mem_find(t.mem, other, SD_EV_ERROR, 0);
    if (!found || !heard || found->code != row->alert || heard->code != row->alert ||
        !strstr(found->detail, row->words) || talk_stats(&t, finder).dropped[row->drop] != 1) {
        sd_mem_print(t.mem);
        fail_msg("%s, %s: expected alert %u, '%s', drop %s; found %llu, '%s'; the other heard %llu",
                 row->protocol, row->name, row->alert, row->words, sd_result_name(row->drop),
                 found ? (unsigned long long)found->code : 999ull,
                 found ? found->detail : "nothing",
                 heard ? (unsigned long long)heard->code : 999ull);
    }
    assert_int_equal(talk_count(&t, t.server, SD_EV_READY), 0);
    assert_int_equal(talk_count(&t, t.server, SD_EV_DATA), 0);
    for (int seat = 0; seat < 2; seat++) {
        assert_int_equal(talk_stats(&t, seat).sessions, 0);
        assert_int_equal(talk_stats(&t, seat).half_open, 0);
    }
    talk_fini(&t);
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
}

/* RFC 6347 4.1.2.7: DTLS drops what does not verify and says nothing. */
static void test_dtls_other_psk(void **state)
{
    (void)state;
    struct talk t;
    struct sd_config client = talk_config(SD_ROLE_CLIENT, "psk");
    struct sd_config server = talk_config(SD_ROLE_SERVER, "psk");
    client.psk = (const uint8_t *)"another key";
    client.psk_len = 11;
    talk_init(&t, "dtls12", &client, &server, 7);
    talk_connect(&t);
    assert_int_equal(talk_count(&t, t.server, SD_EV_READY), 0);
    assert_int_equal(talk_count(&t, t.client, SD_EV_READY), 0);
    assert_true(talk_stats(&t, t.server).half_open == 1);
    talk_fini(&t);
}

/* RFC 6125 6.4, RFC 8446 4.4.2.4: the certificate is good, but it is another's.  Our own servers
 * would refuse the name themselves; this one, on bare libssl, does not care. */
struct heedless {
    struct sd_env env;
    struct sd_seat seat;
    BIO *in, *out; /* of the server */
    uint64_t alert;
    char detail[120];
};

static void to_server(void *ctx, const struct sd_unit *u)
{
    struct heedless *h = ctx;
    BIO_write(h->in, u->data, (int)u->len);
}

static void keep_error(void *ctx, const struct sd_event *e)
{
    struct heedless *h = ctx;
    if (e->kind != SD_EV_ERROR)
        return;
    h->alert = e->code;
    snprintf(h->detail, sizeof h->detail, "%s", e->detail);
}

static SSL *heedless_server(struct heedless *h, const struct sd_identity *identity)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    BIO *pem = BIO_new_mem_buf(identity->certificate, -1);
    X509 *leaf = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    BIO *key_pem = BIO_new_mem_buf(identity->private_key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_pem, NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_certificate(ctx, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    SSL *ssl = SSL_new(ctx);
    h->in = BIO_new(BIO_s_mem());
    h->out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, h->in, h->out);
    SSL_set_accept_state(ssl);
    EVP_PKEY_free(key);
    X509_free(leaf);
    BIO_free(key_pem);
    BIO_free(pem);
    SSL_CTX_free(ctx);
    return ssl;
}

static void test_another_certificate(void **state)
{
    (void)state;
    static const char *const names[] = {"tls13", "tls12"};
    static const struct sd_sink sink = {.unit = to_server, .event = keep_error};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct heedless h = {0};
        struct sd_error error;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
        struct sd_open open = {.path.conn = 1};
        uint8_t bytes[4096];
        sd_sid sid;
        int n;
        SSL *server = heedless_server(&h, sd_identity("client.example"));
        assert_int_equal(sd_env_init(&h.env, 1), SD_OK);
        assert_int_equal(
            sd_seat_init(&h.seat, sd_agent_find(names[i]), &client, &h.env, &sink, &h, 0, &error),
            SD_OK);
        assert_int_equal(sd_seat_open(&h.seat, 0, &open, &sid), SD_OK);
        SSL_do_handshake(server);
        while ((n = BIO_read(h.out, bytes, sizeof bytes)) > 0) {
            struct sd_unit u = {.path.conn = 1, .data = bytes, .len = (size_t)n};
            sd_seat_net_in(&h.seat, 0, &u);
        }
        assert_non_null(strstr(h.detail, "hostname mismatch"));
        assert_int_equal(h.alert, 42); /* bad_certificate */
        struct sd_stats stats;
        sd_seat_stats(&h.seat, &stats);
        assert_int_equal(stats.dropped[SD_DROP_AUTH], 1);
        assert_int_equal(stats.sessions + stats.half_open, 0);
        SSL_free(server);
        sd_seat_fini(&h.seat);
        sd_env_fini(&h.env);
    }
}

/* A configuration that cannot be is refused when the agent is made, in words. */
static void test_configurations(void **state)
{
    (void)state;
    static const struct sd_option bad_option[] = {{"ticket", "1"}, {0}};
    static const struct sd_option bad_value[] = {{"tickets", "many"}, {0}};
    static const struct sd_option media[] = {{"use_srtp", "SRTP_AEAD_AES_128_GCM"}, {0}};
    static const struct sd_option timer[] = {{"timer", "400"}, {0}};
    static const struct {
        struct sd_config config;
        const char *words;
    } cases[] = {
        {{.role = SD_ROLE_SERVER}, "identity"},
        {{.role = SD_ROLE_CLIENT, .mode = "warp"}, "warp"},
        {{.role = SD_ROLE_CLIENT, .mode = "psk"}, "pre-shared key"},
        {{.role = SD_ROLE_CLIENT, .alpn = "h2,,h3"}, "alpn"},
        {{.role = SD_ROLE_CLIENT, .path_mtu = 100}, "path_mtu"},
        {{.role = SD_ROLE_CLIENT, .options = bad_option}, "did you mean 'tickets'"},
        {{.role = SD_ROLE_CLIENT, .options = bad_value}, "found 'many'"},
        {{.role = SD_ROLE_CLIENT, .options = media}, "on DTLS"},
        {{.role = SD_ROLE_CLIENT, .options = timer}, "on DTLS"},
        {{.role = SD_ROLE_CLIENT, .ca = "no PEM"}, "OpenSSL"},
        {{0}, "role"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sd_mem *m = sd_mem_new(1);
        int seat = sd_mem_add(m, sd_agent_find("tls13"), &cases[i].config, 1);
        if (seat >= 0 || !strstr(sd_mem_error(m), cases[i].words))
            fail_msg("expected a refusal with '%s', found %d '%s'", cases[i].words, seat,
                     sd_mem_error(m));
        sd_mem_free(m);
    }
}

/* OpenSSL's limits (limits_test.c) are told when the agent is made, not by a dead handshake. */
static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *mode, *identity;
        enum sd_validation validation;
        const char *words; /* NULL: the agent is made */
    } rows[] = {
        {"tls13", "psk", "server.example", SD_VALIDATE_ALWAYS, "mode 'psk' cannot always"},
        {"tls13", "resumed", "server.example", SD_VALIDATE_ALWAYS, "mode 'resumed' cannot always"},
        {"tls13", "early", "server.example", SD_VALIDATE_ALWAYS, "mode 'early' cannot always"},
        {"tls13", "stateful", "server.example", SD_VALIDATE_ALWAYS, "mode 'stateful' cannot"},
        {"tls13", "psk", "server.example", SD_VALIDATE_DEFAULT, NULL},
        {"tls13", "cookie", "server.example", SD_VALIDATE_ALWAYS, NULL},
        {"tls12", "psk", "server.example", SD_VALIDATE_ALWAYS, NULL},
        {"dtls12", "psk", "server.example", SD_VALIDATE_ALWAYS, NULL},
        {"dtls12", "fresh", "server.ed25519.example", SD_VALIDATE_DEFAULT, "no Ed25519"},
        {"dtls12", "psk", "server.ed25519.example", SD_VALIDATE_DEFAULT, NULL},
        {"tls12", "fresh", "server.ed25519.example", SD_VALIDATE_DEFAULT, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_config server = talk_config(SD_ROLE_SERVER, rows[i].mode);
        struct sd_mem *m = sd_mem_new(1);
        server.identity = sd_identity(rows[i].identity);
        server.validation = rows[i].validation;
        int seat = sd_mem_add(m, sd_agent_find(rows[i].protocol), &server, 1);
        const char *found = seat < 0 ? sd_mem_error(m) : "";
        if (rows[i].words ? !strstr(found, rows[i].words) : seat < 0)
            fail_msg("%s %s: expected '%s', found '%s'", rows[i].protocol, rows[i].mode,
                     rows[i].words ? rows[i].words : "an agent", found);
        sd_mem_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_dtls_other_psk),
        cmocka_unit_test(test_another_certificate),
        cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_limits),
    };
    if (sd_core_init() != SD_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
