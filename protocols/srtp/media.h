/* media.h - private to protocols/srtp: the agent, its sessions, and who does what.
 *
 *   app_in --> send.c ----> SRTP ---------------------------> outbox --> net_out
 *              report.c --> SRTCP --------------------------> outbox
 *   net_in --> receive.c: 20..63 --> dtls.c: the inner agent --> outbox
 *                         128..191 -> SRTP, SRTCP ----------> event
 *
 * The inner agent (DTLS 1.2 or 1.3) agrees on keys; all that is known of it is sim/core/agent.h. */
#ifndef SD_SRTP_MEDIA_H
#define SD_SRTP_MEDIA_H

#include "protocols/crypto/certificate.h"
#include "protocols/srtp/context.h"
#include "protocols/srtp/description.h"
#include "sim/core/agenda.h"
#include "sim/core/index.h"
#include "sim/core/outbox.h"
#include "sim/core/settle.h"

#define SR_SOURCES_MAX  64 /* SSRCs that one peer may send from */
#define SR_TRIALS_MAX   16 /* calls that a packet of unknown origin is tried with */
#define SR_CALLS_MAX    4096
#define SR_PAYLOAD_TYPE 96                /* of stream 0; RFC 3551: dynamic */
#define SR_STREAMS      32                /* payload types 96 to 127 */
#define SR_CLOCK_HZ     90000             /* of all RTP timestamps */
#define SR_MSL          (120 * SD_SECOND) /* RFC 793; RFC 5764 5.2: old keys are kept so long */
#define SR_LINGER       (10 * SD_SECOND)  /* for a new association after one was closed */
#define SR_SILENCE      (25 * SD_SECOND)  /* RFC 3550 6.3.5: five intervals, then nobody is there */
#define SR_REPORT_EVERY                                                                            \
    (5 * SD_SECOND) /* RFC 3550 6.2: the least interval; half of it at first                       \
                     */

/* One direction of one SSRC: ours (of one stream of the application) or the peer's. */
struct sr_source {
    struct sr_source *next; /* of its session */
    struct sr_session *session;
    struct sr_context context;
    uint64_t stream;
    uint16_t seq;       /* ours: of the next packet */
    uint32_t timestamp; /* ours: at time 0 */
    uint32_t packets, octets;
    /* The peer's, for reports (RFC 3550 A.3, A.8). */
    uint32_t first, highest; /* extended sequence numbers */
    uint32_t expected_before, received_before;
    uint32_t jitter;  /* in 16ths of a timestamp unit */
    uint32_t transit; /* of the packet before */
    uint32_t last_sr; /* middle bits of the NTP time in the last SR; 0: none */
    sd_time last_sr_at;
};

/* Keys of one DTLS handshake, both directions. */
struct sr_keys {
    bool there;
    struct sr_master ours, theirs;
};

/* The certificate in a handshake. */
struct sr_shown {
    bool there;
    uint8_t fingerprint[SD_FINGERPRINT_LEN];
    char whose[120];
};

enum sr_phase {
    SR_HANDSHAKE, /* no keys yet */
    SR_OPEN,
    SR_CLOSING, /* BYE is out; the inner association is closing */
};

struct sr_session {
    struct srtp *agent;
    sd_sid sid, association; /* ours, the inner agent's (0: none now) */
    bool client;
    enum sr_phase phase;
    bool rekeying, writable_wanted;
    struct sd_path path;
    /* Who the peer is: as signalled (a client's), or as it was when the call began. */
    bool expects;
    uint8_t fingerprint[SD_FINGERPRINT_LEN];
    struct sr_shown shown;
    /* Keys: those of the newest handshake, and those before it until old_until. */
    struct sr_keys now, old;
    sd_time old_until;
    bool send_old; /* server: until the client shows that it has the new ones */
    struct sr_source *ours, *theirs;
    uint32_t theirs_count;
    sd_time heard_at;                        /* anything authentic */
    sd_time report_at, linger_at, silent_at; /* SD_NEVER: not running */
    struct sd_due due;
};

/* A session description that was signalled, by the peer's fingerprint. */
struct sr_call {
    struct sr_call *next;
    struct sr_description description;
};

