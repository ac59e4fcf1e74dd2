/* flight.c - RFC 9147 5.7 and 5.8: handshake messages on their way until the peer has them.  The
 * messages of the handshake are one flight at a time, each message after it is a flight of its own
 * (5.8.4). */
#include "protocols/dtls13/dtls.h"

#include <string.h>

/* -- a datagram being filled -- */

struct packer {
    struct dtls_session *session;
    const struct sd_path *path;
    uint8_t datagram[65536];
    size_t used;    /* bytes of the datagram that are records already */
    uint64_t epoch; /* of the record under way */
    uint8_t record[TLS_RECORD_MAX];
    size_t record_used; /* 0: none is under way */
    size_t first_sent;  /* in session.sent: what the record under way carries */
};

/* The process has one thread. */
static struct packer packer;

static void end_record(struct packer *p)
{
    struct dtls_session *s = p->session;
    uint64_t sequence;
    if (p->record_used == 0)
        return;
    p->used += dtls_record_seal(s, p->epoch, TLS_HANDSHAKE, p->record, p->record_used, true,
                                p->datagram + p->used, &sequence);
    for (size_t i = p->first_sent; i < s->sent_count; i++)
        s->sent[i].sequence = sequence;
    p->record_used = 0;
}

static void end_datagram(struct packer *p)
{
    end_record(p);
    if (p->used == 0)
        return;
    uint8_t *unit = dtls_unit(p->session, p->path, p->used);
    if (unit)
        memcpy(unit, p->datagram, p->used);
    p->used = 0;
}

/* Bytes of a message that still fit behind a fragment's header. */
static size_t room(const struct packer *p, uint64_t epoch)
{
    const struct dtls_session *s = p->session;
    size_t max = dtls_payload_max(s), taken = p->used + DTLS_HANDSHAKE_HEADER;
    if (p->record_used > 0)
        taken += dtls_record_overhead(s, p->epoch, true) + p->record_used;
    if (p->record_used == 0 || p->epoch != epoch)
        taken += dtls_record_overhead(s, epoch, true);
    return taken < max ? max - taken : 0;
}

static bool remember(struct dtls_session *s, struct dtls_message *m, size_t at, size_t len)
{
    if (s->sent_count == s->sent_cap) {
        size_t cap = s->sent_cap ? 2 * s->sent_cap : 8;
        struct dtls_sent *more = sd_realloc(s->agent->env, s->sent, cap * sizeof *more);
        if (!more)
            return false;
        s->sent = more;
        s->sent_cap = cap;
    }
    s->sent[s->sent_count++] =
        (struct dtls_sent){.epoch = m->epoch, .message = m, .at = at, .len = len};
    return true;
}

static void put_fragment(struct packer *p, struct dtls_message *m, size_t at, size_t len)
{
    struct dtls_session *s = p->session;
    if (p->record_used > 0 && p->epoch != m->epoch)
        end_record(p);
    if (p->record_used == 0) {
        p->epoch = m->epoch;
        p->first_sent = s->sent_count;
    }
    struct sd_writer w =
        sd_writer_of(p->record + p->record_used, sizeof p->record - p->record_used);
    sd_put8(&w, m->type);
    sd_put24(&w, (uint32_t)m->len);
    sd_put16(&w, m->seq);
    sd_put24(&w, (uint32_t)at);
    sd_put24(&w, (uint32_t)len);
    sd_put(&w, m->body + at, len);
    p->record_used += sd_written(&w);
    remember(s, m, at, len);
}

/* 5.5: what of a message the peer does not have, in pieces that fit. */
static void pack_message(struct packer *p, struct dtls_message *m)
{
    size_t at = 0, from, len;
    if (m->len == 0 && !dtls_coverage_full(&m->acked))
        put_fragment(p, m, 0, 0);
    while (dtls_coverage_gap(&m->acked, at, &from, &len)) {
        size_t fits = room(p, m->epoch);
        bool begun = p->used + p->record_used > 0;
        /* No crumbs: a fragment is whole, or fills what is left of a datagram that is not full. */
        if (begun && fits < len && fits < 64) {
            end_datagram(p);
            continue;
        }
        if (fits == 0)
            fits = 1; /* a path too narrow for anything: IP will have to cut */
        size_t piece = len < fits ? len : fits;
        put_fragment(p, m, from, piece);
        at = from + piece;
    }
}

/* -- flights -- */

static void message_free(struct dtls_message *m)
{
    dtls_coverage_fini(&m->acked);
    sd_free(m);
}

static void forget_sent(struct dtls_session *s, const struct dtls_message *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->sent_count; i++)
        if (s->sent[i].message != m)
            s->sent[kept++] = s->sent[i];
    s->sent_count = kept;
    if (kept == 0) {
        sd_free(s->sent);
        s->sent = NULL;
        s->sent_cap = 0;
    }
}

static void flight_free(struct dtls_session *s, struct dtls_flight *f)
{
    while (f->first) {
        struct dtls_message *m = f->first;
        f->first = m->next;
        forget_sent(s, m);
        message_free(m);
    }
    sd_free(f);
}

