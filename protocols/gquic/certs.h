/* certs.h - a chain of certificates as CERT carries it (S: chromium's cert_compressor, the format
 * of QUIC Crypto's "Certificate compression").
 *
 *   (kind 1, hash 8 if cached, hash 8 and index 4 if common)*, zero 1, then, if any is compressed,
 *   uncompressed length 4, zlib of (length 4, certificate)* under the preset dictionary */
#ifndef GQ_CERTS_H
#define GQ_CERTS_H

#include "protocols/crypto/x509.h"

#define GQ_DICTIONARY_LEN 1484
#define GQ_CHAIN_MAX      (128u * 1024) /* S: bytes of a chain, uncompressed */
extern const uint8_t gq_dictionary[GQ_DICTIONARY_LEN];

/* The chain for a client that holds certificates with these FNV-1a-64 hashes (8 bytes each, little
 * endian; whole entries count).  A block of sd_alloc() in *out; SD_OK, SD_E_NOMEM. */
int gq_certs_compress(uint8_t **out, size_t *len, struct sd_env *, const struct sd_chain *,
                      const uint8_t *cached, size_t cached_len);
/* `held` is the chain whose hashes the client sent; NULL: none.  SD_OK, SD_DROP_MALFORMED,
 * SD_E_NOMEM; the chain is empty unless SD_OK. */
int gq_certs_decompress(struct sd_chain *, struct sd_env *, const uint8_t *data, size_t len,
                        const struct sd_chain *held);

#endif
