/* pair.h - WireGuard agents joined in memory, for all tests of this folder. */
#ifndef SD_TESTS_WIREGUARD_PAIR_H
#define SD_TESTS_WIREGUARD_PAIR_H

#include "protocols/wireguard/agent.h"
#include "protocols/wireguard/wire.h"
#include "sim/mem/mem.h"
#include "tests/core/unit.h"

#define INNER(n) (UINT32_C(0x0a630000) + (n)) /* 10.99.0.n: of seat n's tunnel */

/* Seat 0 is the client, seat 1 the server; both know each other by key. */
struct pair {
    struct sd_mem *mem;
    int client, server, talk;
    struct sd_identity identity[2];
    struct sd_peer peer[2]; /* peer[0]: the client's, that is the server */
    struct sd_config config[2];
};
struct pair_options {
    const char *mode;
    uint64_t seed;                      /* 0: 1 */
    enum sd_validation validation;      /* of the server */
    bool psk_client, psk_server, other; /* other: the server's key differs */
    uint32_t keepalive_s;               /* of the client */
    const struct sd_option *options;    /* of the server */
    uint16_t path_mtu;
};
/* Adds both agents; the client has not opened yet. */
void pair_make(struct pair *, const struct pair_options *);
/* The same, opened at 0, and run until both are ready, with 10 ms each way. */
void pair_ready(struct pair *, const struct pair_options *);
void pair_open(struct pair *);
/* Asserts that nothing is left on the heaps. */
void pair_end(struct pair *);

/* An inner IPv4 UDP packet of len bytes in all, at least 28. */
const uint8_t *inner_packet(uint32_t source, uint32_t destination, size_t len);
/* From one end to the other, len bytes. */
void pair_send(struct pair *, int from, size_t len);
/* Packets sent by `from` so far, -1 by anybody, of that type (0: any). */
size_t pair_sent(const struct pair *, int from, uint8_t type);
/* The index of the nth such, or SIZE_MAX. */
size_t pair_find(const struct pair *, int from, uint8_t type, size_t nth);
uint64_t pair_dropped(struct pair *, int seat, int reason);
struct sd_stats pair_stats(struct pair *, int seat);

/* Expected and found in words, and what happened, before the test fails. */
#define pair_check(p, expected, found, what)                                                       \
    pair_check_at(p, (uint64_t)(expected), (uint64_t)(found), what, __FILE__, __LINE__)
void pair_check_at(struct pair *, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line);

#endif
