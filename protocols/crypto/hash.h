/* hash.h - hashes and keyed hashes, counted: libcrypto, fetched once, contexts reused.
 *
 * Inputs come in two pieces, a then b, because protocols hash concatenations; b may be NULL with
 * length 0. */
#ifndef SD_CRYPTO_HASH_H
#define SD_CRYPTO_HASH_H

#include "sim/core/base.h"

#define SD_BLAKE2S_LEN     32
#define SD_BLAKE2S_MAC_LEN 16 /* the shorter of the two MAC lengths */
#define SD_SHA256_LEN      32

/* BLAKE2s-256 (RFC 7693).  out may be a or b.  Counts one hash of a_len + b_len bytes. */
void sd_blake2s(uint8_t out[SD_BLAKE2S_LEN], const void *a, size_t a_len, const void *b,
                size_t b_len);
/* Keyed BLAKE2s (RFC 7693 section 2.9): key of 1 to 32 bytes, out_len 16 or 32, which is part of
 * the function.  Counts one MAC. */
void sd_blake2s_mac(uint8_t *out, size_t out_len, const void *key, size_t key_len, const void *data,
                    size_t len);
/* SHA-256 (FIPS 180-4).  Counts one hash. */
void sd_sha256(uint8_t out[SD_SHA256_LEN], const void *a, size_t a_len, const void *b,
               size_t b_len);

#endif
