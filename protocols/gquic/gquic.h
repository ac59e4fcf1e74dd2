/* gquic.h - the agent and its connections; private to protocols/gquic. */
#ifndef GQ_GQUIC_H
#define GQ_GQUIC_H

#include "protocols/gquic/config.h"
#include "protocols/gquic/header.h"
#include "protocols/gquic/incoming.h"
#include "protocols/gquic/recovery.h"
#include "protocols/gquic/strike.h"
#include "protocols/gquic/token.h"
#include "sim/core/agenda.h"
#include "sim/core/index.h"
#include "sim/core/outbox.h"
#include "sim/core/random.h"

enum gq_state {
    GQ_EXPECT_CHLO, /* server: no full CHLO yet */
    GQ_EXPECT_REJ,  /* client: inchoate CHLO sent */
    GQ_EXPECT_SHLO, /* client: full CHLO sent, initial keys */
    GQ_OPEN,        /* forward-secure keys */
    GQ_OVER,        /* to be freed */
};

/* A stream, both ways. */
struct gq_stream {
    struct gq_stream *next;
    uint32_t id;
    struct gq_outgoing out;
    struct gq_incoming in;
    uint64_t out_limit, in_limit;               /* flow control: offsets */
    bool tell_window, tell_blocked, tell_reset; /* frames that wait to be sent */
    bool blocked;                               /* was told at this limit */
    bool reset;                                 /* RST_STREAM has ended one side or both */
};

/* What a handshake needs and nobody afterwards. */
struct gq_handshake {
    uint8_t *chlo; /* the last one, whole */
    size_t chlo_len;
    uint8_t private_key[32], public_value[32]; /* the client's for this connection */
    uint8_t client_nonce[GQ_NONCE_LEN], server_nonce[GQ_NONCE_LEN];
    bool has_server_nonce;
    uint32_t hellos;  /* CHLOs sent, or REJs */
    size_t early_len; /* client: bytes given with open, in the flight under way */
};

/* A packet whose keys are not there yet. */
struct gq_waiting {
    struct gq_waiting *next;
    struct sd_path path;
    size_t len;
    uint8_t data[];
};

#define GQ_FLIGHTS 8 /* messages on the crypto stream: each belongs to a level */
struct gq_flight {
    uint64_t end;
    enum gq_level level;
};

struct gq_connection {
    sd_sid sid;
    bool client;
    enum gq_state state;
    struct sd_path path;
    uint64_t cid;
    uint32_t version;
    uint32_t first_version;         /* client: before any negotiation */
    uint32_t offered[8], offers;    /* client: what a negotiation offered */
    struct gq_handshake *handshake; /* NULL: confirmed */
    struct gq_server *server;       /* client: what it knows of the server, in the cache */

    /* Keys. */
    struct gq_keys keys[GQ_LEVELS];
    bool has_keys[GQ_LEVELS];
    bool diversified; /* client: the server's initial key is made this connection's own */
    uint8_t diversification[GQ_NONCE_LEN];
    enum gq_level write_level; /* of what is not on the crypto stream */
    enum gq_level heard_level; /* the highest at which the other was heard */
    bool new_keys;             /* since the last packet: some of those that wait may fit */
    struct gq_waiting *waiting;
    uint32_t waiting_count;

    /* Packets that came in. */
    struct gq_ranges received;
    uint64_t received_floor; /* nothing below is taken any more */
    uint64_t received_largest;
    sd_time received_at;     /* of the largest */
    uint32_t unacknowledged; /* that ask for an acknowledgment */
    bool ack_now;            /* handshake messages do not wait for a second packet */
    sd_time ack_at;          /* SD_NEVER: none is due */

    struct gq_recovery recovery;
    sd_time pace_at; /* the next packet may go */
    uint32_t burst;  /* packets that may go without being paced */

