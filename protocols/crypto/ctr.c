#include "protocols/crypto/ctr.h"
#include "protocols/crypto/counted.h"
#include <openssl/evp.h>
#include <string.h>

/* One context for each key length, keyed anew for each call: the two directions are the same. */
static EVP_CIPHER_CTX *context(size_t key_len)
{
    static EVP_CIPHER_CTX *made[2];
    EVP_CIPHER_CTX **c = &made[key_len == 32];
    if (!*c) {
        struct sd_env *before = sd_enter(NULL);
        EVP_CIPHER *cipher =
            EVP_CIPHER_fetch(NULL, key_len == 32 ? "AES-256-CTR" : "AES-128-CTR", NULL);
        *c = EVP_CIPHER_CTX_new();
        if (!cipher || !*c || !EVP_EncryptInit_ex2(*c, cipher, NULL, NULL, NULL))
            sd_crypto_broken("AES-CTR");
        EVP_CIPHER_free(cipher); /* the context keeps its own reference */
        sd_leave(before);
    }
    return *c;
}

static const char *name_of(size_t key_len)
{
    return key_len == 32 ? "AES-256-CTR" : "AES-128-CTR";
}

static void stream(EVP_CIPHER_CTX *c, uint8_t *out, const void *data, size_t len,
                   const uint8_t first[SD_AES_CTR_BLOCK], const uint8_t *key)
{
    int n;
    if (!EVP_EncryptInit_ex2(c, NULL, key, first, NULL) ||
        (len && !EVP_EncryptUpdate(c, out, &n, data, (int)len)))
        sd_crypto_broken("an AES-CTR key");
}

void sd_aes_ctr_seal(uint8_t *out, const void *data, size_t len,
                     const uint8_t first[SD_AES_CTR_BLOCK], const uint8_t *key, size_t key_len)
{
    EVP_CIPHER_CTX *c = context(key_len);
    struct sd_env *before = counted_begin(SD_OP_SEAL, name_of(key_len), len);
    stream(c, out, data, len, first, key);
    counted_end(before);
}

void sd_aes_ctr_open(uint8_t *out, const void *data, size_t len,
                     const uint8_t first[SD_AES_CTR_BLOCK], const uint8_t *key, size_t key_len)
{
    EVP_CIPHER_CTX *c = context(key_len);
    struct sd_env *before = counted_begin(SD_OP_OPEN, name_of(key_len), len);
    stream(c, out, data, len, first, key);
    counted_end(before);
}

void sd_aes_cm_prf(uint8_t *out, size_t out_len, const uint8_t x[SD_AES_CM_INPUT],
                   const uint8_t *key, size_t key_len)
{
    EVP_CIPHER_CTX *c = context(key_len);
    uint8_t first[SD_AES_CTR_BLOCK] = {0};
    struct sd_env *before =
        counted_begin(SD_OP_KDF, key_len == 32 ? "AES-256-CM-PRF" : "AES-128-CM-PRF", out_len);
    memcpy(first, x, SD_AES_CM_INPUT);
    memset(out, 0, out_len);
    stream(c, out, out, out_len, first, key);
    counted_end(before);
}
