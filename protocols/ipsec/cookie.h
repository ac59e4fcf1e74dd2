/* cookie.h - the responder's proof, without state, that an initiator is where it says it is
 * (RFC 7296 2.6), and how hard it has to work for an answer (RFC 8019). */
#ifndef IKE_COOKIE_H
#define IKE_COOKIE_H

#include "protocols/ipsec/ike.h"

/* A first message with Ni.  SD_OK: go on, *proven says whether it came with a good cookie;
 * SD_DROP_UNVALIDATED: a cookie was asked for, and no state is kept; SD_DROP_POLICY: the puzzle's
 * solution is wrong. */
int ike_cookie_check(struct ipsec *, const struct ike_message *, bool *proven);

#endif
