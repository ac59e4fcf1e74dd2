/* setup.h - an IKE SA at its beginning: what both roles put into it. */
#ifndef IKE_SETUP_H
#define IKE_SETUP_H

#include "protocols/ipsec/ike.h"

/* Initiator: with the peer at that path; its first request is on its way.  NULL: no memory. */
struct ike_sa *ike_initiate(struct ipsec *, const struct sd_path *);
/* Responder: to a first message, in the tables, with SPIs and path.  NULL: no memory. */
struct ike_sa *ike_respond(struct ipsec *, const struct ike_message *);
/* The answer to our first message, which the peer signs later (2.15). */
void ike_keep_response(struct ike_sa *, const struct ike_message *);
void ike_setup_free(struct ike_sa *);
sd_sid ike_sid_new(struct ipsec *);

#endif
