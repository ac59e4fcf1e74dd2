/* send.c - packets: what goes into the next one, and how it is sealed. */
#include "protocols/crypto/box.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

#define CALLS_MAX 2048u /* room for any control call, and for a packet of any path */

uint64_t mt_unix_ns(const struct minimalt *mt)
{
    return mt->env->epoch_s * SD_SECOND + mt->now;
}

/* P: of time, strictly increasing, and the direction in the last bit. */
static uint64_t next_nonce(const struct minimalt *mt, struct mt_tunnel *t)
{
    uint64_t nonce = 2 * mt_unix_ns(mt) | (t->initiator ? MT_FROM_INITIATOR : 0);
    if (nonce <= t->sent_nonce)
        nonce = t->sent_nonce + 2;
    t->sent_nonce = nonce;
    return nonce;
}

static bool shows_key(const struct mt_tunnel *t)
{
    return t->initiator && !t->confirmed;
}

static size_t overhead(const struct mt_tunnel *t)
{
    return mt_packet_overhead(shows_key(t), t->solution != NULL);
}

/* The longest calls that a packet takes, so that it also fits when it goes again under a new key,
 * and with a solution. */
static size_t room(const struct minimalt *mt, const struct mt_tunnel *t)
{
    size_t around = MT_IP_UDP + mt_packet_overhead(true, !t->met);
    size_t most = mt->path_mtu < CALLS_MAX ? mt->path_mtu : CALLS_MAX;
    return most > around + MT_CALLS_ROOM ? most - around : MT_CALLS_ROOM;
}

bool mt_send_affordable(const struct mt_tunnel *t, size_t calls)
{
    return t->initiator || t->met ||
           t->to_bytes + overhead(t) + calls <= MT_AMPLIFICATION * t->from_bytes;
}

static void seal(struct minimalt *mt, struct mt_tunnel *t, uint32_t sequence, const uint8_t *calls,
                 size_t len)
{
    size_t padded = len;
    if (shows_key(t) && padded < t->first_calls)
        padded = t->first_calls < room(mt, t) ? t->first_calls : room(mt, t);
    if (padded < len)
        padded = len;
    size_t whole = overhead(t) + padded;
    uint8_t *out = sd_outbox_unit(&mt->outbox, &t->path, whole), nonce[MT_NONCE_LEN];
    t->transport.owes = false;
    if (!out)
        return;
    uint64_t number = next_nonce(mt, t);
    uint8_t *box =
        mt_packet_head(out, t->tid, number, shows_key(t) ? t->shown_key : NULL, t->solution);
    struct sd_writer w = sd_writer_of(box, MT_TRANSPORT + padded);
    sd_put32(&w, sequence);
    sd_put32(&w, t->transport.received);
    if (len > 0)
        sd_put(&w, calls, len);
    sd_put_space(&w, padded - len);
    mt_nonce(nonce, MT_NONCE_LABEL, t->tid, number);
    sd_box_seal(box, box, MT_TRANSPORT + padded, nonce, t->secret);
    if (!t->initiator && !t->met) {
        t->to_bytes += whole;
        mt->stats.bytes_to_unvalidated += whole;
    }
}

void mt_send_segment(struct minimalt *mt, struct mt_tunnel *t, struct mt_segment *s)
{
    mt->stats.retransmits += s->transmissions > 0;
    if (s == t->transport.first && s->transmissions == 0)
        t->asked_at = mt->now;
    mt_transport_sent(&t->transport, s, mt->now);
    seal(mt, t, s->sequence, s->calls, s->len);
}

void mt_send_acknowledgment(struct minimalt *mt, struct mt_tunnel *t)
{
    if (mt_send_affordable(t, 0))
        seal(mt, t, 0, NULL, 0);
}

/* -- what goes into the next packet -- */

static void cut_control(struct mt_tunnel *t, struct sd_writer *w)
{
    while (t->control.len > 0) {
        enum mt_call call;
        size_t len = mt_calls_first(&t->control, &call);
        bool first = sd_written(w) == 0;
        if (first && len > (size_t)(w->end - w->at))
            w->end = w->at + len; /* whatever the path takes: IP has to cut it up */
        if (len > (size_t)(w->end - w->at))
            return;
        sd_put(w, mt_queue_first(&t->control), len);
        mt_queue_drop(&t->control, len);
        if (call == MT_CALL_NEXT_TID)
            t->next_sequence = t->transport.last_sequence + 1;
    }
}

/* Connections take turns: the one that filled a packet comes last in the next.  One that ends takes
 * those beside it along, the next perhaps, and then the turn begins anew. */
static void cut_connections(struct minimalt *mt, struct mt_tunnel *t, struct sd_writer *w)
{
    for (struct mt_connection *c = t->connections; c;) {
        struct mt_connection *next = c->next;
        uint32_t live = t->live;
        if (mt_connection_has_more(c))
            mt_connection_cut(mt, c, w);
        c = t->live == live ? next : t->connections;
    }
    struct mt_connection *first = t->connections;
    if (first && first->next && mt_connection_has_more(first)) {
        t->connections = first->next;
        mt_connection_append(t, first);
    }
}

struct mt_segment *mt_send_next(struct minimalt *mt, struct mt_tunnel *t)
{
    uint8_t calls[CALLS_MAX];
    size_t most = room(mt, t);
    while (most > MT_CALLS_ROOM && !mt_send_affordable(t, most))
        most = most > 2 * MT_CALLS_ROOM ? most - MT_CALLS_ROOM : MT_CALLS_ROOM;
    if (!mt_send_affordable(t, most))
        return NULL;
    struct sd_writer w = sd_writer_of(calls, most);
    cut_control(t, &w);
    cut_connections(mt, t, &w);
    if (sd_written(&w) == 0 && !t->probe)
        return NULL;
    t->probe = false;
    return mt_transport_add(&t->transport, mt->env, calls, sd_written(&w));
}