struct srtp {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now;
    enum sd_role role;
    uint16_t path_mtu;
    struct sr_policy policy;
    uint32_t rate; /* key derivation rate */
    bool latch;    /* replies follow authentic media to a new address */
    bool has_fixed;
    uint8_t fixed[SD_FINGERPRINT_LEN];     /* option fingerprint: the peer's, for every call */
    uint8_t own[SD_FINGERPRINT_LEN];       /* of the own certificate */
    uint8_t announced[SD_FINGERPRINT_LEN]; /* in descriptions; the own, unless a test lies */
    struct sr_call *calls;
    uint32_t call_count;
    uint64_t last_call;
    sd_sid last_sid;
    uint64_t seed;                                     /* of hashes in the indexes */
    struct sd_index by_sid, by_association, by_remote; /* of sessions */
    struct sd_index by_ssrc;                           /* of the peers' sources */
    struct sd_agenda agenda;
    /* The inner agent, its configuration, and what it told. */
    const char *name; /* of the own identity, for RTCP */
    struct sd_config inner_config;
    struct sd_option inner_option[5];
    struct sd_seat inner;
    struct sd_outbox told;
    struct sd_outbox outbox;
    struct sd_stats stats; /* without the inner agent's */
};

/* -- config.c -- */

int sr_read_config(struct srtp *, const struct sd_config *, struct sd_error *);

/* -- session.c -- */

struct sr_session *sr_session_new(struct srtp *, const struct sd_path *, bool client);
void sr_session_free(struct sr_session *); /* wipes keys, says nothing */
struct sr_session *sr_session_by_sid(const struct srtp *, sd_sid);
struct sr_session *sr_session_by_association(const struct srtp *, sd_sid);
struct sr_session *sr_session_by_remote(const struct srtp *, const struct sd_addr *);
void sr_session_associate(struct sr_session *, sd_sid association);
void sr_session_move(struct sr_session *, const struct sd_path *);
/* detail is copied, NULL is fine. */
void sr_session_tell(struct sr_session *, enum sd_event_kind, uint64_t code, const char *detail);
void sr_session_over(struct sr_session *, enum sd_event_kind, const char *detail); /* and frees */
void sr_session_timer(struct sr_session *); /* after report_at, linger_at or old_until changed */
void sr_session_expire(struct srtp *);
int sr_session_close(struct sr_session *);
struct sr_source *sr_source_new(struct srtp *, uint32_t ssrc, bool receives); /* NULL: no memory */
void sr_source_free(struct sr_source *);
struct sr_source *sr_source_find(const struct srtp *, const struct sr_session *, uint32_t ssrc);
/* The peer's source is the session's from now on.  False: it has too many. */
bool sr_session_adopt(struct sr_session *, struct sr_source *);

/* -- signal.c: calls that were signalled -- */

int sr_signal(struct srtp *, struct sd_control *);
/* The description of the server at that address; NULL: none. */
const struct sr_call *sr_call_with(const struct srtp *, const struct sd_addr *server);
/* Takes up a call that was signalled for this certificate: with that address, or (NULL) with any.
 * False: none waits. */
bool sr_call_take(struct srtp *, const uint8_t *fingerprint, const struct sd_addr *address);
void sr_calls_free(struct srtp *);

/* -- dtls.c: the inner agent -- */

int sr_dtls_init(struct srtp *, const struct sd_agent_ops *inner, struct sd_error *);
void sr_dtls_fini(struct srtp *);
int sr_dtls_open(struct srtp *, const struct sd_open *, sd_sid *association);
int sr_dtls_net_in(struct srtp *, const struct sd_unit *);
void sr_dtls_expire(struct srtp *);
int sr_dtls_control(struct srtp *, sd_sid association, struct sd_control *);
void sr_dtls_close(struct srtp *, sd_sid association);

/* -- handshake.c: what the inner agent told, and the keys that come of it -- */

void sr_handshake_digest(struct srtp *);
int sr_handshake_rekey(struct sr_session *);

/* -- receive.c, send.c, report.c -- */

int sr_receive(struct srtp *, const struct sd_unit *);
long sr_send(struct sr_session *, uint64_t stream, const uint8_t *data, size_t len, bool marker);
/* Keys that packets go out under. */
const struct sr_master *sr_sending(const struct sr_session *);
uint32_t sr_timestamp(const struct srtp *); /* of now, from 0 at time 0 */
/* The source for that stream, made when it is missing; NULL: no memory. */
struct sr_source *sr_send_source(struct sr_session *, uint64_t stream);

void sr_report_received(struct sr_source *, const struct srtp *, uint16_t seq, uint32_t timestamp);
void sr_report_send(struct sr_session *, bool bye);
/* An authentic RTCP packet; the session may be over afterwards. */
void sr_report_read(struct sr_session *, struct sr_source *, const uint8_t *packet, size_t len);

int sr_drop(struct srtp *, int reason); /* counts it and returns it */

size_t sr_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

#endif
