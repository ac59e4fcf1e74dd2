/* cid.c - connection ids (RFC 9146; RFC 9147 9): ours, by which records find their session wherever
 * they come from; and the peer's, which our records carry. */
#include "protocols/dtls13/dtls.h"

#include <string.h>

static uint64_t hash_cid(const struct dtls13 *a, const uint8_t *cid)
{
    return sd_hash(~a->seed, cid, a->cid_len);
}

struct dtls_session *dtls_session_by_cid(const struct dtls13 *a, const uint8_t *cid)
{
    uint32_t cursor = 0;
    struct dtls_session *s;
    while ((s = sd_index_find(&a->by_cid, hash_cid(a, cid), &cursor)))
        for (size_t i = 0; i < s->own_cids; i++)
            if (memcmp(s->own_cid[i].bytes, cid, a->cid_len) == 0)
                return s;
    return NULL;
}

bool dtls_cid_new(struct dtls_session *s, struct dtls_cid *cid)
{
    struct dtls13 *a = s->agent;
    cid->len = a->cid_len;
    for (unsigned tries = 0; tries < 64; tries++) {
        sd_random(a->env, cid->bytes, a->cid_len);
        if (!dtls_session_by_cid(a, cid->bytes))
            return sd_index_add(&a->by_cid, a->env, hash_cid(a, cid->bytes), s);
    }
    return false; /* ids this short are all taken */
}

void dtls_cids_forget(struct dtls_session *s)
{
    for (size_t i = 0; i < s->own_cids; i++)
        sd_index_remove(&s->agent->by_cid, hash_cid(s->agent, s->own_cid[i].bytes), s);
    s->own_cids = 0;
}

/* A new id of ours takes its place behind the others; the oldest makes room. */
static struct dtls_cid *add_own(struct dtls_session *s)
{
    struct dtls_cid cid;
    if (!dtls_cid_new(s, &cid))
        return NULL;
    if (s->own_cids == DTLS13_CIDS) {
        sd_index_remove(&s->agent->by_cid, hash_cid(s->agent, s->own_cid[0].bytes), s);
        memmove(&s->own_cid[0], &s->own_cid[1], (DTLS13_CIDS - 1) * sizeof cid);
        s->own_cids--;
    }
    s->own_cid[s->own_cids] = cid;
    return &s->own_cid[s->own_cids++];
}

/* 9: NewConnectionId with `count` new ids of ours. */
static const struct dtls_cid *send_new(struct dtls_session *s, unsigned count,
                                       enum dtls13_cid_usage usage)
{
    uint8_t message[TLS_HANDSHAKE_HEADER + 2 + DTLS13_CIDS * (1 + SD_E13_CID_MAX) + 1];
    struct sd_writer w = sd_writer_of(message, sizeof message);
    const struct dtls_cid *last = NULL;
    if (dtls_flight_of(s, DTLS13_NEW_CONNECTION_ID))
        return NULL; /* not more than one at a time */
    sd_put8(&w, DTLS13_NEW_CONNECTION_ID);
    sd_put24(&w, 0);
    sd_put16(&w, 0);
    for (unsigned i = 0; i < count && (last = add_own(s)); i++) {
        sd_put8(&w, last->len);
        sd_put(&w, last->bytes, last->len);
    }
    size_t len = sd_written(&w);
    message[TLS_HANDSHAKE_HEADER + 1] = (uint8_t)(len - TLS_HANDSHAKE_HEADER - 2);
    sd_put8(&w, usage);
    message[3] = (uint8_t)(sd_written(&w) - TLS_HANDSHAKE_HEADER);
    return dtls_flight_add(s, s->writing_epoch, message, sd_written(&w)) ? last : NULL;
}

const struct dtls_cid *dtls_cid_challenge(struct dtls_session *s)
{
    return send_new(s, 1, DTLS13_CID_IMMEDIATE);
}

void dtls_cid_request(struct dtls_session *s)
{
    const uint8_t message[] = {DTLS13_REQUEST_CONNECTION_ID, 0, 0, 1, s->agent->spare_cids};
    if (s->agent->spare_cids > 0 && !dtls_flight_of(s, DTLS13_REQUEST_CONNECTION_ID))
        dtls_flight_add(s, s->writing_epoch, message, sizeof message);
}

bool dtls_cid_use_spare(struct dtls_session *s)
{
    if (s->peer_cids < 2)
        return false;
    memmove(&s->peer_cid[0], &s->peer_cid[1], --s->peer_cids * sizeof s->peer_cid[0]);
    return true;
}

static int read_new(struct dtls_session *s, struct sd_reader *r)
{
    struct sd_reader cids = sd_get_sub(r, sd_get16(r));
    uint8_t usage = sd_get8(r);
    if (r->bad || sd_left(r) > 0 || usage > DTLS13_CID_SPARE)
        return E13_DECODE_ERROR;
    size_t kept = s->peer_cids;
    while (sd_left(&cids) > 0) {
        struct sd_reader one = sd_get_sub(&cids, sd_get8(&cids));
        if (cids.bad || sd_left(&one) == 0 || sd_left(&one) > SD_E13_CID_MAX)
            return E13_ILLEGAL_PARAMETER;
        if (usage == DTLS13_CID_IMMEDIATE)
            kept = 0; /* one of these from now on, and none of the old ones */
        usage = DTLS13_CID_SPARE;
        if (kept == DTLS13_CIDS)
            continue; /* more than we care to keep */
        s->peer_cid[kept].len = (uint8_t)sd_left(&one);
        memcpy(s->peer_cid[kept++].bytes, one.at, sd_left(&one));
        s->peer_cids = kept;
    }
    return 0;
}

static int read_request(struct dtls_session *s, struct sd_reader *r)
{
    unsigned count = sd_get8(r);
    if (r->bad || sd_left(r) > 0)
        return E13_DECODE_ERROR;
    if (count > DTLS13_CIDS - 1)
        count = DTLS13_CIDS - 1; /* fewer than asked for, if that is too much */
    send_new(s, count, DTLS13_CID_SPARE);
    return 0;
}

int dtls_cid_receive(struct dtls_session *s, const uint8_t *message, size_t len)
{
    struct sd_reader r = sd_reader_of(message + TLS_HANDSHAKE_HEADER, len - TLS_HANDSHAKE_HEADER);
    bool new_ids = message[0] == DTLS13_NEW_CONNECTION_ID;
    /* Only who negotiated ids speaks of them, and nobody of ids that are empty. */
    bool allowed = s->phase != DTLS_HANDSHAKE && s->cids &&
                   (new_ids ? s->peer_cid[0].len > 0 : s->agent->cid_len > 0);
    if (!allowed)
        return E13_UNEXPECTED_MESSAGE;
    return new_ids ? read_new(s, &r) : read_request(s, &r);
}
