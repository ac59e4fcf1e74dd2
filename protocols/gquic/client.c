/* client.c - the client's handshake (QUIC Crypto, "Handshake costs", "Client hello"), straight
 * down.
 *
 *   nothing cached      inchoate CHLO -> REJ: token, config, chain, proof
 *   all of that         full CHLO, initial keys, data -> SHLO: forward-secure keys
 *   not good any more   full CHLO, data -> REJ; the data goes again */
#include "protocols/crypto/dh.h"
#include "protocols/crypto/hash.h"
#include "protocols/gquic/certs.h"
#include "protocols/gquic/fnv.h"
#include "protocols/gquic/gquic.h"
#include <string.h>

static const uint32_t x509 = GQ_X509, c255 = GQ_C255;

static void little32(uint8_t to[4], uint32_t v)
{
    struct sd_writer w = sd_writer_of(to, 4);
    sd_put32le(&w, v);
}

static void big32(uint8_t to[4], uint32_t v)
{
    struct sd_writer w = sd_writer_of(to, 4);
    sd_put32(&w, v);
}

/* -- the cache -- */

struct gq_server *gq_server_known(struct gquic *gq, const char *name)
{
    for (struct gq_server *s = gq->servers; s; s = s->next)
        if (strcmp(s->name, name) == 0)
            return s;
    struct gq_server *s = sd_alloc(gq->env, sizeof *s);
    char *copy = sd_alloc(gq->env, strlen(name) + 1);
    if (!s || !copy) {
        sd_free(s);
        sd_free(copy);
        return NULL;
    }
    strcpy(copy, name);
    s->name = copy;
    s->next = gq->servers;
    gq->servers = s;
    return s;
}

void gq_server_forget(struct gq_server *s)
{
    sd_chain_free(&s->chain);
    sd_free(s->token);
    s->token = NULL;
    s->token_len = 0;
    s->config.len = 0;
    s->proved = false;
}

void gq_servers_free(struct gquic *gq)
{
    while (gq->servers) {
        struct gq_server *s = gq->servers;
        gq->servers = s->next;
        gq_server_forget(s);
        sd_free(s->name);
        sd_free(s);
    }
}

bool gq_server_complete(const struct gquic *gq, const struct gq_server *s)
{
    return s->proved && s->config.expiry_s > gq_unix(gq);
}

static bool keep_token(struct gquic *gq, struct gq_server *s, const struct gq_message *m)
{
    const struct gq_value *v = gq_message_find(m, GQ_STK);
    if (!v)
        return true;
    uint8_t *token = sd_alloc(gq->env, v->len + 1);
    if (!token)
        return false;
    memcpy(token, v->data, v->len);
    sd_free(s->token);
    s->token = token;
    s->token_len = v->len;
    return true;
}

/* -- CHLO -- */

/* What the values of a CHLO point to until it is written. */
struct hello {
    struct gq_message m;
    uint8_t ver[4], pdmd[4], aead[4], kexs[4], icsl[4], mids[4], sfcw[4], cfcw[4];
    uint8_t nonp[GQ_NONCE_LEN], xlct[8], ccrt[8 * SD_CHAIN_MAX];
};

/* Inchoate: who is asked, what the client would take, and what it has. */
static void put_inchoate(struct gquic *gq, struct gq_connection *c, struct hello *h)
{
    const struct gq_server *s = c->server;
    gq_message_init(&h->m, GQ_CHLO);
    gq_message_put(&h->m, GQ_SNI, s->name, strlen(s->name));
    big32(h->ver, c->first_version);
    gq_message_put(&h->m, GQ_VER, h->ver, 4);
    little32(h->pdmd, x509);
    gq_message_put(&h->m, GQ_PDMD, h->pdmd, 4);
    sd_random(gq->env, h->nonp, sizeof h->nonp);
    gq_message_put(&h->m, GQ_NONP, h->nonp, sizeof h->nonp);
    if (s->config.len)
        gq_message_put(&h->m, GQ_SCID, s->config.id, GQ_SCID_LEN);
    if (s->token)
        gq_message_put(&h->m, GQ_STK, s->token, s->token_len);
    struct sd_writer w = sd_writer_of(h->ccrt, sizeof h->ccrt);
    for (size_t i = 0; i < s->chain.count; i++)
        sd_put64le(&w, gq_fnv64(s->chain.certificate[i].der, s->chain.certificate[i].len));
    if (s->chain.count > 0)
        gq_message_put(&h->m, GQ_CCRT, h->ccrt, sd_written(&w));
    little32(h->icsl, GQ_IDLE / SD_SECOND);
    gq_message_put(&h->m, GQ_ICSL, h->icsl, 4);
    little32(h->mids, GQ_STREAMS_MAX);
    gq_message_put(&h->m, GQ_MIDS, h->mids, 4);
    little32(h->sfcw, GQ_STREAM_WINDOW);
    gq_message_put(&h->m, GQ_SFCW, h->sfcw, 4);
    little32(h->cfcw, GQ_CONNECTION_WINDOW);
    gq_message_put(&h->m, GQ_CFCW, h->cfcw, 4);
}

