/* hash.h - hashes and keyed hashes, counted: libcrypto, fetched once, contexts reused.
 *
 * Inputs come in two pieces, a then b, because protocols hash concatenations; b may be NULL with
 * length 0. */
#ifndef SD_CRYPTO_HASH_H
#define SD_CRYPTO_HASH_H

#include "sim/core/base.h"
#include <openssl/types.h>

#define SD_BLAKE2S_LEN     32
#define SD_BLAKE2S_MAC_LEN 16 /* the shorter of the two MAC lengths */
#define SD_SHA1_LEN        20
#define SD_SHA256_LEN      32
#define SD_SHA384_LEN      48
#define SD_SHA512_LEN      64
#define SD_HASH_MAX        64

/* Hashes that a protocol negotiates (FIPS 180-4). */
enum sd_hash { SD_SHA1, SD_SHA256, SD_SHA384, SD_SHA512 };
size_t sd_hash_len(enum sd_hash);
/* Counts one hash. */
void sd_hash_of(enum sd_hash, uint8_t *out, const void *data, size_t len);

/* BLAKE2s-256 (RFC 7693).  out may be a or b.  Counts one hash of a_len + b_len bytes. */
void sd_blake2s(uint8_t out[SD_BLAKE2S_LEN], const void *a, size_t a_len, const void *b,
                size_t b_len);
/* Keyed BLAKE2s (RFC 7693 section 2.9): key of 1 to 32 bytes, out_len 16 or 32, which is part of
 * the function.  Counts one MAC. */
void sd_blake2s_mac(uint8_t *out, size_t out_len, const void *key, size_t key_len, const void *data,
                    size_t len);
/* SHA-1, SHA-256 and SHA-512 (FIPS 180-4).  Each counts one hash. */
void sd_sha1(uint8_t out[SD_SHA1_LEN], const void *data, size_t len);
void sd_sha256(uint8_t out[SD_SHA256_LEN], const void *a, size_t a_len, const void *b,
               size_t b_len);
void sd_sha512(uint8_t out[SD_SHA512_LEN], const void *a, size_t a_len, const void *b,
               size_t b_len);

/* A hash that is fed piece by piece and may be asked in between: transcripts.  The state lies on
 * the heap of the agent that is entered. */
struct sd_hashing {
    enum sd_hash hash;
    EVP_MD_CTX *state; /* NULL: not begun */
};
bool sd_hashing_begin(struct sd_hashing *, enum sd_hash); /* false: no memory */
void sd_hashing_add(struct sd_hashing *, const void *data, size_t len);
/* The hash of all that was added; more may follow.  Counts one hash. */
void sd_hashing_peek(const struct sd_hashing *, uint8_t *out);
void sd_hashing_end(struct sd_hashing *); /* frees it; fine when it was not begun */

#endif
