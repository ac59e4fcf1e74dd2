/* fragment.h - a message in fragments, each sealed by itself (RFC 7383). */
#ifndef IKE_FRAGMENT_H
#define IKE_FRAGMENT_H

#include "protocols/ipsec/ike.h"

#define IKE_FRAGMENTS_MAX 64u
#define IKE_FRAGMENT_HEAD 4u /* 2.5: number, total */

/* An opened fragment.  SD_OK, and `whole` with *inner and *len when it was the last that was
 * missing: they stand until the next call.  SD_DROP_MALFORMED, SD_DROP_REPLAY, SD_DROP_FULL. */
struct ike_fragment {
    uint32_t message_id;
    bool response;
    uint16_t number, total;
    uint8_t first; /* in the first fragment: type of the first payload inside */
    const uint8_t *content;
    size_t len;
};
struct ike_whole {
    bool whole;
    uint8_t first;
    uint8_t *inner;
    size_t len;
};
int ike_fragment_take(struct ike_sa *, const struct ike_fragment *, struct ike_whole *);
void ike_fragments_free(struct ike_sa *);

#endif
