/* interpose_openssl.c - counts libcrypto's work by defining its EVP functions in the executable.
 * libssl and libcrypto call these through the PLT, so calls from inside both arrive here too:
 * chain verification, key schedule, records.  Part of sd_interpose.
 *
 * Only the outermost call counts: what an operation is made of belongs to its price. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/store.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sim/core/interpose.h"

#pragma GCC visibility push(default)

/* -- names of algorithms, one spelling each whichever way OpenSSL got at them -- */

static const char *canonical(const char *name)
{
    static const struct {
        const char *found, *name;
    } spellings[] = {
        {"prime256v1", "P-256"},          {"secp384r1", "P-384"}, {"secp521r1", "P-521"},
        {"ED25519", "Ed25519"},           {"SHA256", "SHA2-256"}, {"SHA384", "SHA2-384"},
        {"SHA512", "SHA2-512"},           {"SHA224", "SHA2-224"}, {"id-aes128-GCM", "AES-128-GCM"},
        {"id-aes256-GCM", "AES-256-GCM"},
    };
    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        if (name[0] == spellings[i].found[0] && strcmp(name, spellings[i].found) == 0)
            return spellings[i].name;
    return name;
}

/* EC and DH keys: the group; RSA: with its size; others: the type.  libssl decides by the error
 * queue (SSL_get_error), so asking must leave no trace there. */
static const char *key_name(EVP_PKEY *key)
{
    static char name[SD_ALG_NAME];
    size_t len;
    if (key == NULL)
        return NULL;
    sd_count_depth++;
    ERR_set_mark();
    const char *type = EVP_PKEY_get0_type_name(key), *result = type;
    if (EVP_PKEY_get_group_name(key, name, sizeof name, &len) == 1) {
        result = name;
    } else if (type != NULL && strcmp(type, "RSA") == 0) {
        snprintf(name, sizeof name, "RSA-%d", EVP_PKEY_get_bits(key));
        result = name;
    }
    ERR_pop_to_mark();
    sd_count_depth--;
    return canonical(result);
}

static const char *key_name_of(EVP_PKEY_CTX *ctx)
{
    return ctx != NULL ? key_name(EVP_PKEY_CTX_get0_pkey(ctx)) : NULL;
}

static const char *signer_name(EVP_MD_CTX *ctx)
{
    return key_name_of(EVP_MD_CTX_get_pkey_ctx(ctx));
}

static const char *digest_name(const EVP_MD *md)
{
    return md != NULL ? canonical(EVP_MD_get0_name(md)) : NULL;
}

static const char *digest_name_of(EVP_MD_CTX *ctx)
{
    return digest_name(EVP_MD_CTX_get0_md(ctx));
}

static const char *mac_name(EVP_MAC_CTX *ctx)
{
    return EVP_MAC_get0_name(EVP_MAC_CTX_get0_mac(ctx));
}

static const char *cipher_name(const EVP_CIPHER_CTX *ctx)
{
    const EVP_CIPHER *cipher = EVP_CIPHER_CTX_get0_cipher(ctx);
    return cipher != NULL ? canonical(EVP_CIPHER_get0_name(cipher)) : NULL;
}

/* "Signing" with an HMAC key (binders, CBC records) is a MAC. */
static enum sd_op sign_op(const char *name)
{
    return name != NULL && strcmp(name, "HMAC") == 0 ? SD_OP_MAC : SD_OP_SIGN;
}

/* -- public keys -- */

int EVP_PKEY_generate(EVP_PKEY_CTX *ctx, EVP_PKEY **key)
{
    REAL(EVP_PKEY_generate);
    if (!COUNTING)
        return real(ctx, key);
    int result = INSIDE(real(ctx, key));
    sd_count(SD_OP_KEYGEN, result > 0 ? key_name(*key) : NULL, 0);
    return result;
}

int EVP_PKEY_keygen(EVP_PKEY_CTX *ctx, EVP_PKEY **key)
{
    REAL(EVP_PKEY_keygen);
    if (!COUNTING)
        return real(ctx, key);
    int result = INSIDE(real(ctx, key));
    sd_count(SD_OP_KEYGEN, result > 0 ? key_name(*key) : NULL, 0);
    return result;
}

