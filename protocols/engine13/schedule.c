/* schedule.c - RFC 8446 section 7: from a pre-shared key and a Diffie-Hellman secret to the secrets
 * of each level, read from top to bottom of the diagram in 7.1. */
#include "protocols/engine13/inside.h"

#include "protocols/crypto/kdf.h"
#include <string.h>

static const struct sd_e13_suite suites[] = {
    {TLS_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256", SD_SHA256, SD_E13_AES_GCM, 16},
    {TLS_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384", SD_SHA384, SD_E13_AES_GCM, 32},
    {TLS_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256", SD_SHA256,
     SD_E13_CHACHA20_POLY1305, 32},
};

const struct sd_e13_suite *e13_suite(uint16_t id)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}

void e13_expand_label(const struct sd_e13_session *s, const uint8_t *secret, const char *label,
                      const uint8_t *context, size_t context_len, uint8_t *out, size_t len)
{
    const struct sd_expand_label e = {.hash = s->suite->hash,
                                      .prefix = s->context->flavour->prefix,
                                      .label = label,
                                      .secret = secret,
                                      .context = context,
                                      .context_len = context_len};
    sd_hkdf_expand_label(out, len, &e);
}

static size_t hash_len(const struct sd_e13_session *s)
{
    return sd_hash_len(s->suite->hash);
}

static void extract(struct sd_e13_session *s, const uint8_t *salt, const uint8_t *input, size_t len)
{
    static const uint8_t zeros[SD_HASH_MAX];
    sd_hkdf_extract(s->suite->hash, s->secret, salt, hash_len(s), input ? input : zeros,
                    input ? len : hash_len(s));
}

void e13_extract_first(struct sd_e13_session *s, const uint8_t *input, size_t len)
{
    static const uint8_t zeros[SD_HASH_MAX];
    extract(s, zeros, input, len);
}

/* Derive-Secret(secret, label, ""). */
static void derive_from_nothing(const struct sd_e13_session *s, const char *label, uint8_t *out)
{
    uint8_t empty[SD_HASH_MAX];
    sd_hash_of(s->suite->hash, empty, NULL, 0);
    e13_expand_label(s, s->secret, label, empty, hash_len(s), out, hash_len(s));
}

void e13_extract_next(struct sd_e13_session *s, const uint8_t *input, size_t len)
{
    uint8_t derived[SD_HASH_MAX];
    derive_from_nothing(s, "derived", derived);
    extract(s, derived, input, len);
    sd_wipe(derived, sizeof derived);
}

void e13_derive_secret(struct sd_e13_session *s, const char *label, uint8_t *out)
{
    uint8_t hash[SD_HASH_MAX];
    e13_transcript_hash(s, hash);
    e13_expand_label(s, s->secret, label, hash, hash_len(s), out, hash_len(s));
}

void e13_binder_key(const struct sd_e13_session *s, bool external, uint8_t *out)
{
    derive_from_nothing(s, external ? "ext binder" : "res binder", out);
}

void e13_verify_data(const struct sd_e13_session *s, const uint8_t *base_key,
                     const uint8_t *transcript_hash, uint8_t *out)
{
    uint8_t finished_key[SD_HASH_MAX];
    e13_expand_label(s, base_key, "finished", NULL, 0, finished_key, hash_len(s));
    sd_hmac(s->suite->hash, out, finished_key, hash_len(s), transcript_hash, hash_len(s));
    sd_wipe(finished_key, sizeof finished_key);
}

static void give(struct sd_e13_session *s, bool clients, enum sd_e13_level level,
                 const uint8_t *secret)
{
    s->carrier->secret(s->ctx, clients == s->client, level, s->suite, secret);
}

/* -- the diagram -- */

void e13_enter_early(struct sd_e13_session *s)
{
    uint8_t secret[SD_HASH_MAX];
    e13_derive_secret(s, "c e traffic", secret);
    e13_keylog(s, "CLIENT_EARLY_TRAFFIC_SECRET", secret);
    give(s, true, SD_E13_EARLY, secret);
    sd_wipe(secret, sizeof secret);
}

void e13_enter_handshake(struct sd_e13_session *s, const uint8_t *shared, size_t len)
{
    struct e13_opening *o = s->opening;
    e13_extract_next(s, shared, len);
    e13_derive_secret(s, "c hs traffic", o->client_secret);
    e13_derive_secret(s, "s hs traffic", o->server_secret);
    e13_keylog(s, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", o->client_secret);
    e13_keylog(s, "SERVER_HANDSHAKE_TRAFFIC_SECRET", o->server_secret);
    give(s, true, SD_E13_HANDSHAKE, o->client_secret);
    give(s, false, SD_E13_HANDSHAKE, o->server_secret);
}

void e13_enter_master(struct sd_e13_session *s)
{
    e13_extract_next(s, NULL, 0);
    e13_derive_secret(s, "c ap traffic", s->client_app);
    e13_derive_secret(s, "s ap traffic", s->server_app);
    e13_derive_secret(s, "exp master", s->exporter);
    e13_keylog(s, "CLIENT_TRAFFIC_SECRET_0", s->client_app);
    e13_keylog(s, "SERVER_TRAFFIC_SECRET_0", s->server_app);
    e13_keylog(s, "EXPORTER_SECRET", s->exporter);
    give(s, true, SD_E13_APPLICATION, s->client_app);
    give(s, false, SD_E13_APPLICATION, s->server_app);
}

void e13_finish_schedule(struct sd_e13_session *s)
{
    e13_derive_secret(s, "res master", s->resumption);
    sd_wipe(s->secret, sizeof s->secret);
}

void e13_next_traffic_secret(const struct sd_e13_session *s, uint8_t *secret)
{
    uint8_t next[SD_HASH_MAX];
    e13_expand_label(s, secret, "traffic upd", NULL, 0, next, hash_len(s));
    memcpy(secret, next, hash_len(s));
    sd_wipe(next, sizeof next);
}

int sd_e13_export(const struct sd_e13_session *s, const char *label, const void *context,
                  size_t context_len, uint8_t *out, size_t out_len)
{
    uint8_t secret[SD_HASH_MAX], hash[SD_HASH_MAX];
    if (strlen(label) > 249 || out_len == 0 || out_len > 255 * SD_SHA256_LEN)
        return SD_E_ARG;
    if (s->state != E13_CONNECTED)
        return SD_E_STATE;
    sd_hash_of(s->suite->hash, hash, NULL, 0);
    e13_expand_label(s, s->exporter, label, hash, hash_len(s), secret, hash_len(s));
    sd_hash_of(s->suite->hash, hash, context, context_len);
    e13_expand_label(s, secret, "exporter", hash, hash_len(s), out, out_len);
    sd_wipe(secret, sizeof secret);
    return SD_OK;
}

void sd_e13_traffic_key(const struct sd_e13_flavour *flavour, const struct sd_e13_suite *suite,
                        const uint8_t *secret, const char *label, uint8_t *out, size_t len)
{
    const struct sd_expand_label e = {
        .hash = suite->hash, .prefix = flavour->prefix, .label = label, .secret = secret};
    sd_hkdf_expand_label(out, len, &e);
}
