/* tcpcrypt.h - the agent's parts and what they say to each other; private to this room.
 *
 *   options of SYN, SYN-ACK, ACK --opening.c--> agreed? --start.c--> handshake.c --> OPEN
 *        (eno.c)              (cache.c)                 `--> PLAIN        (keys.c, frames.c)
 *
 * A session is a TCP connection from its first SYN; its id is the connection's. */
#ifndef TC_TCPCRYPT_H
#define TC_TCPCRYPT_H

#include "protocols/tcpcrypt/agent.h"
#include "protocols/tcpcrypt/cache.h"
#include "protocols/tcpcrypt/eno.h"
#include "protocols/tcpcrypt/keys.h"
#include "protocols/tcpcrypt/scheme.h"
#include "sim/core/outbox.h"

#define TC_OWN_TEPS    TC_SCHEMES
#define TC_USUAL_TEPS  2u /* offered by default */
#define TC_OWN_CIPHERS 3u
#define TC_INIT1_LEN   (TC_INIT_HEADER + 1u + 2u * TC_OWN_CIPHERS + TC_NONCE_LEN + TC_PUB_MAX)

/* What the configuration says (config.c). */
struct tc_settings {
    enum sd_role role;
    uint8_t tep[TC_OWN_TEPS]; /* the most preferred first */
    uint8_t teps;
    uint16_t cipher[TC_OWN_CIPHERS]; /* likewise */
    uint8_t ciphers;
    bool speaks;       /* ENO at all */
    bool offers_more;  /* TEPs that nobody knows (RFC 8547 4.5) */
    bool aware;        /* a = 1 */
    bool need_aware;   /* mandatory application-aware mode (RFC 8547 4.2) */
    bool passive_role; /* b = 1 although opening actively (RFC 8547 4.3) */
    bool required;     /* no plain TCP: mandatory encryption mode (RFC 8547 4.7) */
    bool resume;       /* offers and takes resumption (3.5, first policy) */
    bool cache;        /* keeps session secrets (3.5, second policy) */
    uint8_t nonce_len; /* of resumption */
    uint64_t rekey_frames;
    uint32_t openings_max;
};
int tc_config_read(struct tc_settings *, const struct sd_agent_ops *, const struct sd_config *,
                   struct sd_error *);

/* What is needed until there are keys. */
struct tc_opening {
    struct tc_opening *next, *previous; /* in order of their end; until the connection is up */
    struct tc_session *session;
    sd_time ends;
    bool waits; /* in that list */
    bool active, simultaneous;
    bool ack_sent, ack_heard; /* an ACK segment with the option (RFC 8547 4.6) */
    bool agreed, resumed;
    uint8_t tep;
    uint8_t own[TC_OPTION_ROOM], peer[TC_OPTION_ROOM]; /* SYN-form options */
    uint8_t own_len, peer_len;
    const char *why_plain; /* NULL: nothing speaks against encryption yet */
    bool has_secret;
    struct tc_secret secret; /* ss[i], offered or taken for resumption */
    uint8_t private_key[TC_PRIVATE_MAX], nonce[TC_NONCE_LEN]; /* host A's, of key exchange */
    uint8_t init1[TC_INIT1_LEN];
    uint8_t init1_len;
};

enum tc_state {
    TC_OPENING,      /* TCP is opening the connection */
    TC_EXPECT_INIT1, /* host B */
    TC_EXPECT_INIT2, /* host A */
    TC_OPEN,
    TC_CLOSING, /* FINp is sent, the peer's is awaited */
    TC_PLAIN,   /* TCP without encryption */
    TC_PLAIN_CLOSING,
};

struct tc_session {
    struct tc_session *next; /* in its bucket */
    struct sd_path path;     /* path.conn is the session's id */
    enum tc_state state;
    bool host_b;
    bool peer_aware;
    bool writable_wanted;
    bool rekey_next; /* the next frame is the first of its generation */
    enum tc_cipher cipher;
    uint8_t session_id[TC_SESSION_ID_LEN];
    uint64_t lineage; /* of its secrets in the cache; 0: none */
    struct tc_direction send, receive;
    uint64_t stream_in; /* bytes of application data received */
    uint8_t *in;        /* an Init message or frame that is not whole yet */
    size_t in_len, in_cap;
    struct tc_opening *opening; /* NULL once there are keys, or none will be */
};

