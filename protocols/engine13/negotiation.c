/* negotiation.c - what hellos agree on besides cryptography: server name (RFC 6066), application
 * protocol (RFC 7301), SRTP profile (RFC 5764), certificate types (RFC 7250), connection ids
 * (RFC 9146). */
#include "protocols/engine13/inside.h"

#include <string.h>

/* -- server_name: RFC 6066 3 -- */

void e13_offer_server_name(struct sd_e13_session *s, struct sd_writer *w)
{
    if (!s->server_name[0])
        return;
    struct e13_vector x = e13_open_extension(s, w, X_SERVER_NAME);
    struct e13_vector list = e13_open_vector(w, 2);
    sd_put8(w, 0); /* host_name */
    struct e13_vector name = e13_open_vector(w, 2);
    sd_put(w, s->server_name, strlen(s->server_name));
    e13_close_vector(w, name);
    e13_close_vector(w, list);
    e13_close_vector(w, x);
}

int e13_choose_name(struct sd_e13_session *s, const struct e13_extensions *x)
{
    if (!e13_has(x, X_SERVER_NAME))
        return 0;
    struct sd_reader r = x->body[X_SERVER_NAME];
    struct sd_reader list = sd_get_sub(&r, sd_get16(&r));
    uint8_t type = sd_get8(&list);
    struct sd_reader name = sd_get_sub(&list, sd_get16(&list));
    size_t len = sd_left(&name);
    if (r.bad || list.bad || type != 0 || len == 0)
        return e13_fail(s, E13_DECODE_ERROR, "server_name does not parse");
    if (len >= sizeof s->server_name)
        return e13_fail(s, E13_UNRECOGNIZED_NAME, "the server name is longer than 79 bytes");
    memcpy(s->server_name, name.at, len);
    const struct sd_chain *own = &s->context->chain;
    if (own->count > 0 && !sd_certificate_is_for(&own->certificate[0], s->server_name))
        return e13_fail(s, E13_UNRECOGNIZED_NAME, "the client asks for somebody else");
    return 0;
}

/* -- application_layer_protocol_negotiation: RFC 7301 3 -- */

void e13_offer_alpn(struct sd_e13_session *s, struct sd_writer *w)
{
    const struct sd_e13_context *c = s->context;
    if (c->alpn_len == 0)
        return;
    struct e13_vector x = e13_open_extension(s, w, X_ALPN);
    struct e13_vector list = e13_open_vector(w, 2);
    sd_put(w, c->alpn, c->alpn_len);
    e13_close_vector(w, list);
    e13_close_vector(w, x);
}

/* The place of this name in a ProtocolNameList, or NULL. */
static const uint8_t *find_protocol(struct sd_reader list, struct sd_reader name)
{
    size_t len = sd_left(&name);
    while (sd_left(&list) > 0 && !list.bad) {
        struct sd_reader one = sd_get_sub(&list, sd_get8(&list));
        if (!one.bad && sd_left(&one) == len && len > 0 && memcmp(one.at, name.at, len) == 0)
            return one.at;
    }
    return NULL;
}

int e13_choose_alpn(struct sd_e13_session *s, const struct e13_extensions *x)
{
    const struct sd_e13_context *c = s->context;
    if (c->alpn_len == 0 || !e13_has(x, X_ALPN))
        return 0;
    struct sd_reader r = x->body[X_ALPN];
    struct sd_reader theirs = sd_get_sub(&r, sd_get16(&r));
    struct sd_reader ours = sd_reader_of(c->alpn, c->alpn_len);
    while (sd_left(&ours) > 0) {
        struct sd_reader one = sd_get_sub(&ours, sd_get8(&ours));
        if (find_protocol(theirs, one)) {
            s->alpn = one.at;
            s->alpn_len = sd_left(&one);
            return 0;
        }
    }
    return e13_fail(s, E13_NO_APPLICATION_PROTOCOL, "no application protocol in common");
}

