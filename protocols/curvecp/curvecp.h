/* curvecp.h - the agent and its connections; private to protocols/curvecp. */
#ifndef CP_CURVECP_H
#define CP_CURVECP_H

#include "protocols/curvecp/chicago.h"
#include "protocols/curvecp/incoming.h"
#include "protocols/curvecp/outgoing.h"
#include "sim/core/agenda.h"
#include "sim/core/index.h"
#include "sim/core/outbox.h"

enum cp_state {
    CP_EXPECT_COOKIE,  /* client: Hello sent */
    CP_EXPECT_MESSAGE, /* client: what is to be sent goes in Initiate packets */
    CP_OPEN,
    CP_LINGERING, /* both streams are over; repeated messages are acknowledged */
};

/* What a client needs until the server's first Message. */
struct cp_opening {
    uint8_t client_short_private[CP_KEY_LEN]; /* c', until there is a key with S' */
    uint8_t server_long[CP_KEY_LEN];          /* S */
    uint8_t long_key[CP_KEY_LEN];             /* between c' and S */
    uint8_t server_name[CP_NAME_LEN];
    struct cp_cookie cookie;
    uint8_t vouch_nonce[CP_LONG_NONCE];
    uint8_t vouch[CP_KEY_LEN + CP_TAG_LEN];
    uint32_t hellos; /* sent */
    sd_time hello_at;
};

struct cp_connection {
    sd_sid sid;
    bool client; /* this side is the client */
    enum cp_state state;
    struct sd_path path;
    struct cp_opening *opening; /* NULL: over, or a server's */

    uint8_t client_short[CP_KEY_LEN]; /* C' */
    uint8_t key[CP_KEY_LEN];          /* between c' and S', or s' and C' */
    uint8_t client_extension[CP_EXTENSION_LEN];
    uint64_t sent_nonce, received_nonce;
    bool received;          /* received_nonce counts */
    uint64_t cookie_minute; /* server: of the key that made its cookie */

    struct cp_outgoing out;
    struct cp_incoming in;
    struct cp_chicago chicago;
    uint32_t ack_id; /* of the message to be acknowledged; 0: none */

    bool closing; /* the application has closed: it wants no more events but the last */
    bool ended;   /* CLOSED or ERROR was told */
    sd_time heard_at;
    sd_time speak_at;    /* send something, data or not; SD_NEVER: no need */
    sd_time probe_after; /* of silence */
    sd_time over_at;     /* lingering, or half closed: forgotten then */

    struct sd_due due; /* in curvecp.agenda: when it next does something by itself */
};

/* cookie.c */
struct cp_key_set {             /* client_short of connections that are over */
    uint8_t (*key)[CP_KEY_LEN]; /* zero: free */
    uint32_t size, used;
};
struct cp_minute {
    bool live;
    uint64_t number; /* minutes since the agent was made */
    uint8_t key[CP_KEY_LEN];
    struct cp_key_set used; /* whose cookie this key made */
};

struct curvecp {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now;    /* of the input under way */
    bool reference; /* mode "reference" */
    enum sd_role role;

    uint8_t long_private[CP_KEY_LEN], long_public[CP_KEY_LEN];
    uint8_t name[CP_NAME_LEN]; /* a server's own */
    uint8_t server_extension[CP_EXTENSION_LEN], client_extension[CP_EXTENSION_LEN];
    const char *server_name; /* whom a client expects unless it is told */
    /* Keys: a client's servers; with `known_only` a server's clients. */
    const struct sd_peer *peers;
    size_t peer_count;
    bool known_only;
    sd_time speak_wait; /* a client sends its first Initiate without data after so long */
    uint32_t clients_max, clients;
    uint16_t path_mtu;

    sd_sid last_sid;
    uint64_t table_seed;     /* hashes cannot be foreseen */
    struct sd_index by_key;  /* server: C' */
    struct sd_index by_peer; /* client: the server's address */
    struct sd_index by_sid;

    sd_time born;
    struct cp_minute minute[CP_MINUTE_KEYS];

    struct sd_agenda agenda;

    struct sd_outbox outbox;
    uint8_t text[CP_INITIATE_OVERHEAD + CP_INITIATE_MAX]; /* the plaintext being read or made */
    struct sd_stats stats;
};

/* connection.c */
/* A new one that is in no table but by_sid; NULL: no memory. */
struct cp_connection *cp_connection_new(struct curvecp *, bool client, const struct sd_path *);
/* Puts it where packets find it.  False: no memory. */
bool cp_connection_listen(struct curvecp *, struct cp_connection *);
/* Keys wiped; its cookie is remembered as used, while there is a key that opens it. */
void cp_connection_free(struct curvecp *, struct cp_connection *);
/* Sets its timer. */
void cp_connection_wake(struct curvecp *, struct cp_connection *);
struct cp_connection *cp_connection_by_sid(const struct curvecp *, sd_sid);
struct cp_connection *cp_connection_by_key(const struct curvecp *, const uint8_t client_short[32]);
/* The client connections that a packet on path may belong to, one after the other: those at its own
 * port, then those that had another one when they were last heard; NULL: no more. */
struct cp_search {
    uint32_t pass, cursor; /* from 0 */
};
struct cp_connection *cp_connection_by_path(const struct curvecp *, const struct sd_path *,
                                            struct cp_search *);

/* session.c: the two streams of a connection */
/* A message came, authenticated and newer than all before: enum sd_result. */
int cp_session_receive(struct curvecp *, struct cp_connection *, const uint8_t *message, size_t);
/* Sends what may be sent now, and sets the timer.  Frees a connection that is over. */
void cp_session_pump(struct curvecp *, struct cp_connection *);
/* When the connection has something to do by itself. */
sd_time cp_session_deadline(const struct curvecp *, const struct cp_connection *);
void cp_session_expire(struct curvecp *, struct cp_connection *);
void cp_session_close(struct curvecp *, struct cp_connection *, uint16_t stop);
/* Tells the application that it is over, once. */
void cp_session_ended(struct curvecp *, struct cp_connection *, enum sd_event_kind, uint64_t code,
                      const char *detail);

/* send.c */
void cp_send_hello(struct curvecp *, struct cp_connection *);
/* len bytes in the packet that the state calls for. */
void cp_send_message(struct curvecp *, struct cp_connection *, const uint8_t *message, size_t len);
/* The longest message to the other side in its present state, of cp_lengths. */
uint32_t cp_send_message_max(const struct curvecp *, const struct cp_connection *);

/* receive.c */
int cp_receive(struct curvecp *, const struct sd_unit *); /* enum sd_result */

/* describe.c */
size_t cp_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

#endif
