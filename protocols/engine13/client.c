/* client.c - a client's handshake in the order of RFC 8446 sections 2 and 4. */
#include "protocols/engine13/inside.h"

#include <string.h>

static const uint8_t retry_random[TLS_RANDOM] = TLS13_HELLO_RETRY_RANDOM;

/* -- 4.1.2: ClientHello -- */

static void offer_version(struct sd_e13_session *s, struct sd_writer *w)
{
    struct e13_vector x = e13_open_extension(s, w, X_SUPPORTED_VERSIONS);
    sd_put8(w, 2);
    sd_put16(w, s->context->flavour->version);
    e13_close_vector(w, x);
}

static void offer_cookie(struct sd_e13_session *s, struct sd_writer *w)
{
    const struct e13_opening *o = s->opening;
    if (!o->cookie)
        return;
    struct e13_vector x = e13_open_extension(s, w, X_COOKIE);
    sd_put16(w, (uint16_t)o->cookie_len);
    sd_put(w, o->cookie, o->cookie_len);
    e13_close_vector(w, x);
}

static void offer_share(struct sd_e13_session *s, struct sd_writer *w)
{
    struct e13_vector x = e13_open_extension(s, w, X_KEY_SHARE);
    struct e13_vector shares = e13_open_vector(w, 2);
    e13_write_share(s, w, s->opening->share);
    e13_close_vector(w, shares);
    e13_close_vector(w, x);
}

static void offer_modes(struct sd_e13_session *s, struct sd_writer *w)
{
    struct e13_vector x = e13_open_extension(s, w, X_PSK_KEY_EXCHANGE_MODES);
    sd_put8(w, 1);
    sd_put8(w, E13_PSK_DHE_KE);
    e13_close_vector(w, x);
}

static void offer_early(struct sd_e13_session *s, struct sd_writer *w)
{
    struct e13_opening *o = s->opening;
    o->early_offered = o->early_wanted && !o->retried && o->psk.early_max > 0;
    if (o->early_offered)
        e13_close_vector(w, e13_open_extension(s, w, X_EARLY_DATA));
}

/* 4.2: whoever does not know it passes over it. */
static void offer_unknown(struct sd_e13_session *s, struct sd_writer *w)
{
    static const uint8_t words[] = "nobody knows what this means";
    if (!s->context->unknown_extension)
        return;
    sd_put16(w, E13_EXT_PRIVATE_USE);
    struct e13_vector x = e13_open_vector(w, 2);
    sd_put(w, words, sizeof words - 1);
    e13_close_vector(w, x);
}

static void put_hello_extensions(struct sd_e13_session *s, struct sd_writer *w)
{
    const struct sd_e13_context *c = s->context;
    struct e13_vector extensions = e13_open_vector(w, 2);
    e13_offer_server_name(s, w);
    e13_put_numbers(s, w, X_SUPPORTED_GROUPS, c->group, sizeof c->group / sizeof *c->group);
    e13_offer_signature_algorithms(s, w);
    e13_offer_srtp(s, w);
    e13_offer_alpn(s, w);
    e13_offer_certificate_types(s, w);
    e13_offer_cid(s, w);
    offer_version(s, w);
    offer_cookie(s, w);
    offer_modes(s, w);
    offer_share(s, w);
    offer_early(s, w);
    offer_unknown(s, w);
    e13_offer_psk(s, w);
    e13_close_vector(w, extensions);
}

static int send_client_hello(struct sd_e13_session *s)
{
    const struct sd_e13_context *c = s->context;
    struct e13_opening *o = s->opening;
    struct sd_writer w = e13_begin(TLS_CLIENT_HELLO);
    sd_put16(&w, c->flavour->legacy_version);
    sd_put(&w, o->random, sizeof o->random);
    sd_put8(&w, 0); /* legacy_session_id */
    if (c->flavour->datagram)
        sd_put8(&w, 0); /* legacy_cookie */
    struct e13_vector suites = e13_open_vector(&w, 2);
    for (size_t i = 0; i < sizeof c->suite / sizeof *c->suite && c->suite[i]; i++)
        sd_put16(&w, c->suite[i]);
    e13_close_vector(&w, suites);
    sd_put8(&w, 1); /* legacy_compression_methods */
    sd_put8(&w, 0);
    o->offered = 0;
    put_hello_extensions(s, &w);
    size_t len = e13_end(&w);
    int alert = 0;
    if (len > 0 && o->psk.len > 0)
        alert = e13_fill_binder(s, w.start, len);
    else if (len > 0 && o->retried)
        e13_transcript_add(s, w.start, len);
    sd_free(o->hello);
    o->hello_len = len;
    o->hello = alert || !len ? NULL : e13_copy(c->env, w.start, len);
    return alert ? alert : e13_pass_on(s, SD_E13_PLAIN, &w);
}

