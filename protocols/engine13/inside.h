/* inside.h - private to protocols/engine13: one handshake under way, and its parts. */
#ifndef E13_INSIDE_H
#define E13_INSIDE_H

#include "protocols/crypto/dh.h"
#include "protocols/crypto/p256.h"
#include "protocols/engine13/engine13.h"
#include "sim/core/reader.h"

/* Appendix A, in its words. */
enum e13_state {
    E13_START, /* server: also RECVD_CH and NEGOTIATED, which it passes through at once */
    E13_WAIT_SH,
    E13_WAIT_EE,
    E13_WAIT_CERT_CR,
    E13_WAIT_CERT,
    E13_WAIT_CV,
    E13_WAIT_FINISHED,
    E13_WAIT_EOED,
    E13_CONNECTED
};

/* 4.2.11: a key that both have from before. */
struct e13_psk {
    uint8_t key[SD_HASH_MAX];
    size_t len; /* 0: none */
    bool external;
    enum sd_hash hash;
    const struct sd_e13_suite *suite; /* tickets: of the session that made it */
    uint32_t age_add;
    sd_time issued;    /* client: when the ticket came; server: when it was made */
    uint32_t lifetime; /* seconds; client */
    uint32_t early_max;
    uint8_t alpn[256];
    size_t alpn_len;
    struct sd_certificate peer; /* leaf of the peer in that session; len 0: none was asked for */
};

/* What a handshake needs and nobody afterwards. */
struct e13_opening {
    struct sd_hashing transcript; /* 4.4.1 */
    uint8_t random[TLS_RANDOM];   /* the client's */
    uint8_t x25519[SD_X25519_LEN], p256[SD_P256_PRIVATE];
    uint16_t share; /* client: group of the key share sent */
    uint8_t *hello; /* client: the last ClientHello sent */
    size_t hello_len;
    uint32_t offered; /* client: extensions sent, bits of enum e13_extension */
    bool retried;     /* a HelloRetryRequest came before this ClientHello */
    uint8_t *cookie;  /* client: to give back */
    size_t cookie_len;
    struct e13_psk psk; /* client: offered; server: chosen */
    uint8_t *identity;  /* client: of psk */
    size_t identity_len;
    bool early_wanted; /* client: the application has early data */
    bool early_offered;
    bool demand_cookie;
    uint8_t address[32];
    uint8_t client_secret[SD_HASH_MAX], server_secret[SD_HASH_MAX]; /* handshake traffic */
    uint8_t request_context[255]; /* certificate_request_context */
    size_t request_context_len;
    bool certificate_wanted, certificate_fits; /* client: the server asked for one, ours will do */
    const struct sd_e13_suite *chosen;         /* client: by the HelloRetryRequest */
    bool raw_own, raw_peer;                    /* RFC 7250 */
    const char *unverified;                    /* why, where the application decides */
    struct sd_chain peer;                      /* certificates, or one SubjectPublicKeyInfo */
};

struct sd_e13_session {
    struct sd_e13_context *context;
    const struct sd_e13_carrier *carrier;
    void *ctx;
    bool client;
    enum e13_state state;
    const char *why;
    const struct sd_e13_suite *suite;
    struct e13_opening *opening; /* NULL once connected */
    uint8_t secret[SD_HASH_MAX]; /* 7.1: Early, Handshake, then Master Secret */
    uint8_t client_app[SD_HASH_MAX], server_app[SD_HASH_MAX]; /* application traffic, 7.2 */
    uint8_t exporter[SD_HASH_MAX], resumption[SD_HASH_MAX];
    char server_name[80];
    uint16_t group;
    uint16_t srtp;       /* SRTPProtectionProfile; 0: none */
    const uint8_t *alpn; /* in the context's list */
    size_t alpn_len;
    bool used_psk, early_accepted;
    bool retry_sent; /* server: the last ClientHello was answered with a HelloRetryRequest */
    uint32_t tickets_sent;
    bool cid_offered, cid_agreed;
    uint8_t own_cid[SD_E13_CID_MAX], peer_cid[SD_E13_CID_MAX];
    size_t own_cid_len, peer_cid_len;
    struct sd_certificate leaf; /* the peer's, for tickets and the application */
};

/* -- session.c -- */

int e13_fail(struct sd_e13_session *, enum e13_alert, const char *why); /* returns the alert */
/* detail is copied by whoever carries the session; data may be NULL. */
void e13_tell(struct sd_e13_session *, enum sd_event_kind, uint64_t code, const char *detail,
              const struct sd_certificate *data);
/* Keys agreed: tells the application who the peer is, and that it may send. */
void e13_tell_ready(struct sd_e13_session *);
void e13_recall_peer(struct sd_e13_session *); /* resumed: whoever the ticket says */
void e13_tell_peer(struct sd_e13_session *);
/* A message is begun in the one buffer there is, and goes to the carrier as a whole: into the
 * transcript too, unless the handshake is over.  0 or an alert. */
struct sd_writer e13_begin(enum tls_handshake type);
int e13_send(struct sd_e13_session *, enum sd_e13_level, struct sd_writer *);
/* The two halves of e13_send() without the transcript: the message's length, 0 when it does not
 * fit; and its way to the carrier. */
