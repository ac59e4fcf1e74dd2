/* inside.h - private to sim/node: the lab, its machines, their agents, conversations.
 *
 * Who calls whom.  The network calls a carrier (host.c, stream.c, tunnel.c), which makes a job; the
 * machine's processor (processor.c) runs it at once or when it is free; the job is one call into
 * the agent's seat.  What the agent says goes to the carriers and to the conversations
 * (conversation.c, workload.c), which never call a seat themselves: they leave jobs and
 * announcements behind, and lab_leave() carries them out when no seat is busy any more.
 *
 * Times are the network's; a script's begin at lab->zero, when the sessions that a mode needs
 * first have been had.  There is no recovery from a lack of memory: the process ends. */
#ifndef SD_NODE_INSIDE_H
#define SD_NODE_INSIDE_H

#include "sim/box/attacker.h"
#include "sim/core/pcapng.h"
#include "sim/core/random.h"
#include "sim/core/settle.h"
#include "sim/node/lab.h"
#include "sim/node/map.h"
#include "sim/node/message.h"

/* -- machines -- */

enum machine_role { MACHINE_HOST, MACHINE_ROUTER, MACHINE_NAT };

struct link_end {
    struct sd_lab *lab;
    int link;
    sd_machine machine;
    int ifindex;
    uint32_t ip;
    struct sd_weather_box *weather; /* of what arrives here; NULL: fair */
    /* trace.c: packets on their way here; the line, from 1, of the one that is arriving */
    struct passing *first, *last;
    size_t traced;
    sd_time free_at; /* trace.c: when what left here so far is sent */
};

struct link {
    struct sd_lab_link set;
    int net_id;
    struct link_end end[2];
    uint32_t addresses; /* of its subnet that were given away */
    uint32_t changes;   /* of its weather */
};

/* What had been counted at the mark, to be taken off. */
struct baseline {
    struct sd_net_counters net;
    struct sd_stats agent;
    uint64_t busy_ns, queue_drops, tcp_retransmits, calls[SD_OP_MAX];
};

struct machine {
    struct sd_lab *lab;
    sd_machine id; /* the network's node too */
    char *name;
    enum machine_role role;
    struct sd_machine_config set; /* its name is `name` */
    struct sd_nat_config nat_set;
    int *links; /* by ifindex */
    uint32_t link_count;
    uint32_t ip; /* of its first link; a NAT's outside */
    struct sd_chain *chain;
    struct sd_nat *nat;
    struct sd_firewall firewall;
    struct host *host;           /* NULL: no agent */
    struct processor *processor; /* NULL: computing takes no time */
    struct party *convs;         /* that are not over */
    struct baseline base;
    uint64_t migrated, delivered_twice, garbled, streams; /* since the mark */
    uint64_t heard, heard_late;                           /* messages of streams, likewise */
    uint64_t refused;      /* conversations that it could not begin */
    uint64_t spoofed_dh;   /* Diffie-Hellman operations that spoofed packets made it do */
    int capture_interface; /* -1: none yet */
    struct seen *seen;     /* eavesdrop.c: NULL: nobody listens */
};

/* -- agents -- */

struct carrier {
    struct sd_carrier is;
    struct sd_udp *udp;
    struct sd_tcp *listener;
};
#define CARRIERS_MAX 6

struct host {
    struct host *next; /* in servers or others */
    struct sd_lab *lab;
    struct machine *machine;
    const struct sd_agent_ops *ops;
    const struct sd_mode *mode;
    struct sd_lab_agent set; /* texts and options are its own */
    enum sd_role role;       /* BOTH: not settled yet */
    bool seated;
    struct sd_identity identity; /* as others know it */
    struct sd_identity own;      /* as it is, of an impostor */
    struct sd_config config;
    struct sd_peer *peers;
    struct sd_peer directory;
    struct sd_env env;
    struct sd_seat seat;
    struct sd_tape *tape; /* NULL: not recorded */
    sd_time made;         /* when the agent was */
    struct carrier carrier[CARRIERS_MAX];
    size_t carriers;
    struct stream *streams;
    uint64_t tcp_retransmits; /* of connections that are over */
    sd_timer timer;
    sd_time timer_at;
    bool expiring;       /* a job for it waits */
    struct batch *batch; /* processor.c: keeps what the agent says now; NULL: nobody does */
    /* Conversations of this client: whose open() is under way, whose first packet has not left,
     * whose handshake is being measured.  0: none. */
    sd_conn opening, starting, handshaking;
    /* tunnel.c */
    int tun; /* ifindex; -1: none */
    uint32_t inner_ip;
    struct sd_udp *inner_udp;
    struct sd_tcp *inner_listener;
};

