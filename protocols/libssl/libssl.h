/* libssl.h - what the agents of TLS 1.2, TLS 1.3 and DTLS 1.2 share: contexts, sessions, queues,
 * tickets, and the one way to drive an SSL object without I/O.
 *
 * An agent has one SSL_CTX per role, which it shares with all agents of the same configuration
 * where that shows nowhere.  A session owns an SSL object whose BIO reads from the unit being
 * handed in and writes to the agent's output queue; nothing else does I/O.
 *
 *   net_in -> s->in -> BIO -> SSL_read -> event queue
 *   app_in -> SSL_write -> BIO -> output queue -> net_out
 *
 * Private to protocols/: hosts see agent.h only. */
#ifndef SD_LIBSSL_H
#define SD_LIBSSL_H

#include <openssl/ssl.h>

#include "sim/core/agent.h"

struct sd_ssl_agent;
struct sd_ssl_session;

/* What an agent's mode asks for, in OpenSSL's terms. */
struct sd_ssl_mode {
    const char *name;
    bool resume;      /* clients keep tickets and offer them */
    bool stateful;    /* session identifiers: the server keeps the session, tickets are off */
    bool early;       /* TLS 1.3 early data */
    bool cookie;      /* the server answers a first ClientHello with a cookie */
    bool psk;         /* external pre-shared key, no certificates */
    bool other_group; /* the client's key share is of a group that the server does not take */
};

/* What differs between the three protocols. */
struct sd_ssl_kind {
    const struct sd_agent_ops *ops;
    int version; /* TLS1_3_VERSION, ... */
    bool datagram;
    uint32_t half_open_max;          /* when the configuration says none */
    const struct sd_ssl_mode *modes; /* same order as ops->modes; ends with name NULL */
};

/* One datagram, or a piece of a stream, on its way out. */
struct sd_ssl_out {
    struct sd_ssl_out *next;
    struct sd_path path;
    uint8_t flags; /* SD_UNIT_* */
    size_t len, taken;
    uint8_t data[];
};

struct sd_ssl_event {
    struct sd_ssl_event *next;
    struct sd_event event;
    uint8_t data[]; /* event.data or event.detail point here */
};

enum sd_ssl_phase {
    SD_SSL_WAITING,   /* server: no byte has come yet, there is no SSL object */
    SD_SSL_HANDSHAKE, /* half open */
    SD_SSL_OPEN,
    SD_SSL_CLOSING, /* our close_notify is out, the peer's is awaited */
};

/* RFC 6347 4.1.2.6: the last 64 sequence numbers of an epoch. */
struct sd_ssl_window {
    uint64_t top;  /* one above the highest number seen */
    uint64_t bits; /* bit i: top - 1 - i was seen */
};

struct sd_ssl_session {
    struct sd_ssl_agent *agent;
    struct sd_ssl_session *next_sid, *next_key; /* in their hash chains */
    sd_sid sid;
    bool client;
    enum sd_ssl_phase phase;
    struct sd_path path;
    SSL *ssl;
    const uint8_t *in; /* what the BIO reads from; only during net_in */
    size_t in_len;
    bool reading_early;          /* server: SSL_read_early_data has not finished */
    bool may_send;               /* SD_EV_READY was given */
    bool early_taken;            /* server: early data was accepted */
    bool early_offered;          /* client */
    bool writable_wanted;        /* app_in took less than offered */
    bool validated;              /* server: the client proved that it owns its address */
    uint8_t alert_out, alert_in; /* 0xff: none; AlertDescription otherwise */
    char name[80];               /* whom a client expects: the key of its tickets */
    /* TLS 1.3 with a cookie: the ClientHello under way, kept until it is whole. */
    uint8_t *hello;
    size_t hello_len;
    /* DTLS */
    sd_time deadline; /* of libssl's timer, or of waiting for the peer's close_notify */
    uint32_t heap_at; /* place in the agent's timer heap, from 1; 0: none */
    uint16_t epoch;   /* that records are read in */
    struct sd_ssl_window window, old_window, next_window; /* of this epoch and its neighbours */
    uint64_t hello_id; /* hash of the ClientHello's random that began it */
    bool content_seen; /* libssl took something out of the record just fed */
    bool resent;       /* a flight went out again during this call */
};

struct sd_ssl_ticket; /* tickets.c */

/* RFC 5077 4: what a server seals its tickets with. */
struct sd_ssl_ticket_key {
    uint8_t name[16], cipher[32], mac[32];
};
#define SD_SSL_EARLY_SEEN 256