    /* Streams. */
    struct gq_stream crypto;
    struct gq_flight flight[GQ_FLIGHTS];
    uint32_t flights;
    uint64_t clear_end; /* of the crypto stream's bytes that came unencrypted */
    uint8_t *message;   /* of the crypto stream, as far as it is there */
    size_t message_len;
    uint8_t chlo_hash[32]; /* of the last CHLO: what the server signs */
    struct gq_stream *streams, **streams_end;
    uint32_t stream_count;
    uint32_t next_own, next_peer;                              /* ids not used yet */
    uint64_t out_limit, out_sent, in_limit, in_seen, in_given; /* flow control of all streams */
    uint64_t window;                                           /* of a stream, as the other says */
    bool tell_window, tell_blocked, blocked, tell_ping, tell_goaway, going_away;

    bool validated;                 /* server: the address has proved itself */
    uint64_t bytes_in, bytes_out;   /* until then */
    bool rejected;                  /* server: a REJ went out: what follows is no early data */
    bool ready, half_open, counted; /* told; in stats */
    bool closing;                   /* once everything has arrived */
    sd_time opened_at, heard_at, idle, close_at;
    uint8_t reset_token[GQ_RESET_TOKEN];
    bool has_reset_token;

    struct sd_due due;
};

/* What a client remembers of a server (QUIC Crypto, "cached state"). */
struct gq_server {
    struct gq_server *next;
    char *name;
    struct gq_config config;
    struct sd_chain chain;
    uint8_t *token;
    size_t token_len;
    bool proved; /* the chain leads to the authority, the config is signed */
};

/* The id of a connection that is over. */
struct gq_grave {
    struct gq_grave *next;
    uint64_t cid;
    sd_time until;
};

#define GQ_TEXT_MAX 2048

struct gquic {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now;
    enum sd_role role;
    const struct sd_identity *identity;
    const char *ca, *server_name;
    uint16_t path_mtu;
    uint32_t versions[2], version_count; /* supported, the best first */
    enum gq_aead aead;                   /* a client's choice */
    bool unknown_extension;              /* a client adds a tag that nobody knows */
    bool early, resumed, insist;         /* modes: early, resumed, cookie */
    bool no_strike_register;             /* early data may be taken twice */
    enum sd_validation validation;
    uint32_t half_open_max;

    /* A server's secrets. */
    uint8_t token_key[32];
    struct sd_chain chain;
    uint8_t *compressed; /* the chain for who holds none of it */
    size_t compressed_len;
    struct gq_own_config config[2]; /* now, before */
    uint32_t configs;
    struct gq_strike strike;

    struct gq_server *servers; /* a client's */

    sd_sid last_sid;
    uint64_t index_seed;
    struct sd_index by_sid, by_cid, by_peer, graves;
    struct gq_grave *oldest_grave, *newest_grave;
    struct sd_agenda agenda;
    struct sd_outbox outbox;
    struct sd_stats stats;
    uint8_t in[GQ_TEXT_MAX];  /* what the packet that came in says, until the next input */
    uint8_t out[GQ_TEXT_MAX]; /* of the packet being made */
};

/* -- connection.c -- */

/* In no index but by_sid yet; NULL: no memory. */
struct gq_connection *gq_connection_new(struct gquic *, bool client, const struct sd_path *,
                                        uint64_t cid, uint32_t version);
/* Packets find it from now on.  False: no memory. */
bool gq_connection_listen(struct gquic *, struct gq_connection *);
/* Keys wiped; a server remembers the id for a while. */
void gq_connection_free(struct gquic *, struct gq_connection *);
struct gq_connection *gq_connection_by_sid(const struct gquic *, sd_sid);
struct gq_connection *gq_connection_by_cid(const struct gquic *, uint64_t cid);
/* The client connections with that peer, one after the other; NULL: no more. */
struct gq_connection *gq_connection_by_peer(const struct gquic *, const struct sd_addr *remote,
                                            uint32_t *cursor);
