#include "tests/gquic/spec.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

/* -- headers -- */

static uint64_t big(const uint8_t *p, size_t len)
{
    uint64_t v = 0;
    while (len-- > 0)
        v = v << 8 | *p++;
    return v;
}

bool spec_header(struct spec_packet *p, const uint8_t *data, size_t len, bool to_server)
{
    static const size_t lens[4] = {1, 2, 4, 6};
    size_t at = 1;
    memset(p, 0, sizeof *p);
    p->to_server = to_server;
    p->q046 = data[0] & 0xc0;
    if (len < 60 && len < 20)
        return false;
    if (data[0] & 0x80) {
        p->version = (uint32_t)big(data + 1, 4);
        if (data[5] != (to_server ? 0x50 : 0x05))
            return false;
        memcpy(p->cid, data + 6, 8);
        p->has_cid = true;
        p->number_len = (data[0] & 3) + 1u;
        at = 14;
        p->has_nonce = !to_server && (data[0] >> 4 & 3) == 1;
    } else if (data[0] & 0x40) {
        p->number_len = (data[0] & 3) + 1u;
        if (to_server) {
            memcpy(p->cid, data + 1, 8);
            p->has_cid = true;
            at = 9;
        }
    } else {
        p->has_cid = data[0] & 8;
        if (p->has_cid) {
            memcpy(p->cid, data + 1, 8);
            at = 9;
        }
        if (data[0] & 1) {
            p->version = (uint32_t)big(data + at, 4);
            at += 4;
        }
        if (data[0] & 4 && !to_server) {
            memcpy(p->nonce, data + at, 32);
            p->has_nonce = true;
            at += 32;
        }
        p->number_len = lens[data[0] >> 4 & 3];
    }
    p->number = big(data + at, p->number_len);
    at += p->number_len;
    if (p->q046 && p->has_nonce) {
        memcpy(p->nonce, data + at, 32);
        at += 32;
    }
    p->header_len = at;
    return at + 12 <= len;
}

/* -- keys: HKDF of OpenSSL -- */

static void hkdf(uint8_t *out, size_t out_len, const uint8_t *key, size_t key_len,
                 const uint8_t *salt, size_t salt_len, const uint8_t *info, size_t info_len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, key_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, salt_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_len),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_KDF_derive(c, out, out_len, params) <= 0)
        memset(out, 0, out_len);
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
}

/* The key and IV that `to_server` packets of a level are sealed with. */
static void keys_of(const struct spec_secrets *s, enum spec_level level, bool to_server,
                    const uint8_t *diversification, uint8_t key[32], uint8_t iv[4])
{
    static const char *const labels[] = {NULL, "QUIC key expansion",
                                         "QUIC forward secure key expansion"};
    uint8_t info[8300], out[72];
    size_t label_len = strlen(labels[level]) + 1, n = s->chacha ? 32 : 16;
    memcpy(info, labels[level], label_len);
    memcpy(info + label_len, s->context, s->context_len);
    hkdf(out, 2 * n + 8, s->premaster[level], 32, s->nonces[level], s->nonces_len[level], info,
         label_len + s->context_len);
    memcpy(key, out + (to_server ? 0 : n), n);
    memcpy(iv, out + 2 * n + (to_server ? 0 : 4), 4);
    if (level == SPEC_INITIAL && !to_server) {
        uint8_t secret[36];
        memcpy(secret, key, n);
        memcpy(secret + n, iv, 4);
        hkdf(out, n + 4, secret, n + 4, diversification, 32,
             (const uint8_t *)"QUIC key diversification", 24);
        memcpy(key, out, n);
        memcpy(iv, out + n, 4);
    }
}

/* -- packets -- */

__extension__ typedef unsigned __int128 u128;

static bool open_clear(struct spec_packet *p, const uint8_t *data, size_t len)
{
    u128 prime = ((u128)1 << 88) + 0x13b;
    u128 hash = (u128)0x6c62272e07bb0142 << 64 | 0x62b821756295c58d;
    const char *who = p->to_server ? "Client" : "Server";
    for (size_t i = 0; i < len; i++)
        if (i < p->header_len || i >= p->header_len + 12)
            hash = (hash ^ data[i]) * prime;
    for (size_t i = 0; i < 6; i++)
        hash = (hash ^ (uint8_t)who[i]) * prime;
    for (size_t i = 0; i < 12; i++)
        if (data[p->header_len + i] != (uint8_t)(hash >> 8 * i))
            return false;
    p->len = len - p->header_len - 12;
    memcpy(p->text, data + p->header_len + 12, p->len);
    return true;
}

