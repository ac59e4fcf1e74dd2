/* prime_curve.h - Diffie-Hellman over the prime curves of FIPS 186-4 D.1.2 (IEEE 1363's ECSVDP-DH),
 * counted: libcrypto.  Private to protocols/crypto; p256.h and p521.h are its faces. */
#ifndef CRYPTO_PRIME_CURVE_H
#define CRYPTO_PRIME_CURVE_H

#include "sim/core/env.h"
#include <openssl/ec.h>

/* A curve: its name in accounts, libcrypto's number, bytes of a scalar and of a coordinate; and
 * room for one calculation, made with the first. */
struct prime_curve {
    const char *name;
    int nid;
    size_t len;
    EC_GROUP *group;
    EC_POINT *point;
    BN_CTX *room;
    BIGNUM *scalar, *x;
};

/* The public key of a private key, out_len bytes in that form.  False when the private key is not
 * in 1 to n - 1.  Counts one keygen. */
bool prime_curve_public(struct prime_curve *, uint8_t *public_key, size_t out_len,
                        point_conversion_form_t, const uint8_t *private_key);
/* The x coordinate of the shared point.  False, and `shared` zero, when public_key is no point of
 * the curve: the validation of IEEE 1363 A.16.10, for a curve whose cofactor is 1.  Counts one
 * derive. */
bool prime_curve_agree(struct prime_curve *, uint8_t *shared, const uint8_t *private_key,
                       const uint8_t *public_key, size_t public_len);

#endif