/* A TCP connection that carries an agent's session. */
struct stream {
    struct stream *next, **self; /* of the host's */
    struct host *host;
    struct sd_tcp *tcp;
    struct sd_path path;
    uint32_t conn;
    sd_conn conv;                 /* 0: nobody's */
    bool asked;                   /* for by the agent, which knows of it only once it is there */
    bool begin, fin_in, reset_in; /* not yet told to the agent */
    bool fin_told;                /* the agent knows that the peer has ended */
    bool fin_out, broken;         /* the agent has ended; nothing goes any more */
    bool planned;                 /* a job for it waits */
    uint8_t *out;                 /* what TCP had no room for */
    size_t out_len, out_cap;
};

/* -- jobs: one call into a seat each -- */

enum job_kind { JOB_UNIT, JOB_STREAM, JOB_EXPIRE, JOB_OPEN, JOB_PUSH, JOB_CONTROL, JOB_INNER };
struct job {
    enum job_kind kind;
    struct host *host;
    struct sd_path path; /* UNIT, CONTROL */
    uint8_t flags;       /* UNIT */
    uint32_t conn;       /* STREAM */
    sd_conn conv;        /* OPEN, PUSH, CONTROL */
    int side;            /* PUSH */
    sd_sid sid;          /* CONTROL */
    enum sd_verb verb;
    uint32_t mtu;
    const uint8_t *data; /* UNIT, INNER */
    size_t len;
};

/* -- conversations -- */

enum { CLIENT, SERVER };

/* Messages of a stream that are of one kind. */
struct stream_kind {
    uint32_t size;    /* bytes of each */
    uint32_t channel; /* the protocol's stream they go on, where datagrams have several */
    uint32_t burst;   /* so many are a frame; 0: there are none */
    uint32_t unused;  /* compared as bytes */
    sd_time playout;  /* later than so long after it was said a message is late; 0: never */
};

enum segment_kind { SEGMENT_REQUEST, SEGMENT_REPLY, SEGMENT_BULK, SEGMENT_STREAM };
/* A piece of what one side says: bytes start to end of its stream, or messages of these numbers. */
struct segment {
    enum segment_kind kind;
    bool datagrams;
    uint64_t start, end;
    uint64_t len;              /* bytes in all */
    struct stream_kind stream; /* STREAM */
    sd_time *said_at;          /* STREAM: when each message was */
    uint64_t times;            /* room there */
    uint64_t sent;             /* datagrams: messages */
    uint64_t delivered;        /* bytes, or different messages */
};

struct party {
    struct conv *conv;
    struct party *next, **self; /* of the machine's; self NULL: no longer */
    sd_machine machine;
    sd_sid sid; /* 0: not known yet */
    bool ready, was_ready, over;
    bool heard_end;       /* the other's stream has ended: so will this one, when all is said */
    uint32_t conn;        /* of its TCP connection; 0: none */
    struct sd_tcp *inner; /* tunnels: TCP inside */
    bool inner_up, inner_closing;
    /* what it says */
    struct segment *segment;
    uint32_t segments, segment_cap;
    uint32_t first_open;    /* the first whose messages are not all sent */
    uint64_t offered, sent; /* bytes of its stream */
    uint64_t numbers;       /* messages so far */
    sd_timer pace;          /* until its next message may go */
    struct ticker *tickers;
    bool pushing; /* a job for it waits */
    /* what of it was heard on the other side */
    uint64_t delivered; /* bytes of its stream */
    uint32_t hearing;   /* the segment that they are in */
    uint8_t *heard;     /* bit n: message n */
    uint64_t heard_bits;
    uint32_t openings; /* how often its first bytes were, over all sessions */
};

