/* wire.h - WireGuard's whole protocol on one page: messages, constants, timers.
 *
 * Sections are those of the whitepaper "WireGuard: Next Generation Kernel Network Tunnel" (Jason
 * A. Donenfeld, NDSS 2017, revision of 2020-06-01).  Integers on the wire are little endian;
 * members are bytes, so that a message is laid out as it is written here. */
#ifndef WG_WIRE_H
#define WG_WIRE_H

#include "sim/core/base.h"

/* 5.4: Noise_IKpsk2 with X25519, ChaCha20-Poly1305 and BLAKE2s. */
#define WG_CONSTRUCTION  "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
#define WG_IDENTIFIER    "WireGuard v1 zx2c4 Jason@zx2c4.com"
#define WG_LABEL_MAC1    "mac1----"
#define WG_LABEL_COOKIE  "cookie--"
#define WG_LABEL_LEN     8
#define WG_PORT          51820 /* customary; the paper fixes none */
#define WG_KEY_LEN       32    /* public, private, pre-shared and session keys */
#define WG_HASH_LEN      32
#define WG_TAG_LEN       16
#define WG_MAC_LEN       16 /* mac1, mac2 and cookies */
#define WG_TIMESTAMP_LEN 12 /* TAI64N: seconds 8, nanoseconds 4, big endian */
#define WG_COOKIE_NONCE  24

enum wg_type { WG_INITIATION = 1, WG_RESPONSE, WG_COOKIE_REPLY, WG_DATA };

/* Every message begins with its type and three zero bytes: one 32-bit number. */

struct wg_macs { /* 5.4.4 */
    uint8_t mac1[WG_MAC_LEN];
    uint8_t mac2[WG_MAC_LEN]; /* zero without a cookie */
};

struct wg_initiation { /* 5.4.2: initiator to responder, 148 bytes */
    uint8_t type[4];
    uint8_t sender[4];
    uint8_t ephemeral[WG_KEY_LEN];
    uint8_t static_key[WG_KEY_LEN + WG_TAG_LEN];
    uint8_t timestamp[WG_TIMESTAMP_LEN + WG_TAG_LEN];
    struct wg_macs macs;
};

struct wg_response { /* 5.4.3: responder to initiator, 92 bytes */
    uint8_t type[4];
    uint8_t sender[4];
    uint8_t receiver[4];
    uint8_t ephemeral[WG_KEY_LEN];
    uint8_t empty[WG_TAG_LEN];
    struct wg_macs macs;
};

struct wg_cookie_reply { /* 5.4.7: either way under load, 64 bytes */
    uint8_t type[4];
    uint8_t receiver[4];
    uint8_t nonce[WG_COOKIE_NONCE];
    uint8_t cookie[WG_MAC_LEN + WG_TAG_LEN];
};

struct wg_data { /* 5.4.6: 32 bytes and the padded inner packet; a keepalive has none */
    uint8_t type[4];
    uint8_t receiver[4];
    uint8_t counter[8];
    uint8_t packet[]; /* encrypted, and its tag */
};

_Static_assert(sizeof(struct wg_initiation) == 148, "5.4.2");
_Static_assert(sizeof(struct wg_response) == 92, "5.4.3");
_Static_assert(sizeof(struct wg_cookie_reply) == 64, "5.4.7");
_Static_assert(sizeof(struct wg_data) == 16, "5.4.6");

#define WG_DATA_MIN   (sizeof(struct wg_data) + WG_TAG_LEN) /* 32: a keepalive */
#define WG_PADDING    16u                                   /* 5.4.6: to a multiple of this */
#define WG_INNER_MTU  1420u                                 /* 1500 - IPv6 40 - UDP 8 - 32 */
#define WG_OUTER_ROOM 80u                                   /* what is subtracted there */

/* 6.1: constants of the timers. */
#define WG_REKEY_AFTER_TIME      (120 * SD_SECOND)
#define WG_REJECT_AFTER_TIME     (180 * SD_SECOND)
#define WG_REKEY_ATTEMPT_TIME    (90 * SD_SECOND)
#define WG_REKEY_TIMEOUT         (5 * SD_SECOND)
#define WG_KEEPALIVE_TIMEOUT     (10 * SD_SECOND)
#define WG_REKEY_AFTER_MESSAGES  (UINT64_C(1) << 60)
#define WG_REJECT_AFTER_MESSAGES (UINT64_MAX - (UINT64_C(1) << 13))

/* 5.3: a cookie secret lives this long. */
#define WG_COOKIE_SECRET_TIME (120 * SD_SECOND)

/* What the paper leaves to implementations; values of the Linux one unless said otherwise. */
#define WG_REKEY_JITTER        (333 * SD_MS)   /* added to REKEY_TIMEOUT, uniform */
#define WG_ATTEMPTS_MAX        18u             /* initiations: REKEY_ATTEMPT_TIME / REKEY_TIMEOUT */
#define WG_COOKIE_LATENCY      (5 * SD_SECOND) /* a received cookie is used so much shorter */
#define WG_INITIATION_INTERVAL (20 * SD_MS)    /* at least, between two of one peer */
#define WG_TIMESTAMP_GRAIN     (UINT32_C(1) << 24) /* ns: hides the clock's fine phase */
#define WG_STAGED_MAX          128u      /* inner packets that wait for a session, per peer */
#define WG_WINDOW              1984u     /* counters, RFC 6479 */
#define WG_LOADED_TIME         SD_SECOND /* load is presumed so long after it was seen */
#define WG_SOURCE_RATE         20u       /* handshakes per second and proven address, loaded */
#define WG_SOURCE_BURST        5u
#define WG_LOAD_THRESHOLD      2000u /* handshakes per second; ours, see README */

#endif
