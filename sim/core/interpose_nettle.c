/* interpose_nettle.c - counts GnuTLS's work by defining the functions of nettle and hogweed that it
 * calls, and gives GnuTLS its randomness.  Part of sd_interpose.
 *
 * Only the outermost call counts, under the names that libcrypto's operations have: an X25519 costs
 * the same whoever's library computes it. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/chacha-poly1305.h>
#include <nettle/curve25519.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/rsa.h>
#include <stdio.h>

#include "sim/core/entropy.h"
#include "sim/core/interpose.h"

#pragma GCC visibility push(default)

/* -- GnuTLS itself: sd_core_init() starts it, and it draws from the entered agent's stream -- */

int _gnutls_global_init_skip(void);
int _gnutls_global_init_skip(void)
{
    return 1;
}

int gnutls_rnd(gnutls_rnd_level_t level, void *data, size_t len)
{
    (void)level;
    sd_entropy(data, len);
    return GNUTLS_E_SUCCESS;
}

/* -- names -- */

static const char *curve_name(const struct ecc_curve *curve)
{
    switch (nettle_ecc_bit_size(curve)) {
    case 256:
        return "P-256";
    case 384:
        return "P-384";
    case 521:
        return "P-521";
    default:
        return "EC";
    }
}

static const char *rsa_name(const struct rsa_public_key *key)
{
    static char name[SD_ALG_NAME];
    snprintf(name, sizeof name, "RSA-%zu", key->size * 8);
    return name;
}

static bool is_aes128(nettle_cipher_func *f)
{
    return f == (nettle_cipher_func *)nettle_aes128_encrypt ||
           f == (nettle_cipher_func *)nettle_aes128_decrypt;
}

static const char *gcm_name(nettle_cipher_func *f)
{
    return is_aes128(f) ? "AES-128-GCM" : "AES-256-GCM";
}

static const char *cbc_name(nettle_cipher_func *f)
{
    return is_aes128(f) ? "AES-128-CBC" : "AES-256-CBC";
}

/* -- public keys -- */

void nettle_curve25519_mul_g(uint8_t *q, const uint8_t *n)
{
    REAL(nettle_curve25519_mul_g);
    sd_count(SD_OP_KEYGEN, "X25519", 0);
    INSIDE_VOID(real(q, n));
}

void nettle_curve25519_mul(uint8_t *q, const uint8_t *n, const uint8_t *p)
{
    REAL(nettle_curve25519_mul);
    sd_count(SD_OP_DERIVE, "X25519", 0);
    INSIDE_VOID(real(q, n, p));
}

void nettle_ecdsa_generate_keypair(struct ecc_point *pub, struct ecc_scalar *key, void *ctx,
                                   nettle_random_func *random)
{
    REAL(nettle_ecdsa_generate_keypair);
    sd_count(SD_OP_KEYGEN, curve_name(key->ecc), 0);
    INSIDE_VOID(real(pub, key, ctx, random));
}

void nettle_ecc_point_mul(struct ecc_point *r, const struct ecc_scalar *n,
                          const struct ecc_point *p)
{
    REAL(nettle_ecc_point_mul);
    sd_count(SD_OP_DERIVE, curve_name(n->ecc), 0);
    INSIDE_VOID(real(r, n, p));
}

void nettle_ecdsa_sign(const struct ecc_scalar *key, void *ctx, nettle_random_func *random,
                       size_t len, const uint8_t *digest, struct dsa_signature *signature)
{
    REAL(nettle_ecdsa_sign);
    sd_count(SD_OP_SIGN, curve_name(key->ecc), 0);
    INSIDE_VOID(real(key, ctx, random, len, digest, signature));
}

int nettle_ecdsa_verify(const struct ecc_point *pub, size_t len, const uint8_t *digest,
                        const struct dsa_signature *signature)
{
    REAL(nettle_ecdsa_verify);
    sd_count(SD_OP_VERIFY, curve_name(pub->ecc), 0);
    return INSIDE(real(pub, len, digest, signature));
}

