#include "protocols/crypto/kdf.h"
#include "protocols/crypto/counted.h"
#include "protocols/crypto/libcrypto.h"
#include <string.h>

#define BLOCK 64 /* of BLAKE2s, of SHA-256 and of SHA-1 */

/* An HMAC that is being fed: RFC 2104 section 2. */
struct hmac {
    const struct crypto_digest *digest;
    uint8_t outer_pad[BLOCK];
};

static void hmac_begin(struct hmac *h, const struct crypto_digest *d, const void *key, size_t len)
{
    uint8_t pad[BLOCK] = {0};
    if (len > BLOCK) {
        crypto_digest_begin(d);
        crypto_digest_add(d, key, len);
        crypto_digest_end(d, pad);
    } else if (len) {
        memcpy(pad, key, len);
    }
    for (size_t i = 0; i < BLOCK; i++) {
        h->outer_pad[i] = pad[i] ^ 0x5c;
        pad[i] ^= 0x36;
    }
    h->digest = d;
    crypto_digest_begin(d);
    crypto_digest_add(d, pad, BLOCK);
    sd_wipe(pad, sizeof pad);
}

static void hmac_end(struct hmac *h, uint8_t *out)
{
    uint8_t inner[SD_KDF_LEN];
    crypto_digest_end(h->digest, inner);
    crypto_digest_begin(h->digest);
    crypto_digest_add(h->digest, h->outer_pad, BLOCK);
    crypto_digest_add(h->digest, inner, h->digest->len);
    crypto_digest_end(h->digest, out);
    sd_wipe(h, sizeof *h);
    sd_wipe(inner, sizeof inner);
}

static void hmac(uint8_t out[SD_KDF_LEN], const struct crypto_digest *d, const void *key,
                 size_t key_len, const void *data, size_t len)
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

void sd_hmac_sha256(uint8_t out[SD_KDF_LEN], const void *key, size_t key_len, const void *data,
                    size_t len)
{
    const struct crypto_digest *d = crypto_sha256();
    struct sd_env *before = counted_begin(SD_OP_MAC, "HMAC-SHA2-256", len);
    hmac(out, d, key, key_len, data, len);
    counted_end(before);
}

void sd_hmac_sha1(uint8_t out[SD_SHA1_LEN], const void *key, size_t key_len, const void *a,
                  size_t a_len, const void *b, size_t b_len)
{
    const struct crypto_digest *d = crypto_sha1();
    struct sd_env *before = counted_begin(SD_OP_MAC, "HMAC-SHA1", a_len + b_len);
    struct hmac h;
    hmac_begin(&h, d, key, key_len);
    crypto_digest_add(d, a, a_len);
    crypto_digest_add(d, b, b_len);
    hmac_end(&h, out);
    counted_end(before);
}

/* RFC 5869 section 2.3: T(n) = HMAC(PRK, T(n-1) | info | n). */
static void expand(const struct crypto_digest *d, uint8_t *out, size_t out_len,
                   const uint8_t prk[SD_KDF_LEN], const void *info, size_t info_len)
{
    uint8_t block[SD_KDF_LEN];
    size_t have = 0;
    for (uint8_t n = 1; out_len; n++) {
        struct hmac h;
        hmac_begin(&h, d, prk, SD_KDF_LEN);
        crypto_digest_add(d, block, have);
        crypto_digest_add(d, info, info_len);
        crypto_digest_add(d, &n, 1);
        hmac_end(&h, block);
        have = sizeof block;
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

void sd_hkdf_sha256_extract(uint8_t prk[SD_KDF_LEN], const void *salt, size_t salt_len,
                            const void *input, size_t len)
{
    const struct crypto_digest *d = crypto_sha256();
    struct sd_env *before = counted_begin(SD_OP_KDF, "HKDF-SHA2-256", len);
    hmac(prk, d, salt, salt_len, input, len);
    counted_end(before);
}

void sd_hkdf_sha256_expand(uint8_t *out, size_t out_len, const uint8_t prk[SD_KDF_LEN],
                           const void *info, size_t info_len)
{
    const struct crypto_digest *d = crypto_sha256();
    struct sd_env *before = counted_begin(SD_OP_KDF, "HKDF-SHA2-256", out_len);
    expand(d, out, out_len, prk, info, info_len);
    counted_end(before);
}
