/* ike.h - an IKE SA: its state, its keys, its exchanges, its children.  The functions are those of
 * the file named before them. */
#ifndef IPSEC_IKE_H
#define IPSEC_IKE_H

#include "protocols/ipsec/ipsec.h"
#include "protocols/ipsec/keys.h"

/* -- what an IKE SA is made of -- */

enum ike_state {
    IKE_EXPECT_INIT_RESPONSE, /* initiator: IKE_SA_INIT or IKE_SESSION_RESUME is out */
    IKE_EXPECT_AUTH_RESPONSE, /* initiator: IKE_AUTH is out */
    IKE_EXPECT_AUTH,          /* responder: IKE_SA_INIT is answered */
    IKE_EXPECT_EAP,           /* responder: EAP is under way */
    IKE_ESTABLISHED,
    IKE_REPLACED, /* another has taken its place: it waits to be deleted */
    IKE_DEAD,     /* freed when the input is over */
};

struct ike_id { /* 3.5: body of an ID payload: type 1, reserved 3, data */
    size_t len;
    uint8_t body[4 + 128];
};

struct ike_nat { /* 2.23: on the way between us and the peer */
    bool known, here, there;
};

/* Messages ready to be sent, again if need be: one, or the fragments of one. */
struct ike_flight {
    uint8_t *packets; /* each after its length in two bytes */
    size_t len;
};

/* An IKE message as it came, opened. */
struct ike_message {
    struct ike_header header;
    const struct sd_path *path;
    const uint8_t *raw; /* the whole, before it was opened only if it was never sealed */
    size_t raw_len;
    bool garbled; /* authentic, and yet no chain of payloads */
    struct ike_chain chain;
};

/* Half of a CREATE_CHILD_SA exchange that we began, until it is answered. */
struct ike_rival { /* 2.8.1: the same thing, made meanwhile by an exchange of the peer's */
    bool there;
    uint8_t lowest_nonce[IKE_NONCE_MAX];
    size_t nonce_len;
    uint32_t child_spi; /* the child it made */
    struct ike_sa *sa;  /* the IKE SA it made */
};

/* A request of ours: waits for its turn, then for its answer. */
struct ike_request {
    struct ike_request *next;
    const struct ike_procedure *procedure;
    uint32_t id;
    bool sent;
    uint32_t sendings;
    sd_time due, wait;
    struct ike_flight flight;

    uint32_t child_spi;     /* the child that is rekeyed or deleted, by our SPI */
    uint32_t new_child_spi; /* the one to be made */
    uint64_t new_ike_spi;   /* likewise, of the IKE SA */
    uint16_t group;         /* of kex; the one to begin with */
    struct ike_kex *kex;    /* NULL: no Diffie-Hellman */
    struct ike_nonce nonce; /* ours */
    struct ike_rival rival;
    uint16_t notify;     /* instead of a deletion */
    struct sd_path path; /* MOBIKE: the one it tries */
    struct ike_nat nat;  /* and what was said of it */
    uint8_t cookie2[16]; /* RFC 4555 3.7 */
};

/* What follows from an answer. */
enum ike_verdict {
    IKE_FINISHED, /* the exchange is over */
    IKE_AGAIN,    /* build the request anew and send it: a first message under the same id */
    IKE_IGNORED,  /* that answer proves nothing: go on waiting */
};

/* A kind of request. */
struct ike_procedure {
    const char *name;
    uint8_t exchange;
    bool alone; /* nothing else is asked meanwhile */
    bool (*build)(struct ike_sa *, struct ike_request *, struct ike_writer *); /* false: no need */
    enum ike_verdict (*answered)(struct ike_sa *, struct ike_request *, const struct ike_message *);
};

/* An answer that we gave, for requests that come again. */
struct ike_answer {
    bool there;
    uint32_t id;
    struct ike_flight flight;
};

/* What is needed until the SA is established only. */
struct ike_setup {
    struct ike_kex kex;
    uint8_t peer_public[IKE_KEX_MAX]; /* responder: its secret is not made before IKE_AUTH comes */
    size_t peer_public_len;
    struct ike_nonce ni, nr;
    uint8_t *init_i, *init_r; /* 2.15: both first messages */
    size_t init_i_len, init_r_len;
    uint8_t cookie[IKE_COOKIE_MAX];
    size_t cookie_len;
    struct ike_puzzle *puzzle; /* puzzle.c: the one to be solved */
    uint32_t tries;            /* cookies and groups: a peer that never stops asking is given up */
    uint32_t child_spi;        /* ours, of the first child */
    bool validated, has_keys;
    bool heard;    /* initiator: something came back */
    bool sha2_256; /* RFC 7427 4: a hash that the peer can verify */
    struct ike_eap *eap;
    /* Responder: the child's part of the first IKE_AUTH request, until EAP is over. */
    struct ike_first_child *first_child;
    struct ike_resumption *resumption; /* resume.c */
};

