/* proof.h - AUTH payloads: how each side proves that it is who its ID says (RFC 7296 2.15, 2.16;
 * RFC 7427; RFC 5723 5.1). */
#ifndef IKE_PROOF_H
#define IKE_PROOF_H

#include "protocols/ipsec/ike.h"

/* Our CERT payloads, and a CERTREQ where the peer is to send its own. */
void ike_put_certificates(struct ike_sa *, struct ike_writer *);
void ike_put_certificate_request(struct ike_sa *, struct ike_writer *);
/* Our AUTH payload.  False: no memory, or a key that cannot sign. */
bool ike_put_proof(struct ike_sa *, struct ike_writer *);
/* The peer's AUTH payload, for the ID in sa->peer_id.  False: *why says it. */
bool ike_check_proof(struct ike_sa *, const struct ike_chain *, const char **why);

#endif
