/* store.h - a small store of two scenarios, for tests. */
#ifndef SD_TEST_STORE_H
#define SD_TEST_STORE_H

#include "results/store.h"

/* "alpha": protocol {x,y}, loss_ppm {0,20000}, 2 repeats; measures time_ns.
 * "beta": protocol {x}, mode {m}, 1 run; measures time_ns and count. */
#define ALPHA_RUNS 8
extern const struct sd_store_part test_parts[2];

struct sd_store_config test_config(const char *dir, bool resume);
/* Adds run `run` of part `part`, with a time that tells it apart. */
int test_add(struct sd_store *, size_t part, size_t run, struct sd_error *);
/* All runs in an order that is not that of the sweep. */
int test_add_all(struct sd_store *, struct sd_error *);

/* What runs.csv has to be. */
extern const char test_runs[];

#endif
