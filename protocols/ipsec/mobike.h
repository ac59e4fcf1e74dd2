/* mobike.h - an IKE SA that moves with its host (RFC 4555). */
#ifndef IKE_MOBIKE_H
#define IKE_MOBIKE_H

#include "protocols/ipsec/ike.h"

extern const struct ike_procedure ike_update_addresses, ike_routability;

/* Initiator: our address is another.  SD_OK, SD_E_UNSUPPORTED: the peer cannot follow. */
int ike_move(struct ike_sa *, const struct sd_path *);
/* 3.8: whether our NAT may change how the peer sees us without our knowing; what an answer with
 * NAT_DETECTION payloads says of that, and the update that follows. */
bool ike_may_be_rebound(const struct ike_sa *);
void ike_check_binding(struct ike_sa *, const struct ike_message *);
/* What an INFORMATIONAL request says of addresses. */
void ike_mobike_in(struct ike_sa *, const struct ike_message *, struct ike_writer *);

#endif
