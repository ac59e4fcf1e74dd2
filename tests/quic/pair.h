/* pair.h - QUIC agents joined in memory, for all tests of this folder. */
#ifndef SD_TESTS_QUIC_PAIR_H
#define SD_TESTS_QUIC_PAIR_H

#include "protocols/quic/agent.h"
#include "sim/mem/mem.h"
#include "tests/core/unit.h"

#define WAY (10 * SD_MS) /* between the two */
#define RTT (2 * WAY)

/* Seat 0 is the client "client.example", seat 1 the server "server.example", which answers the
 * first bytes of every stream with `reply` bytes. */
struct pair {
    struct sd_mem *mem;
    int client, server, talk;
    sd_sid client_sid, server_sid; /* of the connection begun last; 0: not yet */
    struct sd_config config[2];
    size_t reply;
    uint64_t replied; /* bit n: on stream n */
};
struct pair_options {
    const char *mode; /* of both */
    const char *client_mode, *server_mode;
    uint64_t seed; /* 0: 1 */
    const struct sd_option *client_options, *server_options;
    const char *name;            /* whom the client asks for; NULL: server.example */
    const char *identity;        /* of the server; NULL: server.example */
    const char *client_identity; /* NULL: client.example; "": none */
    const char *client_ca;       /* whom the client trusts, PEM; NULL: the lab's */
    const char *client_alpn, *server_alpn;
    enum sd_validation validation;
    bool mutual, early_replay_ok;
    uint32_t half_open_max;
    size_t reply; /* 0: none */
};
void pair_make(struct pair *, const struct pair_options *); /* both agents, nothing opened */
/* A connection, with early data given when not NULL. */
void pair_open(struct pair *, const char *early);
/* A connection, a request of 64 bytes on stream 0 and what comes of it, for three seconds. */
void pair_request(struct pair *);
/* Both agents, and for a mode that needs one an earlier connection, closed again. */
void pair_make_known(struct pair *, const struct pair_options *);
void pair_end(struct pair *); /* asserts that nothing is left on the heaps */

const uint8_t *pair_bytes(size_t len); /* at most 4 MiB */
int pair_send(struct pair *, int from, uint64_t stream, size_t len, bool fin);
void pair_run(struct pair *, sd_time more);
int pair_control(struct pair *, int seat, enum sd_verb);

size_t pair_count(const struct pair *, int seat, enum sd_event_kind);
/* What was said with the nth such event; "(none)" when there is none. */
const char *pair_detail(const struct pair *, int seat, enum sd_event_kind, size_t nth);
sd_time pair_when(const struct pair *, int seat, enum sd_event_kind, size_t nth); /* SD_NEVER */
size_t pair_heard(const struct pair *, int seat, uint64_t stream); /* bytes of data events */
struct sd_stats pair_stats(struct pair *, int seat);
/* Units that `from` sent whose description contains the words. */
size_t pair_units(const struct pair *, int from, const char *words);

/* Expected and found in words, and what happened, before the test fails. */
#define pair_check(p, expected, found, what)                                                       \
    pair_check_at(p, (uint64_t)(expected), (uint64_t)(found), what, __FILE__, __LINE__)
void pair_check_at(struct pair *, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line);
/* The text contains the words. */
#define pair_check_text(p, words, text, what)                                                      \
    pair_check_text_at(p, words, text, what, __FILE__, __LINE__)
void pair_check_text_at(struct pair *, const char *words, const char *text, const char *what,
                        const char *file, int line);

#endif
