#include "protocols/crypto/x509.h"
#include "protocols/crypto/parsed.h"
#include "protocols/crypto/pem.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

int sd_chain_append(struct sd_chain *chain, struct sd_env *env, const void *der, size_t len)
{
    if (chain->count == SD_CHAIN_MAX)
        return SD_DROP_FULL;
    uint8_t *copy = sd_alloc(env, len ? len : 1);
    if (!copy)
        return SD_E_NOMEM;
    memcpy(copy, der, len);
    chain->certificate[chain->count++] = (struct sd_certificate){copy, len};
    return SD_OK;
}

int sd_chain_from_pem(struct sd_chain *chain, struct sd_env *env, const char *pem)
{
    /* Outside of the agent's world: the end of the text is an error, whose words stay in the
     * thread's queue. */
    struct sd_env *before = sd_enter(NULL);
    *chain = (struct sd_chain){0};
    BIO *text = BIO_new_mem_buf(pem, -1);
    int result = text ? SD_OK : SD_E_NOMEM;
    unsigned char *der;
    long len;
    while (result == SD_OK &&
           PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509, text, NULL, NULL)) {
        result = sd_chain_append(chain, env, der, (size_t)len);
        OPENSSL_free(der);
    }
    ERR_clear_error();
    BIO_free(text);
    sd_leave(before);
    if (result == SD_DROP_FULL || (result == SD_OK && chain->count == 0))
        result = SD_E_ARG;
    if (result != SD_OK)
        sd_chain_free(chain);
    return result;
}

void sd_chain_free(struct sd_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        sd_free(chain->certificate[i].der);
    *chain = (struct sd_chain){0};
}

/* The world of the agent that is entered, without its heap: what libcrypto holds for a while
 * depends on what the process met before (names of all algorithms, methods fetched first), and
 * would show in the agent's state.  Random numbers and operations are still the agent's. */
struct aside {
    struct sd_env world, *agent;
};

static void step_aside(struct aside *a)
{
    a->agent = sd_enter(NULL);
    if (!a->agent)
        return;
    a->world = *a->agent;
    a->world.heap = NULL;
    sd_enter(&a->world);
}

static void step_back(const struct aside *a)
{
    sd_leave(a->agent);
    if (!a->agent)
        return;
    struct sd_heap *heap = a->agent->heap;
    *a->agent = a->world;
    a->agent->heap = heap;
}

static X509 *parse(const struct sd_certificate *c)
{
    return crypto_certificate(c->der, c->len);
}

/* All but the leaf; NULL: one does not parse. */
static STACK_OF(X509) * parse_issuers(const struct sd_chain *chain)
{
    STACK_OF(X509) *issuers = sk_X509_new_null();
    for (size_t i = 1; issuers && i < chain->count; i++) {
        X509 *x = parse(&chain->certificate[i]);
        if (!x || !sk_X509_push(issuers, x)) {
            X509_free(x);
            sk_X509_pop_free(issuers, X509_free);
            issuers = NULL;
        }
    }
    return issuers;
}

static int verify(X509_STORE *store, X509 *leaf, STACK_OF(X509) * issuers, const char *purpose,
                  const char *host, const char **why)
{
    X509_STORE_CTX *v = X509_STORE_CTX_new();
    if (!v)
        return SD_E_NOMEM;
    int result = SD_E_NOMEM;
    if (X509_STORE_CTX_init(v, store, leaf, issuers) && X509_STORE_CTX_set_default(v, purpose) &&
        (!host || X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(v), host, 0))) {
        result = X509_verify_cert(v) == 1 ? SD_OK : SD_DROP_AUTH;
        if (result != SD_OK)
            *why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(v));
    }
    X509_STORE_CTX_free(v);
    ERR_clear_error();
    return result;
}

