/* spec.h - MinimaLT a second time, for the tests alone: from the paper's packet and the tables of
 * protocols/minimalt/README.md, on libsodium's smallest parts, with no code of the agent. */
#ifndef SD_TESTS_MINIMALT_SPEC_H
#define SD_TESTS_MINIMALT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spec_packet {
    uint64_t tid, nonce;
    bool shows_key, has_puzzle;
    uint8_t key[32], puzzle[148];
    uint32_t sequence, acknowledged;
    uint8_t calls[2048];
    size_t calls_len;
};

/* The key of Box(ours to theirs): HSalsa20 over X25519. */
void spec_secret(uint8_t secret[32], const uint8_t their_public[32], const uint8_t our_private[32]);
/* The next secret of a tunnel. */
void spec_rekey(uint8_t secret[32]);
/* What stands outside the box; false: not a packet.  *box is where the box begins. */
bool spec_read(struct spec_packet *, const uint8_t *data, size_t len, size_t *box);
/* All of it. */
bool spec_open(struct spec_packet *, const uint8_t *data, size_t len, const uint8_t secret[32]);
bool spec_unbox(uint8_t *text, const uint8_t *box, size_t len, const uint8_t nonce[24],
                const uint8_t key[32]);
/* "create-auth data", by names. */
const char *spec_calls(const struct spec_packet *);
/* The arguments of the first call of that number; NULL: none. */
const uint8_t *spec_call(const struct spec_packet *, uint8_t number, size_t *len);
/* The authenticator of connection c of a tunnel that began with C'. */
bool spec_authenticator(const uint8_t x[48], uint32_t connection, const uint8_t first_key[32],
                        const uint8_t user[32], const uint8_t server_private[32]);

#endif
