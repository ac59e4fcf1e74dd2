/* agent.h - what every protocol in Shakedown looks like from outside.
 *
 * An agent is one endpoint (client, server, or both) with any number of sessions.  It does no
 * I/O, reads no clock and draws no entropy of its own: the host hands it units and the time, and
 * pulls units and events out.  The only calls it makes outwards are those of env.h.
 *
 *   app  --app_in-->  +-------+  --net_out-->  carrier: TCP stream, UDP datagram, IP packet
 *   app  <--event---  | agent |  <--net_in---
 *                     +-------+  deadline()/expire(): timers, on the host's clock
 *
 * Hosts never call these functions directly: settle.h is the one loop that does, and it keeps
 * the contract: one input (open, app_in, net_in, expire, control), then net_out and event in
 * turn until both give 0, then wait for deadline().  Never re-entered, never threaded.
 * One agent may stand on several carriers at once (IKE on UDP 500 and 4500, ESP on IP 50, both on
 * TCP): the unit's path says which. */
#ifndef SD_AGENT_H
#define SD_AGENT_H

#include "sim/core/base.h"
#include "sim/core/config.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "sim/core/features.h"

/* What an agent offers its application. */
enum sd_service {
    SD_SERVICE_STREAM = 1, /* reliable bytes, perhaps many streams              */
    SD_SERVICE_DATAGRAM,   /* messages that may be lost                         */
    SD_SERVICE_IP,         /* a tunnel: app_in and SD_EV_DATA are inner IP packets */
};

/* One unit across a carrier: a UDP datagram's payload, an IP packet's payload (proto other than
 * TCP and UDP) or the next bytes of TCP connection path.conn. */
struct sd_unit {
    struct sd_path path;
    uint8_t *data; /* net_out: the caller's buffer of cap bytes (at least 65536) */
    size_t len, cap;
    uint8_t ecn;
    uint8_t flags; /* SD_UNIT_* */
};
/* net_in, len 0: TCP connection path.conn is there, accepted by the server's host or asked for by
 * the agent.  net_out, len 0, path.conn 0: the agent asks for one to path.remote; the answer is
 * BEGIN with its conn and the same remote, or RESET with that remote when it cannot be had. */
#define SD_UNIT_BEGIN         0x01
#define SD_UNIT_FIN           0x02 /* the carrier ends in this direction after these bytes               */
#define SD_UNIT_RESET         0x04 /* net_in: the carrier broke; net_out: break it */
#define SD_UNIT_DONT_FRAGMENT 0x08 /* net_out: set DF (path MTU discovery) */

/* Streams of a session with many are numbered by the application, from 0; others know 0 only.  A
 * side begins a stream by saying something on it, the other answers on the same.  With
 * ops->messages, this one is no stream but messages that may be lost: each app_in() is one, as is
 * each SD_EV_DATA. */
#define SD_STREAM_MESSAGES UINT64_MAX

enum sd_event_kind {
    SD_EV_VALIDATED = 1, /* peer proved that it owns its address (cookie, Retry)    */
    SD_EV_PEER_AUTH,     /* peer's identity verified; detail = how or whom; data, len = its
                            certificate in DER, where the protocol has certificates */
    SD_EV_READY,         /* keys agreed: this side may send application data; code = the SRTP
                            protection profile that was agreed on, if any (RFC 5764) */
    SD_EV_RESUMED,
    SD_EV_EARLY_OK,
    SD_EV_EARLY_REFUSED,
    SD_EV_TICKET,   /* something to resume with later has arrived              */
    SD_EV_DATA,     /* data, len: plaintext, valid during the call; `early` if so; fin */
    SD_EV_WRITABLE, /* app_in took less than offered; there is room again      */
    SD_EV_KEY_UPDATE,
    SD_EV_KEY_EXPIRED,
    SD_EV_MIGRATED, /* the session now lives on `path`                         */
    SD_EV_CLOSED,   /* orderly, authenticated where the protocol can           */
    SD_EV_ERROR,    /* session dead; code = alert or notify, detail = words    */
    SD_EV_NOTE,     /* something worth a line in a ladder; detail = words      */
    SD_EV_MAX
};
const char *sd_event_name(enum sd_event_kind kind); /* "ready", "migrated", ... never NULL */

struct sd_event {
    enum sd_event_kind kind;
    sd_sid sid;
    uint64_t stream;
    const uint8_t *data;
    size_t len;
    bool early, fin;
    uint64_t code;
    const char *detail; /* valid during the call; may be NULL */
    struct sd_path path;
};

/* Counters that every agent keeps.  Monotonic except the last group. */
struct sd_stats {
    uint64_t units_in, units_out, bytes_in, bytes_out;
    uint64_t dropped[SD_DROP_MAX]; /* by reason, index enum sd_result > 0 */
    uint64_t retransmits;          /* units or flights sent again by the protocol itself */
    uint64_t bytes_from_unvalidated, bytes_to_unvalidated; /* responder, before SD_EV_VALIDATED */
    uint64_t handshakes;                                   /* completed */
    uint64_t replays_accepted;          /* early data taken twice, where configuration allows it */
    uint64_t sessions;                  /* with keys agreed */
    uint64_t half_open, half_open_peak; /* in handshake */
    uint64_t state_bytes, state_bytes_peak; /* filled by the settle loop from env's heap */
};