/* Fragments of a message that is not whole yet (RFC 7383 2.6). */
struct ike_fragments;

struct ike_child {
    struct ike_child *next;
    struct ike_sa *sa;
    struct esp_child *esp;
    struct ike_suite suite;
    bool rekeyed;  /* another has taken its place: it waits to be deleted */
    bool deleting; /* we asked for it */
};

struct ike_sa {
    struct ipsec *ipsec;
    struct ike_sa *older, **self;
    struct sd_due due;
    enum ike_state state;
    bool initiator;          /* of this IKE SA: the original, or who rekeyed last */
    bool initiator_at_first; /* of the IKE SA that this one descends from (RFC 4555 2.1) */
    bool heir;               /* made by rekeying another */
    bool doomed;             /* dies when the answer is sent */
    bool silent;             /* dies without a word to the application */
    bool counted_half_open, counted_session;
    uint64_t spi_i, spi_r;
    sd_sid sid;
    char name[64]; /* of the peer, as it proved */

    struct sd_path path;     /* where IKE messages go */
    struct sd_path esp_path; /* where children send */
    struct ike_nat nat;
    uint8_t seen_as[20]; /* NAT_DETECTION_DESTINATION_IP: how the peer sees us */
    bool mobike, fragments_ok;
    bool esp_heard;  /* an ESP packet has come */
    bool esp_in_udp; /* though there is no NAT: something else lets no ESP pass */
    bool closing;    /* the application ended it: the peer is told */

    struct ike_suite suite;
    struct ike_keys keys;
    uint64_t iv; /* of AEADs: messages sealed so far */
    struct ike_setup *setup;
    struct ike_id own_id, peer_id;

    /* exchange.c */
    uint32_t next_id;     /* of our next request */
    uint32_t expected_id; /* of the peer's */
    uint32_t peer_window; /* requests it takes at once */
    struct ike_request *requests, **requests_end;
    struct ike_answer answers[IKE_WINDOW];
    struct ike_fragments *reassembly;

    struct ike_child *children;
    struct ike_sa *replacement; /* made by rekeying this one */
    uint32_t retry_child_spi;   /* 2.25: rekey it when retry_at comes */

    /* SD_NEVER: does not run */
    sd_time dies_at, rekey_at, retry_at, liveness_at, keepalive_at;
};

/* -- sa.c -- */

