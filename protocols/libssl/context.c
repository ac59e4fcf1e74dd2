/* context.c - the SSL_CTX of each role: what the configuration says, in OpenSSL's words, and the
 * callbacks by which libssl asks and tells.  They find the agent by the SSL object, because agents
 * share contexts. */
#include "protocols/crypto/pem.h"
#include "protocols/libssl/libssl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* RFC 8446 9.1's mandatory suite first; TLS 1.2 with forward secrecy and AEAD only (RFC 7525). */
#define SUITES_13 "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
#define SUITES_12                                                                                  \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"     \
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
#define SUITES_PSK_STREAM "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256"
/* What constrained devices speak (RFC 7925 section 4.2: no Diffie-Hellman) comes first.  OpenSSL
 * has no ECDHE-PSK with GCM, ends a session at the first forged record of CBC with
 * encrypt-then-MAC, and Wireshark 4.0 does not open ChaCha20-Poly1305 of DTLS 1.2: it leaves the
 * epoch out of the nonce. */
#define SUITES_PSK_DATAGRAM  "PSK-AES128-GCM-SHA256:ECDHE-PSK-CHACHA20-POLY1305"
#define GROUPS               "X25519:P-256"
#define EARLY_MAX            16384u
#define DEFAULT_PSK_IDENTITY "Client_identity" /* what openssl's own programs use */

static struct sd_ssl_session *session_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

static void on_keylog(const SSL *ssl, const char *line)
{
    sd_keylog(session_of(ssl)->agent->env, SD_KEYS_TLS, line);
}

/* A ticket (or, in TLS 1.2, the session itself) has arrived at a client. */
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct sd_ssl_session *s = session_of(ssl);
    if (!s->client)
        return 0;
    sd_ssl_tell(s, SD_EV_TICKET, 0, NULL);
    return s->agent->mode->resume && sd_ssl_ticket_keep(s->agent, s->name, session);
}

/* RFC 7301 3.2: the server chooses, by its own order; no overlap ends the handshake. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                   const unsigned char *in, unsigned in_len, void *arg)
{
    (void)arg;
    const struct sd_ssl_agent *a = session_of(ssl)->agent;
    if (SSL_select_next_proto((unsigned char **)out, out_len, a->alpn, (unsigned)a->alpn_len, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
}

/* RFC 6066 3: a name that is not ours ends the handshake. */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    (void)arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    X509 *own = SSL_get_certificate(ssl);
    if (!name || !own || X509_check_host(own, name, 0, 0, NULL) == 1)
        return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static const char *psk_identity(const struct sd_ssl_agent *a)
{
    return a->config.psk_identity ? a->config.psk_identity : DEFAULT_PSK_IDENTITY;
}

static unsigned on_psk_client(SSL *ssl, const char *hint, char *identity, unsigned identity_cap,
                              unsigned char *psk, unsigned psk_cap)
{
    (void)hint;
    const struct sd_ssl_agent *a = session_of(ssl)->agent;
    size_t len = strlen(psk_identity(a));
    if (len + 1 > identity_cap || a->config.psk_len > psk_cap)
        return 0;
    memcpy(identity, psk_identity(a), len + 1);
    memcpy(psk, a->config.psk, a->config.psk_len);
    return (unsigned)a->config.psk_len;
}

static unsigned on_psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned psk_cap)
{
    const struct sd_ssl_agent *a = session_of(ssl)->agent;
    if (!identity || strcmp(identity, psk_identity(a)) != 0 || a->config.psk_len > psk_cap)
        return 0;
    memcpy(psk, a->config.psk, a->config.psk_len);
    return (unsigned)a->config.psk_len;
}

