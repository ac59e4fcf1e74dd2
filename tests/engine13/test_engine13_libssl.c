/* test_engine13_libssl.c - the engine in plain TLS 1.3 against libssl over memory BIOs: both roles,
 * every mode; both must see the same application data and export the same secret. */
#include "tests/engine13/records.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#define EARLY    "early words"
#define REQUEST  "a request"
#define REPLY    "its reply"
#define TEST_PSK "a key of 32 bytes, agreed before"

struct row {
    const char *name;
    const char *identity;                      /* of the server; NULL: server.example */
    const char *client_identity;               /* NULL: none is asked for */
    const char *client_groups, *server_groups; /* NULL: X25519, then P-256 */
    const char *our_suites, *their_suites;
    const char *our_alpn, *alpn; /* and what is agreed on */
    const char *srtp;
    uint64_t srtp_code;
    bool psk, resume, early, update, cookie;
    bool retried;   /* expects two ClientHellos */
    bool as_server; /* only: libssl 3.0 checks binders before it takes up its cookie */
};

static const struct row rows[] = {
    {.name = "fresh"},
    {.name = "P-256", .client_groups = "P-256"},
    {.name = "AES-256-GCM-SHA384", .our_suites = "TLS_AES_256_GCM_SHA384"},
    {.name = "ChaCha20-Poly1305", .our_suites = "TLS_CHACHA20_POLY1305_SHA256"},
    {.name = "they have only ChaCha20-Poly1305", .their_suites = "TLS_CHACHA20_POLY1305_SHA256"},
    {.name = "Ed25519 certificate", .identity = "server.ed25519.example"},
    {.name = "RSA certificate", .identity = "server.rsa.example"},
    {.name = "HelloRetryRequest", .server_groups = "P-256", .retried = true},
    {.name = "cookie", .cookie = true, .retried = true},
    {.name = "client certificate", .client_identity = "client.example"},
    {.name = "client's Ed25519 certificate", .client_identity = "client.ed25519.example"},
    {.name = "ALPN", .our_alpn = "h2,http/1.1", .alpn = "h2"},
    {.name = "PSK", .psk = true},
    {.name = "PSK and HelloRetryRequest", .psk = true, .server_groups = "P-256", .retried = true},
    {.name = "PSK and cookie", .psk = true, .cookie = true, .retried = true, .as_server = true},
    {.name = "resumed", .resume = true},
    {.name = "resumed, SHA-384", .resume = true, .our_suites = "TLS_AES_256_GCM_SHA384"},
    {.name = "resumed, client certificate", .resume = true, .client_identity = "client.example"},
    {.name = "early data", .resume = true, .early = true},
    {.name = "key update", .update = true},
};

/* -- libssl's end -- */

struct theirs {
    SSL_CTX *ctx;
    SSL *ssl;
    SSL_SESSION *session;
    char received[1024];
    size_t received_len;
    bool early_read;
};

static SSL_SESSION *kept; /* that new_session saw last */

static int new_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(kept);
    kept = session;
    return 1;
}

static unsigned psk_client(SSL *ssl, const char *hint, char *identity, unsigned cap,
                           unsigned char *psk, unsigned psk_cap)
{
    (void)ssl, (void)hint, (void)psk_cap;
    snprintf(identity, cap, "Client_identity");
    memcpy(psk, TEST_PSK, strlen(TEST_PSK));
    return (unsigned)strlen(TEST_PSK);
}

static unsigned psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned psk_cap)
{
    (void)ssl, (void)psk_cap;
    assert_string_equal(identity, "Client_identity");
    memcpy(psk, TEST_PSK, strlen(TEST_PSK));
    return (unsigned)strlen(TEST_PSK);
}

static int alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl, (void)arg;
    static const unsigned char ours[] = "\x02h2";
    return SSL_select_next_proto((unsigned char **)out, out_len, ours, 3, in, in_len) ==
                   OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int cookie_make(SSL *ssl, unsigned char *cookie, size_t *len)
{
    (void)ssl;
    memset(cookie, 7, *len = 32);
    return 1;
}

