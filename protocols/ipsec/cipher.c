#include "protocols/ipsec/cipher.h"
#include "protocols/crypto/aead.h"
#include "protocols/crypto/cbc.h"
#include "protocols/crypto/kdf.h"
#include "sim/core/env.h"
#include <string.h>

_Static_assert(CIPHER_ICV == SD_AEAD_TAG && CIPHER_ICV <= SD_KDF_LEN, "RFC 4106, RFC 4868");
_Static_assert(CIPHER_SALT + CIPHER_AEAD_IV == SD_AEAD_NONCE, "RFC 4106, RFC 7634");
_Static_assert(CIPHER_IV_MAX == SD_AES_BLOCK, "RFC 3602");

static const struct known {
    struct cipher_suite suite;
    const char *name;
} known[] = {
    {{CIPHER_AES_GCM_16, 128, CIPHER_NO_INTEGRITY}, "AES-GCM-128"},
    {{CIPHER_AES_GCM_16, 256, CIPHER_NO_INTEGRITY}, "AES-GCM-256"},
    {{CIPHER_CHACHA20_POLY1305, 256, CIPHER_NO_INTEGRITY}, "ChaCha20-Poly1305"},
    {{CIPHER_AES_CBC, 128, CIPHER_HMAC_SHA2_256_128}, "AES-CBC-128 with HMAC-SHA2-256-128"},
    {{CIPHER_AES_CBC, 256, CIPHER_HMAC_SHA2_256_128}, "AES-CBC-256 with HMAC-SHA2-256-128"},
};

static const struct known *find(const struct cipher_suite *s)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct cipher_suite *one = &known[i].suite;
        if (one->encryption == s->encryption && one->key_bits == s->key_bits &&
            one->integrity == s->integrity)
            return &known[i];
    }
    return NULL;
}

bool cipher_known(const struct cipher_suite *s)
{
    return find(s) != NULL;
}

bool cipher_is_aead(const struct cipher_suite *s)
{
    return s->encryption != CIPHER_AES_CBC;
}

static size_t cipher_key(const struct cipher_suite *s)
{
    return s->key_bits / 8u;
}

size_t cipher_key_len(const struct cipher_suite *s)
{
    if (!cipher_known(s))
        return 0;
    return cipher_key(s) + (cipher_is_aead(s) ? CIPHER_SALT : CIPHER_MAC_KEY);
}

size_t cipher_iv_len(const struct cipher_suite *s)
{
    return cipher_is_aead(s) ? CIPHER_AEAD_IV : SD_AES_BLOCK;
}

size_t cipher_block(const struct cipher_suite *s)
{
    return cipher_is_aead(s) ? 1 : SD_AES_BLOCK;
}

const char *cipher_name(const struct cipher_suite *s)
{
    const struct known *k = find(s);
    return k ? k->name : "unknown";
}

/* -- AEADs: RFC 4106, RFC 7634 -- */

static void nonce_of(const struct cipher_suite *s, const uint8_t *key, const uint8_t *iv,
                     uint8_t nonce[SD_AEAD_NONCE])
{
    memcpy(nonce, key + cipher_key(s), CIPHER_SALT);
    memcpy(nonce + CIPHER_SALT, iv, CIPHER_AEAD_IV);
}

static void seal_aead(const struct cipher_suite *s, const uint8_t *key,
                      const struct cipher_message *m)
{
    uint8_t nonce[SD_AEAD_NONCE], *text = m->iv + CIPHER_AEAD_IV;
    const struct sd_aes_gcm gcm = {key, cipher_key(s), CIPHER_ICV};
    nonce_of(s, key, m->iv, nonce);
    if (s->encryption == CIPHER_AES_GCM_16)
        sd_aes_gcm_seal(&gcm, text, text, m->text_len, m->aad, m->aad_len, nonce);
    else
        sd_chachapoly_seal(text, text, m->text_len, m->aad, m->aad_len, nonce, key);
}

static bool open_aead(const struct cipher_suite *s, const uint8_t *key,
                      const struct cipher_message *m)
{
    uint8_t nonce[SD_AEAD_NONCE], *text = m->iv + CIPHER_AEAD_IV;
    const struct sd_aes_gcm gcm = {key, cipher_key(s), CIPHER_ICV};
    size_t sealed = m->text_len + CIPHER_ICV;
    nonce_of(s, key, m->iv, nonce);
    if (s->encryption == CIPHER_AES_GCM_16)
        return sd_aes_gcm_open(&gcm, text, text, sealed, m->aad, m->aad_len, nonce);
    return sd_chachapoly_open(text, text, sealed, m->aad, m->aad_len, nonce, key);
}

/* -- encrypt, then authenticate: RFC 3602, RFC 4868 -- */

static uint8_t *icv_at(const struct cipher_message *m)
{
    return m->iv + SD_AES_BLOCK + m->text_len;
}

/* What is authenticated behind the message stands for a moment where its ICV will. */
static void mac_of(const struct cipher_suite *s, const uint8_t *key, const struct cipher_message *m,
                   uint8_t mac[SD_KDF_LEN])
{
    uint8_t *end = icv_at(m);
    if (m->behind_len)
        memcpy(end, m->behind, m->behind_len);
    sd_hmac_sha256(mac, key + cipher_key(s), CIPHER_MAC_KEY, m->start,
                   (size_t)(end - m->start) + m->behind_len);
}

static void seal_cbc(const struct cipher_suite *s, const uint8_t *key,
                     const struct cipher_message *m)
{
    uint8_t mac[SD_KDF_LEN], *text = m->iv + SD_AES_BLOCK;
    sd_aes_cbc_seal(text, text, m->text_len, m->iv, key, cipher_key(s));
    mac_of(s, key, m, mac);
    memcpy(icv_at(m), mac, CIPHER_ICV);
}

static bool open_cbc(const struct cipher_suite *s, const uint8_t *key,
                     const struct cipher_message *m)
{
    uint8_t sent[CIPHER_ICV], mac[SD_KDF_LEN], *text = m->iv + SD_AES_BLOCK;
    memcpy(sent, icv_at(m), sizeof sent);
    mac_of(s, key, m, mac);
    if (!sd_equal_ct(sent, mac, sizeof sent))
        return false;
    sd_aes_cbc_open(text, text, m->text_len, m->iv, key, cipher_key(s));
    return true;
}

void cipher_seal(const struct cipher_suite *s, const uint8_t *key, const struct cipher_message *m)
{
    if (cipher_is_aead(s))
        seal_aead(s, key, m);
    else
        seal_cbc(s, key, m);
}

bool cipher_open(const struct cipher_suite *s, const uint8_t *key, const struct cipher_message *m)
{
    return cipher_is_aead(s) ? open_aead(s, key, m) : open_cbc(s, key, m);
}