size_t e13_end(struct sd_writer *);
int e13_pass_on(struct sd_e13_session *, enum sd_e13_level, const struct sd_writer *);
void e13_connected(struct sd_e13_session *); /* what only the handshake needed is gone */
int e13_read_update(struct sd_e13_session *, struct sd_reader *);
uint8_t *e13_copy(struct sd_env *, const void *data, size_t len); /* NULL: len 0, no memory */
bool e13_same_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);
/* A vector whose length, of `width` bytes, is not known before it is written. */
struct e13_vector {
    size_t at;
    unsigned width;
};
struct e13_vector e13_open_vector(struct sd_writer *, unsigned width);
void e13_close_vector(struct sd_writer *, struct e13_vector);

/* -- schedule.c: section 7 -- */

const struct sd_e13_suite *e13_suite(uint16_t id); /* NULL: not one of ours */
void e13_expand_label(const struct sd_e13_session *, const uint8_t *secret, const char *label,
                      const uint8_t *context, size_t context_len, uint8_t *out, size_t len);
/* session.secret becomes HKDF-Extract(Derive-Secret(it, "derived", ""), input); the first one has
 * a salt of zeros.  input NULL: as many zeros as the hash is long. */
void e13_extract_first(struct sd_e13_session *, const uint8_t *input, size_t len);
void e13_extract_next(struct sd_e13_session *, const uint8_t *input, size_t len);
/* Derive-Secret(session.secret, label, transcript so far). */
void e13_derive_secret(struct sd_e13_session *, const char *label, uint8_t *out);
/* Derive-Secret(Early Secret, "ext binder" or "res binder", ""). */
void e13_binder_key(const struct sd_e13_session *, bool external, uint8_t *out);
/* 4.4.4: verify_data under that base key, over a transcript's hash. */
void e13_verify_data(const struct sd_e13_session *, const uint8_t *base_key,
                     const uint8_t *transcript_hash, uint8_t *out);
void e13_next_traffic_secret(const struct sd_e13_session *, uint8_t *secret); /* 7.2 */
void e13_enter_early(struct sd_e13_session *); /* client_early_traffic_secret, to the carrier */
void e13_enter_handshake(struct sd_e13_session *, const uint8_t *shared, size_t len);
void e13_enter_master(struct sd_e13_session *);    /* after the server's Finished */
void e13_finish_schedule(struct sd_e13_session *); /* after the client's Finished */

/* -- transcript.c: 4.4.1 -- */

bool e13_transcript_begin(struct sd_e13_session *); /* false: no memory */
void e13_transcript_add(struct sd_e13_session *, const void *message, size_t len);
void e13_transcript_hash(const struct sd_e13_session *, uint8_t *out);
/* What stands for the first ClientHello once there was a HelloRetryRequest. */
void e13_transcript_add_message_hash(struct sd_e13_session *, const uint8_t *hello_hash);

/* -- extensions.c: 4.2 -- */

enum e13_extension {
    X_SERVER_NAME,
    X_SUPPORTED_GROUPS,
    X_SIGNATURE_ALGORITHMS,
    X_USE_SRTP,
    X_ALPN,
    X_CLIENT_CERTIFICATE_TYPE,
    X_SERVER_CERTIFICATE_TYPE,
    X_PRE_SHARED_KEY,
    X_EARLY_DATA,
    X_SUPPORTED_VERSIONS,
    X_COOKIE,
    X_PSK_KEY_EXCHANGE_MODES,
    X_KEY_SHARE,
    X_CONNECTION_ID,
    X_MAX
};
enum e13_message { /* the columns of 4.2's table, as bits */
                   E13_IN_CH = 1,
                   E13_IN_SH = 2,
                   E13_IN_HRR = 4,
                   E13_IN_EE = 8,
                   E13_IN_CR = 16,
                   E13_IN_CT = 32,
                   E13_IN_NST = 64
};
struct e13_extensions {
    uint32_t has; /* bit: enum e13_extension */
    struct sd_reader body[X_MAX];
};
/* Takes an extensions<2> field apart.  0 or an alert. */
int e13_read_extensions(struct sd_e13_session *, struct sd_reader *, enum e13_message,
                        struct e13_extensions *);
bool e13_has(const struct e13_extensions *, enum e13_extension);
/* Writes type and length; the body follows, then e13_close_vector(). */
struct e13_vector e13_open_extension(struct sd_e13_session *, struct sd_writer *,
                                     enum e13_extension);
/* A whole extension that is a list<2> of 16-bit numbers, up to the first 0 or count. */
void e13_put_numbers(struct sd_e13_session *, struct sd_writer *, enum e13_extension,
                     const uint16_t *numbers, size_t count);
void e13_offer_signature_algorithms(struct sd_e13_session *, struct sd_writer *);
/* Whether a list<2> of 16-bit numbers, which is all there is in *list, has this one. */
bool e13_list_has(struct sd_reader list, uint16_t number);

/* -- negotiation.c: what both hellos say of names, protocols and profiles -- */

