#include "protocols/gquic/header.h"

static const uint8_t number_lens[4] = {1, 2, 4, 6};

static uint64_t get_number(struct sd_reader *r, size_t len)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++)
        n = n << 8 | sd_get8(r);
    return n;
}

static void put_number(struct sd_writer *w, uint64_t n, size_t len)
{
    while (len-- > 0)
        sd_put8(w, (uint8_t)(n >> 8 * len));
}

static bool parse_public(struct gq_header *h, struct sd_reader *r, uint8_t flags, bool to_server)
{
    h->has_cid = flags & GQ_FLAG_CID;
    h->cid = h->has_cid ? sd_get64(r) : 0;
    if (flags & GQ_FLAG_RESET) {
        h->kind = GQ_PUBLIC_RESET;
        return !to_server && h->has_cid;
    }
    if (flags & GQ_FLAG_VERSION && !to_server) {
        h->kind = GQ_VERSION_NEGOTIATION;
        return h->has_cid;
    }
    h->version = flags & GQ_FLAG_VERSION ? sd_get32(r) : 0;
    if (flags & GQ_FLAG_NONCE && !to_server)
        h->nonce = sd_get(r, GQ_NONCE_LEN);
    h->number_len = number_lens[flags >> GQ_FLAG_NUMBER_SHIFT & 3];
    h->number = get_number(r, h->number_len);
    return (h->has_cid || !to_server) && (h->version || !(flags & GQ_FLAG_VERSION));
}

static bool parse_long(struct gq_header *h, struct sd_reader *r, uint8_t first, bool to_server)
{
    h->version = sd_get32(r);
    h->has_cid = true;
    if (sd_get8(r) != (to_server ? GQ_IDS_TO_SERVER : GQ_IDS_TO_CLIENT))
        return false;
    h->cid = sd_get64(r);
    if (h->version != GQ_Q046 && h->version != 0)
        return to_server; /* all that is known of it: enough to say which versions there are */
    if (h->version == 0) {
        h->kind = GQ_VERSION_NEGOTIATION;
        return !to_server;
    }
    h->type = first >> GQ_TYPE_SHIFT & 3;
    h->number_len = (first & 3) + 1u;
    h->number = get_number(r, h->number_len);
    if (h->type == GQ_TYPE_0RTT && !to_server)
        h->nonce = sd_get(r, GQ_NONCE_LEN);
    return first & GQ_FIXED;
}

static bool parse_short(struct gq_header *h, struct sd_reader *r, uint8_t first, bool to_server)
{
    h->has_cid = to_server;
    h->cid = to_server ? sd_get64(r) : 0;
    h->number_len = (first & 3) + 1u;
    h->number = get_number(r, h->number_len);
    return true;
}

bool gq_header_parse(struct gq_header *h, const uint8_t *packet, size_t len, bool to_server)
{
    struct sd_reader r = sd_reader_of(packet, len);
    uint8_t first = sd_get8(&r);
    *h = (struct gq_header){.kind = GQ_PACKET, .invariant = first & (GQ_LONG | GQ_FIXED)};
    bool good = first & GQ_LONG    ? parse_long(h, &r, first, to_server)
                : first & GQ_FIXED ? parse_short(h, &r, first, to_server)
                                   : parse_public(h, &r, first, to_server);
    h->len = len - sd_left(&r);
    return good && !r.bad;
}

static void write_public(const struct gq_header *h, struct sd_writer *w, bool to_server)
{
    uint8_t flags = h->version && to_server ? GQ_FLAG_VERSION : 0;
    flags |= h->nonce ? GQ_FLAG_NONCE : 0;
    flags |= h->has_cid ? GQ_FLAG_CID : 0;
    for (uint8_t i = 0; i < 4; i++)
        flags |= number_lens[i] == h->number_len ? (uint8_t)(i << GQ_FLAG_NUMBER_SHIFT) : 0;
    sd_put8(w, flags);
    if (h->has_cid)
        sd_put64(w, h->cid);
    if (flags & GQ_FLAG_VERSION)
        sd_put32(w, h->version);
    if (h->nonce)
        sd_put(w, h->nonce, GQ_NONCE_LEN);
    put_number(w, h->number, h->number_len);
}

static void write_invariant(const struct gq_header *h, struct sd_writer *w, bool to_server)
{
    uint8_t first = (uint8_t)(GQ_FIXED | (h->number_len - 1));
    if (h->version) {
        sd_put8(w, (uint8_t)(first | GQ_LONG | h->type << GQ_TYPE_SHIFT));
        sd_put32(w, h->version);
        sd_put8(w, to_server ? GQ_IDS_TO_SERVER : GQ_IDS_TO_CLIENT);
        sd_put64(w, h->cid);
    } else {
        sd_put8(w, first);
        if (to_server)
            sd_put64(w, h->cid);
    }
    put_number(w, h->number, h->number_len);
    if (h->nonce)
        sd_put(w, h->nonce, GQ_NONCE_LEN);
}

void gq_header_write(const struct gq_header *h, struct sd_writer *w, bool to_server)
{
    if (h->invariant)
        write_invariant(h, w, to_server);
    else
        write_public(h, w, to_server);
}

size_t gq_header_size(const struct gq_header *h, bool to_server)
{
    uint8_t room[GQ_NONCE_LEN + 32];
    struct sd_writer w = sd_writer_of(room, sizeof room);
    gq_header_write(h, &w, to_server);
    return sd_written(&w);
}

uint64_t gq_number_expand(uint64_t lowest, size_t len, uint64_t expected)
{
    uint64_t span = UINT64_C(1) << 8 * len, base = expected & ~(span - 1);
    uint64_t here = base | lowest;
    if (here + span / 2 <= expected)
        return here + span;
    return here > expected + span / 2 && here >= span ? here - span : here;
}

size_t gq_number_len(uint64_t number, uint64_t least, bool invariant)
{
    uint64_t span = 4 * (number - least + 1);
    if (span < 1u << 8)
        return 1;
    if (span < 1u << 16)
        return 2;
    return invariant || span < UINT64_C(1) << 32 ? 4 : 6;
}
