/* wire.h - CurveCP's whole protocol on one page: packets, messages, constants, timers.
 *
 * P, N, M, A are the pages "packets", "nonces", "messages" and "addressing" of curvecp.org (Daniel
 * J. Bernstein, 2011); R is the reference implementation of 2011-02-21 (Debian: nacl-tools).
 * Integers on the wire are little endian; members are bytes, so that a packet is laid out as it is
 * written here.  Capital letters are public keys, small ones private: S and s are the server's
 * long-term keys, C and c the client's, and S', s', C', c' live as long as one connection. */
#ifndef CP_WIRE_H
#define CP_WIRE_H

#include "sim/core/base.h"

#define CP_PORT          10000 /* none is assigned; the one of curvecp.org's examples */
#define CP_KEY_LEN       32
#define CP_TAG_LEN       16 /* every box is so much longer than its plaintext */
#define CP_NONCE_LEN     24
#define CP_SHORT_NONCE   8   /* N: of short-term keys; counts upwards, after a prefix of 16 bytes */
#define CP_LONG_NONCE    16  /* N: of long-term and minute keys; after a prefix of 8 bytes */
#define CP_EXTENSION_LEN 16  /* A: like an address behind the IP address, for gateways */
#define CP_NAME_LEN      256 /* P: a domain name in DNS's form, labels and zeros */
#define CP_MAGIC_LEN     8

/* P: the first bytes of packets. */
#define CP_MAGIC_HELLO          "QvnQ5XlH"
#define CP_MAGIC_COOKIE         "RL3aNMXK"
#define CP_MAGIC_INITIATE       "QvnQ5XlI"
#define CP_MAGIC_CLIENT_MESSAGE "QvnQ5XlM"
#define CP_MAGIC_SERVER_MESSAGE "RL3aNMXM"

/* N: the prefixes of nonces. */
#define CP_NONCE_HELLO          "CurveCP-client-H"
#define CP_NONCE_INITIATE       "CurveCP-client-I"
#define CP_NONCE_CLIENT_MESSAGE "CurveCP-client-M"
#define CP_NONCE_SERVER_MESSAGE "CurveCP-server-M"
#define CP_NONCE_COOKIE         "CurveCPK"
#define CP_NONCE_VOUCH          "CurveCPV"
#define CP_NONCE_MINUTE         "minute-k"

/* P: every packet begins with its magic and the extensions of its receiver and its sender. */

struct cp_hello { /* client to server, 224 bytes */
    uint8_t magic[CP_MAGIC_LEN];
    uint8_t server_extension[CP_EXTENSION_LEN], client_extension[CP_EXTENSION_LEN];
    uint8_t client_short[CP_KEY_LEN]; /* C' */
    uint8_t zero[64];                 /* so that the answer is no longer than the question */
    uint8_t nonce[CP_SHORT_NONCE];
    uint8_t box[64 + CP_TAG_LEN]; /* Box[zeros](C' to S) */
};

struct cp_cookie { /* what the server would have to remember, 96 bytes */
    uint8_t nonce[CP_LONG_NONCE];
    uint8_t box[2 * CP_KEY_LEN + CP_TAG_LEN]; /* Secretbox[C', s'](minute key) */
};

struct cp_cookie_packet { /* server to client, 200 bytes */
    uint8_t magic[CP_MAGIC_LEN];
    uint8_t client_extension[CP_EXTENSION_LEN], server_extension[CP_EXTENSION_LEN];
    uint8_t nonce[CP_LONG_NONCE];                                    /* the cookie's, too */
    uint8_t box[CP_KEY_LEN + sizeof(struct cp_cookie) + CP_TAG_LEN]; /* Box[S', cookie](S to C') */
};

struct cp_initiate { /* client to server, 544 bytes and the message */
    uint8_t magic[CP_MAGIC_LEN];
    uint8_t server_extension[CP_EXTENSION_LEN], client_extension[CP_EXTENSION_LEN];
    uint8_t client_short[CP_KEY_LEN];
    struct cp_cookie cookie;
    uint8_t nonce[CP_SHORT_NONCE];
    uint8_t box[]; /* Box[cp_initiate_inside](C' to S') */
};

struct cp_initiate_inside {
    uint8_t client_long[CP_KEY_LEN]; /* C */
    uint8_t vouch_nonce[CP_LONG_NONCE];
    uint8_t vouch[CP_KEY_LEN + CP_TAG_LEN]; /* Box[C'](C to S) */
    uint8_t server_name[CP_NAME_LEN];
    uint8_t message[];
};

