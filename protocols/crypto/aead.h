/* aead.h - authenticated encryption, counted: ChaCha20-Poly1305 and XChaCha20-Poly1305 of
 * libsodium, AES-GCM (and the ChaCha20-Poly1305 with short tags) of libcrypto.
 *
 * seal writes len + SD_AEAD_TAG bytes, open writes len - SD_AEAD_TAG; out may be the input.
 * open returns false, and writes nothing that may be used, when the tag is wrong or len is shorter
 * than a tag.  Bytes counted are those of plaintext and associated data. */
#ifndef SD_CRYPTO_AEAD_H
#define SD_CRYPTO_AEAD_H

#include "sim/core/base.h"

#define SD_AEAD_TAG     16
#define SD_AEAD_NONCE   12
#define SD_XAEAD_NONCE  24
#define SD_CHACHA20_KEY 32

/* RFC 8439 section 2.8. */
void sd_chachapoly_seal(uint8_t *out, const void *data, size_t len, const void *aad, size_t aad_len,
                        const uint8_t nonce[SD_AEAD_NONCE], const uint8_t key[SD_CHACHA20_KEY]);
bool sd_chachapoly_open(uint8_t *out, const void *data, size_t len, const void *aad, size_t aad_len,
                        const uint8_t nonce[SD_AEAD_NONCE], const uint8_t key[SD_CHACHA20_KEY]);

/* The same with only the first 12 bytes of the tag (gQUIC: CC20), in place of SD_AEAD_TAG. */
#define SD_CHACHAPOLY12_TAG 12
void sd_chachapoly12_seal(uint8_t *out, const void *data, size_t len, const void *aad,
                          size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE],
                          const uint8_t key[SD_CHACHA20_KEY]);
bool sd_chachapoly12_open(uint8_t *out, const void *data, size_t len, const void *aad,
                          size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE],
                          const uint8_t key[SD_CHACHA20_KEY]);

/* draft-irtf-cfrg-xchacha: the same with a nonce long enough to be random. */
void sd_xchachapoly_seal(uint8_t *out, const void *data, size_t len, const void *aad,
                         size_t aad_len, const uint8_t nonce[SD_XAEAD_NONCE],
                         const uint8_t key[SD_CHACHA20_KEY]);
bool sd_xchachapoly_open(uint8_t *out, const void *data, size_t len, const void *aad,
                         size_t aad_len, const uint8_t nonce[SD_XAEAD_NONCE],
                         const uint8_t key[SD_CHACHA20_KEY]);

/* NIST SP 800-38D with a nonce of 12 bytes.  key_len 16 or 32, tag_len 4 to 16 (gQUIC: 12), which
 * takes the place of SD_AEAD_TAG. */
struct sd_aes_gcm {
    const uint8_t *key;
    size_t key_len, tag_len;
};
void sd_aes_gcm_seal(const struct sd_aes_gcm *, uint8_t *out, const void *data, size_t len,
                     const void *aad, size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE]);
bool sd_aes_gcm_open(const struct sd_aes_gcm *, uint8_t *out, const void *data, size_t len,
                     const void *aad, size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE]);

#endif
