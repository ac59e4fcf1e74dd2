/* cbc.h - AES in CBC mode (NIST SP 800-38A section 6.2), counted: libcrypto.
 *
 * No padding: len is a multiple of 16.  out may be the input.  It hides and does not authenticate;
 * a MAC over the result does. */
#ifndef SD_CRYPTO_CBC_H
#define SD_CRYPTO_CBC_H

#include "sim/core/base.h"

#define SD_AES_BLOCK 16

/* key_len 16 or 32.  Count one seal, one open. */
void sd_aes_cbc_seal(uint8_t *out, const void *data, size_t len, const uint8_t iv[SD_AES_BLOCK],
                     const uint8_t *key, size_t key_len);
void sd_aes_cbc_open(uint8_t *out, const void *data, size_t len, const uint8_t iv[SD_AES_BLOCK],
                     const uint8_t *key, size_t key_len);

#endif