/* Client nonce: the time, so that a strike register need not look back for ever; the orbit, which
 * says whose register; chance. */
static void make_nonce(struct gquic *gq, struct gq_connection *c)
{
    uint8_t *nonce = c->handshake->client_nonce;
    big32(nonce, gq_unix(gq));
    memcpy(nonce + 4, c->server->config.orbit, GQ_ORBIT_LEN);
    sd_random(gq->env, nonce + 4 + GQ_ORBIT_LEN, GQ_NONCE_LEN - 4 - GQ_ORBIT_LEN);
}

static enum gq_aead choose_aead(const struct gquic *gq, const struct gq_config *config)
{
    return config->aead[gq->aead]       ? gq->aead
           : config->aead[GQ_AEAD_AESG] ? GQ_AEAD_AESG
                                        : GQ_AEAD_CC20;
}

/* Full: which config, which leaf, which algorithms, and the client's half of the key exchange. */
static void put_full(struct gquic *gq, struct gq_connection *c, struct hello *h)
{
    struct gq_handshake *hs = c->handshake;
    const struct gq_server *s = c->server;
    const struct sd_certificate *leaf = &s->chain.certificate[0];
    make_nonce(gq, c);
    sd_x25519_keygen(gq->env, hs->private_key, hs->public_value);
    little32(h->aead, gq_aead_tags[choose_aead(gq, &s->config)]);
    gq_message_put(&h->m, GQ_AEAD, h->aead, 4);
    little32(h->kexs, c255);
    gq_message_put(&h->m, GQ_KEXS, h->kexs, 4);
    gq_message_put(&h->m, GQ_PUBS, hs->public_value, sizeof hs->public_value);
    gq_message_put(&h->m, GQ_NONC, hs->client_nonce, GQ_NONCE_LEN);
    if (hs->has_server_nonce)
        gq_message_put(&h->m, GQ_SNO, hs->server_nonce, GQ_NONCE_LEN);
    struct sd_writer w = sd_writer_of(h->xlct, sizeof h->xlct);
    sd_put64le(&w, gq_fnv64(leaf->der, leaf->len));
    gq_message_put(&h->m, GQ_XLCT, h->xlct, sizeof h->xlct);
}

/* The CHLO as it goes out is what the proof is signed over and what keys are made of. */
static bool send_hello(struct gquic *gq, struct gq_connection *c, struct hello *h)
{
    /* Longer than what the filling of a packet could hide. */
    static const uint8_t more[GQ_PACKET_MAX];
    struct gq_handshake *hs = c->handshake;
    if (gq->unknown_extension)
        gq_message_put(&h->m, GQ_XTRA, more, sizeof more);
    gq_message_pad(&h->m, GQ_CHLO_MIN);
    sd_free(hs->chlo);
    hs->chlo_len = gq_message_size(&h->m);
    hs->chlo = sd_alloc(gq->env, hs->chlo_len);
    if (!hs->chlo || gq_message_write(&h->m, hs->chlo, hs->chlo_len) != hs->chlo_len)
        return false;
    sd_sha256(c->chlo_hash, hs->chlo, hs->chlo_len, NULL, 0);
    return gq_crypto_send(gq, c, GQ_UNENCRYPTED, hs->chlo, hs->chlo_len);
}

/* The initial keys: of the config's key pair and the client's. */
static uint32_t make_initial_keys(struct gquic *gq, struct gq_connection *c)
{
    struct gq_handshake *hs = c->handshake;
    const struct gq_server *s = c->server;
    uint8_t premaster[SD_X25519_LEN];
    if (!sd_x25519(premaster, hs->private_key, s->config.public_value))
        return GQ_CRYPTO_PARAMETER;
    bool made = gq_install_keys(gq, c, GQ_INITIAL, choose_aead(gq, &s->config), premaster,
                                hs->has_server_nonce ? hs->server_nonce : NULL, &s->config,
                                &s->chain.certificate[0]);
    sd_wipe(premaster, sizeof premaster);
    c->diversified = false;
    return made ? GQ_NO_ERROR : GQ_INTERNAL_ERROR;
}

