/* lab.h - one run: machines with agents and workloads on a network, attackers and NATs, events
 * and metrics.  This is the C face that the scenario language drives; it knows no Lua.
 *
 * Build (hosts, links, agents), then sd_lab_start(), then schedule and act from callbacks inside
 * sd_lab_run().  Actions may be called from any callback: the lab queues what would re-enter.
 *
 * A mode that needs an earlier session gets one by itself: when the roles of agents are given,
 * every client of such a mode meets every server of its protocol inside sd_lab_start(), in fair
 * weather, and time 0, traces, captures and metrics begin afterwards. */
#ifndef SD_LAB_H
#define SD_LAB_H

#include "sim/box/firewall.h"
#include "sim/box/nat.h"
#include "sim/box/weather.h"
#include "sim/core/cost.h"
#include "sim/net.h"

struct sd_lab;
typedef int sd_machine; /* index of a host, router or NAT; < 0: enum sd_result */

struct sd_lab_config {
    uint64_t seed;    /* of this run */
    uint64_t weather; /* seed of the impairments: the same for every protocol and mode at the same
                         point and repeat */
    bool trace;       /* keep events for sd_lab_save_trace() */
    bool capture;     /* keep packets for sd_lab_save_capture() */
    bool checksums;
};
int sd_lab_create(struct sd_lab **, const struct sd_lab_config *, struct sd_error *);
void sd_lab_destroy(struct sd_lab *);
struct sd_net *sd_lab_net(struct sd_lab *); /* NULL before sd_lab_start() */

/* -- machines -- */

/* A processor runs the agent: its cryptography as the cost table says, and unit_in_ns for each unit
 * that comes in.  TCP, UDP, IP and the applications are free. */
struct sd_machine_config {
    const char *name;                  /* unique */
    uint32_t cores;                    /* 0: 1 */
    const struct sd_cost_table *costs; /* NULL: computing takes no time */
    uint32_t input_queue_bytes; /* of datagrams waiting for the processor, and as much of inner
                                   packets; 0: 212992, Linux's rmem_default */
};
sd_machine sd_lab_host(struct sd_lab *, const struct sd_machine_config *, struct sd_error *);
sd_machine sd_lab_router(struct sd_lab *, const char *name, struct sd_error *);

struct sd_nat_config {
    const char *name;
    enum sd_nat_mapping mapping; /* filtering is the same (RFC 4787's words) */
    sd_time udp_timeout;         /* of an idle binding; 0: 30 s */
    sd_time tcp_timeout;         /* 0: 2 h 4 min (RFC 5382) */
};
/* The link made last is its outside; hairpinning is off. */
sd_machine sd_lab_nat(struct sd_lab *, const struct sd_nat_config *, struct sd_error *);
int sd_lab_rebind(struct sd_lab *, sd_machine nat, unsigned what); /* SD_REBIND_* */
/* Before sd_lab_start(): what a router or NAT does not let through, SD_BLOCK_*; nothing is blocked
 * while the sessions are had that modes need first. */
int sd_lab_block(struct sd_lab *, sd_machine, unsigned what, struct sd_error *);

/* -- links and weather -- */

struct sd_lab_link {
    sd_machine a, b;
    sd_time delay;
    uint64_t rate_bps; /* 0: serialisation vanishes */
    uint32_t queue_bytes;
    uint16_t mtu; /* 0: 1500; smaller: DF packets get ICMP 3/4, others are fragmented */
    struct sd_weather forth, back; /* a to b, b to a; its packets count from sd_lab_start() on */
};
/* Link n is the subnet 10.(n / 256).(n % 256).0/24: a has .1, b .2. */
int sd_lab_link(struct sd_lab *, const struct sd_lab_link *, struct sd_error *); /* id or < 0 */
/* Delay, rate, queue and weather, from now on; a, b and mtu stay.  The weather's packets count
 * anew.  SD_E_STATE: corruption where a run began without checksums. */
int sd_lab_set_link(struct sd_lab *, int link, const struct sd_lab_link *);

/* -- agents -- */

struct sd_lab_agent {
    const char *protocol;
    const char *mode;     /* NULL: fresh */
    const char *identity; /* NULL: "client.example" or "server.example" by role */
    enum sd_role role;    /* BOTH becomes what the first action says: then an earlier session that
                             the mode needs is had at that moment, inside the run */
    enum sd_validation validation;
    bool directory;   /* a server that answers look-ups for all others of its protocol (MinimaLT);
                         they have published there before the run's time begins */
    uint32_t backlog; /* half-open sessions; 0: protocol's default */
    bool mutual, early_replay_ok;
    bool impostor;  /* has the name and address that others know, but keys of its own: a certificate
                       that it signed itself, another static key */
    bool other_psk; /* its pre-shared key is not the lab's */
    bool recorded;  /* for the metric "opened" */
    const char *alpn;
    const struct sd_option *options;
};
/* At most one agent a machine.  Fills config's keys, peers and PSK from the identities of the
 * lab; opens carriers, tunnels and listeners at sd_lab_start(). */
