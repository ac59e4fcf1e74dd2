/* psk.c - RFC 8446 4.2.11: pre-shared keys, external or out of a ticket, and the binders that tie
 * them to a ClientHello. */
#include "protocols/engine13/inside.h"

#include "protocols/crypto/kdf.h"
#include <string.h>

#define DEFAULT_IDENTITY "Client_identity" /* what openssl's own programs use */
#define IDENTITIES_MAX   4u                /* looked at, of those that a client offers */

void e13_psk_fini(struct e13_psk *psk)
{
    sd_free(psk->peer.der);
    sd_wipe(psk, sizeof *psk);
}

static const char *external_identity(const struct sd_e13_context *c)
{
    return c->config.psk_identity ? c->config.psk_identity : DEFAULT_IDENTITY;
}

static void take_external(const struct sd_e13_context *c, struct e13_psk *psk)
{
    memcpy(psk->key, c->config.psk, c->config.psk_len);
    psk->len = c->config.psk_len;
    psk->external = true;
    psk->hash = SD_SHA256; /* 4.2.11: unless the key says otherwise */
    psk->suite = e13_suite(TLS_AES_128_GCM_SHA256);
}

/* -- client -- */

int e13_psk_prepare(struct sd_e13_session *s)
{
    const struct sd_e13_context *c = s->context;
    struct e13_opening *o = s->opening;
    if (c->psk) {
        take_external(c, &o->psk);
        o->identity_len = strlen(external_identity(c));
        o->identity = e13_copy(c->env, external_identity(c), o->identity_len);
        if (!o->identity)
            return e13_fail(s, E13_INTERNAL_ERROR, "no memory for a PSK identity");
    } else if (c->resume) {
        e13_take_ticket(s);
    }
    if (o->psk.len > 0)
        s->suite = o->psk.suite;
    return 0;
}

static uint32_t obfuscated_age(const struct sd_e13_session *s)
{
    const struct e13_psk *psk = &s->opening->psk;
    if (psk->external)
        return 0;
    return (uint32_t)((s->context->env->now - psk->issued) / SD_MS) + psk->age_add;
}

void e13_offer_psk(struct sd_e13_session *s, struct sd_writer *w)
{
    const struct e13_opening *o = s->opening;
    if (o->psk.len == 0)
        return;
    struct e13_vector x = e13_open_extension(s, w, X_PRE_SHARED_KEY);
    struct e13_vector identities = e13_open_vector(w, 2);
    sd_put16(w, (uint16_t)o->identity_len);
    sd_put(w, o->identity, o->identity_len);
    sd_put32(w, obfuscated_age(s));
    e13_close_vector(w, identities);
    struct e13_vector binders = e13_open_vector(w, 2);
    sd_put8(w, (uint8_t)sd_hash_len(o->psk.hash));
    sd_put_space(w, sd_hash_len(o->psk.hash));
    e13_close_vector(w, binders);
    e13_close_vector(w, x);
}

/* 4.2.11.2: over the transcript, which ends with the ClientHello up to its binders. */
static void binder_of(struct sd_e13_session *s, bool external, uint8_t *binder)
{
    uint8_t key[SD_HASH_MAX], hash[SD_HASH_MAX];
    e13_transcript_hash(s, hash);
    e13_binder_key(s, external, key);
    e13_verify_data(s, key, hash, binder);
    sd_wipe(key, sizeof key);
}

int e13_fill_binder(struct sd_e13_session *s, uint8_t *hello, size_t len)
{
    struct e13_opening *o = s->opening;
    size_t binder_len = sd_hash_len(o->psk.hash), binders = 2 + 1 + binder_len;
    if (!o->transcript.state && !e13_transcript_begin(s))
        return e13_fail(s, E13_INTERNAL_ERROR, "no memory for a transcript");
    e13_extract_first(s, o->psk.key, o->psk.len);
    e13_transcript_add(s, hello, len - binders);
    binder_of(s, o->psk.external, hello + len - binder_len);
    e13_transcript_add(s, hello + len - binders, binders);
    return 0;
}

/* -- server -- */

static bool is_external(const struct sd_e13_context *c, struct sd_reader identity)
{
    const char *name = external_identity(c);
    return c->psk && sd_left(&identity) == strlen(name) &&
           memcmp(identity.at, name, strlen(name)) == 0;
}

int e13_choose_psk(struct sd_e13_session *s, const struct e13_extensions *x, struct e13_choice *n)
{
    struct e13_psk *psk = &s->opening->psk;
    if (!e13_has(x, X_PRE_SHARED_KEY))
        return 0;
    if (!e13_has(x, X_PSK_KEY_EXCHANGE_MODES))
        return e13_fail(s, E13_MISSING_EXTENSION, "a PSK without psk_key_exchange_modes");
    struct sd_reader modes = x->body[X_PSK_KEY_EXCHANGE_MODES];
    modes = sd_get_sub(&modes, sd_get8(&modes));
    bool dhe = false;
    while (sd_left(&modes) > 0)
        dhe |= sd_get8(&modes) == E13_PSK_DHE_KE;
    struct sd_reader r = x->body[X_PRE_SHARED_KEY];
    struct sd_reader identities = sd_get_sub(&r, sd_get16(&r));
    n->binders_at = r.at;
    struct sd_reader binders = sd_get_sub(&r, sd_get16(&r));
    if (r.bad || sd_left(&identities) == 0 || sd_left(&r) > 0)
        return e13_fail(s, E13_DECODE_ERROR, "pre_shared_key does not parse");
    for (n->identity = 0; n->identity < IDENTITIES_MAX && sd_left(&identities) > 0; n->identity++) {
        struct sd_reader identity = sd_get_sub(&identities, sd_get16(&identities));
        n->obfuscated_age = sd_get32(&identities);
        n->binder = sd_get_sub(&binders, sd_get8(&binders));
        if (identities.bad || binders.bad)
            return e13_fail(s, E13_DECODE_ERROR, "pre_shared_key does not parse");
        if (!dhe)
            continue;
        if (is_external(s->context, identity))
            take_external(s->context, psk);
        else if (!e13_open_ticket(s, identity.at, sd_left(&identity), psk))
            continue;
        return 0;
    }
    return 0;
}

int e13_check_binder(struct sd_e13_session *s, const struct e13_choice *n, const uint8_t *hello,
                     size_t len)
{
    uint8_t expected[SD_HASH_MAX];
    size_t before = (size_t)(n->binders_at - hello), binder_len = sd_hash_len(s->suite->hash);
    e13_transcript_add(s, hello, before);
    binder_of(s, s->opening->psk.external, expected);
    e13_transcript_add(s, hello + before, len - before);
    if (sd_left(&n->binder) != binder_len || !sd_equal_ct(expected, n->binder.at, binder_len))
        return e13_fail(s, E13_DECRYPT_ERROR, "the binder does not verify");
    return 0;
}
