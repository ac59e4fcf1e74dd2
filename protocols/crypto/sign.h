/* sign.h - Ed25519 (RFC 8032), counted: libsodium. */
#ifndef SD_CRYPTO_SIGN_H
#define SD_CRYPTO_SIGN_H

#include "sim/core/env.h"

#define SD_ED25519_SEED      32 /* RFC 8032's private key */
#define SD_ED25519_PUBLIC    32
#define SD_ED25519_SIGNATURE 64

/* Counts one keygen. */
void sd_ed25519_public(uint8_t public_key[SD_ED25519_PUBLIC], const uint8_t seed[SD_ED25519_SEED]);
/* Counts one sign.  public_key must be the seed's. */
void sd_ed25519_sign(uint8_t signature[SD_ED25519_SIGNATURE], const void *data, size_t len,
                     const uint8_t seed[SD_ED25519_SEED],
                     const uint8_t public_key[SD_ED25519_PUBLIC]);
/* Counts one verify. */
bool sd_ed25519_verify(const uint8_t signature[SD_ED25519_SIGNATURE], const void *data, size_t len,
                       const uint8_t public_key[SD_ED25519_PUBLIC]);

#endif
