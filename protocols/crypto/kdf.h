/* kdf.h - HMAC (RFC 2104) and HKDF (RFC 5869), counted. */
#ifndef SD_CRYPTO_KDF_H
#define SD_CRYPTO_KDF_H

#include "protocols/crypto/hash.h"

#define SD_KDF_LEN 32 /* output of BLAKE2s and of SHA-256 */

/* HMAC over data with a key of any length.  Counts one MAC. */
void sd_hmac_blake2s(uint8_t out[SD_KDF_LEN], const void *key, size_t key_len, const void *data,
                     size_t len);
void sd_hmac(enum sd_hash, uint8_t *out, const void *key, size_t key_len, const void *data,
             size_t len);
void sd_hmac_sha256(uint8_t out[SD_KDF_LEN], const void *key, size_t key_len, const void *data,
                    size_t len);

/* The same over two pieces, a then b (NULL with length 0: none). */
void sd_hmac_sha1(uint8_t out[SD_SHA1_LEN], const void *key, size_t key_len, const void *a,
                  size_t a_len, const void *b, size_t b_len);

/* The HKDF of Noise and WireGuard over HMAC-BLAKE2s: extract with salt `chaining_key`, expand with
 * empty info into up to three blocks.  second and third may be NULL; first may be chaining_key.
 * Counts one KDF of len bytes. */
void sd_hkdf_blake2s(uint8_t first[SD_KDF_LEN], uint8_t *second, uint8_t *third,
                     const uint8_t chaining_key[SD_KDF_LEN], const void *input, size_t len);

/* HKDF-Extract and HKDF-Expand (RFC 5869 sections 2.2, 2.3).  prk is as long as the hash, out_len
 * at most 255 times that.  Each counts one KDF. */
void sd_hkdf_extract(enum sd_hash, uint8_t *prk, const void *salt, size_t salt_len,
                     const void *input, size_t len);
void sd_hkdf_expand(enum sd_hash, uint8_t *out, size_t out_len, const uint8_t *prk,
                    const void *info, size_t info_len);
void sd_hkdf_sha256_extract(uint8_t prk[SD_KDF_LEN], const void *salt, size_t salt_len,
                            const void *input, size_t len);
void sd_hkdf_sha256_expand(uint8_t *out, size_t out_len, const uint8_t prk[SD_KDF_LEN],
                           const void *info, size_t info_len);

/* RFC 8446 section 7.1: HKDF-Expand-Label, with the prefix of the protocol: "tls13 ", "dtls13".
 * prefix and label together at most 255 bytes, context at most 255.  Counts one KDF. */
struct sd_expand_label {
    enum sd_hash hash;
    const char *prefix, *label;
    const uint8_t *secret, *context; /* the secret is as long as the hash */
    size_t context_len;
};
void sd_hkdf_expand_label(uint8_t *out, size_t out_len, const struct sd_expand_label *);

#endif
