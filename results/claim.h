/* claim.h - whether a folder is ours to write into, and emptying it of results alone. */
#ifndef SD_CLAIM_H
#define SD_CLAIM_H

#include "sim/core/error.h"
#include <stdbool.h>

/* SD_OK: dir is empty (*results false) or holds results (*results true).  SD_E_USAGE: it holds
 * something else; SD_E_IO: it cannot be read. */
int sd_claim(const char *dir, bool *results, struct sd_error *);

/* Removes what shakedown writes, by name, and nothing else; manifest.json and rows.partial stay,
 * which say whose folder it is until new ones are there. */
int sd_claim_clear(const char *dir, struct sd_error *);

#endif
