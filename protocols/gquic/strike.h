/* strike.h - the strike register (QUIC Crypto, "Strike register"): every client nonce of the last
 * while, so that a full CHLO works once. */
#ifndef GQ_STRIKE_H
#define GQ_STRIKE_H

#include "protocols/gquic/wire.h"
#include "sim/core/env.h"

#define GQ_STRIKE_SETS 2
struct gq_strike_set {
    uint8_t (*nonce)[GQ_NONCE_LEN]; /* all zero: free */
    uint32_t size, used;
};
struct gq_strike {
    uint64_t seed;
    uint8_t orbit[GQ_ORBIT_LEN];
    uint32_t born_s;     /* nothing is known of before */
    uint64_t generation; /* of set[0]; each lasts for two windows */
    struct gq_strike_set set[GQ_STRIKE_SETS];
};

void gq_strike_init(struct gq_strike *, struct sd_env *, uint32_t now_s);
void gq_strike_fini(struct gq_strike *);
/* Takes the nonce if it has not been seen and, unless the server's own nonce vouches for the CHLO
 * (`fresh`), comes from this orbit and about now.  0, or a reason for RREJ. */
uint32_t gq_strike_take(struct gq_strike *, struct sd_env *, const uint8_t nonce[GQ_NONCE_LEN],
                        bool fresh, uint32_t now_s);

#endif
