/* protect.h - what protects a packet at each level, and where its keys come from (QUIC Crypto, "Key
 * derivation"). */
#ifndef GQ_PROTECT_H
#define GQ_PROTECT_H

#include "protocols/gquic/wire.h"

enum gq_level {
    GQ_UNENCRYPTED,    /* a hash that everybody can compute */
    GQ_INITIAL,        /* keys of the server config's key pair */
    GQ_FORWARD_SECURE, /* keys of two ephemeral key pairs */
    GQ_LEVELS,
};
enum gq_aead { GQ_AEAD_AESG, GQ_AEAD_CC20, GQ_AEADS };
extern const uint32_t gq_aead_tags[GQ_AEADS];

struct gq_key {
    enum gq_aead aead;
    uint8_t key[32];
    uint8_t iv[4];
};
/* Of one level, by who writes with them. */
struct gq_keys {
    struct gq_key client, server;
};

/* What goes into a level's keys. */
struct gq_key_input {
    enum gq_aead aead;
    const char *label;
    const uint8_t *premaster; /* 32 bytes: the Diffie-Hellman result */
    const uint8_t *client_nonce;
    const uint8_t *server_nonce; /* NULL: none */
    uint64_t cid;
    const uint8_t *chlo, *scfg, *leaf;
    size_t chlo_len, scfg_len, leaf_len;
};
/* False: no memory. */
struct sd_env;
bool gq_keys_derive(struct gq_keys *, struct sd_env *, const struct gq_key_input *);
/* "Key diversification": makes a server's initial key its own for this connection. */
void gq_key_diversify(struct gq_key *, const uint8_t nonce[GQ_NONCE_LEN]);

/* Text to packet: header is what is authenticated with it.  Writes len + GQ_TAG_LEN bytes to out,
 * which may not overlap text.  key is NULL at GQ_UNENCRYPTED. */
void gq_seal(uint8_t *out, const struct gq_key *, bool by_client, uint64_t number,
             const uint8_t *header, size_t header_len, const uint8_t *text, size_t len);
/* Writes len - GQ_TAG_LEN bytes; false, and nothing that may be used, when it does not fit. */
bool gq_open(uint8_t *out, const struct gq_key *, bool by_client, uint64_t number,
             const uint8_t *header, size_t header_len, const uint8_t *sealed, size_t len);

#endif
