/* versions.h - the libraries that decide about results, for manifest.json. */
#ifndef SD_VERSIONS_H
#define SD_VERSIONS_H

#include "results/store.h"

/* Of the libraries loaded now, where they can be asked; *count of them. */
const struct sd_store_version *sd_versions(size_t *count);

#endif
