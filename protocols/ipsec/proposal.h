/* proposal.h - which algorithms: the policy of an agent, SA payloads, and the negotiation
 * (RFC 7296 sections 2.7, 3.3). */
#ifndef IKE_PROPOSAL_H
#define IKE_PROPOSAL_H

#include "protocols/ipsec/payload.h"
#include "sim/core/error.h"

struct ike_transform {
    uint8_t type; /* enum ike_transform_type */
    uint16_t id, key_bits;
};

/* Everything acceptable, of each type the preferred first. */
#define IKE_POLICY_MAX 24
struct ike_policy {
    struct ike_transform at[IKE_POLICY_MAX];
    size_t count;
};
/* From words of the kind "aes128gcm16-prfsha256-x25519": any order of types.  protocol says what
 * must be among them.  SD_OK or SD_E_ARG. */
int ike_policy_parse(struct ike_policy *, enum ike_protocol, const char *words, struct sd_error *);
bool ike_policy_has(const struct ike_policy *, uint8_t type, uint16_t id);
/* The first of that type; 0: none. */
uint16_t ike_policy_first(const struct ike_policy *, uint8_t type);

/* What was agreed. */
struct ike_suite {
    uint16_t encr, key_bits, integ, prf, dh; /* integ 0: the cipher's own; dh 0: none */
    bool esn;
};

/* An SA payload that offers all of the policy, with the SPI of `spi_len` bytes (0 to 8).  dh false:
 * without Diffie-Hellman groups (IKE_AUTH, 1.2). */
void ike_put_offer(struct ike_writer *, const struct ike_policy *, enum ike_protocol, uint64_t spi,
                   size_t spi_len, bool dh);
/* The answer: one proposal, by its number in the offer. */
void ike_put_choice(struct ike_writer *, const struct ike_suite *, enum ike_protocol,
                    uint8_t number, uint64_t spi, size_t spi_len);

struct ike_proposal {
    struct ike_suite suite;
    uint8_t number;
    uint64_t spi;
};
/* The first proposal of an offer that the policy can accept; of groups rather the one of
 * `ke_group` (2.7).  False: none. */
bool ike_choose(struct ike_proposal *, const struct ike_payload *, const struct ike_policy *,
                enum ike_protocol, size_t spi_len, uint16_t ke_group, bool dh);
/* The peer's choice out of our offer.  False: not one that we made. */
bool ike_chosen(struct ike_proposal *, const struct ike_payload *, const struct ike_policy *,
                enum ike_protocol, size_t spi_len, bool dh);

#endif
