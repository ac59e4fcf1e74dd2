/* x509.h - chains of certificates (RFC 5280), and what the key of one signs: libcrypto, counted by
 * the interposers as everything inside it is.
 *
 * A chain holds DER, leaf first, on the heap of the env that made it. */
#ifndef SD_CRYPTO_X509_H
#define SD_CRYPTO_X509_H

#include "protocols/crypto/hash.h"
#include "sim/core/env.h"
#include "sim/core/error.h"

#define SD_CHAIN_MAX     8    /* certificates */
#define SD_SIGNATURE_MAX 1024 /* bytes: RSA with 8192 bits */

struct sd_certificate {
    uint8_t *der;
    size_t len;
};
struct sd_chain {
    struct sd_certificate certificate[SD_CHAIN_MAX];
    size_t count;
};

/* All certificates of a PEM text.  SD_OK, SD_E_ARG: none, or too many; SD_E_NOMEM. */
int sd_chain_from_pem(struct sd_chain *, struct sd_env *, const char *pem);
/* A copy of one certificate behind those that are there.  SD_OK, SD_DROP_FULL, SD_E_NOMEM. */
int sd_chain_append(struct sd_chain *, struct sd_env *, const void *der, size_t len);
void sd_chain_free(struct sd_chain *);

/* Does the chain lead from a leaf for `host` (NULL: whatever its name) to the authority of
 * ca_pem, everything valid now (RFC 5280 section 6, RFC 6125)?  SD_OK, SD_DROP_MALFORMED: a
 * certificate does not parse; SD_DROP_AUTH: why in *why, words that live for ever. */
int sd_chain_verify(const struct sd_chain *, const char *ca_pem, const char *host,
                    const char **why);

/* The same for a client's chain, whatever its name. */
int sd_chain_verify_client(const struct sd_chain *, const char *ca_pem, const char **why);

/* Whether a certificate is for this host (RFC 6125). */
bool sd_certificate_is_for(const struct sd_certificate *, const char *host);
/* The common name of its subject, "?" when there is none; returns text. */
const char *sd_certificate_name(const struct sd_certificate *, char *text, size_t cap);
/* Its key as SubjectPublicKeyInfo in DER: a raw public key (RFC 7250).  False: none, or no
 * memory. */
bool sd_certificate_public_key(struct sd_certificate *key, struct sd_env *,
                               const struct sd_certificate *);
/* The SignatureScheme (RFC 8446 4.2.3) that its key signs with here: ecdsa_secp256r1_sha256 0x0403,
 * rsa_pss_rsae_sha256 0x0804, ed25519 0x0807; 0: none of these.  raw: it is a raw public key. */
uint16_t sd_certificate_scheme(const struct sd_certificate *, bool raw);

/* Signs data with a private key: RSA-PSS with SHA-256 and a salt of 32 bytes, ECDSA with SHA-256 in
 * DER, or Ed25519, as the key is.  The signature's length; 0: no such key, or no room. */
size_t sd_sign_with_pem(uint8_t *signature, size_t cap, const char *private_key, const void *data,
                        size_t len);
/* The same for the key of a certificate in DER. */
bool sd_verify_with_certificate(const struct sd_certificate *, const uint8_t *signature,
                                size_t signature_len, const void *data, size_t len);
/* The same for a raw public key. */
bool sd_verify_with_public_key(const struct sd_certificate *key, const uint8_t *signature,
                               size_t signature_len, const void *data, size_t len);
/* RSASSA-PKCS1-v1_5 with SHA-256 instead of PSS (RFC 8017 section 8.2); other keys as above. */
bool sd_verify_with_certificate_pkcs1(const struct sd_certificate *, const uint8_t *signature,
                                      size_t signature_len, const void *data, size_t len);
/* Whether the certificate's key is of this algorithm: "RSA", "EC", "ED25519". */
bool sd_certificate_key_is(const struct sd_certificate *, const char *algorithm);
/* SHA-1 of the SubjectPublicKeyInfo of a PEM text's first certificate (RFC 7296 section 3.7 names
 * authorities so).  False: there is none. */
bool sd_public_key_sha1(const char *pem, uint8_t hash[SD_SHA1_LEN]);

#endif
