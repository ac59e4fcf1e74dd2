#include "protocols/crypto/puzzle.h"
#include "protocols/crypto/counted.h"
#include <sodium.h>
#include <string.h>

/* The last four bytes of r with `value` in their last `bits` bits. */
static void put_bits(uint8_t *r, size_t len, unsigned bits, uint32_t value)
{
    uint32_t mask = (UINT32_C(1) << bits) - 1;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t *at = &r[len - 1 - i];
        *at = (uint8_t)((*at & ~(mask >> 8 * i)) | (value >> 8 * i & mask >> 8 * i));
    }
}

void sd_puzzle_clear(uint8_t *r, size_t len, unsigned bits)
{
    put_bits(r, len, bits, 0);
}

bool sd_puzzle_search(uint8_t *r, size_t len, unsigned bits, const uint8_t hash[SD_SHA512_LEN])
{
    uint8_t found[SD_SHA512_LEN];
    for (uint32_t value = 0; value >> bits == 0; value++) {
        struct sd_env *before = counted_begin(SD_OP_PUZZLE, "SHA2-512", len);
        put_bits(r, len, bits, value);
        crypto_hash_sha512(found, r, len);
        counted_end(before);
        if (memcmp(found, hash, sizeof found) == 0)
            return true;
    }
    return false;
}
