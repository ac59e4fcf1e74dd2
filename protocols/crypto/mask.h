/* mask.h - one block of a cipher as a mask: how record and packet numbers are encrypted (RFC 9147
 * section 4.2.3, RFC 9001 section 5.4), counted: libcrypto, libsodium. */
#ifndef SD_CRYPTO_MASK_H
#define SD_CRYPTO_MASK_H

#include "sim/core/base.h"

#define SD_MASK_LEN 16

/* AES-ECB of the sample.  key_len 16 or 32.  Counts one seal. */
void sd_aes_mask(uint8_t mask[SD_MASK_LEN], const uint8_t sample[SD_MASK_LEN], const uint8_t *key,
                 size_t key_len);
/* The first bytes of ChaCha20's key stream whose block counter and nonce are the sample.  Counts
 * one seal. */
void sd_chacha20_mask(uint8_t mask[SD_MASK_LEN], const uint8_t sample[SD_MASK_LEN],
                      const uint8_t key[32]);

#endif