void e13_offer_server_name(struct sd_e13_session *, struct sd_writer *);
void e13_offer_alpn(struct sd_e13_session *, struct sd_writer *);
void e13_offer_srtp(struct sd_e13_session *, struct sd_writer *);
void e13_offer_certificate_types(struct sd_e13_session *, struct sd_writer *);
void e13_offer_cid(struct sd_e13_session *, struct sd_writer *);
/* Server: chooses; 0 or an alert. */
int e13_choose_name(struct sd_e13_session *, const struct e13_extensions *);
int e13_choose_alpn(struct sd_e13_session *, const struct e13_extensions *);
void e13_choose_srtp(struct sd_e13_session *, const struct e13_extensions *);
int e13_choose_certificate_types(struct sd_e13_session *, const struct e13_extensions *);
void e13_answer_extensions(struct sd_e13_session *, struct sd_writer *); /* EncryptedExtensions */
/* Client: what the server chose. */
int e13_read_choices(struct sd_e13_session *, const struct e13_extensions *);
int e13_read_cid(struct sd_e13_session *, const struct e13_extensions *);

/* -- key_share.c: 4.2.8 -- */

#define E13_SHARE_MAX SD_P256_POINT
/* A key pair of the session's own for that group; its public part is written as a KeyShareEntry. */
void e13_write_share(struct sd_e13_session *, struct sd_writer *, uint16_t group);
/* Agrees with the peer's public key.  False: it is none. */
bool e13_agree(struct sd_e13_session *, uint16_t group, struct sd_reader public_key,
               uint8_t shared[32]);

/* -- psk.c: 4.2.11 -- */

void e13_psk_fini(struct e13_psk *);
/* Client: which key it offers, if any. */
int e13_psk_prepare(struct sd_e13_session *);
/* Client: writes pre_shared_key with room for the binder; fills it in when the hello is whole, and
 * puts the hello into the transcript. */
void e13_offer_psk(struct sd_e13_session *, struct sd_writer *);
int e13_fill_binder(struct sd_e13_session *, uint8_t *hello, size_t len);
/* Server: the identity that was chosen, in the ClientHello. */
struct e13_choice {
    unsigned identity; /* its number */
    uint32_t obfuscated_age;
    struct sd_reader binder;
    const uint8_t *binders_at; /* where the ClientHello is cut off for binders */
};
/* 0 or an alert; opening.psk.len 0: none fits. */
int e13_choose_psk(struct sd_e13_session *, const struct e13_extensions *, struct e13_choice *);
/* Puts the hello into the transcript, and checks the binder on the way. */
int e13_check_binder(struct sd_e13_session *, const struct e13_choice *, const uint8_t *hello,
                     size_t len);

/* -- early.c: 4.2.10, section 8 -- */

/* Server: whether early data that comes with this ClientHello is taken. */
bool e13_takes_early(struct sd_e13_session *, const struct e13_choice *);
void e13_early_fini(struct sd_e13_context *);

/* -- tickets.c: 4.6.1 -- */

int e13_send_ticket(struct sd_e13_session *);
int e13_read_ticket(struct sd_e13_session *, struct sd_reader *);
/* Server: opens what e13_send_ticket() sealed.  False: not ours, or too old. */
bool e13_open_ticket(struct sd_e13_session *, const uint8_t *ticket, size_t len, struct e13_psk *);
/* Client: takes the newest ticket for this name out of the store.  False: there is none. */
bool e13_take_ticket(struct sd_e13_session *);
void e13_tickets_fini(struct sd_e13_context *);

/* -- cookie.c: 4.2.2 -- */

/* Suite and group that the HelloRetryRequest names, and the hash of the first ClientHello. */
struct e13_cookie {
    const struct sd_e13_suite *suite;
    uint16_t group; /* 0: the key share was fine */
    uint8_t hello_hash[SD_HASH_MAX];
};
size_t e13_cookie_make(struct sd_e13_session *, const struct e13_cookie *, uint8_t *out);
bool e13_cookie_open(struct sd_e13_session *, const uint8_t *cookie, size_t len,
                     struct e13_cookie *);
#define E13_COOKIE_MAX (4 + SD_HASH_MAX + 32)

/* -- authentication.c: 4.4 -- */

int e13_send_certificate(struct sd_e13_session *);
int e13_send_certificate_verify(struct sd_e13_session *);
int e13_send_finished(struct sd_e13_session *);
int e13_read_certificate(struct sd_e13_session *, struct sd_reader *);
int e13_read_certificate_verify(struct sd_e13_session *, struct sd_reader *,
                                const uint8_t *transcript_hash);
int e13_read_finished(struct sd_e13_session *, struct sd_reader *, const uint8_t *transcript_hash);

/* -- client.c, server.c -- */

int e13_client_receive(struct sd_e13_session *, enum sd_e13_level, const uint8_t *message,
                       size_t len);
int e13_server_receive(struct sd_e13_session *, enum sd_e13_level, const uint8_t *message,
                       size_t len);

/* -- keylog.c -- */

void e13_keylog(struct sd_e13_session *, const char *label, const uint8_t *secret);

#endif
