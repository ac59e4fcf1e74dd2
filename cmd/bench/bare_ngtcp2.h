/* bare_ngtcp2.h - connections on ngtcp2 and GnuTLS and nothing else: no agent, no network, with the
 * settings that the agent quic gives them. */
#ifndef SD_BENCH_BARE_NGTCP2_H
#define SD_BENCH_BARE_NGTCP2_H

#include <stdint.h>

#include "sim/core/error.h"

struct bare_ngtcp2;

/* Credentials, made once.  NULL and *error: GnuTLS refuses them. */
struct bare_ngtcp2 *bare_ngtcp2_new(struct sd_error *);
void bare_ngtcp2_free(struct bare_ngtcp2 *);

/* ns of processor time for one connection, both sides: handshake, ticket, token, close.  < 0 and
 * *error: it failed. */
double bare_ngtcp2_handshakes(struct bare_ngtcp2 *, int n, struct sd_error *);
/* ns of processor time for so many bytes from server to client, the handshake not counted. */
double bare_ngtcp2_bulk(struct bare_ngtcp2 *, uint64_t bytes, struct sd_error *);

#endif
