/* quic.h - the agent and its connections; private to protocols/quic.
 *
 * ngtcp2 keeps a connection's state, GnuTLS its handshake; neither does I/O, and both ask for time,
 * randomness and memory here.  What is left is whose packet it is (receive.c), who may become a
 * connection (accept.c), what the application says and hears (streams.c, callbacks.c), when to send
 * (send.c) and how it ends (close.c). */
#ifndef QUIC_QUIC_H
#define QUIC_QUIC_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include "protocols/quic/wire.h"
#include "sim/core/agenda.h"
#include "sim/core/index.h"
#include "sim/core/outbox.h"

/* RFC 9000 10.2 */
enum quic_state {
    QUIC_HANDSHAKING,
    QUIC_OPEN,
    QUIC_CLOSING,  /* CONNECTION_CLOSE is sent, and again to whoever has not heard */
    QUIC_DRAINING, /* theirs has come, or a stateless reset: nothing more is sent */
};

/* streams.c: bytes that the application said, until the peer has acknowledged them. */
struct quic_block;
struct quic_stream {
    struct quic_stream *next; /* of the connection, as they came */
    uint64_t number;          /* the application's */
    int64_t id;               /* -1: not begun yet */
    struct quic_block *first, *last;
    uint64_t acked, sent, said; /* offsets */
    struct quic_block *at;      /* with the first byte that is not sent; NULL: none is left */
    size_t at_used;             /* of it */
    bool fin, fin_sent;
    bool blocked;         /* by flow control, during quic_send() */
    bool writable_wanted; /* app_in took less than offered */
    bool over;            /* nothing more goes out */
};

struct quic_message { /* a DATAGRAM frame to be sent */
    struct quic_message *next;
    size_t len;
    uint8_t data[];
};

#define QUIC_IDS                                                                                   \
    16 /* that one connection listens to: ngtcp2 has at most 8, and a client's first               \
        */

struct quic_connection {
    struct quic *quic;
    sd_sid sid;
    bool client;
    enum quic_state state;
    struct sd_due due;
    ngtcp2_conn *ng; /* NULL while closing or draining */
    gnutls_session_t tls;
    ngtcp2_crypto_conn_ref ref; /* how GnuTLS's callbacks find ng */
    ngtcp2_mem mem;
    struct sd_path path;
    struct sd_path settled; /* that the application was told of */
    uint64_t id[QUIC_IDS];  /* hashes of its connection ids */
    uint32_t ids;
    char name[80]; /* client: of the server; the key of its tickets */

    bool validated;     /* server: the client owns its address (8.1) */
    bool ready;         /* SD_EV_READY was given */
    bool early_offered; /* client */
    bool early_taken;   /* server: 0-RTT data came */
    bool confirmed;     /* client: RFC 9001 4.1.2 */
    bool closing;       /* the application has closed: once all is acknowledged, so does QUIC */
    bool told_over;     /* SD_EV_CLOSED or SD_EV_ERROR */
    bool reset;         /* by a stateless reset */
    /* protect.c */
    const void *next_rx;       /* the context of the peer's next key phase; NULL: none is ready */
    uint32_t opened, unopened; /* packets of the datagram being read */
    uint32_t retried_version;  /* client: version negotiation has happened, away from this one */

    struct quic_stream *streams, *streams_last, *turn; /* turn: who fills the next packet */
    uint64_t streams_begun;                            /* by this side */
    struct quic_message *messages, *messages_last;
    uint32_t messages_count;

    size_t ptos; /* probe timeouts in a row */
    /* Client: when to ask whether the server is still there, and after how much silence next. */
    sd_time ask_at, ask_after;

    /* Closing: the packet that says so (10.2.1), told again after 1, 2, 4, ... packets. */
    uint8_t *close_packet;
    size_t close_len;
    uint32_t close_heard, close_next;
};

struct quic_mode {
    const char *name;
    bool resume; /* clients keep tickets and offer them */
    bool early;  /* and data with them */
    bool retry;  /* the server answers a first Initial without a token with Retry */
    bool token;  /* clients keep address tokens (NEW_TOKEN) and show them */
    bool psk;    /* external pre-shared key, no certificates */
};

struct quic_ticket; /* tickets.c */

struct quic_seen { /* replay.c: a ClientHello with early data, by its binder */
    time_t until;
    uint8_t key[32]; /* all of SHA-256's binder, the end of SHA-384's */
};

struct quic {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now; /* of the input under way */
    struct sd_config config;
    const struct quic_mode *mode;
    uint32_t half_open_max;
    uint16_t path_mtu;
    /* options */
    sd_time idle;
    uint32_t version;
    bool application_verifies, pacing;
    bool unknown_extension;       /* a client sends one, longer than what padding could hide */
    const char *suites;           /* ciphers, by preference; NULL: those of credentials.c */
    gnutls_priority_t priorities; /* of suites */

