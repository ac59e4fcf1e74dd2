/* x448.h - X448 (RFC 7748 section 5), counted: libcrypto. */
#ifndef SD_CRYPTO_X448_H
#define SD_CRYPTO_X448_H

#include "sim/core/env.h"

#define SD_X448_LEN 56

/* A new key pair from env's random stream.  Counts one keygen. */
void sd_x448_keygen(struct sd_env *env, uint8_t private_key[SD_X448_LEN],
                    uint8_t public_key[SD_X448_LEN]);
/* The public key of a private key.  Counts one keygen. */
void sd_x448_public(uint8_t public_key[SD_X448_LEN], const uint8_t private_key[SD_X448_LEN]);
/* False when the result is all zero (RFC 7748 section 6.2: a public key of small order); `shared`
 * is then zero.  Counts one derive. */
bool sd_x448(uint8_t shared[SD_X448_LEN], const uint8_t private_key[SD_X448_LEN],
             const uint8_t public_key[SD_X448_LEN]);

#endif
