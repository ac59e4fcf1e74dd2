/* data.h - where the data path meets IKE: inner packets out, ESP packets in, and what the SA learns
 * from both. */
#ifndef IPSEC_DATA_H
#define IPSEC_DATA_H

#include "protocols/ipsec/ipsec.h"

#define IPSEC_FIRST_SILENCE (3 * SD_SECOND) /* before any ESP has come, when we doubt its way */

/* One inner packet; without a child for it, one is asked for, and the packet is lost. */
void ipsec_send(struct ipsec *, const uint8_t *inner, size_t len);
/* A client's SA with the peer of these addresses: the one there is, or a new one.  NULL: no
 * memory. */
struct ike_sa *ipsec_reach(struct ipsec *, const struct sd_path *);

#endif
