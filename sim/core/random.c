/* random.c - seeded streams: xoshiro256** 1.0 (Blackman, Vigna), seeded by SplitMix64. */
#include "sim/core/random.h"

#include <string.h>

/* The output function of SplitMix64 (Steele, Lea, Flood: "Fast splittable PRNGs", 2014). */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

uint64_t sd_hash(uint64_t seed, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ mix(seed + GOLDEN); /* FNV-1a, 64 bits */
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    /* The length is hashed too, so that chained calls cannot be split elsewhere unnoticed. */
    return mix(h ^ (len * GOLDEN));
}

uint64_t sd_hash_text(uint64_t seed, const char *text)
{
    return sd_hash(seed, text, strlen(text));
}

uint64_t sd_hash_u64(uint64_t seed, uint64_t value)
{
    uint8_t b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (uint8_t)(value >> (8 * i));
    return sd_hash(seed, b, sizeof b);
}

void sd_rng_seed(struct sd_rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = mix(seed += GOLDEN);
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

uint64_t sd_rng_next(struct sd_rng *r)
{
    uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

void sd_rng_fill(struct sd_rng *r, void *buf, size_t len)
{
    uint8_t *p = buf;
    while (len > 0) {
        uint64_t v = sd_rng_next(r);
        for (int i = 0; i < 8 && len > 0; i++, len--, v >>= 8)
            *p++ = (uint8_t)v;
    }
}

uint64_t sd_rng_below(struct sd_rng *r, uint64_t bound)
{
    /* Values below 2^64 mod bound would make the low residues likelier: drawn again. */
    uint64_t least = -bound % bound, v;
    do
        v = sd_rng_next(r);
    while (v < least);
    return v % bound;
}

bool sd_rng_chance(struct sd_rng *r, uint32_t ppm)
{
    return sd_rng_below(r, SD_PPM) < ppm;
}

uint64_t sd_draw(uint64_t key, uint64_t index)
{
    return mix(mix(key + GOLDEN) + index * GOLDEN);
}
