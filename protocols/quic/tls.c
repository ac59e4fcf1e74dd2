/* tls.c - the TLS 1.3 handshake of one connection, by GnuTLS (RFC 9001): ngtcp2 carries its
 * messages in CRYPTO frames and takes its secrets. */
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "protocols/quic/quic.h"

#include <stdio.h>
#include <string.h>

#define SECRET_MAX 64 /* of a 512-bit hash */
#define RANDOM_LEN 32

static struct quic_connection *connection_of(gnutls_session_t tls)
{
    const ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(tls);
    return ref->user_data;
}

static ngtcp2_conn *ng_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((struct quic_connection *)ref->user_data)->ng;
}

/* -- what GnuTLS tells -- */

static char *put_hex(char *to, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to += sprintf(to, "%02x", bytes[i]);
    return to;
}

/* NSS key log: label, ClientHello.random, secret. */
static int on_keylog(gnutls_session_t tls, const char *label, const gnutls_datum_t *secret)
{
    char line[64 + 2 * RANDOM_LEN + 2 * SECRET_MAX];
    gnutls_datum_t random = {0};
    gnutls_session_get_random(tls, &random, NULL);
    if (random.size != RANDOM_LEN || secret->size > SECRET_MAX || strlen(label) > 48)
        return GNUTLS_E_SUCCESS;
    char *end = put_hex(line + sprintf(line, "%s ", label), random.data, random.size);
    *end++ = ' ';
    put_hex(end, secret->data, secret->size);
    sd_keylog(connection_of(tls)->quic->env, SD_KEYS_TLS, line);
    sd_wipe(line, sizeof line);
    return GNUTLS_E_SUCCESS;
}

static int on_ticket(gnutls_session_t tls, unsigned type, unsigned when, unsigned incoming,
                     const gnutls_datum_t *message)
{
    (void)type, (void)when, (void)incoming, (void)message;
    quic_tickets_keep_session(connection_of(tls));
    return GNUTLS_E_SUCCESS;
}

/* RFC 6066 3: a name that is not ours ends the handshake. */
static int on_client_hello(gnutls_session_t tls)
{
    const struct quic *q = connection_of(tls)->quic;
    char name[256];
    size_t len = sizeof name;
    unsigned type;
    if (!q->leaf || gnutls_server_name_get(tls, name, &len, &type, 0) != GNUTLS_E_SUCCESS ||
        gnutls_x509_crt_check_hostname(q->leaf, name) != 0)
        return GNUTLS_E_SUCCESS;
    return GNUTLS_E_UNRECOGNIZED_NAME;
}

/* -- made -- */

static int present(struct quic_connection *c)
{
    struct quic *q = c->quic;
    if (!q->mode->psk)
        return gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, q->certificate);
    return c->client ? gnutls_credentials_set(c->tls, GNUTLS_CRD_PSK, q->psk_client)
                     : gnutls_credentials_set(c->tls, GNUTLS_CRD_PSK, q->psk_server);
}

/* RFC 8446 4.2: whoever does not know it passes over it.  The type is of private use. */
#define UNKNOWN_EXTENSION     65282
#define UNKNOWN_EXTENSION_LEN 1400

static int send_unknown(gnutls_session_t tls, gnutls_buffer_t out)
{
    static const uint8_t nothing[UNKNOWN_EXTENSION_LEN];
    (void)tls;
    return gnutls_buffer_append_data(out, nothing, sizeof nothing);
}

static int receive_unknown(gnutls_session_t tls, const unsigned char *data, size_t len)
{
    (void)tls, (void)data, (void)len;
    return GNUTLS_E_SUCCESS;
}

static int say_more(struct quic_connection *c)
{
    if (!c->quic->unknown_extension)
        return GNUTLS_E_SUCCESS;
    return gnutls_session_ext_register(c->tls, "unknown", UNKNOWN_EXTENSION, GNUTLS_EXT_TLS,
                                       receive_unknown, send_unknown, NULL, NULL, NULL,
                                       GNUTLS_EXT_FLAG_CLIENT_HELLO);
}

static int be_client(struct quic_connection *c)
{
    struct quic *q = c->quic;
    if (!q->mode->psk && !q->application_verifies)
        gnutls_session_set_verify_cert(c->tls, c->name, 0);
    gnutls_handshake_set_hook_function(c->tls, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET,
                                       GNUTLS_HOOK_POST, on_ticket);
    if (ngtcp2_crypto_gnutls_configure_client_session(c->tls) != 0)
        return GNUTLS_E_INTERNAL_ERROR;
    int result = say_more(c);
    if (result != GNUTLS_E_SUCCESS)
        return result;
    return gnutls_server_name_set(c->tls, GNUTLS_NAME_DNS, c->name, strlen(c->name));
}

static int be_server(struct quic_connection *c)
{
    struct quic *q = c->quic;
    gnutls_handshake_set_post_client_hello_function(c->tls, on_client_hello);
    if (q->config.mutual && !q->mode->psk) {
        gnutls_certificate_server_set_request(c->tls, GNUTLS_CERT_REQUIRE);
        if (!q->application_verifies)
            gnutls_session_set_verify_cert(c->tls, NULL, 0);
    }
    if (quic_takes_early(q)) {
        gnutls_anti_replay_enable(c->tls, q->anti_replay);
        gnutls_record_set_max_early_data_size(c->tls, QUIC_MAX_EARLY_DATA);
    }
    if (ngtcp2_crypto_gnutls_configure_server_session(c->tls) != 0)
        return GNUTLS_E_INTERNAL_ERROR;
    return gnutls_session_ticket_enable_server(c->tls, &q->ticket_key);
}