uint32_t gq_client_hello(struct gquic *gq, struct gq_connection *c)
{
    struct hello h;
    bool complete = gq_server_complete(gq, c->server);
    if (++c->handshake->hellos > GQ_HELLOS_MAX)
        return GQ_CRYPTO_TOO_MANY_REJECTS;
    put_inchoate(gq, c, &h);
    if (complete)
        put_full(gq, c, &h);
    if (!send_hello(gq, c, &h))
        return GQ_INTERNAL_ERROR;
    c->state = complete ? GQ_EXPECT_SHLO : GQ_EXPECT_REJ;
    return complete ? make_initial_keys(gq, c) : GQ_NO_ERROR;
}

/* -- REJ -- */

/* Chain to the authority, config under the leaf's key. */
static uint32_t prove(struct gquic *gq, struct gq_connection *c, const struct gq_value *proof)
{
    struct gq_server *s = c->server;
    const char *why;
    int result = sd_chain_verify(&s->chain, gq->ca, s->name, &why);
    if (result == SD_OK && !gq_proof_verify(&s->chain.certificate[0], proof->data, proof->len,
                                            c->chlo_hash, &s->config))
        result = SD_DROP_AUTH;
    if (result != SD_OK)
        return result < 0 ? GQ_INTERNAL_ERROR : GQ_PROOF_INVALID;
    s->proved = true;
    gq_tell(gq, c, SD_EV_PEER_AUTH, "certificate chain and signed server config");
    return GQ_NO_ERROR;
}

static uint32_t take_config(struct gquic *gq, struct gq_connection *c, const struct gq_message *m)
{
    struct gq_server *s = c->server;
    const struct gq_value *scfg = gq_message_find(m, GQ_SCFG), *cert = gq_message_find(m, GQ_CERT);
    const struct gq_value *proof = gq_message_find(m, GQ_PROF);
    uint32_t error = GQ_NO_ERROR;
    if (!keep_token(gq, s, m))
        return GQ_INTERNAL_ERROR;
    if (scfg && (scfg->len != s->config.len || memcmp(scfg->data, s->config.raw, scfg->len) != 0)) {
        s->proved = false;
        error = gq_config_parse(&s->config, scfg->data, scfg->len);
        if (error == GQ_NO_ERROR && s->config.expiry_s <= gq_unix(gq))
            error = GQ_CRYPTO_CONFIG_EXPIRED;
    }
    if (error == GQ_NO_ERROR && cert) {
        struct sd_chain chain;
        int result = gq_certs_decompress(&chain, gq->env, cert->data, cert->len, &s->chain);
        if (result != SD_OK)
            return result < 0 ? GQ_INTERNAL_ERROR : GQ_CRYPTO_PARAMETER;
        sd_chain_free(&s->chain);
        s->chain = chain;
        s->proved = false;
    }
    if (error == GQ_NO_ERROR && proof && s->config.len && s->chain.count > 0)
        error = prove(gq, c, proof);
    return error;
}

/* Data of the first flight was for nobody: what was given with open is void, the application says
 * it again; what it wrote since goes under new keys. */
static void void_early(struct gquic *gq, struct gq_connection *c)
{
    struct gq_fates fates = gq_fates_of(gq, c);
    gq_recovery_abandon(&c->recovery, &fates);
    c->has_keys[GQ_INITIAL] = false;
    c->write_level = GQ_UNENCRYPTED;
    if (c->handshake->early_len == 0)
        return;
    struct gq_stream *s = gq_stream_find(c, 3);
    if (s) {
        gq_outgoing_fini(&s->out);
        s->out = (struct gq_outgoing){0};
    }
    c->handshake->early_len = 0;
    gq_tell(gq, c, SD_EV_EARLY_REFUSED, "the server rejected the first flight");
}

static uint32_t take_rejection(struct gquic *gq, struct gq_connection *c,
                               const struct gq_message *m)
{
    struct gq_handshake *hs = c->handshake;
    if (c->state == GQ_OPEN)
        return GQ_CRYPTO_PARAMETER;
    gq_crypto_answered(gq, c);
    if (c->state == GQ_EXPECT_SHLO)
        void_early(gq, c);
    uint32_t error = take_config(gq, c, m);
    if (error != GQ_NO_ERROR)
        return error;
    const uint8_t *sno = gq_message_bytes(m, GQ_SNO, GQ_NONCE_LEN);
    hs->has_server_nonce = sno;
    if (sno)
        memcpy(hs->server_nonce, sno, GQ_NONCE_LEN);
    error = gq_client_hello(gq, c);
    if (error == GQ_NO_ERROR && c->state == GQ_EXPECT_SHLO && !gq->resumed)
        gq_tell_ready(gq, c);
    return error;
}

/* -- SHLO -- */

