/* dh.h - X25519 (RFC 7748 section 5), counted: libsodium. */
#ifndef SD_CRYPTO_DH_H
#define SD_CRYPTO_DH_H

#include "sim/core/env.h"

#define SD_X25519_LEN 32

/* A new key pair from env's random stream; the private key is clamped.  Counts one keygen. */
void sd_x25519_keygen(struct sd_env *env, uint8_t private_key[SD_X25519_LEN],
                      uint8_t public_key[SD_X25519_LEN]);
/* The public key of a private key.  Counts one keygen. */
void sd_x25519_public(uint8_t public_key[SD_X25519_LEN], const uint8_t private_key[SD_X25519_LEN]);
/* False when the result is all zero (RFC 7748 section 6.1: a public key of small order); `shared`
 * is then zero.  Counts one derive. */
bool sd_x25519(uint8_t shared[SD_X25519_LEN], const uint8_t private_key[SD_X25519_LEN],
               const uint8_t public_key[SD_X25519_LEN]);

#endif
