#include "protocols/ipsec/keys.h"
#include "protocols/crypto/kdf.h"
#include <stdio.h>
#include <string.h>

static enum sd_hash hash_of(uint16_t prf)
{
    return prf == IKE_PRF_HMAC_SHA2_384 ? SD_SHA384 : SD_SHA256;
}

size_t ike_prf_len(uint16_t prf)
{
    return sd_hash_len(hash_of(prf));
}

void ike_prf(uint16_t prf, uint8_t *out, const void *key, size_t key_len, const void *data,
             size_t len)
{
    sd_hmac(hash_of(prf), out, key, key_len, data, len);
}

/* T1 = prf(K, S | 1), Tn = prf(K, Tn-1 | S | n). */
#define SEED_MAX (IKE_KEX_MAX + 2 * IKE_NONCE_MAX + 2 * IKE_SPI_LEN)
void ike_prf_plus(uint16_t prf, uint8_t *out, size_t out_len, const void *key, size_t key_len,
                  const void *seed, size_t seed_len)
{
    uint8_t input[IKE_PRF_MAX + SEED_MAX + 1], block[IKE_PRF_MAX];
    size_t len = ike_prf_len(prf), have = 0;
    for (uint8_t n = 1; out_len; n++) {
        memcpy(input, block, have);
        memcpy(input + have, seed, seed_len);
        input[have + seed_len] = n;
        ike_prf(prf, block, key, key_len, input, have + seed_len + 1);
        have = len;
        size_t take = out_len < len ? out_len : len;
        memcpy(out, block, take);
        out += take;
        out_len -= take;
    }
    sd_wipe(block, sizeof block);
    sd_wipe(input, sizeof input);
}

/* -- nonces -- */

void ike_nonce_make(struct ike_nonce *n, struct sd_env *env)
{
    n->len = IKE_NONCE_LEN;
    sd_random(env, n->data, n->len);
}

bool ike_nonce_take(struct ike_nonce *n, const struct ike_payload *p)
{
    if (!p || p->len < IKE_NONCE_MIN || p->len > IKE_NONCE_MAX)
        return false;
    n->len = (uint16_t)p->len;
    memcpy(n->data, p->body, p->len);
    return true;
}

static void put_nonces(struct sd_writer *w, const struct ike_nonce *ni, const struct ike_nonce *nr)
{
    sd_put(w, ni->data, ni->len);
    sd_put(w, nr->data, nr->len);
}

/* -- keys -- */

struct cipher_suite ike_cipher_of(const struct ike_suite *s)
{
    return (struct cipher_suite){
        .encryption = s->encr, .key_bits = s->key_bits ? s->key_bits : 256, .integrity = s->integ};
}

void ike_skeyseed(uint8_t *out, uint16_t prf, const struct ike_nonce *ni,
                  const struct ike_nonce *nr, const uint8_t *secret, size_t len)
{
    uint8_t key[2 * IKE_NONCE_MAX];
    struct sd_writer w = sd_writer_of(key, sizeof key);
    put_nonces(&w, ni, nr);
    ike_prf(prf, out, key, sd_written(&w), secret, len);
}

void ike_skeyseed_rekey(uint8_t *out, const struct ike_keys *old, const struct ike_nonce *ni,
                        const struct ike_nonce *nr, const uint8_t *secret, size_t len)
{
    uint8_t seed[SEED_MAX];
    struct sd_writer w = sd_writer_of(seed, sizeof seed);
    sd_put(&w, secret, len);
    put_nonces(&w, ni, nr);
    ike_prf(old->prf, out, old->d, ike_prf_len(old->prf), seed, sd_written(&w));
    sd_wipe(seed, sizeof seed);
}

