/* rfc.h - a second derivation of what a tcpcrypt connection says, written from the text of RFC 8548
 * with plain libcrypto: it shares no code with the agent. */
#ifndef SD_TESTS_TCPCRYPT_RFC_H
#define SD_TESTS_TCPCRYPT_RFC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 3.1: CPRF(K, CONST, L) by HMAC-SHA256. */
void rfc_cprf(uint8_t *out, size_t l, const uint8_t k[32], const uint8_t *constant, size_t len);
void rfc_extract(uint8_t prk[32], const uint8_t *salt, size_t salt_len, const uint8_t *ikm,
                 size_t ikm_len);
#define RFC_SHARED_MAX 66
/* 5: ES from host A's private key and Pub_B as it was sent; its length. */
size_t rfc_shared(uint8_t es[RFC_SHARED_MAX], int tep, const uint8_t *private_key,
                  const uint8_t *pub, size_t pub_len);

/* 4.1: parts of Init1 and Init2. */
struct rfc_init {
    size_t len;
    unsigned cipher; /* Init2 */
    const uint8_t *nonce, *pub;
    size_t pub_len;
};
void rfc_init1(struct rfc_init *, const uint8_t *stream, size_t len, int tep);
void rfc_init2(struct rfc_init *, const uint8_t *stream, size_t len, int tep);

/* 3.3: what host A (0) or B (1) encrypted from `offset` of its stream on, under ss and sn: the
 * application's bytes and the flags of all frames together; how often keys changed. */
struct rfc_text {
    uint8_t data[1 << 18];
    size_t len;
    unsigned frames, rekeys, fins;
    bool fin_last, broken;
};
void rfc_decrypt(struct rfc_text *, const uint8_t ss[32], const uint8_t *sn, size_t sn_len,
                 unsigned cipher, int host, const uint8_t *stream, size_t len, size_t offset);
/* 3.4 */
void rfc_session_id(uint8_t id[33], uint8_t tep_byte, const uint8_t ss[32], const uint8_t *sn,
                    size_t sn_len);

#endif
