/* pair.h - a client and a server joined in memory, what they said on the wire, and how to get in
 * between. */
#ifndef SD_TESTS_TCPCRYPT_PAIR_H
#define SD_TESTS_TCPCRYPT_PAIR_H

#include "protocols/tcpcrypt/tcpcrypt.h"
#include "sim/mem/mem.h"
#include "tests/core/unit.h"

#define PAIR_OPTIONS 5

struct pair_setup {
    const char *mode;
    struct sd_option client[PAIR_OPTIONS], server[PAIR_OPTIONS]; /* the last one stays empty */
    enum sd_role role; /* of both; 0: client's and server's own */
};

enum { CLIENT, SERVER };
struct pair {
    struct pair_setup setup;
    struct sd_config config[2];
    struct sd_mem *mem;
    bool strip[3]; /* segments that lose their options */
    /* Sees the options of each segment, and may change them. */
    void (*edit)(struct pair *, struct sd_mem_unit *);
    /* Sees each unit of the streams; false: it is lost. */
    bool (*change)(struct pair *, struct sd_mem_unit *);
    void *ctx;
    int opener[64];          /* of each conversation */
    uint8_t private_key[66]; /* host A's of the latest key exchange */
};
void pair_make(struct pair *, const struct pair_setup *);
void pair_free(struct pair *); /* fails when agents leave memory behind */

struct tcpcrypt *pair_agent(const struct pair *, int seat);
/* A connection from one to the other, run for a second: its conversation. */
int pair_connect(struct pair *, int from, int to);
uint32_t pair_conn(const struct pair *, int talk, int seat); /* its session, too */
void pair_run(struct pair *, sd_time more);
void pair_say(struct pair *, int seat, int talk, const char *text);
void pair_heard(struct pair *, int seat, const char *expected); /* all so far */

/* What a seat sent in a conversation: its stream, or a segment's options. */
struct pair_wire {
    uint8_t data[1 << 18];
    size_t len;
};
void pair_stream(const struct pair *, int talk, int seat, struct pair_wire *);
void pair_option(const struct pair *, int talk, enum sd_segment, struct pair_wire *);

/* The event's detail must contain the words. */
void pair_expect(struct pair *, int seat, enum sd_event_kind, const char *words);

#endif