int sd_e13_start(struct sd_e13_session *s)
{
    struct e13_opening *o = s->opening;
    sd_random(s->context->env, o->random, sizeof o->random);
    o->share = s->context->group[0];
    int alert = e13_psk_prepare(s);
    if (!alert)
        alert = send_client_hello(s);
    if (alert)
        return alert;
    s->state = E13_WAIT_SH;
    if (o->early_offered)
        e13_enter_early(s);
    else if (o->early_wanted)
        e13_tell(s, SD_EV_EARLY_REFUSED, 0,
                 o->psk.len ? "the ticket allows no early data"
                            : "there is no ticket for this server",
                 NULL);
    return 0;
}

/* -- 4.1.3: ServerHello -- */

struct server_hello {
    const uint8_t *random;
    const struct sd_e13_suite *suite;
    bool retry;
    struct e13_extensions x;
};

static bool offered_suite(const struct sd_e13_session *s, uint16_t id)
{
    const struct sd_e13_context *c = s->context;
    for (size_t i = 0; i < sizeof c->suite / sizeof *c->suite; i++)
        if (c->suite[i] && c->suite[i] == id)
            return true;
    return false;
}

static int parse_server_hello(struct sd_e13_session *s, struct sd_reader *r,
                              struct server_hello *hello)
{
    uint16_t legacy_version = sd_get16(r);
    hello->random = sd_get(r, TLS_RANDOM);
    uint8_t session_id = sd_get8(r);
    sd_get(r, session_id);
    uint16_t suite = sd_get16(r);
    uint8_t compression = sd_get8(r);
    if (r->bad)
        return e13_fail(s, E13_DECODE_ERROR, "ServerHello does not parse");
    hello->retry = memcmp(hello->random, retry_random, TLS_RANDOM) == 0;
    int alert = e13_read_extensions(s, r, hello->retry ? E13_IN_HRR : E13_IN_SH, &hello->x);
    if (alert)
        return alert;
    struct sd_reader version = hello->x.body[X_SUPPORTED_VERSIONS];
    if (!e13_has(&hello->x, X_SUPPORTED_VERSIONS) ||
        sd_get16(&version) != s->context->flavour->version)
        return e13_fail(s, E13_PROTOCOL_VERSION, "the server chose another version");
    if (legacy_version != s->context->flavour->legacy_version || session_id != 0 ||
        compression != 0 || !offered_suite(s, suite))
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "ServerHello says what was not offered");
    hello->suite = e13_suite(suite);
    return 0;
}

/* The transcript begins when its hash is known. */
static int begin_transcript(struct sd_e13_session *s, const struct sd_e13_suite *suite)
{
    const struct e13_opening *o = s->opening;
    bool begun = o->transcript.state && s->suite && s->suite->hash == suite->hash;
    s->suite = suite;
    if (begun)
        return 0;
    if (!o->hello || !e13_transcript_begin(s))
        return e13_fail(s, E13_INTERNAL_ERROR, "no memory for a transcript");
    e13_transcript_add(s, o->hello, o->hello_len);
    return 0;
}

/* -- 4.1.4: HelloRetryRequest -- */

static int read_retry_share(struct sd_e13_session *s, const struct server_hello *hello)
{
    const struct sd_e13_context *c = s->context;
    struct e13_opening *o = s->opening;
    struct sd_reader r = hello->x.body[X_KEY_SHARE];
    uint16_t group = sd_get16(&r);
    bool known = false;
    for (size_t i = 0; i < sizeof c->group / sizeof *c->group; i++)
        known |= c->group[i] && c->group[i] == group;
    if (r.bad || !known || group == o->share)
        return e13_fail(s, E13_ILLEGAL_PARAMETER,
                        "HelloRetryRequest asks for a group that was not offered");
    o->share = group;
    return 0;
}

static int read_retry_cookie(struct sd_e13_session *s, const struct server_hello *hello)
{
    struct e13_opening *o = s->opening;
    struct sd_reader r = hello->x.body[X_COOKIE];
    o->cookie_len = sd_get16(&r);
    if (r.bad || o->cookie_len == 0 || sd_left(&r) != o->cookie_len)
        return e13_fail(s, E13_DECODE_ERROR, "the cookie does not parse");
    o->cookie = e13_copy(s->context->env, r.at, o->cookie_len);
    return o->cookie ? 0 : e13_fail(s, E13_INTERNAL_ERROR, "no memory for a cookie");
}

