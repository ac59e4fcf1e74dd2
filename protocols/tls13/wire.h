/* wire.h - what TLS 1.3 adds to the bytes of TLS 1.2 (protocols/tls12/wire.h).  RFC 8446.
 *
 * Records keep their header; encrypted ones are all of type 23, the real type is their last byte
 * that is not zero (5.2).  Hellos keep their layout (4.1.2, 4.1.3); what matters is in extensions.
 *
 * Full (2)                             HelloRetryRequest (2.1): wrong group, or a cookie
 *   C: ClientHello                       C: ClientHello
 *   S: ServerHello, ChangeCipherSpec,    S: HelloRetryRequest, ChangeCipherSpec
 *      {EncryptedExtensions,             C: ChangeCipherSpec, ClientHello, and on as above
 *       [CertificateRequest,]
 *       Certificate, CertificateVerify,  PSK (2.2): ticket or external key
 *       Finished}                          ... pre_shared_key; no Certificate, CertificateVerify
 *   C: ChangeCipherSpec, {Finished}
 *   S: [NewSessionTicket] twice          Early data (2.3)
 *                                          C: ClientHello, ChangeCipherSpec, (Application Data)
 * {}: handshake keys, []: application      S: as PSK
 * keys, (): early keys.  The               C: (EndOfEarlyData), {Finished}
 * ChangeCipherSpec is for middleboxes (D.4). */
#ifndef SD_TLS13_WIRE_H
#define SD_TLS13_WIRE_H

#include "protocols/tls12/wire.h"

/* 5.2: header, inner content type 1, tag 16. */
#define TLS13_RECORD_OVERHEAD (TLS_RECORD_HEADER + 1 + 16)

enum tls13_extension { /* 4.2 */
                       TLS_EXT_PRE_SHARED_KEY = 41,
                       TLS_EXT_EARLY_DATA = 42,
                       TLS_EXT_COOKIE = 44,
                       TLS_EXT_KEY_SHARE = 51
};

/* 4.1.3: a ServerHello with this random, SHA-256 of "HelloRetryRequest", is one. */
#define TLS13_HELLO_RETRY_RANDOM                                                                   \
    {                                                                                              \
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8,  \
            0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8,    \
            0xa8, 0x33, 0x9c                                                                       \
    }

#endif
