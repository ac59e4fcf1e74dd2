/* dtls.h - the agent and its sessions; private to protocols/dtls13. */
#ifndef DTLS13_DTLS_H
#define DTLS13_DTLS_H

#include "protocols/dtls13/wire.h"
#include "protocols/engine13/engine13.h"
#include "sim/core/agenda.h"
#include "sim/core/index.h"
#include "sim/core/outbox.h"
#include "sim/core/reader.h"

struct dtls13;
struct dtls_session;

/* -- window.c: 4.5.1 -- */

struct dtls_window {
    uint64_t top;  /* one above the highest number seen */
    uint64_t bits; /* bit i: top - 1 - i was seen */
};
/* True, and remembered, when the number is new.  Only for authenticated records. */
bool dtls_window_accept(struct dtls_window *, uint64_t sequence);

/* -- record.c: 4.2, 4.5 -- */

struct dtls_keys { /* of one epoch and direction */
    bool known;
    uint64_t epoch;
    const struct sd_e13_suite *suite;
    uint8_t key[32], iv[12], sn[32];
    uint64_t next;             /* sending: sequence number of the next record */
    struct dtls_window window; /* receiving */
    uint64_t failures;         /* receiving: records that did not open */
};
struct dtls_record { /* one that came in, opened */
    uint8_t type;
    uint64_t epoch, sequence;
    uint8_t *data; /* in the datagram */
    size_t len;
    bool newest; /* its number is above all others of the newest epoch */
};
void dtls_keys_set(struct dtls_keys *, uint64_t epoch, const struct sd_e13_suite *,
                   const uint8_t *secret);
/* Bytes that a record of that epoch has besides its content. */
size_t dtls_record_overhead(const struct dtls_session *, uint64_t epoch, bool with_length);
/* Zeros behind its content (RFC 8446 5.4): the option "padding", as far as a datagram has room. */
size_t dtls_record_padding(const struct dtls_session *, uint64_t epoch, uint8_t type, size_t len);
/* Seals content of at most 2^14 bytes into out, which has room for overhead and padding; returns
 * the record's length, its number in *sequence.  Epoch 0: in clear. */
size_t dtls_record_seal(struct dtls_session *, uint64_t epoch, uint8_t type, const void *data,
                        size_t len, bool with_length, uint8_t *out, uint64_t *sequence);
/* The next record of a datagram, opened in place.  SD_OK; or why not: then *held says that its keys
 * may still come, and whole is the record. */
struct dtls_datagram {
    uint8_t *at, *end;
    bool held;
    struct sd_reader whole;
    uint64_t tried; /* SD_DROP_AUTH: so many records have not opened under these keys */
};
int dtls_record_open(struct dtls_session *, struct dtls_datagram *, struct dtls_record *);

/* -- coverage.c: which bytes of a message are there -- */

struct dtls_coverage {
    uint8_t *bits;
    size_t len, count; /* bytes of the message, bytes there */
};
bool dtls_coverage_init(struct dtls_coverage *, struct sd_env *, size_t len); /* false: no memory */
void dtls_coverage_fini(struct dtls_coverage *);
bool dtls_coverage_has(const struct dtls_coverage *, size_t at);
void dtls_coverage_mark(struct dtls_coverage *, size_t at, size_t len);
bool dtls_coverage_full(const struct dtls_coverage *);
/* The first range from `at` on that is not there.  False: there is none. */
bool dtls_coverage_gap(const struct dtls_coverage *, size_t at, size_t *from, size_t *len);

/* -- flight.c: handshake messages out, 5.7, 5.8 -- */

struct dtls_message {
    struct dtls_message *next;
    uint64_t epoch;
    uint16_t seq;
    uint8_t type;
    struct dtls_coverage acked;
    size_t len;
    uint8_t body[];
};
struct dtls_flight {
    struct dtls_flight *next;
    struct dtls_message *first;
    uint8_t kind; /* HandshakeType of a message after the handshake; 0: of the handshake itself */
    bool sent;
    sd_time sent_at, due, timeout;
    unsigned tries;
};
struct dtls_sent { /* which record carried which bytes */
    uint64_t epoch, sequence;
    struct dtls_message *message;
    size_t at, len;
};
/* A message of the engine's, in TLS's form.  False: no memory. */
bool dtls_flight_add(struct dtls_session *, uint64_t epoch, const uint8_t *message, size_t len);
void dtls_flight_flush(struct dtls_session *);                       /* sends what was added */
void dtls_flight_again(struct dtls_session *, struct dtls_flight *); /* what is not acknowledged */
/* The handshake's flight, if the peer does not have all of it; NULL: none. */
struct dtls_flight *dtls_flight_of(struct dtls_session *, uint8_t kind);
void dtls_flight_acknowledged(struct dtls_session *, uint64_t epoch, uint64_t sequence);
/* After the last number of an ACK: sends the rest of what is acknowledged in part. */
void dtls_flight_acknowledged_all(struct dtls_session *, bool empty);
void dtls_flight_drop(struct dtls_session *, uint8_t kind); /* the peer has it all */
void dtls_flights_free(struct dtls_session *);

