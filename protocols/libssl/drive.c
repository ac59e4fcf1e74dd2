/* drive.c - the life of one SSL object: handshake, early data, reading, writing, the end. */
#include "protocols/libssl/libssl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define RECORD_MAX   16384u          /* RFC 5246 6.2.1, RFC 8446 5.1 */
#define WRITE_MAX    (256 * 1024)    /* of one app_in on a stream */
#define LINGER       (3 * SD_SECOND) /* DTLS: for the peer's close_notify, which may be lost */
#define NO_ALERT     0xff
#define TEXT_MAX     192
#define RANDOM_BYTES 32

/* Reading needs room for a whole record; the process has one thread, so one room does. */
static uint8_t plaintext[RECORD_MAX];

/* RFC 6347 4.2.4.1: by default 1 s at first, doubled at each retransmission, at most 60 s. */
static unsigned on_timer(SSL *ssl, unsigned last_us)
{
    struct sd_ssl_session *s = SSL_get_app_data(ssl);
    if (last_us == 0)
        return s->agent->first_timer_us;
    s->agent->stats.retransmits++;
    s->resent = true;
    return last_us > 30000000 ? 60000000 : last_us * 2;
}

bool sd_ssl_attach(struct sd_ssl_session *s, const char *server_name)
{
    struct sd_ssl_agent *a = s->agent;
    ERR_clear_error();
    SSL *ssl = SSL_new(s->client ? a->client : a->server);
    const BIO_METHOD *method = sd_ssl_bio_method(a->kind->datagram);
    BIO *bio = ssl && method ? BIO_new(method) : NULL;
    if (!bio) {
        SSL_free(ssl);
        return false;
    }
    s->ssl = ssl;
    sd_ssl_phase(s, SD_SSL_HANDSHAKE);
    SSL_set_app_data(ssl, s);
    BIO_set_data(bio, s);
    SSL_set_bio(ssl, bio, bio);
    if (a->kind->datagram) {
        SSL_set_mtu(ssl, a->path_mtu - 28);
        DTLS_set_timer_cb(ssl, on_timer);
        if (a->use_srtp && !sd_ssl_srtp_offer(ssl, a->use_srtp))
            return false;
    }
    if (!s->client) {
        SSL_set_accept_state(ssl);
        s->reading_early = SSL_get_max_early_data(ssl) > 0;
        return true;
    }
    SSL_set_connect_state(ssl);
    if (server_name) {
        snprintf(s->name, sizeof s->name, "%s", server_name);
        if (SSL_set_tlsext_host_name(ssl, s->name) != 1 || SSL_set1_host(ssl, s->name) != 1)
            return false;
    }
    SSL_SESSION *earlier = a->mode->resume ? sd_ssl_ticket_take(a, s->name) : NULL;
    bool ok = !earlier || SSL_set_session(ssl, earlier) == 1;
    SSL_SESSION_free(earlier);
    return ok;
}

/* -- the end -- */

/* What of the peer's bytes was wrong, by the alert that libssl answered with. */
static int reason_of(uint8_t alert)
{
    switch (alert) {
    case SSL_AD_DECODE_ERROR:
    case SSL_AD_RECORD_OVERFLOW:
    case SSL_AD_ILLEGAL_PARAMETER:
    case SSL_AD_PROTOCOL_VERSION:
        return SD_DROP_MALFORMED;
    case SSL_AD_BAD_RECORD_MAC:
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_CERTIFICATE_REQUIRED:
    case SSL_AD_UNKNOWN_PSK_IDENTITY:
        return SD_DROP_AUTH;
    case SSL_AD_UNRECOGNIZED_NAME:
    case SSL_AD_NO_APPLICATION_PROTOCOL:
    case SSL_AD_HANDSHAKE_FAILURE:
        return SD_DROP_POLICY;
    default:
        return SD_DROP_STATE;
    }
}

static void end_carrier(struct sd_ssl_session *s)
{
    if (!s->agent->kind->datagram)
        sd_ssl_send(s->agent, &s->path, NULL, 0, SD_UNIT_FIN);
}

