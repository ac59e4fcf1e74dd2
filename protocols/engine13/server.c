/* server.c - a server's handshake in the order of RFC 8446 sections 2 and 4. */
#include "protocols/engine13/inside.h"

#include <string.h>

static const uint8_t retry_random[TLS_RANDOM] = TLS13_HELLO_RETRY_RANDOM;

/* -- 4.1.2: ClientHello -- */

struct client_hello {
    const uint8_t *random;
    struct sd_reader session_id, suites;
    struct e13_extensions x;
    bool again; /* answers a HelloRetryRequest: it shows a good cookie */
    struct e13_cookie cookie;
    struct e13_choice psk;
    uint16_t group;
    struct sd_reader share; /* of that group; empty: the client sent none */
};

static int parse_client_hello(struct sd_e13_session *s, struct sd_reader *r, struct client_hello *h)
{
    const struct sd_e13_flavour *flavour = s->context->flavour;
    sd_get16(r); /* legacy_version: supported_versions decides */
    h->random = sd_get(r, TLS_RANDOM);
    h->session_id = sd_get_sub(r, sd_get8(r));
    uint8_t legacy_cookie = flavour->datagram ? sd_get8(r) : 0;
    sd_get(r, legacy_cookie);
    h->suites = sd_get_sub(r, sd_get16(r));
    struct sd_reader compressions = sd_get_sub(r, sd_get8(r));
    if (r->bad || sd_left(&h->session_id) > 32)
        return e13_fail(s, E13_DECODE_ERROR, "ClientHello does not parse");
    if (sd_left(r) == 0)
        return e13_fail(s, E13_PROTOCOL_VERSION, "the client speaks an earlier version");
    int alert = e13_read_extensions(s, r, E13_IN_CH, &h->x);
    if (alert)
        return alert;
    struct sd_reader versions = h->x.body[X_SUPPORTED_VERSIONS];
    versions = sd_get_sub(&versions, sd_get8(&versions));
    bool speaks = false;
    while (e13_has(&h->x, X_SUPPORTED_VERSIONS) && sd_left(&versions) >= 2)
        speaks |= sd_get16(&versions) == flavour->version;
    if (!speaks)
        return e13_fail(s, E13_PROTOCOL_VERSION, "the client speaks an earlier version");
    if (legacy_cookie != 0 || sd_left(&compressions) != 1 || sd_get8(&compressions) != 0)
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "ClientHello has a legacy cookie or compression");
    memcpy(s->opening->random, h->random, TLS_RANDOM);
    return 0;
}

/* -- 4.2.2: cookie -- */

static int read_cookie(struct sd_e13_session *s, struct client_hello *h)
{
    if (!e13_has(&h->x, X_COOKIE))
        return 0;
    struct sd_reader r = h->x.body[X_COOKIE];
    struct sd_reader cookie = sd_get_sub(&r, sd_get16(&r));
    if (r.bad || !e13_cookie_open(s, cookie.at, sd_left(&cookie), &h->cookie))
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "the cookie is not ours, or too old");
    h->again = s->opening->retried = true;
    e13_tell(s, SD_EV_VALIDATED, 0, "HelloRetryRequest cookie", NULL);
    return 0;
}

/* -- 4.1.1: cryptographic negotiation -- */

static bool hello_has_suite(struct sd_reader suites, uint16_t id)
{
    while (sd_left(&suites) >= 2)
        if (sd_get16(&suites) == id)
            return true;
    return false;
}

/* The first of ours that the client has; a key from before wants its own hash. */
static const struct sd_e13_suite *find_suite(const struct sd_e13_session *s,
                                             const struct client_hello *h)
{
    const struct sd_e13_context *c = s->context;
    const struct e13_psk *psk = &s->opening->psk;
    for (size_t i = 0; i < sizeof c->suite / sizeof *c->suite && c->suite[i]; i++) {
        const struct sd_e13_suite *suite = e13_suite(c->suite[i]);
        if (hello_has_suite(h->suites, suite->id) && (psk->len == 0 || psk->hash == suite->hash))
            return suite;
    }
    return NULL;
}

static int choose_suite(struct sd_e13_session *s, const struct client_hello *h)
{
    s->suite = find_suite(s, h);
    if (!s->suite && s->opening->psk.len > 0) {
        e13_psk_fini(&s->opening->psk);
        s->suite = find_suite(s, h);
    }
    if (!s->suite)
        return e13_fail(s, E13_HANDSHAKE_FAILURE, "no cipher suite in common");
    if (h->again && s->suite != h->cookie.suite)
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "the second ClientHello has other suites");
    return 0;
}

