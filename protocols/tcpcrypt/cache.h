/* cache.h - session secrets to resume with (RFC 8548 3.5).
 *
 * An entry is a lineage: the next unused ss[i] of one fresh key exchange.  To take a secret moves
 * its lineage on to ss[i + 1], so that no secret can secure two connections. */
#ifndef TC_CACHE_H
#define TC_CACHE_H

#include "protocols/tcpcrypt/keys.h"
#include "sim/core/env.h"

struct tc_secret {
    uint64_t lineage;
    uint8_t secret[TC_KEY_LEN];       /* ss[i] */
    uint8_t resume_id[TC_RESUME_LEN]; /* resume[i] */
    uint8_t tep;
    bool was_b; /* role of this host in the first session: which half and which keys are ours */
    enum tc_cipher cipher;
    struct sd_addr peer; /* whom to offer it; the port does not matter */
};

struct tc_cache_entry {
    struct tc_cache_entry *newer, *older;
    struct tc_secret is;
};

struct tc_cache {
    struct tc_cache_entry *newest, *oldest;
    uint32_t entries;
    uint64_t last_lineage;
};

void tc_cache_fini(struct tc_cache *);
/* Keeps what follows ss[0]; at TC_CACHE_MAX the oldest lineage goes.  The new lineage, or 0 when
 * there is no memory. */
uint64_t tc_cache_add(struct tc_cache *, struct sd_env *, const struct tc_secret *first);
/* Takes the newest secret shared with this address, of a TEP among teps; or the one whose half
 * the peer sent.  False: there is none. */
bool tc_cache_take_for(struct tc_cache *, const struct sd_addr *peer, const uint8_t *tep,
                       size_t teps, struct tc_secret *);
bool tc_cache_take_named(struct tc_cache *, uint8_t tep, const uint8_t half[TC_RESUME_HALF],
                         struct tc_secret *);
void tc_cache_forget(struct tc_cache *, uint64_t lineage);

/* The half that this host sends, or expects. */
const uint8_t *tc_secret_own_half(const struct tc_secret *);
const uint8_t *tc_secret_peer_half(const struct tc_secret *);

#endif
