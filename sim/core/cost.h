/* cost.h - what an operation costs a virtual processor.
 *
 * Tables are Lua files, lua/costs/NAME.lua, written by `shakedown calibrate`; lua/costs.c reads
 * them and registers them here, so that core stays free of Lua. */
#ifndef SD_COST_H
#define SD_COST_H

#include "sim/core/account.h"

#define SD_COST_ROWS 96
struct sd_cost_row {
    enum sd_op op;
    char alg[SD_ALG_NAME]; /* "*": any algorithm that has no row of its own */
    uint64_t base_ns;      /* per call */
    uint64_t per_kib_ns;   /* per 1024 bytes */
};

struct sd_cost_table {
    char name[40];    /* "laptop-2020" */
    char machine[96]; /* where and when it was measured */
    uint32_t version;
    uint64_t unit_in_ns; /* handling one unit that comes in, apart from cryptography: system call,
                            copy, parsing.  Charged by the host once per unit */
    uint32_t rows;
    struct sd_cost_row row[SD_COST_ROWS];
};

/* The row for op and alg, or the op's "*" row, or NULL: the operation is free. */
const struct sd_cost_row *sd_cost_find(const struct sd_cost_table *t, enum sd_op op,
                                       const char *alg);

#endif
