/* engine13.h - the handshake of TLS 1.3 (RFC 8446) without records: whole messages in, whole
 * messages and secrets out.  DTLS 1.3 carries it in its own records (protocols/dtls13); plain TLS
 * 1.3 is how it is checked against libssl (tests/engine13).
 *
 *              sd_e13_start                                      carrier.send
 *   records -> sd_e13_receive ->  the handshake of RFC 8446  ->  carrier.secret  -> records
 *              sd_e13_update                                     carrier.tell    -> application
 *
 * A context is what the sessions of an agent share; a session is one handshake and what lives on
 * after it: secrets for key updates and exporters.  Functions that can fail return 0 or an
 * AlertDescription (RFC 8446 section 6), for which sd_e13_why() has words; the caller sends the
 * alert and frees the session. */
#ifndef SD_ENGINE13_H
#define SD_ENGINE13_H

#include "protocols/crypto/hash.h"
#include "protocols/crypto/x509.h"
#include "protocols/engine13/wire.h"
#include "sim/core/agent.h"

/* What differs between TLS and DTLS. */
struct sd_e13_flavour {
    const char *name, *prefix; /* "DTLS 1.3"; of labels: "dtls13" (RFC 9147 5.9) */
    uint16_t version, legacy_version;
    bool datagram; /* legacy_cookie in the ClientHello, no EndOfEarlyData */
};
extern const struct sd_e13_flavour sd_e13_tls, sd_e13_dtls;

enum sd_e13_aead { SD_E13_AES_GCM, SD_E13_CHACHA20_POLY1305 };
struct sd_e13_suite { /* B.4 */
    uint16_t id;
    const char *name;
    enum sd_hash hash;
    enum sd_e13_aead aead;
    size_t key_len;
};

/* Under which keys a message goes: DTLS calls them epochs 0 to 3 (RFC 9147 6.1). */
enum sd_e13_level { SD_E13_PLAIN, SD_E13_EARLY, SD_E13_HANDSHAKE, SD_E13_APPLICATION };

/* What a session asks of those who carry it; data valid during the call. */
struct sd_e13_carrier {
    /* A handshake message to the peer.  False: no memory. */
    bool (*send)(void *ctx, enum sd_e13_level, const uint8_t *message, size_t len);
    /* A traffic secret (7.1), as long as the suite's hash.  A second one of level
     * SD_E13_APPLICATION replaces the first (7.2). */
    void (*secret)(void *ctx, bool sending, enum sd_e13_level, const struct sd_e13_suite *,
                   const uint8_t *secret);
    /* The peer asked for a KeyUpdate in return (4.6.3). */
    void (*update_asked)(void *ctx);
    /* sid and path of the event are the carrier's to fill in. */
    void (*tell)(void *ctx, const struct sd_event *);
};

#define SD_E13_CID_MAX 20

struct sd_e13_ticket;     /* tickets.c: what a client keeps to resume with */
struct sd_e13_early_seen; /* early.c: ClientHellos with early data seen of late */

#define SD_E13_SRTP_MAX 4
struct sd_e13_context {
    struct sd_env *env;
    const struct sd_e13_flavour *flavour;
    struct sd_config config;                 /* borrows */
    struct sd_stats *stats;                  /* the agent's */
    struct sd_chain chain;                   /* own certificates */
    struct sd_certificate own_key, peer_key; /* RFC 7250: DER; peer_key.len 0: no raw keys */
    uint16_t scheme;                         /* that the own key signs with */
    uint8_t alpn[256];                       /* ProtocolNameList without its length */
    size_t alpn_len;
    uint16_t suite[3], group[2];    /* by preference; 0: none */
    uint16_t srtp[SD_E13_SRTP_MAX]; /* SRTPProtectionProfiles, likewise */
    uint32_t tickets_sent;
    bool psk, resume,
        early; /* of the mode: an external key, tickets kept and offered, early data */
    bool application_verifies; /* a peer that cannot be verified is told, not refused */
    bool unknown_extension;    /* a client sends an extension that no server knows */
    /* server */
    uint8_t ticket_key[32];
    uint8_t cookie_key[2][32]; /* of this minute and the one before */
    sd_time cookie_until;
    struct sd_e13_early_seen *early_seen;
    /* client */
    struct sd_e13_ticket *tickets; /* newest first */
    uint32_t ticket_count;
};