struct tcpcrypt {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now;
    struct tc_settings set;
    struct sd_outbox outbox;
    struct sd_stats stats;
    struct tc_session **bucket; /* by connection */
    uint32_t buckets, sessions;
    struct tc_opening *first, *last; /* those that wait */
    uint32_t openings;
    struct tc_cache cache;
};

/* -- table.c -- */

struct tc_session *tc_session_find(const struct tcpcrypt *, uint32_t conn);
struct tc_session *tc_session_new(struct tcpcrypt *, const struct sd_path *); /* NULL: no memory */
void tc_session_free(struct tcpcrypt *, struct tc_session *);
void tc_sessions_fini(struct tcpcrypt *);
struct tc_opening *tc_opening_new(struct tcpcrypt *, struct tc_session *, bool active);
void tc_opening_arrived(struct tcpcrypt *, struct tc_opening *); /* the connection is up */
void tc_opening_end(struct tcpcrypt *, struct tc_session *);     /* wipes and frees it */

/* -- opening.c: RFC 8547 4.6 -- */

size_t tc_tcp_options(struct sd_agent *, sd_time now, const struct sd_path *, enum sd_segment,
                      const uint8_t *received, size_t received_len, uint8_t *out, size_t cap);
/* Why not to encrypt a connection that is up; NULL: it must be encrypted. */
const char *tc_opening_objection(const struct tc_opening *);

/* -- handshake.c: 3.3 -- */

bool tc_handshake_begin(struct tcpcrypt *, struct tc_session *); /* host A; false: no memory */
/* A whole Init1 or Init2: SD_OK, or SD_DROP_* and why it is not acceptable. */
int tc_handshake_receive(struct tcpcrypt *, struct tc_session *, const uint8_t *message, size_t len,
                         const char **why);
/* 3.5: keys of a resumed session. */
void tc_handshake_resume(struct tcpcrypt *, struct tc_session *);

/* -- frames.c: 3.6, 4.2 -- */

struct tc_frame {
    uint8_t flags;   /* TC_FLAG_* */
    uint16_t urgent; /* offset of the last urgent byte from the frame's first */
    const uint8_t *data;
    size_t len;
};
bool tc_frame_send(struct tcpcrypt *, struct tc_session *, const struct tc_frame *);
/* A whole frame: its plaintext in a new block *plain, to be freed, that *frame points into.  SD_OK,
 * SD_E_NOMEM or SD_DROP_* and why; the block is NULL then. */
int tc_frame_receive(struct tcpcrypt *, struct tc_session *, const uint8_t *bytes, size_t len,
                     struct tc_frame *frame, uint8_t **plain, const char **why);
/* 3.8: this host initiates rekeying. */
void tc_rekey(struct tcpcrypt *, struct tc_session *);

/* -- session.c: what the application and TCP see -- */

/* The connection is up. */
void tc_session_begin(struct tcpcrypt *, struct tc_session *);
void tc_session_ready(struct tcpcrypt *, struct tc_session *); /* there are keys */
long tc_session_write(struct tcpcrypt *, struct tc_session *, uint64_t stream, const uint8_t *data,
                      size_t len, bool fin);
int tc_session_close(struct tcpcrypt *, struct tc_session *);

/* -- receive.c -- */

int tc_receive(struct tcpcrypt *, const struct sd_unit *);
/* Aborts the connection (3.3: RESET, and an error that is no end of file); the session is gone. */
int tc_abort(struct tcpcrypt *, struct tc_session *, int reason, const char *why);

/* -- events.c -- */

/* detail is static. */
struct sd_event *tc_tell(struct tcpcrypt *, const struct tc_session *, enum sd_event_kind,
                         const char *detail);
void tc_tell_ready(struct tcpcrypt *, const struct tc_session *, bool resumed);

size_t tc_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

#endif
