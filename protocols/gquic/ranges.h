/* ranges.h - a set of integers as ascending ranges that do not touch: packets received, bytes of a
 * stream to be sent, bytes acknowledged. */
#ifndef GQ_RANGES_H
#define GQ_RANGES_H

#include "protocols/gquic/frame.h"
#include "sim/core/env.h"

struct gq_ranges {
    struct gq_range *range; /* on env's heap */
    uint32_t count, cap;
};

void gq_ranges_fini(struct gq_ranges *);
/* False: no memory, nothing changed. */
bool gq_ranges_add(struct gq_ranges *, struct sd_env *, uint64_t from, uint64_t to);
bool gq_ranges_remove(struct gq_ranges *, struct sd_env *, uint64_t from, uint64_t to);
/* Everything below, without need of memory. */
void gq_ranges_remove_below(struct gq_ranges *, uint64_t limit);
bool gq_ranges_has(const struct gq_ranges *, uint64_t n);
/* The first range that ends behind n; NULL: none. */
const struct gq_range *gq_ranges_after(const struct gq_ranges *, uint64_t n);

#endif
