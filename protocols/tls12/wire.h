/* wire.h - TLS 1.2 on one page: what a reader of its bytes meets.  RFC 5246 unless said otherwise.
 *
 * Record (6.2.1)                    Handshake message (7.4), inside records of type 22
 *   0  1  ContentType                 0  1  HandshakeType
 *   1  2  ProtocolVersion             1  3  length of what follows
 *   3  2  length, at most 2^14        4     body
 *   5     fragment
 *
 * ClientHello (7.4.1.2)             ServerHello (7.4.1.3)
 *   0  2  client_version              0  2  server_version
 *   2 32  random                      2 32  random
 *  34  1+ session_id, 0 to 32        34  1+ session_id, 0 to 32
 *      2+ cipher_suites                  2  cipher_suite
 *      1+ compression_methods            1  compression_method
 *      2+ extensions                     2+ extensions
 * Extension (7.4.1.4): type 2, length 2, data.
 *
 * Full handshake (7.3)                          Abbreviated: session id or ticket (RFC 5077)
 *   C: ClientHello                                C: ClientHello
 *   S: ServerHello, Certificate,                  S: ServerHello, [NewSessionTicket],
 *      ServerKeyExchange, [CertificateRequest],      ChangeCipherSpec, {Finished}
 *      ServerHelloDone                            C: ChangeCipherSpec, {Finished}
 *   C: [Certificate], ClientKeyExchange,
 *      [CertificateVerify], ChangeCipherSpec, {Finished}
 *   S: [NewSessionTicket], ChangeCipherSpec, {Finished} */
#ifndef SD_TLS12_WIRE_H
#define SD_TLS12_WIRE_H

#define TLS_RECORD_HEADER    5
#define TLS_HANDSHAKE_HEADER 4
#define TLS_RECORD_MAX       16384          /* 6.2.1: TLSPlaintext.length */
#define TLS_CIPHERTEXT_MAX   (16384 + 2048) /* 6.2.3 */
#define TLS_RANDOM           32
/* A record of ECDHE with AES-128-GCM: explicit nonce 8, tag 16 (RFC 5288 3). */
#define TLS12_RECORD_OVERHEAD (TLS_RECORD_HEADER + 8 + 16)

enum tls_content {
    TLS_CHANGE_CIPHER_SPEC = 20,
    TLS_ALERT = 21,
    TLS_HANDSHAKE = 22,
    TLS_APPLICATION_DATA = 23
};

enum tls_handshake { /* 7.4; 4: RFC 5077; 3: RFC 6347; 5, 6, 8, 24: RFC 8446; 22: RFC 6066 */
                     TLS_HELLO_REQUEST = 0,
                     TLS_CLIENT_HELLO = 1,
                     TLS_SERVER_HELLO = 2,
                     TLS_HELLO_VERIFY_REQUEST = 3,
                     TLS_NEW_SESSION_TICKET = 4,
                     TLS_END_OF_EARLY_DATA = 5,
                     TLS_ENCRYPTED_EXTENSIONS = 8,
                     TLS_CERTIFICATE = 11,
                     TLS_SERVER_KEY_EXCHANGE = 12,
                     TLS_CERTIFICATE_REQUEST = 13,
                     TLS_SERVER_HELLO_DONE = 14,
                     TLS_CERTIFICATE_VERIFY = 15,
                     TLS_CLIENT_KEY_EXCHANGE = 16,
                     TLS_FINISHED = 20,
                     TLS_CERTIFICATE_STATUS = 22,
                     TLS_KEY_UPDATE = 24
};

enum tls_extension { TLS_EXT_SESSION_TICKET = 35 /* RFC 5077 3.2 */ };

#endif
