/* wire.h - RTP, RTCP and what SRTP adds to them.
 *
 * SRTP (RFC 3711 3.1)                       SRTCP (3.4)
 *   0  1  V=2, P, X, CC                       0  1  V=2, P, RC
 *   1  1  M, PT                               1  1  PT, 192 to 223 (RFC 5761 4)
 *   2  2  sequence number                     2  2  length in words, less 1
 *   4  4  timestamp                           4  4  SSRC of the sender
 *   8  4  SSRC                                8     encrypted, if E
 *  12 4n  CSRCs, then with X: 2 profile,         4  E flag and SRTCP index of 31 bits
 *         2 length in words, extension              MKI, optional
 *         payload, encrypted                        authentication tag
 *         MKI, optional
 *         authentication tag, optional
 * The tag of HMAC-SHA1 covers everything before it but the MKI, and for RTP the rollover counter.
 * With AEAD (RFC 7714 8, 9) the tag follows the ciphertext: before the MKI and, in SRTCP, before
 * the E flag; it covers the header too, and in SRTCP that word.
 *
 * One port carries all (RFC 7983 7), told apart by the first byte:
 *   0 to 3 STUN, 20 to 63 DTLS, 128 to 191 RTP and RTCP. */
#ifndef SD_SRTP_WIRE_H
#define SD_SRTP_WIRE_H

#define SR_PORT 5004 /* RFC 3551 8: what RTP uses unless told otherwise */

/* RFC 7983 7 */
#define SR_STUN_LAST      3
#define SR_DTLS_FIRST     20
#define SR_DTLS_LAST      63
#define SR_DTLS_13        26 /* RFC 9147 4: ACK, and from 32 on records with a unified header */
#define SR_DTLS_LENGTH_AT 11 /* in the header of a record in the clear */
#define SR_RTP_FIRST      128
#define SR_RTP_LAST       191
/* RFC 5761 4: the second byte of RTCP */
#define SR_RTCP_TYPE_FIRST 192
#define SR_RTCP_TYPE_LAST  223

#define SR_RTP_HEADER    12
#define SR_RTP_EXTENSION 0x10
#define SR_RTP_MARKER    0x80
#define SR_RTCP_HEADER   8
#define SR_RTCP_INDEX    4
#define SR_RTCP_E        0x80000000u

/* RFC 3550 12.1 */
#define RTCP_SR         200
#define RTCP_RR         201
#define RTCP_SDES       202
#define RTCP_BYE        203
#define RTCP_SDES_CNAME 1
#define RTCP_REPORT     24 /* bytes of a report block */

#define SR_KEY_MAX      32 /* master and session keys */
#define SR_SALT_MAX     14
#define SR_AUTH_KEY     20 /* RFC 3711 4.2.1: of HMAC-SHA1 */
#define SR_MKI_MAX      4
#define SR_TAG_MAX      16
#define SR_TRAILER_MAX  (SR_TAG_MAX + SR_MKI_MAX + SR_RTCP_INDEX)
#define SR_SALT_CM      14
#define SR_SALT_AEAD    12
#define SR_RTCP_CM_TAG  10 /* RFC 5764 4.1.2: 80 bits for RTCP also where RTP has 32 */
#define SR_RTP_LIMIT    (UINT64_C(1) << 48) /* RFC 3711 9.2: packets under one master key */
#define SR_RTCP_LIMIT   (UINT32_C(1) << 31)
#define SR_RATE_MAX     (UINT32_C(1) << 24) /* 4.3.1 */
#define SR_WINDOW_LEAST 64                  /* 3.3.2 */
#define SR_WINDOW_MOST  32768               /* half of what a sequence number can tell */

#define SR_EXPORTER "EXTRACTOR-dtls_srtp" /* RFC 5764 4.2 */

#endif
