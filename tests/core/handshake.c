/* handshake.c - two SSLs, two envs, bytes carried by hand. */
#include "tests/core/handshake.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#include "sim/core/config.h"

struct end {
    struct sd_env env;
    SSL_CTX *ctx;
    SSL *ssl;
};

static X509 *parse_certificate(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return x;
}

static EVP_PKEY *parse_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key;
}

static void use_identity(SSL_CTX *ctx, const char *name)
{
    const struct sd_identity *identity = sd_identity(name);
    X509 *x = parse_certificate(identity->certificate);
    EVP_PKEY *key = parse_key(identity->private_key);
    SSL_CTX_use_certificate(ctx, x);
    SSL_CTX_use_PrivateKey(ctx, key);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void make_end(struct end *e, const struct hs_config *config, bool client)
{
    sd_env_init(&e->env, config->seed + client);
    e->env.now = 1000 * SD_SECOND;
    struct sd_env *before = sd_enter(&e->env);
    e->ctx = SSL_CTX_new(client ? TLS_client_method() : TLS_server_method());
    SSL_CTX_set_min_proto_version(e->ctx, config->version);
    SSL_CTX_set_max_proto_version(e->ctx, config->version);
    SSL_CTX_set1_groups_list(e->ctx, config->groups != NULL ? config->groups : "X25519");
    SSL_CTX_set_num_tickets(e->ctx, 1);
    /* The leaf alone is sent: a server that has the CA would build and verify its own chain. */
    SSL_CTX_set_mode(e->ctx, SSL_MODE_NO_AUTO_CHAIN);
    X509 *ca = parse_certificate(sd_identity_ca());
    X509_STORE_add_cert(SSL_CTX_get_cert_store(e->ctx), ca);
    X509_free(ca);
    if (client || config->client != NULL)
        SSL_CTX_set_verify(e->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    if (!client)
        use_identity(e->ctx, config->identity);
    else if (config->client != NULL)
        use_identity(e->ctx, config->client);
    e->ssl = SSL_new(e->ctx);
    SSL_set_bio(e->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (client) {
        SSL_set_connect_state(e->ssl);
        SSL_set_tlsext_host_name(e->ssl, config->identity);
        SSL_set1_host(e->ssl, config->identity);
    } else {
        SSL_set_accept_state(e->ssl);
    }
    sd_leave(before);
}

static void step(struct end *e)
{
    uint8_t byte;
    struct sd_env *before = sd_enter(&e->env);
    SSL_do_handshake(e->ssl);
    if (SSL_is_init_finished(e->ssl))
        SSL_read(e->ssl, &byte, 1); /* tickets */
    sd_leave(before);
}

static size_t carry(struct end *from, struct end *to, struct hs_result *r)
{
    uint8_t bytes[20000];
    struct sd_env *before = sd_enter(&from->env);
    int len = BIO_read(SSL_get_wbio(from->ssl), bytes, sizeof bytes);
    sd_leave(before);
    if (len <= 0)
        return 0;
    r->wire_hash = sd_hash(r->wire_hash, bytes, (size_t)len);
    r->wire_bytes += (uint64_t)len;
    before = sd_enter(&to->env);
    BIO_write(SSL_get_rbio(to->ssl), bytes, len);
    to->env.now += 10 * SD_MS;
    sd_leave(before);
    return (size_t)len;
}

static struct hs_end finish(struct end *e)
{
    struct hs_end result = {.account = e->env.account,
                            .heap_peak = sd_heap_peak(&e->env),
                            .heap_ready = sd_heap_bytes(&e->env)};
    struct sd_env *before = sd_enter(&e->env);
    SSL_free(e->ssl);
    SSL_CTX_free(e->ctx);
    sd_leave(before);
    result.heap_left = sd_heap_bytes(&e->env);
    sd_env_fini(&e->env);
    return result;
}

struct hs_result hs_run(const struct hs_config *config)
{
    struct hs_result r = {0};
    struct end client, server;
    make_end(&server, config, false);
    make_end(&client, config, true);
    size_t moved;
    do {
        step(&client);
        moved = carry(&client, &server, &r);
        step(&server);
        moved += carry(&server, &client, &r);
    } while (moved > 0);
    r.done = SSL_is_init_finished(client.ssl) && SSL_is_init_finished(server.ssl);
    if (r.done)
        r.session_time = (long)SSL_SESSION_get_time(SSL_get_session(client.ssl));
    r.client = finish(&client);
    r.server = finish(&server);
    return r;
}
