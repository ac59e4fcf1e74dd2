#include "protocols/curvecp/outgoing.h"
#include <string.h>

#define FIRST_BYTES  1024u
#define FIRST_BLOCKS 4u
#define ROOM_AGAIN   (CP_STREAM_BUFFER / 4) /* so much room is worth telling the application */

static struct cp_block *block_at(const struct cp_outgoing *o, uint32_t n)
{
    return &o->block[(o->block_first + n) & (o->block_cap - 1)];
}

/* Copies between the ring and straight memory. */
static void ring_in(const struct cp_outgoing *o, uint64_t position, const uint8_t *data, size_t len)
{
    size_t at = position & (o->cap - 1), straight = o->cap - at < len ? o->cap - at : len;
    memcpy(o->bytes + at, data, straight);
    memcpy(o->bytes, data + straight, len - straight);
}

static void ring_out(const struct cp_outgoing *o, uint64_t position, uint8_t *data, size_t len)
{
    size_t at = position & (o->cap - 1), straight = o->cap - at < len ? o->cap - at : len;
    memcpy(data, o->bytes + at, straight);
    memcpy(data + straight, o->bytes, len - straight);
}

void cp_outgoing_fini(struct cp_outgoing *o)
{
    sd_free(o->bytes);
    sd_free(o->block);
    o->bytes = NULL;
    o->block = NULL;
    o->cap = o->block_cap = o->blocks = o->len = o->cut = 0;
}

/* Room for need bytes in all.  A new ring puts every position elsewhere. */
static bool grow_bytes(struct cp_outgoing *o, struct sd_env *env, size_t need)
{
    if (need <= o->cap)
        return true;
    struct cp_outgoing wider = *o;
    wider.cap = o->cap ? o->cap : FIRST_BYTES;
    while (wider.cap < need)
        wider.cap *= 2;
    wider.bytes = sd_alloc(env, wider.cap);
    if (!wider.bytes)
        return false;
    size_t at = o->cap ? o->start & (o->cap - 1) : 0;
    size_t straight = o->cap - at < o->len ? o->cap - at : o->len;
    if (straight > 0)
        ring_in(&wider, o->start, o->bytes + at, straight);
    if (o->len > straight)
        ring_in(&wider, o->start + straight, o->bytes, o->len - straight);
    sd_free(o->bytes);
    *o = wider;
    return true;
}

long cp_outgoing_write(struct cp_outgoing *o, struct sd_env *env, const uint8_t *data, size_t len)
{
    size_t room = CP_STREAM_BUFFER - o->len, taken = len < room ? len : room;
    if (taken > 0 && !grow_bytes(o, env, o->len + taken))
        return -1;
    if (taken > 0)
        ring_in(o, o->start + o->len, data, taken);
    o->len += (uint32_t)taken;
    o->refused |= taken < len;
    return (long)taken;
}

void cp_outgoing_stop(struct cp_outgoing *o, uint16_t stop)
{
    if (!o->stop)
        o->stop = stop;
}

bool cp_outgoing_has_new(const struct cp_outgoing *o)
{
    return o->blocks < CP_BLOCKS && (o->cut < o->len || (o->stop && !o->stop_cut));
}

static bool grow_blocks(struct cp_outgoing *o, struct sd_env *env)
{
    if (o->blocks < o->block_cap)
        return true;
    uint32_t cap = o->block_cap ? 2 * o->block_cap : FIRST_BLOCKS;
    struct cp_block *more = sd_alloc(env, cap * sizeof *more);
    if (!more)
        return false;
    for (uint32_t i = 0; i < o->blocks; i++)
        more[i] = *block_at(o, i);
    sd_free(o->block);
    o->block = more;
    o->block_cap = cap;
    o->block_first = 0;
    return true;
}

struct cp_block *cp_outgoing_cut(struct cp_outgoing *o, struct sd_env *env, uint32_t most)
{
    if (o->blocks >= CP_BLOCKS || !grow_blocks(o, env))
        return NULL;
    uint32_t left = o->len - o->cut;
    struct cp_block *b = block_at(o, o->blocks++);
    *b = (struct cp_block){.position = o->start + o->cut,
                           .len = (uint16_t)(left < most ? left : most)};
    o->cut += b->len;
    if (o->cut == o->len && o->stop && !o->stop_cut) {
        b->stop = o->stop;
        o->stop_cut = true;
    }
    return b;
}

struct cp_block *cp_outgoing_oldest(const struct cp_outgoing *o)
{
    struct cp_block *oldest = NULL;
    for (uint32_t i = 0; i < o->blocks; i++) {
        struct cp_block *b = block_at(o, i);
        if (!b->acked && (!oldest || b->sent_at < oldest->sent_at))
            oldest = b;
    }
    return oldest;
}

void cp_outgoing_sent(struct cp_outgoing *o, struct cp_block *b, sd_time now)
{
    if (!++o->last_id)
        ++o->last_id;
    b->id = o->last_id;
    b->sent_at = now;
    b->transmissions++;
}

void cp_outgoing_copy(const struct cp_outgoing *o, const struct cp_block *b, uint8_t *to)
{
    if (b->len > 0)
        ring_out(o, b->position, to, b->len);
}

struct cp_block *cp_outgoing_find(const struct cp_outgoing *o, uint32_t id)
{
    for (uint32_t i = 0; id && i < o->blocks; i++)
        if (block_at(o, i)->id == id && !block_at(o, i)->acked)
            return block_at(o, i);
    return NULL;
}

static bool covers(const struct cp_range *r, const struct cp_block *b)
{
    uint64_t end = b->position + b->len + (b->stop ? 1 : 0);
    return end > b->position && b->position >= r->from && end <= r->to;
}

/* Acknowledged blocks at the front are over, and so are their bytes. */
static void let_go(struct cp_outgoing *o)
{
    while (o->blocks > 0 && block_at(o, 0)->acked) {
        const struct cp_block *b = block_at(o, 0);
        o->start += b->len;
        o->len -= b->len;
        o->cut -= b->len;
        o->stop_acked |= b->stop != 0;
        o->block_first++;
        o->blocks--;
    }
    if (o->len == 0) {
        sd_free(o->bytes);
        o->bytes = NULL;
        o->cap = 0;
    }
    if (o->blocks == 0) {
        sd_free(o->block);
        o->block = NULL;
        o->block_cap = 0;
    }
}

bool cp_outgoing_acknowledge(struct cp_outgoing *o, uint32_t id, const struct cp_range *range,
                             size_t count)
{
    for (uint32_t i = 0; i < o->blocks; i++) {
        struct cp_block *b = block_at(o, i);
        if (!b->len && !b->stop)
            b->acked |= id && b->id == id;
        for (size_t k = 0; k < count; k++)
            b->acked |= covers(&range[k], b);
    }
    let_go(o);
    bool again = o->refused && CP_STREAM_BUFFER - o->len >= ROOM_AGAIN;
    o->refused &= !again;
    return again;
}
