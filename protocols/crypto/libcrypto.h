/* libcrypto.h - digests of libcrypto that this room shares; private to protocols/crypto.
 * Nothing here counts. */
#ifndef SD_CRYPTO_LIBCRYPTO_H
#define SD_CRYPTO_LIBCRYPTO_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

struct crypto_digest {
    EVP_MD *md;
    EVP_MD_CTX *context;
    size_t len; /* of its output */
};

void crypto_digest_begin(const struct crypto_digest *d);
void crypto_digest_add(const struct crypto_digest *d, const void *data, size_t len);
void crypto_digest_end(const struct crypto_digest *d, uint8_t *out);

struct crypto_digest *crypto_blake2s(void);
struct crypto_digest *crypto_sha256(void);
struct crypto_digest *crypto_sha1(void);

#endif
