/* bare_libssl.h - the TLS 1.3 handshake of the lab's agents, as a sensible program would do it with
 * libssl alone: contexts and certificates made once, two SSL objects over memory BIOs, libcrypto's
 * own random generator, no callbacks.  Settings are those of protocols/libssl/context.c.
 *
 * One thing of the lab stays, because libcrypto takes it only once: its hooks for memory, which
 * cost some 2 percent. */
#ifndef SD_BENCH_BARE_LIBSSL_H
#define SD_BENCH_BARE_LIBSSL_H

#include "sim/core/error.h"

struct bare_libssl;

/* NULL and *error: an identity or setting was refused. */
struct bare_libssl *bare_libssl_new(struct sd_error *);
void bare_libssl_free(struct bare_libssl *);

/* Connects, verifies the server's certificate and name, reads both tickets and closes, n times.  ns
 * of processor time for one; < 0 and *error. */
double bare_libssl_handshakes(struct bare_libssl *, int n, struct sd_error *);

#endif