struct conv {
    struct sd_lab *lab;
    sd_conn id;
    struct party side[2];
    uint64_t request_len, reply_len;
    bool close, inner_datagram;
    struct objects *objects; /* objects.c; NULL: one request */
    bool hidden;             /* had only because the mode needs it; `then` waits for it */
    bool counted;            /* begun after the mark */
    bool early, early_refused, answered;
    sd_conn then;
    uint32_t tries; /* of a request as datagrams */
    sd_timer again;
    sd_time started, opened, ready_at, first_byte_at, reply_at, done_at,
        stream_at;                             /* or SD_NEVER */
    struct sd_net_counters at_start, at_ready; /* of the client's machine */
    uint32_t flights;
    int direction; /* of the last one */
};

/* -- the lab -- */

struct transfer {
    sd_time began, last_in, finished, gap; /* began SD_NEVER: none; others 0: not yet */
    uint64_t bytes;
    uint32_t open; /* not yet whole */
};

struct sd_lab {
    struct sd_lab_config config;
    struct sd_net *net; /* NULL until sd_lab_start() */
    bool started;
    bool live;            /* what happens now is a script's business */
    sd_time zero, marked; /* the network's times */
    struct machine **machine;
    uint32_t machines, machine_cap;
    struct host *servers, *others; /* hosts by role; others: clients, and not settled yet */
    struct link *link;
    uint32_t links, link_cap;
    struct conv **conv; /* by id - 1 */
    uint32_t convs, conv_cap;
    struct stream **stream; /* by TCP connection */
    uint32_t streams;
    struct lab_map map;
    uint32_t preparing;       /* hidden conversations under way: fair weather meanwhile */
    sd_conn unprepared;       /* one of them failed */
    struct meeting *meetings; /* prepare.c: those that are still to be had */
    bool measured;            /* a conversation that counts was begun */
    uint32_t depth;
    struct after *after, **after_end;
    struct alarm *alarms;
    sd_lab_watch watch;
    void *watch_ctx;
    struct flood *floods;
    struct tap **tap;
    uint32_t taps;
    struct meddler *meddlers;
    struct eavesdropper *ears;
    struct visit *visits;
    struct shot *shots;
    struct transfer transfer;
    uint64_t stream_sent, stream_received, stream_duplicates;
    sd_time stream_gap, stream_last_in;
    struct trace *trace;       /* NULL: none is kept */
    struct sd_pcapng *capture; /* likewise */
    uint8_t scratch[65536];
};

/* lab.c */
void *lab_grow(void *block, size_t size);                       /* never NULL */
void *lab_new(size_t size);                                     /* zeroed */
char *lab_copy(const char *text);                               /* NULL for NULL */
struct machine *lab_machine(const struct sd_lab *, sd_machine); /* NULL: none */
/* From here on counters, bytes and times count afresh: after the sessions that modes need first. */
void lab_mark(struct sd_lab *);
uint64_t lab_seed(const struct sd_lab *, const char *what, const char *name);

/* time.c */
#define LAB_MOMENT 2 /* ns, in which TCP, which takes 1, has sent what it was given */
void lab_alarms_free(struct sd_lab *);

/* after.c */
void lab_enter(struct sd_lab *);
void lab_leave(struct sd_lab *); /* carries out what waits */
void lab_after_free(struct sd_lab *);
void lab_later_job(const struct job *);
void lab_later_inner(struct host *, const uint8_t *ip, size_t len); /* a packet for its tunnel */
void lab_later_reap(struct sd_lab *, uint32_t conn);
struct announcement {
    sd_machine machine;
    sd_conn conv;
    const char *name, *detail;
    uint64_t code;
    const struct sd_path *path;
};
void lab_announce(struct sd_lab *, const struct announcement *); /* to the watcher and the trace */

