#include "protocols/crypto/kdf.h"
#include "protocols/crypto/counted.h"
#include "protocols/crypto/libcrypto.h"
#include "sim/core/reader.h"
#include <string.h>

#define BLOCK_MAX 128 /* of SHA-384 and SHA-512 */

/* As they are counted. */
static const struct {
    const char *hmac, *hkdf;
} names[] = {
    [SD_SHA1] = {"HMAC-SHA1", "HKDF-SHA1"},
    [SD_SHA256] = {"HMAC-SHA2-256", "HKDF-SHA2-256"},
    [SD_SHA384] = {"HMAC-SHA2-384", "HKDF-SHA2-384"},
    [SD_SHA512] = {"HMAC-SHA2-512", "HKDF-SHA2-512"},
};

/* An HMAC that is being fed: RFC 2104 section 2. */
struct hmac {
    const struct crypto_digest *digest;
    uint8_t outer_pad[BLOCK_MAX];
};

static void hmac_begin(struct hmac *h, const struct crypto_digest *d, const void *key, size_t len)
{
    uint8_t pad[BLOCK_MAX] = {0};
    if (len > d->block) {
        crypto_digest_begin(d);
        crypto_digest_add(d, key, len);
        crypto_digest_end(d, pad);
    } else if (len) {
        memcpy(pad, key, len);
    }
    for (size_t i = 0; i < d->block; i++) {
        h->outer_pad[i] = pad[i] ^ 0x5c;
        pad[i] ^= 0x36;
    }
    h->digest = d;
    crypto_digest_begin(d);
    crypto_digest_add(d, pad, d->block);
    sd_wipe(pad, sizeof pad);
}

static void hmac_end(struct hmac *h, uint8_t *out)
{
    uint8_t inner[SD_HASH_MAX];
    crypto_digest_end(h->digest, inner);
    crypto_digest_begin(h->digest);
    crypto_digest_add(h->digest, h->outer_pad, h->digest->block);
    crypto_digest_add(h->digest, inner, h->digest->len);
    crypto_digest_end(h->digest, out);
    sd_wipe(h, sizeof *h);
    sd_wipe(inner, sizeof inner);
}

static void hmac(uint8_t *out, const struct crypto_digest *d, const void *key, size_t key_len,
                 const void *data, size_t len)
{
    struct hmac h;
    hmac_begin(&h, d, key, key_len);
    crypto_digest_add(d, data, len);
    hmac_end(&h, out);
}

void sd_hmac_blake2s(uint8_t out[SD_KDF_LEN], const void *key, size_t key_len, const void *data,
                     size_t len)
{
    const struct crypto_digest *d = crypto_blake2s();
    struct sd_env *before = counted_begin(SD_OP_MAC, "HMAC-BLAKE2S", len);
    hmac(out, d, key, key_len, data, len);
    counted_end(before);
}

void sd_hmac(enum sd_hash hash, uint8_t *out, const void *key, size_t key_len, const void *data,
             size_t len)
{
    const struct crypto_digest *d = crypto_sha(hash);
    struct sd_env *before = counted_begin(SD_OP_MAC, names[hash].hmac, len);
    hmac(out, d, key, key_len, data, len);
    counted_end(before);
}

void sd_hmac_sha1(uint8_t out[SD_SHA1_LEN], const void *key, size_t key_len, const void *a,
                  size_t a_len, const void *b, size_t b_len)
{
    const struct crypto_digest *d = crypto_sha(SD_SHA1);
    struct sd_env *before = counted_begin(SD_OP_MAC, "HMAC-SHA1", a_len + b_len);
    struct hmac h;
    hmac_begin(&h, d, key, key_len);
    crypto_digest_add(d, a, a_len);
    crypto_digest_add(d, b, b_len);
    hmac_end(&h, out);
    counted_end(before);
}

void sd_hmac_sha256(uint8_t out[SD_KDF_LEN], const void *key, size_t key_len, const void *data,
                    size_t len)
{
    sd_hmac(SD_SHA256, out, key, key_len, data, len);
}

