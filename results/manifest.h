/* manifest.h - manifest.json: what was run, so that it can be run again and read on its own.
 *
 * Nothing in it changes between two identical runs; times are in timing.json. */
#ifndef SD_MANIFEST_H
#define SD_MANIFEST_H

#include "results/store.h"
#include <jansson.h>

#define SD_MANIFEST_FORMAT 1

/* NULL with *error when out of memory or a part's json is none. */
json_t *sd_manifest_make(const struct sd_store_config *, struct sd_error *);
/* SD_E_IO with "path: what is wrong; what to do". */
int sd_manifest_load(json_t **, const char *dir, struct sd_error *);
int sd_manifest_write(const json_t *, const char *dir, struct sd_error *);
/* SD_OK, or SD_E_USAGE with the first thing that differs.  Commands may differ: it is what they
 * say that counts. */
int sd_manifest_same(const json_t *now, const json_t *then, const char *dir, struct sd_error *);

/* The scenario of that name, or NULL. */
const json_t *sd_manifest_scenario(const json_t *manifest, const char *name);

#endif
