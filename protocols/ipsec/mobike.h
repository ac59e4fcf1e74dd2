/* mobike.h - an IKE SA that moves with its host (RFC 4555). */
#ifndef IKE_MOBIKE_H
#define IKE_MOBIKE_H

#include "protocols/ipsec/ike.h"

extern const struct ike_procedure ike_update_addresses, ike_routability;

/* Initiator: our address is another.  SD_OK, SD_E_UNSUPPORTED: the peer cannot follow. */
int ike_move(struct ike_sa *, const struct sd_path *);
/* What an INFORMATIONAL request says of addresses. */
void ike_mobike_in(struct ike_sa *, const struct ike_message *, struct ike_writer *);

#endif