int sd_ssl_fail(struct sd_ssl_session *s, const char *what)
{
    char text[TEXT_MAX];
    unsigned long error = ERR_peek_error();
    const char *words = what;
    if (!words && s->ssl && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        words = X509_verify_cert_error_string(SSL_get_verify_result(s->ssl));
    if (!words && error)
        words = ERR_reason_error_string(error);
    uint8_t alert = s->alert_in != NO_ALERT ? s->alert_in : s->alert_out;
    if (alert != NO_ALERT)
        snprintf(text, sizeof text, "%s (alert %u %s %s)", words ? words : "refused", alert,
                 SSL_alert_desc_string_long(alert), s->alert_in != NO_ALERT ? "received" : "sent");
    else
        snprintf(text, sizeof text, "%s", words ? words : "unexpected end");
    ERR_clear_error();
    sd_ssl_tell(s, SD_EV_ERROR, alert != NO_ALERT ? alert : 0, text);
    int reason = s->alert_in == NO_ALERT && s->alert_out != NO_ALERT ? reason_of(s->alert_out) : 0;
    if (reason)
        sd_ssl_drop(s->agent, reason);
    end_carrier(s);
    sd_ssl_session_free(s);
    return reason;
}

void sd_ssl_gone(struct sd_ssl_session *s, const char *detail)
{
    sd_ssl_tell(s, SD_EV_CLOSED, 0, detail);
    sd_ssl_session_free(s);
}

/* RFC 5246 7.2.1, RFC 8446 6.1: close_notify before the carrier ends. */
static void say_close(struct sd_ssl_session *s)
{
    ERR_clear_error();
    SSL_shutdown(s->ssl);
    ERR_clear_error();
    end_carrier(s);
}

/* -- what a handshake that is over tells -- */

static void tell_early(struct sd_ssl_session *s)
{
    if (SSL_get_early_data_status(s->ssl) == SSL_EARLY_DATA_ACCEPTED)
        sd_ssl_tell(s, SD_EV_EARLY_OK, 0, NULL);
    else
        sd_ssl_tell(s, SD_EV_EARLY_REFUSED, 0,
                    SSL_session_reused(s->ssl)
                        ? "the server resumed the session without early data"
                        : "the server did not resume: ticket unknown, expired or used before");
}

static void tell_peer(struct sd_ssl_session *s)
{
    char text[TEXT_MAX];
    const struct sd_ssl_agent *a = s->agent;
    X509 *peer = SSL_get0_peer_certificate(s->ssl);
    if (a->mode->psk) {
        snprintf(text, sizeof text, "PSK %s",
                 a->config.psk_identity ? a->config.psk_identity : "of the default identity");
        sd_ssl_tell(s, SD_EV_PEER_AUTH, 0, text);
    } else if (peer && (s->client || a->config.mutual)) {
        char name[128] = "?";
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
        long verified = SSL_get_verify_result(s->ssl);
        if (verified == X509_V_OK)
            snprintf(text, sizeof text, "certificate of %s", name);
        else
            snprintf(text, sizeof text, "unverified certificate of %s: %s", name,
                     X509_verify_cert_error_string(verified));
        uint8_t *der = NULL;
        int len = i2d_X509(peer, &der);
        sd_ssl_tell_with(s, SD_EV_PEER_AUTH, 0, text, der, len > 0 ? (size_t)len : 0);
        OPENSSL_free(der);
    }
}

/* "TLSv1.3 TLS_AES_128_GCM_SHA256 x25519, ALPN h2" */
static void tell_ready(struct sd_ssl_session *s)
{
    char text[TEXT_MAX];
    const uint8_t *alpn;
    unsigned alpn_len;
    int group = (int)SSL_get_negotiated_group(s->ssl);
    const char *group_name = group > 0 ? SSL_group_to_name(s->ssl, group) : NULL;
    SSL_get0_alpn_selected(s->ssl, &alpn, &alpn_len);
    snprintf(text, sizeof text, "%s %s%s%s%s%.*s", SSL_get_version(s->ssl),
             SSL_get_cipher_name(s->ssl), group_name ? " " : "", group_name ? group_name : "",
             alpn_len ? ", ALPN " : "", (int)alpn_len, alpn_len ? (const char *)alpn : "");
    s->may_send = true;
    sd_ssl_tell(s, SD_EV_READY, s->agent->use_srtp ? sd_ssl_srtp_chosen(s->ssl) : 0, text);
    if (s->writable_wanted) {
        s->writable_wanted = false;
        sd_ssl_tell(s, SD_EV_WRITABLE, 0, NULL);
    }
}

static void completed(struct sd_ssl_session *s)
{
    struct sd_ssl_agent *a = s->agent;
    sd_ssl_phase(s, SD_SSL_OPEN);
    a->stats.handshakes++;
    if (a->kind->datagram && !s->client && !s->validated) {
        s->validated = true;
        sd_ssl_tell(s, SD_EV_VALIDATED, 0, "Finished");
    }
    if (s->early_offered)
        tell_early(s);
    if (SSL_session_reused(s->ssl) && !a->mode->psk)
        sd_ssl_tell(s, SD_EV_RESUMED, 0, NULL);
    tell_peer(s);
    if (!s->may_send)
        tell_ready(s);
}

/* -- moving on -- */

enum step { GO, WAIT, GONE };

/* After libssl returned r <= 0. */
static enum step step_after(struct sd_ssl_session *s, int r, int *result)
{
    int why = SSL_get_error(s->ssl, r);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return WAIT;
    *result = sd_ssl_fail(s, NULL);
    return GONE;
}

static uint64_t hello_hash(const struct sd_ssl_session *s)
{
    uint8_t random[RANDOM_BYTES] = {0};
    SSL_get_client_random(s->ssl, random, sizeof random);
    return sd_hash(0, random, sizeof random) | 1;
}

/* Notes this ClientHello; true when it came before. */
static bool seen_before(struct sd_ssl_session *s)
{
    struct sd_ssl_agent *a = s->agent;
    uint64_t hash = hello_hash(s);
    if (!a->early_seen)
        a->early_seen = sd_alloc(a->env, SD_SSL_EARLY_SEEN * sizeof *a->early_seen);
    if (!a->early_seen)
        return false;
    for (size_t i = 0; i < SD_SSL_EARLY_SEEN; i++)
        if (a->early_seen[i] == hash)
            return true;
    a->early_seen[a->early_next++ % SD_SSL_EARLY_SEEN] = hash;
    return false;
}

/* RFC 8446 4.2.10, server side: until libssl says that early data is over. */
static enum step read_early(struct sd_ssl_session *s, int *result)
{
    for (;;) {
        size_t n = 0;
        int r = SSL_read_early_data(s->ssl, plaintext, sizeof plaintext, &n);
        if (r == SSL_READ_EARLY_DATA_ERROR)
            return step_after(s, 0, result);
        if (r == SSL_READ_EARLY_DATA_FINISH) {
            s->reading_early = false;
            if (SSL_get_early_data_status(s->ssl) != SSL_EARLY_DATA_REJECTED)
                return GO;
            if (seen_before(s))
                sd_ssl_drop(s->agent, SD_DROP_REPLAY);
            tell_early(s);
            return GO;
        }
        if (!s->early_taken) {
            s->early_taken = true;
            if (seen_before(s))
                s->agent->stats.replays_accepted++;
            sd_ssl_tell(s, SD_EV_EARLY_OK, 0, NULL);
            /* RFC 8446 2.3: the server may answer before it has the client's Finished. */
            tell_ready(s);
        }
        if (n > 0)
            sd_ssl_tell_data(s, plaintext, n, true);
    }
}

static enum step handshake(struct sd_ssl_session *s, int *result)
{
    int r = SSL_do_handshake(s->ssl);
    if (r != 1)
        return step_after(s, r, result);
    completed(s);
    return GO;
}

static enum step read_all(struct sd_ssl_session *s, int *result)
{
    for (;;) {
        size_t n = 0;
        int r = SSL_read_ex(s->ssl, plaintext, sizeof plaintext, &n);
        if (r == 1) {
            s->content_seen = true;
            sd_ssl_tell_data(s, plaintext, n, false);
            continue;
        }
        if (SSL_get_error(s->ssl, r) != SSL_ERROR_ZERO_RETURN)
            return step_after(s, r, result);
        if (s->phase != SD_SSL_CLOSING)
            say_close(s);
        sd_ssl_gone(s, "close_notify");
        return GONE;
    }
}

bool sd_ssl_advance(struct sd_ssl_session *s, int *result)
{
    *result = SD_OK;
    ERR_clear_error();
    enum step step = GO;
    if (s->reading_early)
        step = read_early(s, result);
    if (step == GO && s->phase == SD_SSL_HANDSHAKE)
        step = handshake(s, result);
    if (step == GO)
        step = read_all(s, result);
    ERR_clear_error();
    return step != GONE;
}

void sd_ssl_offer_early(struct sd_ssl_session *s, const uint8_t *data, size_t len)
{
    SSL_SESSION *session = SSL_get0_session(s->ssl);
    size_t written;
    if (!session)
        sd_ssl_tell(s, SD_EV_EARLY_REFUSED, 0, "there is no ticket for this server");
    else if (SSL_SESSION_get_max_early_data(session) < len)
        sd_ssl_tell(s, SD_EV_EARLY_REFUSED, 0, "the ticket allows less early data");
    else if (SSL_write_early_data(s->ssl, data, len, &written) == 1)
        s->early_offered = true;
    else
        sd_ssl_tell(s, SD_EV_EARLY_REFUSED, 0, "libssl did not take it");
}

/* -- the application's side -- */

static long write_datagram(struct sd_ssl_session *s, const uint8_t *data, size_t len)
{
    size_t written = 0;
    if (len == 0)
        return 0;
    if (len > DTLS_get_data_mtu(s->ssl))
        return SD_E_ARG;
    return SSL_write_ex(s->ssl, data, len, &written) == 1 ? (long)written : SD_E_STATE;
}

long sd_ssl_write(struct sd_ssl_session *s, const uint8_t *data, size_t len)
{
    if (s->phase == SD_SSL_CLOSING)
        return SD_E_STATE;
    if (!s->may_send) {
        s->writable_wanted = len > 0;
        return 0;
    }
    ERR_clear_error();
    if (s->agent->kind->datagram)
        return write_datagram(s, data, len);
    size_t taken = 0, limit = len < WRITE_MAX ? len : WRITE_MAX;
    while (taken < limit) {
        size_t piece = limit - taken < RECORD_MAX ? limit - taken : RECORD_MAX, written = 0;
        int r = s->phase == SD_SSL_OPEN
                    ? SSL_write_ex(s->ssl, data + taken, piece, &written)
                    : SSL_write_early_data(s->ssl, data + taken, piece, &written);
        if (r != 1)
            break;
        taken += written;
    }
    /* The host drains the queue at once: there is room again when this call is over. */
    if (taken > 0 && taken < len)
        sd_ssl_tell(s, SD_EV_WRITABLE, 0, NULL);
    return taken > 0 || len == 0 ? (long)taken : SD_E_STATE;
}

static int close_session(struct sd_ssl_session *s)
{
    if (s->phase == SD_SSL_CLOSING)
        return SD_OK;
    if (s->phase != SD_SSL_OPEN) {
        end_carrier(s);
        sd_ssl_gone(s, "given up during the handshake");
        return SD_OK;
    }
    say_close(s);
    sd_ssl_phase(s, SD_SSL_CLOSING);
    if (s->agent->kind->datagram)
        sd_ssl_timer(s, s->agent->env->now + LINGER);
    return SD_OK;
}

/* RFC 8446 4.6.3, asking the peer to do the same. */
static int update_keys(struct sd_ssl_session *s)
{
    if (s->agent->kind->version != TLS1_3_VERSION)
        return SD_E_UNSUPPORTED;
    if (s->phase != SD_SSL_OPEN)
        return SD_E_STATE;
    bool ok =
        SSL_key_update(s->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(s->ssl) == 1;
    ERR_clear_error();
    return ok ? SD_OK : SD_E_STATE;
}

/* RFC 5705, RFC 8446 7.5.  A context of length 0 and no context differ in TLS 1.2. */
static int export_secret(struct sd_ssl_session *s, struct sd_control *c)
{
    if (!c->text || !c->out)
        return SD_E_ARG;
    if (s->phase != SD_SSL_OPEN)
        return SD_E_STATE;
    bool ok = SSL_export_keying_material(s->ssl, c->out, c->out_len, c->text, strlen(c->text),
                                         c->in, c->in_len, c->in != NULL) == 1;
    ERR_clear_error();
    return ok ? SD_OK : SD_E_ARG;
}

int sd_ssl_control(struct sd_ssl_session *s, struct sd_control *c)
{
    ERR_clear_error();
    switch (c->verb) {
    case SD_CLOSE:
        return close_session(s);
    case SD_REKEY:
        return update_keys(s);
    case SD_EXPORT:
        return export_secret(s, c);
    default:
        return SD_E_UNSUPPORTED;
    }
}
