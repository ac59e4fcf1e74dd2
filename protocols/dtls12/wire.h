/* wire.h - what DTLS 1.2 adds to the bytes of TLS 1.2 (protocols/tls12/wire.h).  RFC 6347.
 *
 * Record (4.1)                      Handshake message (4.2.2)
 *   0  1  ContentType                 0  1  HandshakeType
 *   1  2  version, 254.253            1  3  length of the whole body
 *   3  2  epoch                       4  2  message_seq
 *   5  6  sequence_number             6  3  fragment_offset
 *  11  2  length                      9  3  fragment_length
 *  13     fragment                   12     fragment of the body
 *
 * ClientHello (4.2.1): cookie<0..255> between session_id and cipher_suites.
 * HelloVerifyRequest (4.2.1): server_version 2, always 254.255; cookie<0..255>.
 *
 * Flights (4.2.4): each is sent again as a whole when the next one does not come.
 *   1 C: ClientHello                       with a cookie only
 *   2 S: HelloVerifyRequest                with a cookie only; never sent again by a timer
 *   3 C: ClientHello
 *   4 S: ServerHello ... ServerHelloDone
 *   5 C: [Certificate] ... {Finished}
 *   6 S: [NewSessionTicket], ChangeCipherSpec, {Finished} */
#ifndef SD_DTLS12_WIRE_H
#define SD_DTLS12_WIRE_H

#include "protocols/tls12/wire.h"

#define DTLS_RECORD_HEADER    13
#define DTLS_HANDSHAKE_HEADER 12
#define DTLS_VERSION_10       0xfeff /* 254.255 */
#define DTLS_VERSION_12       0xfefd
#define DTLS_COOKIE_MAX       255
#define DTLS_WINDOW           64 /* 4.1.2.6 */
/* A record of ECDHE with AES-128-GCM: explicit nonce 8, tag 16 (RFC 5288 3). */
#define DTLS12_RECORD_OVERHEAD (DTLS_RECORD_HEADER + 8 + 16)

#endif
