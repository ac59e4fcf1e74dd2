/* ctr.h - AES in counter mode (NIST SP 800-38A section 6.5) and the key derivation function that
 * SRTP makes of it, counted: libcrypto.
 *
 * It hides and does not authenticate.  out may be the input.  key_len 16 or 32. */
#ifndef SD_CRYPTO_CTR_H
#define SD_CRYPTO_CTR_H

#include "sim/core/base.h"

#define SD_AES_CTR_BLOCK 16
#define SD_AES_CM_INPUT  14

/* first is the first counter block; the next is one more, as a number of 128 bits.  Count one seal,
 * one open. */
void sd_aes_ctr_seal(uint8_t *out, const void *data, size_t len,
                     const uint8_t first[SD_AES_CTR_BLOCK], const uint8_t *key, size_t key_len);
void sd_aes_ctr_open(uint8_t *out, const void *data, size_t len,
                     const uint8_t first[SD_AES_CTR_BLOCK], const uint8_t *key, size_t key_len);
/* RFC 3711 section 4.3.3 (AES-CM PRF) and RFC 6188 (with 256 bits): the key stream that begins at
 * counter block x * 2^16.  out_len at most 2^20.  Counts one KDF of out_len bytes. */
void sd_aes_cm_prf(uint8_t *out, size_t out_len, const uint8_t x[SD_AES_CM_INPUT],
                   const uint8_t *key, size_t key_len);

#endif
