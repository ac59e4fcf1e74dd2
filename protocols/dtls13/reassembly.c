/* reassembly.c - RFC 9147 5.5: handshake messages put together out of fragments, which come in any
 * order, overlap, and come again. */
#include "protocols/dtls13/dtls.h"

#include <string.h>

/* Bytes of messages under way that a session keeps. */
#define KEPT_MAX (2 * DTLS13_MESSAGE_MAX)

bool dtls_fragment_read(struct sd_reader *r, struct dtls_fragment *f)
{
    f->type = sd_get8(r);
    f->len = sd_get24(r);
    f->seq = sd_get16(r);
    f->at = sd_get24(r);
    f->here = sd_get24(r);
    f->body = sd_get(r, f->here);
    return !r->bad && f->at <= f->len && f->here <= f->len - f->at;
}

void dtls_incoming_free(struct dtls_incoming *m)
{
    dtls_coverage_fini(&m->there);
    sd_free(m);
}

static struct dtls_incoming *incoming_new(struct dtls_session *s, const struct dtls_fragment *f,
                                          uint64_t epoch)
{
    size_t most = epoch == 0 ? DTLS13_HELLO_MAX : DTLS13_MESSAGE_MAX;
    if (f->len > most || s->incoming_bytes + f->len > KEPT_MAX)
        return NULL;
    struct dtls_incoming *m = sd_alloc(s->agent->env, sizeof *m + TLS_HANDSHAKE_HEADER + f->len);
    if (!m)
        return NULL;
    if (!dtls_coverage_init(&m->there, s->agent->env, f->len)) {
        sd_free(m);
        return NULL;
    }
    m->seq = f->seq;
    m->epoch = epoch;
    m->len = f->len;
    struct sd_writer w = sd_writer_of(m->message, TLS_HANDSHAKE_HEADER);
    sd_put8(&w, f->type);
    sd_put24(&w, (uint32_t)f->len);
    s->incoming_bytes += f->len;
    return m;
}

/* The message with that number, a new one in its place, or NULL. */
static struct dtls_incoming *find(struct dtls_session *s, const struct dtls_fragment *f,
                                  uint64_t epoch)
{
    struct dtls_incoming **at = &s->incoming;
    while (*at && (*at)->seq < f->seq)
        at = &(*at)->next;
    if (*at && (*at)->seq == f->seq)
        return *at;
    struct dtls_incoming *m = incoming_new(s, f, epoch);
    if (m) {
        m->next = *at;
        *at = m;
    }
    return m;
}

enum dtls_place dtls_reassemble(struct dtls_session *s, const struct dtls_fragment *f,
                                uint64_t epoch)
{
    if (f->seq < s->receive_seq)
        return DTLS_OLD;
    if (f->seq - s->receive_seq >= (int)DTLS13_AHEAD)
        return DTLS_NOWHERE;
    struct dtls_incoming *m = find(s, f, epoch);
    /* All fragments say the same of their message. */
    if (!m || m->message[0] != f->type || m->len != f->len || m->epoch != epoch)
        return DTLS_NOWHERE;
    bool in_order = f->seq == s->receive_seq && f->at <= m->there.count;
    /* What came first stays: bytes do not change (5.5). */
    for (size_t i = 0; i < f->here; i++)
        if (!dtls_coverage_has(&m->there, f->at + i))
            m->message[TLS_HANDSHAKE_HEADER + f->at + i] = f->body[i];
    dtls_coverage_mark(&m->there, f->at, f->here);
    return in_order ? DTLS_NEXT : DTLS_AHEAD_OF_TIME;
}

struct dtls_incoming *dtls_reassembled(struct dtls_session *s)
{
    struct dtls_incoming *m = s->incoming;
    if (!m || m->seq != s->receive_seq || !dtls_coverage_full(&m->there))
        return NULL;
    s->incoming = m->next;
    s->incoming_bytes -= m->len;
    s->receive_seq++;
    return m;
}

void dtls_reassembly_fini(struct dtls_session *s)
{
    while (s->incoming) {
        struct dtls_incoming *m = s->incoming;
        s->incoming = m->next;
        dtls_incoming_free(m);
    }
}