/* What no other callback tells: alerts both ways, KeyUpdate, ChangeCipherSpec of DTLS epochs. */
static void on_message(int out, int version, int type, const void *data, size_t len, SSL *ssl,
                       void *arg)
{
    (void)version, (void)arg;
    struct sd_ssl_session *s = session_of(ssl);
    const uint8_t *bytes = data;
    if (type == SSL3_RT_ALERT && len == 2) {
        *(out ? &s->alert_out : &s->alert_in) = bytes[1];
    } else if (type == SSL3_RT_HANDSHAKE && len > 0 && bytes[0] == SSL3_MT_KEY_UPDATE &&
               s->agent->kind->version == TLS1_3_VERSION) {
        sd_ssl_tell(s, SD_EV_KEY_UPDATE, 0, out ? "sending" : "receiving");
    } else if (type == SSL3_RT_CHANGE_CIPHER_SPEC && !out && s->agent->kind->datagram) {
        s->epoch++;
        s->old_window = s->window;
        s->window = s->next_window;
        s->next_window = (struct sd_ssl_window){0};
    }
    if (!out && type != SSL3_RT_HEADER)
        s->content_seen = true;
}

static int on_cookie_make(SSL *ssl, unsigned char *cookie, size_t *len)
{
    const struct sd_ssl_session *s = session_of(ssl);
    sd_ssl_cookie_make(s->agent, &s->path.remote, NULL, 0, cookie);
    *len = SD_SSL_COOKIE;
    return 1;
}

static int on_cookie_check(SSL *ssl, const unsigned char *cookie, size_t len)
{
    const struct sd_ssl_session *s = session_of(ssl);
    return sd_ssl_cookie_check(s->agent, &s->path.remote, NULL, 0, cookie, len);
}

/* DTLSv1_listen insists on both; protocols/dtls12/agent.c has checked the cookie already. */
static int on_dtls_cookie_make(SSL *ssl, unsigned char *cookie, unsigned *len)
{
    (void)ssl, (void)cookie, (void)len;
    return 0;
}

static int on_dtls_cookie_check(SSL *ssl, const unsigned char *cookie, unsigned len)
{
    (void)ssl, (void)cookie, (void)len;
    return 1;
}

static bool identify(const struct sd_ssl_agent *a, SSL_CTX *ctx)
{
    const struct sd_identity *id = a->config.identity;
    if (a->mode->psk || !id || !id->certificate || !id->private_key)
        return true;
    X509 *leaf = sd_pem_certificate(id->certificate);
    EVP_PKEY *key = sd_pem_private_key(id->private_key);
    bool ok = leaf && key && SSL_CTX_use_certificate(ctx, leaf) == 1 &&
              SSL_CTX_use_PrivateKey(ctx, key) == 1;
    X509_free(leaf);
    EVP_PKEY_free(key);
    return ok;
}

/* A certificate keeps what its first use finds out (extensions, fingerprint): let that be now, and
 * not in whichever run comes first.  libssl sees to its own; this is for authorities. */
static bool settle(X509 *x)
{
    return X509_check_purpose(x, -1, 0) == 1;
}

static bool trust(const struct sd_ssl_agent *a, SSL_CTX *ctx, bool server)
{
    if (a->mode->psk || (server && !a->config.mutual))
        return true;
    X509 *ca = sd_pem_certificate(a->config.ca ? a->config.ca : sd_identity_ca());
    bool ok = ca && X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca) == 1 &&
              (!server || SSL_CTX_add_client_CA(ctx, ca) == 1) && settle(ca);
    X509_free(ca);
    return ok;
}