/* -- reassembly.c: handshake messages in, 5.5 -- */

struct dtls_incoming {
    struct dtls_incoming *next; /* by message_seq */
    uint16_t seq;
    uint64_t epoch;
    struct dtls_coverage there;
    size_t len;
    uint8_t message[]; /* in TLS's form */
};
enum dtls_place { DTLS_OLD, DTLS_NEXT, DTLS_AHEAD_OF_TIME, DTLS_NOWHERE };
struct dtls_fragment {
    uint8_t type;
    uint16_t seq;
    size_t len, at, here; /* of the message; of the fragment */
    const uint8_t *body;
};
bool dtls_fragment_read(struct sd_reader *, struct dtls_fragment *);
/* Where a fragment belongs; kept, unless it is old or goes nowhere. */
enum dtls_place dtls_reassemble(struct dtls_session *, const struct dtls_fragment *,
                                uint64_t epoch);
/* The next message if it is whole: the caller frees it; NULL: not yet. */
struct dtls_incoming *dtls_reassembled(struct dtls_session *);
void dtls_incoming_free(struct dtls_incoming *);
void dtls_reassembly_fini(struct dtls_session *);

/* -- ack.c: 7 -- */

#define DTLS_ACKS 32
void dtls_ack_note(struct dtls_session *, uint64_t epoch, uint64_t sequence);
void dtls_ack_send(struct dtls_session *);
int dtls_ack_read(struct dtls_session *, const struct dtls_record *);

/* -- cid.c: RFC 9146, 9 -- */

struct dtls_cid {
    uint8_t len, bytes[SD_E13_CID_MAX];
};
bool dtls_cid_new(struct dtls_session *, struct dtls_cid *); /* one more of our own */
void dtls_cids_forget(struct dtls_session *);
struct dtls_session *dtls_session_by_cid(const struct dtls13 *, const uint8_t *cid);
/* Sends one more id of ours, to be used at once; NULL: not now. */
const struct dtls_cid *dtls_cid_challenge(struct dtls_session *);
int dtls_cid_receive(struct dtls_session *, const uint8_t *message, size_t len); /* 0 or an alert */
void dtls_cid_request(struct dtls_session *);
bool dtls_cid_use_spare(struct dtls_session *); /* false: there is none */

/* -- path.c: a peer that moves -- */

/* An authenticated record came from another address than the session's. */
void dtls_path_seen(struct dtls_session *, const struct sd_path *, const struct dtls_record *,
                    const uint8_t *cid);
bool dtls_path_pending(const struct dtls_session *);
void dtls_path_given_up(struct dtls_session *);
void dtls_path_moved(struct dtls_session *, const struct sd_path *); /* we have another address */

/* -- session.c -- */

enum dtls_phase { DTLS_HANDSHAKE, DTLS_OPEN, DTLS_CLOSING };

struct dtls_held { /* a record or application data that waits */
    struct dtls_held *next;
    size_t len;
    uint8_t data[];
};

struct dtls_session {
    struct dtls13 *agent;
    sd_sid sid;
    bool client;
    enum dtls_phase phase;
    struct sd_path path;
    uint64_t path_hash;
    struct sd_e13_session *engine;
    uint64_t hello_id; /* server: hash of the ClientHello's random that began it */
    bool validated, may_send, writable_wanted, early_offered;
    bool ending; /* an alert ended it: freed when the input is over */

    uint64_t plain_next;                     /* sequence number of epoch 0 */
    struct dtls_keys reading[4], writing[4]; /* by the epoch's low bits */
    uint64_t reading_epoch, writing_epoch;   /* the newest */

    uint16_t send_seq, receive_seq; /* message_seq: next to send, next to receive */
    struct dtls_flight *flights;
    struct dtls_sent *sent;
    size_t sent_count, sent_cap;
    struct dtls_incoming *incoming;
    size_t incoming_bytes;
    struct dtls_held *held; /* records whose keys are to come */
    size_t held_bytes;

