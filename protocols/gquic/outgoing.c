#include "protocols/gquic/outgoing.h"
#include <string.h>

#define FIRST_BYTES 1024u
#define ROOM_AGAIN  (GQ_SEND_BUFFER / 2)

/* Between the ring and straight bytes. */
static void ring_in(const struct gq_outgoing *o, uint64_t offset, const uint8_t *data, size_t len)
{
    size_t at = offset & (o->cap - 1), straight = o->cap - at < len ? o->cap - at : len;
    memcpy(o->bytes + at, data, straight);
    memcpy(o->bytes, data + straight, len - straight);
}

static void ring_out(const struct gq_outgoing *o, uint64_t offset, uint8_t *data, size_t len)
{
    size_t at = offset & (o->cap - 1), straight = o->cap - at < len ? o->cap - at : len;
    memcpy(data, o->bytes + at, straight);
    memcpy(data + straight, o->bytes, len - straight);
}

static bool grow(struct gq_outgoing *o, struct sd_env *env, size_t need)
{
    if (need <= o->cap)
        return true;
    struct gq_outgoing wider = *o;
    wider.cap = o->cap ? o->cap : FIRST_BYTES;
    while (wider.cap < need)
        wider.cap *= 2;
    wider.bytes = sd_alloc(env, wider.cap);
    if (!wider.bytes)
        return false;
    for (uint64_t at = o->start; at < o->end;) {
        size_t place = at & (o->cap - 1), len = o->cap - place;
        if (len > o->end - at)
            len = (size_t)(o->end - at);
        ring_in(&wider, at, o->bytes + place, len);
        at += len;
    }
    sd_free(o->bytes);
    *o = wider;
    return true;
}

long gq_outgoing_write(struct gq_outgoing *o, struct sd_env *env, const uint8_t *data, size_t len)
{
    size_t kept = (size_t)(o->end - o->start), room = GQ_SEND_BUFFER - kept;
    size_t taken = len < room ? len : room;
    if (taken > 0 &&
        (!grow(o, env, kept + taken) || !gq_ranges_add(&o->todo, env, o->end, o->end + taken)))
        return -1;
    if (taken > 0)
        ring_in(o, o->end, data, taken);
    o->end += taken;
    o->refused |= taken < len;
    return (long)taken;
}

void gq_outgoing_finish(struct gq_outgoing *o)
{
    o->fin_todo |= !o->fin;
    o->fin = true;
}

bool gq_outgoing_next(const struct gq_outgoing *o, size_t most, uint64_t limit, struct gq_slice *s)
{
    const struct gq_range *r = o->todo.count ? &o->todo.range[0] : NULL;
    uint64_t from = r ? r->from : o->end, to = r ? r->to : o->end;
    /* What was sent before needs no new credit, and does not share a slice with what does. */
    if (from < o->sent)
        to = to < o->sent ? to : o->sent;
    else if (to > limit)
        to = limit > from ? limit : from;
    if (to - from > most)
        to = from + most;
    *s = (struct gq_slice){.offset = from, .len = (uint16_t)(to - from)};
    s->fin = o->fin && to == o->end && (o->fin_todo || to > from);
    return to > from || s->fin;
}

bool gq_outgoing_blocked(const struct gq_outgoing *o, uint64_t limit)
{
    return o->todo.count && o->todo.range[0].from >= o->sent && o->sent >= limit;
}

void gq_outgoing_copy(const struct gq_outgoing *o, const struct gq_slice *s, uint8_t *to)
{
    if (s->len > 0)
        ring_out(o, s->offset, to, s->len);
}

bool gq_outgoing_sent(struct gq_outgoing *o, struct sd_env *env, const struct gq_slice *s)
{
    uint64_t to = s->offset + s->len;
    if (to > o->sent)
        o->sent = to;
    o->fin_todo &= !s->fin;
    return gq_ranges_remove(&o->todo, env, s->offset, to);
}

bool gq_outgoing_lost(struct gq_outgoing *o, struct sd_env *env, const struct gq_slice *s)
{
    uint64_t from = s->offset > o->start ? s->offset : o->start, to = s->offset + s->len;
    o->fin_todo |= s->fin && !o->fin_acked;
    bool kept = gq_ranges_add(&o->todo, env, from, to);
    for (uint32_t i = 0; kept && i < o->acked.count && o->acked.range[i].from < to; i++)
        if (o->acked.range[i].to > from)
            kept = gq_ranges_remove(&o->todo, env, o->acked.range[i].from, o->acked.range[i].to);
    return kept;
}

static void let_go(struct gq_outgoing *o)
{
    if (o->acked.count && o->acked.range[0].from <= o->start) {
        o->start = o->acked.range[0].to;
        gq_ranges_remove_below(&o->acked, o->start);
    }
    if (o->start == o->end) {
        sd_free(o->bytes);
        o->bytes = NULL;
        o->cap = 0;
    }
}

bool gq_outgoing_arrived(struct gq_outgoing *o, struct sd_env *env, const struct gq_slice *s)
{
    uint64_t to = s->offset + s->len;
    o->fin_acked |= s->fin;
    o->fin_todo &= !s->fin;
    if (to > o->start) {
        /* Without memory the bytes are sent once more, no worse. */
        gq_ranges_add(&o->acked, env, s->offset > o->start ? s->offset : o->start, to);
        gq_ranges_remove(&o->todo, env, s->offset, to);
        let_go(o);
    }
    bool again = o->refused && GQ_SEND_BUFFER - (o->end - o->start) >= ROOM_AGAIN;
    o->refused &= !again;
    return again;
}

bool gq_outgoing_over(const struct gq_outgoing *o)
{
    return o->fin_acked && o->start == o->end;
}

void gq_outgoing_fini(struct gq_outgoing *o)
{
    sd_free(o->bytes);
    gq_ranges_fini(&o->todo);
    gq_ranges_fini(&o->acked);
    o->bytes = NULL;
    o->cap = 0;
}
