/* wire.h - DTLS 1.3 on one page: records, fragments, acknowledgments, connection ids.  Sections are
 * those of RFC 9147 unless said otherwise; the messages inside are RFC 8446's
 * (protocols/engine13/wire.h).
 *
 * DTLSPlaintext (4): epoch 0         DTLSCiphertext (4): epochs from 1 on
 *   0  1  ContentType                  0  1  001CSLEE: C connection id, S 16-bit sequence number,
 *   1  2  version, 254.253                   L length, EE low bits of the epoch
 *   3  2  epoch, 0                     1  n  connection id, if C
 *   5  6  sequence_number                 1/2 sequence number, encrypted (4.2.3)
 *  11  2  length                          2  length, if L; else the record ends the datagram
 *  13     fragment                           content, ContentType, zeros; tag 16
 *
 * Handshake fragment (5.2)           ACK (7)
 *   0  1  HandshakeType                0  2  length of what follows
 *   1  3  length of the whole body     2     record numbers: epoch 8, sequence_number 8
 *   4  2  message_seq
 *   6  3  fragment_offset            NewConnectionId (9)         RequestConnectionId (9)
 *   9  3  fragment_length              2+ of ConnectionId<1>       1  num_cids
 *  12     fragment of the body            1  usage
 *
 * Epochs (6.1): 0 plain, 1 early data, 2 handshake, 3 application, 4 and on after KeyUpdates.
 *
 * Full                                   Cookie (5.1)
 *   C: ClientHello                         C: ClientHello
 *   S: ServerHello, {EncryptedExtensions,  S: HelloRetryRequest (cookie)
 *      [CertificateRequest,]               C: ClientHello (cookie), and on as above
 *      Certificate, CertificateVerify,
 *      Finished}                         Early data: C: ClientHello, (Application Data)
 *   C: {[Certificate, CertificateVerify,]
 *      Finished}                         (): epoch 1, {}: epoch 2, []: epoch 3
 *   S: [ACK], [NewSessionTicket]
 *   C: [ACK] */
#ifndef SD_DTLS13_WIRE_H
#define SD_DTLS13_WIRE_H

#include "protocols/engine13/wire.h"

#define DTLS13_ACK 26 /* ContentType, 7 */

enum dtls13_header { /* 4: bits of the first byte */
                     DTLS13_FIXED = 0x20,
                     DTLS13_FIXED_MASK = 0xe0,
                     DTLS13_CID = 0x10,
                     DTLS13_SEQUENCE_16 = 0x08,
                     DTLS13_LENGTH = 0x04,
                     DTLS13_EPOCH_MASK = 0x03
};

enum dtls13_handshake { DTLS13_REQUEST_CONNECTION_ID = 9, DTLS13_NEW_CONNECTION_ID = 10 };
enum dtls13_cid_usage { DTLS13_CID_IMMEDIATE = 0, DTLS13_CID_SPARE = 1 };

#define DTLS13_TAG         16
#define DTLS13_SAMPLE      16     /* 4.2.3: bytes of ciphertext that the mask is made of */
#define DTLS13_WINDOW      64     /* 4.5.1 */
#define DTLS13_MESSAGE_MAX 32768u /* ours: bytes of a handshake message that is put together */
#define DTLS13_HELLO_MAX   8192u  /* ours: the same for plain ones, which anybody may send */
#define DTLS13_AHEAD       8u     /* ours: messages put together at once */
#define DTLS13_CIDS        4u     /* ours: ids kept of the peer's, and given to it */

/* Application data: header 3 without connection id and length, ContentType 1, tag 16. */
#define DTLS13_RECORD_OVERHEAD (1 + 2 + 1 + DTLS13_TAG)

/* 4.5.3, RFC 8446 5.5: AES-GCM takes 2^24.5 records; keys are updated before. */
#define DTLS13_RECORDS_MAX  (UINT64_C(1) << 24)
#define DTLS13_FAILURES_MAX (UINT64_C(1) << 36)

/* 5.8.2 */
#define DTLS13_TIMEOUT     (1000 * SD_MS)
#define DTLS13_TIMEOUT_MAX (60 * SD_SECOND)
/* Ours: so often a flight is sent again before the session is given up. */
#define DTLS13_TRIES 12u

#endif