    struct {
        uint64_t epoch, sequence;
    } ack[DTLS_ACKS];
    size_t acks;
    bool ack_now;
    bool flight_begun; /* part of the peer's flight is here */
    sd_time ack_due, closing_due;
    struct sd_due due;

    bool cids; /* negotiated */
    struct dtls_cid own_cid[DTLS13_CIDS], peer_cid[DTLS13_CIDS];
    size_t own_cids, peer_cids; /* peer_cid[0] is in use */

    struct sd_path candidate;  /* remote.family 0: none */
    struct dtls_cid probe;     /* the id by which the peer proves that it is there */
    struct dtls_held *waiting; /* application data while a candidate is tested */
    size_t waiting_count;
};

struct dtls13 {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now;
    struct sd_e13_context handshake;
    const struct dtls_mode *mode;
    struct sd_outbox outbox;
    struct sd_index by_path, by_sid, by_cid;
    uint64_t seed; /* of their hashes */
    struct sd_agenda agenda;
    sd_sid last_sid;
    uint32_t half_open_max;
    uint16_t path_mtu;
    sd_time timeout;  /* the first */
    uint32_t padding; /* application data and its type are filled to a multiple of this; 0: not */
    bool offers_cid;
    uint8_t cid_len;    /* of ours */
    uint8_t spare_cids; /* of the peer's, to be asked for */
    struct sd_stats stats;
};

struct dtls_mode {
    const char *name;
    bool resume, early, cookie, psk, cid;
};

struct dtls_session *dtls_session_new(struct dtls13 *, const struct sd_path *, bool client,
                                      const struct sd_open *, bool demand_cookie);
void dtls_session_free(struct dtls_session *);
/* While a client begins anew there may be two at its address: handshake says which is meant. */
struct dtls_session *dtls_session_by_path(const struct dtls13 *, const struct sd_path *,
                                          bool handshake);
struct dtls_session *dtls_session_by_sid(const struct dtls13 *, sd_sid);
void dtls_session_rename(struct dtls_session *,
                         const struct sd_path *); /* found there from now on */
void dtls_session_open(struct dtls_session *);    /* both Finished are there */
/* Sends what is ready, sets the timer, frees the session if it is over. */
void dtls_session_settle(struct dtls_session *);
int dtls_session_expire(struct dtls_session *);
/* Tells of an alert of ours, or the peer's, and ends the session. */
void dtls_session_fail(struct dtls_session *, uint8_t alert, bool received, const char *why);
void dtls_session_gone(struct dtls_session *, const char *detail);
void dtls_session_close(struct dtls_session *);
long dtls_session_write(struct dtls_session *, const uint8_t *data, size_t len, bool early);
void dtls_session_write_waiting(struct dtls_session *);
void dtls_tell(struct dtls_session *, enum sd_event_kind, uint64_t code, const char *detail);
void dtls_tell_with(struct dtls_session *, const struct sd_event *); /* all is copied */
int dtls_drop(struct dtls13 *, int reason);                          /* counts it and returns it */
/* Room for a datagram; NULL: no memory, it is lost as on a network. */
uint8_t *dtls_unit(struct dtls_session *, const struct sd_path *, size_t len);
/* A datagram with one record, to the session's path or the candidate. */
void dtls_send_record(struct dtls_session *, const struct sd_path *, uint64_t epoch, uint8_t type,
                      const void *data, size_t len);
void dtls_send_alert(struct dtls_session *, uint8_t alert);
size_t dtls_payload_max(const struct dtls_session *); /* bytes of a datagram */
bool dtls_hold(struct dtls_session *, struct dtls_held **list, const void *data, size_t len);

/* -- carrier.c: what the engine asks -- */

extern const struct sd_e13_carrier dtls_carrier;
int dtls_deliver(struct dtls_session *); /* whole messages to the engine; 0 or an alert */
int dtls_update_keys(struct dtls_session *, bool request);

/* -- receive.c, door.c -- */

int dtls_receive(struct dtls13 *, const struct sd_unit *); /* enum sd_result */
int dtls_receive_for(struct dtls_session *, const struct sd_unit *);
/* A ClientHello that begins a session; `taken`: at the address of another, which ends when this one
 * is open. */
int dtls_knock(struct dtls13 *, const struct sd_unit *, bool taken);
/* The hash of the random of a ClientHello, or 0 when the datagram begins with something else. */
uint64_t dtls_hello_id(const uint8_t *data, size_t len);

/* -- config.c -- */

extern const struct dtls_mode dtls_modes[];
int dtls_config(struct dtls13 *, const struct sd_config *, struct sd_error *);

/* -- describe.c -- */

size_t dtls_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

#endif
