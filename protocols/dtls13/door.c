/* door.c - RFC 9147 5.1, 5.11: ClientHellos that begin a session, and the cookie that many of them
 * have to show first. */
#include "protocols/dtls13/dtls.h"

/* Where a plain record's first fragment of a ClientHello begins; bad: it is something else. */
static struct sd_reader first_fragment(const uint8_t *data, size_t len, struct dtls_fragment *f,
                                       uint64_t *sequence)
{
    struct sd_reader r = sd_reader_of(data, len);
    uint8_t type = sd_get8(&r);
    sd_get16(&r);
    uint16_t epoch = sd_get16(&r);
    *sequence = (uint64_t)sd_get16(&r) << 32;
    *sequence |= sd_get32(&r);
    struct sd_reader record = sd_get_sub(&r, sd_get16(&r));
    record.bad |= r.bad || type != TLS_HANDSHAKE || epoch != 0 || !dtls_fragment_read(&record, f) ||
                  f->type != TLS_CLIENT_HELLO || f->at != 0;
    return record;
}

uint64_t dtls_hello_id(const uint8_t *data, size_t len)
{
    struct dtls_fragment f;
    uint64_t sequence;
    struct sd_reader record = first_fragment(data, len, &f, &sequence);
    if (record.bad || f.here < 2 + TLS_RANDOM)
        return 0;
    return sd_hash(0, f.body + 2, TLS_RANDOM) | 1;
}

static bool wants_cookie(const struct dtls13 *a)
{
    switch (a->handshake.config.validation) {
    case SD_VALIDATE_ALWAYS:
        return true;
    case SD_VALIDATE_NEVER:
        return false;
    default:
        return a->mode->cookie || a->stats.half_open >= a->half_open_max / 2;
    }
}

int dtls_knock(struct dtls13 *a, const struct sd_unit *u, bool taken)
{
    struct dtls_fragment f;
    uint64_t sequence;
    first_fragment(u->data, u->len, &f, &sequence);
    bool demand = taken || wants_cookie(a);
    if (demand && f.here != f.len)
        return dtls_drop(a, SD_DROP_UNVALIDATED); /* nothing is kept to put it together */
    if (a->stats.half_open >= a->half_open_max)
        return dtls_drop(a, SD_DROP_FULL);
    struct dtls_session *s = dtls_session_new(a, &u->path, false, NULL, demand);
    if (!s)
        return SD_E_NOMEM;
    s->hello_id = dtls_hello_id(u->data, u->len);
    /* Who kept nothing goes on from where the client is: with its numbers. */
    s->plain_next = sequence;
    s->receive_seq = s->send_seq = f.seq;
    sd_sid sid = s->sid;
    int result = dtls_receive_for(s, u);
    if (result == SD_OK && !dtls_session_by_sid(a, sid))
        return dtls_drop(a, SD_DROP_UNVALIDATED); /* a HelloRetryRequest went */
    return result;
}
