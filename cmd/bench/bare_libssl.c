#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD */
#include "cmd/bench/bare_libssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "cmd/stopwatch.h"
#include "sim/core/config.h"

#define SERVER_NAME "server.example"
#define SUITES      "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
#define GROUPS      "X25519:P-256"
enum { RECORD_MAX = 16384, TICKETS = 2, ROUNDS_MAX = 10 };

struct bare_libssl {
    SSL_CTX *client, *server;
};

static bool common(SSL_CTX *ctx)
{
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(ctx, SUITES) == 1 && SSL_CTX_set1_groups_list(ctx, GROUPS) == 1;
}

static X509 *certificate(const char *pem)
{
    BIO *b = BIO_new_mem_buf(pem, -1);
    X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);
    BIO_free(b);
    return x;
}

static bool trust(SSL_CTX *ctx)
{
    X509 *ca = certificate(sd_identity_ca());
    bool ok = ca != NULL && X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca) == 1;
    X509_free(ca);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    return ok;
}

static bool identify(SSL_CTX *ctx)
{
    const struct sd_identity *id = sd_identity(SERVER_NAME);
    BIO *b = BIO_new_mem_buf(id->private_key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
    X509 *leaf = certificate(id->certificate);
    bool ok = key != NULL && leaf != NULL && SSL_CTX_use_certificate(ctx, leaf) == 1 &&
              SSL_CTX_use_PrivateKey(ctx, key) == 1;
    X509_free(leaf);
    EVP_PKEY_free(key);
    BIO_free(b);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return ok && SSL_CTX_set_num_tickets(ctx, TICKETS) == 1;
}

struct bare_libssl *bare_libssl_new(struct sd_error *error)
{
    struct bare_libssl *b = calloc(1, sizeof *b);
    if (b == NULL) {
        sd_fail(error, SD_E_NOMEM, "bench: no memory for two contexts of libssl");
        return NULL;
    }
    b->client = SSL_CTX_new(TLS_client_method());
    b->server = SSL_CTX_new(TLS_server_method());
    if (b->client == NULL || b->server == NULL || !common(b->client) || !common(b->server) ||
        !trust(b->client) || !identify(b->server)) {
        sd_fail(error, SD_E_INTERNAL, "bench: libssl refused its settings: %s",
                ERR_reason_error_string(ERR_peek_last_error()));
        bare_libssl_free(b);
        return NULL;
    }
    return b;
}

void bare_libssl_free(struct bare_libssl *b)
{
    if (b == NULL)
        return;
    SSL_CTX_free(b->client);
    SSL_CTX_free(b->server);
    free(b);
}

/* 1: has the other's Finished; 0: waits for the other; -1: failed. */
static int move_on(SSL *ssl)
{
    int r = SSL_do_handshake(ssl);
    return r == 1 ? 1 : SSL_get_error(ssl, r) == SSL_ERROR_WANT_READ ? 0 : -1;
}

static bool shake_hands(SSL *client, SSL *server)
{
    int c = 0, s = 0;
    for (int i = 0; i < ROUNDS_MAX && c >= 0 && s >= 0 && c + s < 2; i++) {
        c = move_on(client);
        s = move_on(server);
    }
    return c == 1 && s == 1;
}

/* Reads what is no data: tickets, close_notify. */
static int read_rest(SSL *ssl)
{
    static uint8_t data[RECORD_MAX];
    size_t n;
    return SSL_get_error(ssl, SSL_read_ex(ssl, data, sizeof data, &n));
}

static bool converse(SSL *client, SSL *server)
{
    return SSL_set_tlsext_host_name(client, SERVER_NAME) == 1 &&
           SSL_set1_host(client, SERVER_NAME) == 1 && shake_hands(client, server) &&
           read_rest(client) == SSL_ERROR_WANT_READ && SSL_shutdown(client) == 0 &&
           read_rest(server) == SSL_ERROR_ZERO_RETURN && SSL_shutdown(server) == 1 &&
           read_rest(client) == SSL_ERROR_ZERO_RETURN;
}

static bool connection(struct bare_libssl *b)
{
    SSL *client = SSL_new(b->client), *server = SSL_new(b->server);
    BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
    bool ok = client != NULL && server != NULL && up != NULL && down != NULL;
    if (ok) {
        BIO_up_ref(up);
        BIO_up_ref(down);
        SSL_set_bio(client, down, up);
        SSL_set_bio(server, up, down);
        SSL_set_connect_state(client);
        SSL_set_accept_state(server);
        ok = converse(client, server);
    } else {
        BIO_free(up);
        BIO_free(down);
    }
    SSL_free(client);
    SSL_free(server);
    return ok;
}

double bare_libssl_handshakes(struct bare_libssl *b, int n, struct sd_error *error)
{
    const RAND_METHOD *of_the_lab = RAND_get_rand_method();
    RAND_set_rand_method(RAND_OpenSSL());
    bool ok = true;
    double start = sd_cpu_ns();
    for (int i = 0; i < n && ok; i++)
        ok = connection(b);
    double ns = (sd_cpu_ns() - start) / n;
    RAND_set_rand_method(of_the_lab);
    if (ok)
        return ns;
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    sd_fail(error, SD_E_INTERNAL, "bench: a handshake on bare libssl fails: %s",
            why != NULL ? why : "unexpected end");
    ERR_clear_error();
    return -1;
}
