/* parsed.h - certificates and authorities that the process has met, decoded once; private to
 * protocols/crypto.
 *
 * Decoding a certificate costs libcrypto as much as verifying a signature, and an object that
 * lives on keeps what its first use finds out.  So these live on nobody's heap, and everything
 * that a use could find out was found out when they were made: whichever run comes first, all
 * count the same. */
#ifndef SD_CRYPTO_PARSED_H
#define SD_CRYPTO_PARSED_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

/* A reference, which the caller frees; NULL: these bytes are no certificate. */
X509 *crypto_certificate(const uint8_t *der, size_t len);
/* A store with the first certificate of a PEM text; a reference, likewise. */
X509_STORE *crypto_authority(const char *pem);

#endif
