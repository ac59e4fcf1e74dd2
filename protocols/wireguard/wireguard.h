/* wireguard.h - the agent, its peers and their sessions; private to protocols/wireguard. */
#ifndef WG_WIREGUARD_H
#define WG_WIREGUARD_H

#include "protocols/wireguard/window.h"
#include "protocols/wireguard/wire.h"
#include "sim/core/agent.h"

enum wg_handshake_state {
    WG_HANDSHAKE_NONE,
    WG_HANDSHAKE_EXPECT_RESPONSE, /* initiation sent */
    WG_HANDSHAKE_CONSUMED,        /* initiation received, response not yet made */
};

/* 5.4: what Noise keeps between messages. */
struct wg_handshake {
    enum wg_handshake_state state;
    uint32_t local_index, remote_index;
    uint8_t chaining_key[WG_HASH_LEN], hash[WG_HASH_LEN];
    uint8_t ephemeral_private[WG_KEY_LEN];
    uint8_t remote_ephemeral[WG_KEY_LEN];
};

/* 5.4.5: transport keys of one handshake. */
struct wg_keypair {
    uint32_t local_index, remote_index;
    uint8_t sending_key[WG_KEY_LEN], receiving_key[WG_KEY_LEN];
    uint64_t sending_counter;
    struct wg_window window;
    sd_time born;
    bool initiator; /* this side began the handshake: it is the one that rekeys by time */
    bool expired;   /* nothing more is sent with it */
};

/* timers.c */
enum wg_timer {
    WG_TIMER_RETRANSMIT,
    WG_TIMER_ASKED,
    WG_TIMER_NEW_HANDSHAKE,
    WG_TIMER_KEEPALIVE,
    WG_TIMER_PERSISTENT,
    WG_TIMER_ZERO_KEYS,
    WG_TIMER_MAX
};

struct wg_staged { /* an inner packet that waits for a session */
    struct wg_staged *next;
    size_t len;
    uint8_t packet[];
};

struct wg_peer {
    uint32_t id; /* its place in wireguard.peer; the session's sid is id + 1 */
    uint8_t public_key[WG_KEY_LEN];
    uint8_t psk[WG_KEY_LEN];           /* 5.4: zero without one */
    uint8_t static_shared[WG_KEY_LEN]; /* DH of both static keys, from the first handshake on */
    bool has_static_shared;

    struct sd_path path; /* remote.family 0: not known yet */
    bool proven;         /* path.remote is known to be the peer's, and not only claimed */

    struct wg_handshake handshake;
    uint8_t latest_timestamp[WG_TIMESTAMP_LEN]; /* 5.1: greatest received */
    sd_time initiation_received_at, handshake_sent_at;
    bool initiation_received, handshake_sent;
    struct wg_keypair *previous, *current, *next;

    uint8_t cookie[WG_MAC_LEN]; /* 5.4.7: received */
    sd_time cookie_at;
    uint8_t last_mac1[WG_MAC_LEN]; /* of the last handshake message sent: opens a cookie reply */
    bool has_cookie, has_last_mac1;

    sd_time timer[WG_TIMER_MAX]; /* SD_NEVER: does not run */
    sd_time due;                 /* the earliest of them */
    uint32_t heap_place;         /* in wireguard.timers, from 1; 0: none runs */
    uint32_t keepalive_s;        /* persistent keepalive */
    uint32_t attempts;           /* initiations of this handshake so far */
    sd_time attempts_since;
    bool keepalive_again; /* data came while a keepalive was pending already */
    bool asked_late;      /* 6.2: asked for new keys because those received with grow old */

    struct wg_staged *staged, **staged_end;
    uint32_t staged_count;

    bool up;                                 /* the application was told READY */
    bool counted_session, counted_half_open; /* in wireguard.stats */
};

struct wg_index_slot {
    uint32_t index, peer; /* peer id + 1; 0: free */
};
struct wg_route {
    uint32_t net;
    uint32_t peer; /* id + 1; 0: free */
    uint8_t prefix;
};
struct wg_source; /* cookie.c */

struct wireguard {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now; /* of the input under way */
    uint16_t inner_mtu;

    uint8_t private_key[WG_KEY_LEN], public_key[WG_KEY_LEN];
    uint8_t mac1_key[WG_HASH_LEN], cookie_key[WG_HASH_LEN]; /* 5.4.4, 5.4.7: of public_key */
    uint8_t start_chaining_key[WG_HASH_LEN], start_hash[WG_HASH_LEN]; /* 5.4.2: both constant */
    uint8_t last_timestamp[WG_TIMESTAMP_LEN];                         /* sent */

    struct wg_peer *peer;
    uint32_t peer_count;
    uint32_t *by_key, by_key_size; /* peer.c: hash of the public key to id + 1 */
    struct wg_index_slot *by_index;
    uint32_t by_index_size, by_index_used;
    struct wg_route *route;
    uint32_t route_size;
    uint64_t prefixes; /* routing.c: bit n: some route has n bits */
    uint32_t *timers;  /* timers.c: heap of peer ids by due time */
    uint32_t timer_count;

