/* server.c - the server's handshake (QUIC Crypto, "Client hello", "Rejection", "Server hello"),
 * straight down. */
#include "protocols/crypto/dh.h"
#include "protocols/crypto/hash.h"
#include "protocols/gquic/certs.h"
#include "protocols/gquic/fnv.h"
#include "protocols/gquic/gquic.h"
#include <string.h>

#define REASONS_MAX 8

/* A CHLO, looked at. */
struct evaluation {
    const struct gq_message *m;
    const struct gq_own_config *config; /* that the client means; NULL: none that is known */
    bool token_good;
    const uint8_t *server_nonce; /* ours, and still good */
    enum gq_aead aead;
    uint8_t reason[4 * REASONS_MAX];
    size_t reasons;
};

static void little(uint8_t *to, uint64_t v, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)(v >> 8 * i);
}

static void because(struct evaluation *e, uint32_t reason)
{
    if (reason && e->reasons < REASONS_MAX)
        little(e->reason + 4 * e->reasons++, reason, 4);
}

/* -- looking at a CHLO -- */

static void find_config(const struct gquic *gq, struct evaluation *e)
{
    const uint8_t *id = gq_message_bytes(e->m, GQ_SCID, GQ_SCID_LEN);
    for (uint32_t i = 0; id && i < gq->configs; i++)
        if (memcmp(gq->config[i].config.id, id, GQ_SCID_LEN) == 0 &&
            gq->config[i].config.expiry_s > gq_unix(gq))
            e->config = &gq->config[i];
    if (!e->config)
        because(e, id ? GQ_REJECT_CONFIG_UNKNOWN : GQ_REJECT_INCHOATE);
    else if (!gq_message_find(e->m, GQ_NONC))
        because(e, GQ_REJECT_INCHOATE);
}

/* The source-address token: without it nobody has shown to be where the packet says. */
static void check_token(const struct gquic *gq, const struct gq_connection *c, struct evaluation *e)
{
    const struct gq_value *v = gq_message_find(e->m, GQ_STK);
    struct gq_returning back;
    uint32_t reason = gq_token_check(v ? v->data : NULL, v ? v->len : 0, gq->token_key,
                                     &c->path.remote, gq_unix(gq), &back);
    e->token_good = !reason || c->validated;
    if (!e->token_good && gq->validation != SD_VALIDATE_NEVER && e->reasons == 0)
        because(e, reason);
}

static void check_leaf(const struct gquic *gq, struct evaluation *e)
{
    uint64_t expected;
    const struct sd_certificate *leaf = &gq->chain.certificate[0];
    if (!gq_message_get64(e->m, GQ_XLCT, &expected) || expected != gq_fnv64(leaf->der, leaf->len))
        because(e, GQ_REJECT_LEAF);
}

/* The strike register is asked last: it remembers, whatever comes of the CHLO. */
static void check_nonce(struct gquic *gq, struct evaluation *e)
{
    const uint8_t *nonce = gq_message_bytes(e->m, GQ_NONC, GQ_NONCE_LEN);
    const struct gq_value *sno = gq_message_find(e->m, GQ_SNO);
    if (sno && gq_server_nonce_check(sno->data, sno->len, gq->token_key, gq_unix(gq)))
        e->server_nonce = sno->data;
    if (!nonce)
        because(e, GQ_REJECT_NONCE_INVALID);
    if (e->reasons > 0)
        return;
    uint32_t reason = gq_strike_take(&gq->strike, gq->env, nonce, e->server_nonce, gq_unix(gq));
    if (!gq->no_strike_register)
        because(e, reason);
    else
        gq->stats.replays_accepted += reason == GQ_REJECT_NONCE_NOT_UNIQUE;
}

static uint32_t choose_algorithms(struct evaluation *e)
{
    size_t place;
    if (!gq_message_lists(e->m, GQ_KEXS, GQ_C255, &place) || place != 0)
        return GQ_CRYPTO_NO_SUPPORT;
    for (int i = 0; i < GQ_AEADS; i++)
        if (gq_message_lists(e->m, GQ_AEAD, gq_aead_tags[i], &place) && place == 0) {
            e->aead = (enum gq_aead)i;
            return GQ_NO_ERROR;
        }
    return GQ_CRYPTO_NO_SUPPORT;
}

static void evaluate(struct gquic *gq, const struct gq_connection *c, struct evaluation *e)
{
    find_config(gq, e);
    check_token(gq, c, e);
    if (!e->config || !gq_message_find(e->m, GQ_NONC))
        return;
    check_leaf(gq, e);
    check_nonce(gq, e);
}

