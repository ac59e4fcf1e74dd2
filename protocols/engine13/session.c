/* session.c - a session's life, messages in and out, and what the application is told. */
#include "protocols/engine13/inside.h"

#include <stdio.h>
#include <string.h>

const struct sd_e13_flavour sd_e13_tls = {
    .name = "TLSv1.3",
    .prefix = "tls13 ",
    .version = TLS_VERSION_13,
    .legacy_version = TLS_VERSION_12,
};
const struct sd_e13_flavour sd_e13_dtls = {
    .name = "DTLSv1.3",
    .prefix = "dtls13",
    .version = DTLS_VERSION_13,
    .legacy_version = DTLS_VERSION_12,
    .datagram = true,
};

struct sd_e13_session *sd_e13_new(struct sd_e13_context *c, const struct sd_e13_open *open)
{
    struct sd_e13_session *s = sd_alloc(c->env, sizeof *s);
    if (!s)
        return NULL;
    s->opening = sd_alloc(c->env, sizeof *s->opening);
    if (!s->opening) {
        sd_free(s);
        return NULL;
    }
    s->context = c;
    s->carrier = open->carrier;
    s->ctx = open->ctx;
    s->client = open->client;
    s->why = "";
    if (open->server_name)
        snprintf(s->server_name, sizeof s->server_name, "%s", open->server_name);
    s->opening->early_wanted = open->early;
    s->opening->demand_cookie = open->demand_cookie;
    if (open->address_len > 0)
        memcpy(s->opening->address, open->address, open->address_len);
    s->cid_offered = open->offer_cid;
    s->own_cid_len = open->cid_len;
    if (open->cid_len > 0)
        memcpy(s->own_cid, open->cid, open->cid_len);
    return s;
}

static void opening_free(struct e13_opening *o)
{
    if (!o)
        return;
    sd_hashing_end(&o->transcript);
    sd_chain_free(&o->peer);
    sd_free(o->hello);
    sd_free(o->cookie);
    sd_free(o->identity);
    e13_psk_fini(&o->psk);
    sd_free(o);
}

void sd_e13_free(struct sd_e13_session *s)
{
    if (!s)
        return;
    opening_free(s->opening);
    sd_free(s->leaf.der);
    sd_free(s);
}

void e13_connected(struct sd_e13_session *s)
{
    s->state = E13_CONNECTED;
    opening_free(s->opening);
    s->opening = NULL;
}

int e13_fail(struct sd_e13_session *s, enum e13_alert alert, const char *why)
{
    s->why = why;
    return (int)alert;
}

const char *sd_e13_why(const struct sd_e13_session *s)
{
    return s->why;
}

bool sd_e13_connected(const struct sd_e13_session *s)
{
    return s->state == E13_CONNECTED;
}

bool sd_e13_retried(const struct sd_e13_session *s)
{
    return !s->client && s->state == E13_START && s->retry_sent;
}

bool sd_e13_peer_cid(const struct sd_e13_session *s, const uint8_t **cid, size_t *len)
{
    *cid = s->peer_cid;
    *len = s->peer_cid_len;
    return s->cid_agreed;
}

uint8_t *e13_copy(struct sd_env *env, const void *data, size_t len)
{
    uint8_t *copy = len ? sd_alloc(env, len) : NULL;
    if (copy)
        memcpy(copy, data, len);
    return copy;
}

bool e13_same_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* -- messages out -- */

/* The process has one thread, and a message is gone before the next begins. */
#define MESSAGE_MAX 32768
static uint8_t message[MESSAGE_MAX];

struct sd_writer e13_begin(enum tls_handshake type)
{
    struct sd_writer w = sd_writer_of(message, sizeof message);
    sd_put8(&w, type);
    sd_put24(&w, 0);
    return w;
}

struct e13_vector e13_open_vector(struct sd_writer *w, unsigned width)
{
    struct e13_vector v = {sd_written(w), width};
    sd_put_space(w, width);
    return v;
}

void e13_close_vector(struct sd_writer *w, struct e13_vector v)
{
    size_t len = sd_written(w) - v.at - v.width;
    for (unsigned i = 0; i < v.width && !w->bad; i++)
        w->start[v.at + i] = (uint8_t)(len >> 8 * (v.width - 1 - i));
}

size_t e13_end(struct sd_writer *w)
{
    e13_close_vector(w, (struct e13_vector){1, 3});
    return w->bad ? 0 : sd_written(w);
}

int e13_pass_on(struct sd_e13_session *s, enum sd_e13_level level, const struct sd_writer *w)
{
    if (w->bad)
        return e13_fail(s, E13_INTERNAL_ERROR, "a message longer than is ever sent");
    if (!s->carrier->send(s->ctx, level, w->start, sd_written(w)))
        return e13_fail(s, E13_INTERNAL_ERROR, "no memory for a message");
    return 0;
}

int e13_send(struct sd_e13_session *s, enum sd_e13_level level, struct sd_writer *w)
{
    size_t len = e13_end(w);
    if (s->opening)
        e13_transcript_add(s, w->start, len);
    return e13_pass_on(s, level, w);
}

