/* minimalt.h - the agent, its tunnels and connections; private to protocols/minimalt. */
#ifndef MT_MINIMALT_H
#define MT_MINIMALT_H

#include "protocols/minimalt/calls.h"
#include "protocols/minimalt/packet.h"
#include "protocols/minimalt/transport.h"
#include "sim/core/agenda.h"
#include "sim/core/index.h"
#include "sim/core/outbox.h"

/* -- connections: what an application calls a session, or another stream of one -- */

struct mt_wanted { /* of a connection that waits for its server's record */
    struct sd_path path;
    uint8_t server_long[MT_KEY_LEN]; /* S */
};

struct mt_user {
    bool given;                                   /* else nobody in particular */
    uint8_t key[MT_KEY_LEN], x[MT_AUTHENTICATOR]; /* U and its authenticator */
};

struct mt_held { /* of a connection whose initiator has to solve a puzzle first */
    struct mt_user user;
    struct mt_queue data;
    bool ended, closed;
};

struct mt_connection {
    sd_sid sid;
    uint64_t stream;          /* of the session: 0, or it stands beside the connection that is 0 */
    uint32_t id;              /* in its tunnel */
    struct mt_tunnel *tunnel; /* NULL: it waits */
    struct mt_wanted *wanted;
    struct mt_held *held; /* NULL: it is the application's */
    struct mt_connection *next;
    bool initiator;

    struct mt_queue out;
    uint64_t sent, welcome;     /* bytes put into packets, and up to where they may be */
    uint64_t received, granted; /* the same, the other way */
    bool out_ended, end_sent;   /* no more bytes; that was said */
    bool in_ended;
    bool has_others; /* streams beside it, now or before */
    bool closing;    /* by the application: close() follows the last byte */
    bool refused;    /* the application offered more than there was room for */
};

/* -- tunnels between two hosts -- */

enum mt_purpose {
    MT_FOR_CONNECTIONS,
    MT_FOR_LOOKUPS,    /* from boot on, to the resolver */
    MT_FOR_PUBLISHING, /* a server's, to its directory */
};

struct mt_tunnel {
    bool initiator; /* this side opened it */
    uint16_t first_calls;
    enum mt_purpose purpose;
    struct sd_path path;
    uint8_t server_long[MT_KEY_LEN]; /* initiator: S of the other side */

    /* rekey.c: names and keys, of which the old ones only open packets. */
    uint64_t tid, next_tid, old_tid; /* 0: none */
    uint8_t secret[MT_KEY_LEN], old_secret[MT_KEY_LEN];
    uint8_t first_key[MT_KEY_LEN]; /* C' that it began with */
    uint8_t shown_key[MT_KEY_LEN]; /* initiator: C' that its packets show */
    uint8_t next_key[MT_KEY_LEN];
    uint32_t next_sequence; /* of the packet that told next_tid; 0: not sent */
    bool next_known, rekey_wanted;
    bool confirmed; /* initiator: the other side was heard under this TID */

    bool met;                      /* something of ours was acknowledged */
    uint64_t from_bytes, to_bytes; /* responder: until then */
    uint64_t sent_nonce, received_nonce;
    struct mt_transport transport;
    struct mt_queue control; /* calls to be sent */
    struct mt_connection *connections;
    uint32_t last_connection, live; /* connections */
    bool serves_lookups;            /* responder: it answered one */
    bool probe;                     /* a packet is due, whether there is something to say or not */

    uint8_t *solution; /* shown until it is met; NULL: none */
    uint32_t puzzles;

    sd_time speak_at;           /* SD_NEVER: spoken, or nothing to wait for */
    sd_time over_at;            /* SD_NEVER: it is in use */
    sd_time rekey_at;           /* initiator */
    sd_time heard_at, asked_at; /* the last time; asked: when nothing else was under way */
    sd_time probe_after;
    struct sd_due due; /* in minimalt.agenda */
};

/* -- the directory -- */

