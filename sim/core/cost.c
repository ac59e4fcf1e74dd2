/* cost.c - looks an operation up in a cost table. */
#include "sim/core/cost.h"

#include <string.h>
#include <strings.h>

const struct sd_cost_row *sd_cost_find(const struct sd_cost_table *t, enum sd_op op,
                                       const char *alg)
{
    const struct sd_cost_row *any = NULL;
    for (uint32_t i = 0; i < t->rows; i++) {
        const struct sd_cost_row *row = &t->row[i];
        if (row->op != op)
            continue;
        if (strncasecmp(row->alg, alg, SD_ALG_NAME - 1) == 0)
            return row;
        if (strcmp(row->alg, "*") == 0)
            any = row;
    }
    return any;
}
