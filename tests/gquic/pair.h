/* pair.h - gQUIC agents joined in memory, for all tests of this folder. */
#ifndef SD_TESTS_GQUIC_PAIR_H
#define SD_TESTS_GQUIC_PAIR_H

#include "protocols/gquic/agent.h"
#include "protocols/gquic/gquic.h"
#include "sim/mem/mem.h"
#include "tests/core/unit.h"

#define WAY (10 * SD_MS) /* between the two */
#define RTT (2 * WAY)

/* Seat 0 is the client, seat 1 the server. */
struct pair {
    struct sd_mem *mem;
    int client, server, talk;
    sd_sid client_sid, server_sid; /* of the last session; 0: not open yet */
    struct sd_config config[2];
    size_t request; /* bytes that the client says as soon as it may */
    size_t reply;   /* bytes that the server says to the first it hears */
};
struct pair_options {
    const char *mode;
    uint64_t seed;        /* 0: 1 */
    const char *identity; /* of the server; NULL: server.example */
    const char *name;     /* whom the client asks for; NULL: the server's identity */
    const char *ca;
    const struct sd_option *client_options, *server_options;
    enum sd_validation validation;
    bool early_replay_ok;
    uint32_t half_open_max;
    uint16_t path_mtu;
    size_t reply;
};
void pair_make(struct pair *, const struct pair_options *); /* both agents, nothing opened */
void pair_open(struct pair *, const char *early);           /* early NULL: none */
/* Both, and a request of that many bytes (0: none) that leaves as soon as the client may send. */
void pair_request(struct pair *, const struct pair_options *, size_t len);
/* A session that leaves a server config with the client, and its end. */
void pair_prepare(struct pair *, const struct pair_options *);
/* Asserts that nothing is left on the heaps. */
void pair_end(struct pair *);

/* Byte n of every stream of these tests. */
uint8_t pair_byte(uint64_t n);
const uint8_t *pair_bytes(size_t len); /* the first len, at most 4 MiB */
/* From one end to the other on a stream; SD_OK or what app_in said. */
int pair_send(struct pair *, int from, uint64_t stream, size_t len, bool fin);
/* Fails unless the seat has received exactly the first len bytes on that stream. */
void pair_received(struct pair *, int seat, uint64_t stream, size_t len);
void pair_run(struct pair *, sd_time more); /* lets so much time go by */

size_t pair_count(struct pair *, int seat, enum sd_event_kind);
sd_time pair_when(struct pair *, int seat, enum sd_event_kind, size_t nth); /* SD_NEVER: never */
/* Units that `from` sent, whose description begins with that text; the nth's index, or SIZE_MAX. */
size_t pair_index(struct pair *, int from, const char *what, size_t nth);
size_t pair_sent(struct pair *, int from, const char *what);
struct sd_stats pair_stats(struct pair *, int seat);
/* The seat's agent, and its only connection or NULL. */
struct gquic *pair_agent(struct pair *, int seat);
struct gq_connection *pair_connection(struct pair *, int seat);

/* Expected and found in words, and what happened, before the test fails. */
#define pair_check(p, expected, found, what)                                                       \
    pair_check_at(p, (uint64_t)(expected), (uint64_t)(found), what, __FILE__, __LINE__)
void pair_check_at(struct pair *, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line);

#endif
