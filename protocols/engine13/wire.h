/* wire.h - the handshake of TLS 1.3 on one page: messages, extensions, code points.  Sections are
 * those of RFC 8446 unless said otherwise; DTLS 1.3 is RFC 9147.
 *
 * Every message (4): HandshakeType 1, length 3, body.  <n> has a length of n bytes before it.
 *
 * ClientHello (4.1.2)                      ServerHello (4.1.3), HelloRetryRequest (4.1.4)
 *   legacy_version 2                         legacy_version 2
 *   random 32                                random 32: HelloRetryRequest has a fixed one
 *   legacy_session_id <1>                    legacy_session_id_echo <1>
 *   legacy_cookie <1>: DTLS only             cipher_suite 2
 *   cipher_suites <2>                        legacy_compression_method 1: 0
 *   legacy_compression_methods <1>: 0        extensions <2>
 *   extensions <2>, pre_shared_key last
 * EncryptedExtensions (4.3.1)              Certificate (4.4.2)
 *   extensions <2>                           certificate_request_context <1>
 * CertificateRequest (4.3.2)                 certificate_list <3> of
 *   certificate_request_context <1>            cert_data <3>, extensions <2>
 *   extensions <2>                         CertificateVerify (4.4.3)
 * Finished (4.4.4)                           algorithm 2, signature <2>
 *   verify_data: as long as the hash       NewSessionTicket (4.6.1)
 * EndOfEarlyData (4.5): empty; TLS only      ticket_lifetime 4, ticket_age_add 4
 * KeyUpdate (4.6.3)                          ticket_nonce <1>, ticket <2>, extensions <2>
 *   request_update 1 */
#ifndef E13_WIRE_H
#define E13_WIRE_H

#include "protocols/dtls12/wire.h"
#include "protocols/tls13/wire.h"

#define TLS_VERSION_12  0x0303
#define TLS_VERSION_13  0x0304
#define DTLS_VERSION_13 0xfefc /* RFC 9147 5.3 */

#define E13_MESSAGE_HASH        254   /* HandshakeType, 4.4.1 */
#define E13_CERTIFICATE_CONTENT 98    /* 4.4.3: 64 spaces, 33 letters, one zero; then the hash */
#define E13_PSK_DHE_KE          1     /* PskKeyExchangeMode, 4.2.9 */
#define E13_TICKET_LIFETIME     7200u /* seconds; 4.6.1 allows seven days */
#define E13_EARLY_MAX           16384u
#define E13_FRESHNESS_MS        10000u /* 8.3: how far a ticket's age may be off for early data */

enum e13_extension_type {                                       /* 4.2 */
                          E13_EXT_SERVER_NAME = 0,              /* RFC 6066 3 */
                          E13_EXT_SUPPORTED_GROUPS = 10,        /* 4.2.7 */
                          E13_EXT_SIGNATURE_ALGORITHMS = 13,    /* 4.2.3 */
                          E13_EXT_USE_SRTP = 14,                /* RFC 5764 4.1 */
                          E13_EXT_ALPN = 16,                    /* RFC 7301 3.1 */
                          E13_EXT_CLIENT_CERTIFICATE_TYPE = 19, /* RFC 7250 3 */
                          E13_EXT_SERVER_CERTIFICATE_TYPE = 20,
                          E13_EXT_PRE_SHARED_KEY = 41,         /* 4.2.11 */
                          E13_EXT_EARLY_DATA = 42,             /* 4.2.10 */
                          E13_EXT_SUPPORTED_VERSIONS = 43,     /* 4.2.1 */
                          E13_EXT_COOKIE = 44,                 /* 4.2.2 */
                          E13_EXT_PSK_KEY_EXCHANGE_MODES = 45, /* 4.2.9 */
                          E13_EXT_KEY_SHARE = 51,              /* 4.2.8 */
                          E13_EXT_CONNECTION_ID = 54 /* RFC 9146 3 */,
                          E13_EXT_PRIVATE_USE = 65282, /* 11: 65280 and above */
};

enum e13_suite_id { /* B.4 */
                    TLS_AES_128_GCM_SHA256 = 0x1301,
                    TLS_AES_256_GCM_SHA384 = 0x1302,
                    TLS_CHACHA20_POLY1305_SHA256 = 0x1303
};

enum e13_group { /* 4.2.7 */
                 E13_SECP256R1 = 23,
                 E13_X25519 = 29
};

enum e13_scheme { /* SignatureScheme, 4.2.3 */
                  E13_ECDSA_SECP256R1_SHA256 = 0x0403,
                  E13_RSA_PSS_RSAE_SHA256 = 0x0804,
                  E13_ED25519 = 0x0807
};

enum e13_certificate_type { E13_X509 = 0, E13_RAW_PUBLIC_KEY = 2 }; /* RFC 7250 */

enum e13_alert { /* AlertDescription, 6 */
                 E13_CLOSE_NOTIFY = 0,
                 E13_UNEXPECTED_MESSAGE = 10,
                 E13_BAD_RECORD_MAC = 20,
                 E13_HANDSHAKE_FAILURE = 40,
                 E13_BAD_CERTIFICATE = 42,
                 E13_UNSUPPORTED_CERTIFICATE = 43,
                 E13_ILLEGAL_PARAMETER = 47,
                 E13_DECODE_ERROR = 50,
                 E13_DECRYPT_ERROR = 51,
                 E13_TOO_MANY_CIDS_REQUESTED = 52, /* RFC 9147 9 */
                 E13_PROTOCOL_VERSION = 70,
                 E13_INTERNAL_ERROR = 80,
                 E13_USER_CANCELED = 90,
                 E13_MISSING_EXTENSION = 109,
                 E13_UNSUPPORTED_EXTENSION = 110,
                 E13_UNRECOGNIZED_NAME = 112,
                 E13_UNKNOWN_PSK_IDENTITY = 115,
                 E13_CERTIFICATE_REQUIRED = 116,
                 E13_NO_APPLICATION_PROTOCOL = 120
};

#endif