/* The application decides: SSL_get_verify_result() tells it what was found. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

static const char *suites_12(const struct sd_ssl_agent *a)
{
    if (!a->mode->psk)
        return SUITES_12;
    return a->kind->datagram ? SUITES_PSK_DATAGRAM : SUITES_PSK_STREAM;
}

static bool choose_suites(const struct sd_ssl_agent *a, SSL_CTX *ctx)
{
    bool newest = a->kind->version == TLS1_3_VERSION;
    return SSL_CTX_set_ciphersuites(ctx, newest && a->suites ? a->suites : SUITES_13) == 1 &&
           SSL_CTX_set_cipher_list(ctx, !newest && a->suites ? a->suites : suites_12(a)) == 1;
}

bool sd_ssl_suites_are(const struct sd_ssl_agent *a, const char *suites)
{
    struct sd_env *agent_env = sd_enter(NULL);
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    bool known = ctx && *suites &&
                 (a->kind->version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(ctx, suites)
                                                     : SSL_CTX_set_cipher_list(ctx, suites)) == 1;
    SSL_CTX_free(ctx);
    ERR_clear_error();
    sd_leave(agent_env);
    return known;
}

/* RFC 8701's idea: whoever hears something new ignores it.  The type is of private use. */
#define UNKNOWN_EXTENSION 65282

static int on_extension(SSL *ssl, unsigned type, unsigned context, const unsigned char **out,
                        size_t *len, X509 *x, size_t chain, int *alert, void *arg)
{
    static const unsigned char words[] = "nobody knows what this means";
    (void)ssl, (void)type, (void)context, (void)x, (void)chain, (void)alert, (void)arg;
    *out = words;
    *len = sizeof words - 1;
    return 1;
}

static bool common(struct sd_ssl_agent *a, SSL_CTX *ctx, bool server)
{
    int version = a->kind->version;
    /* Without NO_AUTO_CHAIN libssl would send the authority's own certificate along. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (a->kind->datagram)
        SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_msg_callback(ctx, on_message);
    if (a->env->keylog)
        SSL_CTX_set_keylog_callback(ctx, on_keylog);
    return SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, version) == 1 && choose_suites(a, ctx) &&
           SSL_CTX_set1_groups_list(ctx, server && a->mode->other_group ? "P-256" : GROUPS) == 1 &&
           SSL_CTX_set_block_padding(ctx, a->padding) == 1 && identify(a, ctx) &&
           trust(a, ctx, server);
}

static bool set_up_client(struct sd_ssl_agent *a, SSL_CTX *ctx)
{
    if (!common(a, ctx, false))
        return false;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, a->application_verifies ? on_verify : NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, on_new_session);
    if (a->mode->stateful && a->kind->version != TLS1_3_VERSION)
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    if (a->mode->psk)
        SSL_CTX_set_psk_client_callback(ctx, on_psk_client);
    if (a->unknown_extension && SSL_CTX_add_custom_ext(ctx, UNKNOWN_EXTENSION, SSL_EXT_CLIENT_HELLO,
                                                       on_extension, NULL, NULL, NULL, NULL) != 1)
        return false;
    /* 0 is success here. */
    return a->alpn_len == 0 || SSL_CTX_set_alpn_protos(ctx, a->alpn, (unsigned)a->alpn_len) == 0;
}

static bool takes_early(const struct sd_ssl_agent *a)
{
    /* RFC 8446 4.2.10: a HelloRetryRequest voids early data. */
    return a->kind->version == TLS1_3_VERSION && (a->mode->early || a->config.allow_early) &&
           !sd_ssl_wants_cookie(a);
}

/* Sessions stay with the server.  Early data is kept from replay by sessions that are used once,
 * which libssl keeps itself. */
static bool keeps_sessions(const struct sd_ssl_agent *a)
{
    return a->mode->stateful || (takes_early(a) && !a->config.early_replay_ok);
}

static bool set_up_server(struct sd_ssl_agent *a, SSL_CTX *ctx)
{
    if (!common(a, ctx, true))
        return false;
    if (a->config.mutual)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           a->application_verifies ? on_verify : NULL);
    if (a->mode->stateful)
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx,
                                   keeps_sessions(a) ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, sd_ssl_ticket_protect);
    if (takes_early(a)) {
        SSL_CTX_set_max_early_data(ctx, EARLY_MAX);
        if (a->config.early_replay_ok)
            SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
    }
    if (a->mode->psk)
        SSL_CTX_set_psk_server_callback(ctx, on_psk_server);
    if (a->alpn_len > 0)
        SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
    SSL_CTX_set_stateless_cookie_generate_cb(ctx, on_cookie_make);
    SSL_CTX_set_stateless_cookie_verify_cb(ctx, on_cookie_check);
    SSL_CTX_set_cookie_generate_cb(ctx, on_dtls_cookie_make);
    SSL_CTX_set_cookie_verify_cb(ctx, on_dtls_cookie_check);
    return SSL_CTX_set_num_tickets(ctx, a->tickets_sent) == 1 &&
           SSL_CTX_set_session_id_context(ctx, (const uint8_t *)"shakedown", 9) == 1;
}

