/* ike_wire.h - IKEv2 on one page: header, exchanges, payloads, transforms, notifications, timers.
 *
 * Sections are those of RFC 7296 unless another RFC stands there.  Integers are big endian.
 *
 *   header:  initiator's SPI 8 | responder's SPI 8 | next payload 1 | version 1 | exchange 1 |
 *            flags 1 | message id 4 | length 4                                          (3.1)
 *   payload: next payload 1 | critical bit and reserved 1 | length 2 | body             (3.2)
 *
 *   initiator                          responder
 *   HDR, SAi1, KEi, Ni            -->                                      IKE_SA_INIT  (1.2)
 *                                 <--  HDR, SAr1, KEr, Nr
 *   HDR, SK{IDi, AUTH, SAi2,      -->                                         IKE_AUTH
 *           TSi, TSr}
 *                                 <--  HDR, SK{IDr, AUTH, SAr2, TSi, TSr}                */
#ifndef IKE_WIRE_H
#define IKE_WIRE_H

#include "sim/core/base.h"

#define IKE_PORT           500u
#define IKE_HEADER         28u /* 3.1 */
#define IKE_PAYLOAD_HEADER 4u  /* 3.2 */
#define IKE_SPI_LEN        8u
#define IKE_VERSION        0x20u /* major 2, minor 0 */
#define IKE_CRITICAL       0x80u

enum ike_exchange {
    IKE_SA_INIT = 34,
    IKE_AUTH = 35,
    IKE_CREATE_CHILD_SA = 36,
    IKE_INFORMATIONAL = 37,
    IKE_SESSION_RESUME = 38, /* RFC 5723 */
};

enum { /* 3.1: flags */
       IKE_FLAG_INITIATOR = 0x08,
       IKE_FLAG_RESPONSE = 0x20,
};

enum ike_payload_type { /* 3.2 */
                        IKE_PAYLOAD_NONE = 0,
                        IKE_PAYLOAD_SA = 33,
                        IKE_PAYLOAD_KE = 34,
                        IKE_PAYLOAD_IDI = 35,
                        IKE_PAYLOAD_IDR = 36,
                        IKE_PAYLOAD_CERT = 37,
                        IKE_PAYLOAD_CERTREQ = 38,
                        IKE_PAYLOAD_AUTH = 39,
                        IKE_PAYLOAD_NONCE = 40,
                        IKE_PAYLOAD_NOTIFY = 41,
                        IKE_PAYLOAD_DELETE = 42,
                        IKE_PAYLOAD_VENDOR = 43,
                        IKE_PAYLOAD_TSI = 44,
                        IKE_PAYLOAD_TSR = 45,
                        IKE_PAYLOAD_SK = 46,
                        IKE_PAYLOAD_CP = 47,
                        IKE_PAYLOAD_EAP = 48,
                        IKE_PAYLOAD_SKF = 53, /* RFC 7383 2.5 */
                        IKE_PAYLOAD_PS = 54,  /* RFC 8019 8.2: puzzle solution */
};

enum ike_protocol { IKE_PROTOCOL_IKE = 1, IKE_PROTOCOL_AH = 2, IKE_PROTOCOL_ESP = 3 }; /* 3.3.1 */

enum ike_transform_type { /* 3.3.2 */
                          IKE_TRANSFORM_ENCR = 1,
                          IKE_TRANSFORM_PRF = 2,
                          IKE_TRANSFORM_INTEG = 3,
                          IKE_TRANSFORM_DH = 4,
                          IKE_TRANSFORM_ESN = 5,
};
#define IKE_TRANSFORM_TYPES   6u  /* indices 1 to 5 */
#define IKE_ATTRIBUTE_KEY_LEN 14u /* 3.3.5, in its TV format */

enum { /* 3.3.2 and IANA: encryption and integrity are in cipher.h */
       IKE_PRF_HMAC_SHA2_256 = 5,
       IKE_PRF_HMAC_SHA2_384 = 6,
       IKE_DH_NONE = 0,
       IKE_DH_MODP_2048 = 14, /* RFC 3526 3 */
       IKE_DH_P256 = 19,      /* RFC 5903 */
       IKE_DH_X25519 = 31,    /* RFC 8031 */
};

enum ike_id_type { /* 3.5 */
                   IKE_ID_IPV4 = 1,
                   IKE_ID_FQDN = 2,
                   IKE_ID_RFC822 = 3,
                   IKE_ID_IPV6 = 5,
                   IKE_ID_DER_ASN1_DN = 9,
                   IKE_ID_KEY = 11,
};

#define IKE_CERT_X509 4u /* 3.6: X.509 certificate, signature */

enum ike_auth_method { /* 3.8 */
                       IKE_AUTH_RSA = 1,
                       IKE_AUTH_SHARED_KEY = 2,
                       IKE_AUTH_ECDSA_P256 = 9, /* RFC 4754 */
                       IKE_AUTH_SIGNATURE =
                           14, /* RFC 7427: AlgorithmIdentifier, then the signature */
};