static int read_alpn(struct sd_e13_session *s, struct sd_reader r)
{
    struct sd_reader list = sd_get_sub(&r, sd_get16(&r));
    struct sd_reader one = sd_get_sub(&list, sd_get8(&list));
    s->alpn = find_protocol(sd_reader_of(s->context->alpn, s->context->alpn_len), one);
    s->alpn_len = sd_left(&one);
    if (!s->alpn || sd_left(&list) > 0)
        return e13_fail(s, E13_ILLEGAL_PARAMETER,
                        "the server chose an application protocol that was not offered");
    return 0;
}

/* -- use_srtp: RFC 5764 4.1 -- */

void e13_offer_srtp(struct sd_e13_session *s, struct sd_writer *w)
{
    const struct sd_e13_context *c = s->context;
    if (c->srtp[0] == 0)
        return;
    struct e13_vector x = e13_open_extension(s, w, X_USE_SRTP);
    struct e13_vector profiles = e13_open_vector(w, 2);
    for (size_t i = 0; i < SD_E13_SRTP_MAX && c->srtp[i]; i++)
        sd_put16(w, c->srtp[i]);
    e13_close_vector(w, profiles);
    sd_put8(w, 0); /* srtp_mki: none */
    e13_close_vector(w, x);
}

void e13_choose_srtp(struct sd_e13_session *s, const struct e13_extensions *x)
{
    const struct sd_e13_context *c = s->context;
    for (size_t i = 0; i < SD_E13_SRTP_MAX && e13_has(x, X_USE_SRTP) && !s->srtp; i++)
        if (c->srtp[i] && e13_list_has(x->body[X_USE_SRTP], c->srtp[i]))
            s->srtp = c->srtp[i];
}

static int read_srtp(struct sd_e13_session *s, struct sd_reader r)
{
    const struct sd_e13_context *c = s->context;
    uint16_t len = sd_get16(&r), profile = sd_get16(&r);
    for (size_t i = 0; i < SD_E13_SRTP_MAX && c->srtp[i]; i++)
        if (len == 2 && !r.bad && c->srtp[i] == profile)
            s->srtp = profile;
    return s->srtp ? 0
                   : e13_fail(s, E13_ILLEGAL_PARAMETER,
                              "the server chose an SRTP profile that was not offered");
}

/* -- client_certificate_type, server_certificate_type: RFC 7250 3 -- */

static const enum e13_extension type_extensions[] = {X_CLIENT_CERTIFICATE_TYPE,
                                                     X_SERVER_CERTIFICATE_TYPE};

void e13_offer_certificate_types(struct sd_e13_session *s, struct sd_writer *w)
{
    for (size_t i = 0; i < 2 && s->context->peer_key.len > 0; i++) {
        struct e13_vector x = e13_open_extension(s, w, type_extensions[i]);
        sd_put8(w, 1);
        sd_put8(w, E13_RAW_PUBLIC_KEY);
        e13_close_vector(w, x);
    }
}

static bool takes_raw_key(const struct e13_extensions *x, enum e13_extension type)
{
    struct sd_reader r = x->body[type], list;
    if (!e13_has(x, type))
        return false;
    list = sd_get_sub(&r, sd_get8(&r));
    while (sd_left(&list) > 0)
        if (sd_get8(&list) == E13_RAW_PUBLIC_KEY)
            return true;
    return false;
}

int e13_choose_certificate_types(struct sd_e13_session *s, const struct e13_extensions *x)
{
    struct e13_opening *o = s->opening;
    if (s->context->peer_key.len == 0)
        return 0;
    o->raw_own = takes_raw_key(x, X_SERVER_CERTIFICATE_TYPE);
    o->raw_peer = takes_raw_key(x, X_CLIENT_CERTIFICATE_TYPE);
    if (!o->raw_own || (s->context->config.mutual && !o->raw_peer))
        return e13_fail(s, E13_UNSUPPORTED_CERTIFICATE, "the client takes no raw public keys");
    return 0;
}

