#include "protocols/crypto/parsed.h"
#include "protocols/crypto/pem.h"
#include "sim/core/env.h"
#include "sim/core/random.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define CERTIFICATES 64u
#define AUTHORITIES  8u

static struct {
    uint8_t *der;
    size_t len;
    X509 *x;
} certificates[CERTIFICATES];
static struct {
    char *pem;
    X509_STORE *store;
} authorities[AUTHORITIES];

/* Extensions, fingerprint, and what an RSA key computes at its first use. */
static void settle(X509 *x)
{
    static const uint8_t nothing[1024];
    EVP_PKEY *key = X509_get0_pubkey(x);
    EVP_MD_CTX *m = EVP_MD_CTX_new();
    X509_check_purpose(x, -1, 0);
    int len = key ? EVP_PKEY_get_size(key) : 0;
    const EVP_MD *md = key && EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    if (m && len > 0 && (size_t)len <= sizeof nothing &&
        EVP_DigestVerifyInit(m, NULL, md, NULL, key) > 0)
        EVP_DigestVerify(m, nothing, (size_t)len, nothing, 1);
    EVP_MD_CTX_free(m);
    ERR_clear_error();
}

static X509 *decode(const uint8_t *der, size_t len)
{
    const unsigned char *at = der;
    X509 *x = d2i_X509(NULL, &at, (long)len);
    if (x && at == der + len) {
        settle(x);
        return x;
    }
    X509_free(x);
    ERR_clear_error();
    return NULL;
}

static X509 *find_certificate(const uint8_t *der, size_t len)
{
    static uint32_t next;
    for (size_t i = 0; i < CERTIFICATES; i++)
        if (certificates[i].len == len && len > 0 && memcmp(certificates[i].der, der, len) == 0)
            return certificates[i].x;
    X509 *x = decode(der, len);
    uint8_t *copy = x ? malloc(len) : NULL;
    if (!copy) {
        X509_free(x);
        return NULL;
    }
    memcpy(copy, der, len);
    free(certificates[next].der);
    X509_free(certificates[next].x);
    certificates[next].der = copy;
    certificates[next].len = len;
    certificates[next].x = x;
    next = (next + 1) % CERTIFICATES;
    return x;
}

X509 *crypto_certificate(const uint8_t *der, size_t len)
{
    struct sd_env *before = sd_enter(NULL);
    X509 *x = find_certificate(der, len);
    if (x)
        X509_up_ref(x);
    sd_leave(before);
    return x;
}

static X509_STORE *make_store(const char *pem)
{
    X509 *ca = sd_pem_certificate(pem);
    X509_STORE *store = X509_STORE_new();
    if (ca)
        settle(ca);
    if (!ca || !store || !X509_STORE_add_cert(store, ca)) {
        X509_STORE_free(store);
        store = NULL;
    }
    X509_free(ca);
    ERR_clear_error();
    return store;
}

static X509_STORE *find_store(const char *pem)
{
    static uint32_t next;
    for (size_t i = 0; i < AUTHORITIES; i++)
        if (authorities[i].pem && strcmp(authorities[i].pem, pem) == 0)
            return authorities[i].store;
    X509_STORE *store = make_store(pem);
    char *copy = store ? strdup(pem) : NULL;
    if (!copy) {
        X509_STORE_free(store);
        return NULL;
    }
    free(authorities[next].pem);
    X509_STORE_free(authorities[next].store);
    authorities[next].pem = copy;
    authorities[next].store = store;
    next = (next + 1) % AUTHORITIES;
    return store;
}

X509_STORE *crypto_authority(const char *pem)
{
    struct sd_env *before = sd_enter(NULL);
    X509_STORE *store = find_store(pem);
    if (store)
        X509_STORE_up_ref(store);
    sd_leave(before);
    return store;
}
