/* mem.h - agents joined in memory, in virtual time: for unit tests, vectors and fuzzing.
 *
 *   struct sd_mem *m = sd_mem_new(1);
 *   int client = sd_mem_add(m, &sd_tls13, &client_config, 11);
 *   int server = sd_mem_add(m, &sd_tls13, &server_config, 12);
 *   int talk = sd_mem_connect(m, client, server);
 *   sd_mem_run(m, 10 * SD_SECOND);
 *   assert_non_null(sd_mem_find(m, client, SD_EV_READY, 0));
 *   sd_mem_send(m, client, sd_mem_sid(m, talk), 0, "hello", 5, false);
 *   sd_mem_run(m, 20 * SD_SECOND);
 *   assert_int_equal(sd_mem_free(m), 0);   // nothing left on the agents' heaps
 *
 * Seat n has the address 10.0.0.(n+1).  Datagrams and IP packets may be lost, doubled, changed,
 * replayed and injected; streams are reliable byte pipes that open with SYN, SYN-ACK and ACK,
 * whose options the agents see.  Computing takes no time.  Allocation failure ends the program.
 * Everything here is called from outside agents; callbacks may call everything but sd_mem_run()
 * and sd_mem_free(). */
#ifndef SD_MEM_H
#define SD_MEM_H

#include "sim/core/settle.h"

struct sd_mem;

struct sd_mem *sd_mem_new(uint64_t seed); /* of the losses */
/* Destroys the agents and returns the bytes that they left on their heaps: 0, if all is well. */
uint64_t sd_mem_free(struct sd_mem *);

/* An agent: its seat, from 0, or enum sd_result < 0 (sd_mem_error() says why).  config is borrowed
 * and copied: what it points to must outlive the agent. */
int sd_mem_add(struct sd_mem *, const struct sd_agent_ops *, const struct sd_config *,
               uint64_t seed);
const char *sd_mem_error(const struct sd_mem *);
struct sd_seat *sd_mem_seat(struct sd_mem *, int seat); /* for control, stats, env and account */
struct sd_addr sd_mem_address(const struct sd_mem *, int seat, uint8_t proto, uint16_t port);
const char *sd_mem_keylog(const struct sd_mem *, int seat); /* its lines, each with a newline */

/* -- the network between all seats; change it whenever you like -- */

struct sd_mem_link {
    sd_time delay;     /* one way; 25 ms until changed */
    uint32_t loss_ppm; /* of datagrams and IP packets */
    uint32_t duplicate_ppm;
    uint32_t stream_chunk; /* most bytes of a stream handed over at once; 0: as they were sent */
};
struct sd_mem_link *sd_mem_link(struct sd_mem *);
/* Loses exactly the datagrams and packets that seat `from` sends as number numbers[i] (from 1, in
 * any order, 0 ends). Replaces its earlier list. */
void sd_mem_drop(struct sd_mem *, int from, const uint32_t *numbers);

/* -- time -- */

/* Lets everything happen that is due until then, or until nothing is under way and no timer runs;
 * SD_NEVER: only the latter.  Returns the time it is now. */
sd_time sd_mem_run(struct sd_mem *, sd_time until);
sd_time sd_mem_now(const struct sd_mem *);
void sd_mem_at(struct sd_mem *, sd_time when, void (*call)(void *ctx), void *ctx);

/* -- conversations -- */

/* From client to the first carrier of server: opens a TCP connection first where that is a stream,
 * and carries session descriptions where the protocol wants them (sim/core/signalling.h). A
 * conversation id from 0, or enum sd_result < 0. */
int sd_mem_connect(struct sd_mem *, int client, int server);
struct sd_mem_connect {
    int client, server;
    int carrier; /* index into the protocol's carriers */
    const char *server_name;
    const uint8_t *early; /* copied */
    size_t early_len;
    bool unsignalled; /* no session descriptions: the caller has seen to them, or none are wanted */
};
int sd_mem_connect_with(struct sd_mem *, const struct sd_mem_connect *);
sd_sid sd_mem_sid(const struct sd_mem *, int conversation); /* 0: not opened yet */
int sd_mem_opened(const struct sd_mem *, int conversation); /* what the agent's open() returned */
void sd_mem_break(struct sd_mem *, int conversation);       /* its TCP connection: reset, both */

