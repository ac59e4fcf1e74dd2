/* entropy.h - private to sim/core: where libraries draw from. */
#ifndef SD_ENTROPY_H
#define SD_ENTROPY_H

#include <stddef.h>

/* From the entered agent's stream; outside any agent from the system.  Never fails: ends the
 * process when the system has none. */
void sd_entropy(void *buf, size_t len);

#endif