struct sd_ssl_agent {
    struct sd_agent base;
    const struct sd_ssl_kind *kind;
    const struct sd_ssl_mode *mode;
    struct sd_env *env;
    struct sd_config config;
    SSL_CTX *client, *server;
    uint8_t alpn[256]; /* wire form */
    size_t alpn_len;
    uint32_t half_open_max;
    uint32_t tickets_sent;     /* NewSessionTicket messages a TLS 1.3 server sends */
    uint32_t padding;          /* RFC 8446 5.4: records end at a multiple of this; 0: none */
    bool application_verifies; /* a peer that cannot be verified is told, not refused */
    const char *use_srtp;      /* DTLS: profiles to agree on, by preference; NULL: none */
    uint32_t first_timer_us;   /* DTLS: until a flight goes again for the first time */
    const char *suites;        /* instead of those of context.c; NULL: those */
    bool unknown_extension;    /* a client sends an extension that no server knows */
    /* sessions.c */
    struct sd_ssl_session **by_sid, **by_key;
    uint32_t buckets, session_count; /* half-open ones included */
    sd_sid last_sid;
    struct sd_ssl_session **timer;
    uint32_t timers, timers_cap;
    /* queues */
    struct sd_ssl_out *out_head, *out_tail;
    struct sd_ssl_event *event_head, *event_tail, *event_given;
    /* tickets.c */
    struct sd_ssl_ticket *tickets;
    uint32_t ticket_count;
    struct sd_ssl_ticket_key ticket_key; /* server */
    /* Server: early data's ClientHellos seen of late, by hash of their random. */
    uint64_t *early_seen;
    uint32_t early_next;
    /* DTLS and TLS 1.3 cookies: HMAC key of this generation and the one before. */
    uint8_t cookie_key[2][32];
    sd_time cookie_until;
    uint16_t path_mtu;
    struct sd_stats stats;
};

/* -- agent.c: making, destroying, queues -- */

int sd_ssl_create(struct sd_agent **, const struct sd_ssl_kind *, const struct sd_config *,
                  struct sd_env *, struct sd_error *);
void sd_ssl_destroy(struct sd_agent *);
int sd_ssl_net_out(struct sd_agent *, sd_time, struct sd_unit *);
int sd_ssl_event(struct sd_agent *, struct sd_event *);
void sd_ssl_stats(const struct sd_agent *, struct sd_stats *);
/* Queues bytes for path; streams: the bytes of one connection join into one unit. */
bool sd_ssl_send(struct sd_ssl_agent *, const struct sd_path *, const void *data, size_t len,
                 uint8_t flags);
/* Queues an event of session s; detail is copied, NULL is fine. */
void sd_ssl_tell(struct sd_ssl_session *, enum sd_event_kind, uint64_t code, const char *detail);
/* The same with bytes beside, which are copied. */
void sd_ssl_tell_with(struct sd_ssl_session *, enum sd_event_kind, uint64_t code,
                      const char *detail, const uint8_t *data, size_t len);
void sd_ssl_tell_data(struct sd_ssl_session *, const uint8_t *data, size_t len, bool early);
int sd_ssl_drop(struct sd_ssl_agent *, int reason); /* counts it and returns it */

/* -- context.c -- */

/* Makes agent->client and agent->server, as the role says.  SD_OK, SD_E_ARG, SD_E_NOMEM. */
/* Whether OpenSSL has such suites for the agent's version. */
bool sd_ssl_suites_are(const struct sd_ssl_agent *, const char *suites);
int sd_ssl_contexts(struct sd_ssl_agent *, struct sd_error *);

/* -- shared.c: contexts that outlive their agents -- */

/* A reference to the context of this recipe, a hash of all that went into it; NULL: there is none
 * yet. */
SSL_CTX *sd_ssl_shared(uint64_t recipe);
/* Keeps a reference of its own. */
void sd_ssl_share(uint64_t recipe, SSL_CTX *);

/* -- bio.c -- */

/* A source and sink that reads session->in and writes to the queue; its data is the session.  The
 * process keeps it.  NULL: no memory. */
const BIO_METHOD *sd_ssl_bio_method(bool datagram);

/* -- sessions.c -- */

/* NULL: no memory.  Counted as half open. */
struct sd_ssl_session *sd_ssl_session_new(struct sd_ssl_agent *, const struct sd_path *,
                                          bool client);
void sd_ssl_session_free(struct sd_ssl_session *);
struct sd_ssl_session *sd_ssl_session_by_sid(const struct sd_ssl_agent *, sd_sid);
/* By TCP connection, or by the peer's address. */
struct sd_ssl_session *sd_ssl_session_by_path(const struct sd_ssl_agent *, const struct sd_path *);
void sd_ssl_phase(struct sd_ssl_session *, enum sd_ssl_phase); /* keeps the counters true */
void sd_ssl_timer(struct sd_ssl_session *, sd_time);           /* SD_NEVER: stop */
bool sd_ssl_sessions_init(struct sd_ssl_agent *);
void sd_ssl_sessions_fini(struct sd_ssl_agent *);

