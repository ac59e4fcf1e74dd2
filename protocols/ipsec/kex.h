/* kex.h - the Diffie-Hellman groups of IKE (RFC 7296 2.7, 3.4): one key pair, one shared secret. */
#ifndef IKE_KEX_H
#define IKE_KEX_H

#include "protocols/ipsec/ike_wire.h"
#include "sim/core/env.h"

#define IKE_KEX_PRIVATE_MAX 32u
#define IKE_KEX_MAX         256u /* public keys and shared secrets: modp2048's */

struct ike_kex {
    uint16_t group; /* IKE_DH_NONE: no key pair */
    uint8_t private_key[IKE_KEX_PRIVATE_MAX];
    uint8_t public_key[IKE_KEX_MAX]; /* as in KE payloads */
};
/* Length of the group's public keys; 0: we do not have it. */
size_t ike_kex_public_len(uint16_t group);
/* Makes a key pair of a group that we have. */
void ike_kex_make(struct ike_kex *, struct sd_env *, uint16_t group);
/* Our private key and the peer's public one.  Length of the secret; 0: that is no public key of
 * the group. */
size_t ike_kex_agree(const struct ike_kex *, const uint8_t *peer, size_t len,
                     uint8_t secret[IKE_KEX_MAX]);
void ike_kex_wipe(struct ike_kex *);

#endif