struct dtls_flight *dtls_flight_of(struct dtls_session *s, uint8_t kind)
{
    struct dtls_flight *f = s->flights;
    while (f && f->kind != kind)
        f = f->next;
    return f;
}

void dtls_flight_drop(struct dtls_session *s, uint8_t kind)
{
    for (struct dtls_flight **at = &s->flights; *at;) {
        struct dtls_flight *f = *at;
        if (f->kind != kind) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        flight_free(s, f);
    }
}

void dtls_flights_free(struct dtls_session *s)
{
    while (s->flights) {
        struct dtls_flight *f = s->flights;
        s->flights = f->next;
        flight_free(s, f);
    }
}

/* The flight that a message joins: the handshake's while it is being prepared, else a new one at
 * the end. */
static struct dtls_flight *flight_for(struct dtls_session *s, uint8_t kind)
{
    struct dtls_flight *f = kind == 0 ? dtls_flight_of(s, 0) : NULL;
    if (f && !f->sent)
        return f;
    if (f)
        dtls_flight_drop(s, 0); /* 7.2: our next flight answers the peer's, who has our last */
    f = sd_alloc(s->agent->env, sizeof *f);
    if (!f)
        return NULL;
    f->kind = kind;
    f->timeout = s->agent->timeout;
    f->due = SD_NEVER;
    struct dtls_flight **last = &s->flights;
    while (*last)
        last = &(*last)->next;
    *last = f;
    return f;
}

bool dtls_flight_add(struct dtls_session *s, uint64_t epoch, const uint8_t *message, size_t len)
{
    bool handshake = epoch < SD_E13_APPLICATION;
    struct dtls_flight *f = flight_for(s, handshake ? 0 : message[0]);
    len -= TLS_HANDSHAKE_HEADER;
    struct dtls_message *m = f ? sd_alloc(s->agent->env, sizeof *m + len) : NULL;
    if (!m)
        return false;
    if (!dtls_coverage_init(&m->acked, s->agent->env, len)) {
        sd_free(m);
        return false;
    }
    m->epoch = epoch;
    m->seq = s->send_seq++;
    m->type = message[0];
    m->len = len;
    memcpy(m->body, message + TLS_HANDSHAKE_HEADER, len);
    struct dtls_message **last = &f->first;
    while (*last)
        last = &(*last)->next;
    *last = m;
    return true;
}

/* A NewConnectionId tests a new path: it goes there and nowhere else. */
static const struct sd_path *path_of(const struct dtls_session *s, const struct dtls_flight *f)
{
    return f->kind == DTLS13_NEW_CONNECTION_ID && dtls_path_pending(s) ? &s->candidate : &s->path;
}

static void transmit(struct dtls_session *s, struct dtls_flight *f)
{
    struct packer *p = &packer;
    p->session = s;
    p->path = path_of(s, f);
    p->used = p->record_used = 0;
    for (struct dtls_message *m = f->first; m; m = m->next)
        pack_message(p, m);
    end_datagram(p);
    f->sent_at = s->agent->now;
    f->due = s->agent->now + f->timeout;
}

void dtls_flight_flush(struct dtls_session *s)
{
    for (struct dtls_flight *f = s->flights; f; f = f->next)
        if (!f->sent) {
            transmit(s, f);
            f->sent = true;
            if (f->kind == 0) {
                s->acks = 0; /* 7.1: answered by this flight */
                s->ack_now = false;
                s->flight_begun = false;
                s->ack_due = SD_NEVER;
            }
        }
}

void dtls_flight_again(struct dtls_session *s, struct dtls_flight *f)
{
    s->agent->stats.retransmits++;
    transmit(s, f);
}

/* -- acknowledgments: 7.2 -- */

static bool complete(const struct dtls_flight *f)
{
    for (const struct dtls_message *m = f->first; m; m = m->next)
        if (!dtls_coverage_full(&m->acked))
            return false;
    return true;
}

static bool begun(const struct dtls_flight *f)
{
    for (const struct dtls_message *m = f->first; m; m = m->next)
        if (m->acked.count > 0)
            return true;
    return false;
}

void dtls_flight_acknowledged(struct dtls_session *s, uint64_t epoch, uint64_t sequence)
{
    for (size_t i = 0; i < s->sent_count; i++)
        if (s->sent[i].epoch == epoch && s->sent[i].sequence == sequence)
            dtls_coverage_mark(&s->sent[i].message->acked, s->sent[i].at, s->sent[i].len);
}

void dtls_flight_acknowledged_all(struct dtls_session *s, bool empty)
{
    for (struct dtls_flight **at = &s->flights; *at;) {
        struct dtls_flight *f = *at;
        if (f->sent && complete(f)) {
            *at = f->next;
            bool update = f->kind == TLS_KEY_UPDATE;
            flight_free(s, f);
            if (update) /* 8: only now new keys are used */
                sd_e13_update_sending(s->engine);
            continue;
        }
        /* Not more often than the peer is to send acknowledgments of parts. */
        bool again = f->kind == 0 && f->sent && (empty || begun(f)) &&
                     s->agent->now >= f->sent_at + f->timeout / 4;
        if (again)
            dtls_flight_again(s, f);
        at = &f->next;
    }
}