/* Makes a key without content by way of EVP_PKEY_generate: no work. */
int EVP_PKEY_paramgen(EVP_PKEY_CTX *ctx, EVP_PKEY **key)
{
    REAL(EVP_PKEY_paramgen);
    return INSIDE(real(ctx, key));
}

int EVP_PKEY_derive(EVP_PKEY_CTX *ctx, unsigned char *secret, size_t *len)
{
    REAL(EVP_PKEY_derive);
    if (!COUNTING || secret == NULL) /* only asks the length */
        return real(ctx, secret, len);
    if (EVP_PKEY_CTX_get0_pkey(ctx) == NULL) /* HKDF and TLS1-PRF as "keys" without a key */
        sd_count(SD_OP_KDF, EVP_PKEY_CTX_is_a(ctx, "HKDF") ? "HKDF" : "TLS1-PRF", *len);
    else
        sd_count(SD_OP_DERIVE, key_name_of(ctx), 0);
    return INSIDE(real(ctx, secret, len));
}

int EVP_DigestSign(EVP_MD_CTX *ctx, unsigned char *sig, size_t *sig_len, const unsigned char *data,
                   size_t len)
{
    REAL(EVP_DigestSign);
    if (!COUNTING || sig == NULL)
        return real(ctx, sig, sig_len, data, len);
    const char *name = signer_name(ctx);
    sd_count(sign_op(name), name, len);
    return INSIDE(real(ctx, sig, sig_len, data, len));
}

int EVP_DigestSignUpdate(EVP_MD_CTX *ctx, const void *data, size_t len)
{
    REAL(EVP_DigestSignUpdate);
    if (!COUNTING)
        return real(ctx, data, len);
    const char *name = signer_name(ctx);
    sd_count_bytes(sign_op(name), name, len);
    return INSIDE(real(ctx, data, len));
}

int EVP_DigestSignFinal(EVP_MD_CTX *ctx, unsigned char *sig, size_t *sig_len)
{
    REAL(EVP_DigestSignFinal);
    if (!COUNTING || sig == NULL)
        return real(ctx, sig, sig_len);
    const char *name = signer_name(ctx);
    sd_count(sign_op(name), name, 0);
    return INSIDE(real(ctx, sig, sig_len));
}

int EVP_PKEY_sign(EVP_PKEY_CTX *ctx, unsigned char *sig, size_t *sig_len,
                  const unsigned char *digest, size_t len)
{
    REAL(EVP_PKEY_sign);
    if (!COUNTING || sig == NULL)
        return real(ctx, sig, sig_len, digest, len);
    sd_count(SD_OP_SIGN, key_name_of(ctx), 0);
    return INSIDE(real(ctx, sig, sig_len, digest, len));
}

int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t sig_len,
                     const unsigned char *data, size_t len)
{
    REAL(EVP_DigestVerify);
    if (!COUNTING)
        return real(ctx, sig, sig_len, data, len);
    sd_count(SD_OP_VERIFY, signer_name(ctx), len);
    return INSIDE(real(ctx, sig, sig_len, data, len));
}

int EVP_DigestVerifyUpdate(EVP_MD_CTX *ctx, const void *data, size_t len)
{
    REAL(EVP_DigestVerifyUpdate);
    if (!COUNTING)
        return real(ctx, data, len);
    sd_count_bytes(SD_OP_VERIFY, signer_name(ctx), len);
    return INSIDE(real(ctx, data, len));
}

int EVP_DigestVerifyFinal(EVP_MD_CTX *ctx, const unsigned char *sig, size_t sig_len)
{
    REAL(EVP_DigestVerifyFinal);
    if (!COUNTING)
        return real(ctx, sig, sig_len);
    sd_count(SD_OP_VERIFY, signer_name(ctx), 0);
    return INSIDE(real(ctx, sig, sig_len));
}

int EVP_PKEY_verify(EVP_PKEY_CTX *ctx, const unsigned char *sig, size_t sig_len,
                    const unsigned char *digest, size_t len)
{
    REAL(EVP_PKEY_verify);
    if (!COUNTING)
        return real(ctx, sig, sig_len, digest, len);
    sd_count(SD_OP_VERIFY, key_name_of(ctx), 0);
    return INSIDE(real(ctx, sig, sig_len, digest, len));
}