/* The client's share of this group, if it sent one. */
static struct sd_reader find_share(const struct client_hello *h, uint16_t group)
{
    struct sd_reader r = h->x.body[X_KEY_SHARE];
    struct sd_reader shares = sd_get_sub(&r, sd_get16(&r));
    while (sd_left(&shares) > 0 && !shares.bad) {
        uint16_t of = sd_get16(&shares);
        struct sd_reader share = sd_get_sub(&shares, sd_get16(&shares));
        if (of == group)
            return share;
    }
    return (struct sd_reader){0};
}

static int choose_group(struct sd_e13_session *s, struct client_hello *h)
{
    const struct sd_e13_context *c = s->context;
    if (!e13_has(&h->x, X_SUPPORTED_GROUPS) || !e13_has(&h->x, X_KEY_SHARE))
        return e13_fail(s, E13_MISSING_EXTENSION, "ClientHello without groups or key share");
    for (size_t i = 0; i < sizeof c->group / sizeof *c->group && c->group[i]; i++) {
        struct sd_reader share = find_share(h, c->group[i]);
        if (sd_left(&share) > 0) {
            h->group = c->group[i];
            h->share = share;
            return 0;
        }
        if (!h->group && e13_list_has(h->x.body[X_SUPPORTED_GROUPS], c->group[i]))
            h->group = c->group[i];
    }
    if (!h->group)
        return e13_fail(s, E13_HANDSHAKE_FAILURE, "no group in common");
    return 0;
}

static int check_signature_algorithms(struct sd_e13_session *s, const struct client_hello *h)
{
    const struct sd_e13_context *c = s->context;
    if (s->opening->psk.len > 0)
        return 0;
    if (!c->scheme)
        return e13_fail(s, E13_UNKNOWN_PSK_IDENTITY, "no pre-shared key in common");
    if (!e13_has(&h->x, X_SIGNATURE_ALGORITHMS))
        return e13_fail(s, E13_MISSING_EXTENSION, "ClientHello without signature_algorithms");
    if (!e13_list_has(h->x.body[X_SIGNATURE_ALGORITHMS], c->scheme))
        return e13_fail(s, E13_HANDSHAKE_FAILURE, "the client does not take signatures of our key");
    return 0;
}

/* -- 4.1.4: HelloRetryRequest -- */

/* Written a second time when the cookie comes back, because the transcript needs it. */
static struct sd_writer put_retry(struct sd_e13_session *s, const struct client_hello *h,
                                  uint16_t group, const uint8_t *cookie, size_t cookie_len)
{
    struct sd_writer w = e13_begin(TLS_SERVER_HELLO);
    sd_put16(&w, s->context->flavour->legacy_version);
    sd_put(&w, retry_random, sizeof retry_random);
    sd_put8(&w, (uint8_t)sd_left(&h->session_id));
    sd_put(&w, h->session_id.at, sd_left(&h->session_id));
    sd_put16(&w, s->suite->id);
    sd_put8(&w, 0);
    struct e13_vector extensions = e13_open_vector(&w, 2);
    struct e13_vector x = e13_open_extension(s, &w, X_SUPPORTED_VERSIONS);
    sd_put16(&w, s->context->flavour->version);
    e13_close_vector(&w, x);
    if (group) {
        x = e13_open_extension(s, &w, X_KEY_SHARE);
        sd_put16(&w, group);
        e13_close_vector(&w, x);
    }
    x = e13_open_extension(s, &w, X_COOKIE);
    sd_put16(&w, (uint16_t)cookie_len);
    sd_put(&w, cookie, cookie_len);
    e13_close_vector(&w, x);
    e13_close_vector(&w, extensions);
    e13_end(&w);
    return w;
}

static int send_hello_retry_request(struct sd_e13_session *s, const struct client_hello *h,
                                    const uint8_t *hello, size_t len)
{
    struct e13_cookie said = {.suite = s->suite, .group = sd_left(&h->share) > 0 ? 0 : h->group};
    uint8_t cookie[E13_COOKIE_MAX];
    sd_hash_of(s->suite->hash, said.hello_hash, hello, len);
    size_t cookie_len = e13_cookie_make(s, &said, cookie);
    struct sd_writer w = put_retry(s, h, said.group, cookie, cookie_len);
    s->retry_sent = true;
    e13_psk_fini(&s->opening->psk);
    return e13_pass_on(s, SD_E13_PLAIN, &w);
}

/* 4.4.1: what the first ClientHello and the HelloRetryRequest leave in the transcript. */
static void recall_retry(struct sd_e13_session *s, const struct client_hello *h)
{
    struct sd_reader r = h->x.body[X_COOKIE];
    struct sd_reader cookie = sd_get_sub(&r, sd_get16(&r));
    e13_transcript_add_message_hash(s, h->cookie.hello_hash);
    struct sd_writer w = put_retry(s, h, h->cookie.group, cookie.at, sd_left(&cookie));
    e13_transcript_add(s, w.start, sd_written(&w));
}

