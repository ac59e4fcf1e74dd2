/* crowd.h - one simulation with a server and its clients: what benchmarks of the whole lab run. */
#ifndef SD_BENCH_CROWD_H
#define SD_BENCH_CROWD_H

#include "sim/core/base.h"
#include "sim/core/error.h"

struct bench_crowd {
    const char *protocol;
    uint32_t clients;     /* machines: one on a link with the server, more behind a router */
    uint32_t connections; /* in all: clients take turns */
    sd_time interval;     /* from one connection to the next */
    uint32_t message;     /* bytes of request and reply; 0: only handshakes */
    uint64_t download; /* bytes of the reply instead, for which the simulation goes on; 0: none */
    bool stay;         /* sessions stay to the end; else the client closes each soon */
    sd_time linger;    /* how long the simulation goes on after the last connection began */
};

struct bench_crowd_cost {
    double cpu_ns;       /* from nothing to nothing */
    uint64_t heap_bytes; /* in use at the end of the run */
};

/* SD_OK, or *error: also when a client did not become ready, or a download whole. */
int bench_crowd_run(const struct bench_crowd *, struct bench_crowd_cost *, struct sd_error *);

#endif