static int read_hello_retry_request(struct sd_e13_session *s, const struct server_hello *hello,
                                    const uint8_t *message, size_t len)
{
    struct e13_opening *o = s->opening;
    uint8_t hello_hash[SD_HASH_MAX];
    if (o->retried)
        return e13_fail(s, E13_UNEXPECTED_MESSAGE, "a second HelloRetryRequest");
    if (!e13_has(&hello->x, X_KEY_SHARE) && !e13_has(&hello->x, X_COOKIE))
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "HelloRetryRequest changes nothing");
    int alert = begin_transcript(s, hello->suite);
    if (!alert && e13_has(&hello->x, X_KEY_SHARE))
        alert = read_retry_share(s, hello);
    if (!alert && e13_has(&hello->x, X_COOKIE))
        alert = read_retry_cookie(s, hello);
    if (alert)
        return alert;
    /* 4.4.1: the first ClientHello is from now on its hash. */
    e13_transcript_hash(s, hello_hash);
    if (!e13_transcript_begin(s))
        return e13_fail(s, E13_INTERNAL_ERROR, "no memory for a transcript");
    e13_transcript_add_message_hash(s, hello_hash);
    e13_transcript_add(s, message, len);
    o->retried = true;
    o->chosen = hello->suite;
    if (o->early_offered)
        e13_tell(s, SD_EV_EARLY_REFUSED, 0, "the server asked to try again", NULL);
    o->early_offered = false;
    /* 4.1.4: a key whose hash is not that of the suite is left out. */
    if (o->psk.len > 0 && o->psk.hash != hello->suite->hash)
        e13_psk_fini(&o->psk);
    return send_client_hello(s);
}

/* -- after ServerHello -- */

static int read_psk_choice(struct sd_e13_session *s, const struct server_hello *hello)
{
    const struct e13_opening *o = s->opening;
    struct sd_reader r = hello->x.body[X_PRE_SHARED_KEY];
    s->used_psk = e13_has(&hello->x, X_PRE_SHARED_KEY);
    if (s->used_psk && (sd_get16(&r) != 0 || r.bad || o->psk.hash != hello->suite->hash))
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "the server chose a key that was not offered");
    return 0;
}

static int read_server_hello(struct sd_e13_session *s, struct sd_reader *r, const uint8_t *message,
                             size_t len)
{
    struct e13_opening *o = s->opening;
    struct server_hello hello;
    uint8_t shared[32];
    int alert = parse_server_hello(s, r, &hello);
    if (alert)
        return alert;
    if (hello.retry)
        return read_hello_retry_request(s, &hello, message, len);
    if (o->retried && hello.suite != o->chosen)
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "ServerHello has another suite than before");
    if (!e13_has(&hello.x, X_KEY_SHARE))
        return e13_fail(s, E13_MISSING_EXTENSION, "ServerHello without key_share");
    alert = begin_transcript(s, hello.suite);
    if (!alert)
        alert = read_psk_choice(s, &hello);
    if (!alert)
        alert = e13_read_cid(s, &hello.x);
    if (alert)
        return alert;
    struct sd_reader share = hello.x.body[X_KEY_SHARE];
    s->group = sd_get16(&share);
    struct sd_reader public_key = sd_get_sub(&share, sd_get16(&share));
    if (share.bad || s->group != o->share || !e13_agree(s, s->group, public_key, shared))
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "the server's key share is none");
    e13_transcript_add(s, message, len);
    if (s->used_psk)
        e13_extract_first(s, o->psk.key, o->psk.len);
    else
        e13_extract_first(s, NULL, 0);
    e13_enter_handshake(s, shared, sizeof shared);
    sd_wipe(shared, sizeof shared);
    s->state = E13_WAIT_EE;
    return 0;
}

/* -- 4.3.1: EncryptedExtensions -- */