enum ike_notify_type { /* 3.10.1: below 16384 errors */
                       IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD = 1,
                       IKE_N_INVALID_IKE_SPI = 4,
                       IKE_N_INVALID_MAJOR_VERSION = 5,
                       IKE_N_INVALID_SYNTAX = 7,
                       IKE_N_INVALID_MESSAGE_ID = 9,
                       IKE_N_INVALID_SPI = 11,
                       IKE_N_NO_PROPOSAL_CHOSEN = 14,
                       IKE_N_INVALID_KE_PAYLOAD = 17,
                       IKE_N_AUTHENTICATION_FAILED = 24,
                       IKE_N_SINGLE_PAIR_REQUIRED = 34,
                       IKE_N_NO_ADDITIONAL_SAS = 35,
                       IKE_N_INTERNAL_ADDRESS_FAILURE = 36,
                       IKE_N_FAILED_CP_REQUIRED = 37,
                       IKE_N_TS_UNACCEPTABLE = 38,
                       IKE_N_INVALID_SELECTORS = 39,
                       IKE_N_UNACCEPTABLE_ADDRESSES = 40, /* RFC 4555 */
                       IKE_N_UNEXPECTED_NAT_DETECTED = 41,
                       IKE_N_TEMPORARY_FAILURE = 43,
                       IKE_N_CHILD_SA_NOT_FOUND = 44,
                       IKE_N_ERRORS_END = 16384,
                       IKE_N_INITIAL_CONTACT = 16384,
                       IKE_N_SET_WINDOW_SIZE = 16385,
                       IKE_N_ADDITIONAL_TS_POSSIBLE = 16386,
                       IKE_N_NAT_DETECTION_SOURCE_IP = 16388,
                       IKE_N_NAT_DETECTION_DESTINATION_IP = 16389,
                       IKE_N_COOKIE = 16390,
                       IKE_N_USE_TRANSPORT_MODE = 16391,
                       IKE_N_REKEY_SA = 16393,
                       IKE_N_ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
                       IKE_N_MOBIKE_SUPPORTED = 16396, /* RFC 4555 3 */
                       IKE_N_ADDITIONAL_IP4_ADDRESS = 16397,
                       IKE_N_NO_ADDITIONAL_ADDRESSES = 16399,
                       IKE_N_UPDATE_SA_ADDRESSES = 16400,
                       IKE_N_COOKIE2 = 16401,
                       IKE_N_TICKET_LT_OPAQUE = 16409, /* RFC 5723 8 */
                       IKE_N_TICKET_REQUEST = 16410,
                       IKE_N_TICKET_ACK = 16411,
                       IKE_N_TICKET_NACK = 16412,
                       IKE_N_TICKET_OPAQUE = 16413,
                       IKE_N_EAP_ONLY_AUTHENTICATION = 16417,   /* RFC 5998 */
                       IKE_N_FRAGMENTATION_SUPPORTED = 16430,   /* RFC 7383 2.3 */
                       IKE_N_SIGNATURE_HASH_ALGORITHMS = 16431, /* RFC 7427 4 */
                       IKE_N_PUZZLE = 16434,                    /* RFC 8019 8.1 */
                       IKE_N_PRIVATE_STATUS = 40960, /* 3.10.1: private use from here on */
};

enum ike_hash { IKE_HASH_SHA2_256 = 2, IKE_HASH_IDENTITY = 5 }; /* RFC 7427 7, RFC 8420 */

enum { IKE_TS_IPV4_RANGE = 7, IKE_TS_IPV6_RANGE = 8 }; /* 3.13.1 */
#define IKE_TS_IPV4_LEN 16u

#define IKE_NONCE_MIN  16u /* 3.9 */
#define IKE_NONCE_MAX  256u
#define IKE_NONCE_LEN  32u /* ours: at least half the largest PRF's key (2.10) */
#define IKE_COOKIE_MAX 64u /* 2.6 */

#define IKE_KEY_PAD "Key Pad for IKEv2" /* 2.15, without its end */

/* What the RFC leaves open.  Retransmission is strongSwan's: 4 s, times 1.8 each, 6 sendings. */
#define IKE_RETRANSMIT     (4 * SD_SECOND)
#define IKE_RETRANSMIT_NUM 18u /* 18/10 */
#define IKE_RETRANSMIT_DEN 10u
#define IKE_SENDINGS       6u
#define IKE_TCP_FROM       3u /* sendings of a first message, then a TCP connection is tried too */
#define IKE_WINDOW         4u /* 2.3: requests that we take at once */
#define IKE_HALF_OPEN_LIFE (30 * SD_SECOND)  /* until IKE_AUTH must have come */
#define IKE_AUTH_LIFE      (120 * SD_SECOND) /* and been completed, with EAP */
#define IKE_REPLACED_LIFE  (60 * SD_SECOND)  /* until the peer must have deleted what it rekeyed */
#define IKE_REKEY_AFTER    (4 * 3600 * SD_SECOND)
#define IKE_CHILD_AFTER    (3600 * SD_SECOND)
#define IKE_CHILD_MARGIN   (300 * SD_SECOND) /* from the soft to the hard limit */
#define IKE_LIVENESS       (60 * SD_SECOND)  /* 2.4: silence before we ask */
#define IKE_RETRY          (10 * SD_SECOND)  /* 2.25: after TEMPORARY_FAILURE */
#define IKE_KEEPALIVE      (20 * SD_SECOND)  /* RFC 3948 4 */
#define IKE_COOKIE_LIFE                                                                            \
    (60 * SD_SECOND)          /* of a secret that makes cookies; the one before it                 \
                                 holds as long again */
#define IKE_COOKIES_FROM  32u /* half-open SAs, when validation is by default */
#define IKE_CHILDREN_MAX  64u /* of one IKE SA */
#define IKE_HALF_OPEN_MAX 1024u

#endif
