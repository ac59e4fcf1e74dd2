/* root.h - where the source tree is: scenarios, cost tables, results. */
#ifndef SD_ROOT_H
#define SD_ROOT_H

#include "sim/core/error.h"

/* $SHAKEDOWN_ROOT, where it was built, or above the executable.  NULL with SD_E_IO in *error when
 * none of them has scenarios/.  Not to be freed; changed by the next call. */
const char *sd_root(struct sd_error *error);

#endif