void nettle_ed25519_sha512_sign(const uint8_t *pub, const uint8_t *key, size_t len,
                                const uint8_t *data, uint8_t *signature)
{
    REAL(nettle_ed25519_sha512_sign);
    sd_count(SD_OP_SIGN, "Ed25519", len);
    INSIDE_VOID(real(pub, key, len, data, signature));
}

int nettle_ed25519_sha512_verify(const uint8_t *pub, size_t len, const uint8_t *data,
                                 const uint8_t *signature)
{
    REAL(nettle_ed25519_sha512_verify);
    sd_count(SD_OP_VERIFY, "Ed25519", len);
    return INSIDE(real(pub, len, data, signature));
}

int nettle_rsa_pss_sha256_sign_digest_tr(const struct rsa_public_key *pub,
                                         const struct rsa_private_key *key, void *ctx,
                                         nettle_random_func *random, size_t salt_len,
                                         const uint8_t *salt, const uint8_t *digest, mpz_t s)
{
    REAL(nettle_rsa_pss_sha256_sign_digest_tr);
    sd_count(SD_OP_SIGN, rsa_name(pub), 0);
    return INSIDE(real(pub, key, ctx, random, salt_len, salt, digest, s));
}

int nettle_rsa_pss_sha256_verify_digest(const struct rsa_public_key *key, size_t salt_len,
                                        const uint8_t *digest, const mpz_t signature)
{
    REAL(nettle_rsa_pss_sha256_verify_digest);
    sd_count(SD_OP_VERIFY, rsa_name(key), 0);
    return INSIDE(real(key, salt_len, digest, signature));
}

int nettle_rsa_pkcs1_verify(const struct rsa_public_key *key, size_t len, const uint8_t *digest,
                            const mpz_t signature)
{
    REAL(nettle_rsa_pkcs1_verify);
    sd_count(SD_OP_VERIFY, rsa_name(key), 0);
    return INSIDE(real(key, len, digest, signature));
}

/* -- hashes: bytes as they come, the call when the digest is taken -- */