struct cp_client_message { /* client to server, 96 bytes and the message */
    uint8_t magic[CP_MAGIC_LEN];
    uint8_t server_extension[CP_EXTENSION_LEN], client_extension[CP_EXTENSION_LEN];
    uint8_t client_short[CP_KEY_LEN]; /* names the connection, wherever the client is */
    uint8_t nonce[CP_SHORT_NONCE];
    uint8_t box[]; /* Box[message](C' to S') */
};

struct cp_server_message { /* server to client, 64 bytes and the message */
    uint8_t magic[CP_MAGIC_LEN];
    uint8_t client_extension[CP_EXTENSION_LEN], server_extension[CP_EXTENSION_LEN];
    uint8_t nonce[CP_SHORT_NONCE];
    uint8_t box[]; /* Box[message](S' to C') */
};

#define CP_INITIATE_OVERHEAD                                                                       \
    (sizeof(struct cp_initiate) + sizeof(struct cp_initiate_inside) + CP_TAG_LEN)
#define CP_CLIENT_OVERHEAD (sizeof(struct cp_client_message) + CP_TAG_LEN)
#define CP_SERVER_OVERHEAD (sizeof(struct cp_server_message) + CP_TAG_LEN)

_Static_assert(sizeof(struct cp_hello) == 224, "P: Hello");
_Static_assert(sizeof(struct cp_cookie_packet) == 200, "P: Cookie");
_Static_assert(CP_INITIATE_OVERHEAD == 544, "P: Initiate");
_Static_assert(CP_CLIENT_OVERHEAD == 96, "P: Message");
_Static_assert(CP_SERVER_OVERHEAD == 64, "P: Message");

/* P: bytes of a message, always a multiple of 16. */
#define CP_MESSAGE_MIN  16u
#define CP_MESSAGE_MAX  1088u
#define CP_INITIATE_MAX 640u /* in an Initiate */

/* M: a message.
 *
 *   offset size
 *        0    4  its ID; 0: a mere acknowledgment, which nobody acknowledges
 *        4    4  ID of a message that came in; 0: none
 *        8    8  bytes of the first acknowledged range, which begins at position 0
 *       16    4  bytes between the first and the second
 *       20    2  bytes of the second
 *       22  2+2  the same for the third, and so on to the sixth at 34
 *       38    2  D, the bytes of data, + CP_STOP_SUCCESS or CP_STOP_FAILURE where the stream ends
 *       40    8  position of the data in the stream
 *       48       zeros, and then D bytes of data at the very end */
#define CP_MESSAGE_HEADER 48u
#define CP_RANGES         6u
#define CP_BLOCK_MAX      1024u
#define CP_STOP_SUCCESS   2048u /* a stop has the position after the last byte, and is */
#define CP_STOP_FAILURE   4096u /* acknowledged as if it were a byte there */
#define CP_STREAM_MAX     (UINT64_C(1) << 60)

/* R: messages have one of four lengths, which hide that of the data: 64 bytes are kept for the
 * header and zeros. */
#define CP_LENGTHS 4u
static const uint32_t cp_lengths[CP_LENGTHS] = {192, 320, 576, 1088};
#define CP_BESIDE_BLOCK 64u
#define CP_ACK_LENGTH   192u

/* R: timers and sizes.  The waits for a Cookie are each so long and, at random, up to twice. */
#define CP_HELLOS 8u
static const sd_time cp_hello_waits[CP_HELLOS] = {1000000000, 1500000000, 2250000000,  3375000000,
                                                  5062500000, 7593750000, 11390625000, 17085937500};
#define CP_MINUTE          (60 * SD_SECOND) /* P: a minute key makes cookies so long, */
#define CP_MINUTE_KEYS     2u               /* and opens them so many minutes */
#define CP_CLIENT_FIRST    SD_SECOND        /* a client without data waits for some (-C) */
#define CP_STREAM_BUFFER   131072u          /* bytes of a stream on hand, either way */
#define CP_BLOCKS          128u             /* blocks under way */
#define CP_CLIENTS         100u             /* connections of a server, by its default */
#define CP_FIRST_NONCE_MAX (UINT64_C(1) << 48)

/* What neither source fixes; README says why. */
#define CP_EITHER_FIRST    (10 * SD_MS)     /* waiting for data when nobody said who speaks first */
#define CP_SEGMENTS        256u             /* blocks held that came out of order */
#define CP_PROBE_FIRST     SD_SECOND        /* silence after which a client asks; then doubled, */
#define CP_PROBE_LAST      (16 * SD_SECOND) /* up to this; a server waits twice as long */
#define CP_SILENCE_MAX     (300 * SD_SECOND) /* then the other is taken for dead */
#define CP_LINGER          (10 * SD_SECOND)  /* acknowledging after the end */
#define CP_HALF_CLOSED_MAX (60 * SD_SECOND)  /* waiting for the other's stop after a close */
#define CP_CLIENTS_MAX     65535u

#endif
