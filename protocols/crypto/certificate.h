/* certificate.h - what a session description says of a certificate, counted: libcrypto. */
#ifndef SD_CRYPTO_CERTIFICATE_H
#define SD_CRYPTO_CERTIFICATE_H

#include "sim/core/base.h"

#define SD_FINGERPRINT_LEN 32

/* RFC 8122 section 5: SHA-256 over the DER encoding of the first certificate of the PEM text.
 * False: there is none.  Counts one hash. */
bool sd_certificate_fingerprint(const char *pem, uint8_t fingerprint[SD_FINGERPRINT_LEN]);

#endif