#define HASH(name, context, alg)                                                                   \
    void nettle_##name##_update(struct context *ctx, size_t len, const uint8_t *data)              \
    {                                                                                              \
        REAL(nettle_##name##_update);                                                              \
        sd_count_bytes(SD_OP_HASH, alg, len);                                                      \
        INSIDE_VOID(real(ctx, len, data));                                                         \
    }                                                                                              \
    void nettle_##name##_digest(struct context *ctx, size_t len, uint8_t *digest)                  \
    {                                                                                              \
        REAL(nettle_##name##_digest);                                                              \
        sd_count(SD_OP_HASH, alg, 0);                                                              \
        INSIDE_VOID(real(ctx, len, digest));                                                       \
    }
HASH(sha1, sha1_ctx, "SHA1")
HASH(sha256, sha256_ctx, "SHA2-256")
HASH(sha512, sha512_ctx, "SHA2-512")

/* Its update is SHA-512's. */
void nettle_sha384_digest(struct sha512_ctx *ctx, size_t len, uint8_t *digest)
{
    REAL(nettle_sha384_digest);
    sd_count(SD_OP_HASH, "SHA2-384", 0);
    INSIDE_VOID(real(ctx, len, digest));
}

/* -- key derivation and MACs: setting the key belongs to the price of the MAC -- */

#define HMAC(name, context)                                                                        \
    void nettle_hmac_##name##_set_key(struct context *ctx, size_t len, const uint8_t *key)         \
    {                                                                                              \
        REAL(nettle_hmac_##name##_set_key);                                                        \
        INSIDE_VOID(real(ctx, len, key));                                                          \
    }                                                                                              \
    void nettle_hmac_##name##_digest(struct context *ctx, size_t len, uint8_t *digest)             \
    {                                                                                              \
        REAL(nettle_hmac_##name##_digest);                                                         \
        sd_count(SD_OP_MAC, "HMAC", 0);                                                            \
        INSIDE_VOID(real(ctx, len, digest));                                                       \
    }
#define HMAC_UPDATE(name, context)                                                                 \
    void nettle_hmac_##name##_update(struct context *ctx, size_t len, const uint8_t *data)         \
    {                                                                                              \
        REAL(nettle_hmac_##name##_update);                                                         \
        sd_count_bytes(SD_OP_MAC, "HMAC", len);                                                    \
        INSIDE_VOID(real(ctx, len, data));                                                         \
    }
HMAC(sha1, hmac_sha1_ctx)
HMAC_UPDATE(sha1, hmac_sha1_ctx)
HMAC(sha256, hmac_sha256_ctx)
HMAC_UPDATE(sha256, hmac_sha256_ctx)
HMAC(sha384, hmac_sha512_ctx)
HMAC(sha512, hmac_sha512_ctx)
HMAC_UPDATE(sha512, hmac_sha512_ctx)

void nettle_hkdf_extract(void *ctx, nettle_hash_update_func *update,
                         nettle_hash_digest_func *digest, size_t digest_len, size_t secret_len,
                         const uint8_t *secret, uint8_t *out)
{
    REAL(nettle_hkdf_extract);
    sd_count(SD_OP_KDF, "HKDF", digest_len);
    INSIDE_VOID(real(ctx, update, digest, digest_len, secret_len, secret, out));
}

void nettle_hkdf_expand(void *ctx, nettle_hash_update_func *update, nettle_hash_digest_func *digest,
                        size_t digest_len, size_t info_len, const uint8_t *info, size_t len,
                        uint8_t *out)
{
    REAL(nettle_hkdf_expand);
    sd_count(SD_OP_KDF, "HKDF", len);
    INSIDE_VOID(real(ctx, update, digest, digest_len, info_len, info, len, out));
}

/* -- ciphers -- */

/* Additional data is left out of the bytes: a few dozen beside a packet. */
void nettle_gcm_encrypt(struct gcm_ctx *ctx, const struct gcm_key *key, const void *cipher,
                        nettle_cipher_func *f, size_t len, uint8_t *out, const uint8_t *in)
{
    REAL(nettle_gcm_encrypt);
    sd_count(SD_OP_SEAL, gcm_name(f), len);
    INSIDE_VOID(real(ctx, key, cipher, f, len, out, in));
}

void nettle_gcm_decrypt(struct gcm_ctx *ctx, const struct gcm_key *key, const void *cipher,
                        nettle_cipher_func *f, size_t len, uint8_t *out, const uint8_t *in)
{
    REAL(nettle_gcm_decrypt);
    sd_count(SD_OP_OPEN, gcm_name(f), len);
    INSIDE_VOID(real(ctx, key, cipher, f, len, out, in));
}

void nettle_chacha_poly1305_encrypt(struct chacha_poly1305_ctx *ctx, size_t len, uint8_t *out,
                                    const uint8_t *in)
{
    REAL(nettle_chacha_poly1305_encrypt);
    sd_count(SD_OP_SEAL, "ChaCha20-Poly1305", len);
    INSIDE_VOID(real(ctx, len, out, in));
}

void nettle_chacha_poly1305_decrypt(struct chacha_poly1305_ctx *ctx, size_t len, uint8_t *out,
                                    const uint8_t *in)
{
    REAL(nettle_chacha_poly1305_decrypt);
    sd_count(SD_OP_OPEN, "ChaCha20-Poly1305", len);
    INSIDE_VOID(real(ctx, len, out, in));
}

void nettle_cbc_encrypt(const void *cipher, nettle_cipher_func *f, size_t block, uint8_t *iv,
                        size_t len, uint8_t *out, const uint8_t *in)
{
    REAL(nettle_cbc_encrypt);
    sd_count(SD_OP_SEAL, cbc_name(f), len);
    INSIDE_VOID(real(cipher, f, block, iv, len, out, in));
}

void nettle_cbc_decrypt(const void *cipher, nettle_cipher_func *f, size_t block, uint8_t *iv,
                        size_t len, uint8_t *out, const uint8_t *in)
{
    REAL(nettle_cbc_decrypt);
    sd_count(SD_OP_OPEN, cbc_name(f), len);
    INSIDE_VOID(real(cipher, f, block, iv, len, out, in));
}

#pragma GCC visibility pop
