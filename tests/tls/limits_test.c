/* What OpenSSL's library itself does not do, shown without any code of ours around it, so that
 * what protocols/libssl refuses for its sake is no guess.  A row that fails here after a change of
 * OpenSSL says that a refusal can go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "sim/core/config.h"

#define ROUNDS   8 /* more than any handshake here takes */
#define SESSIONS "limits"
#define MTU      1400

struct row {
    const char *name, *identity;
    int version;
    bool psk, ticket;  /* the client offers an external key, or a ticket of a session before */
    bool stateless;    /* the server answers by SSL_stateless() until a cookie has come back */
    bool other_group;  /* the server asks for another key share, and keeps its SSL object */
    const char *error; /* the server's; NULL: the handshake completes */
};

static const struct row rows[] = {
    {.name = "cookie without state", .version = TLS1_3_VERSION, .stateless = true},
    {.name = "external key", .version = TLS1_3_VERSION, .psk = true},
    {.name = "external key, retry with state",
     .version = TLS1_3_VERSION,
     .psk = true,
     .other_group = true},
    {.name = "external key, cookie without state",
     .version = TLS1_3_VERSION,
     .psk = true,
     .stateless = true,
     .error = "binder does not verify"},
    {.name = "ticket, retry with state",
     .version = TLS1_3_VERSION,
     .ticket = true,
     .other_group = true},
    {.name = "ticket, cookie without state",
     .version = TLS1_3_VERSION,
     .ticket = true,
     .stateless = true,
     .error = "binder does not verify"},
    {.name = "Ed25519 on TLS 1.2", .identity = "server.ed25519.example", .version = TLS1_2_VERSION},
    {.name = "ECDSA on DTLS 1.2", .version = DTLS1_2_VERSION},
    {.name = "Ed25519 on DTLS 1.2",
     .identity = "server.ed25519.example",
     .version = DTLS1_2_VERSION,
     .error = "no shared cipher"},
};

static SSL_SESSION *kept; /* what the client got to resume with */

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(kept);
    kept = session;
    return 1;
}

static int on_cookie_make(SSL *ssl, unsigned char *cookie, size_t *len)
{
    (void)ssl;
    *len = 8;
    memset(cookie, 'c', *len);
    return 1;
}

static int on_cookie_check(SSL *ssl, const unsigned char *cookie, size_t len)
{
    (void)ssl;
    return len == 8 && cookie[0] == 'c';
}

static unsigned on_psk_client(SSL *ssl, const char *hint, char *identity, unsigned identity_cap,
                              unsigned char *psk, unsigned psk_cap)
{
    (void)ssl, (void)hint;
    assert_true(identity_cap > 2 && psk_cap >= 16);
    memcpy(identity, "me", 3);
    memset(psk, 7, 16);
    return 16;
}

static unsigned on_psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned psk_cap)
{
    (void)ssl, (void)identity;
    assert_true(psk_cap >= 16);
    memset(psk, 7, 16);
    return 16;
}

static void identify(SSL_CTX *ctx, const char *name)
{
    const struct sd_identity *id = sd_identity(name ? name : "server.example");
    BIO *certificate = BIO_new_mem_buf(id->certificate, -1);
    BIO *private_key = BIO_new_mem_buf(id->private_key, -1);
    X509 *leaf = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(private_key, NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_certificate(ctx, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    EVP_PKEY_free(key);
    X509_free(leaf);
    BIO_free(private_key);
    BIO_free(certificate);
}

static SSL_CTX *context(const struct row *row, bool server)
{
    SSL_CTX *ctx = SSL_CTX_new(row->version == DTLS1_2_VERSION ? DTLS_method() : TLS_method());
    assert_non_null(ctx);
    SSL_CTX_set_min_proto_version(ctx, row->version);
    SSL_CTX_set_max_proto_version(ctx, row->version);
    /* RFC 8446 4.2.11: an external key's hash is SHA-256, and so must the suite's be. */
    SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256");
    if (!server) {
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(ctx, on_session);
        if (row->psk)
            SSL_CTX_set_psk_client_callback(ctx, on_psk_client);
        return ctx;
    }
    identify(ctx, row->identity);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)SESSIONS, strlen(SESSIONS));
    SSL_CTX_set_stateless_cookie_generate_cb(ctx, on_cookie_make);
    SSL_CTX_set_stateless_cookie_verify_cb(ctx, on_cookie_check);
    if (row->psk)
        SSL_CTX_set_psk_server_callback(ctx, on_psk_server);
    if (row->other_group)
        SSL_CTX_set1_groups_list(ctx, "P-256");
    return ctx;
}

static SSL *end(SSL_CTX *ctx, BIO *in, BIO *out)
{
    SSL *ssl = SSL_new(ctx);
    assert_non_null(ssl);
    BIO_up_ref(in);
    BIO_up_ref(out);
    SSL_set_bio(ssl, in, out);
    SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(ssl, MTU);
    return ssl;
}

/* One conversation.  The words of the server's error; NULL: both have completed. */
static const char *converse(const struct row *row, SSL_CTX *client_ctx, SSL_CTX *server_ctx,
                            bool stateless, SSL_SESSION *offered)
{
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(to_server, -1); /* empty: more may come */
    BIO_set_mem_eof_return(to_client, -1);
    SSL *client = end(client_ctx, to_client, to_server);
    SSL *server = end(server_ctx, to_server, to_client);
    const char *error = NULL;
    unsigned char byte;
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    if (offered)
        assert_int_equal(SSL_set_session(client, offered), 1);
    for (int i = 0; i < ROUNDS && !error; i++) {
        SSL_do_handshake(client);
        ERR_clear_error();
        int r = stateless ? SSL_stateless(server) : SSL_do_handshake(server);
        bool failed = stateless ? r < 0 : r != 1 && SSL_get_error(server, r) == SSL_ERROR_SSL;
        stateless = stateless && r != 1;
        if (failed)
            error = ERR_reason_error_string(ERR_peek_error());
    }
    SSL_read(client, &byte, 1); /* takes up the tickets */
    if (!error && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)))
        error = "it does not end";
    if (!error && SSL_session_reused(client) != (offered || row->psk))
        error = offered ? "the ticket was not taken" : "the key was not taken";
    SSL_shutdown(client); /* what ends otherwise may not be resumed */
    SSL_free(client);
    SSL_free(server);
    BIO_free(to_server);
    BIO_free(to_client);
    return error;
}

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        SSL_CTX *client = context(row, false), *server = context(row, true);
        if (row->ticket) {
            assert_null(converse(row, client, server, false, NULL));
            assert_non_null(kept);
        }
        SSL_SESSION *offered = row->ticket ? kept : NULL;
        if (offered)
            SSL_SESSION_up_ref(offered);
        const char *error = converse(row, client, server, row->stateless, offered);
        if (!row->error != !error || (error && strcmp(error, row->error) != 0))
            fail_msg("%s: expected '%s', found '%s'", row->name, row->error ? row->error : "done",
                     error ? error : "done");
        SSL_SESSION_free(offered);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
    SSL_SESSION_free(kept);
    kept = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
