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

/* libcrypto's ciphers: one context for each and each direction, keyed anew for each packet. */
enum cipher { AES_128_GCM, AES_256_GCM, CHACHAPOLY, CIPHERS };
static const char *const cipher_names[CIPHERS] = {"AES-128-GCM", "AES-256-GCM",
                                                  "ChaCha20-Poly1305"};

static EVP_CIPHER_CTX *context_of(enum cipher which, bool seal)
{
    static EVP_CIPHER_CTX *context[CIPHERS][2];
    EVP_CIPHER_CTX **c = &context[which][seal];
    if (!*c) {
        struct sd_env *before = sd_enter(NULL);
        EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_names[which], NULL);
        *c = EVP_CIPHER_CTX_new();
        if (!cipher || !*c || !EVP_CipherInit_ex2(*c, cipher, NULL, NULL, seal, NULL))
            sd_crypto_broken(cipher_names[which]);
        EVP_CIPHER_free(cipher); /* the context keeps its own reference */
        sd_leave(before);
    }
    return *c;
}

static void feed(EVP_CIPHER_CTX *c, uint8_t *out, const void *data, size_t len, const void *aad,
                 size_t aad_len)
{
    int n;
    if ((aad_len && !EVP_CipherUpdate(c, NULL, &n, aad, (int)aad_len)) ||
        (len && !EVP_CipherUpdate(c, out, &n, data, (int)len)))
        sd_crypto_broken("the input of a cipher");
}

/* What to seal or open with: a key, and how much of the tag goes with the text. */
struct shortened {
    enum cipher cipher;
    const uint8_t *key;
    size_t tag_len;
};

static void seal(struct shortened with, uint8_t *out, const void *data, size_t len, const void *aad,
                 size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE])
{
    EVP_CIPHER_CTX *c = context_of(with.cipher, true);
    struct sd_env *before = counted_begin(SD_OP_SEAL, cipher_names[with.cipher], len + aad_len);
    int n;
    if (!EVP_CipherInit_ex2(c, NULL, with.key, nonce, 1, NULL))
        sd_crypto_broken("the key of a cipher");
    feed(c, out, data, len, aad, aad_len);
    if (!EVP_CipherFinal_ex(c, out + len, &n) ||
        !EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, (int)with.tag_len, out + len))
        sd_crypto_broken("the tag of a cipher");
    counted_end(before);
}

static bool open(struct shortened with, uint8_t *out, const void *data, size_t len, const void *aad,
                 size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE])
{
    if (len < with.tag_len)
        return false;
    len -= with.tag_len;
    EVP_CIPHER_CTX *c = context_of(with.cipher, false);
    struct sd_env *before = counted_begin(SD_OP_OPEN, cipher_names[with.cipher], len + aad_len);
    int n;
    uint8_t end[SD_AEAD_TAG];
    /* The tag is set before the text is opened, because out may lie over it. */
    if (!EVP_CipherInit_ex2(c, NULL, with.key, nonce, 0, NULL) ||
        !EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, (int)with.tag_len,
                             (void *)(uintptr_t)((const uint8_t *)data + len)))
        sd_crypto_broken("the key of a cipher");
    feed(c, out, data, len, aad, aad_len);
    bool good = EVP_CipherFinal_ex(c, end, &n) > 0;
    counted_end(before);
    return good;
}

static struct shortened gcm(const struct sd_aes_gcm *g)
{
    return (struct shortened){g->key_len == 32 ? AES_256_GCM : AES_128_GCM, g->key, g->tag_len};
}

void sd_aes_gcm_seal(const struct sd_aes_gcm *g, uint8_t *out, const void *data, size_t len,
                     const void *aad, size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE])
{
    seal(gcm(g), out, data, len, aad, aad_len, nonce);
}

bool sd_aes_gcm_open(const struct sd_aes_gcm *g, uint8_t *out, const void *data, size_t len,
                     const void *aad, size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE])
{
    return open(gcm(g), out, data, len, aad, aad_len, nonce);
}

void sd_chachapoly12_seal(uint8_t *out, const void *data, size_t len, const void *aad,
                          size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE],
                          const uint8_t key[SD_CHACHA20_KEY])
{
    struct shortened with = {CHACHAPOLY, key, SD_CHACHAPOLY12_TAG};
    seal(with, out, data, len, aad, aad_len, nonce);
}

bool sd_chachapoly12_open(uint8_t *out, const void *data, size_t len, const void *aad,
                          size_t aad_len, const uint8_t nonce[SD_AEAD_NONCE],
                          const uint8_t key[SD_CHACHA20_KEY])
{
    struct shortened with = {CHACHAPOLY, key, SD_CHACHAPOLY12_TAG};
    return open(with, out, data, len, aad, aad_len, nonce);
}
