/* pair.h - two IPsec agents joined in memory, for the tests of this folder. */
#ifndef SD_TESTS_IPSEC_PAIR_H
#define SD_TESTS_IPSEC_PAIR_H

#include "protocols/ipsec/agent.h"
#include "protocols/ipsec/ike_wire.h"
#include "sim/mem/mem.h"
#include "tests/core/unit.h"

#define INNER(n) (UINT32_C(0x0a630000) + (uint32_t)(n)) /* 10.99.0.n: of seat n's tunnel */

/* Seat 0 is the client and begins; seat 1 is the server. */
struct pair {
    struct sd_mem *mem;
    int client, server, talk;
    struct sd_peer peer[2];
    struct sd_peer known[16]; /* by the server: others, then the client */
    struct sd_config config[2];
};
struct pair_options {
    const char *mode;
    uint64_t seed;                      /* 0: 1 */
    enum sd_validation validation;      /* of the server */
    const struct sd_option *options[2]; /* of each */
    const char *identity[2];            /* NULL: the P-256 ones */
    const char *psk[2];                 /* NULL: the same */
    const struct sd_delegate *delegate[2];
    sd_time delay; /* 0: 10 ms */
    size_t others; /* peers that the server knows besides, at most 15 */
};
/* Adds both agents; the client has not opened yet. */
void pair_make(struct pair *, const struct pair_options *);
void pair_open(struct pair *);
/* Both, run until both are ready. */
void pair_ready(struct pair *, const struct pair_options *);
/* Asserts that nothing is left on the heaps. */
void pair_end(struct pair *);

/* An inner IPv4 UDP packet of len bytes in all, at least 28, from one end to the other. */
void pair_send(struct pair *, int from, size_t len);
/* Packets delivered there so far. */
size_t pair_delivered(const struct pair *, int to);
/* IKE messages of that exchange sent by `from` (-1: anybody); response 0, 1 or -1: either. */
size_t pair_sent(const struct pair *, int from, uint8_t exchange, int response);
/* The index of the nth such unit, or SIZE_MAX. */
size_t pair_find(const struct pair *, int from, uint8_t exchange, int response, size_t nth);
struct sd_stats pair_stats(struct pair *, int seat);
uint64_t pair_calls(struct pair *, int seat, enum sd_op);
int pair_control(struct pair *, int seat, enum sd_verb, const char *text);
/* Whether an event of that kind at the seat says `detail` somewhere. */
bool pair_said(const struct pair *, int seat, enum sd_event_kind, const char *detail);

/* Expected and found in words, and what happened, before the test fails. */
#define pair_check(p, expected, found, what)                                                       \
    pair_check_at(p, (uint64_t)(expected), (uint64_t)(found), what, __FILE__, __LINE__)
void pair_check_at(struct pair *, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line);

#endif