struct mt_record {
    uint8_t server_long[MT_KEY_LEN];  /* S */
    uint8_t verify_key[MT_KEY_LEN];   /* V */
    uint8_t server_short[MT_KEY_LEN]; /* S' */
    struct sd_addr address;           /* family 0: where one asked */
    uint64_t not_before, not_after;   /* Unix seconds */
    uint16_t first_calls;
    uint16_t len;
    uint8_t bytes[]; /* as it was signed */
};

/* -- the agent -- */

struct mt_ephemeral { /* a server's */
    bool live;
    sd_time born;
    uint8_t private_key[MT_KEY_LEN], public_key[MT_KEY_LEN];
};

struct minimalt {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now; /* of the input under way */
    enum sd_role role;

    /* config.c */
    bool forget_records;  /* modes lookup and boot */
    bool forget_resolver; /* mode boot */
    enum sd_validation validation;
    bool has_user;
    uint8_t long_private[MT_KEY_LEN], long_public[MT_KEY_LEN]; /* s, S or u, U; V's seed, too */
    uint8_t verify_key[MT_KEY_LEN];                            /* V */
    char name[MT_NAME_MAX + 1], service[MT_SERVICE_MAX + 1];
    const char *server_name; /* whom a client expects unless it is told */
    const struct sd_peer *peers;
    size_t peer_count;
    bool known_only;                 /* users */
    const struct sd_peer *directory; /* NULL: each server is its own */
    struct sd_addr address;
    uint32_t half_open_max;
    uint8_t puzzle_bits;
    uint16_t path_mtu;

    /* directory.c */
    struct mt_ephemeral ephemeral[2]; /* the newest first */
    sd_time ephemeral_at;             /* a server makes the next one */
    struct mt_record *own;
    struct sd_index records;       /* by S: a client's cache; what was published to a directory */
    struct mt_connection *waiting; /* for records */

    /* accept.c */
    uint8_t puzzle_key[MT_KEY_LEN];
    struct sd_index seen[2]; /* TIDs of tunnels that began of late, and before that */
    sd_time seen_until;
    uint32_t strangers; /* responder's tunnels that have not met */

    sd_sid last_sid;
    uint64_t tunnels_made;
    uint64_t hash_seed;
    uint32_t connections;
    struct sd_index by_tid, by_sid;
    struct sd_index by_server; /* initiator: S */
    struct sd_agenda agenda;
    struct sd_outbox outbox;
    struct mt_segment *held; /* what events point into, until the next input */
    uint8_t text[2048];      /* the plaintext being read or made */
    struct sd_stats stats;
};

uint64_t mt_unix_ns(const struct minimalt *);

/* config.c: SD_OK or SD_E_ARG */
int mt_config_read(struct minimalt *, const struct sd_config *, struct sd_error *);

/* tunnel.c */
/* NULL: no memory.  Its secret and TID are the caller's to set, before mt_tunnel_listen(). */
struct mt_tunnel *mt_tunnel_new(struct minimalt *, bool initiator, const struct sd_path *);
/* To the holder of `to` (S' or S), under a new C' and TID; NULL: no memory, or no key. */
struct mt_tunnel *mt_tunnel_open(struct minimalt *, enum mt_purpose, const struct sd_path *,
                                 const uint8_t to[MT_KEY_LEN],
                                 const uint8_t server_long[MT_KEY_LEN]);
bool mt_tunnel_listen(struct minimalt *, struct mt_tunnel *, uint64_t tid);
void mt_tunnel_unlisten(struct minimalt *, struct mt_tunnel *, uint64_t tid);
void mt_tunnel_free(struct minimalt *, struct mt_tunnel *);
struct mt_tunnel *mt_tunnel_by_tid(const struct minimalt *, uint64_t tid);
/* The initiator's tunnel of that purpose to S; NULL: none. */
struct mt_tunnel *mt_tunnel_to(const struct minimalt *, enum mt_purpose,
                               const uint8_t server_long[MT_KEY_LEN]);