/* -- the server's flight -- */

static int send_server_hello(struct sd_e13_session *s, const struct client_hello *h)
{
    uint8_t random[TLS_RANDOM];
    struct sd_writer w = e13_begin(TLS_SERVER_HELLO);
    sd_random(s->context->env, random, sizeof random);
    sd_put16(&w, s->context->flavour->legacy_version);
    sd_put(&w, random, sizeof random);
    sd_put8(&w, (uint8_t)sd_left(&h->session_id));
    sd_put(&w, h->session_id.at, sd_left(&h->session_id));
    sd_put16(&w, s->suite->id);
    sd_put8(&w, 0);
    struct e13_vector extensions = e13_open_vector(&w, 2);
    struct e13_vector x = e13_open_extension(s, &w, X_SUPPORTED_VERSIONS);
    sd_put16(&w, s->context->flavour->version);
    e13_close_vector(&w, x);
    x = e13_open_extension(s, &w, X_KEY_SHARE);
    e13_write_share(s, &w, s->group);
    e13_close_vector(&w, x);
    if (s->used_psk) {
        x = e13_open_extension(s, &w, X_PRE_SHARED_KEY);
        sd_put16(&w, (uint16_t)h->psk.identity);
        e13_close_vector(&w, x);
    }
    if (s->cid_agreed)
        e13_offer_cid(s, &w);
    e13_close_vector(&w, extensions);
    return e13_send(s, SD_E13_PLAIN, &w);
}

static int send_encrypted_extensions(struct sd_e13_session *s)
{
    struct sd_writer w = e13_begin(TLS_ENCRYPTED_EXTENSIONS);
    struct e13_vector extensions = e13_open_vector(&w, 2);
    e13_answer_extensions(s, &w);
    e13_close_vector(&w, extensions);
    return e13_send(s, SD_E13_HANDSHAKE, &w);
}

/* 4.3.2 */
static int send_certificate_request(struct sd_e13_session *s)
{
    struct sd_writer w = e13_begin(TLS_CERTIFICATE_REQUEST);
    sd_put8(&w, 0); /* certificate_request_context */
    struct e13_vector extensions = e13_open_vector(&w, 2);
    e13_offer_signature_algorithms(s, &w);
    e13_close_vector(&w, extensions);
    return e13_send(s, SD_E13_HANDSHAKE, &w);
}

static int send_flight(struct sd_e13_session *s, const struct client_hello *h)
{
    uint8_t shared[32];
    int alert = send_server_hello(s, h);
    if (alert)
        return alert;
    if (!e13_agree(s, s->group, h->share, shared))
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "the client's key share is none");
    e13_enter_handshake(s, shared, sizeof shared);
    sd_wipe(shared, sizeof shared);
    alert = send_encrypted_extensions(s);
    if (!alert && !s->used_psk && s->context->config.mutual)
        alert = send_certificate_request(s);
    if (!alert && !s->used_psk)
        alert = e13_send_certificate(s);
    if (!alert && !s->used_psk)
        alert = e13_send_certificate_verify(s);
    if (!alert)
        alert = e13_send_finished(s);
    if (!alert)
        e13_enter_master(s);
    return alert;
}

/* -- RECVD_CH and NEGOTIATED -- */

static int enter_transcript(struct sd_e13_session *s, const struct client_hello *h,
                            const uint8_t *hello, size_t len)
{
    struct e13_opening *o = s->opening;
    if (!e13_transcript_begin(s))
        return e13_fail(s, E13_INTERNAL_ERROR, "no memory for a transcript");
    if (h->again)
        recall_retry(s, h);
    s->used_psk = o->psk.len > 0;
    if (s->used_psk) {
        e13_extract_first(s, o->psk.key, o->psk.len);
        return e13_check_binder(s, &h->psk, hello, len);
    }
    e13_extract_first(s, NULL, 0);
    e13_transcript_add(s, hello, len);
    return 0;
}

/* 2.3: the server takes early data, and may answer before the client's Finished. */
static void accept_early(struct sd_e13_session *s, const struct client_hello *h)
{
    if (!e13_has(&h->x, X_EARLY_DATA) || !s->used_psk)
        return;
    s->early_accepted = e13_takes_early(s, &h->psk);
    if (s->early_accepted)
        e13_enter_early(s);
    e13_tell(s, s->early_accepted ? SD_EV_EARLY_OK : SD_EV_EARLY_REFUSED, 0, NULL, NULL);
}