/* topology.c */
int lab_topology_build(struct sd_lab *, struct sd_error *);
void lab_topology_free(struct sd_lab *);
struct link_end *lab_end(const struct machine *, int ifindex);      /* NULL: not a link's */
int lab_route(const struct sd_lab *, sd_machine from, uint32_t ip); /* ifindex; -1: none */
/* Who has this address, seen from remote: behind NATs, too.  NULL: nobody; inside: its own name. */
struct machine *lab_owner(const struct sd_lab *, const struct sd_addr *,
                          const struct sd_addr *remote, struct sd_addr *inside);

/* boxes.c */
struct sd_chain *lab_chain(struct machine *);          /* made when it is missing; NULL: refused */
int lab_weather_begin(struct sd_lab *, struct link *); /* as set, from now on */
void lab_weather_refresh(struct sd_lab *);             /* on every link */

/* host.c */
int lab_host_seat(struct host *, enum sd_role, struct sd_error *);
void lab_host_free(struct host *);
void lab_host_emit(struct host *, const struct sd_unit *);
struct sd_addr lab_host_local(const struct host *); /* of its first carrier */
void lab_job_run(const struct job *);
void lab_flight(struct host *, int direction); /* a unit of the handshake passed */

/* stream.c */
int lab_stream_listen(struct host *, struct carrier *);
bool lab_stream_connect(struct conv *);
void lab_stream_ask(struct host *, const struct sd_path *); /* a connection that the agent wants */
struct stream *lab_stream_find(const struct sd_lab *, uint32_t conn); /* NULL: none */
void lab_stream_serve(struct stream *);                               /* JOB_STREAM */
void lab_stream_write(struct stream *, const struct sd_unit *);
bool lab_stream_full(const struct stream *);
uint64_t lab_stream_retransmits(const struct stream *);
void lab_stream_reap(struct stream *); /* if it is over; NULL is fine */
void lab_stream_free(struct stream *);

/* tunnel.c */
uint32_t lab_inner_ip(const struct machine *);
struct sd_addr lab_inner_address(const struct machine *); /* of its applications */
int lab_tunnel_open(struct host *, struct sd_error *);
void lab_tunnel_connect(struct conv *);
void lab_tunnel_close(struct party *);

/* processor.c */
struct processor *lab_processor_new(struct machine *);
void lab_processor_free(struct processor *);
void lab_do(const struct job *); /* now, or when the processor has time */
void lab_keep_unit(struct batch *, const struct sd_unit *);
void lab_keep_event(struct batch *, const struct sd_event *);
uint64_t lab_processor_busy(const struct processor *);
uint64_t lab_processor_drops(const struct processor *);

/* conversation.c */
struct conv *lab_conv(const struct sd_lab *, sd_conn); /* NULL: none */
struct conv *lab_conv_new(struct sd_lab *, const struct sd_lab_connect *);
void lab_conv_begin(struct conv *);
void lab_conv_free(struct conv *);
int lab_conv_side(const struct conv *, sd_machine); /* -1: neither */
int lab_side_of(const struct party *);
struct host *lab_host_of(const struct conv *, int side);
struct sd_addr lab_server_address(const struct conv *);
/* Which conversation a client's TCP connection is for, by its source. */
void lab_source_put(struct conv *, const struct sd_addr *source);
struct conv *lab_source_get(const struct sd_lab *, const struct sd_addr *source);
struct conv *lab_conv_by_path(struct host *server, const struct sd_path *);
/* The last one that client began with server, hidden ones too; NULL: none. */
struct conv *lab_conv_between(const struct sd_lab *, sd_machine client, sd_machine server);
void lab_conv_event(struct host *, const struct sd_event *);
void lab_conv_open(struct conv *);    /* JOB_OPEN */
void lab_conv_started(struct conv *); /* its first packet leaves */
void lab_conv_announce(const struct conv *, int side, const char *name);
void lab_conv_answered(struct conv *);
void lab_conv_broken(struct conv *, sd_machine who, const char *name, const char *why);
void lab_conv_end_session(struct conv *, int side);
void lab_conv_moved(struct host *);

/* signalling.c: SD_OK also where there is none */
int lab_signal(const struct conv *);

