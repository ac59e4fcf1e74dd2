/* spec.h - a second reading of gQUIC, written from the published facts alone and on OpenSSL's EVP:
 * it opens packets of both versions at every level, given the Diffie-Hellman results.  It shares no
 * code with protocols/gquic. */
#ifndef SD_TESTS_GQUIC_SPEC_H
#define SD_TESTS_GQUIC_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum spec_level { SPEC_CLEAR, SPEC_INITIAL, SPEC_FORWARD_SECURE, SPEC_LEVELS };

/* What keys are made of. */
struct spec_secrets {
    bool chacha; /* CC20, else AESG */
    uint8_t premaster[SPEC_LEVELS][32];
    uint8_t nonces[SPEC_LEVELS][64]; /* client's, then server's */
    size_t nonces_len[SPEC_LEVELS];
    uint8_t diversification[32];
    uint8_t context[8192]; /* connection id, CHLO, SCFG, leaf */
    size_t context_len;
    bool known[SPEC_LEVELS];
};

struct spec_packet {
    bool q046, to_server;
    uint8_t cid[8];
    bool has_cid, has_nonce;
    uint32_t version;
    uint8_t nonce[32];
    uint64_t number; /* as it is on the wire */
    size_t number_len, header_len;
    enum spec_level level;
    uint8_t text[2048];
    size_t len;
};

/* Reads the header; false: it is none. */
bool spec_header(struct spec_packet *, const uint8_t *data, size_t len, bool to_server);
/* Opens it at the first level that fits; the number's upper bytes are taken for zero.  False: none
 * does. */
bool spec_open(struct spec_packet *, const struct spec_secrets *, const uint8_t *data, size_t len,
               bool to_server);
/* X25519 by EVP. */
bool spec_x25519(uint8_t out[32], const uint8_t private_key[32], const uint8_t public_key[32]);

/* The value of a tag ("PUBS", "STK") in a handshake message; NULL: it has none. */
const uint8_t *spec_value(const uint8_t *message, size_t len, const char *tag, size_t *value_len);
/* The crypto stream's data in a packet's text that has one STREAM frame for it; NULL: none. */
const uint8_t *spec_crypto(const struct spec_packet *, size_t *len);

#endif
