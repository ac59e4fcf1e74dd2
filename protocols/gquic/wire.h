/* wire.h - gQUIC's whole protocol on one page: packets, frames, messages, constants, timers.
 *
 * W is "QUIC Wire Layout Specification" and C is "QUIC Crypto" (Google, the public documents at
 * versions of 2016 to 2018); S is what google/quiche and chromium's net/quic do where those are
 * silent, as they were in Q043 and Q046.  README.md says more of the sources.
 *
 * Packets and frames are big endian since Q039; handshake messages, tags included, little. */
#ifndef GQ_WIRE_H
#define GQ_WIRE_H

#include "sim/core/base.h"

#define GQ_PORT      443
#define GQ_Q043      0x51303433u
#define GQ_Q046      0x51303436u
#define GQ_CID_LEN   8
#define GQ_NONCE_LEN 32 /* client, server and diversification nonces */
#define GQ_TAG_LEN   12 /* of both AEADs, and of the hash on unencrypted packets */

/* W, Q043: the public header.
 *
 *   flags 1, connection id 0 or 8, version 0 or 4, diversification nonce 0 or 32, number 1, 2, 4, 6
 *
 * A version in a packet of the server means version negotiation: versions up to its end. */
#define GQ_FLAG_VERSION      0x01u
#define GQ_FLAG_RESET        0x02u
#define GQ_FLAG_NONCE        0x04u /* server to client */
#define GQ_FLAG_CID          0x08u
#define GQ_FLAG_NUMBER_SHIFT 4     /* 0, 1, 2, 3: 1, 2, 4, 6 bytes */
#define GQ_FLAGS_RESET       0x0eu /* S: public resets and version negotiation look as they did */
#define GQ_FLAGS_VERSIONS    0x0du /* before there was a nonce */

/* S, Q046: the invariant header of draft-ietf-quic-invariants, in version-17 clothes.
 *
 *   long:  11TT00LL, version 4, lengths of ids 1, connection id 8, number L + 1, nonce 0 or 32
 *   short: 010000LL, connection id 8 to the server, 0 to the client, number L + 1
 *
 * Version 0 in a long header is version negotiation. */
#define GQ_LONG          0x80u
#define GQ_FIXED         0x40u
#define GQ_TYPE_SHIFT    4
#define GQ_TYPE_INITIAL  0u
#define GQ_TYPE_0RTT     1u
#define GQ_IDS_TO_SERVER 0x50u /* destination 8 bytes, source none */
#define GQ_IDS_TO_CLIENT 0x05u

/* W: frames.
 *
 *   1FDOOOSS  stream id S + 1, offset 0, 2 to 8, length 2 if D, data (to the end without D)
 *   01N0LLMM  largest L, delay ufloat16, [blocks 1 if N], first block M, blocks * (gap 1, block M),
 *             timestamps 1, [delta 1, time 4], (delta 1, time ufloat16)*
 *   RST_STREAM        id 4, final offset 8, error 4
 *   CONNECTION_CLOSE  error 4, length 2, reason
 *   GOAWAY            error 4, last stream 4, length 2, reason
 *   WINDOW_UPDATE     id 4 (0: the connection), offset 8
 *   BLOCKED           id 4
 *   STOP_WAITING      distance down to the least unacknowledged, as long as the packet's number;
 *                     until Q043 */
enum gq_frame_kind {
    GQ_PADDING = 0,
    GQ_RST_STREAM = 1,
    GQ_CONNECTION_CLOSE = 2,
    GQ_GOAWAY = 3,
    GQ_WINDOW_UPDATE = 4,
    GQ_BLOCKED = 5,
    GQ_STOP_WAITING = 6,
    GQ_PING = 7,
    GQ_ACK = 0x40,
    GQ_STREAM = 0x80,
};
#define GQ_CRYPTO_STREAM 1u /* outside all flow control */
#define GQ_HEADERS_STREAM                                                                          \
    3u /* S: HTTP/2's; outside that of the connection, whatever it carries                         \
        */
#define GQ_ACK_BLOCKS_MAX  255u
#define GQ_STREAM_OVERHEAD 15u /* type, id 4, offset 8, length 2 */

/* C: a handshake message is its tag, the number of values 2, zero 2, (tag, end of its value)* in
 * ascending order of tags, values.  PAD makes a CHLO long enough. */
#define GQ_TAG(a, b, c, d)                                                                         \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