int EVP_PKEY_encrypt(EVP_PKEY_CTX *ctx, unsigned char *out, size_t *out_len,
                     const unsigned char *in, size_t len)
{
    REAL(EVP_PKEY_encrypt);
    if (!COUNTING || out == NULL)
        return real(ctx, out, out_len, in, len);
    sd_count(SD_OP_PKCRYPT, key_name_of(ctx), 0);
    return INSIDE(real(ctx, out, out_len, in, len));
}

int EVP_PKEY_decrypt(EVP_PKEY_CTX *ctx, unsigned char *out, size_t *out_len,
                     const unsigned char *in, size_t len)
{
    REAL(EVP_PKEY_decrypt);
    if (!COUNTING || out == NULL)
        return real(ctx, out, out_len, in, len);
    sd_count(SD_OP_PKCRYPT, key_name_of(ctx), 0);
    return INSIDE(real(ctx, out, out_len, in, len));
}

/* -- hashes: bytes as they come, the call when the digest is taken -- */

int EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *data, size_t len)
{
    REAL(EVP_DigestUpdate);
    if (!COUNTING)
        return real(ctx, data, len);
    sd_count_bytes(SD_OP_HASH, digest_name_of(ctx), len);
    return INSIDE(real(ctx, data, len));
}

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *digest, unsigned *len)
{
    REAL(EVP_DigestFinal_ex);
    if (!COUNTING)
        return real(ctx, digest, len);
    sd_count(SD_OP_HASH, digest_name_of(ctx), 0);
    return INSIDE(real(ctx, digest, len));
}

int EVP_DigestFinal(EVP_MD_CTX *ctx, unsigned char *digest, unsigned *len)
{
    REAL(EVP_DigestFinal);
    if (!COUNTING)
        return real(ctx, digest, len);
    sd_count(SD_OP_HASH, digest_name_of(ctx), 0);
    return INSIDE(real(ctx, digest, len));
}

int EVP_DigestFinalXOF(EVP_MD_CTX *ctx, unsigned char *digest, size_t len)
{
    REAL(EVP_DigestFinalXOF);
    if (!COUNTING)
        return real(ctx, digest, len);
    sd_count(SD_OP_HASH, digest_name_of(ctx), 0);
    return INSIDE(real(ctx, digest, len));
}

int EVP_Digest(const void *data, size_t len, unsigned char *digest, unsigned *digest_len,
               const EVP_MD *md, ENGINE *engine)
{
    REAL(EVP_Digest);
    if (!COUNTING)
        return real(data, len, digest, digest_len, md, engine);
    sd_count(SD_OP_HASH, digest_name(md), len);
    return INSIDE(real(data, len, digest, digest_len, md, engine));
}

/* -- key derivation and MACs -- */

int EVP_KDF_derive(EVP_KDF_CTX *ctx, unsigned char *key, size_t len, const OSSL_PARAM params[])
{
    REAL(EVP_KDF_derive);
    if (!COUNTING)
        return real(ctx, key, len, params);
    sd_count(SD_OP_KDF, EVP_KDF_get0_name(EVP_KDF_CTX_kdf(ctx)), len);
    return INSIDE(real(ctx, key, len, params));
}

/* Hashes the key: part of the MAC's price. */
int EVP_MAC_init(EVP_MAC_CTX *ctx, const unsigned char *key, size_t len, const OSSL_PARAM params[])
{
    REAL(EVP_MAC_init);
    return INSIDE(real(ctx, key, len, params));
}

int EVP_MAC_update(EVP_MAC_CTX *ctx, const unsigned char *data, size_t len)
{
    REAL(EVP_MAC_update);
    if (!COUNTING)
        return real(ctx, data, len);
    sd_count_bytes(SD_OP_MAC, mac_name(ctx), len);
    return INSIDE(real(ctx, data, len));
}

int EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *mac, size_t *len, size_t cap)
{
    REAL(EVP_MAC_final);
    if (!COUNTING || mac == NULL)
        return real(ctx, mac, len, cap);
    sd_count(SD_OP_MAC, mac_name(ctx), 0);
    return INSIDE(real(ctx, mac, len, cap));
}

