/* token.h - what a server hands out sealed and gets back: source-address tokens and nonces of its
 * own (QUIC Crypto, "Source-address tokens", "Server nonces").  Their insides are the server's own
 * business. */
#ifndef GQ_TOKEN_H
#define GQ_TOKEN_H

#include "protocols/gquic/wire.h"
#include "sim/core/env.h"

#define GQ_TOKEN_LEN (12 + 17 + 4 + 20 + 16) /* nonce, address, time, what comes back, tag */

/* What a server that kept nothing of a connection has to know when the client comes back: README,
 * "A server that keeps nothing". */
struct gq_returning {
    uint64_t chlo_number; /* of the packet that brought the CHLO; 0: the server kept its state */
    uint32_t chlo_len, rej_len; /* bytes of the crypto stream that are over */
    uint32_t packets;           /* that the server sent */
};

/* A token for the host at `client`, whatever its port. */
void gq_token_make(uint8_t token[GQ_TOKEN_LEN], struct sd_env *, const uint8_t key[32],
                   const struct sd_addr *client, uint32_t now_s, const struct gq_returning *);
/* 0, or a reason for RREJ. */
uint32_t gq_token_check(const uint8_t *token, size_t len, const uint8_t key[32],
                        const struct sd_addr *client, uint32_t now_s, struct gq_returning *);

/* A server nonce that says when it was made, and is its own proof that it was. */
void gq_server_nonce_make(uint8_t nonce[GQ_NONCE_LEN], struct sd_env *, const uint8_t key[32],
                          uint32_t now_s);
bool gq_server_nonce_check(const uint8_t *nonce, size_t len, const uint8_t key[32], uint32_t now_s);

#endif