static SSL_CTX *make(struct sd_ssl_agent *a, bool server)
{
    const SSL_METHOD *method = a->kind->datagram
                                   ? (server ? DTLS_server_method() : DTLS_client_method())
                                   : (server ? TLS_server_method() : TLS_client_method());
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (ctx && (server ? set_up_server(a, ctx) : set_up_client(a, ctx)))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

/* -- sharing -- */

/* Whether a context has nothing of its own that a handshake uses or changes: kept sessions, the key
 * under which libssl seals cookies, an RSA key's blinding. */
static bool may_share(const struct sd_ssl_agent *a, bool server)
{
    const struct sd_identity *id = a->config.identity;
    if (server && (keeps_sessions(a) || sd_ssl_wants_cookie(a)))
        return false;
    return a->mode->psk || !id || !id->private_key || !sd_pem_key_is(id->private_key, "RSA");
}

static uint64_t hash_pem(uint64_t hash, const char *pem)
{
    return sd_hash_text(hash, pem ? pem : "");
}

/* Everything that make() looks at. */
static uint64_t recipe_of(const struct sd_ssl_agent *a, bool server)
{
    const struct sd_config *c = &a->config;
    const struct sd_identity *id = c->identity;
    const uint32_t numbers[] = {(uint32_t)a->kind->version,
                                server,
                                takes_early(a),
                                c->early_replay_ok,
                                c->mutual,
                                a->env->keylog != NULL,
                                a->tickets_sent,
                                a->padding,
                                a->application_verifies,
                                a->unknown_extension};
    uint64_t hash = sd_hash(0, numbers, sizeof numbers);
    hash = sd_hash_text(hash, a->mode->name);
    hash = sd_hash_text(hash, a->suites ? a->suites : "");
    hash = sd_hash(hash, a->alpn, a->alpn_len);
    hash = hash_pem(hash, c->ca);
    hash = hash_pem(hash, id ? id->certificate : NULL);
    return hash_pem(hash, id ? id->private_key : NULL);
}

static SSL_CTX *context(struct sd_ssl_agent *a, bool server)
{
    if (!may_share(a, server))
        return make(a, server);
    uint64_t recipe = recipe_of(a, server);
    SSL_CTX *ctx = sd_ssl_shared(recipe);
    if (ctx)
        return ctx;
    /* It is nobody's: neither its memory nor its making count for this agent. */
    struct sd_env *agent_env = sd_enter(NULL);
    ctx = make(a, server);
    if (ctx)
        sd_ssl_share(recipe, ctx);
    sd_leave(agent_env);
    return ctx;
}

int sd_ssl_contexts(struct sd_ssl_agent *a, struct sd_error *error)
{
    bool client = a->config.role & SD_ROLE_CLIENT, server = a->config.role & SD_ROLE_SERVER;
    if ((!client || (a->client = context(a, false))) && (!server || (a->server = context(a, true))))
        return SD_OK;
    unsigned long why = ERR_peek_last_error();
    const char *words = why ? ERR_reason_error_string(why) : NULL;
    sd_fail(error, SD_E_ARG, "%s: cannot set up OpenSSL with identity '%s': %s", a->kind->ops->name,
            a->config.identity ? a->config.identity->name : "none", words ? words : "no memory");
    ERR_clear_error();
    return SD_E_ARG;
}