static int negotiate(struct sd_e13_session *s, struct client_hello *h)
{
    int alert = e13_choose_name(s, &h->x);
    if (!alert)
        alert = e13_choose_alpn(s, &h->x);
    if (!alert)
        alert = e13_choose_certificate_types(s, &h->x);
    if (!alert)
        alert = e13_read_cid(s, &h->x);
    if (!alert)
        e13_choose_srtp(s, &h->x);
    return alert;
}

static int answer(struct sd_e13_session *s, struct client_hello *h, const uint8_t *hello,
                  size_t len)
{
    int alert = enter_transcript(s, h, hello, len);
    if (!alert)
        alert = negotiate(s, h);
    if (alert)
        return alert;
    accept_early(s, h);
    s->group = h->group;
    alert = send_flight(s, h);
    if (alert)
        return alert;
    if (s->early_accepted)
        e13_tell_ready(s);
    if (s->early_accepted && !s->context->flavour->datagram)
        s->state = E13_WAIT_EOED;
    else if (s->context->config.mutual && !s->used_psk)
        s->state = E13_WAIT_CERT;
    else
        s->state = E13_WAIT_FINISHED;
    return 0;
}

static int read_client_hello(struct sd_e13_session *s, struct sd_reader *r, const uint8_t *hello,
                             size_t len)
{
    struct client_hello h = {0};
    int alert = parse_client_hello(s, r, &h);
    if (!alert)
        alert = read_cookie(s, &h);
    if (!alert)
        alert = e13_choose_psk(s, &h.x, &h.psk);
    if (!alert)
        alert = choose_suite(s, &h);
    if (!alert)
        alert = choose_group(s, &h);
    if (!alert)
        alert = check_signature_algorithms(s, &h);
    if (alert)
        return alert;
    if (!h.again && (s->opening->demand_cookie || sd_left(&h.share) == 0))
        return send_hello_retry_request(s, &h, hello, len);
    if (sd_left(&h.share) == 0 || (h.cookie.group && h.cookie.group != h.group))
        return e13_fail(s, E13_ILLEGAL_PARAMETER,
                        "the second ClientHello has not the key share asked for");
    s->retry_sent = false;
    return answer(s, &h, hello, len);
}

/* -- the client's flight -- */

static int read_client_finished(struct sd_e13_session *s, struct sd_reader *r,
                                const uint8_t *before, const uint8_t *message, size_t len)
{
    int alert = e13_read_finished(s, r, before);
    if (alert)
        return alert;
    e13_transcript_add(s, message, len);
    e13_finish_schedule(s);
    e13_recall_peer(s);
    if (s->used_psk && !s->opening->psk.external)
        e13_tell(s, SD_EV_RESUMED, 0, NULL, NULL);
    e13_tell_peer(s);
    e13_connected(s);
    if (!s->early_accepted)
        e13_tell_ready(s);
    for (uint32_t i = 0; i < s->context->tickets_sent && !alert; i++)
        alert = e13_send_ticket(s);
    return alert;
}

/* -- appendix A.2 -- */

int e13_server_receive(struct sd_e13_session *s, enum sd_e13_level level, const uint8_t *message,
                       size_t len)
{
    struct sd_reader r = sd_reader_of(message + TLS_HANDSHAKE_HEADER, len - TLS_HANDSHAKE_HEADER);
    uint8_t type = message[0], before[SD_HASH_MAX];
    enum sd_e13_level expected = s->state == E13_START       ? SD_E13_PLAIN
                                 : s->state == E13_WAIT_EOED ? SD_E13_EARLY
                                                             : SD_E13_HANDSHAKE;
    if (level != expected)
        return e13_fail(s, E13_UNEXPECTED_MESSAGE, "a message under the wrong keys");
    if (s->state == E13_START && type == TLS_CLIENT_HELLO)
        return read_client_hello(s, &r, message, len);
    if (s->state == E13_START)
        return e13_fail(s, E13_UNEXPECTED_MESSAGE, "expected ClientHello");

    e13_transcript_hash(s, before);
    int alert = 0;
    if (s->state == E13_WAIT_FINISHED && type == TLS_FINISHED)
        return read_client_finished(s, &r, before, message, len);
    if (s->state == E13_WAIT_EOED && type == TLS_END_OF_EARLY_DATA && sd_left(&r) == 0) {
        s->state = E13_WAIT_FINISHED;
    } else if (s->state == E13_WAIT_CERT && type == TLS_CERTIFICATE) {
        alert = e13_read_certificate(s, &r);
        s->state = E13_WAIT_CV;
    } else if (s->state == E13_WAIT_CV && type == TLS_CERTIFICATE_VERIFY) {
        alert = e13_read_certificate_verify(s, &r, before);
        s->state = E13_WAIT_FINISHED;
    } else {
        return e13_fail(s, E13_UNEXPECTED_MESSAGE, "a message out of its order");
    }
    if (!alert)
        e13_transcript_add(s, message, len);
    return alert;
}
