/* pem.h - certificates and private keys out of PEM text, for rooms that speak with libcrypto. */
#ifndef SD_CRYPTO_PEM_H
#define SD_CRYPTO_PEM_H

#include "sim/core/base.h"
#include <openssl/types.h>

/* Both made anew for every caller, because an object that lives on may keep results of an earlier
 * run; a private key is decoded once per process.  The caller frees them.  NULL: it is none. */
X509 *sd_pem_certificate(const char *pem); /* the first of the text */
EVP_PKEY *sd_pem_private_key(const char *pem);
/* Whether the private key is of this algorithm: "RSA", "EC", "ED25519". */
bool sd_pem_key_is(const char *pem, const char *algorithm);

#endif