/* A client that first asked for a version that the server has was kept from it. */
static bool downgraded(const struct gquic *gq, const struct gq_connection *c,
                       const struct gq_message *m)
{
    struct sd_reader r = sd_reader_of(gq_message_bytes(m, GQ_VER, 4), 4);
    uint32_t wanted = sd_get32(&r);
    for (uint32_t i = 0; i < gq->version_count; i++)
        if (wanted == gq->versions[i] && wanted != c->version)
            return true;
    return r.bad;
}

/* -- REJ -- */

void gq_rejection_begin(struct gquic *gq, struct gq_rejection *r, uint32_t tag,
                        const struct sd_addr *client)
{
    const struct gq_config *config = &gq->config[0].config;
    gq_message_init(&r->m, tag);
    gq_message_put(&r->m, GQ_SCFG, config->raw, config->len);
    gq_token_make(r->token, gq->env, gq->token_key, client, gq_unix(gq), &(struct gq_returning){0});
    gq_message_put(&r->m, GQ_STK, r->token, GQ_TOKEN_LEN);
    little(r->ttl, config->expiry_s - gq_unix(gq), 8);
    gq_message_put(&r->m, GQ_STTL, r->ttl, 8);
}

void gq_rejection_because(struct gquic *gq, struct gq_rejection *r, const uint8_t *reasons,
                          size_t count)
{
    gq_message_put(&r->m, GQ_RREJ, reasons, 4 * count);
    if (gq->no_strike_register)
        return;
    gq_server_nonce_make(r->nonce, gq->env, gq->token_key, gq_unix(gq));
    gq_message_put(&r->m, GQ_SNO, r->nonce, GQ_NONCE_LEN);
}

/* Chain and signature are the long part: S: they go to an address without a token only if the
 * whole is less than three times the CHLO. */
static uint32_t put_proof(struct gquic *gq, struct gq_connection *c, struct gq_rejection *r,
                          const struct gq_message *chlo, size_t limit)
{
    const struct gq_value *held = chlo ? gq_message_find(chlo, GQ_CCRT) : NULL;
    uint8_t *chain = gq->compressed;
    size_t chain_len = gq->compressed_len;
    if (held && gq_certs_compress(&r->chain, &chain_len, gq->env, &gq->chain, held->data,
                                  held->len) != SD_OK)
        return GQ_INTERNAL_ERROR;
    if (held)
        chain = r->chain;
    size_t signature = gq_proof_sign(r->signature, sizeof r->signature, gq->identity->private_key,
                                     c->chlo_hash, &gq->config[0].config);
    if (!signature)
        return GQ_INTERNAL_ERROR;
    if (chain_len + signature >= limit)
        return GQ_NO_ERROR;
    gq_message_put(&r->m, GQ_CERT, chain, chain_len);
    gq_message_put(&r->m, GQ_PROF, r->signature, signature);
    return GQ_NO_ERROR;
}

static size_t proof_limit(const struct gquic *gq, const struct evaluation *e, size_t chlo_len)
{
    if (e->token_good || gq->validation == SD_VALIDATE_NEVER)
        return SIZE_MAX;
    return gq->insist ? 0 : GQ_REJ_MULTIPLIER * chlo_len - GQ_REJ_OVERHEAD;
}

static uint32_t send_message(struct gquic *gq, struct gq_connection *c, enum gq_level level,
                             const struct gq_message *m)
{
    size_t len = gq_message_size(m);
    uint8_t *raw = sd_alloc(gq->env, len);
    bool good =
        raw && gq_message_write(m, raw, len) == len && gq_crypto_send(gq, c, level, raw, len);
    sd_free(raw);
    return good ? GQ_NO_ERROR : GQ_INTERNAL_ERROR;
}

static uint32_t reject(struct gquic *gq, struct gq_connection *c, const struct evaluation *e,
                       size_t chlo_len)
{
    struct gq_rejection r = {.chain = NULL};
    gq_rejection_begin(gq, &r, GQ_REJ, &c->path.remote);
    gq_rejection_because(gq, &r, e->reason, e->reasons);
    uint32_t error = GQ_NO_ERROR;
    size_t place, limit = proof_limit(gq, e, chlo_len);
    if (limit > 0 && gq_message_lists(e->m, GQ_PDMD, GQ_X509, &place))
        error = put_proof(gq, c, &r, e->m, limit);
    if (error == GQ_NO_ERROR)
        error = send_message(gq, c, GQ_UNENCRYPTED, &r.m);
    sd_free(r.chain);
    c->rejected = true;
    return error;
}

/* -- SHLO -- */

