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

static void open_digest(struct crypto_digest *d, const char *name)
{
    struct sd_env *before = sd_enter(NULL);
    d->md = EVP_MD_fetch(NULL, name, NULL);
    d->context = EVP_MD_CTX_new();
    sd_leave(before);
    if (!d->md || !d->context)
        sd_crypto_broken(name);
    d->len = (size_t)EVP_MD_get_size(d->md);
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

struct crypto_digest *crypto_blake2s(void)
{
    static struct crypto_digest d;
    if (!d.md)
        open_digest(&d, "BLAKE2S-256");
    return &d;
}

struct crypto_digest *crypto_sha256(void)
{
    static struct crypto_digest d;
    if (!d.md)
        open_digest(&d, "SHA2-256");
    return &d;
}

struct crypto_digest *crypto_sha1(void)
{
    static struct crypto_digest d;
    if (!d.md)
        open_digest(&d, "SHA1");
    return &d;
}

static void digest(const struct crypto_digest *d, const char *alg, uint8_t *out, const void *a,
                   size_t a_len, const void *b, size_t b_len)
{
    struct sd_env *before = counted_begin(SD_OP_HASH, alg, a_len + b_len);
    crypto_digest_begin(d);
    crypto_digest_add(d, a, a_len);
    crypto_digest_add(d, b, b_len);
    crypto_digest_end(d, out);
    counted_end(before);
}

void sd_blake2s(uint8_t out[SD_BLAKE2S_LEN], const void *a, size_t a_len, const void *b,
                size_t b_len)
{
    digest(crypto_blake2s(), "BLAKE2S-256", out, a, a_len, b, b_len);
}

void sd_sha256(uint8_t out[SD_SHA256_LEN], const void *a, size_t a_len, const void *b, size_t b_len)
{
    digest(crypto_sha256(), "SHA2-256", out, a, a_len, b, b_len);
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
