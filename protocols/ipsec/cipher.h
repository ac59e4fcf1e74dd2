/* cipher.h - what protects ESP packets and IKE messages alike: an AEAD, or AES-CBC and then a MAC
 * (RFC 7296 3.3.2 numbers them; RFC 5282 and RFC 7634 use ESP's AEADs in IKE). */
#ifndef IPSEC_CIPHER_H
#define IPSEC_CIPHER_H

#include "sim/core/base.h"

/* Transforms by their numbers in IANA's registry: type 1, encryption, and type 3, integrity. */
enum {
    CIPHER_AES_CBC = 12,           /* RFC 3602 */
    CIPHER_AES_GCM_16 = 20,        /* RFC 4106, ICV of 16 */
    CIPHER_CHACHA20_POLY1305 = 28, /* RFC 7634 */
    CIPHER_NO_INTEGRITY = 0,       /* the AEADs' own */
    CIPHER_HMAC_SHA2_256_128 = 12, /* RFC 4868 */
};
#define CIPHER_SALT    4u /* RFC 4106 4, RFC 7634 2: the rest of an AEAD's nonce */
#define CIPHER_AEAD_IV 8u
#define CIPHER_MAC_KEY 32u /* RFC 4868 2.1.1 */
#define CIPHER_ICV     16u /* of all that are here */
#define CIPHER_KEY_MAX (32u + CIPHER_MAC_KEY)
#define CIPHER_IV_MAX  16u

/* What the peers agreed on. */
struct cipher_suite {
    uint16_t encryption, key_bits; /* key_bits: 128 or 256; ChaCha20-Poly1305 has 256 only */
    uint16_t integrity;            /* CIPHER_NO_INTEGRITY with an AEAD */
};
bool cipher_known(const struct cipher_suite *);
bool cipher_is_aead(const struct cipher_suite *);
/* Bytes of key material for one direction: key and salt, or key and MAC key, in the order of ESP's
 * KEYMAT.  0: unknown. */
size_t cipher_key_len(const struct cipher_suite *);
size_t cipher_iv_len(const struct cipher_suite *);
size_t cipher_block(const struct cipher_suite *); /* text is a multiple of it; an AEAD: 1 */
/* "AES-GCM-128", "AES-CBC-256 with HMAC-SHA2-256-128"; never NULL. */
const char *cipher_name(const struct cipher_suite *);

/* A message in place: IV, text_len bytes of text and room for the ICV follow one another. */
struct cipher_message {
    uint8_t *iv; /* set by the caller: unique for an AEAD, unpredictable for CBC */
    size_t text_len;
    const uint8_t *aad; /* of an AEAD */
    size_t aad_len;
    uint8_t *start;        /* a MAC covers what stands from here to the ICV, */
    const uint8_t *behind; /* and so many bytes more, at most CIPHER_ICV, that are not sent */
    size_t behind_len;
};
void cipher_seal(const struct cipher_suite *, const uint8_t *key, const struct cipher_message *);
/* False: the ICV is wrong. */
bool cipher_open(const struct cipher_suite *, const uint8_t *key, const struct cipher_message *);

#endif