#define GQ_CHLO GQ_TAG('C', 'H', 'L', 'O') /* client hello: inchoate or full */
#define GQ_REJ  GQ_TAG('R', 'E', 'J', 0)   /* rejection: what the client lacks */
#define GQ_SHLO GQ_TAG('S', 'H', 'L', 'O') /* server hello: the forward-secure key */
#define GQ_SCUP GQ_TAG('S', 'C', 'U', 'P') /* server config update */
#define GQ_SCFG GQ_TAG('S', 'C', 'F', 'G') /* server config, a message and a tag */
#define GQ_PRST GQ_TAG('P', 'R', 'S', 'T') /* public reset */

#define GQ_VER  GQ_TAG('V', 'E', 'R', 0)   /* version the client likes best; the server's all */
#define GQ_SNI  GQ_TAG('S', 'N', 'I', 0)   /* name of the server */
#define GQ_STK  GQ_TAG('S', 'T', 'K', 0)   /* source-address token */
#define GQ_SNO  GQ_TAG('S', 'N', 'O', 0)   /* server nonce */
#define GQ_NONC GQ_TAG('N', 'O', 'N', 'C') /* client nonce: time 4, orbit 8, random 20 */
#define GQ_NONP GQ_TAG('N', 'O', 'N', 'P') /* client's nonce for the proof */
#define GQ_PUBS                                                                                    \
    GQ_TAG('P', 'U', 'B', 'S')             /* public value; in SCFG each behind 3 bytes of length  \
                                            */
#define GQ_KEXS GQ_TAG('K', 'E', 'X', 'S') /* key exchanges */
#define GQ_AEAD GQ_TAG('A', 'E', 'A', 'D') /* ciphers */
#define GQ_SCID GQ_TAG('S', 'C', 'I', 'D') /* server config id, 16 bytes */
#define GQ_OBIT GQ_TAG('O', 'B', 'I', 'T') /* orbit: one strike register's */
#define GQ_EXPY GQ_TAG('E', 'X', 'P', 'Y') /* Unix time at which the config expires, 8 bytes */
#define GQ_STTL GQ_TAG('S', 'T', 'T', 'L') /* seconds until then, 8 bytes */
#define GQ_PDMD GQ_TAG('P', 'D', 'M', 'D') /* kinds of proof the client takes */
#define GQ_PROF GQ_TAG('P', 'R', 'O', 'F') /* signature over the config */
#define GQ_CERT GQ_TAG('C', 'R', 'T', 255) /* compressed chain */
#define GQ_CCRT GQ_TAG('C', 'C', 'R', 'T') /* FNV-1a-64 of certificates the client holds */
#define GQ_XLCT GQ_TAG('X', 'L', 'C', 'T') /* the same of the leaf that it expects */
#define GQ_RREJ GQ_TAG('R', 'R', 'E', 'J') /* reasons of a rejection, 4 bytes each */
#define GQ_CADR GQ_TAG('C', 'A', 'D', 'R') /* the client's address as the server sees it */
#define GQ_ICSL GQ_TAG('I', 'C', 'S', 'L') /* idle time-out, seconds */
#define GQ_MIDS GQ_TAG('M', 'I', 'D', 'S') /* most streams that the other may open */
#define GQ_SFCW GQ_TAG('S', 'F', 'C', 'W') /* first flow control window of a stream */
#define GQ_CFCW GQ_TAG('C', 'F', 'C', 'W') /* and of the connection */
#define GQ_RNON GQ_TAG('R', 'N', 'O', 'N') /* public reset: what nobody checks */
#define GQ_RSEQ GQ_TAG('R', 'S', 'E', 'Q') /* public reset: the packet that caused it */
#define GQ_SRST GQ_TAG('S', 'R', 'S', 'T') /* Q046: stateless reset token */
#define GQ_PAD  GQ_TAG('P', 'A', 'D', 0)
#define GQ_XTRA GQ_TAG('X', 'T', 'R', 'A') /* nobody's: C, unknown tags are ignored */
#define GQ_X509 GQ_TAG('X', '5', '0', '9')
#define GQ_C255 GQ_TAG('C', '2', '5', '5') /* X25519 */
#define GQ_AESG GQ_TAG('A', 'E', 'S', 'G') /* AES-128-GCM */
#define GQ_CC20 GQ_TAG('C', 'C', '2', '0') /* ChaCha20-Poly1305 */

#define GQ_ENTRIES_MAX 128u   /* S: values of a message */
#define GQ_MESSAGE_MAX 16384u /* ours: bytes of a message */
#define GQ_CHLO_MIN    1024u  /* C: so that a REJ amplifies little */
#define GQ_HELLOS_MAX  4u     /* S: a client gives up after so many CHLOs */
#define GQ_SCID_LEN    16
#define GQ_ORBIT_LEN   8
#define GQ_RESET_TOKEN 16

