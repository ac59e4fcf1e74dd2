#include "protocols/crypto/cbc.h"
#include "protocols/crypto/counted.h"
#include <openssl/evp.h>

/* One context for each key length and direction, keyed anew for each message. */
static EVP_CIPHER_CTX *cbc_context(size_t key_len, bool seal)
{
    static EVP_CIPHER_CTX *context[2][2];
    EVP_CIPHER_CTX **c = &context[key_len == 32][seal];
    if (!*c) {
        struct sd_env *before = sd_enter(NULL);
        EVP_CIPHER *cipher =
            EVP_CIPHER_fetch(NULL, key_len == 32 ? "AES-256-CBC" : "AES-128-CBC", NULL);
        *c = EVP_CIPHER_CTX_new();
        if (!cipher || !*c || !EVP_CipherInit_ex2(*c, cipher, NULL, NULL, seal, NULL))
            sd_crypto_broken("AES-CBC");
        EVP_CIPHER_free(cipher); /* the context keeps its own reference */
        sd_leave(before);
    }
    return *c;
}

static void cbc(bool seal, uint8_t *out, const void *data, size_t len, const uint8_t *iv,
                const uint8_t *key, size_t key_len)
{
    EVP_CIPHER_CTX *c = cbc_context(key_len, seal);
    struct sd_env *before = counted_begin(seal ? SD_OP_SEAL : SD_OP_OPEN,
                                          key_len == 32 ? "AES-256-CBC" : "AES-128-CBC", len);
    int n;
    if (!EVP_CipherInit_ex2(c, NULL, key, iv, seal, NULL) || !EVP_CIPHER_CTX_set_padding(c, 0) ||
        (len && !EVP_CipherUpdate(c, out, &n, data, (int)len)))
        sd_crypto_broken("AES-CBC input");
    counted_end(before);
}

void sd_aes_cbc_seal(uint8_t *out, const void *data, size_t len, const uint8_t iv[SD_AES_BLOCK],
                     const uint8_t *key, size_t key_len)
{
    cbc(true, out, data, len, iv, key, key_len);
}

void sd_aes_cbc_open(uint8_t *out, const void *data, size_t len, const uint8_t iv[SD_AES_BLOCK],
                     const uint8_t *key, size_t key_len)
{
    cbc(false, out, data, len, iv, key, key_len);
}