static bool open_sealed(struct spec_packet *p, const struct spec_secrets *s, enum spec_level level,
                        const uint8_t *data, size_t len)
{
    uint8_t key[32], nonce[12];
    keys_of(s, level, p->to_server, s->diversification, key, nonce);
    for (size_t i = 0; i < 8; i++)
        nonce[4 + i] = (uint8_t)(p->number >> 8 * i);
    p->len = len - p->header_len - 12;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;
    bool good =
        EVP_DecryptInit_ex(c, s->chacha ? EVP_chacha20_poly1305() : EVP_aes_128_gcm(), NULL, key,
                           nonce) &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 12, (void *)(uintptr_t)(data + len - 12)) &&
        EVP_DecryptUpdate(c, NULL, &n, data, (int)p->header_len) &&
        EVP_DecryptUpdate(c, p->text, &n, data + p->header_len, (int)p->len) &&
        EVP_DecryptFinal_ex(c, p->text + p->len, &n) > 0;
    EVP_CIPHER_CTX_free(c);
    return good;
}

bool spec_open(struct spec_packet *p, const struct spec_secrets *s, const uint8_t *data, size_t len,
               bool to_server)
{
    if (!spec_header(p, data, len, to_server))
        return false;
    p->level = SPEC_CLEAR;
    if (open_clear(p, data, len))
        return true;
    for (int level = SPEC_INITIAL; level < SPEC_LEVELS; level++) {
        p->level = (enum spec_level)level;
        if (s->known[level] && open_sealed(p, s, p->level, data, len))
            return true;
    }
    return false;
}

bool spec_x25519(uint8_t out[32], const uint8_t private_key[32], const uint8_t public_key[32])
{
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, 32);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, 32);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(own, NULL);
    size_t len = 32;
    bool good = EVP_PKEY_derive_init(c) > 0 && EVP_PKEY_derive_set_peer(c, peer) > 0 &&
                EVP_PKEY_derive(c, out, &len) > 0;
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
    return good;
}

/* -- what is in them -- */

static uint32_t little(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

const uint8_t *spec_value(const uint8_t *message, size_t len, const char *tag, size_t *value_len)
{
    char padded[5] = {0};
    memcpy(padded, tag, strlen(tag) < 4 ? strlen(tag) : 4);
    size_t count = message[4] | (size_t)message[5] << 8, begin = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *entry = message + 8 + 8 * i;
        size_t end = little(entry + 4);
        if (memcmp(entry, padded, 4) == 0) {
            *value_len = end - begin;
            return 8 + 8 * count + end <= len ? message + 8 + 8 * count + begin : NULL;
        }
        begin = end;
    }
    return NULL;
}

const uint8_t *spec_crypto(const struct spec_packet *p, size_t *len)
{
    for (size_t at = 0; at < p->len;) {
        uint8_t type = p->text[at];
        if (type & 0x80) {
            size_t id = (type & 3) + 1u, offset = type >> 2 & 7;
            size_t head = 1 + id + (offset ? offset + 1 : 0);
            bool crypto = big(p->text + at + 1, id) == 1;
            *len = type & 0x20 ? (size_t)big(p->text + at + head, 2) : p->len - at - head;
            const uint8_t *data = p->text + at + head + (type & 0x20 ? 2 : 0);
            if (crypto)
                return data;
            at = (size_t)(data - p->text) + *len;
        } else if (type & 0x40) {
            static const size_t lens[4] = {1, 2, 4, 6};
            size_t large = lens[type >> 2 & 3], block = lens[type & 3];
            at += 1 + large + 2;
            size_t blocks = type & 0x20 ? p->text[at++] : 0;
            at += block + blocks * (1 + block);
            at += p->text[at] ? (size_t)p->text[at] * 3 + 3 : 1;
        } else if (type == 6) {
            at += 1 + p->number_len;
        } else {
            return NULL;
        }
    }
    return NULL;
}