/* A packet came, authenticated; newest: it is newer than all before. */
void mt_tunnel_heard(struct minimalt *, struct mt_tunnel *, const struct sd_path *, bool newest);
/* The first acknowledgment of something that this side sent. */
void mt_tunnel_met(struct minimalt *, struct mt_tunnel *);
/* Sends what may be sent, sets the timer, and frees the tunnel when it is over. */
void mt_tunnel_pump(struct minimalt *, struct mt_tunnel *);
void mt_tunnel_expire(struct minimalt *, struct mt_tunnel *);
/* Tells all its connections, and frees it. */
void mt_tunnel_fail(struct minimalt *, struct mt_tunnel *, uint64_t code, const char *detail);

/* send.c */
void mt_send_segment(struct minimalt *, struct mt_tunnel *, struct mt_segment *);
void mt_send_acknowledgment(struct minimalt *, struct mt_tunnel *);
/* The next packet's worth of what waits; NULL: nothing does, or none may go. */
struct mt_segment *mt_send_next(struct minimalt *, struct mt_tunnel *);
/* So many bytes of calls may go to an address that is a stranger's, perhaps. */
bool mt_send_affordable(const struct mt_tunnel *, size_t calls);

/* connection.c */
struct mt_connection *mt_connection_new(struct minimalt *, bool initiator);
/* One that stands beside another, in its tunnel; NULL: no memory. */
struct mt_connection *mt_connection_beside(struct minimalt *, struct mt_connection *, uint32_t id,
                                           uint64_t stream);
void mt_connection_append(struct mt_tunnel *, struct mt_connection *); /* to its list */
void mt_connection_join(struct mt_connection *, struct mt_tunnel *, uint32_t id);
void mt_connection_free(struct minimalt *, struct mt_connection *);
struct mt_connection *mt_connection_by_sid(const struct minimalt *, sd_sid);
struct mt_connection *mt_connection_by_stream(const struct mt_connection *, uint64_t stream);
struct mt_connection *mt_connection_by_id(const struct mt_tunnel *, uint32_t id);
long mt_connection_write(struct minimalt *, struct mt_connection *, const uint8_t *, size_t,
                         bool fin);
/* Data came in, which stay where they are until the next input. */
int mt_connection_data(struct minimalt *, struct mt_connection *, const uint8_t *, size_t);
/* Cuts bytes, the end and close() into w, as far as they may go. */
void mt_connection_cut(struct minimalt *, struct mt_connection *, struct sd_writer *w);
bool mt_connection_has_more(const struct mt_connection *); /* that may be sent */
/* Tells the application that it is over, and frees it. */
void mt_connection_end(struct minimalt *, struct mt_connection *, enum sd_event_kind, uint64_t code,
                       const char *detail);
struct sd_event *mt_tell(struct minimalt *, const struct mt_connection *, enum sd_event_kind,
                         const char *detail);
/* Every session of the tunnel. */
void mt_tell_all(struct minimalt *, const struct mt_tunnel *, enum sd_event_kind,
                 const char *detail);

/* control.c: the calls of the control connection.  enum sd_result. */
int mt_control_handle(struct minimalt *, struct mt_tunnel *, struct mt_said *);
bool mt_control_say(struct minimalt *, struct mt_tunnel *, enum mt_call, const void *, size_t);
bool mt_control_say_of(struct minimalt *, struct mt_tunnel *, enum mt_call, uint32_t connection);

/* create.c */
/* create() or createAuth() of a connection that this side opens. */
bool mt_create(struct minimalt *, struct mt_connection *);
/* The same for another stream of a session; NULL: no memory, or no tunnel yet. */
struct mt_connection *mt_create_beside(struct minimalt *, struct mt_connection *, uint64_t stream);
int mt_create_beside_asked(struct minimalt *, struct mt_tunnel *, struct sd_reader *arguments);
int mt_create_asked(struct minimalt *, struct mt_tunnel *, struct mt_said *); /* enum sd_result */
int mt_create_hold_data(struct minimalt *, struct mt_connection *, const uint8_t *, size_t);
/* The puzzle in the tunnel was solved: what was held goes on. */
int mt_create_worked(struct minimalt *, struct mt_tunnel *);
void mt_create_held_free(struct mt_held *);