/* A new one, not yet in the tables.  NULL: no memory. */
struct ike_sa *ike_sa_new(struct ipsec *, bool initiator);
uint64_t ike_spi_new(struct ipsec *);
bool ike_sa_register(struct ike_sa *); /* by its SPI; false: no memory */
void ike_sa_expect_auth(struct ike_sa *, bool waits);
struct ike_sa *ike_sa_find(const struct ipsec *, uint64_t own_spi);
struct ike_sa *ike_sa_by_sid(const struct ipsec *, sd_sid);
/* Ends the SA and its children here and now; it is freed when the input is over. */
void ike_sa_kill(struct ike_sa *);
/* 2.4, INITIAL_CONTACT: the peer has no other SA with us than this one. */
void ike_forget_others(struct ike_sa *);
void ike_sa_reap(struct ipsec *); /* frees the dead */
struct sd_event *ike_event(const struct ike_sa *, enum sd_event_kind, const char *detail);
/* detail is copied. */
struct sd_event *ike_event_text(const struct ike_sa *, enum sd_event_kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* SD_EV_ERROR with a notification's number as code, then the end of the SA. */
void ike_fail(struct ike_sa *, uint16_t notify, const char *why);
static inline uint64_t ike_own_spi(const struct ike_sa *sa)
{
    return sa->initiator ? sa->spi_i : sa->spi_r;
}
void ike_sa_count(struct ike_sa *);

/* -- timers.c -- */

void ike_plan(struct ike_sa *);
void ike_expire(struct ike_sa *);
void ike_heard(struct ike_sa *); /* something authentic came */

/* -- exchange.c -- */

/* Puts a request in line, to be sent as soon as the window allows.  NULL: no memory. */
struct ike_request *ike_ask(struct ike_sa *, const struct ike_procedure *);
void ike_go(struct ike_sa *); /* sends what the window allows */
struct ike_request *ike_asking(const struct ike_sa *, const struct ike_procedure *); /* or NULL */
void ike_retransmit(struct ike_sa *, struct ike_request *);
/* What is out goes again at once, by another path than before. */
void ike_ask_again(struct ike_sa *);
void ike_request_drop(struct ike_sa *, struct ike_request *);
void ike_exchanges_free(struct ike_sa *);
int ike_request_in(struct ike_sa *, const struct ike_message *);  /* enum sd_result */
int ike_response_in(struct ike_sa *, const struct ike_message *); /* enum sd_result */
/* The answer to a first message, which made the SA. */
void ike_answer_first(struct ike_sa *, const struct ike_message *, const struct ike_writer *);
/* A message outside of any SA: answers IKE_SA_INIT without keeping state. */
void ike_reply_stateless(struct ipsec *, const struct ike_message *, const struct ike_writer *,
                         uint64_t spi_r);

/* -- protect.c -- */

/* A message of the SA, in an SK payload or none, in fragments where it must be.  False: no memory,
 * or longer than a message can be. */
bool ike_seal(struct ike_sa *, struct ike_flight *, const struct ike_header *,
              const struct ike_writer *);
/* Opens the SK or SKF payload that ends the message's chain, in place, and reads the chain inside,
 * or says that it is garbled.
 * SD_OK, with `whole` false when fragments are missing; SD_DROP_AUTH, SD_DROP_MALFORMED,
 * SD_DROP_FULL, SD_DROP_REPLAY. */
int ike_open(struct ike_sa *, struct ike_message *, uint8_t *raw, bool *whole);
void ike_flight_send(struct ike_sa *, const struct ike_flight *, const struct sd_path *);
bool ike_flight_add(struct ike_sa *, struct ike_flight *, const uint8_t *packet, size_t len);
void ike_flight_free(struct ike_flight *);

/* -- nat.c -- */

void ike_put_nat_detection(struct ike_sa *, const struct sd_path *, struct ike_writer *);
/* What a message says of NATs on the path it came by. */
struct ike_nat ike_nat_of(const struct ike_sa *, const struct ike_message *);
/* From now on IKE and ESP go by this path. */
void ike_use_path(struct ike_sa *, const struct sd_path *);
void ike_float(struct ike_sa *); /* 2.23: initiator, to port 4500 where that is wanted */
/* An authentic message came by this path (2.23: follows a NAT, but never with MOBIKE). */
void ike_came_by(struct ike_sa *, const struct sd_path *);
void ike_esp_into_udp(struct ike_sa *); /* children send there from now on */
/* An authentic ESP packet with the greatest number so far came by this path. */
void ike_esp_came_by(struct ike_sa *, const struct sd_path *);

/* -- init.c -- */

extern const struct ike_procedure ike_init;
int ike_init_in(struct ipsec *, const struct ike_message *); /* enum sd_result */
/* Keys from both first messages, as soon as they are needed.  False: the peer's public key is
 * none. */
bool ike_setup_keys(struct ike_sa *);

/* -- auth.c -- */

extern const struct ike_procedure ike_auth;
void ike_auth_in(struct ike_sa *, const struct ike_message *, struct ike_writer *);
void ike_established(struct ike_sa *);

/* -- child.c -- */

/* What the two sides say of a new child. */
struct ike_child_terms {
    struct ike_suite suite;
    uint32_t spi_in, spi_out;
    struct esp_selectors local, remote;
    bool transport, hold;
    const struct ike_nonce *ni, *nr;
    const uint8_t *secret; /* of a Diffie-Hellman exchange of its own */
    size_t secret_len;
    bool initiator; /* of the exchange that makes it */
};
struct ike_first_child { /* the responder's, while EAP goes on */
    struct ike_child_terms terms;
    uint16_t error; /* why there will be none; 0: there will */
    uint8_t number; /* of the proposal that it takes */
    bool wants_ticket;
};
struct ike_child *ike_child_install(struct ike_sa *, const struct ike_child_terms *);
void ike_child_remove(struct ike_child *);
struct ike_child *ike_child_find(const struct ike_sa *, uint32_t spi_in);
struct ike_child *ike_child_find_out(const struct ike_sa *, uint32_t spi_out);
void ike_children_move(struct ike_sa *from, struct ike_sa *to);
void ike_children_free(struct ike_sa *);
/* What we want to carry: own and peer's selectors by configuration. */
void ike_own_selectors(const struct ike_sa *, struct esp_selectors *own,
                       struct esp_selectors *peers);
/* Offer of a child: its SA payload. */
void ike_put_child_offer(struct ike_sa *, struct ike_writer *, uint32_t spi, bool dh);
/* Mode and selectors, of an offer or as they were agreed. */
void ike_put_child_selectors(struct ike_writer *, const struct ike_child_terms *);
/* The algorithms of a child; where the configuration wants no Diffie-Hellman exchange of its own, a
 * peer that does gets one of the IKE SA's groups. */
struct ike_policy ike_child_policy(const struct ipsec *);
/* What the responder makes of an offer: 0 and terms, or the notification that refuses it. */
uint16_t ike_child_accept(struct ike_sa *, const struct ike_chain *, bool dh, uint16_t ke_group,
                          struct ike_child_terms *, uint8_t *number);
/* What the initiator makes of the answer: likewise.  The terms have the selectors that it offered.
 */
uint16_t ike_child_accepted(struct ike_sa *, const struct ike_chain *, bool dh,
                            struct ike_child_terms *);

/* ike_describe.c: a message without marker and framing, for ladders; length of the text */
size_t ike_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

#endif
