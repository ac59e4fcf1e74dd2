/* box.h - NaCl's crypto_box and crypto_secretbox, counted: X25519 and HSalsa20 make a key,
 * XSalsa20-Poly1305 seals with it; libsodium.
 *
 * A box between two key pairs and a secretbox are the same once there is a key, so that one pair of
 * functions serves both.  seal writes len + SD_BOX_TAG bytes, the tag first; open writes
 * len - SD_BOX_TAG; out may be the input.  open returns false, and writes nothing that may be used,
 * when the tag is wrong or len is shorter than a tag.  Bytes counted are those of the plaintext. */
#ifndef SD_CRYPTO_BOX_H
#define SD_CRYPTO_BOX_H

#include "sim/core/base.h"

#define SD_BOX_KEY   32
#define SD_BOX_NONCE 24
#define SD_BOX_TAG   16

/* The key of boxes between two key pairs, the same from both sides.  False when public_key is of
 * small order; key is then zero.  Counts one derive. */
bool sd_box_key(uint8_t key[SD_BOX_KEY], const uint8_t public_key[32],
                const uint8_t private_key[32]);
void sd_box_seal(uint8_t *out, const void *data, size_t len, const uint8_t nonce[SD_BOX_NONCE],
                 const uint8_t key[SD_BOX_KEY]);
bool sd_box_open(uint8_t *out, const void *data, size_t len, const uint8_t nonce[SD_BOX_NONCE],
                 const uint8_t key[SD_BOX_KEY]);

#endif
