#include "protocols/gquic/frame.h"
#include <string.h>

#define GAP_MAX 255u

static const uint8_t ack_lens[4] = {1, 2, 4, 6};

static uint64_t get_n(struct sd_reader *r, size_t len)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | sd_get8(r);
    return v;
}

static void put_n(struct sd_writer *w, uint64_t v, size_t len)
{
    while (len-- > 0)
        sd_put8(w, (uint8_t)(v >> 8 * len));
}

/* -- ufloat16 -- */

uint64_t gq_ufloat16_value(uint16_t f)
{
    if (f < 1u << 12)
        return f;
    unsigned exponent = (f >> 11) - 1u;
    return (uint64_t)(f - (exponent << 11)) << exponent;
}

uint16_t gq_ufloat16(uint64_t value)
{
    if (value >= UINT64_C(0x3ffc0000000))
        return UINT16_MAX;
    unsigned exponent = 0;
    while (value >= 1u << 12) {
        value >>= 1;
        exponent++;
    }
    return (uint16_t)(value + (exponent << 11));
}

/* -- reading -- */

static void get_stream(struct gq_frame *f, struct sd_reader *r, uint8_t type)
{
    f->kind = GQ_STREAM;
    f->fin = type & 0x40;
    f->stream = (uint32_t)get_n(r, (type & 3) + 1u);
    size_t offset_len = type >> 2 & 7;
    f->offset = get_n(r, offset_len ? offset_len + 1 : 0);
    f->len = type & 0x20 ? sd_get16(r) : sd_left(r);
    f->data = sd_get(r, f->len);
    r->bad |= f->offset + f->len < f->offset || (!f->len && !f->fin);
}

static void get_timestamps(struct sd_reader *r)
{
    size_t count = sd_get8(r);
    if (count > 0)
        sd_get(r, 5 + 3 * (count - 1));
}

/* Blocks go down from the largest; one of no length only widens a gap. */
static void get_ack(struct gq_frame *f, struct sd_reader *r, uint8_t type)
{
    size_t block_len = ack_lens[type & 3];
    f->kind = GQ_ACK;
    uint64_t largest = get_n(r, ack_lens[type >> 2 & 3]);
    f->delay_us = gq_ufloat16_value(sd_get16(r));
    size_t more = type & 0x20 ? sd_get8(r) : 0;
    uint64_t block = get_n(r, block_len), from = largest + 1;
    r->bad |= block == 0 || block > largest;
    for (f->ranges = 0; !r->bad;) {
        from -= block;
        if (f->ranges > 0 && f->acked[f->ranges - 1].from == from + block)
            f->acked[f->ranges - 1].from = from;
        else if (block > 0)
            f->acked[f->ranges++] = (struct gq_range){from, from + block};
        if (more-- == 0)
            break;
        uint64_t gap = sd_get8(r);
        block = get_n(r, block_len);
        r->bad |= gap + block >= from;
        from -= gap;
    }
    get_timestamps(r);
}

static void get_reason(struct gq_frame *f, struct sd_reader *r)
{
    f->len = sd_get16(r);
    f->data = sd_get(r, f->len);
}

static void get_other(struct gq_frame *f, struct sd_reader *r, const struct gq_frame_context *c)
{
    uint64_t distance;
    switch (f->kind) {
    case GQ_PADDING:
        while (sd_left(r) > 0 && *r->at == GQ_PADDING)
            sd_get8(r);
        break;
    case GQ_RST_STREAM:
        f->stream = sd_get32(r);
        f->offset = sd_get64(r);
        f->error = sd_get32(r);
        break;
    case GQ_CONNECTION_CLOSE:
        f->error = sd_get32(r);
        get_reason(f, r);
        break;
    case GQ_GOAWAY:
        f->error = sd_get32(r);
        f->stream = sd_get32(r);
        get_reason(f, r);
        break;
    case GQ_WINDOW_UPDATE:
        f->stream = sd_get32(r);
        f->offset = sd_get64(r);
        break;
    case GQ_BLOCKED:
        f->stream = sd_get32(r);
        break;
    case GQ_STOP_WAITING:
        distance = get_n(r, c->number_len);
        r->bad |= c->version != GQ_Q043 || distance >= c->number;
        f->least_unacked = c->number - distance;
        break;
    case GQ_PING:
        break;
    default:
        r->bad = true;
    }
}

bool gq_frame_next(struct gq_frame *f, struct sd_reader *r, const struct gq_frame_context *c)
{
    if (r->bad || sd_left(r) == 0)
        return false;
    uint8_t type = sd_get8(r);
    f->kind = (enum gq_frame_kind)type;
    f->fin = false;
    if (type & GQ_STREAM)
        get_stream(f, r, type);
    else if ((type & 0xc0) == GQ_ACK)
        get_ack(f, r, type);
    else
        get_other(f, r, c);
    return !r->bad;
}

