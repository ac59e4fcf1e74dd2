/* pair.h - a client and a server of one protocol joined in memory, with a byte stream each way: for
 * the tests of agents of our own.  A folder that uses it defines pair_ops and pair_letter(). */
#ifndef SD_TESTS_PAIR_H
#define SD_TESTS_PAIR_H

#include "sim/mem/mem.h"
#include "tests/core/unit.h"

#define WAY (10 * SD_MS) /* between the two */
#define RTT (2 * WAY)

extern const struct sd_agent_ops *const pair_ops;
char pair_letter(const uint8_t *data, size_t len); /* what kind of unit that is */

/* Seat 0 is the client "client.example", seat 1 the server "server.example", seat 2 the
 * directory if there is one. */
struct pair {
    struct sd_mem *mem;
    int client, server, directory, talk;
    sd_sid client_sid, server_sid; /* 0: not open yet */
    struct sd_config config[3];
    struct sd_peer directory_peer;
    size_t reply;
};
struct pair_options {
    const char *client_mode, *server_mode;
    uint64_t seed; /* 0: 1 */
    const struct sd_option *client_options, *server_options;
    const char *name;            /* whom the client asks for; NULL: server.example */
    const struct sd_peer *peers; /* of the server, which then lets nobody else in */
    size_t peer_count;
    uint16_t path_mtu; /* of the client */
    bool nobody;       /* the client has no identity */
    bool directory;    /* a machine of its own */
    enum sd_validation validation;
    uint32_t half_open_max;
    const char *early; /* given with open */
    size_t reply;      /* bytes that the server says to the first it hears */
};
void pair_make(struct pair *, const struct pair_options *); /* both agents, nothing opened */
void pair_open(struct pair *, const struct pair_options *);
/* Both, and a request of that many bytes (0: none) that leaves as soon as the client may send. */
void pair_request(struct pair *, const struct pair_options *, size_t len);
/* Asserts that nothing is left on the heaps. */
void pair_end(struct pair *);

/* Byte n of every stream of these tests. */
uint8_t pair_byte(uint64_t n);
const uint8_t *pair_bytes(size_t len); /* the first len, at most 4 MiB */
/* From one end to the other; SD_OK or what app_in said. */
int pair_send(struct pair *, int from, size_t len, bool fin);
/* Fails unless the seat has received exactly the first len bytes. */
void pair_received(struct pair *, int seat, size_t len);
void pair_run(struct pair *, sd_time more); /* lets so much time go by */

/* The nth unit (from 0) of that letter that `from` sent (0: of any), copies left out; NULL: there
 * is none. */
const struct sd_mem_unit *pair_unit(const struct pair *, int from, char kind, size_t nth);
size_t pair_index(const struct pair *, int from, char kind, size_t nth); /* SIZE_MAX: none */
size_t pair_sent(const struct pair *, int from, char kind);
struct sd_stats pair_stats(struct pair *, int seat);
uint64_t pair_dropped(struct pair *, int seat, int reason);
struct sd_agent *pair_agent_of(struct pair *, int seat);

/* Expected and found in words, and what happened, before the test fails. */
#define pair_check(p, expected, found, what)                                                       \
    pair_check_at(p, (uint64_t)(expected), (uint64_t)(found), what, __FILE__, __LINE__)
void pair_check_at(struct pair *, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line);

#endif