int sd_lab_agent(struct sd_lab *, sd_machine, const struct sd_lab_agent *, struct sd_error *);

/* Addresses, routes (shortest path), captures, agents. */
int sd_lab_start(struct sd_lab *, struct sd_error *);

/* -- time -- */

int sd_lab_at(struct sd_lab *, sd_time when, void (*fire)(void *ctx), void *ctx);
int sd_lab_run(struct sd_lab *, sd_time until);
void sd_lab_stop(struct sd_lab *);
sd_time sd_lab_now(const struct sd_lab *);

/* -- what hosts do -- */

typedef uint32_t sd_conn; /* one application conversation over one session; 0: none */

/* Starts a session of a's agent with b's.  request_len > 0: as soon as allowed (early data if the
 * mode is "early") sends that many bytes and the server answers with reply_len.  What is said
 * carries its conversation's and its own number in the clear (sim/node/message.h), so that a
 * delivery out of turn is seen.  As datagrams a request that is not answered goes again after 1 s,
 * 2 s, 4 s, ... */
#define SD_LAB_MESSAGE_MIN 36 /* bytes of a request, reply or message */
struct sd_lab_connect {
    sd_machine client, server;
    uint64_t request_len, reply_len; /* 0: none; at least SD_LAB_MESSAGE_MIN */
    bool close;                      /* end the session when the reply is whole */
    bool inner_datagram;             /* tunnels: request and reply as inner UDP, not inner TCP */
    /* So many requests at once, each answered: each on a stream of its own where the agent has
     * streams (SD_F_MULTIPLEXING), one after the other where it has one.  None is early data, and
     * datagrams are refused.  0: one as above. */
    uint32_t objects;
};
sd_conn sd_lab_connect(struct sd_lab *, const struct sd_lab_connect *); /* 0: refused, traced */
/* From one of conn's machines to the other: len bytes (bulk), when the session is ready and as room
 * allows.  As datagrams they leave at the pace of the machine's first link, and what is lost stays
 * lost.  SD_E_STATE: that side's session is over. */
int sd_lab_send(struct sd_lab *, sd_conn, sd_machine from, uint64_t len);
/* The same, at once and at most 1000 bytes, on another stream of the session than conversations
 * speak on; for the metric "streams". */
int sd_lab_send_beside(struct sd_lab *, sd_conn, sd_machine from, uint64_t stream, uint64_t len);
/* A steady stream of messages of `size` bytes every `interval` until `count` are sent: datagrams
 * where the service has them (inside a tunnel always), else on the byte stream. */
int sd_lab_stream(struct sd_lab *, sd_conn, sd_machine from, uint32_t size, sd_time interval,
                  uint64_t count);
/* Both sides speak: audio, a packet every 20 ms, and video, 30 frames a second as bursts of packets
 * with a larger frame every two seconds, each from when it is ready on.  What arrives later than
 * `playout` after it was said is late. */
struct sd_lab_call {
    uint32_t audio_size; /* bytes of a packet; 0: no audio */
    uint64_t video_bps;  /* on the average; 0: no video */
    sd_time playout;     /* 0: 150 ms */
    sd_time last;
};
int sd_lab_call(struct sd_lab *, sd_conn, const struct sd_lab_call *);
int sd_lab_close(struct sd_lab *, sd_conn, sd_machine who);
int sd_lab_rekey(struct sd_lab *, sd_conn, sd_machine who);
/* Asks who's side for a value that both sides of the session can make: the event "exported" there,
 * its detail in hex, or "refused". */
int sd_lab_export(struct sd_lab *, sd_conn, sd_machine who);
/* The host itself gets a new address (interface change, not a NAT's). */
int sd_lab_move(struct sd_lab *, sd_machine);
sd_conn sd_lab_last_conn(const struct sd_lab *, sd_machine a, sd_machine b); /* 0: none */

/* -- what attackers do; an attacker is any host -- */

struct sd_flood {
    sd_machine from, to;
    uint64_t rate_pps;
    uint32_t source_net; /* spoofed sources, host order; 0: the attacker's own address, which on TCP
                            opens connections and says the first message in each */
    uint8_t source_prefix;
    sd_time start, end;
    bool fresh; /* a new first message each time, made by an agent of the victim's protocol; else
                   one message again and again.  Spoofed on TCP: a SYN */
};
int sd_lab_flood(struct sd_lab *, const struct sd_flood *, struct sd_error *);