static int verify_chain(const struct sd_chain *chain, const char *ca_pem, const char *purpose,
                        const char *host, const char **why)
{
    *why = "no certificate that parses";
    X509 *leaf = chain->count > 0 ? parse(&chain->certificate[0]) : NULL;
    STACK_OF(X509) *issuers = leaf ? parse_issuers(chain) : NULL;
    int result = SD_DROP_MALFORMED;
    if (issuers) {
        X509_STORE *store = crypto_authority(ca_pem);
        result = store ? verify(store, leaf, issuers, purpose, host, why) : SD_E_NOMEM;
        X509_STORE_free(store);
    }
    sk_X509_pop_free(issuers, X509_free);
    X509_free(leaf);
    return result;
}

static int verify_for(const struct sd_chain *chain, const char *ca_pem, const char *purpose,
                      const char *host, const char **why)
{
    struct aside a;
    step_aside(&a);
    int result = verify_chain(chain, ca_pem, purpose, host, why);
    step_back(&a);
    return result;
}

int sd_chain_verify(const struct sd_chain *chain, const char *ca_pem, const char *host,
                    const char **why)
{
    return verify_for(chain, ca_pem, "ssl_server", host, why);
}

int sd_chain_verify_client(const struct sd_chain *chain, const char *ca_pem, const char **why)
{
    return verify_for(chain, ca_pem, "ssl_client", NULL, why);
}

bool sd_certificate_is_for(const struct sd_certificate *c, const char *host)
{
    struct aside a;
    step_aside(&a);
    X509 *x = parse(c);
    bool good = x && X509_check_host(x, host, 0, 0, NULL) == 1;
    X509_free(x);
    step_back(&a);
    return good;
}

const char *sd_certificate_name(const struct sd_certificate *c, char *text, size_t cap)
{
    struct aside a;
    step_aside(&a);
    X509 *x = parse(c);
    if (!x ||
        X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, text, (int)cap) < 0)
        snprintf(text, cap, "?");
    X509_free(x);
    step_back(&a);
    return text;
}

bool sd_certificate_public_key(struct sd_certificate *key, struct sd_env *env,
                               const struct sd_certificate *c)
{
    struct aside a;
    step_aside(&a);
    X509 *x = parse(c);
    int len = x ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), NULL) : 0;
    *key = (struct sd_certificate){0};
    if (len > 0 && (key->der = sd_alloc(env, (size_t)len))) {
        unsigned char *at = key->der;
        key->len = (size_t)i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &at);
    }
    X509_free(x);
    step_back(&a);
    return key->der != NULL;
}

static EVP_PKEY *parse_public_key(const struct sd_certificate *key)
{
    const unsigned char *at = key->der;
    EVP_PKEY *k = d2i_PUBKEY(NULL, &at, (long)key->len);
    if (k && at == key->der + key->len)
        return k;
    EVP_PKEY_free(k);
    ERR_clear_error();
    return NULL;
}

uint16_t sd_certificate_scheme(const struct sd_certificate *c, bool raw)
{
    struct aside a;
    step_aside(&a);
    X509 *x = raw ? NULL : parse(c);
    EVP_PKEY *key = raw ? parse_public_key(c) : x ? X509_get_pubkey(x) : NULL;
    char group[16] = "";
    uint16_t scheme = 0;
    if (key && EVP_PKEY_is_a(key, "ED25519"))
        scheme = 0x0807;
    else if (key && EVP_PKEY_is_a(key, "RSA"))
        scheme = 0x0804;
    else if (key && EVP_PKEY_is_a(key, "EC") &&
             EVP_PKEY_get_group_name(key, group, sizeof group, NULL) &&
             strcmp(group, "prime256v1") == 0)
        scheme = 0x0403;
    EVP_PKEY_free(key);
    X509_free(x);
    ERR_clear_error();
    step_back(&a);
    return scheme;
}

