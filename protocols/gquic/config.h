/* config.h - server configs (QUIC Crypto, "Server config"): a semi-static key pair and what the
 * server supports, as a message that is signed for every client that asks. */
#ifndef GQ_CONFIG_H
#define GQ_CONFIG_H

#include "protocols/crypto/x509.h"
#include "protocols/gquic/message.h"
#include "protocols/gquic/protect.h"

#define GQ_CONFIG_MAX 512 /* bytes of a config that a client keeps */

/* What both sides know of one. */
struct gq_config {
    uint8_t raw[GQ_CONFIG_MAX]; /* the SCFG message */
    size_t len;
    uint8_t id[GQ_SCID_LEN];
    uint8_t orbit[GQ_ORBIT_LEN];
    uint8_t public_value[32]; /* for C255 */
    uint64_t expiry_s;        /* Unix time */
    bool aead[GQ_AEADS];
};
/* A server's own. */
struct gq_own_config {
    struct gq_config config;
    uint8_t private_key[32];
};

/* A new one; the orbit is the server's. */
void gq_config_make(struct gq_own_config *, struct sd_env *, const uint8_t orbit[GQ_ORBIT_LEN],
                    uint64_t expiry_s);
/* 0, or the error code of what is wrong. */
uint32_t gq_config_parse(struct gq_config *, const uint8_t *scfg, size_t len);

/* Proof: the signature over the label, SHA-256 of the CHLO that asked, and the config.  The length;
 * 0: it cannot be made. */
size_t gq_proof_sign(uint8_t *signature, size_t cap, const char *private_key,
                     const uint8_t chlo_hash[32], const struct gq_config *);
bool gq_proof_verify(const struct sd_certificate *leaf, const uint8_t *signature, size_t len,
                     const uint8_t chlo_hash[32], const struct gq_config *);

#endif