bool quic_tls_new(struct quic_connection *c)
{
    struct quic *q = c->quic;
    unsigned flags = GNUTLS_NO_END_OF_EARLY_DATA;
    flags |= c->client ? GNUTLS_CLIENT : GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET;
    if (c->client ? q->mode->early : quic_takes_early(q))
        flags |= GNUTLS_ENABLE_EARLY_DATA;
    c->ref = (ngtcp2_crypto_conn_ref){ng_of, c};
    if (gnutls_init(&c->tls, flags) != GNUTLS_E_SUCCESS)
        return false;
    gnutls_session_set_ptr(c->tls, &c->ref);
    if (q->env->keylog)
        gnutls_session_set_keylog_function(c->tls, on_keylog);
    return gnutls_priority_set(c->tls, quic_priorities(q)) == GNUTLS_E_SUCCESS &&
           gnutls_alpn_set_protocols(c->tls, q->alpn, q->alpns,
                                     GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE) ==
               GNUTLS_E_SUCCESS &&
           present(c) == GNUTLS_E_SUCCESS &&
           (c->client ? be_client(c) : be_server(c)) == GNUTLS_E_SUCCESS;
}

bool quic_takes_early(const struct quic *q)
{
    return !q->mode->psk && (q->mode->early || q->config.allow_early);
}

/* -- asked -- */

static const char *subject_of(const gnutls_datum_t *der, char *text, size_t cap)
{
    gnutls_x509_crt_t leaf;
    if (gnutls_x509_crt_init(&leaf) != GNUTLS_E_SUCCESS)
        return "?";
    bool ok = gnutls_x509_crt_import(leaf, der, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
              gnutls_x509_crt_get_dn_by_oid(leaf, GNUTLS_OID_X520_COMMON_NAME, 0, 0, text, &cap) ==
                  GNUTLS_E_SUCCESS;
    gnutls_x509_crt_deinit(leaf);
    return ok ? text : "?";
}

static void tell_certificate(struct quic_connection *c, const gnutls_datum_t *leaf)
{
    char name[128], words[256];
    unsigned status = 0;
    gnutls_datum_t why = {0};
    /* A client's GnuTLS has found the name that it asked for in the certificate. */
    bool known = c->client && !c->quic->application_verifies;
    if (c->quic->application_verifies)
        gnutls_certificate_verify_peers3(c->tls, c->client ? c->name : NULL, &status);
    if (status != 0)
        gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &why, 0);
    snprintf(words, sizeof words, "%scertificate of %s%s%s", status ? "unverified " : "",
             known ? c->name : subject_of(leaf, name, sizeof name), why.data ? ": " : "",
             why.data ? (const char *)why.data : "");
    gnutls_free(why.data);
    quic_tell(c, SD_EV_PEER_AUTH, words);
}

void quic_tls_tell_peer(struct quic_connection *c)
{
    const struct quic *q = c->quic;
    char words[160];
    unsigned count;
    if (q->mode->psk) {
        snprintf(words, sizeof words, "PSK %s",
                 q->config.psk_identity ? q->config.psk_identity : "of the default identity");
        quic_tell(c, SD_EV_PEER_AUTH, words);
        return;
    }
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(c->tls, &count);
    if (chain && count > 0)
        tell_certificate(c, chain);
}

void quic_tls_tell_ready(struct quic_connection *c)
{
    char words[160];
    gnutls_datum_t alpn = {0};
    gnutls_alpn_get_selected_protocol(c->tls, &alpn);
    const char *suite = gnutls_ciphersuite_get(c->tls);
    const char *group = gnutls_group_get_name(gnutls_group_get(c->tls));
    snprintf(words, sizeof words, "QUIC v1 %s %s, ALPN %.*s", suite ? suite : "0-RTT",
             group ? group : "", (int)alpn.size, alpn.data ? (const char *)alpn.data : "");
    quic_tell(c, SD_EV_READY, words);
}

const char *quic_tls_words(struct quic_connection *c, int error)
{
    static char words[128];
    if (error != NGTCP2_ERR_CRYPTO)
        return ngtcp2_strerror(error);
    uint8_t alert = ngtcp2_conn_get_tls_alert(c->ng);
    const char *name = gnutls_alert_get_name(alert);
    snprintf(words, sizeof words, "TLS alert %u: %s", alert, name ? name : "unknown");
    return words;
}

/* RFC 8446 7.5 */
int quic_tls_export(struct quic_connection *c, struct sd_control *control)
{
    if (!control->text || !control->out)
        return SD_E_ARG;
    if (c->state != QUIC_OPEN)
        return SD_E_STATE;
    int r = gnutls_prf_rfc5705(c->tls, strlen(control->text), control->text, control->in_len,
                               (const char *)control->in, control->out_len, (char *)control->out);
    return r == GNUTLS_E_SUCCESS ? SD_OK : SD_E_ARG;
}
