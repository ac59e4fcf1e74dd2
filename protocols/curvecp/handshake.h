/* handshake.h - the boxes of Hello, Cookie and Initiate packets (pages "packets" and "nonces").
 * Results are enum sd_result. */
#ifndef CP_HANDSHAKE_H
#define CP_HANDSHAKE_H

#include "protocols/curvecp/curvecp.h"

/* prefix of 16 bytes, then `compressed` of 8; or prefix of 8, then 16. */
void cp_nonce(uint8_t nonce[CP_NONCE_LEN], const char *prefix, const uint8_t *compressed);
void cp_nonce_counter(uint8_t compressed[CP_SHORT_NONCE], uint64_t counter);
uint64_t cp_nonce_read(const uint8_t compressed[CP_SHORT_NONCE]);

/* A domain name in DNS's form, zeros behind it.  False: a label or the whole is too long. */
bool cp_name_encode(uint8_t encoded[CP_NAME_LEN], const char *name);

/* Client: new short-term keys for a connection whose opening has S; SD_DROP_AUTH: S is of small
 * order. */
int cp_handshake_begin(struct curvecp *, struct cp_connection *);
void cp_hello_create(struct curvecp *, struct cp_connection *, struct cp_hello *);
int cp_cookie_packet_consume(struct curvecp *, struct cp_connection *,
                             const struct cp_cookie_packet *);
void cp_initiate_create(struct curvecp *, struct cp_connection *, struct cp_initiate *,
                        const uint8_t *message, size_t len);

/* Server: the answer to a Hello, of which it keeps nothing. */
int cp_hello_answer(struct curvecp *, const struct cp_hello *, struct cp_cookie_packet *);

/* What a first Initiate proves. */
struct cp_initiated {
    uint8_t key[CP_KEY_LEN];
    uint8_t client_long[CP_KEY_LEN];
    uint64_t minute; /* of the key that made the cookie */
};
/* Server: opens the cookie and the box, checks the name and the vouch.  The plaintext is left in
 * curvecp.text, as a cp_initiate_inside.  SD_DROP_AUTH; SD_DROP_POLICY: another server's name. */
int cp_initiate_consume(struct curvecp *, const struct cp_initiate *, size_t len,
                        struct cp_initiated *);

#endif
