/* puzzle.h - the work of a client puzzle, counted: find the bits that were taken away. */
#ifndef SD_CRYPTO_PUZZLE_H
#define SD_CRYPTO_PUZZLE_H

#include "protocols/crypto/hash.h"

#define SD_PUZZLE_BITS_MAX 31u

/* Clears the last `bits` bits of r (as of a big-endian number), which has at least 4 bytes: a
 * puzzle. */
void sd_puzzle_clear(uint8_t *r, size_t len, unsigned bits);
/* Tries 0, 1, 2, ... there until SHA-512(r) is hash: 2^bits tries at most, half as many on average.
 * False: there is none.  Counts one puzzle over len bytes for each try. */
bool sd_puzzle_search(uint8_t *r, size_t len, unsigned bits, const uint8_t hash[SD_SHA512_LEN]);

#endif
