/* again.h - the command that has one stored run again. */
#ifndef SD_AGAIN_H
#define SD_AGAIN_H

#include "plots/stored.h"

/* "shakedown run NAME --set protocol=tls13 --set loss=2% ... --repeats 4 FLAG --out OUT": the run
 * of a row, with the repeats before it, which share nothing with it.  False: it does not fit. */
bool sd_again(const struct sd_stored *, size_t row, const char *flag, const char *out, char *line,
              size_t cap);

#endif