/* rekey.c */
void mt_rekey_announce(struct minimalt *, struct mt_tunnel *); /* nextTid */
int mt_rekey_announced(struct minimalt *, struct mt_tunnel *, struct sd_reader *arguments);
/* Goes on under the TID and key that were announced, as soon as the other side knows them. */
void mt_rekey_ask(struct minimalt *, struct mt_tunnel *);
/* Whether a packet under next_tid opens; then the tunnel is called so. */
/* The other side has everything up to that sequence number; it has the newest key. */
void mt_rekey_acknowledged(struct minimalt *, struct mt_tunnel *, uint32_t up_to);
void mt_rekey_confirmed(struct minimalt *, struct mt_tunnel *);
bool mt_rekey_follow(struct minimalt *, struct mt_tunnel *, const struct mt_packet *);

/* puzzle.c */
void mt_puzzle_pose(struct minimalt *, const struct mt_packet *, const struct sd_path *);
/* A first packet brings a solution: SD_OK or why not. */
int mt_puzzle_check(struct minimalt *, const struct mt_packet *);
/* The initiator solves one, and begins again. */
int mt_puzzle_solve(struct minimalt *, struct mt_tunnel *, const struct mt_packet *);
/* puzzle() and puzzleSolution() in a tunnel. */
bool mt_puzzle_ask(struct minimalt *, struct mt_tunnel *);
int mt_puzzle_asked(struct minimalt *, struct mt_tunnel *, struct sd_reader *arguments);
int mt_puzzle_answered(struct minimalt *, struct mt_tunnel *, struct sd_reader *arguments);

/* record.c */
/* The record of the bytes if both signatures are good and it is of this time; NULL: not. */
struct mt_record *mt_record_read(struct minimalt *, const uint8_t *bytes, size_t len);
/* It is of this time. */
bool mt_record_is_valid(const struct minimalt *, const struct mt_record *);
/* Signs one for the server that this agent is, with its newest key; NULL: no memory. */
struct mt_record *mt_record_sign(struct minimalt *);

/* directory.c */
void mt_directory_init(struct minimalt *);
void mt_directory_fini(struct minimalt *);
void mt_directory_expire(struct minimalt *);
const struct mt_record *mt_directory_find(const struct minimalt *, const uint8_t server_long[32]);
int mt_directory_asked(struct minimalt *, struct mt_tunnel *, struct sd_reader *arguments);
int mt_directory_given(struct minimalt *, struct mt_tunnel *, struct sd_reader *arguments);

/* lookup.c */
/* Opens the connection's tunnel, or asks for the record that this takes.  SD_OK or SD_E_NOMEM. */
int mt_lookup_connect(struct minimalt *, struct mt_connection *, const struct sd_path *,
                      const uint8_t server_long[MT_KEY_LEN]);
/* The record came; or the resolver has none; or it does not answer at all. */
void mt_lookup_answered(struct minimalt *, const struct mt_record *);
void mt_lookup_refused(struct minimalt *, const struct mt_tunnel *resolver);
void mt_lookup_failed(struct minimalt *, const struct mt_tunnel *resolver, uint64_t code,
                      const char *detail);
/* Somebody waits for that resolver. */
bool mt_lookup_waits(const struct minimalt *, const struct mt_tunnel *resolver);
/* The application does not wait any more. */
void mt_lookup_cancel(struct minimalt *, struct mt_connection *);

/* accept.c: a packet of a tunnel that does not exist */
int mt_accept(struct minimalt *, const struct sd_unit *, const struct mt_packet *);
/* Whoever wants something has to solve a puzzle first. */
bool mt_accept_wants_work(const struct minimalt *);

/* receive.c */
int mt_receive(struct minimalt *, const struct sd_unit *); /* enum sd_result */
/* Opens its box into minimalt.text. */
bool mt_receive_open(struct minimalt *, const struct mt_packet *, const uint8_t secret[MT_KEY_LEN]);
/* What has been opened: len bytes. */
int mt_receive_text(struct minimalt *, struct mt_tunnel *, const struct mt_packet *,
                    const struct sd_path *, size_t len);

/* describe.c */
size_t mt_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

#endif
