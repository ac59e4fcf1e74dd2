/* rfc8448.h - handshakes that RFC 8448 wrote down: messages, private keys and secrets, in
 * hexadecimal. */
#ifndef SD_TESTS_ENGINE13_RFC8448_H
#define SD_TESTS_ENGINE13_RFC8448_H

#include <stddef.h>

/* NULL: this trace has none. */
struct trace {
    const char *name;
    const char *psk, *private_key; /* of the client: X25519, P-256 after a HelloRetryRequest */
    const char *hello, *retry, *second_hello, *server_hello;
    const char *flight[4]; /* EncryptedExtensions to CertificateVerify */
    const char *server_finished, *end_of_early_data, *client_finished, *ticket;
    /* what must come out */
    const char *binder, *shared, *client_early, *client_handshake, *server_handshake;
    const char *client_application, *server_application, *exporter, *resumption, *ticket_key;
    const char *server_handshake_key, *server_handshake_iv;
    const char *client_application_key, *client_application_iv;
};
extern const struct trace traces[];
extern const size_t trace_count;

#endif
