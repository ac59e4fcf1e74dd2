/* levels.c - which keys a connection has, writes with and still listens to. */
#include "protocols/gquic/gquic.h"
#include <string.h>

bool gq_install_keys(struct gquic *gq, struct gq_connection *c, enum gq_level level,
                     enum gq_aead aead, const uint8_t premaster[32], const uint8_t *server_nonce,
                     const struct gq_config *config, const struct sd_certificate *leaf)
{
    const struct gq_handshake *h = c->handshake;
    const struct gq_key_input in = {
        .aead = aead,
        .label = level == GQ_INITIAL ? GQ_LABEL_INITIAL : GQ_LABEL_FORWARD_SECURE,
        .premaster = premaster,
        .client_nonce = h->client_nonce,
        .server_nonce = server_nonce,
        .cid = c->cid,
        .chlo = h->chlo,
        .chlo_len = h->chlo_len,
        .scfg = config->raw,
        .scfg_len = config->len,
        .leaf = leaf->der,
        .leaf_len = leaf->len,
    };
    if (!gq_keys_derive(&c->keys[level], gq->env, &in))
        return false;
    c->has_keys[level] = true;
    c->write_level = level;
    c->new_keys = true;
    return true;
}

const struct gq_key *gq_write_key(const struct gq_connection *c, enum gq_level level)
{
    if (level == GQ_UNENCRYPTED)
        return NULL;
    return c->client ? &c->keys[level].client : &c->keys[level].server;
}

const struct gq_key *gq_read_key(const struct gq_connection *c, enum gq_level level)
{
    if (level == GQ_UNENCRYPTED)
        return NULL;
    return c->client ? &c->keys[level].server : &c->keys[level].client;
}

void gq_handshake_done(struct gquic *gq, struct gq_connection *c)
{
    c->state = GQ_OPEN;
    gq->stats.half_open -= c->half_open;
    c->half_open = false;
    gq->stats.sessions += !c->counted;
    gq->stats.handshakes += !c->counted;
    c->counted = true;
}

void gq_handshake_free(struct gq_connection *c)
{
    if (c->handshake) {
        sd_free(c->handshake->chlo);
        sd_free(c->handshake);
    }
    sd_free(c->message);
    c->handshake = NULL;
    c->message = NULL;
    c->message_len = 0;
}
