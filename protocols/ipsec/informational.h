/* informational.h - INFORMATIONAL (RFC 7296 1.4): deletions, liveness, and what MOBIKE says. */
#ifndef IKE_INFORMATIONAL_H
#define IKE_INFORMATIONAL_H

#include "protocols/ipsec/ike.h"

extern const struct ike_procedure ike_delete_child, ike_close, ike_liveness;

void ike_informational_in(struct ike_sa *, const struct ike_message *, struct ike_writer *);
/* Tells the peer that a child is gone, and removes it when the peer knows. */
void ike_ask_delete(struct ike_sa *, uint32_t spi_in);
/* Ends the SA: deletes it, or with a notification because the peer could not prove itself. */
void ike_ask_close(struct ike_sa *, uint16_t notify);
void ike_ask_liveness(struct ike_sa *);
void ike_take_window(struct ike_sa *, const struct ike_notify *); /* 2.3 */

#endif
