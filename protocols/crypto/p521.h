/* p521.h - Diffie-Hellman over P-521 (FIPS 186-4 D.1.2.5; IEEE 1363's ECSVDP-DH), counted:
 * libcrypto.
 *
 * Public keys are points as SEC 1 section 2.3.3 writes them, compressed: 02 or 03, then the x
 * coordinate. */
#ifndef SD_CRYPTO_P521_H
#define SD_CRYPTO_P521_H

#include "sim/core/env.h"

#define SD_P521_PRIVATE 66
#define SD_P521_PUBLIC  67
#define SD_P521_SHARED  66

/* A new key pair from env's random stream.  Counts one keygen for each scalar tried. */
void sd_p521_keygen(struct sd_env *env, uint8_t private_key[SD_P521_PRIVATE],
                    uint8_t public_key[SD_P521_PUBLIC]);
/* The public key of a private key.  False when it is not in 1 to n - 1.  Counts one keygen. */
bool sd_p521_public(uint8_t public_key[SD_P521_PUBLIC], const uint8_t private_key[SD_P521_PRIVATE]);
/* The x coordinate of the shared point.  False, and `shared` zero, when public_key is no point of
 * the curve.  Counts one derive. */
bool sd_p521(uint8_t shared[SD_P521_SHARED], const uint8_t private_key[SD_P521_PRIVATE],
             const uint8_t public_key[SD_P521_PUBLIC]);

#endif