    uint8_t static_key[32];
    gnutls_certificate_credentials_t certificate; /* shared; NULL: none */
    gnutls_x509_crt_t leaf;                       /* likewise: of this side */
    bool owns_certificate;                        /* both: not shared after all */
    gnutls_psk_client_credentials_t psk_client;
    gnutls_psk_server_credentials_t psk_server;
    gnutls_datum_t ticket_key;
    gnutls_anti_replay_t anti_replay;
    gnutls_datum_t alpn[16]; /* into config.alpn */
    uint32_t alpns;
    struct quic_seen *seen;
    uint32_t seen_count, seen_cap;
    struct quic_ticket *tickets;

    uint64_t index_seed; /* hashes cannot be foreseen */
    struct sd_index by_cid, by_sid, by_peer;
    sd_sid last_sid;
    struct sd_agenda agenda;
    struct sd_outbox outbox;
    struct sd_stats stats;
};

/* ngtcp2's time is Unix time, so that none of its moments is 0. */
ngtcp2_tstamp quic_time(const struct quic *);

int quic_drop(struct quic *, int reason); /* counts it and returns it */

/* -- config.c -- */

extern const struct sd_mode quic_modes[];
/* SD_OK, SD_E_ARG, SD_E_UNSUPPORTED. */
int quic_config(struct quic *, const struct sd_config *, struct sd_error *);

/* -- credentials.c: what of GnuTLS an agent has, and what all agents share -- */

int quic_credentials(struct quic *, struct sd_error *);
void quic_credentials_fini(struct quic *);
gnutls_priority_t quic_priorities(struct quic *); /* NULL: GnuTLS refused */

/* -- tls.c: the handshake of one connection -- */

bool quic_tls_new(struct quic_connection *);
bool quic_takes_early(const struct quic *); /* a server */
/* "TLS alert: ..." or ngtcp2's words for its error. */
const char *quic_tls_words(struct quic_connection *, int error);
int quic_tls_export(struct quic_connection *, struct sd_control *);
/* Tells whom the peer proved to be, if anybody. */
void quic_tls_tell_peer(struct quic_connection *);
/* SD_EV_READY: with which algorithms, for which application. */
void quic_tls_tell_ready(struct quic_connection *);

/* -- replay.c: early data is taken once (RFC 8446 8.2) -- */

int quic_replay_add(void *quic, time_t until, const gnutls_datum_t *key,
                    const gnutls_datum_t *data);

/* -- tickets.c: what a client remembers of servers, by name -- */

void quic_tickets_keep_session(struct quic_connection *);
void quic_tickets_keep_token(struct quic_connection *, const ngtcp2_vec *token);
/* Gives GnuTLS the newest session, once (RFC 8446 C.4); `parameters` are those that early data
 * counts on (7.4.1), `early` whether it may go.  False: there is none. */
bool quic_tickets_offer(struct quic_connection *, ngtcp2_transport_params *parameters, bool *early);
#define QUIC_TOKEN_MAX 256u
/* The newest address token, given once; its length, 0: there is none. */
size_t quic_tickets_take_token(struct quic_connection *, uint8_t token[QUIC_TOKEN_MAX]);
void quic_tickets_fini(struct quic *);

/* -- address.c -- */

struct quic_path {
    ngtcp2_path path; /* into the two */
    ngtcp2_sockaddr_union local, remote;
};
void quic_path_of(struct quic_path *, const struct sd_path *);
struct sd_path quic_path_to(const ngtcp2_path *);

/* -- connection.c -- */

/* NULL: no memory.  Counted as half open; in by_sid. */
struct quic_connection *quic_connection_new(struct quic *, bool client, const struct sd_path *);
void quic_connection_free(struct quic_connection *);
/* Frees ngtcp2's and GnuTLS's objects. */
void quic_connection_strip(struct quic_connection *);
bool quic_connection_listen(struct quic_connection *, const ngtcp2_cid *);
void quic_connection_forget(struct quic_connection *, const ngtcp2_cid *);
struct quic_connection *quic_connection_by_sid(const struct quic *, sd_sid);
struct quic_connection *quic_connection_by_cid(const struct quic *, const uint8_t *cid, size_t);
/* Clients with that server, one after the other; *cursor from 0. */
struct quic_connection *quic_connection_by_peer(const struct quic *, const struct sd_addr *,
                                                uint32_t *cursor);
void quic_connection_state(struct quic_connection *, enum quic_state); /* keeps counters true */
/* Sets the timer by what ngtcp2 wants. */
void quic_connection_due(struct quic_connection *);
/* detail is copied, NULL is fine. */
struct sd_event *quic_tell(struct quic_connection *, enum sd_event_kind, const char *detail);

/* -- open.c: both sides' first steps -- */

int quic_open_client(struct quic_connection *, uint32_t version);
/* hd: of the first Initial; odcid: of the one before Retry, NULL: there was none. */
int quic_open_server(struct quic_connection *, const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
                     bool token_good);

/* -- callbacks.c: what ngtcp2 tells -- */

extern const ngtcp2_callbacks quic_client_callbacks, quic_server_callbacks;
void quic_tell_ready(struct quic_connection *);
/* All that was said in the first flight is to be said again. */
void quic_early_refused(struct quic_connection *, const char *why);
void quic_tell_validated(struct quic_connection *, const char *how);

/* -- protect.c: packet protection, where the peer's key update shows -- */