/* A list of versions that is not the one negotiated with was changed on the way. */
static bool versions_match(const struct gq_connection *c, const struct gq_message *m)
{
    const struct gq_value *v = gq_message_find(m, GQ_VER);
    struct sd_reader r = sd_reader_of(v ? v->data : NULL, v ? v->len : 0);
    for (uint32_t i = 0; i < c->offers; i++)
        if (sd_get32(&r) != c->offered[i])
            return false;
    return v && !r.bad && (c->offers == 0 || sd_left(&r) == 0);
}

static uint32_t make_forward_secure_keys(struct gquic *gq, struct gq_connection *c,
                                         const struct gq_message *m)
{
    struct gq_handshake *hs = c->handshake;
    const struct gq_server *s = c->server;
    const uint8_t *pubs = gq_message_bytes(m, GQ_PUBS, SD_X25519_LEN);
    const uint8_t *sno = gq_message_bytes(m, GQ_SNO, GQ_NONCE_LEN);
    uint8_t premaster[SD_X25519_LEN];
    if (!pubs)
        return GQ_CRYPTO_PARAMETER_NOT_FOUND;
    if (!sno && hs->has_server_nonce)
        sno = hs->server_nonce;
    if (!sd_x25519(premaster, hs->private_key, pubs))
        return GQ_CRYPTO_PARAMETER;
    bool made = gq_install_keys(gq, c, GQ_FORWARD_SECURE, c->keys[GQ_INITIAL].client.aead,
                                premaster, sno, &s->config, &s->chain.certificate[0]);
    sd_wipe(premaster, sizeof premaster);
    return made ? GQ_NO_ERROR : GQ_INTERNAL_ERROR;
}

static void take_parameters(struct gquic *gq, struct gq_connection *c, const struct gq_message *m)
{
    uint32_t stream = GQ_WINDOW_ASSUMED, connection = GQ_WINDOW_ASSUMED, idle_s;
    gq_message_get32(m, GQ_SFCW, &stream);
    gq_message_get32(m, GQ_CFCW, &connection);
    gq_streams_windows(gq, c, stream, connection);
    if (gq_message_get32(m, GQ_ICSL, &idle_s) && idle_s > 0 && idle_s * SD_SECOND < c->idle)
        c->idle = idle_s * SD_SECOND;
    const uint8_t *token = gq_message_bytes(m, GQ_SRST, GQ_RESET_TOKEN);
    c->has_reset_token = token;
    if (token)
        memcpy(c->reset_token, token, GQ_RESET_TOKEN);
}

static uint32_t take_server_hello(struct gquic *gq, struct gq_connection *c,
                                  const struct gq_message *m, bool clear)
{
    if (c->state != GQ_EXPECT_SHLO)
        return GQ_CRYPTO_PARAMETER;
    if (clear)
        return GQ_CRYPTO_ENCRYPTION_LEVEL; /* anybody could have sent it */
    if (!versions_match(c, m))
        return GQ_VERSION_MISMATCH;
    uint32_t error = make_forward_secure_keys(gq, c, m);
    if (error != GQ_NO_ERROR)
        return error;
    if (!keep_token(gq, c->server, m))
        return GQ_INTERNAL_ERROR;
    gq_crypto_answered(gq, c);
    take_parameters(gq, c, m);
    bool first_flight = c->handshake->hellos == 1;
    gq_handshake_done(gq, c);
    if (first_flight)
        gq_tell(gq, c, SD_EV_RESUMED, NULL);
    if (first_flight && c->handshake->early_len > 0)
        gq_tell(gq, c, SD_EV_EARLY_OK, NULL);
    gq_tell_ready(gq, c);
    gq_tell(gq, c, SD_EV_TICKET, "server config and source-address token");
    return GQ_NO_ERROR;
}

/* -- SCUP -- */

static uint32_t take_update(struct gquic *gq, struct gq_connection *c, const struct gq_message *m,
                            bool clear)
{
    if (c->state != GQ_OPEN || clear)
        return GQ_CRYPTO_ENCRYPTION_LEVEL;
    uint32_t error = take_config(gq, c, m);
    if (error == GQ_NO_ERROR)
        gq_tell(gq, c, SD_EV_TICKET, "a new server config");
    return error;
}

uint32_t gq_client_message(struct gquic *gq, struct gq_connection *c, const struct gq_message *m,
                           bool clear)
{
    switch (m->tag) {
    case GQ_REJ:
        return take_rejection(gq, c, m);
    case GQ_SHLO:
        return take_server_hello(gq, c, m, clear);
    case GQ_SCUP:
        return take_update(gq, c, m, clear);
    default:
        return GQ_CRYPTO_PARAMETER;
    }
}