/* RFC 5869 section 2.3: T(n) = HMAC(PRK, T(n-1) | info | n). */
static void expand(const struct crypto_digest *d, uint8_t *out, size_t out_len, const uint8_t *prk,
                   const void *info, size_t info_len)
{
    uint8_t block[SD_HASH_MAX];
    size_t have = 0;
    for (uint8_t n = 1; out_len; n++) {
        struct hmac h;
        hmac_begin(&h, d, prk, d->len);
        crypto_digest_add(d, block, have);
        crypto_digest_add(d, info, info_len);
        crypto_digest_add(d, &n, 1);
        hmac_end(&h, block);
        have = d->len;
        size_t take = out_len < have ? out_len : have;
        memcpy(out, block, take);
        out += take;
        out_len -= take;
    }
    sd_wipe(block, sizeof block);
}

void sd_hkdf_blake2s(uint8_t first[SD_KDF_LEN], uint8_t *second, uint8_t *third,
                     const uint8_t chaining_key[SD_KDF_LEN], const void *input, size_t len)
{
    const struct crypto_digest *d = crypto_blake2s();
    struct sd_env *before = counted_begin(SD_OP_KDF, "HKDF-BLAKE2S", len);
    uint8_t prk[SD_KDF_LEN], block[3][SD_KDF_LEN];
    hmac(prk, d, chaining_key, SD_KDF_LEN, input, len);
    expand(d, block[0],
           third    ? 3 * SD_KDF_LEN
           : second ? 2 * SD_KDF_LEN
                    : SD_KDF_LEN,
           prk, NULL, 0);
    memcpy(first, block[0], SD_KDF_LEN);
    if (second)
        memcpy(second, block[1], SD_KDF_LEN);
    if (third)
        memcpy(third, block[2], SD_KDF_LEN);
    sd_wipe(prk, sizeof prk);
    sd_wipe(block, sizeof block);
    counted_end(before);
}

void sd_hkdf_extract(enum sd_hash hash, uint8_t *prk, const void *salt, size_t salt_len,
                     const void *input, size_t len)
{
    const struct crypto_digest *d = crypto_sha(hash);
    struct sd_env *before = counted_begin(SD_OP_KDF, names[hash].hkdf, len);
    hmac(prk, d, salt, salt_len, input, len);
    counted_end(before);
}

void sd_hkdf_expand(enum sd_hash hash, uint8_t *out, size_t out_len, const uint8_t *prk,
                    const void *info, size_t info_len)
{
    const struct crypto_digest *d = crypto_sha(hash);
    struct sd_env *before = counted_begin(SD_OP_KDF, names[hash].hkdf, out_len);
    expand(d, out, out_len, prk, info, info_len);
    counted_end(before);
}

void sd_hkdf_sha256_extract(uint8_t prk[SD_KDF_LEN], const void *salt, size_t salt_len,
                            const void *input, size_t len)
{
    sd_hkdf_extract(SD_SHA256, prk, salt, salt_len, input, len);
}

void sd_hkdf_sha256_expand(uint8_t *out, size_t out_len, const uint8_t prk[SD_KDF_LEN],
                           const void *info, size_t info_len)
{
    sd_hkdf_expand(SD_SHA256, out, out_len, prk, info, info_len);
}

void sd_hkdf_expand_label(uint8_t *out, size_t out_len, const struct sd_expand_label *e)
{
    uint8_t label[2 + 1 + 255 + 1 + 255];
    struct sd_writer w = sd_writer_of(label, sizeof label);
    sd_put16(&w, (uint16_t)out_len);
    sd_put8(&w, (uint8_t)(strlen(e->prefix) + strlen(e->label)));
    sd_put(&w, e->prefix, strlen(e->prefix));
    sd_put(&w, e->label, strlen(e->label));
    sd_put8(&w, (uint8_t)e->context_len);
    sd_put(&w, e->context, e->context_len);
    const struct crypto_digest *d = crypto_sha(e->hash);
    struct sd_env *before = counted_begin(SD_OP_KDF, "TLS13-KDF", out_len);
    expand(d, out, out_len, e->secret, label, sd_written(&w));
    counted_end(before);
}
