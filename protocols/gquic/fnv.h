/* fnv.h - FNV-1a (Fowler, Noll, Vo) in two widths.  Not cryptography: anybody can compute it. */
#ifndef GQ_FNV_H
#define GQ_FNV_H

#include "sim/core/base.h"

uint64_t gq_fnv64(const void *data, size_t len);

struct gq_fnv128 {
    uint64_t high, low;
};
struct gq_fnv128 gq_fnv128_begin(void);
void gq_fnv128_add(struct gq_fnv128 *, const void *data, size_t len);

#endif