bool gq_connection_was(const struct gquic *, uint64_t cid); /* and is over */
void gq_graves_expire(struct gquic *);
sd_time gq_graves_deadline(const struct gquic *);

struct sd_event *gq_tell(struct gquic *, const struct gq_connection *, enum sd_event_kind,
                         const char *detail);
/* READY, once. */
void gq_tell_ready(struct gquic *, struct gq_connection *);
/* It is over: CLOSED when code is GQ_NO_ERROR or GQ_PEER_GOING_AWAY, else ERROR. */
void gq_over(struct gquic *, struct gq_connection *, uint32_t code, const char *why);
/* The same, and the other side is told. */
void gq_close(struct gquic *, struct gq_connection *, uint32_t code, const char *why);
/* Sends what may be sent, sets the timer, frees what is over.  The last thing that is done to a
 * connection in every input. */
void gq_settle(struct gquic *, struct gq_connection *);

/* -- streams.c -- */

void gq_stream_init(struct gq_stream *, uint32_t id);
void gq_stream_fini(struct gq_stream *);
struct gq_stream *gq_stream_find(const struct gq_connection *, uint32_t id);
/* The stream of the application's number n that this side writes to, opened if need be; NULL: it is
 * over, there are too many, or no memory. */
struct gq_stream *gq_stream_to_write(struct gquic *, struct gq_connection *, uint64_t n);
uint64_t gq_stream_number(uint32_t id); /* the application's */
bool gq_stream_counts(uint32_t id);     /* in the connection's flow control */
/* Frames for streams: 0, or the error code that ends the connection. */
uint32_t gq_stream_frame(struct gquic *, struct gq_connection *, const struct gq_frame *,
                         bool early, bool copy);
uint32_t gq_stream_rst(struct gquic *, struct gq_connection *, const struct gq_frame *);
void gq_stream_window(struct gq_connection *, const struct gq_frame *);
/* Everything that came is given out: offers the sender more where it is time. */
void gq_stream_given(struct gq_connection *, struct gq_stream *, uint64_t len);
void gq_streams_reap(struct gq_connection *); /* those that are over both ways */
/* The windows that the other side's first message announces. */
void gq_streams_windows(struct gquic *, struct gq_connection *, uint32_t stream,
                        uint32_t connection);
/* Everything that the application wrote has arrived. */
bool gq_streams_idle(const struct gq_connection *);

/* -- session.c -- */

/* The frames of a packet that was opened at that level: 0, or the error code. */
uint32_t gq_frames(struct gquic *, struct gq_connection *, const struct gq_header *, enum gq_level,
                   const uint8_t *text, size_t len, bool copy);
struct gq_fates gq_fates_of(struct gquic *, struct gq_connection *);
struct gq_fate_context {
    struct gquic *gq;
    struct gq_connection *c;
};

/* -- crypto.c: the crypto stream -- */

/* Queues a message at that level. False: no memory. */
bool gq_crypto_send(struct gquic *, struct gq_connection *, enum gq_level, const uint8_t *message,
                    size_t len);
/* What was said so far has been answered: it need not be acknowledged. */
void gq_crypto_answered(struct gquic *, struct gq_connection *);
enum gq_level gq_crypto_level(const struct gq_connection *, uint64_t offset);
uint32_t gq_crypto_frame(struct gquic *, struct gq_connection *, const struct gq_frame *,
                         enum gq_level);

/* -- client.c, server.c: the handshake; 0 or the error code -- */

/* Sends the CHLO that the cache allows. */
uint32_t gq_client_hello(struct gquic *, struct gq_connection *);
/* clear: some of it came unencrypted, where anybody could have put it. */
uint32_t gq_client_message(struct gquic *, struct gq_connection *, const struct gq_message *,
                           bool clear);
/* The cache. */
struct gq_server *gq_server_known(struct gquic *, const char *name); /* NULL: no memory */
bool gq_server_complete(const struct gquic *, const struct gq_server *);
void gq_server_forget(struct gq_server *);
void gq_servers_free(struct gquic *);