void ike_keys_derive(struct ike_keys *k, const struct ike_key_input *in)
{
    uint8_t seed[SEED_MAX], keys[3 * IKE_PRF_MAX + 2 * CIPHER_KEY_MAX];
    size_t prf_len = ike_prf_len(in->suite->prf);
    k->cipher = ike_cipher_of(in->suite);
    k->prf = in->suite->prf;
    size_t mac_len = k->cipher.integrity ? CIPHER_MAC_KEY : 0;
    size_t encr_len = cipher_key_len(&k->cipher) - mac_len;
    struct sd_writer w = sd_writer_of(seed, sizeof seed);
    put_nonces(&w, in->ni, in->nr);
    sd_put64(&w, in->spi_i);
    sd_put64(&w, in->spi_r);
    ike_prf_plus(k->prf, keys, 3 * prf_len + 2 * mac_len + 2 * encr_len, in->skeyseed, prf_len,
                 seed, sd_written(&w));
    struct sd_reader r = sd_reader_of(keys, sizeof keys);
    sd_get_copy(&r, k->d, prf_len);
    sd_get_copy(&r, k->protect_i + encr_len, mac_len);
    sd_get_copy(&r, k->protect_r + encr_len, mac_len);
    sd_get_copy(&r, k->protect_i, encr_len);
    sd_get_copy(&r, k->protect_r, encr_len);
    sd_get_copy(&r, k->p_i, prf_len);
    sd_get_copy(&r, k->p_r, prf_len);
    sd_wipe(keys, sizeof keys);
}

void ike_keymat(const struct ike_keys *k, const struct ike_nonce *ni, const struct ike_nonce *nr,
                const uint8_t *secret, size_t secret_len, uint8_t *out, size_t len)
{
    uint8_t seed[SEED_MAX];
    struct sd_writer w = sd_writer_of(seed, sizeof seed);
    sd_put(&w, secret, secret_len);
    put_nonces(&w, ni, nr);
    ike_prf_plus(k->prf, out, len, k->d, ike_prf_len(k->prf), seed, sd_written(&w));
    sd_wipe(seed, sizeof seed);
}

/* -- authentication -- */

size_t ike_signed_octets(uint16_t prf, const struct ike_signed *s, uint8_t *out)
{
    size_t prf_len = ike_prf_len(prf);
    memcpy(out, s->message, s->message_len);
    memcpy(out + s->message_len, s->nonce->data, s->nonce->len);
    ike_prf(prf, out + s->message_len + s->nonce->len, s->sk_p, prf_len, s->id, s->id_len);
    return s->message_len + s->nonce->len + prf_len;
}

void ike_auth_shared(uint16_t prf, uint8_t *out, const uint8_t *shared, size_t shared_len,
                     const uint8_t *octets, size_t octets_len)
{
    uint8_t key[IKE_PRF_MAX];
    ike_prf(prf, key, shared, shared_len, IKE_KEY_PAD, sizeof IKE_KEY_PAD - 1);
    ike_prf(prf, out, key, ike_prf_len(prf), octets, octets_len);
    sd_wipe(key, sizeof key);
}

/* -- key log -- */

static char *put_hex(char *at, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at += sprintf(at, "%02x", data[i]);
    return at;
}

/* Wireshark's names of the algorithms; NULL: it does not know ChaCha20-Poly1305 in IKE. */
static const char *encryption_name(const struct cipher_suite *c)
{
    switch (c->encryption) {
    case CIPHER_AES_GCM_16:
        return c->key_bits == 256 ? "AES-GCM-256 with 16 octet ICV [RFC5282]"
                                  : "AES-GCM-128 with 16 octet ICV [RFC5282]";
    case CIPHER_AES_CBC:
        return c->key_bits == 256 ? "AES-CBC-256 [RFC3602]" : "AES-CBC-128 [RFC3602]";
    default:
        return NULL;
    }
}

void ike_keylog(struct sd_env *env, const struct ike_keys *k, uint64_t spi_i, uint64_t spi_r)
{
    char line[160 + 4 * CIPHER_KEY_MAX], *at = line;
    const char *encryption = encryption_name(&k->cipher);
    if (!env->keylog || !encryption)
        return;
    size_t mac_len = k->cipher.integrity ? CIPHER_MAC_KEY : 0;
    size_t encr_len = cipher_key_len(&k->cipher) - mac_len;
    at += sprintf(at, "%016llx,%016llx,", (unsigned long long)spi_i, (unsigned long long)spi_r);
    at = put_hex(at, k->protect_i, encr_len);
    *at++ = ',';
    at = put_hex(at, k->protect_r, encr_len);
    at += sprintf(at, ",\"%s\",", encryption);
    at = put_hex(at, k->protect_i + encr_len, mac_len);
    *at++ = ',';
    at = put_hex(at, k->protect_r + encr_len, mac_len);
    sprintf(at, ",\"%s\"", mac_len ? "HMAC_SHA2_256_128 [RFC4868]" : "NONE [RFC4306]");
    sd_keylog(env, SD_KEYS_IKE, line);
    sd_wipe(line, sizeof line);
}
