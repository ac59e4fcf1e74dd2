/* p256.h - Diffie-Hellman over P-256 (FIPS 186-4 D.1.2.3; IEEE 1363's ECSVDP-DH), counted:
 * libcrypto.
 *
 * Public keys are points as SEC 1 section 2.3.3 writes them: compressed, 02 or 03, then the x
 * coordinate; or uncompressed, 04, then both coordinates. */
#ifndef SD_CRYPTO_P256_H
#define SD_CRYPTO_P256_H

#include "sim/core/env.h"

#define SD_P256_PRIVATE 32
#define SD_P256_PUBLIC  33
#define SD_P256_POINT   65 /* uncompressed */
#define SD_P256_SHARED  32

/* A new key pair from env's random stream.  Counts one keygen. */
void sd_p256_keygen(struct sd_env *env, uint8_t private_key[SD_P256_PRIVATE],
                    uint8_t public_key[SD_P256_PUBLIC]);
/* The public key of a private key.  False when it is not in 1 to n - 1.  Counts one keygen. */
bool sd_p256_public(uint8_t public_key[SD_P256_PUBLIC], const uint8_t private_key[SD_P256_PRIVATE]);
/* The x coordinate of the shared point.  False, and `shared` zero, when public_key is no point of
 * the curve: the validation of IEEE 1363 A.16.10, for a curve whose cofactor is 1.  Counts one
 * derive. */
bool sd_p256(uint8_t shared[SD_P256_SHARED], const uint8_t private_key[SD_P256_PRIVATE],
             const uint8_t public_key[SD_P256_PUBLIC]);

/* The same three with uncompressed points. */
void sd_p256_keygen_point(struct sd_env *env, uint8_t private_key[SD_P256_PRIVATE],
                          uint8_t point[SD_P256_POINT]);
bool sd_p256_public_point(uint8_t point[SD_P256_POINT], const uint8_t private_key[SD_P256_PRIVATE]);
bool sd_p256_point(uint8_t shared[SD_P256_SHARED], const uint8_t private_key[SD_P256_PRIVATE],
                   const uint8_t point[SD_P256_POINT]);

#endif
