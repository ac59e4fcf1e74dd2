/* talk.h - a client and a server of one protocol in memory, and one request with its reply. */
#ifndef SD_TESTS_TLS_TALK_H
#define SD_TESTS_TLS_TALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/mem/mem.h"

#define RTT      (50 * SD_MS) /* of sim/mem's link */
#define REQUEST  "GET / please"
#define REPLY    "with pleasure"
#define TEST_PSK "a key of 32 bytes, agreed before"

struct talk {
    struct sd_mem *mem;
    int client, server, conversation;
    sd_time begun; /* when connect was called; times below count from here, SD_NEVER: not yet */
    sd_time ready, reply;
    bool quiet; /* no request, no reply */
    bool early; /* the next connect offers the request as early data */
};

/* The client's and server's configuration: their identities, the mode, a PSK if the mode wants. */
struct sd_config talk_config(enum sd_role role, const char *mode);
/* Makes both agents; a failure prints why and fails the test. */
void talk_init(struct talk *, const char *protocol, const struct sd_config *client,
               const struct sd_config *server, uint64_t seed);
void talk_modes(struct talk *, const char *protocol, const char *mode, uint64_t seed);
/* Connects, exchanges request and reply, runs for 10 s. */
void talk_connect(struct talk *);
void talk_start(struct talk *); /* the same, without running */
/* Both ends say goodbye; runs for 10 s. */
void talk_close(struct talk *);
void talk_run(struct talk *, sd_time more);
sd_sid talk_server_sid(struct talk *);
/* Frees; fails the test when an agent left bytes on its heap. */
void talk_fini(struct talk *);
struct sd_stats talk_stats(struct talk *, int seat);
size_t talk_count(struct talk *, int seat, enum sd_event_kind);
/* The detail of the last event of that kind, "" if there was none. */
const char *talk_detail(struct talk *, int seat, enum sd_event_kind);

#endif
