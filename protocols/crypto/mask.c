#include "protocols/crypto/mask.h"
#include "protocols/crypto/counted.h"
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

/* One context for each key length, keyed anew for each mask. */
static EVP_CIPHER_CTX *ecb_context(size_t key_len)
{
    static EVP_CIPHER_CTX *context[2];
    EVP_CIPHER_CTX **c = &context[key_len == 32];
    if (!*c) {
        struct sd_env *before = sd_enter(NULL);
        EVP_CIPHER *cipher =
            EVP_CIPHER_fetch(NULL, key_len == 32 ? "AES-256-ECB" : "AES-128-ECB", NULL);
        *c = EVP_CIPHER_CTX_new();
        if (!cipher || !*c || !EVP_CipherInit_ex2(*c, cipher, NULL, NULL, 1, NULL) ||
            !EVP_CIPHER_CTX_set_padding(*c, 0))
            sd_crypto_broken("AES-ECB");
        EVP_CIPHER_free(cipher); /* the context keeps its own reference */
        sd_leave(before);
    }
    return *c;
}

void sd_aes_mask(uint8_t mask[SD_MASK_LEN], const uint8_t sample[SD_MASK_LEN], const uint8_t *key,
                 size_t key_len)
{
    EVP_CIPHER_CTX *c = ecb_context(key_len);
    struct sd_env *before =
        counted_begin(SD_OP_SEAL, key_len == 32 ? "AES-256-ECB" : "AES-128-ECB", SD_MASK_LEN);
    int n;
    if (!EVP_CipherInit_ex2(c, NULL, key, NULL, 1, NULL) ||
        !EVP_CipherUpdate(c, mask, &n, sample, SD_MASK_LEN))
        sd_crypto_broken("an AES block");
    counted_end(before);
}

void sd_chacha20_mask(uint8_t mask[SD_MASK_LEN], const uint8_t sample[SD_MASK_LEN],
                      const uint8_t key[32])
{
    static const uint8_t zeros[SD_MASK_LEN];
    struct sd_env *before = counted_begin(SD_OP_SEAL, "ChaCha20", SD_MASK_LEN);
    uint32_t counter = sample[0] | (uint32_t)sample[1] << 8 | (uint32_t)sample[2] << 16 |
                       (uint32_t)sample[3] << 24;
    crypto_stream_chacha20_ietf_xor_ic(mask, zeros, sizeof zeros, sample + 4, counter, key);
    counted_end(before);
}