/* -- tickets.c: the client's sessions to resume, by server name -- */

bool sd_ssl_ticket_keep(struct sd_ssl_agent *, const char *name, SSL_SESSION *); /* takes it */
/* The newest for this name, or NULL; the caller frees it.  A TLS 1.3 ticket is given once (RFC
 * 8446 C.4), a TLS 1.2 session again and again. */
SSL_SESSION *sd_ssl_ticket_take(struct sd_ssl_agent *, const char *name);
void sd_ssl_tickets_free(struct sd_ssl_agent *);
/* The server's side, for SSL_CTX_set_tlsext_ticket_key_evp_cb(): seals and opens with the agent's
 * own key, so that contexts can be shared. */
int sd_ssl_ticket_protect(SSL *, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *,
                          EVP_MAC_CTX *, int sealing);

/* -- drive.c: the life of one SSL object -- */

/* Makes s->ssl; server_name is the client's expectation, NULL for servers. */
bool sd_ssl_attach(struct sd_ssl_session *, const char *server_name);
/* Moves handshake and reading on until libssl wants more.  False: s is gone; *result is SD_OK
 * after an orderly end, else why the peer's bytes were refused (enum sd_result > 0). */
bool sd_ssl_advance(struct sd_ssl_session *, int *result);
/* Client: puts early data into the first flight, or says why not. */
void sd_ssl_offer_early(struct sd_ssl_session *, const uint8_t *data, size_t len);
/* Application data out: bytes taken, 0 (later), or enum sd_result < 0. */
long sd_ssl_write(struct sd_ssl_session *, const uint8_t *data, size_t len);
/* Says why to the application (what NULL: from libssl's error queue and the alerts), ends the
 * carrier after the alert.  s is gone.  Returns the reason to count. */
int sd_ssl_fail(struct sd_ssl_session *, const char *what);
/* SD_CLOSE, SD_REKEY, SD_EXPORT; others SD_E_UNSUPPORTED. */
int sd_ssl_control(struct sd_ssl_session *, struct sd_control *);
void sd_ssl_gone(struct sd_ssl_session *, const char *detail); /* SD_EV_CLOSED; s is gone */

/* -- stream.c: the operations of an agent on TCP connections -- */

int sd_ssl_stream_open(struct sd_agent *, sd_time, const struct sd_open *, sd_sid *);
long sd_ssl_stream_app_in(struct sd_agent *, sd_time, sd_sid, uint64_t stream, const uint8_t *,
                          size_t, bool fin);
int sd_ssl_stream_net_in(struct sd_agent *, sd_time, const struct sd_unit *);
int sd_ssl_stream_control(struct sd_agent *, sd_time, sd_sid, struct sd_control *);
sd_time sd_ssl_stream_deadline(const struct sd_agent *);
int sd_ssl_stream_expire(struct sd_agent *, sd_time);

/* -- use_srtp.c: RFC 5764 -- */

/* Lists are IANA's names with colons between. */
bool sd_ssl_srtp_known(const char *list);
bool sd_ssl_srtp_offer(SSL *, const char *list);
uint64_t sd_ssl_srtp_chosen(SSL *); /* an SRTPProtectionProfile; 0: none */

/* -- cookie.c, stateless.c -- */

#define SD_SSL_COOKIE 32
/* HMAC-SHA256 over the peer's address and what of its hello must come again, under a key that
 * changes every minute; a cookie is good for one to two minutes. */
void sd_ssl_cookie_make(struct sd_ssl_agent *, const struct sd_addr *, const void *hello,
                        size_t hello_len, uint8_t cookie[SD_SSL_COOKIE]);
bool sd_ssl_cookie_check(struct sd_ssl_agent *, const struct sd_addr *, const void *hello,
                         size_t hello_len, const uint8_t *cookie, size_t cookie_len);
/* TLS 1.3: whether every client must show a cookie.  Nobody can resume then, nor use an external
 * key: libssl checks binders before it takes up the cookie, and with it the transcript that they
 * are made over (tests/tls/limits_test.c). */
bool sd_ssl_wants_cookie(const struct sd_ssl_agent *);
/* TLS 1.3: a ClientHello is answered with HelloRetryRequest and cookie, and the SSL object is
 * thrown away until the cookie comes back (RFC 8446 4.2.2).  Takes over from sd_ssl_advance while
 * the session is SD_SSL_WAITING; likewise false: s is gone. */
bool sd_ssl_stateless(struct sd_ssl_session *, const uint8_t *data, size_t len, int *result);

/* -- describe.c: names for ladders, from bytes alone -- */

size_t sd_ssl_describe_stream(const uint8_t *, size_t len, bool from_client, char *text,
                              size_t cap);
size_t sd_ssl_describe_datagram(const uint8_t *, size_t len, bool from_client, char *text,
                                size_t cap);

#endif
