#include "protocols/gquic/fnv.h"

uint64_t gq_fnv64(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

struct gq_fnv128 gq_fnv128_begin(void)
{
    return (struct gq_fnv128){UINT64_C(0x6c62272e07bb0142), UINT64_C(0x62b821756295c58d)};
}

/* The prime is 2^88 + 0x13b. */
void gq_fnv128_add(struct gq_fnv128 *h, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t high = h->high, low = h->low;
    for (size_t i = 0; i < len; i++) {
        low ^= p[i];
        uint64_t below = (low & 0xffffffff) * 0x13b, above = (low >> 32) * 0x13b + (below >> 32);
        high = high * 0x13b + (above >> 32) + (low << 24);
        low = above << 32 | (below & 0xffffffff);
    }
    *h = (struct gq_fnv128){high, low};
}
