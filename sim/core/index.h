/* index.h - things by a hash of what names them: open addressing; several may have the same hash.
 *
 * The hash is the caller's, keyed where strangers choose names (random.h: sd_hash with a secret
 * seed), and should be well mixed.  Zeroed is empty; sd_free(slot) ends it. */
#ifndef SD_INDEX_H
#define SD_INDEX_H

#include "sim/core/env.h"

struct sd_index_slot {
    uint64_t hash;
    void *item; /* NULL: free */
};
struct sd_index {
    struct sd_index_slot *slot;
    uint32_t size, used;
};

/* item must not be NULL.  False: no memory. */
bool sd_index_add(struct sd_index *, struct sd_env *, uint64_t hash, void *item);
void sd_index_remove(struct sd_index *, uint64_t hash, const void *item);
/* The next item with that hash, the first with *cursor 0; NULL: no more. */
void *sd_index_find(const struct sd_index *, uint64_t hash, uint32_t *cursor);
/* Any item; NULL: there is none. */
void *sd_index_any(const struct sd_index *);
/* The next of all items, for a caller who takes each out before it asks again; *place is 0 at
 * first. NULL: none is left. */
void *sd_index_drain(const struct sd_index *, uint32_t *place);

#endif