/* Initial keys of the config's key pair; the server's is made this connection's own. */
static uint32_t make_initial_keys(struct gquic *gq, struct gq_connection *c,
                                  const struct evaluation *e, const uint8_t *client_public)
{
    uint8_t premaster[SD_X25519_LEN];
    if (!sd_x25519(premaster, e->config->private_key, client_public))
        return GQ_CRYPTO_PARAMETER;
    bool made = gq_install_keys(gq, c, GQ_INITIAL, e->aead, premaster, e->server_nonce,
                                &e->config->config, &gq->chain.certificate[0]);
    sd_wipe(premaster, sizeof premaster);
    if (!made)
        return GQ_INTERNAL_ERROR;
    sd_random(gq->env, c->diversification, GQ_NONCE_LEN);
    gq_key_diversify(&c->keys[GQ_INITIAL].server, c->diversification);
    return GQ_NO_ERROR;
}

/* Forward-secure keys of two key pairs that nobody keeps. */
static uint32_t make_forward_secure_keys(struct gquic *gq, struct gq_connection *c,
                                         const struct evaluation *e, const uint8_t *client_public,
                                         const uint8_t server_nonce[GQ_NONCE_LEN],
                                         uint8_t public_value[SD_X25519_LEN])
{
    uint8_t private_key[SD_X25519_LEN], premaster[SD_X25519_LEN];
    sd_x25519_keygen(gq->env, private_key, public_value);
    bool made = sd_x25519(premaster, private_key, client_public) &&
                gq_install_keys(gq, c, GQ_FORWARD_SECURE, e->aead, premaster, server_nonce,
                                &e->config->config, &gq->chain.certificate[0]);
    sd_wipe(private_key, sizeof private_key);
    sd_wipe(premaster, sizeof premaster);
    return made ? GQ_NO_ERROR : GQ_INTERNAL_ERROR;
}

/* The client's address as C's examples have it: family, address, port, all little endian but the
 * address. */
static size_t put_address(uint8_t out[20], const struct sd_addr *a)
{
    struct sd_writer w = sd_writer_of(out, 20);
    sd_put16le(&w, a->family == 6 ? 10 : 2);
    sd_put(&w, a->ip, a->family == 6 ? 16 : 4);
    sd_put16le(&w, a->port);
    return sd_written(&w);
}

static uint32_t send_server_hello(struct gquic *gq, struct gq_connection *c,
                                  const uint8_t public_value[SD_X25519_LEN],
                                  const uint8_t server_nonce[GQ_NONCE_LEN])
{
    struct gq_message m;
    uint8_t token[GQ_TOKEN_LEN], versions[8], address[20];
    uint8_t icsl[4], mids[4], sfcw[4], cfcw[4], reset[GQ_RESET_TOKEN];
    struct sd_writer w = sd_writer_of(versions, sizeof versions);
    gq_message_init(&m, GQ_SHLO);
    gq_message_put(&m, GQ_PUBS, public_value, SD_X25519_LEN);
    gq_message_put(&m, GQ_SNO, server_nonce, GQ_NONCE_LEN);
    for (uint32_t i = 0; i < gq->version_count; i++)
        sd_put32(&w, gq->versions[i]);
    gq_message_put(&m, GQ_VER, versions, sd_written(&w));
    gq_token_make(token, gq->env, gq->token_key, &c->path.remote, gq_unix(gq),
                  &(struct gq_returning){0});
    gq_message_put(&m, GQ_STK, token, GQ_TOKEN_LEN);
    gq_message_put(&m, GQ_CADR, address, put_address(address, &c->path.remote));
    little(icsl, GQ_IDLE / SD_SECOND, 4);
    gq_message_put(&m, GQ_ICSL, icsl, 4);
    little(mids, GQ_STREAMS_MAX, 4);
    gq_message_put(&m, GQ_MIDS, mids, 4);
    little(sfcw, GQ_STREAM_WINDOW, 4);
    gq_message_put(&m, GQ_SFCW, sfcw, 4);
    little(cfcw, GQ_CONNECTION_WINDOW, 4);
    gq_message_put(&m, GQ_CFCW, cfcw, 4);
    if (c->version == GQ_Q046) {
        gq_reset_token(gq, c->cid, reset);
        gq_message_put(&m, GQ_SRST, reset, sizeof reset);
    }
    return send_message(gq, c, GQ_INITIAL, &m);
}

