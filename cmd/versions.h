/* versions.h - the libraries and cost tables that decide about results, for manifest.json. */
#ifndef SD_VERSIONS_H
#define SD_VERSIONS_H

#include "results/store.h"

/* Of the libraries loaded now, where they can be asked; *count of them. */
const struct sd_store_version *sd_versions(size_t *count);

/* The names of lua/costs/NAME.lua, sorted; returns how many, or < 0 with *error. */
#define SD_COSTS     64
#define SD_COST_NAME 64
int sd_cost_names(char name[SD_COSTS][SD_COST_NAME], struct sd_error *);
/* Those that can be read, with their version. */
const struct sd_store_version *sd_cost_versions(size_t *count);

#endif