/* -- ciphers: without output it is additional data, whose call is the one that has output -- */

static void count_cipher(const EVP_CIPHER_CTX *ctx, bool sealing, const void *out, long len)
{
    size_t bytes = len > 0 ? (size_t)len : 0;
    enum sd_op op = sealing ? SD_OP_SEAL : SD_OP_OPEN;
    if (out != NULL)
        sd_count(op, cipher_name(ctx), bytes);
    else
        sd_count_bytes(op, cipher_name(ctx), bytes);
}

int EVP_Cipher(EVP_CIPHER_CTX *ctx, unsigned char *out, const unsigned char *in, unsigned len)
{
    REAL(EVP_Cipher);
    if (!COUNTING)
        return real(ctx, out, in, len);
    /* in NULL only finishes what was counted before. */
    if (in != NULL)
        count_cipher(ctx, EVP_CIPHER_CTX_is_encrypting(ctx), out, len);
    return INSIDE(real(ctx, out, in, len));
}

int EVP_CipherUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_len, const unsigned char *in,
                     int len)
{
    REAL(EVP_CipherUpdate);
    if (!COUNTING)
        return real(ctx, out, out_len, in, len);
    count_cipher(ctx, EVP_CIPHER_CTX_is_encrypting(ctx), out, len);
    return INSIDE(real(ctx, out, out_len, in, len));
}

int EVP_EncryptUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_len,
                      const unsigned char *in, int len)
{
    REAL(EVP_EncryptUpdate);
    if (!COUNTING)
        return real(ctx, out, out_len, in, len);
    count_cipher(ctx, true, out, len);
    return INSIDE(real(ctx, out, out_len, in, len));
}

int EVP_DecryptUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *out_len,
                      const unsigned char *in, int len)
{
    REAL(EVP_DecryptUpdate);
    if (!COUNTING)
        return real(ctx, out, out_len, in, len);
    count_cipher(ctx, false, out, len);
    return INSIDE(real(ctx, out, out_len, in, len));
}

/* -- what OpenSSL makes once per process --
 *
 * Whoever comes first makes it for all: outside any agent, so that the first run of a process
 * has no more on its heaps and no draw more than the second. */

#define OUTSIDE(call)                                                                              \
    __extension__({                                                                                \
        struct sd_env *before_ = sd_enter(NULL);                                                   \
        __typeof__(call) result_ = (call);                                                         \
        sd_leave(before_);                                                                         \
        result_;                                                                                   \
    })

int CRYPTO_THREAD_run_once(CRYPTO_ONCE *once, void (*init)(void))
{
    REAL(CRYPTO_THREAD_run_once);
    return OUTSIDE(real(once, init));
}

#define FETCHES(X)                                                                                 \
    X(EVP_MD)                                                                                      \
    X(EVP_CIPHER)                                                                                  \
    X(EVP_MAC)                                                                                     \
    X(EVP_KDF)                                                                                     \
    X(EVP_RAND)                                                                                    \
    X(EVP_KEYMGMT)                                                                                 \
    X(EVP_SIGNATURE)                                                                               \
    X(EVP_KEYEXCH)                                                                                 \
    X(EVP_ASYM_CIPHER)                                                                             \
    X(EVP_KEM)                                                                                     \
    X(OSSL_DECODER)                                                                                \
    X(OSSL_ENCODER)                                                                                \
    X(OSSL_STORE_LOADER)

#define FETCH(type)                                                                                \
    type *type##_fetch(OSSL_LIB_CTX *library, const char *name, const char *properties)            \
    {                                                                                              \
        REAL(type##_fetch);                                                                        \
        return OUTSIDE(real(library, name, properties));                                           \
    }
FETCHES(FETCH)

/* Reading a key looks through all decoders, which makes them. */
#define DO_ALL(type)                                                                               \
    void type##_do_all_provided(OSSL_LIB_CTX *library, void (*visit)(type *, void *), void *ctx)   \
    {                                                                                              \
        REAL(type##_do_all_provided);                                                              \
        struct sd_env *before = sd_enter(NULL);                                                    \
        real(library, visit, ctx);                                                                 \
        sd_leave(before);                                                                          \
    }
FETCHES(DO_ALL)

#pragma GCC visibility pop
