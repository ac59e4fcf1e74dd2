/* modp.h - Diffie-Hellman in the 2048-bit MODP group (RFC 3526 section 3), counted: libcrypto. */
#ifndef SD_CRYPTO_MODP_H
#define SD_CRYPTO_MODP_H

#include "sim/core/env.h"

#define SD_MODP2048_LEN     256
#define SD_MODP2048_PRIVATE 32 /* exponents of 256 bits (RFC 3526 8: at least 220) */

/* A new key pair from env's random stream.  Counts one keygen. */
void sd_modp2048_keygen(struct sd_env *env, uint8_t private_key[SD_MODP2048_PRIVATE],
                        uint8_t public_key[SD_MODP2048_LEN]);
/* False, and `shared` zero, when public_key is not between 1 and p - 1 (RFC 6989 2.1).  Counts one
 * derive. */
bool sd_modp2048(uint8_t shared[SD_MODP2048_LEN], const uint8_t private_key[SD_MODP2048_PRIVATE],
                 const uint8_t public_key[SD_MODP2048_LEN]);

#endif
