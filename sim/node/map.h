/* map.h - from 64-bit keys to 64-bit values, for everything that a packet or an event looks up. */
#ifndef SD_NODE_MAP_H
#define SD_NODE_MAP_H

#include "sim/core/base.h"

struct lab_slot {
    uint64_t key; /* 0: free */
    uint64_t value;
};
struct lab_map {
    struct lab_slot *slot;
    uint64_t size, used; /* size: a power of two */
};

/* What a key speaks of, in its upper byte; the rest identifies it. */
enum lab_key {
    KEY_NAME = 1, /* hash of a machine's name -> machine */
    KEY_ADDRESS,  /* IPv4 address -> machine */
    KEY_SOURCE,   /* TCP address and port of a client -> conversation */
    KEY_PAIR,     /* two machines -> the last conversation between them */
    KEY_SESSION,  /* machine and session -> conversation */
    KEY_EARLIER   /* client and server that have had a session already */
};
static inline uint64_t lab_key(enum lab_key kind, uint64_t identity)
{
    return (uint64_t)kind << 56 | (identity & UINT64_C(0x00ffffffffffffff));
}
static inline uint64_t lab_pair_key(enum lab_key kind, uint32_t a, uint32_t b)
{
    return lab_key(kind, (uint64_t)a << 32 | b); /* a below 2^24 */
}

void lab_map_put(struct lab_map *, uint64_t key, uint64_t value); /* replaces; key not 0 */
bool lab_map_get(const struct lab_map *, uint64_t key, uint64_t *value);
void lab_map_free(struct lab_map *);

#endif