/* -- writing -- */

static size_t bytes_of(uint64_t v)
{
    size_t n = 1;
    while (n < 8 && v >> 8 * n)
        n++;
    return n;
}

/* None for 0, and no code for one byte. */
static size_t offset_bytes(uint64_t offset)
{
    size_t n = bytes_of(offset);
    return !offset ? 0 : n < 2 ? 2 : n;
}

size_t gq_stream_head(uint32_t stream, uint64_t offset)
{
    return 1 + bytes_of(stream) + offset_bytes(offset) + 2;
}

void gq_put_stream(struct sd_writer *w, uint32_t stream, uint64_t offset, const uint8_t *data,
                   size_t len, bool fin)
{
    size_t id_len = bytes_of(stream), offset_len = offset_bytes(offset);
    size_t code = offset_len ? offset_len - 1 : 0;
    sd_put8(w, (uint8_t)(GQ_STREAM | (fin ? 0x40 : 0) | 0x20 | code << 2 | (id_len - 1)));
    put_n(w, stream, id_len);
    put_n(w, offset, offset_len);
    sd_put16(w, (uint16_t)len);
    sd_put(w, data, len);
}

static uint8_t ack_code(uint64_t v)
{
    uint8_t code = 0;
    while (code < 3 && v >> 8 * ack_lens[code])
        code++;
    return code;
}

/* A gap of more than 255 takes blocks of no length. */
static size_t blocks_for(uint64_t gap)
{
    return (size_t)((gap + GAP_MAX - 1) / GAP_MAX);
}

void gq_put_ack(struct sd_writer *w, const struct gq_range *ranges, size_t count, uint64_t delay_us,
                size_t cap)
{
    uint64_t longest = 0;
    for (size_t i = 0; i < count; i++)
        if (ranges[i].to - ranges[i].from > longest)
            longest = ranges[i].to - ranges[i].from;
    uint8_t large = ack_code(ranges[0].to - 1), small = ack_code(longest);
    size_t each = 1u + ack_lens[small], used = 5u + ack_lens[large] + ack_lens[small];
    size_t blocks = 0, taken = 1;
    for (; taken < count; taken++) {
        size_t more = blocks_for(ranges[taken - 1].from - ranges[taken].to);
        if (blocks + more > GQ_ACK_BLOCKS_MAX || used + (blocks + more) * each > cap)
            break;
        blocks += more;
    }
    sd_put8(w, (uint8_t)(GQ_ACK | (blocks ? 0x20 : 0) | large << 2 | small));
    put_n(w, ranges[0].to - 1, ack_lens[large]);
    sd_put16(w, gq_ufloat16(delay_us));
    if (blocks)
        sd_put8(w, (uint8_t)blocks);
    put_n(w, ranges[0].to - ranges[0].from, ack_lens[small]);
    for (size_t i = 1; i < taken; i++) {
        uint64_t gap = ranges[i - 1].from - ranges[i].to;
        for (; gap > GAP_MAX; gap -= GAP_MAX) {
            sd_put8(w, GAP_MAX);
            put_n(w, 0, ack_lens[small]);
        }
        sd_put8(w, (uint8_t)gap);
        put_n(w, ranges[i].to - ranges[i].from, ack_lens[small]);
    }
    sd_put8(w, 0); /* no timestamps */
}

void gq_put_stop_waiting(struct sd_writer *w, const struct gq_frame_context *c, uint64_t least)
{
    sd_put8(w, GQ_STOP_WAITING);
    put_n(w, c->number - least, c->number_len);
}

void gq_put_rst_stream(struct sd_writer *w, uint32_t stream, uint64_t final, uint32_t error)
{
    sd_put8(w, GQ_RST_STREAM);
    sd_put32(w, stream);
    sd_put64(w, final);
    sd_put32(w, error);
}

void gq_put_window_update(struct sd_writer *w, uint32_t stream, uint64_t limit)
{
    sd_put8(w, GQ_WINDOW_UPDATE);
    sd_put32(w, stream);
    sd_put64(w, limit);
}

void gq_put_blocked(struct sd_writer *w, uint32_t stream)
{
    sd_put8(w, GQ_BLOCKED);
    sd_put32(w, stream);
}

static void put_reason(struct sd_writer *w, const char *reason)
{
    size_t len = strlen(reason);
    sd_put16(w, (uint16_t)len);
    sd_put(w, reason, len);
}

void gq_put_goaway(struct sd_writer *w, uint32_t error, uint32_t last, const char *reason)
{
    sd_put8(w, GQ_GOAWAY);
    sd_put32(w, error);
    sd_put32(w, last);
    put_reason(w, reason);
}

void gq_put_connection_close(struct sd_writer *w, uint32_t error, const char *reason)
{
    sd_put8(w, GQ_CONNECTION_CLOSE);
    sd_put32(w, error);
    put_reason(w, reason);
}
