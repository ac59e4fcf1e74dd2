#include "lua/scenario.h"

const struct sd_cost_table *sd_costs_load(const char *name, struct sd_error *error)
{
    sd_fail(error, SD_E_UNSUPPORTED, "no cost table '%s'", name);
    return NULL;
}