/* S: reasons for RREJ. */
#define GQ_REJECT_NONCE_UNKNOWN    1u /* client nonce: no strike register could tell */
#define GQ_REJECT_NONCE_INVALID    2u
#define GQ_REJECT_NONCE_NOT_UNIQUE 3u
#define GQ_REJECT_NONCE_ORBIT      4u
#define GQ_REJECT_NONCE_TIME       5u
#define GQ_REJECT_INCHOATE         12u
#define GQ_REJECT_CONFIG_UNKNOWN   13u
#define GQ_REJECT_TOKEN_INVALID    14u
#define GQ_REJECT_TOKEN_ADDRESS    17u
#define GQ_REJECT_TOKEN_EXPIRED    19u
#define GQ_REJECT_LEAF             21u

/* C: labels, each with the zero byte behind it. */
#define GQ_LABEL_PROOF          "QUIC CHLO and server config signature"
#define GQ_LABEL_INITIAL        "QUIC key expansion"
#define GQ_LABEL_FORWARD_SECURE "QUIC forward secure key expansion"
#define GQ_LABEL_DIVERSIFY      "QUIC key diversification" /* without the zero byte */

/* W: error codes of CONNECTION_CLOSE and GOAWAY. */
#define GQ_NO_ERROR                   0u
#define GQ_INTERNAL_ERROR             1u
#define GQ_INVALID_FRAME_DATA         4u
#define GQ_INVALID_STREAM_ID          17u
#define GQ_PEER_GOING_AWAY            16u
#define GQ_TOO_MANY_OPEN_STREAMS      18u
#define GQ_INVALID_VERSION            20u
#define GQ_CRYPTO_PARAMETER           34u /* a value of a message is not as it should be */
#define GQ_CRYPTO_PARAMETER_NOT_FOUND 35u
#define GQ_CRYPTO_NO_SUPPORT          40u
#define GQ_CRYPTO_TOO_MANY_REJECTS    41u
#define GQ_PROOF_INVALID              42u
#define GQ_NETWORK_IDLE_TIMEOUT       25u
#define GQ_CRYPTO_ENCRYPTION_LEVEL    44u
#define GQ_FLOW_CONTROL_TOO_MUCH      59u
#define GQ_UNENCRYPTED_STREAM_DATA    61u
#define GQ_STREAM_LENGTH_OVERFLOW     98u
#define GQ_HANDSHAKE_TIMEOUT          67u
#define GQ_VERSION_MISMATCH           55u
#define GQ_CRYPTO_CONFIG_EXPIRED      45u
#define GQ_RESET_RECEIVED             19u
#define GQ_STREAM_CANCELLED           6u /* of RST_STREAM */

/* S: sizes and times. */
#define GQ_PACKET_MAX        1350u /* UDP payload over IPv4 and IPv6 alike */
#define GQ_INITIAL_RTT       (100 * SD_MS)
#define GQ_ACK_DELAY         (25 * SD_MS)
#define GQ_NACKS             3u /* later packets acknowledged before one counts as lost */
#define GQ_LOSS_DELAY_MIN    (5 * SD_MS)
#define GQ_HANDSHAKE_RTO_MIN (10 * SD_MS)
#define GQ_TLP_MIN           (10 * SD_MS)
#define GQ_TLPS              2u /* tail loss probes before the first time-out */
#define GQ_RTO_MIN           (200 * SD_MS)
#define GQ_RTO_INITIAL       (500 * SD_MS)
#define GQ_RTO_MAX           (60 * SD_SECOND)
#define GQ_PING_AFTER        (15 * SD_SECOND) /* of silence, with a stream open */
#define GQ_IDLE              (30 * SD_SECOND)
#define GQ_HANDSHAKE_MAX     (10 * SD_SECOND)
#define GQ_WINDOW_ASSUMED    16384u /* until the other side's first message */
#define GQ_STREAM_WINDOW     (1024u * 1024)
#define GQ_CONNECTION_WINDOW (1536u * 1024)
#define GQ_STREAMS_MAX       100u
#define GQ_BURST             10u /* packets at once before pacing, after quiet */
#define GQ_PACE_GRAIN        SD_MS
#define GQ_UNDECRYPTABLE     10u /* packets kept until there are keys */
#define GQ_REJ_MULTIPLIER    3u  /* of the CHLO's size, to an address without a token */
#define GQ_REJ_OVERHEAD      166u
#define GQ_TOKEN_LIFE_S      (24u * 3600)
#define GQ_TOKEN_FUTURE_S    3600u
#define GQ_CONFIG_LIFE_S     (180u * 24 * 3600)
#define GQ_STRIKE_WINDOW_S   600u /* C: how far from its clock a server takes a client's nonce */

#endif
