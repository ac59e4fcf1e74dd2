/* The low-level functions: libcrypto 3.0 keeps MD4 and DES behind a provider that need not be
 * installed, and these beside it. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "protocols/crypto/legacy.h"
#include "protocols/crypto/counted.h"
#include <openssl/des.h>
#include <openssl/md4.h>
#include <openssl/md5.h>

void sd_md4(uint8_t out[SD_MD4_LEN], const void *data, size_t len)
{
    struct sd_env *before = counted_begin(SD_OP_HASH, "MD4", len);
    MD4(data, len, out);
    counted_end(before);
}

void sd_md5(uint8_t out[SD_MD5_LEN], const void *data, size_t len)
{
    struct sd_env *before = counted_begin(SD_OP_HASH, "MD5", len);
    MD5(data, len, out);
    counted_end(before);
}

/* Seven bits of key in each byte, the lowest bit is parity. */
static void spread(uint8_t out[8], const uint8_t key[SD_DES_KEY])
{
    uint64_t bits = 0;
    for (size_t i = 0; i < SD_DES_KEY; i++)
        bits = bits << 8 | key[i];
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)((bits >> (49 - 7 * i) & 0x7f) << 1);
}

void sd_des(uint8_t out[SD_DES_BLOCK], const uint8_t block[SD_DES_BLOCK],
            const uint8_t key[SD_DES_KEY])
{
    struct sd_env *before = counted_begin(SD_OP_SEAL, "DES", SD_DES_BLOCK);
    DES_cblock whole, in, result;
    DES_key_schedule schedule;
    spread(whole, key);
    DES_set_key_unchecked(&whole, &schedule);
    for (size_t i = 0; i < SD_DES_BLOCK; i++)
        in[i] = block[i];
    DES_ecb_encrypt(&in, &result, &schedule, DES_ENCRYPT);
    for (size_t i = 0; i < SD_DES_BLOCK; i++)
        out[i] = result[i];
    sd_wipe(&schedule, sizeof schedule);
    sd_wipe(whole, sizeof whole);
    counted_end(before);
}
