#include "protocols/minimalt/packet.h"
#include "sim/core/reader.h"

bool mt_packet_parse(struct mt_packet *p, uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    uint64_t tid = sd_get64(&r);
    p->tid = tid & MT_TID_BITS;
    p->nonce = sd_get64(&r);
    p->key = tid & MT_TID_HAS_KEY ? sd_get(&r, MT_KEY_LEN) : NULL;
    p->puzzle = tid & MT_TID_HAS_PUZZLE ? sd_get(&r, MT_PUZZLE_LEN) : NULL;
    if (r.bad)
        return false;
    p->box_len = sd_left(&r);
    p->box = data + (len - p->box_len);
    bool puzzle_alone = p->puzzle && !p->key;
    return puzzle_alone ? p->box_len == 0 : p->box_len >= MT_TAG_LEN + MT_TRANSPORT;
}

size_t mt_packet_overhead(bool has_key, bool has_puzzle)
{
    return MT_PACKET_MIN + (has_key ? MT_KEY_LEN : 0) + (has_puzzle ? MT_PUZZLE_LEN : 0);
}

uint8_t *mt_packet_head(uint8_t *out, uint64_t tid, uint64_t nonce, const uint8_t *key,
                        const uint8_t *puzzle)
{
    struct sd_writer w = sd_writer_of(out, MT_HEADER + MT_KEY_LEN + MT_PUZZLE_LEN);
    sd_put64(&w, tid | (key ? MT_TID_HAS_KEY : 0) | (puzzle ? MT_TID_HAS_PUZZLE : 0));
    sd_put64(&w, nonce);
    if (key)
        sd_put(&w, key, MT_KEY_LEN);
    if (puzzle)
        sd_put(&w, puzzle, MT_PUZZLE_LEN);
    return w.at;
}

void mt_nonce(uint8_t nonce[MT_NONCE_LEN], const char *label, uint64_t a, uint64_t b)
{
    struct sd_writer w = sd_writer_of(nonce, MT_NONCE_LEN);
    sd_put(&w, label, 8);
    sd_put64(&w, a);
    sd_put64(&w, b);
}

uint64_t mt_number_of(const uint8_t first_key[MT_KEY_LEN])
{
    struct sd_reader r = sd_reader_of(first_key, MT_KEY_LEN);
    return sd_get64(&r);
}