struct sd_open {
    struct sd_path path;     /* remote is set; conn is an established TCP connection for streams */
    const char *server_name; /* NULL: the config's */
    const uint8_t *early;    /* application data for the first flight, if the mode is early */
    size_t early_len;
};

enum sd_verb {
    SD_CLOSE,   /* end session sid the protocol's way */
    SD_REKEY,   /* key update, rekey, new generation */
    SD_MIGRATE, /* the host's own address changed: path is the new one */
    SD_EXPORT,  /* exporter: label in text, context in in, result to out */
    SD_SIGNAL,  /* session descriptions: the peer's is in in (NULL: none yet), ours goes to out
                   (NULL:  it is not asked for) and its length to out_len; path.local is our address
                 */
    SD_PATH_MTU /* the path to path.remote takes mtu bytes of IP packet, says ICMP */
};
struct sd_control {
    enum sd_verb verb;
    struct sd_path path;
    const char *text;
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
    uint32_t mtu;
};

/* TCP options of the three segments that open a connection (TCP-ENO, RFC 8547). */
enum sd_segment { SD_SEGMENT_SYN, SD_SEGMENT_SYN_ACK, SD_SEGMENT_ACK };

struct sd_mode {
    const char *name;   /* "fresh", "resumed", "early", "cookie", "psk", ... (README: modes) */
    const char *what;   /* one line for `shakedown list protocols` */
    bool needs_earlier; /* wants a session before it, in the same agent: ticket, cached config */
};

/* A carrier and the port or number a server listens on there. */
struct sd_carrier {
    uint8_t proto; /* IANA; 0 ends a list */
    uint16_t port; /* 0 for IP protocols */
};

struct sd_agent {
    const struct sd_agent_ops *ops; /* first member of every agent */
};

struct sd_agent_ops {
    const char *name;  /* the id: "wireguard" */
    const char *title; /* "WireGuard" */
    const char *spec;  /* "RFC 8446", "whitepaper of 2020-06-01" */
    enum sd_service service;
    bool signals; /* the ends of a session must have each other's description first: SD_SIGNAL */
    const struct sd_carrier *carriers; /* the first is the one a client connects to */
    const struct sd_mode *modes;       /* ends with name NULL; the first is "fresh" */
    uint64_t features;                 /* what the protocol claims: SD_F_* */
    uint16_t overhead;  /* bytes added to one full record or packet of application data */
    uint16_t inner_mtu; /* SD_SERVICE_IP: of the virtual interface; else 0 */
    bool messages;      /* SD_SERVICE_STREAM: carries SD_STREAM_MESSAGES, too */

    /* SD_OK, SD_E_ARG (why in *error), SD_E_UNSUPPORTED, SD_E_NOMEM. */
    int (*create)(struct sd_agent **, const struct sd_config *, struct sd_env *,
                  struct sd_error *error);
    void (*destroy)(struct sd_agent *); /* wipes keys */

    /* Starts a session as initiator.  On a stream carrier the connection is up already. */
    int (*open)(struct sd_agent *, sd_time now, const struct sd_open *, sd_sid *sid);
    /* Bytes taken (0: try again after SD_EV_WRITABLE) or enum sd_result < 0.  Tunnels: sid 0, one
     * inner IP packet. */
    long (*app_in)(struct sd_agent *, sd_time now, sd_sid, uint64_t stream, const uint8_t *data,
                   size_t len, bool fin);
    int (*net_in)(struct sd_agent *, sd_time now, const struct sd_unit *); /* enum sd_result */
    int (*net_out)(struct sd_agent *, sd_time now, struct sd_unit *);      /* 1: filled, 0: none */
    int (*event)(struct sd_agent *, struct sd_event *);                    /* 1: filled, 0: none */
    sd_time (*deadline)(const struct sd_agent *); /* SD_NEVER: no timer runs; else > 0 */
    int (*expire)(struct sd_agent *, sd_time now);
    int (*control)(struct sd_agent *, sd_time now, sd_sid, struct sd_control *);
    void (*stats)(const struct sd_agent *, struct sd_stats *);

    /* Optional (NULL: the protocol uses no TCP options).  Called for a segment that goes out
     * (received NULL): writes whole options into out, returns their length, at most cap; and for
     * one that came in: received holds all its options, returns 0.  conn is known before the
     * connection is up. */
    size_t (*tcp_options)(struct sd_agent *, sd_time now, const struct sd_path *, enum sd_segment,
                          const uint8_t *received, size_t received_len, uint8_t *out, size_t cap);
    /* Optional: names a unit for ladders ("ClientHello", "Initiation"), encrypted parts named as
     * such; reads only the bytes, may be called with any bytes.  Returns the text's length. */
    size_t (*describe)(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);
    /* Optional: an end of the session in the name of this unit's sender, as anybody can make it who
     * saw the unit, for protocols that have one that nothing authenticates.  Its length, at most
     * cap; 0: this unit does not help. */
    size_t (*forge_end)(const uint8_t *seen, size_t len, bool from_client, uint8_t *out,
                        size_t cap);
};

extern const struct sd_agent_ops *const sd_agents[];        /* NULL-ended; protocols/registry.c */
const struct sd_agent_ops *sd_agent_find(const char *name); /* NULL: no such protocol */
const struct sd_mode *sd_mode_find(const struct sd_agent_ops *, const char *mode);

#endif
