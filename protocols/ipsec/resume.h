/* resume.h - session resumption (RFC 5723): a ticket from an earlier IKE SA takes the place of
 * Diffie-Hellman and of certificates.
 *
 *   HDR(A,0), [N(COOKIE)], Ni, N(TICKET_OPAQUE)  -->                      IKE_SESSION_RESUME
 *                                              <--  HDR(A,B), Nr    or    HDR(A,0), N(TICKET_NACK)
 *   and then IKE_AUTH, with AUTH payloads made of SK_p. */
#ifndef IKE_RESUME_H
#define IKE_RESUME_H

#include "protocols/ipsec/ike.h"

#define IKE_TICKET_LIFE_S 3600u
#define IKE_TICKET_MAX    512u /* of any responder's, that we keep */

struct ike_resumption {
    struct ike_suite suite;
    uint8_t sk_d[IKE_PRF_MAX]; /* of the SA that the ticket came from */
    uint8_t peer[32];          /* SHA-256 of the body of the peer's ID then */
    size_t ticket_len;
    uint8_t ticket[IKE_TICKET_MAX]; /* the initiator's */
};

extern const struct ike_procedure ike_session_resume;
/* Initiator: whether there is a ticket for the peer; it is then used up. */
bool ike_resume_begin(struct ike_sa *);
/* Both: 4.3.3: whether the peer calls itself as it did then. */
bool ike_resumed_peer(const struct ike_sa *);
void ike_take_ticket(struct ike_sa *, const struct ike_chain *);
void ike_tickets_free(struct ipsec *);
/* Responder. */
int ike_resume_in(struct ipsec *, const struct ike_message *); /* enum sd_result */
void ike_put_ticket(struct ike_sa *, struct ike_writer *);

#endif