static void take_parameters(struct gquic *gq, struct gq_connection *c, const struct gq_message *m)
{
    uint32_t stream = GQ_WINDOW_ASSUMED, connection = GQ_WINDOW_ASSUMED, idle_s;
    gq_message_get32(m, GQ_SFCW, &stream);
    gq_message_get32(m, GQ_CFCW, &connection);
    gq_streams_windows(gq, c, stream, connection);
    if (gq_message_get32(m, GQ_ICSL, &idle_s) && idle_s > 0 && idle_s * SD_SECOND < c->idle)
        c->idle = idle_s * SD_SECOND;
}

static uint32_t accept(struct gquic *gq, struct gq_connection *c, struct evaluation *e,
                       const uint8_t *raw, size_t len)
{
    struct gq_handshake *hs = c->handshake;
    const uint8_t *nonce = gq_message_bytes(e->m, GQ_NONC, GQ_NONCE_LEN);
    const uint8_t *client_public = gq_message_bytes(e->m, GQ_PUBS, SD_X25519_LEN);
    uint8_t server_nonce[GQ_NONCE_LEN], public_value[SD_X25519_LEN];
    if (!client_public || !nonce)
        return GQ_CRYPTO_PARAMETER_NOT_FOUND;
    memcpy(hs->client_nonce, nonce, GQ_NONCE_LEN);
    hs->chlo = (uint8_t *)(uintptr_t)raw; /* for as long as keys are made of it */
    hs->chlo_len = len;
    gq_server_nonce_make(server_nonce, gq->env, gq->token_key, gq_unix(gq));
    uint32_t error = make_initial_keys(gq, c, e, client_public);
    if (error == GQ_NO_ERROR)
        error = make_forward_secure_keys(gq, c, e, client_public, server_nonce, public_value);
    hs->chlo = NULL;
    if (error == GQ_NO_ERROR)
        error = send_server_hello(gq, c, public_value, server_nonce);
    if (error != GQ_NO_ERROR)
        return error;
    bool first = !c->rejected;
    take_parameters(gq, c, e->m);
    gq_handshake_done(gq, c);
    if (first)
        gq_tell(gq, c, SD_EV_RESUMED, NULL);
    gq_tell_ready(gq, c);
    return GQ_NO_ERROR;
}

uint32_t gq_server_message(struct gquic *gq, struct gq_connection *c, const struct gq_message *m,
                           const uint8_t *raw, size_t len)
{
    struct evaluation e = {.m = m};
    if (m->tag != GQ_CHLO || c->state != GQ_EXPECT_CHLO)
        return GQ_CRYPTO_PARAMETER;
    if (len < GQ_CHLO_MIN)
        return GQ_CRYPTO_PARAMETER; /* S: "client hello too small" */
    if (++c->handshake->hellos > GQ_HELLOS_MAX)
        return GQ_CRYPTO_TOO_MANY_REJECTS;
    if (downgraded(gq, c, m))
        return GQ_VERSION_MISMATCH;
    gq_crypto_answered(gq, c); /* a REJ that was sent before */
    sd_sha256(c->chlo_hash, raw, len, NULL, 0);
    evaluate(gq, c, &e);
    if (e.token_good && !c->validated) {
        c->validated = true;
        gq_tell(gq, c, SD_EV_VALIDATED, "source-address token");
    }
    if (e.reasons > 0)
        return reject(gq, c, &e, len);
    uint32_t error = choose_algorithms(&e);
    return error == GQ_NO_ERROR ? accept(gq, c, &e, raw, len) : error;
}

/* -- SCUP -- */

static uint32_t send_update(struct gquic *gq, struct gq_connection *c)
{
    struct gq_rejection r = {.chain = NULL};
    gq_rejection_begin(gq, &r, GQ_SCUP, &c->path.remote);
    uint32_t error = put_proof(gq, c, &r, NULL, SIZE_MAX);
    return error == GQ_NO_ERROR ? send_message(gq, c, GQ_FORWARD_SECURE, &r.m) : error;
}

void gq_server_rotate(struct gquic *gq)
{
    gq->config[1] = gq->config[0];
    gq->configs = 2;
    gq_config_make(&gq->config[0], gq->env, gq->strike.orbit, gq_unix(gq) + GQ_CONFIG_LIFE_S);
    for (uint32_t i = 0; i < gq->by_sid.size; i++) {
        struct gq_connection *c = gq->by_sid.slot[i].item;
        if (!c || c->client || c->state != GQ_OPEN)
            continue;
        if (send_update(gq, c) != GQ_NO_ERROR)
            gq_close(gq, c, GQ_INTERNAL_ERROR, "no memory for a new server config");
        sd_agenda_set(&gq->agenda, gq->env, &c->due, gq->now); /* it goes out from there */
    }
}