static int cookie_check(SSL *ssl, const unsigned char *cookie, size_t len)
{
    (void)ssl;
    return len == 32 && cookie[31] == 7;
}

static void identify(SSL_CTX *ctx, const char *name)
{
    const struct sd_identity *id = sd_identity(name);
    BIO *c = BIO_new_mem_buf(id->certificate, -1), *k = BIO_new_mem_buf(id->private_key, -1);
    X509 *x = PEM_read_bio_X509(c, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(k, NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_certificate(ctx, x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(x);
    EVP_PKEY_free(key);
    BIO_free(c);
    BIO_free(k);
}

static void trust(SSL_CTX *ctx)
{
    BIO *b = BIO_new_mem_buf(sd_identity_ca(), -1);
    X509 *ca = PEM_read_bio_X509(b, NULL, NULL, NULL);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca), 1);
    X509_free(ca);
    BIO_free(b);
}

static const char *server_name(const struct row *row)
{
    return row->identity ? row->identity : "server.example";
}

static void theirs_make(struct theirs *t, const struct row *row, bool client)
{
    *t = (struct theirs){.ctx = SSL_CTX_new(client ? TLS_client_method() : TLS_server_method())};
    SSL_CTX *c = t->ctx;
    SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
    SSL_CTX_set_security_level(c, 1);
    trust(c);
    const char *groups = client ? row->client_groups : row->server_groups;
    assert_int_equal(SSL_CTX_set1_groups_list(c, groups ? groups : "X25519:P-256"), 1);
    if (row->their_suites)
        assert_int_equal(SSL_CTX_set_ciphersuites(c, row->their_suites), 1);
    if (client) {
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT);
        SSL_CTX_sess_set_new_cb(c, new_session);
        if (row->client_identity)
            identify(c, row->client_identity);
        if (row->psk)
            SSL_CTX_set_psk_client_callback(c, psk_client);
        if (row->our_alpn)
            SSL_CTX_set_alpn_protos(c, (const unsigned char *)"\x02h2", 3);
        return;
    }
    if (row->psk)
        SSL_CTX_set_psk_server_callback(c, psk_server);
    else
        identify(c, server_name(row));
    if (row->client_identity)
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_id_context(c, (const unsigned char *)"test", 4);
    SSL_CTX_set_alpn_select_cb(c, alpn, NULL);
    SSL_CTX_set_stateless_cookie_generate_cb(c, cookie_make);
    SSL_CTX_set_stateless_cookie_verify_cb(c, cookie_check);
    if (row->early)
        SSL_CTX_set_max_early_data(c, 16384);
}

