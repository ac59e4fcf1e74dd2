/* handshakes.h - what a handshake of the lab costs: the same for every protocol with sessions of
 * its own.  ctx is the protocol's id; ns of processor time, < 0 and *error when one fails. */
#ifndef SD_BENCH_HANDSHAKES_H
#define SD_BENCH_HANDSHAKES_H

#include "sim/core/error.h"

enum { BENCH_BATCH = 20, BENCH_SHARED = 100 };

double bench_alone_ns(void *protocol, struct sd_error *);  /* with a simulation of its own */
double bench_shared_ns(void *protocol, struct sd_error *); /* one of BENCH_SHARED in one */
double bench_memory_ns(void *protocol, struct sd_error *); /* in memory, without a network */

#endif