/* Watches everything that passes machine `at` (its links), keeps what matches. */
struct sd_tap {
    sd_machine at, from, to; /* from, to: -1 any */
    bool data;               /* packets after both sides were READY; else those before */
    uint32_t limit;          /* packets kept; 0: 4096 */
};
int sd_lab_tap(struct sd_lab *, const struct sd_tap *); /* id or < 0 */
struct sd_replay {
    int tap;
    sd_machine from; /* who injects */
    int index;       /* which kept packet, from 0; -1: all in order */
    bool own_source; /* from the attacker's own address, else the original source.  TCP: what the
                        packets carried goes into a connection of the attacker's own */
    uint32_t copies; /* 0: 1 */
    sd_time spacing;
};
int sd_lab_replay(struct sd_lab *, const struct sd_replay *); /* packets injected, or < 0 */

/* Says of the last packet kept that its sender is done, as anybody could: a FIN or RST of its own
 * address and next sequence number, or what its protocol has over UDP that nothing authenticates.
 * Packets sent, 0: there is no such thing for what was kept, or < 0. */
enum sd_cut { SD_CUT_FIN, SD_CUT_RST };
int sd_lab_cut(struct sd_lab *, int tap, sd_machine from, enum sd_cut);

/* On their way through machine `at`: packets of a tap's kind that carry something. */
enum sd_meddling {
    SD_CORRUPT, /* one bit in the middle of what they carry is turned, checksums are right */
    SD_DELAY,   /* they go on later, behind others */
};
struct sd_meddle {
    struct sd_tap which; /* limit is not looked at */
    uint32_t nth, count; /* from the nth such packet on, from 1; so many; 0: 1 */
    enum sd_meddling how;
    sd_time delay;
};
int sd_lab_meddle(struct sd_lab *, const struct sd_meddle *);

/* Looks at all that passes machine `at` from now on, for the metrics "seen.". */
int sd_lab_eavesdrop(struct sd_lab *, sd_machine at);

/* -- what happened -- */

/* Agents' events by sd_event_name(), and the lab's own.  Called outside any agent.
 *   "first byte"    at the server: the request begins to arrive
 *   "reply"         at the client: the reply is whole, or all of several
 *   "received all"  a bulk transfer, or a request that wants no reply, is whole
 *   "refused"       the carrier or the agent would not begin, renew its keys or export; detail says
 *                   why
 *   "reset"         the conversation's TCP connection broke
 *   "offered", "answered"  signalling carried the server's and the client's session description
 *   "exported"      an answer to sd_lab_export(); detail in hex
 *   "rebound", "moved"  a NAT has new bindings; a host has a new address */
struct sd_lab_event {
    sd_time at;
    sd_machine machine;
    sd_conn conn;
    const char *name, *detail;
    uint64_t code;
    struct sd_path path;
};
typedef void (*sd_lab_watch)(void *ctx, const struct sd_lab_event *);
void sd_lab_on_event(struct sd_lab *, sd_lab_watch, void *ctx); /* one; NULL: none */

/* A line of the trace, from a script. */
void sd_lab_note(struct sd_lab *, const char *text);

/* -- metrics -- */

/* One list: column names carry their unit.  `machine` metrics are of one machine ("server"),
 * `clients` metrics of all conversations or of those that some machines began, others of the run;
 * scope says which words a script may put before the name. */
enum sd_metric_scope { SD_METRIC_RUN, SD_METRIC_CLIENTS, SD_METRIC_MACHINE };
struct sd_metric {
    const char *name;   /* in scripts: "handshake.time", "cpu", "bytes_to_unvalidated" */
    const char *column; /* "handshake_time_ns"; _MACHINE is appended when one is named */
    const char *dim;    /* "time", "size", "count", "ratio" (ppm) */
    const char *what;   /* for `shakedown list metrics` */
    enum sd_metric_scope scope;
};
extern const struct sd_metric sd_metrics[]; /* ends with name NULL */
/* False: there is no value (it never happened); the cell stays empty.  The machine is looked at for
 * SD_METRIC_MACHINE only. */
bool sd_lab_metric(const struct sd_lab *, const struct sd_metric *, sd_machine, uint64_t *value);
/* An SD_METRIC_CLIENTS of the conversations whose client is one of these machines.  What is of one
 * conversation ("handshake.time") is the median of theirs, by nearest rank, in which one that never
 * got so far is longer than any: there is no value when the median falls on such a one. */
bool sd_lab_metric_of(const struct sd_lab *, const struct sd_metric *, const sd_machine *clients,
                      size_t count, uint64_t *value);

/* -- records -- */

/* events/RUN.jsonl: one object a line: {"t":ns,"kind":"packet"|"event"|"note",...} in order. */
int sd_lab_save_trace(struct sd_lab *, const char *path, struct sd_error *);
/* pcap/RUN.pcapng and RUN.keys. */
int sd_lab_save_capture(struct sd_lab *, const char *path, const char *keys_path,
                        struct sd_error *);

#endif
