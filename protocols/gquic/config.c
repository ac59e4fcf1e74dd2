#include "protocols/gquic/config.h"
#include "protocols/crypto/dh.h"
#include "protocols/crypto/hash.h"
#include "sim/core/reader.h"
#include <string.h>

static void little(uint8_t *to, uint64_t v, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)(v >> 8 * i);
}

void gq_config_make(struct gq_own_config *own, struct sd_env *env,
                    const uint8_t orbit[GQ_ORBIT_LEN], uint64_t expiry_s)
{
    struct gq_config *c = &own->config;
    uint8_t kexs[4], aeads[4 * GQ_AEADS], pubs[3 + 32], expiry[8], hash[SD_SHA256_LEN];
    memset(c, 0, sizeof *c);
    sd_x25519_keygen(env, own->private_key, c->public_value);
    memcpy(c->orbit, orbit, GQ_ORBIT_LEN);
    c->expiry_s = expiry_s;
    little(kexs, GQ_C255, 4);
    for (size_t i = 0; i < GQ_AEADS; i++) {
        little(aeads + 4 * i, gq_aead_tags[i], 4);
        c->aead[i] = true;
    }
    little(pubs, sizeof c->public_value, 3);
    memcpy(pubs + 3, c->public_value, sizeof c->public_value);
    little(expiry, expiry_s, 8);

    struct gq_message m;
    gq_message_init(&m, GQ_SCFG);
    gq_message_put(&m, GQ_KEXS, kexs, sizeof kexs);
    gq_message_put(&m, GQ_AEAD, aeads, sizeof aeads);
    gq_message_put(&m, GQ_PUBS, pubs, sizeof pubs);
    gq_message_put(&m, GQ_OBIT, c->orbit, GQ_ORBIT_LEN);
    gq_message_put(&m, GQ_EXPY, expiry, sizeof expiry);
    /* S: the id is a hash of all the rest. */
    c->len = gq_message_write(&m, c->raw, sizeof c->raw);
    sd_sha256(hash, c->raw, c->len, NULL, 0);
    memcpy(c->id, hash, GQ_SCID_LEN);
    gq_message_put(&m, GQ_SCID, c->id, GQ_SCID_LEN);
    c->len = gq_message_write(&m, c->raw, sizeof c->raw);
}

/* The public value of key exchange number `place`, each behind three bytes of length. */
static bool take_public_value(struct gq_config *c, const struct gq_value *pubs, size_t place)
{
    struct sd_reader r = sd_reader_of(pubs ? pubs->data : NULL, pubs ? pubs->len : 0);
    for (size_t i = 0;; i++) {
        size_t len = sd_get8(&r);
        len |= (size_t)sd_get16le(&r) << 8;
        if (i == place && len != sizeof c->public_value)
            return false;
        if (i == place)
            return sd_get_copy(&r, c->public_value, sizeof c->public_value);
        sd_get(&r, len);
        if (r.bad)
            return false;
    }
}

uint32_t gq_config_parse(struct gq_config *c, const uint8_t *scfg, size_t len)
{
    struct gq_message m;
    size_t place;
    if (len > sizeof c->raw || !gq_message_parse(&m, scfg, len) || m.tag != GQ_SCFG)
        return GQ_CRYPTO_PARAMETER;
    memset(c, 0, sizeof *c);
    memcpy(c->raw, scfg, len);
    c->len = len;
    const uint8_t *id = gq_message_bytes(&m, GQ_SCID, GQ_SCID_LEN);
    const uint8_t *orbit = gq_message_bytes(&m, GQ_OBIT, GQ_ORBIT_LEN);
    if (!id || !orbit || !gq_message_get64(&m, GQ_EXPY, &c->expiry_s))
        return GQ_CRYPTO_PARAMETER_NOT_FOUND;
    memcpy(c->id, id, GQ_SCID_LEN);
    memcpy(c->orbit, orbit, GQ_ORBIT_LEN);
    bool any = false;
    for (size_t i = 0; i < GQ_AEADS; i++)
        any |= c->aead[i] = gq_message_lists(&m, GQ_AEAD, gq_aead_tags[i], &place);
    if (!any || !gq_message_lists(&m, GQ_KEXS, GQ_C255, &place))
        return GQ_CRYPTO_NO_SUPPORT;
    return take_public_value(c, gq_message_find(&m, GQ_PUBS), place) ? GQ_NO_ERROR
                                                                     : GQ_CRYPTO_PARAMETER;
}

/* What is signed. */
#define SIGNED_MAX (sizeof GQ_LABEL_PROOF + 4 + SD_SHA256_LEN + GQ_CONFIG_MAX)
static size_t put_signed(uint8_t out[SIGNED_MAX], const uint8_t chlo_hash[32],
                         const struct gq_config *c)
{
    struct sd_writer w = sd_writer_of(out, SIGNED_MAX);
    sd_put(&w, GQ_LABEL_PROOF, sizeof GQ_LABEL_PROOF);
    sd_put32le(&w, SD_SHA256_LEN);
    sd_put(&w, chlo_hash, SD_SHA256_LEN);
    sd_put(&w, c->raw, c->len);
    return sd_written(&w);
}

size_t gq_proof_sign(uint8_t *signature, size_t cap, const char *private_key,
                     const uint8_t chlo_hash[32], const struct gq_config *c)
{
    uint8_t text[SIGNED_MAX];
    return sd_sign_with_pem(signature, cap, private_key, text, put_signed(text, chlo_hash, c));
}

bool gq_proof_verify(const struct sd_certificate *leaf, const uint8_t *signature, size_t len,
                     const uint8_t chlo_hash[32], const struct gq_config *c)
{
    uint8_t text[SIGNED_MAX];
    return sd_verify_with_certificate(leaf, signature, len, text, put_signed(text, chlo_hash, c));
}
