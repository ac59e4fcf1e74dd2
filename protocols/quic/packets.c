/* packets.c - the packets that share a datagram, as far as their headers are in the clear. */
#include "protocols/quic/quic.h"
#include "sim/core/reader.h"

/* 16: the two high bits of the first byte say how many there are. */
uint64_t quic_get_varint(struct sd_reader *r)
{
    uint64_t value = sd_get8(r);
    unsigned more = (1u << (value >> 6)) - 1;
    value &= 0x3f;
    while (more-- > 0)
        value = value << 8 | sd_get8(r);
    return value;
}

static const uint8_t *get_block(struct sd_reader *r, uint64_t len)
{
    if (len > sd_left(r)) {
        r->bad = true;
        return NULL;
    }
    return sd_get(r, (size_t)len);
}

static const uint8_t *get_id(struct sd_reader *r, size_t *len)
{
    *len = sd_get8(r);
    return get_block(r, *len);
}

/* 17.2.2 to 17.2.4: what follows the ids, up to the end of the packet. */
static void get_rest(struct sd_reader *r, struct quic_packet *p)
{
    if (p->version != QUIC_VERSION_1 || p->type == QUIC_RETRY) {
        sd_get(r, sd_left(r)); /* nothing can follow */
        return;
    }
    if (p->type == QUIC_INITIAL) {
        p->token_len = (size_t)quic_get_varint(r);
        p->token = get_block(r, p->token_len);
    }
    get_block(r, quic_get_varint(r));
}

bool quic_packet_next(const uint8_t **at, size_t *left, struct quic_packet *p, bool *bad)
{
    *p = (struct quic_packet){.start = *at};
    if (*left == 0)
        return false;
    struct sd_reader r = sd_reader_of(*at, *left);
    uint8_t first = sd_get8(&r);
    p->is_long = first & QUIC_LONG;
    if (p->is_long) {
        p->version = sd_get32(&r);
        p->type = QUIC_TYPE(first);
        p->dcid = get_id(&r, &p->dcid_len);
        p->scid = get_id(&r, &p->scid_len);
        get_rest(&r, p);
    } else {
        sd_get(&r, sd_left(&r));
    }
    if (r.bad) {
        *bad = true;
        return false;
    }
    p->len = *left - sd_left(&r);
    *at += p->len;
    *left -= p->len;
    return true;
}