/* prepare.c */
void lab_prepare(struct sd_lab *, sd_machine client, sd_machine server, struct conv *then);
void lab_prepared(struct conv *earlier); /* it is over */
/* Whoever has wrong keys has never had a session: it is tried in the run. */
bool lab_may_have_met(const struct host *client, const struct host *server);
int lab_prepare_all(struct sd_lab *, struct sd_error *);
void lab_meetings_free(struct sd_lab *);

/* workload.c */
void lab_say(struct conv *, int side, enum segment_kind, uint64_t len);
size_t lab_early(struct conv *, const uint8_t **data); /* the request's beginning; said */
void lab_unsay(struct conv *);
/* One message more of a stream of them. */
void lab_say_message(struct conv *, int side, const struct stream_kind *);
/* The conversation and the side that `from` is; NULL: it is in none of that number. */
struct conv *lab_conv_from(struct sd_lab *, sd_conn, sd_machine from, int *side);
void lab_push(struct conv *, int side); /* JOB_PUSH */
void lab_push_later(struct conv *, int side);
void lab_hear_bytes(struct conv *, int from, const uint8_t *data, size_t len);
void lab_hear_message(struct machine *at, const uint8_t *data, size_t len);
void lab_hear_stranger(struct machine *at, const uint8_t *data, size_t len);
void lab_hear_beside(struct conv *, int from, uint64_t stream, const uint8_t *data, size_t len);

/* objects.c */
void lab_objects_new(struct conv *, uint32_t count);
bool lab_objects_apart(const struct conv *); /* each on a stream of its own */
void lab_objects_ask(struct conv *);
void lab_objects_push(struct conv *, int side);
void lab_objects_hear(struct conv *, int from, uint64_t n, const uint8_t *data, size_t len);
void lab_objects_whole(struct conv *, uint32_t n); /* the client has all of object n */
uint32_t lab_objects_next(const struct conv *);    /* on one stream: whose reply is arriving */
enum object_rank { OBJECT_FIRST, OBJECT_MEDIAN, OBJECT_LAST };
bool lab_objects_time(const struct conv *, enum object_rank, sd_time *at); /* false: not whole */

/* media.c */
void lab_tickers_free(struct ticker *);
void lab_tickers_begin(struct party *); /* it may speak now */

/* recorder.c */
void lab_record(struct host *); /* before its agent is made */
bool lab_opened(const struct host *, uint64_t *bytes);

/* eavesdrop.c */
bool lab_seen(const struct machine *, const char *metric, uint64_t *value);
void lab_ears_free(struct sd_lab *);

/* flood.c, replay.c, meddle.c, visit.c */
void lab_floods_free(struct sd_lab *);
/* Whether a flood of that machine invented this address; packets from invented addresses so far. */
bool lab_is_spoofed(const struct machine *victim, const struct sd_addr *from);
uint64_t lab_spoofed_sent(const struct sd_lab *);
void lab_taps_free(struct sd_lab *);
void lab_meddlers_free(struct sd_lab *);
void lab_shots_free(struct sd_lab *);
void lab_visits_free(struct sd_lab *);

/* metrics.c */
void lab_baseline(const struct machine *, struct baseline *);
bool lab_ratio(uint64_t part, uint64_t whole, uint64_t *value); /* in ppm; false: of nothing */
bool lab_span(sd_time from, sd_time to, uint64_t *value);       /* false: one of them never came */
/* chosen: by machine, whether the conversations that it began count; NULL: all. */
bool lab_clients_metric(const struct sd_lab *, const char *name, const bool *chosen,
                        uint64_t *value);

/* trace.c */
struct trace *lab_trace_new(struct sd_lab *);
void lab_trace_free(struct trace *);
void lab_trace_forget(struct link_end *);
void lab_trace_event(struct trace *, const struct sd_lab_event *); /* NULL is fine */
void lab_watch_arrivals(struct machine *);   /* boxes of the chain, in front */
void lab_watch_departures(struct machine *); /* and at its end */
void lab_watch_weather(struct link_end *);
/* A packet left, or was injected and leaves after delay: for trace and capture. */
void lab_departed(struct link_end *from, const uint8_t *ip, size_t len, sd_time delay);

/* capture.c */
void lab_capture_packet(struct link_end *from, const uint8_t *ip, size_t len, sd_time delay);

#endif
