/* libcrypto.h - digests of libcrypto that this room shares; private to protocols/crypto.
 * Nothing here counts. */
#ifndef SD_CRYPTO_LIBCRYPTO_H
#define SD_CRYPTO_LIBCRYPTO_H

#include "protocols/crypto/hash.h"

struct crypto_digest {
    const char *alg;   /* as it is counted */
    size_t len, block; /* bytes: of its output, of what it works on at once */
    EVP_MD *md;
    EVP_MD_CTX *context;
};

void crypto_digest_begin(const struct crypto_digest *d);
void crypto_digest_add(const struct crypto_digest *d, const void *data, size_t len);
void crypto_digest_end(const struct crypto_digest *d, uint8_t *out);

const struct crypto_digest *crypto_blake2s(void);
const struct crypto_digest *crypto_sha(enum sd_hash);

#endif
