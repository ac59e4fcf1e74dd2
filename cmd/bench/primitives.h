/* primitives.h - the cryptography that agents booked, done again by itself: what a handshake would
 * cost if it were nothing else. */
#ifndef SD_BENCH_PRIMITIVES_H
#define SD_BENCH_PRIMITIVES_H

#include "sim/core/account.h"
#include "sim/core/error.h"
#include <stddef.h>

/* *before becomes what was booked since then. */
void bench_booked(struct sd_account *before, const struct sd_account *now);

/* Processor time of as many calls as were booked, of the mean number of bytes; < 0 and *error for
 * something that is no primitive of `protocol`. */
double bench_primitives_ns(const struct sd_account *booked, size_t accounts, const char *protocol,
                           struct sd_error *);

#endif