/* Application data: what the agent does not take now is offered again when it says
 * SD_EV_WRITABLE.  SD_OK, or what app_in() returned. */
int sd_mem_send(struct sd_mem *, int seat, sd_sid, uint64_t stream, const void *data, size_t len,
                bool fin);
int sd_mem_control(struct sd_mem *, int seat, sd_sid, struct sd_control *);
int sd_mem_close(struct sd_mem *, int seat, sd_sid);
/* The seat's own address becomes another: control(SD_MIGRATE) with the new path to `peer`. */
int sd_mem_move(struct sd_mem *, int seat, sd_sid, int peer);
/* A NAT in front of the seat changes how the others see it; the seat learns nothing. */
enum { SD_MEM_PORT = 1, SD_MEM_ADDRESS = 2 };
void sd_mem_rebind(struct sd_mem *, int seat, unsigned what);

/* -- what happened -- */

struct sd_mem_event {
    sd_time at;
    int seat;
    enum sd_event_kind kind;
    sd_sid sid;
    uint64_t stream;
    const uint8_t *data;
    size_t len;
    bool early, fin;
    uint64_t code;
    char detail[120];
    struct sd_path path;
};
size_t sd_mem_events(const struct sd_mem *);
const struct sd_mem_event *sd_mem_event(const struct sd_mem *, size_t index);
/* The nth (from 0) of that kind at the seat (-1: any), or NULL. */
const struct sd_mem_event *sd_mem_find(const struct sd_mem *, int seat, enum sd_event_kind,
                                       size_t nth);
size_t sd_mem_count(const struct sd_mem *, int seat, enum sd_event_kind);
/* All application bytes that arrived at the seat, in order; valid until the next call. */
const uint8_t *sd_mem_received(struct sd_mem *, int seat, size_t *len);
/* Called for each event once the agent that said it is left. */
void sd_mem_watch(struct sd_mem *, void (*)(void *ctx, const struct sd_mem_event *), void *ctx);

enum sd_mem_fate {
    SD_MEM_UNDER_WAY,
    SD_MEM_ARRIVED,
    SD_MEM_LOST,
    SD_MEM_NOBODY, /* nobody has that address, or listens there */
};
struct sd_mem_unit {
    sd_time sent;
    int from, to;        /* seats; -1: injected, nobody */
    struct sd_path path; /* as seen by the receiver */
    uint32_t number;     /* of from's datagrams and packets, from 1; 0 on streams */
    uint8_t flags, ecn;
    uint8_t segment; /* 0, or enum sd_segment + 1: data are that segment's options */
    bool copy;       /* a duplicate, replay or injection */
    enum sd_mem_fate fate;
    int result; /* of net_in(), once arrived */
    uint8_t *data;
    size_t len;
};
size_t sd_mem_units(const struct sd_mem *);
const struct sd_mem_unit *sd_mem_unit(const struct sd_mem *, size_t index);
/* Sees each unit before it leaves: may change bytes and shorten it; false: it is lost. */
typedef bool (*sd_mem_hook)(void *ctx, struct sd_mem_unit *);
void sd_mem_on_unit(struct sd_mem *, sd_mem_hook, void *ctx);

/* Sends a captured datagram or packet again, `from` another source if that is not NULL.  SD_OK, or
 * SD_E_ARG for a stream's. */
int sd_mem_replay(struct sd_mem *, size_t index, const struct sd_addr *from);
/* Any bytes to the seat, now: path as the receiver sees it. */
void sd_mem_inject(struct sd_mem *, int to, const struct sd_path *, const void *data, size_t len);
/* Forgets events and units that are over: for long runs. Indexes start at 0 again. */
void sd_mem_forget(struct sd_mem *);

/* A line a unit and event, in order of time, for a failing test's output. */
void sd_mem_print(const struct sd_mem *);

#endif