static void theirs_open(struct theirs *t, const struct row *row, bool client)
{
    t->ssl = SSL_new(t->ctx);
    SSL_set_bio(t->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    t->received_len = 0;
    t->early_read = false;
    if (!client) {
        SSL_set_accept_state(t->ssl);
        return;
    }
    SSL_set_connect_state(t->ssl);
    SSL_set_tlsext_host_name(t->ssl, server_name(row));
    SSL_set1_host(t->ssl, server_name(row));
    if (kept && row->resume)
        assert_int_equal(SSL_set_session(t->ssl, kept), 1);
}

static void theirs_free(struct theirs *t)
{
    SSL_free(t->ssl);
    SSL_CTX_free(t->ctx);
    SSL_SESSION_free(kept);
    kept = NULL;
    ERR_clear_error();
}

/* -- a conversation -- */

struct pair {
    const struct row *row;
    bool we_are_client;
    struct tls_end *we;
    struct theirs they;
};

static void move_bytes(struct pair *p)
{
    static uint8_t bytes[TLS_BUFFER];
    size_t len = tls_give(p->we, bytes, sizeof bytes);
    if (len > 0)
        BIO_write(SSL_get_rbio(p->they.ssl), bytes, (int)len);
    int n = BIO_read(SSL_get_wbio(p->they.ssl), bytes, sizeof bytes);
    if (n > 0 && !tls_take(p->we, bytes, (size_t)n))
        fail_msg("%s, we are %s: our end refuses: alert sent %d (%s), received %d", p->row->name,
                 p->we_are_client ? "client" : "server", p->we->alert_sent,
                 p->we->alert_sent >= 0 ? sd_e13_why(p->we->session) : "", p->we->alert_received);
}

static void they_read(struct pair *p)
{
    struct theirs *t = &p->they;
    size_t n = 0;
    if (p->row->early && p->we_are_client && !t->early_read) {
        int r = SSL_read_early_data(t->ssl, t->received + t->received_len,
                                    sizeof t->received - t->received_len, &n);
        if (r == SSL_READ_EARLY_DATA_FINISH)
            t->early_read = true;
        t->received_len += n;
        return;
    }
    if (SSL_is_init_finished(t->ssl) && SSL_read_ex(t->ssl, t->received + t->received_len,
                                                    sizeof t->received - t->received_len, &n) == 1)
        t->received_len += n;
    else if (!SSL_is_init_finished(t->ssl))
        SSL_do_handshake(t->ssl);
}

static void go_on(struct pair *p)
{
    for (int i = 0; i < 12; i++) {
        they_read(p);
        move_bytes(p);
    }
}

static void expect_text(const struct pair *p, const char *what, const char *expected,
                        const void *found, size_t len)
{
    if (strlen(expected) != len || memcmp(expected, found, len) != 0)
        fail_msg("%s, we are %s: %s: expected '%s', found '%.*s'", p->row->name,
                 p->we_are_client ? "client" : "server", what, expected, (int)len,
                 (const char *)found);
}

static void expect_number(const struct pair *p, const char *what, uint64_t expected, uint64_t found)
{
    if (expected != found)
        fail_msg("%s, we are %s: %s: expected %llu, found %llu", p->row->name,
                 p->we_are_client ? "client" : "server", what, (unsigned long long)expected,
                 (unsigned long long)found);
}

static void exchange(struct pair *p)
{
    uint8_t ours[32], theirs[32];
    size_t n;
    const char *early = p->we->told[SD_EV_EARLY_OK] ? EARLY : "";
    char both[64];
    if (!SSL_is_init_finished(p->they.ssl) || !sd_e13_connected(p->we->session)) {
        char text[256];
        ERR_error_string_n(ERR_peek_error(), text, sizeof text);
        fail_msg("%s, we are %s: the handshake is not over: %s; ours: %s", p->row->name,
                 p->we_are_client ? "client" : "server", text, sd_e13_why(p->we->session));
    }
    tls_write(p->we, REQUEST);
    SSL_write_ex(p->they.ssl, REPLY, strlen(REPLY), &n);
    go_on(p);
    if (p->row->update) {
        tls_update(p->we, true);
        SSL_key_update(p->they.ssl, SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(p->they.ssl);
        go_on(p);
        tls_write(p->we, REQUEST);
        SSL_write_ex(p->they.ssl, REPLY, strlen(REPLY), &n);
        go_on(p);
        expect_number(p, "key updates", 4, p->we->told[SD_EV_KEY_UPDATE]);
    }
    snprintf(both, sizeof both, "%s%s%s", p->we_are_client ? early : "", REQUEST,
             p->row->update ? REQUEST : "");
    expect_text(p, "libssl received", both, p->they.received, p->they.received_len);
    snprintf(both, sizeof both, "%s%s%s", p->we_are_client ? "" : early, REPLY,
             p->row->update ? REPLY : "");
    expect_text(p, "we received", both, p->we->received, p->we->received_len);
    assert_int_equal(tls_export(p->we, "EXPORTER-test", ours, sizeof ours), SD_OK);
    assert_int_equal(SSL_export_keying_material(p->they.ssl, theirs, sizeof theirs, "EXPORTER-test",
                                                13, NULL, 0, 0),
                     1);
    assert_memory_equal(ours, theirs, sizeof ours);
}

static void check_told(const struct pair *p, bool again)
{
    const struct row *row = p->row;
    bool resumed = again && row->resume;
    expect_number(p, "ready", 1, p->we->told[SD_EV_READY]);
    expect_number(p, "resumed", resumed, p->we->told[SD_EV_RESUMED]);
    expect_number(p, "libssl resumed", resumed || row->psk, SSL_session_reused(p->they.ssl));
    expect_number(p, "early ok", again && row->early, p->we->told[SD_EV_EARLY_OK]);
    expect_number(p, "peer auth", p->we_are_client || row->client_identity || row->psk,
                  p->we->told[SD_EV_PEER_AUTH]);
    if (row->client_identity || (p->we_are_client && !row->psk))
        assert_true(p->we->peer_len > 100);
    if (row->alpn && !strstr(p->we->detail[SD_EV_READY], row->alpn))
        fail_msg("%s: expected ALPN %s, found %s", row->name, row->alpn,
                 p->we->detail[SD_EV_READY]);
    bool retried = strstr(p->we->detail[SD_EV_VALIDATED], "cookie") != NULL;
    if (!p->we_are_client)
        expect_number(p, "cookie shown", row->retried, retried);
}

static void converse(struct pair *p, bool again)
{
    const struct row *row = p->row;
    memset(p->we->detail, 0, sizeof p->we->detail);
    theirs_open(&p->they, row, !p->we_are_client);
    if (p->we_are_client && row->cookie) {
        /* libssl asks for a cookie in SSL_stateless() only. */
        tls_open(p->we, false, NULL);
        move_bytes(p);
        assert_int_equal(SSL_stateless(p->they.ssl), 0);
        move_bytes(p);
        move_bytes(p);
        assert_int_equal(SSL_stateless(p->they.ssl), 1);
    } else {
        tls_open(p->we, row->cookie, p->we_are_client && row->early ? EARLY : NULL);
    }
    size_t n;
    if (!p->we_are_client && row->early && again)
        assert_int_equal(SSL_write_early_data(p->they.ssl, EARLY, strlen(EARLY), &n), 1);
    go_on(p);
    exchange(p);
    check_told(p, again);
    SSL_shutdown(p->they.ssl); /* or its session would not be resumed */
    SSL_free(p->they.ssl);
    p->they.ssl = NULL;
    tls_end_session(p->we);
}

static void run(const struct row *row, bool we_are_client)
{
    static struct tls_end end;
    struct pair p = {.row = row, .we_are_client = we_are_client, .we = &end};
    struct sd_option options[4] = {{0}};
    size_t n = 0;
    const char *groups = we_are_client ? row->client_groups : row->server_groups;
    if (groups)
        options[n++] = (struct sd_option){"groups", groups};
    if (row->our_suites)
        options[n++] = (struct sd_option){"suites", row->our_suites};
    struct tls_setup setup = {
        .config = {.role = we_are_client ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                   .identity = we_are_client
                                   ? row->client_identity ? sd_identity(row->client_identity) : NULL
                                   : sd_identity(server_name(row)),
                   .server_name = server_name(row),
                   .alpn = row->our_alpn,
                   .mutual = row->client_identity != NULL,
                   .psk = (const uint8_t *)TEST_PSK,
                   .psk_len = strlen(TEST_PSK),
                   .options = options},
        .psk = row->psk,
        .resume = row->resume,
        .early = row->early,
    };
    tls_make(p.we, &setup);
    theirs_make(&p.they, row, !we_are_client);
    converse(&p, false);
    if (row->resume)
        converse(&p, true);
    theirs_free(&p.they);
    tls_free(p.we);
}

static void test_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++)
        if (!rows[i].as_server)
            run(&rows[i], true);
}

static void test_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++)
        run(&rows[i], false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_client),
                                       cmocka_unit_test(test_server)};
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
