/* create.h - CREATE_CHILD_SA (RFC 7296 1.3): new children, and children that take the place of
 * others. */
#ifndef IKE_CREATE_H
#define IKE_CREATE_H

#include "protocols/ipsec/ike.h"

extern const struct ike_procedure ike_new_child, ike_rekey_child;

void ike_create_in(struct ike_sa *, const struct ike_message *, struct ike_writer *);
/* Asks for another in its place, unless that is under way. */
void ike_rekey_of(struct ike_child *);

/* Both halves of an exchange that makes keys: nonces, and public keys where there is a group. */
bool ike_put_exchange_keys(struct ike_sa *, struct ike_request *, struct ike_writer *);
/* The secret that follows from the peer's KE payload; *len 0 without one.  A notification, or 0. */
uint16_t ike_take_secret(const struct ike_kex *, const struct ike_chain *,
                         uint8_t secret[IKE_KEX_MAX], size_t *len);
/* 2.7: the group that INVALID_KE_PAYLOAD asks for, if the policy has it and it is another. */
bool ike_take_group(struct ike_request *, const struct ike_chain *, const struct ike_policy *);
/* 2.8.1: the lower of both nonces of an exchange. */
const struct ike_nonce *ike_lower(const struct ike_nonce *, const struct ike_nonce *);
void ike_rival_is(struct ike_rival *, const struct ike_nonce *ni, const struct ike_nonce *nr);
/* Whether our exchange, with these nonces, lost against the peer's: its lowest is the lowest. */
bool ike_lost(const struct ike_rival *, const struct ike_nonce *ni, const struct ike_nonce *nr);

#endif