    enum sd_validation validation;
    uint32_t load_threshold;
    sd_time load_window, loaded_until; /* cookie.c */
    uint32_t load_count;
    uint8_t cookie_secret[WG_KEY_LEN];
    sd_time cookie_secret_at;
    bool has_cookie_secret;
    struct wg_source *source;

    uint8_t *out; /* queue.c: units not yet pulled */
    size_t out_cap, out_end, out_at;
    struct sd_event *events;
    uint32_t event_cap, event_end, event_at;
    uint8_t *inner; /* the packet opened last, which an event points to */
    size_t inner_cap;

    struct sd_stats stats;
};

/* peer.c */
int wg_peers_init(struct wireguard *, const struct sd_config *, const uint8_t *psk,
                  struct sd_error *);
void wg_peers_fini(struct wireguard *);
struct wg_peer *wg_peer_by_key(const struct wireguard *, const uint8_t key[WG_KEY_LEN]);
struct wg_peer *wg_peer_by_endpoint(const struct wireguard *, const struct sd_addr *);
struct wg_peer *wg_peer_by_sid(const struct wireguard *, sd_sid);
sd_sid wg_peer_sid(const struct wg_peer *);
/* An authenticated packet came on path (2.1: roaming). */
void wg_peer_seen_at(struct wireguard *, struct wg_peer *, const struct sd_path *);
void wg_peer_stage(struct wireguard *, struct wg_peer *, const uint8_t *packet, size_t len);
struct wg_staged *wg_peer_unstage(struct wg_peer *); /* NULL: none; the caller frees */
void wg_peer_drop_staged(struct wireguard *, struct wg_peer *);
/* Brings the counts of sessions and half-open sessions up to date. */
void wg_peer_account(struct wireguard *, struct wg_peer *);
/* Session keys, handshake and packets that wait are gone, timers stand still. */
void wg_peer_clear(struct wireguard *, struct wg_peer *);

/* index.c: who was given a 32-bit index (5.4.2: sender) */
uint32_t wg_index_new(struct wireguard *, struct wg_peer *); /* 0: out of memory */
void wg_index_free(struct wireguard *, uint32_t index);      /* 0: nothing */
struct wg_peer *wg_index_find(const struct wireguard *, uint32_t index);

/* routing.c: cryptokey routing (section 2) */
int wg_routes_init(struct wireguard *, const struct sd_config *);
struct wg_peer *wg_route_find(const struct wireguard *, uint32_t inner_address);
/* Length of the inner packet at data by its own header, and its two addresses; 0: malformed;
 * *family is 4 or 6, addresses only for 4. */
size_t wg_inner_parse(const uint8_t *data, size_t len, uint8_t *family, uint32_t *source,
                      uint32_t *destination);

/* session.c: previous, current and next keys */
/* Takes the finished handshake's keys.  False: out of memory. */
bool wg_session_begin(struct wireguard *, struct wg_peer *, bool initiator);
/* The first packet under `next` confirms it.  True: this was it. */
bool wg_session_confirmed(struct wireguard *, struct wg_peer *, const struct wg_keypair *);
struct wg_keypair *wg_session_find(struct wg_peer *, uint32_t local_index);
/* The keys to send with now; NULL: none, or they have just expired. */
struct wg_keypair *wg_session_sending(struct wireguard *, struct wg_peer *);
bool wg_session_too_old(const struct wireguard *, const struct wg_keypair *, sd_time limit);
void wg_session_forget(struct wireguard *, struct wg_peer *);
/* READY for the application, or KEY_UPDATE when it had been told already. */
void wg_session_announce(struct wireguard *, struct wg_peer *);

/* send.c */
/* 6.4: begins a handshake, unless the last message of one left within REKEY_TIMEOUT.  retry:
 * sent again by the timer. */
void wg_send_initiation(struct wireguard *, struct wg_peer *, bool retry);
void wg_send_response(struct wireguard *, struct wg_peer *);
void wg_send_cookie_reply(struct wireguard *, const struct sd_path *, const uint8_t sender[4],
                          const struct wg_macs *);
/* One inner packet: sent, or staged with a handshake begun. */
void wg_send_packet(struct wireguard *, struct wg_peer *, const uint8_t *packet, size_t len);
void wg_send_staged(struct wireguard *, struct wg_peer *); /* all that wait, if there are keys */
void wg_send_keepalive(struct wireguard *, struct wg_peer *);

/* receive.c */
int wg_receive(struct wireguard *, const struct sd_unit *); /* enum sd_result */

/* queue.c */
uint8_t *wg_out_push(struct wireguard *, const struct sd_path *, size_t len); /* NULL: no memory */
int wg_out_pop(struct wireguard *, struct sd_unit *);
/* detail must be a literal. */
struct sd_event *wg_event_push(struct wireguard *, const struct wg_peer *, enum sd_event_kind,
                               const char *detail); /* never NULL; a dummy when out of memory */
int wg_event_pop(struct wireguard *, struct sd_event *);

/* keylog.c: the secrets that open this handshake, for Wireshark */
void wg_keylog(struct wireguard *, const struct wg_peer *, const uint8_t ephemeral[WG_KEY_LEN]);

/* describe.c */
size_t wg_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

#endif
