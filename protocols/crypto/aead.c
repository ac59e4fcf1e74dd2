#include "protocols/crypto/aead.h"
#include "protocols/crypto/counted.h"
#include <openssl/evp.h>
#include <sodium.h>

void sd_chachapoly_seal(uint8_t *out, const void *data, size_t len, const void *aad, size_t aad_len,
                        const uint8_t nonce[SD_AEAD_NONCE], const uint8_t key[SD_CHACHA20_KEY])
{
    struct sd_env *before = counted_begin(SD_OP_SEAL, "ChaCha20-Poly1305", len + aad_len);
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, data, len, aad, aad_len, NULL, nonce, key);
    counted_end(before);
}

bool sd_chachapoly_open(uint8_t *out, const void *data, size_t len, const void *aad, size_t aad_len,
                        const uint8_t nonce[SD_AEAD_NONCE], const uint8_t key[SD_CHACHA20_KEY])
{
    if (len < SD_AEAD_TAG)
        return false;
    struct sd_env *before =
        counted_begin(SD_OP_OPEN, "ChaCha20-Poly1305", len - SD_AEAD_TAG + aad_len);
    bool good = crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, data, len, aad, aad_len,
                                                          nonce, key) == 0;
    counted_end(before);
    return good;
}

void sd_xchachapoly_seal(uint8_t *out, const void *data, size_t len, const void *aad,
                         size_t aad_len, const uint8_t nonce[SD_XAEAD_NONCE],
                         const uint8_t key[SD_CHACHA20_KEY])
{
    struct sd_env *before = counted_begin(SD_OP_SEAL, "XChaCha20-Poly1305", len + aad_len);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, data, len, aad, aad_len, NULL, nonce,
                                               key);
    counted_end(before);
}

bool sd_xchachapoly_open(uint8_t *out, const void *data, size_t len, const void *aad,
                         size_t aad_len, const uint8_t nonce[SD_XAEAD_NONCE],
                         const uint8_t key[SD_CHACHA20_KEY])
{
    if (len < SD_AEAD_TAG)
        return false;
    struct sd_env *before =
        counted_begin(SD_OP_OPEN, "XChaCha20-Poly1305", len - SD_AEAD_TAG + aad_len);
    bool good = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, data, len, aad, aad_len,
                                                           nonce, key) == 0;
    counted_end(before);
    return good;
}

/* One context for each key length and direction, keyed anew for each packet. */
static EVP_CIPHER_CTX *gcm_context(size_t key_len, bool seal)
{
    static EVP_CIPHER_CTX *context[2][2];
    EVP_CIPHER_CTX **c = &context[key_len == 32][seal];
    if (!*c) {
        struct sd_env *before = sd_enter(NULL);
        EVP_CIPHER *cipher =
            EVP_CIPHER_fetch(NULL, key_len == 32 ? "AES-256-GCM" : "AES-128-GCM", NULL);
        *c = EVP_CIPHER_CTX_new();
        if (!cipher || !*c || !EVP_CipherInit_ex2(*c, cipher, NULL, NULL, seal, NULL))
            sd_crypto_broken("AES-GCM");
        EVP_CIPHER_free(cipher); /* the context keeps its own reference */
        sd_leave(before);
    }
    return *c;
}

static const char *gcm_name(size_t key_len)
{
    return key_len == 32 ? "AES-256-GCM" : "AES-128-GCM";
}

static void gcm_feed(EVP_CIPHER_CTX *c, uint8_t *out, const void *data, size_t len, const void *aad,
                     size_t aad_len)
{
    int n;
    if ((aad_len && !EVP_CipherUpdate(c, NULL, &n, aad, (int)aad_len)) ||
        (len && !EVP_CipherUpdate(c, out, &n, data, (int)len)))
        sd_crypto_broken("AES-GCM input");
}

void sd_aes_gcm_seal(const struct sd_aes_gcm *g, uint8_t *out, const void *data, size_t len,
                     const void *aad, size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE])
{
    EVP_CIPHER_CTX *c = gcm_context(g->key_len, true);
    struct sd_env *before = counted_begin(SD_OP_SEAL, gcm_name(g->key_len), len + aad_len);
    int n;
    if (!EVP_CipherInit_ex2(c, NULL, g->key, nonce, 1, NULL))
        sd_crypto_broken("an AES-GCM key");
    gcm_feed(c, out, data, len, aad, aad_len);
    if (!EVP_CipherFinal_ex(c, out + len, &n) ||
        !EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, (int)g->tag_len, out + len))
        sd_crypto_broken("an AES-GCM tag");
    counted_end(before);
}

bool sd_aes_gcm_open(const struct sd_aes_gcm *g, uint8_t *out, const void *data, size_t len,
                     const void *aad, size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE])
{
    if (len < g->tag_len)
        return false;
    len -= g->tag_len;
    EVP_CIPHER_CTX *c = gcm_context(g->key_len, false);
    struct sd_env *before = counted_begin(SD_OP_OPEN, gcm_name(g->key_len), len + aad_len);
    int n;
    uint8_t end[SD_AEAD_TAG];
    /* The tag is set before the text is opened, because out may lie over it. */
    if (!EVP_CipherInit_ex2(c, NULL, g->key, nonce, 0, NULL) ||
        !EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, (int)g->tag_len,
                             (void *)(uintptr_t)((const uint8_t *)data + len)))
        sd_crypto_broken("an AES-GCM key");
    gcm_feed(c, out, data, len, aad, aad_len);
    bool good = EVP_CipherFinal_ex(c, end, &n) > 0;
    counted_end(before);
    return good;
}
