/* spec.h - the boxes of curvecp.org's pages "packets", "nonces" and "messages" once more, written
 * from their text alone with bare library calls, as a judge of protocols/curvecp.
 *
 * Knowing no more than the server's long-term private key and its minute key, it opens everything
 * a connection puts on the wire: what goes wrong on the way is named. */
#ifndef SD_TESTS_CURVECP_SPEC_H
#define SD_TESTS_CURVECP_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spec_view {
    uint8_t s[32], S[32]; /* the server's long-term keys */
    uint8_t t[32];        /* the minute key */
    uint8_t server_extension[16], client_extension[16];
    uint8_t client_short[32];              /* C', from the Hello */
    uint8_t server_short[32], s_short[32]; /* S' and s', from Cookie and cookie */
    uint8_t C[32];                         /* the client's long-term key, from the Initiate */
    uint8_t name[256];
    uint64_t client_nonce, server_nonce; /* the last ones seen */
    bool client_spoke, server_spoke;
};

/* Each returns NULL, or what is wrong.  Those with a message copy its plaintext out. */
const char *spec_hello(struct spec_view *, const uint8_t *packet, size_t len);
const char *spec_cookie(struct spec_view *, const uint8_t *packet, size_t len);
const char *spec_initiate(struct spec_view *, const uint8_t *packet, size_t len, uint8_t *message,
                          size_t *message_len);
const char *spec_client_message(struct spec_view *, const uint8_t *packet, size_t len,
                                uint8_t *message, size_t *message_len);
const char *spec_server_message(struct spec_view *, const uint8_t *packet, size_t len,
                                uint8_t *message, size_t *message_len);

/* Page "messages": the fields of a message, by their offsets. */
struct spec_message {
    uint64_t id, acked_id, ranges[6][2], data_len, stop, position;
    const uint8_t *data;
};
const char *spec_message(const uint8_t *message, size_t len, struct spec_message *);

#endif