static int read_certificate_type(struct sd_e13_session *s, struct sd_reader r, bool *raw)
{
    *raw = sd_get8(&r) == E13_RAW_PUBLIC_KEY;
    return *raw && !r.bad ? 0
                          : e13_fail(s, E13_UNSUPPORTED_CERTIFICATE,
                                     "the server chose another type of certificate than offered");
}

/* -- EncryptedExtensions: 4.3.1 -- */

void e13_answer_extensions(struct sd_e13_session *s, struct sd_writer *w)
{
    const struct e13_opening *o = s->opening;
    struct e13_vector x, list;
    if (s->alpn) {
        x = e13_open_extension(s, w, X_ALPN);
        list = e13_open_vector(w, 2);
        sd_put8(w, (uint8_t)s->alpn_len);
        sd_put(w, s->alpn, s->alpn_len);
        e13_close_vector(w, list);
        e13_close_vector(w, x);
    }
    if (s->srtp) {
        x = e13_open_extension(s, w, X_USE_SRTP);
        sd_put16(w, 2);
        sd_put16(w, s->srtp);
        sd_put8(w, 0);
        e13_close_vector(w, x);
    }
    for (size_t i = 0; i < 2; i++)
        if (i == 0 ? o->raw_peer : o->raw_own) {
            x = e13_open_extension(s, w, type_extensions[i]);
            sd_put8(w, E13_RAW_PUBLIC_KEY);
            e13_close_vector(w, x);
        }
    if (s->early_accepted)
        e13_close_vector(w, e13_open_extension(s, w, X_EARLY_DATA));
}

int e13_read_choices(struct sd_e13_session *s, const struct e13_extensions *x)
{
    struct e13_opening *o = s->opening;
    int alert = 0;
    if (e13_has(x, X_ALPN))
        alert = read_alpn(s, x->body[X_ALPN]);
    if (!alert && e13_has(x, X_USE_SRTP))
        alert = read_srtp(s, x->body[X_USE_SRTP]);
    if (!alert && e13_has(x, X_CLIENT_CERTIFICATE_TYPE))
        alert = read_certificate_type(s, x->body[X_CLIENT_CERTIFICATE_TYPE], &o->raw_own);
    if (!alert && e13_has(x, X_SERVER_CERTIFICATE_TYPE))
        alert = read_certificate_type(s, x->body[X_SERVER_CERTIFICATE_TYPE], &o->raw_peer);
    if (!alert && s->context->peer_key.len > 0 && !o->raw_peer && !s->used_psk)
        alert = e13_fail(s, E13_UNSUPPORTED_CERTIFICATE, "the server has no raw public key");
    if (!alert && e13_has(x, X_EARLY_DATA)) {
        if (!o->early_offered || !s->used_psk)
            return e13_fail(s, E13_ILLEGAL_PARAMETER, "early data was accepted without a key");
        s->early_accepted = true;
    }
    return alert;
}

/* -- connection_id: RFC 9146 3 -- */

void e13_offer_cid(struct sd_e13_session *s, struct sd_writer *w)
{
    if (!s->cid_offered)
        return;
    struct e13_vector x = e13_open_extension(s, w, X_CONNECTION_ID);
    sd_put8(w, (uint8_t)s->own_cid_len);
    sd_put(w, s->own_cid, s->own_cid_len);
    e13_close_vector(w, x);
}

int e13_read_cid(struct sd_e13_session *s, const struct e13_extensions *x)
{
    if (!e13_has(x, X_CONNECTION_ID) || !s->cid_offered)
        return 0;
    struct sd_reader r = x->body[X_CONNECTION_ID];
    size_t len = sd_get8(&r);
    if (r.bad || sd_left(&r) != len)
        return e13_fail(s, E13_DECODE_ERROR, "connection_id does not parse");
    if (len > sizeof s->peer_cid) {
        /* Nobody is made to use an id that is longer than it can keep. */
        return s->client ? e13_fail(s, E13_ILLEGAL_PARAMETER, "the connection id is too long") : 0;
    }
    sd_get_copy(&r, s->peer_cid, len);
    s->peer_cid_len = len;
    s->cid_agreed = true;
    return 0;
}
