/* rekey.h - an IKE SA in the place of another, with its children (RFC 7296 1.3.2, 2.8, 2.18). */
#ifndef IKE_REKEY_H
#define IKE_REKEY_H

#include "protocols/ipsec/ike.h"

extern const struct ike_procedure ike_rekey_sa;

void ike_plan_rekey(struct ike_sa *);
void ike_rekey(struct ike_sa *); /* asks, unless that is under way */
bool ike_rekeying(const struct ike_sa *);
void ike_rekey_again(struct ike_sa *); /* what was refused for the time being */
void ike_rekey_in(struct ike_sa *, const struct ike_chain *, struct ike_writer *);
/* The peer deletes the SA while we rekey it: the one that it made, if any, inherits (2.25.2). */
void ike_rekey_overtaken(struct ike_sa *);

#endif
