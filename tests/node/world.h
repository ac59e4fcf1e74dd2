/* world.h - a small lab for tests: a client and a server on one link, or more by hand. */
#ifndef SD_TESTS_NODE_WORLD_H
#define SD_TESTS_NODE_WORLD_H

#include "sim/node/lab.h"
#include "tests/core/unit.h"

struct world {
    struct sd_lab *lab;
    sd_machine client, server;
    sd_machine middle, attacker; /* -1: none; the attacker is linked to the middle */
    int link, far_link;          /* the client's; the server's where there is a middle */
    const sd_machine *crowd;     /* more clients */
    sd_conn conn;
    char seen[4096]; /* "client:ready server:ready ...", as far as it goes */
    sd_time seen_at[64];
    size_t events;
};

enum world_middle { WORLD_DIRECT, WORLD_ROUTER, WORLD_NAT };
struct world_options {
    const char *protocol, *mode;
    enum sd_role role; /* 0: client's and server's own */
    enum world_middle middle;
    enum sd_nat_mapping mapping;
    unsigned blocks; /* SD_BLOCK_* of the middle */
    sd_time delay;   /* one way, of each link; 0: 25 ms */
    uint64_t rate_bps;
    uint32_t queue_bytes;
    uint16_t mtu;
    struct sd_weather forth, back; /* of the clients' links */
    enum sd_validation validation;
    uint32_t backlog;
    const struct sd_cost_table *costs; /* the server's */
    uint32_t cores;
    bool early_replay_ok, trace, capture, mutual, attacker;
    uint64_t seed, weather;
    sd_machine *crowd; /* more clients at the middle: filled */
    int crowd_size;
};
void world_make(struct world *, const struct world_options *); /* and starts it */
void world_free(struct world *);
/* A test that leaves no lab behind when it fails: there can be only one. */
int world_teardown(void **state);
#define world_test(f) cmocka_unit_test_teardown(f, world_teardown)
/* A request of 100 bytes and a reply of 200, inside a tunnel as datagrams. */
void world_connect(struct world *);
void world_run(struct world *, sd_time until);
/* The value, or UINT64_MAX when there is none. */
uint64_t world_metric(const struct world *, const char *name);
uint64_t world_machine_metric(const struct world *, sd_machine, const char *name);
bool world_saw(const struct world *, const char *machine, const char *event);

/* For sd_lab_at(): the client sends 200 messages of 200 bytes, one every 20 ms. */
void world_stream(void *world);
/* Of a run of its own, in which the client's packet `drop` (0: none) is lost. */
uint64_t world_handshake_time(const char *protocol, const char *mode, uint32_t drop);

/* Fails with what, expected and found, after the events. */
#define world_check(w, expected, found, what)                                                      \
    world_check_at(w, expected, found, what, __FILE__, __LINE__)
void world_check_at(const struct world *, uint64_t expected, uint64_t found, const char *what,
                    const char *file, int line);
/* The same for times: TCP's stack takes its steps a nanosecond apart. */
void world_check_time(const struct world *, sd_time expected, sd_time found, const char *what);

#endif