static int read_encrypted_extensions(struct sd_e13_session *s, struct sd_reader *r)
{
    struct e13_opening *o = s->opening;
    struct e13_extensions x;
    int alert = e13_read_extensions(s, r, E13_IN_EE, &x);
    if (!alert)
        alert = e13_read_choices(s, &x);
    if (alert)
        return alert;
    if (s->early_accepted)
        e13_tell(s, SD_EV_EARLY_OK, 0, NULL, NULL);
    else if (o->early_offered)
        e13_tell(s, SD_EV_EARLY_REFUSED, 0,
                 s->used_psk ? "the server resumed the session without early data"
                             : "the server did not resume: ticket unknown, expired or used before",
                 NULL);
    s->state = s->used_psk ? E13_WAIT_FINISHED : E13_WAIT_CERT_CR;
    return 0;
}

/* -- 4.3.2: CertificateRequest -- */

static int read_certificate_request(struct sd_e13_session *s, struct sd_reader *r)
{
    struct e13_opening *o = s->opening;
    struct e13_extensions x;
    o->request_context_len = sd_get8(r);
    sd_get_copy(r, o->request_context, o->request_context_len);
    int alert = e13_read_extensions(s, r, E13_IN_CR, &x);
    if (alert)
        return alert;
    if (!e13_has(&x, X_SIGNATURE_ALGORITHMS))
        return e13_fail(s, E13_MISSING_EXTENSION,
                        "CertificateRequest without signature_algorithms");
    o->certificate_wanted = true;
    /* 4.4.2.3: without a certificate that fits, none is sent. */
    o->certificate_fits =
        s->context->scheme && e13_list_has(x.body[X_SIGNATURE_ALGORITHMS], s->context->scheme);
    s->state = E13_WAIT_CERT;
    return 0;
}

/* -- the client's flight: 4.4, 4.5 -- */

static int send_certificates(struct sd_e13_session *s)
{
    const struct e13_opening *o = s->opening;
    if (!o->certificate_wanted)
        return 0;
    int alert = e13_send_certificate(s);
    return alert || !o->certificate_fits ? alert : e13_send_certificate_verify(s);
}

static int send_end_of_early_data(struct sd_e13_session *s)
{
    if (!s->early_accepted || s->context->flavour->datagram)
        return 0;
    struct sd_writer w = e13_begin(TLS_END_OF_EARLY_DATA);
    return e13_send(s, SD_E13_EARLY, &w);
}

static int read_server_finished(struct sd_e13_session *s, struct sd_reader *r,
                                const uint8_t *before, const uint8_t *message, size_t len)
{
    int alert = e13_read_finished(s, r, before);
    if (alert)
        return alert;
    e13_transcript_add(s, message, len);
    e13_enter_master(s);
    alert = send_end_of_early_data(s);
    if (!alert)
        alert = send_certificates(s);
    if (!alert)
        alert = e13_send_finished(s);
    if (alert)
        return alert;
    e13_finish_schedule(s);
    e13_recall_peer(s);
    bool resumed = s->used_psk && !s->opening->psk.external;
    if (resumed)
        e13_tell(s, SD_EV_RESUMED, 0, NULL, NULL);
    e13_tell_peer(s);
    e13_connected(s);
    e13_tell_ready(s);
    return 0;
}

/* -- appendix A.1 -- */

int e13_client_receive(struct sd_e13_session *s, enum sd_e13_level level, const uint8_t *message,
                       size_t len)
{
    struct sd_reader r = sd_reader_of(message + TLS_HANDSHAKE_HEADER, len - TLS_HANDSHAKE_HEADER);
    uint8_t type = message[0], before[SD_HASH_MAX];
    if (level != (s->state == E13_WAIT_SH ? SD_E13_PLAIN : SD_E13_HANDSHAKE))
        return e13_fail(s, E13_UNEXPECTED_MESSAGE, "a message under the wrong keys");
    if (s->state == E13_WAIT_SH && type == TLS_SERVER_HELLO)
        return read_server_hello(s, &r, message, len);
    if (s->state == E13_WAIT_SH)
        return e13_fail(s, E13_UNEXPECTED_MESSAGE, "expected ServerHello");

    e13_transcript_hash(s, before);
    int alert;
    if (s->state == E13_WAIT_FINISHED && type == TLS_FINISHED)
        return read_server_finished(s, &r, before, message, len);
    if (s->state == E13_WAIT_EE && type == TLS_ENCRYPTED_EXTENSIONS) {
        alert = read_encrypted_extensions(s, &r);
    } else if (s->state == E13_WAIT_CERT_CR && type == TLS_CERTIFICATE_REQUEST) {
        alert = read_certificate_request(s, &r);
    } else if ((s->state == E13_WAIT_CERT_CR || s->state == E13_WAIT_CERT) &&
               type == TLS_CERTIFICATE) {
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