int quic_protect_open(uint8_t *out, const ngtcp2_crypto_aead *, const ngtcp2_crypto_aead_ctx *,
                      const uint8_t *in, size_t len, const uint8_t *nonce, size_t nonce_len,
                      const uint8_t *aad, size_t aad_len);
int quic_protect_update(ngtcp2_conn *, uint8_t *rx_secret, uint8_t *tx_secret,
                        ngtcp2_crypto_aead_ctx *rx, uint8_t *rx_iv, ngtcp2_crypto_aead_ctx *tx,
                        uint8_t *tx_iv, const uint8_t *rx_current, const uint8_t *tx_current,
                        size_t secret_len, void *connection);
/* Whose packet is being read; NULL: nobody's. */
void quic_protect_reading(struct quic_connection *);

/* -- accept.c: a server before there is a connection -- */

int quic_accept(struct quic *, const struct sd_unit *); /* enum sd_result */
void quic_reset_token(const struct quic *, const ngtcp2_cid *, uint8_t token[QUIC_RESET_TOKEN]);
/* NEW_TOKEN's content; its length, 0: failed. */
size_t quic_address_token(const struct quic *, const struct sd_addr *, uint8_t *token);

/* -- receive.c -- */

int quic_receive(struct quic *, const struct sd_unit *); /* enum sd_result */
/* A datagram for that connection, which may be gone afterwards. */
int quic_receive_for(struct quic_connection *, const struct sd_unit *);

/* -- send.c -- */

/* All that may be sent now; sets the timer.  The connection may be gone afterwards. */
void quic_send(struct quic_connection *);
/* One datagram as it is. */
void quic_send_datagram(struct quic_connection *, const struct sd_path *, const uint8_t *, size_t);
void quic_expire(struct quic_connection *);
/* A client has heard data: more may come, unless its NAT forgets it meanwhile. */
void quic_ask_later(struct quic_connection *);

/* -- streams.c -- */

/* NULL: no memory, or (`make` false) there is none. */
struct quic_stream *quic_stream_by_number(struct quic_connection *, uint64_t number, bool make);
struct quic_stream *quic_stream_begun_by_peer(struct quic_connection *, int64_t id);
/* Bytes taken, or enum sd_result < 0. */
long quic_stream_say(struct quic_connection *, struct quic_stream *, const uint8_t *, size_t,
                     bool fin);
/* Without waiting for the handshake. */
long quic_stream_say_early(struct quic_connection *, struct quic_stream *, const uint8_t *, size_t);
/* Tells whoever was sent away that there is room now. */
void quic_streams_ready(struct quic_connection *);
/* Whose turn it is to fill a packet; NULL: nobody has anything that may go. */
struct quic_stream *quic_stream_turn(struct quic_connection *);
#define QUIC_PIECES 2
/* What is not sent yet, at least a packet's worth if there is so much; the number of pieces. */
size_t quic_stream_unsent(const struct quic_stream *, ngtcp2_vec piece[QUIC_PIECES], bool *fin);
void quic_stream_sent(struct quic_connection *, struct quic_stream *, size_t len, bool fin);
void quic_stream_acked(struct quic_connection *, struct quic_stream *, uint64_t offset);
void quic_stream_over(struct quic_connection *, struct quic_stream *);
bool quic_streams_done(const struct quic_connection *); /* all that was said is acknowledged */
void quic_streams_free(struct quic_connection *);

/* -- messages.c: DATAGRAM frames (RFC 9221) -- */

/* Bytes taken, or SD_E_ARG: longer than a packet has room for, or the peer takes none. */
long quic_message_say(struct quic_connection *, const uint8_t *, size_t);
void quic_message_sent(struct quic_connection *); /* the first */
void quic_messages_free(struct quic_connection *);

/* -- close.c -- */

/* ngtcp2 refused, or gave up: tells the application and says CONNECTION_CLOSE where that helps.
 * The connection may be gone afterwards.  Returns the reason to count. */
int quic_close_failed(struct quic_connection *, int error);
int quic_close_asked(struct quic_connection *); /* SD_CLOSE */
void quic_close_now(struct quic_connection *);
/* A packet came for a connection that is closing. */
void quic_close_heard(struct quic_connection *, const struct sd_path *);

/* -- describe.c -- */

size_t quic_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

/* -- packets.c: the packets of a datagram, as far as headers are in the clear -- */

struct quic_packet {
    const uint8_t *start;
    size_t len;
    bool is_long;
    uint32_t version;
    enum quic_packet_type type; /* of a long one in version 1 */
    const uint8_t *dcid, *scid, *token;
    size_t dcid_len, scid_len, token_len;
};
/* The next packet of the datagram, and moves on; false: no more, or malformed (*bad). */
bool quic_packet_next(const uint8_t **at, size_t *left, struct quic_packet *, bool *bad);
struct sd_reader;
uint64_t quic_get_varint(struct sd_reader *);

/* initial.c: names a client's first packet by what anybody can read in it; false: it is not one, or
 * its keys do not follow from its header. */
bool quic_initial_words(const struct quic_packet *, char *text, size_t cap);

#endif
