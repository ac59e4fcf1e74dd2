/* handshake.h - a TLS handshake of libssl over memory BIOs between two envs, for tests of the
 * interposers: what it put on the wire, what it counted, what it held. */
#ifndef SD_TESTS_HANDSHAKE_H
#define SD_TESTS_HANDSHAKE_H

#include "sim/core/env.h"

struct hs_end {
    struct sd_account account;
    uint64_t heap_peak, heap_ready, heap_left; /* when both were ready; when all was freed */
};
struct hs_result {
    bool done;
    uint64_t wire_hash, wire_bytes;
    long session_time; /* libssl's, in Unix seconds */
    struct hs_end client, server;
};

struct hs_config {
    int version;          /* TLS1_3_VERSION */
    const char *identity; /* of the server */
    const char *client;   /* NULL: no client certificate */
    const char *groups;   /* NULL: "X25519" */
    uint64_t seed;
};
/* Everything is made and freed inside, certificates parsed anew. */
struct hs_result hs_run(const struct hs_config *);

#endif