/* -- messages in -- */

/* 4.6: what may come once both are done. */
static int after_handshake(struct sd_e13_session *s, const uint8_t *bytes, size_t len)
{
    struct sd_reader r = sd_reader_of(bytes + TLS_HANDSHAKE_HEADER, len - TLS_HANDSHAKE_HEADER);
    if (bytes[0] == TLS_NEW_SESSION_TICKET && s->client)
        return e13_read_ticket(s, &r);
    if (bytes[0] == TLS_KEY_UPDATE)
        return e13_read_update(s, &r);
    return e13_fail(s, E13_UNEXPECTED_MESSAGE, "a handshake message after the handshake");
}

int sd_e13_receive(struct sd_e13_session *s, enum sd_e13_level level, const uint8_t *bytes,
                   size_t len)
{
    struct sd_reader header = sd_reader_of(bytes, len);
    sd_get8(&header);
    if (sd_get24(&header) != sd_left(&header) || header.bad)
        return e13_fail(s, E13_DECODE_ERROR, "a message is not as long as it says");
    if (s->state == E13_CONNECTED)
        return level == SD_E13_APPLICATION
                   ? after_handshake(s, bytes, len)
                   : e13_fail(s, E13_UNEXPECTED_MESSAGE, "a message under old keys");
    return s->client ? e13_client_receive(s, level, bytes, len)
                     : e13_server_receive(s, level, bytes, len);
}

/* -- KeyUpdate: 4.6.3 -- */

int sd_e13_update(struct sd_e13_session *s, bool request)
{
    struct sd_writer w = e13_begin(TLS_KEY_UPDATE);
    sd_put8(&w, request);
    return e13_send(s, SD_E13_APPLICATION, &w);
}

static void next_keys(struct sd_e13_session *s, bool sending)
{
    uint8_t *secret = sending == s->client ? s->client_app : s->server_app;
    e13_next_traffic_secret(s, secret);
    s->carrier->secret(s->ctx, sending, SD_E13_APPLICATION, s->suite, secret);
    e13_tell(s, SD_EV_KEY_UPDATE, 0, sending ? "sending" : "receiving", NULL);
}

void sd_e13_update_sending(struct sd_e13_session *s)
{
    next_keys(s, true);
}

int e13_read_update(struct sd_e13_session *s, struct sd_reader *r)
{
    uint8_t request = sd_get8(r);
    if (r->bad || sd_left(r) > 0)
        return e13_fail(s, E13_DECODE_ERROR, "KeyUpdate does not parse");
    if (request > 1)
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "KeyUpdate asks for neither yes nor no");
    next_keys(s, false);
    if (request)
        s->carrier->update_asked(s->ctx);
    return 0;
}

/* -- what the application hears -- */

void e13_tell(struct sd_e13_session *s, enum sd_event_kind kind, uint64_t code, const char *detail,
              const struct sd_certificate *data)
{
    const struct sd_event event = {.kind = kind,
                                   .code = code,
                                   .detail = detail,
                                   .data = data ? data->der : NULL,
                                   .len = data ? data->len : 0};
    s->carrier->tell(s->ctx, &event);
}

/* The leaf of a resumed session is that of the session before. */
void e13_recall_peer(struct sd_e13_session *s)
{
    struct e13_psk *psk = &s->opening->psk;
    if (!s->used_psk)
        return;
    s->leaf = psk->peer;
    psk->peer = (struct sd_certificate){0};
}

void e13_tell_peer(struct sd_e13_session *s)
{
    const struct e13_opening *o = s->opening;
    char text[192], name[128];
    if (s->used_psk && o->psk.external) {
        snprintf(text, sizeof text, "PSK %s",
                 s->context->config.psk_identity ? s->context->config.psk_identity
                                                 : "of the default identity");
        e13_tell(s, SD_EV_PEER_AUTH, 0, text, NULL);
        return;
    }
    if (s->leaf.len == 0)
        return;
    if (o->raw_peer)
        snprintf(text, sizeof text, "raw public key");
    else if (o->unverified)
        snprintf(text, sizeof text, "unverified certificate of %s: %s",
                 sd_certificate_name(&s->leaf, name, sizeof name), o->unverified);
    else
        snprintf(text, sizeof text, "certificate of %s%s",
                 sd_certificate_name(&s->leaf, name, sizeof name),
                 s->used_psk ? ", by ticket" : "");
    e13_tell(s, SD_EV_PEER_AUTH, 0, text, &s->leaf);
}

/* "DTLSv1.3 TLS_AES_128_GCM_SHA256 x25519, ALPN h2" */
void e13_tell_ready(struct sd_e13_session *s)
{
    char text[400];
    snprintf(text, sizeof text, "%s %s %s%s%.*s", s->context->flavour->name, s->suite->name,
             s->group == E13_X25519 ? "x25519" : "secp256r1", s->alpn_len ? ", ALPN " : "",
             (int)s->alpn_len, s->alpn_len ? (const char *)s->alpn : "");
    e13_tell(s, SD_EV_READY, s->srtp, text, NULL);
}
