/* legacy.h - algorithms that are broken and that old protocols still ask for (MS-CHAPv2, EAP-MD5),
 * counted: libcrypto.  Nothing new should use them. */
#ifndef SD_CRYPTO_LEGACY_H
#define SD_CRYPTO_LEGACY_H

#include "sim/core/base.h"

#define SD_MD4_LEN   16
#define SD_MD5_LEN   16
#define SD_DES_KEY   7 /* without parity bits */
#define SD_DES_BLOCK 8

/* RFC 1320, RFC 1321.  Count one hash. */
void sd_md4(uint8_t out[SD_MD4_LEN], const void *data, size_t len);
void sd_md5(uint8_t out[SD_MD5_LEN], const void *data, size_t len);
/* One block of DES (FIPS 46-3).  Counts one seal. */
void sd_des(uint8_t out[SD_DES_BLOCK], const uint8_t block[SD_DES_BLOCK],
            const uint8_t key[SD_DES_KEY]);

#endif
