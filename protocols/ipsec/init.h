/* init.h - what IKE_SA_INIT and IKE_SESSION_RESUME have in common: first messages in clear, cookies
 * and abilities. */
#ifndef IKE_INIT_H
#define IKE_INIT_H

#include "protocols/ipsec/ike.h"

/* NAT detection, and what else a side can do (RFC 7383 2.3, RFC 7427 4). */
void ike_put_abilities(struct ike_sa *, struct ike_writer *);
void ike_take_abilities(struct ike_sa *, const struct ike_message *);

/* Initiator: the responder wants its cookie back (RFC 7296 2.6), or work too (RFC 8019). */
enum ike_verdict ike_take_cookie(struct ike_sa *, const struct ike_message *,
                                 const struct ike_notify *cookie);
/* There are keys: on to IKE_AUTH. */
enum ike_verdict ike_first_answered(struct ike_sa *, const struct ike_message *);

/* Responder: the same first message again gets the same answer.  False: it is another. */
bool ike_answered_before(struct ipsec *, const struct ike_message *);
void ike_first_proven(struct ike_sa *, bool proven); /* by a cookie */

#endif