/* Reads the configuration; options are the caller's to give.  SD_OK, SD_E_ARG, SD_E_NOMEM. */
int sd_e13_context_init(struct sd_e13_context *, const struct sd_e13_flavour *,
                        const struct sd_config *, struct sd_env *, struct sd_stats *,
                        struct sd_error *);
void sd_e13_context_fini(struct sd_e13_context *);
/* Takes an option that is the handshake's: SD_OK; SD_E_ARG; SD_E_UNSUPPORTED: not one of
 * sd_e13_options. */
int sd_e13_option(struct sd_e13_context *, const struct sd_option *, struct sd_error *);
extern const char *const sd_e13_options[]; /* names, ends with NULL */

struct sd_e13_session;

struct sd_e13_open {
    const struct sd_e13_carrier *carrier;
    void *ctx;
    bool client;
    const char *server_name; /* client: whom it expects; SNI */
    bool early;              /* client: early data wants to go along */
    bool demand_cookie;      /* server: the ClientHello must bring a cookie (4.2.2) */
    const void *address;     /* server: what a cookie is bound to, at most 32 bytes */
    size_t address_len;
    bool offer_cid; /* RFC 9146: a connection id of cid_len bytes is wanted, maybe 0 */
    const uint8_t *cid;
    size_t cid_len;
};

struct sd_e13_session *sd_e13_new(struct sd_e13_context *, const struct sd_e13_open *); /* NULL: no
                                                                                           memory */
void sd_e13_free(struct sd_e13_session *); /* NULL is fine */
int sd_e13_start(struct sd_e13_session *); /* client: sends the ClientHello */
/* One whole message with its header of 4 bytes, as it came under the keys of that level. */
int sd_e13_receive(struct sd_e13_session *, enum sd_e13_level, const uint8_t *message, size_t len);
const char *sd_e13_why(const struct sd_e13_session *);

bool sd_e13_connected(const struct sd_e13_session *); /* both Finished are there */
/* Server: the last ClientHello was answered with a HelloRetryRequest, and the session has kept
 * nothing: it may be freed and the next ClientHello given to a new one. */
bool sd_e13_retried(const struct sd_e13_session *);
/* The peer's connection id, once negotiated (RFC 9146 3): false: none was. */
bool sd_e13_peer_cid(const struct sd_e13_session *, const uint8_t **cid, size_t *len);

/* KeyUpdate (4.6.3): sends one; 0 or an alert.  The sending keys stay what they are until
 * sd_e13_update_sending(): TLS calls it at once, DTLS when the message is acknowledged. */
int sd_e13_update(struct sd_e13_session *, bool request);
void sd_e13_update_sending(struct sd_e13_session *);
/* 7.5.  SD_OK, SD_E_STATE: not connected; SD_E_ARG. */
int sd_e13_export(const struct sd_e13_session *, const char *label, const void *context,
                  size_t context_len, uint8_t *out, size_t out_len);

/* 7.3: "key", "iv", "sn" of a traffic secret. */
void sd_e13_traffic_key(const struct sd_e13_flavour *, const struct sd_e13_suite *,
                        const uint8_t *secret, const char *label, uint8_t *out, size_t len);
/* "handshake_failure"; for alerts that nobody knows "alert". */
const char *sd_e13_alert_name(uint8_t alert);
/* Why a unit that caused this alert was dropped: enum sd_result > 0. */
int sd_e13_drop_reason(uint8_t alert);

#endif
