/* wire.h - QUIC version 1 on one page: packets, identifiers, limits, with the section of RFC 9000
 * (9001, 9002, 9221 where named).  ngtcp2 writes and reads what is inside; this is what the agent
 * must know itself, to find a packet's connection and to name it.
 *
 *   long header (17.2)                           short header (17.3)
 *   1  1 1 T T x x P P   form, fixed, type, len   1  0 1 S x x K P P   spin, key phase, len
 *   4  version                                    n  destination connection id
 *   1  n, then n: destination connection id       .. packet number 1 to 4, payload, tag 16
 *   1  m, then m: source connection id
 *   .. Initial: token length, token
 *   .. length, packet number 1 to 4, payload, tag 16          (Retry: token, tag 16)
 *
 * x, S, K, P are under header protection (RFC 9001 5.4).  Several long packets and one short may
 * share a datagram (12.2). */
#ifndef QUIC_WIRE_H
#define QUIC_WIRE_H

#include <stdint.h>

#define QUIC_PORT 443

/* 15, 17.2.1 */
#define QUIC_VERSION_NEGOTIATION 0u
#define QUIC_VERSION_1           1u

/* 17.2, 17.3: the first byte */
#define QUIC_LONG        0x80u
#define QUIC_FIXED       0x40u
#define QUIC_TYPE(first) (((first) >> 4) & 3u)
enum quic_packet_type { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY };

#define QUIC_CID_MAX 20u /* 17.2, in version 1 */
#define QUIC_CID_LEN 8u  /* of ours: what a short header's destination is read with */
#define QUIC_TAG_LEN 16u /* RFC 9001 5.3 */

/* 14.1: a client's first datagrams are at least so long; every path takes that. */
#define QUIC_DATAGRAM_MIN 1200u
#define QUIC_UDP_IPV4     28u /* headers below QUIC */

/* 10.3: a stateless reset is shorter than what it answers, and no shorter than a packet could be.
 */
#define QUIC_RESET_TOKEN 16u
#define QUIC_RESET_MIN   21u
#define QUIC_RESET_MAX   43u

/* 2.1: the two low bits of a stream's id; the rest counts. */
#define QUIC_STREAM_SERVER     1u /* begun by the server */
#define QUIC_STREAM_UNI        2u /* one direction only */
#define QUIC_STREAM_NUMBER(id) ((uint64_t)(id) >> 2)

/* 20.1; RFC 9001 4.8: 0x100 + TLS alert */
#define QUIC_NO_ERROR     0x00u
#define QUIC_CRYPTO_ERROR 0x100u

/* RFC 9001 4.6.1: the only value a ticket's max_early_data_size may have. */
#define QUIC_MAX_EARLY_DATA 0xffffffffu

/* A full packet of application data: first byte, id, packet number 2, STREAM frame's type, id,
 * offset and length, tag; of 1472 bytes. */
#define QUIC_OVERHEAD (1u + QUIC_CID_LEN + 2u + 8u + QUIC_TAG_LEN)
/* RFC 9221 5: a DATAGRAM frame's type, in a packet whose payload it ends. */
#define QUIC_DATAGRAM_OVERHEAD (1u + QUIC_CID_MAX + 4u + 3u + QUIC_TAG_LEN)

#endif
