/* random.h - seeded streams.  A run is a function of its seed: every draw comes from a stream
 * whose seed is a hash of what it is for, so that streams never influence one another. */
#ifndef SD_RANDOM_H
#define SD_RANDOM_H

#include "sim/core/base.h"

struct sd_rng {
    uint64_t s[4]; /* xoshiro256** */
};

/* FNV-1a, then a strong mix, over bytes; chain calls by passing the last result as seed. */
uint64_t sd_hash(uint64_t seed, const void *data, size_t len);
uint64_t sd_hash_text(uint64_t seed, const char *text);
uint64_t sd_hash_u64(uint64_t seed, uint64_t value);

void sd_rng_seed(struct sd_rng *r, uint64_t seed);
uint64_t sd_rng_next(struct sd_rng *r);
void sd_rng_fill(struct sd_rng *r, void *buf, size_t len);
uint64_t sd_rng_below(struct sd_rng *r, uint64_t bound); /* unbiased; bound > 0 */
bool sd_rng_chance(struct sd_rng *r, uint32_t ppm);

/* The same three for a value that depends on (key, index) alone: the weather of packet `index`. */
uint64_t sd_draw(uint64_t key, uint64_t index);

#endif
