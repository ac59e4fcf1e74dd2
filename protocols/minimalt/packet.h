/* packet.h - what is readable of a packet, its nonces, and its box. */
#ifndef MT_PACKET_H
#define MT_PACKET_H

#include "protocols/minimalt/wire.h"

struct mt_packet {
    uint64_t tid, nonce;   /* TID without its two bits */
    const uint8_t *key;    /* C'; NULL: none */
    const uint8_t *puzzle; /* or solution; NULL: none */
    uint8_t *box;
    size_t box_len; /* 0: a puzzle alone */
};

/* False: it is none. */
bool mt_packet_parse(struct mt_packet *, uint8_t *data, size_t len);
/* Bytes of a packet around its calls. */
size_t mt_packet_overhead(bool has_key, bool has_puzzle);
/* Writes what is readable; returns where the box goes.  key and puzzle may be NULL. */
uint8_t *mt_packet_head(uint8_t *out, uint64_t tid, uint64_t nonce, const uint8_t *key,
                        const uint8_t *puzzle);

/* Every nonce of this protocol: a label of eight bytes and two numbers. */
void mt_nonce(uint8_t nonce[MT_NONCE_LEN], const char *label, uint64_t a, uint64_t b);

/* A number for what lasts as long as a tunnel, whose TID changes: of the C' that it began with. */
uint64_t mt_number_of(const uint8_t first_key[MT_KEY_LEN]);

#endif
