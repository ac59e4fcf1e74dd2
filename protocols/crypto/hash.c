#include "protocols/crypto/hash.h"
#include "protocols/crypto/counted.h"
#include "protocols/crypto/libcrypto.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>

void sd_crypto_broken(const char *what)
{
    fprintf(stderr, "crypto: libcrypto refused %s: out of memory, or an installation without it\n",
            what);
    abort();
}

static const struct crypto_digest *opened(struct crypto_digest *d)
{
    if (!d->md) {
        struct sd_env *before = sd_enter(NULL);
        d->md = EVP_MD_fetch(NULL, d->alg, NULL);
        d->context = EVP_MD_CTX_new();
        sd_leave(before);
        if (!d->md || !d->context)
            sd_crypto_broken(d->alg);
    }
    return d;
}

void crypto_digest_begin(const struct crypto_digest *d)
{
    if (!EVP_DigestInit_ex2(d->context, d->md, NULL))
        sd_crypto_broken("a digest's start");
}

void crypto_digest_add(const struct crypto_digest *d, const void *data, size_t len)
{
    if (len && !EVP_DigestUpdate(d->context, data, len))
        sd_crypto_broken("a digest's input");
}

void crypto_digest_end(const struct crypto_digest *d, uint8_t *out)
{
    if (!EVP_DigestFinal_ex(d->context, out, NULL))
        sd_crypto_broken("a digest's end");
}

const struct crypto_digest *crypto_blake2s(void)
{
    static struct crypto_digest d = {.alg = "BLAKE2S-256", .len = SD_BLAKE2S_LEN, .block = 64};
    return opened(&d);
}

const struct crypto_digest *crypto_sha(enum sd_hash hash)
{
    static struct crypto_digest d[] = {
        [SD_SHA1] = {.alg = "SHA1", .len = SD_SHA1_LEN, .block = 64},
        [SD_SHA256] = {.alg = "SHA2-256", .len = SD_SHA256_LEN, .block = 64},
        [SD_SHA384] = {.alg = "SHA2-384", .len = SD_SHA384_LEN, .block = 128},
        [SD_SHA512] = {.alg = "SHA2-512", .len = SD_SHA512_LEN, .block = 128},
    };
    return opened(&d[hash]);
}

size_t sd_hash_len(enum sd_hash hash)
{
    static const size_t len[] = {[SD_SHA1] = SD_SHA1_LEN,
                                 [SD_SHA256] = SD_SHA256_LEN,
                                 [SD_SHA384] = SD_SHA384_LEN,
                                 [SD_SHA512] = SD_SHA512_LEN};
    return len[hash];
}

static void digest(const struct crypto_digest *d, uint8_t *out, const void *a, size_t a_len,
                   const void *b, size_t b_len)
{
    struct sd_env *before = counted_begin(SD_OP_HASH, d->alg, a_len + b_len);
    crypto_digest_begin(d);
    crypto_digest_add(d, a, a_len);
    crypto_digest_add(d, b, b_len);
    crypto_digest_end(d, out);
    counted_end(before);
}

void sd_blake2s(uint8_t out[SD_BLAKE2S_LEN], const void *a, size_t a_len, const void *b,
                size_t b_len)
{
    digest(crypto_blake2s(), out, a, a_len, b, b_len);
}

void sd_sha1(uint8_t out[SD_SHA1_LEN], const void *data, size_t len)
{
    digest(crypto_sha(SD_SHA1), out, data, len, NULL, 0);
}

void sd_sha256(uint8_t out[SD_SHA256_LEN], const void *a, size_t a_len, const void *b, size_t b_len)
{
    digest(crypto_sha(SD_SHA256), out, a, a_len, b, b_len);
}

void sd_sha512(uint8_t out[SD_SHA512_LEN], const void *a, size_t a_len, const void *b, size_t b_len)
{
    digest(crypto_sha(SD_SHA512), out, a, a_len, b, b_len);
}

void sd_hash_of(enum sd_hash hash, uint8_t *out, const void *data, size_t len)
{
    digest(crypto_sha(hash), out, data, len, NULL, 0);
}

bool sd_hashing_begin(struct sd_hashing *h, enum sd_hash hash)
{
    const struct crypto_digest *d = crypto_sha(hash);
    *h = (struct sd_hashing){.hash = hash, .state = EVP_MD_CTX_new()};
    sd_count_depth++;
    if (h->state && !EVP_DigestInit_ex2(h->state, d->md, NULL))
        sd_crypto_broken("a hash's start");
    sd_count_depth--;
    return h->state != NULL;
}

void sd_hashing_add(struct sd_hashing *h, const void *data, size_t len)
{
    sd_count_bytes(SD_OP_HASH, crypto_sha(h->hash)->alg, len);
    sd_count_depth++;
    if (len && !EVP_DigestUpdate(h->state, data, len))
        sd_crypto_broken("a hash's input");
    sd_count_depth--;
}

void sd_hashing_peek(const struct sd_hashing *h, uint8_t *out)
{
    const struct crypto_digest *d = crypto_sha(h->hash);
    struct sd_env *before = counted_begin(SD_OP_HASH, d->alg, 0);
    if (!EVP_MD_CTX_copy_ex(d->context, h->state))
        sd_crypto_broken("a hash's copy");
    crypto_digest_end(d, out);
    counted_end(before);
}

void sd_hashing_end(struct sd_hashing *h)
{
    EVP_MD_CTX_free(h->state);
    h->state = NULL;
}

/* One context for each output length, because the length is a parameter that costs time to set. */
static EVP_MAC_CTX *mac_context(size_t out_len)
{
    static EVP_MAC_CTX *context[2];
    EVP_MAC_CTX **c = &context[out_len == SD_BLAKE2S_MAC_LEN];
    if (!*c) {
        struct sd_env *before = sd_enter(NULL);
        EVP_MAC *mac = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
        OSSL_PARAM size[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &out_len),
                             OSSL_PARAM_construct_end()};
        *c = mac ? EVP_MAC_CTX_new(mac) : NULL;
        if (!*c || !EVP_MAC_CTX_set_params(*c, size))
            sd_crypto_broken("BLAKE2SMAC");
        EVP_MAC_free(mac); /* the context keeps its own reference */
        sd_leave(before);
    }
    return *c;
}

void sd_blake2s_mac(uint8_t *out, size_t out_len, const void *key, size_t key_len, const void *data,
                    size_t len)
{
    EVP_MAC_CTX *c = mac_context(out_len);
    struct sd_env *before = counted_begin(SD_OP_MAC, "BLAKE2SMAC", len);
    size_t written;
    if (!EVP_MAC_init(c, key, key_len, NULL) || !EVP_MAC_update(c, data, len) ||
        !EVP_MAC_final(c, out, &written, out_len) || written != out_len)
        sd_crypto_broken("a BLAKE2s MAC");
    counted_end(before);
}