/* REJ and SCUP while they are made: what their values point to. */
struct gq_rejection {
    struct gq_message m;
    uint8_t token[GQ_TOKEN_LEN], nonce[GQ_NONCE_LEN], ttl[8];
    uint8_t signature[SD_SIGNATURE_MAX];
    uint8_t *chain; /* to be freed; NULL: none */
};
/* Config and token; reasons for RREJ, 4 bytes each, and a server nonce. */
void gq_rejection_begin(struct gquic *, struct gq_rejection *, uint32_t tag,
                        const struct sd_addr *client);
void gq_rejection_because(struct gquic *, struct gq_rejection *, const uint8_t *reasons,
                          size_t count);
uint32_t gq_server_message(struct gquic *, struct gq_connection *, const struct gq_message *,
                           const uint8_t *raw, size_t len);
/* A new config; SCUP to every client. */
void gq_server_rotate(struct gquic *);

/* -- stateless.c -- */

/* A first packet, opened into gq->in, for which there is no connection yet: may it have one? SD_OK:
 * it may, and *back says where it goes on; SD_DROP_UNVALIDATED: it got a REJ that takes no memory;
 * SD_DROP_FULL, SD_DROP_STATE. */
int gq_stateless(struct gquic *, const struct sd_unit *, const struct gq_header *, size_t text_len,
                 struct gq_returning *back);
/* A new connection goes on where the token says that it was. */
void gq_stateless_return(struct gquic *, struct gq_connection *, const struct gq_returning *);

/* -- keys and levels: levels.c -- */

/* What both kinds of keys are made of, but for label, premaster and server nonce. */
bool gq_install_keys(struct gquic *, struct gq_connection *, enum gq_level, enum gq_aead,
                     const uint8_t premaster[32], const uint8_t *server_nonce,
                     const struct gq_config *, const struct sd_certificate *leaf);
const struct gq_key *gq_write_key(const struct gq_connection *, enum gq_level);
const struct gq_key *gq_read_key(const struct gq_connection *, enum gq_level);
/* The handshake is over on this side. */
void gq_handshake_done(struct gquic *, struct gq_connection *);
void gq_handshake_free(struct gq_connection *);

/* -- timers.c -- */

void gq_expire(struct gquic *); /* all that is due */
sd_time gq_next(const struct gquic *);

/* -- send.c -- */

void gq_pump(struct gquic *, struct gq_connection *);
sd_time gq_deadline(const struct gquic *, const struct gq_connection *);
/* One packet with CONNECTION_CLOSE. */
void gq_send_close(struct gquic *, struct gq_connection *, uint32_t code, const char *why);
/* An unencrypted packet that belongs to no connection: its text is in gq->out. */
size_t gq_send_alone(struct gquic *, const struct sd_path *, const struct gq_header *, size_t len);
/* Bytes of text that such a packet holds. */
size_t gq_alone_max(const struct gquic *, const struct gq_header *);
void gq_send_versions(struct gquic *, const struct sd_path *, const struct gq_header *);
void gq_send_reset(struct gquic *, const struct sd_path *, const struct gq_header *);
/* A public reset for the connection of a server's packet: all that it takes is the id. */
size_t gq_forge_reset(const uint8_t *seen, size_t len, bool from_client, uint8_t *out, size_t cap);
void gq_reset_token(const struct gquic *, uint64_t cid, uint8_t token[GQ_RESET_TOKEN]);

/* -- receive.c -- */

int gq_receive(struct gquic *, const struct sd_unit *); /* enum sd_result */
void gq_waiting_free(struct gq_connection *);

/* -- describe.c -- */

size_t gq_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

static inline uint32_t gq_unix(const struct gquic *gq)
{
    return (uint32_t)(gq->env->epoch_s + gq->now / SD_SECOND);
}

#endif
