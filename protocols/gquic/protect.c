#include "protocols/gquic/protect.h"
#include "protocols/crypto/aead.h"
#include "protocols/crypto/kdf.h"
#include "protocols/gquic/fnv.h"
#include "sim/core/env.h"
#include "sim/core/reader.h"
#include <string.h>

#define KEY_MAX 32u
#define IV_LEN  4u

const uint32_t gq_aead_tags[GQ_AEADS] = {[GQ_AEAD_AESG] = GQ_AESG, [GQ_AEAD_CC20] = GQ_CC20};

static size_t key_len(enum gq_aead aead)
{
    return aead == GQ_AEAD_AESG ? 16 : 32;
}

/* -- keys -- */

/* The info of HKDF: label, zero, connection id, CHLO, server config, leaf certificate. */
static size_t put_info(uint8_t *info, size_t cap, const struct gq_key_input *in)
{
    struct sd_writer w = sd_writer_of(info, cap);
    sd_put(&w, in->label, strlen(in->label) + 1);
    sd_put64(&w, in->cid);
    sd_put(&w, in->chlo, in->chlo_len);
    sd_put(&w, in->scfg, in->scfg_len);
    sd_put(&w, in->leaf, in->leaf_len);
    return sd_written(&w);
}

bool gq_keys_derive(struct gq_keys *keys, struct sd_env *env, const struct gq_key_input *in)
{
    size_t cap = 64 + in->chlo_len + in->scfg_len + in->leaf_len;
    uint8_t *info = sd_alloc(env, cap);
    if (!info)
        return false;
    size_t info_len = put_info(info, cap, in), n = key_len(in->aead);

    /* The salt is the client's nonce, then the server's if there is one. */
    uint8_t salt[2 * GQ_NONCE_LEN], prk[SD_KDF_LEN], out[2 * (KEY_MAX + IV_LEN)];
    memcpy(salt, in->client_nonce, GQ_NONCE_LEN);
    if (in->server_nonce)
        memcpy(salt + GQ_NONCE_LEN, in->server_nonce, GQ_NONCE_LEN);
    sd_hkdf_sha256_extract(prk, salt, in->server_nonce ? sizeof salt : GQ_NONCE_LEN, in->premaster,
                           32);
    sd_hkdf_sha256_expand(out, 2 * (n + IV_LEN), prk, info, info_len);

    /* The client's key, the server's key, the client's IV, the server's IV. */
    keys->client.aead = keys->server.aead = in->aead;
    memcpy(keys->client.key, out, n);
    memcpy(keys->server.key, out + n, n);
    memcpy(keys->client.iv, out + 2 * n, IV_LEN);
    memcpy(keys->server.iv, out + 2 * n + IV_LEN, IV_LEN);

    sd_wipe(prk, sizeof prk);
    sd_wipe(out, sizeof out);
    sd_free(info);
    return true;
}

void gq_key_diversify(struct gq_key *k, const uint8_t nonce[GQ_NONCE_LEN])
{
    size_t n = key_len(k->aead);
    uint8_t secret[KEY_MAX + IV_LEN], prk[SD_KDF_LEN];
    memcpy(secret, k->key, n);
    memcpy(secret + n, k->iv, IV_LEN);
    sd_hkdf_sha256_extract(prk, nonce, GQ_NONCE_LEN, secret, n + IV_LEN);
    sd_hkdf_sha256_expand(secret, n + IV_LEN, prk, GQ_LABEL_DIVERSIFY, strlen(GQ_LABEL_DIVERSIFY));
    memcpy(k->key, secret, n);
    memcpy(k->iv, secret + n, IV_LEN);
    sd_wipe(secret, sizeof secret);
    sd_wipe(prk, sizeof prk);
}

/* -- packets -- */

/* Unencrypted packets: the lower 12 bytes of FNV-1a-128 over header, text and who speaks, little
 * endian, in front of the text. */
static void hash(uint8_t tag[GQ_TAG_LEN], bool by_client, const uint8_t *header, size_t header_len,
                 const uint8_t *text, size_t len)
{
    struct gq_fnv128 h = gq_fnv128_begin();
    gq_fnv128_add(&h, header, header_len);
    gq_fnv128_add(&h, text, len);
    gq_fnv128_add(&h, by_client ? "Client" : "Server", 6);
    struct sd_writer w = sd_writer_of(tag, GQ_TAG_LEN);
    sd_put64le(&w, h.low);
    sd_put32le(&w, (uint32_t)h.high);
}

/* The nonce is the IV and the whole packet number, little endian. */
static void make_nonce(uint8_t nonce[SD_AEAD_NONCE], const struct gq_key *k, uint64_t number)
{
    struct sd_writer w = sd_writer_of(nonce, SD_AEAD_NONCE);
    sd_put(&w, k->iv, IV_LEN);
    sd_put64le(&w, number);
}

static struct sd_aes_gcm gcm(const struct gq_key *k)
{
    return (struct sd_aes_gcm){.key = k->key, .key_len = 16, .tag_len = GQ_TAG_LEN};
}

void gq_seal(uint8_t *out, const struct gq_key *k, bool by_client, uint64_t number,
             const uint8_t *header, size_t header_len, const uint8_t *text, size_t len)
{
    uint8_t nonce[SD_AEAD_NONCE];
    if (!k) {
        hash(out, by_client, header, header_len, text, len);
        memcpy(out + GQ_TAG_LEN, text, len);
        return;
    }
    make_nonce(nonce, k, number);
    struct sd_aes_gcm g = gcm(k);
    if (k->aead == GQ_AEAD_AESG)
        sd_aes_gcm_seal(&g, out, text, len, header, header_len, nonce);
    else
        sd_chachapoly12_seal(out, text, len, header, header_len, nonce, k->key);
}

bool gq_open(uint8_t *out, const struct gq_key *k, bool by_client, uint64_t number,
             const uint8_t *header, size_t header_len, const uint8_t *sealed, size_t len)
{
    uint8_t nonce[SD_AEAD_NONCE], tag[GQ_TAG_LEN];
    if (len < GQ_TAG_LEN)
        return false;
    if (!k) {
        hash(tag, by_client, header, header_len, sealed + GQ_TAG_LEN, len - GQ_TAG_LEN);
        memcpy(out, sealed + GQ_TAG_LEN, len - GQ_TAG_LEN);
        return memcmp(tag, sealed, GQ_TAG_LEN) == 0;
    }
    make_nonce(nonce, k, number);
    struct sd_aes_gcm g = gcm(k);
    if (k->aead == GQ_AEAD_AESG)
        return sd_aes_gcm_open(&g, out, sealed, len, header, header_len, nonce);
    return sd_chachapoly12_open(out, sealed, len, header, header_len, nonce, k->key);
}