/* What a kind of key signs with: Ed25519 hashes for itself. */
static const EVP_MD *digest_of(const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

static bool set_padding(EVP_PKEY_CTX *ctx, const EVP_PKEY *key, int padding)
{
    if (!EVP_PKEY_is_a(key, "RSA"))
        return true;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, padding) > 0 &&
           (padding != RSA_PKCS1_PSS_PADDING ||
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0);
}

static size_t sign(EVP_PKEY *key, uint8_t *signature, size_t cap, const void *data, size_t len)
{
    EVP_MD_CTX *m = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx;
    if (!m || !EVP_DigestSignInit(m, &ctx, digest_of(key), NULL, key) ||
        !set_padding(ctx, key, RSA_PKCS1_PSS_PADDING) ||
        EVP_DigestSign(m, signature, &cap, data, len) != 1)
        cap = 0;
    EVP_MD_CTX_free(m);
    ERR_clear_error();
    return cap;
}

size_t sd_sign_with_pem(uint8_t *signature, size_t cap, const char *private_key, const void *data,
                        size_t len)
{
    struct aside a;
    step_aside(&a);
    EVP_PKEY *key = sd_pem_private_key(private_key);
    size_t written = key ? sign(key, signature, cap, data, len) : 0;
    EVP_PKEY_free(key);
    step_back(&a);
    return written;
}

static bool verify_signature(EVP_PKEY *key, int padding, const uint8_t *signature,
                             size_t signature_len, const void *data, size_t len)
{
    EVP_MD_CTX *m = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx;
    bool good = m && EVP_DigestVerifyInit(m, &ctx, digest_of(key), NULL, key) &&
                set_padding(ctx, key, padding) &&
                EVP_DigestVerify(m, signature, signature_len, data, len) == 1;
    EVP_MD_CTX_free(m);
    ERR_clear_error();
    return good;
}

static bool verify_by(const struct sd_certificate *c, int padding, const uint8_t *signature,
                      size_t signature_len, const void *data, size_t len)
{
    struct aside a;
    step_aside(&a);
    X509 *x = parse(c);
    EVP_PKEY *key = x ? X509_get0_pubkey(x) : NULL;
    bool good = key && verify_signature(key, padding, signature, signature_len, data, len);
    X509_free(x);
    step_back(&a);
    return good;
}

bool sd_verify_with_certificate(const struct sd_certificate *c, const uint8_t *signature,
                                size_t signature_len, const void *data, size_t len)
{
    return verify_by(c, RSA_PKCS1_PSS_PADDING, signature, signature_len, data, len);
}

bool sd_verify_with_certificate_pkcs1(const struct sd_certificate *c, const uint8_t *signature,
                                      size_t signature_len, const void *data, size_t len)
{
    return verify_by(c, RSA_PKCS1_PADDING, signature, signature_len, data, len);
}

bool sd_verify_with_public_key(const struct sd_certificate *key, const uint8_t *signature,
                               size_t signature_len, const void *data, size_t len)
{
    struct aside a;
    step_aside(&a);
    EVP_PKEY *k = parse_public_key(key);
    bool good =
        k && verify_signature(k, RSA_PKCS1_PSS_PADDING, signature, signature_len, data, len);
    EVP_PKEY_free(k);
    step_back(&a);
    return good;
}

bool sd_certificate_key_is(const struct sd_certificate *c, const char *algorithm)
{
    struct aside a;
    step_aside(&a);
    X509 *x = parse(c);
    bool is = x && X509_get0_pubkey(x) && EVP_PKEY_is_a(X509_get0_pubkey(x), algorithm);
    X509_free(x);
    step_back(&a);
    return is;
}

bool sd_public_key_sha1(const char *pem, uint8_t hash[SD_SHA1_LEN])
{
    struct aside a;
    step_aside(&a);
    X509 *x = sd_pem_certificate(pem);
    unsigned char *der = NULL;
    int len = x ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der) : 0;
    if (len > 0)
        sd_sha1(hash, der, (size_t)len);
    OPENSSL_free(der);
    X509_free(x);
    step_back(&a);
    return len > 0;
}
