/* inside.h - private to sim/mem: the world behind struct sd_mem. */
#ifndef SD_MEM_INSIDE_H
#define SD_MEM_INSIDE_H

#include "sim/mem/mem.h"

/* Bytes that grow. */
struct mem_bytes {
    uint8_t *data;
    size_t len, cap;
};

/* What the agent did not take yet. */
struct mem_pending {
    sd_sid sid;
    uint64_t stream;
    struct mem_bytes bytes;
    bool fin;
    struct mem_pending *next;
};

#define MEM_PORTS 8
struct mem_seat {
    struct sd_mem *mem;
    int index;
    const struct sd_agent_ops *ops;
    struct sd_config config;
    struct sd_env env;
    struct sd_seat seat;
    uint32_t ip;
    uint32_t nat_ip;                 /* 0: no NAT in front */
    uint16_t nat_shift;              /* added to its ports by the NAT */
    uint32_t moves;                  /* addresses it has had */
    struct sd_addr ports[MEM_PORTS]; /* proto and port it listens on or sent from */
    size_t port_count;
    uint32_t number; /* of the last datagram it sent */
    uint32_t *drop;  /* 0-ended; NULL: none */
    struct mem_pending *pending;
    struct mem_bytes keylog, received;
};

/* A conversation: for streams a TCP connection whose ends have the ids 2n + 1 and 2n + 2. */
struct mem_talk {
    struct sd_mem_connect with; /* texts and bytes owned */
    struct sd_path path[2];     /* as the client, as the server sees it */
    sd_time last_arrival[2];    /* of bytes towards the client, towards the server: keeps order */
    sd_sid sid;
    int opened;
    bool stream, up, broken;
    bool asked; /* for by the client's agent, which opens no session then */
};

struct mem_wire {
    struct sd_mem_unit unit;
    struct sd_addr outer; /* where it is addressed to, NAT in front included */
    int talk;             /* -1: datagram or packet */
};

/* Something that is due: the arrival of a unit, or a call. */
struct mem_due {
    sd_time at;
    uint64_t order;
    struct mem_wire *wire;
    void (*call)(void *ctx);
    void *ctx;
};

struct sd_mem {
    uint64_t seed;
    sd_time now;
    struct sd_mem_link link;
    struct mem_seat **seat;
    size_t seats;
    struct mem_talk *talk;
    size_t talks;
    struct mem_due *due; /* a binary heap */
    size_t dues, due_cap;
    uint64_t order;
    struct mem_wire **wire;
    size_t wires, wire_cap;
    struct sd_mem_event *event;
    size_t events, event_cap, announced;
    bool announcing;
    void (*watch)(void *, const struct sd_mem_event *);
    void *watch_ctx;
    sd_mem_hook hook;
    void *hook_ctx;
    struct sd_error error;
};

/* realloc() that ends the program instead of failing. */
void *mem_grow(void *block, size_t size);
void mem_append(struct mem_bytes *, const void *data, size_t len);
void mem_schedule(struct sd_mem *, struct mem_due);

/* wire.c */
/* Who has the outer address now; *local is it without the NAT.  NULL: nobody listens there. */
struct mem_seat *mem_owner(const struct sd_mem *, const struct sd_addr *outer,
                           struct sd_addr *local);
void mem_send_unit(struct mem_seat *, const struct sd_unit *);
void mem_arrive(struct sd_mem *, struct mem_wire *);
void mem_listen(struct mem_seat *, uint8_t proto, uint16_t port);
void mem_start_stream(struct sd_mem *, int talk);
void mem_open(struct sd_mem *, struct mem_talk *);             /* mem.c: the agent's open() */
void mem_ask(struct mem_seat *client, const struct sd_path *); /* mem.c: a stream for its agent */

/* log.c */
void mem_log_event(struct mem_seat *, const struct sd_event *);
/* After every call into an agent: tells the watcher, and offers pending data where there is room.
 */
void mem_announce(struct sd_mem *);
void mem_offer(struct mem_seat *, sd_sid);

#endif
