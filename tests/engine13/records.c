#include "tests/engine13/records.h"

#include "protocols/crypto/aead.h"
#include "sim/core/reader.h"
#include <stdio.h>
#include <string.h>

/* -- RFC 8446 5.2, 5.3 -- */

static void nonce_of(struct tls_keys *k, uint8_t nonce[12])
{
    memcpy(nonce, k->iv, 12);
    for (int i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(k->sequence >> 8 * (7 - i));
    k->sequence++;
}

static void put_record(struct tls_end *t, enum sd_e13_level level, uint8_t type,
                       const uint8_t *data, size_t len)
{
    struct tls_keys *k = &t->writing[level];
    struct sd_writer w = sd_writer_of(t->out + t->out_len, TLS_BUFFER - t->out_len);
    uint8_t nonce[12], inner[TLS_RECORD_MAX + 1];
    size_t sealed = level == SD_E13_PLAIN ? len : len + 1 + SD_AEAD_TAG;
    sd_put8(&w, level == SD_E13_PLAIN ? type : TLS_APPLICATION_DATA);
    sd_put16(&w, TLS_VERSION_12);
    sd_put16(&w, (uint16_t)sealed);
    uint8_t *body = sd_put_space(&w, sealed);
    assert_non_null(body);
    if (level == SD_E13_PLAIN) {
        memcpy(body, data, len);
    } else {
        assert_true(k->known);
        memcpy(inner, data, len);
        inner[len] = type;
        nonce_of(k, nonce);
        const struct sd_aes_gcm gcm = {k->key, k->suite->key_len, SD_AEAD_TAG};
        if (k->suite->aead == SD_E13_AES_GCM)
            sd_aes_gcm_seal(&gcm, body, inner, len + 1, w.start, TLS_RECORD_HEADER, nonce);
        else
            sd_chachapoly_seal(body, inner, len + 1, w.start, TLS_RECORD_HEADER, nonce, k->key);
    }
    t->out_len += sd_written(&w);
}

static bool open_record(struct tls_keys *k, const uint8_t *record, size_t len, uint8_t *inner)
{
    uint8_t nonce[12];
    const uint8_t *body = record + TLS_RECORD_HEADER;
    const struct sd_aes_gcm gcm = {k->key, k->suite->key_len, SD_AEAD_TAG};
    nonce_of(k, nonce);
    bool good =
        k->suite->aead == SD_E13_AES_GCM
            ? sd_aes_gcm_open(&gcm, inner, body, len, record, TLS_RECORD_HEADER, nonce)
            : sd_chachapoly_open(inner, body, len, record, TLS_RECORD_HEADER, nonce, k->key);
    if (!good)
        k->sequence--;
    return good;
}

/* -- the carrier -- */

static bool carrier_send(void *ctx, enum sd_e13_level level, const uint8_t *message, size_t len)
{
    put_record(ctx, level, TLS_HANDSHAKE, message, len);
    return true;
}

static void carrier_secret(void *ctx, bool sending, enum sd_e13_level level,
                           const struct sd_e13_suite *suite, const uint8_t *secret)
{
    struct tls_end *t = ctx;
    struct tls_keys *k = sending ? &t->writing[level] : &t->reading[level];
    *k = (struct tls_keys){.known = true, .suite = suite};
    sd_e13_traffic_key(t->context.flavour, suite, secret, "key", k->key, suite->key_len);
    sd_e13_traffic_key(t->context.flavour, suite, secret, "iv", k->iv, sizeof k->iv);
    if (level == SD_E13_EARLY)
        t->early_open = true;
}

static void carrier_update_asked(void *ctx)
{
    tls_update(ctx, false);
}

static void carrier_tell(void *ctx, const struct sd_event *e)
{
    struct tls_end *t = ctx;
    t->told[e->kind]++;
    snprintf(t->detail[e->kind], sizeof t->detail[0], "%s", e->detail ? e->detail : "");
    if (e->kind == SD_EV_READY)
        t->ready_code = e->code;
    if (e->kind == SD_EV_PEER_AUTH)
        t->peer_len = e->len;
}

static const struct sd_e13_carrier carrier = {carrier_send, carrier_secret, carrier_update_asked,
                                              carrier_tell};

static void keep_key(void *ctx, enum sd_key_format format, const char *line)
{
    struct tls_end *t = ctx;
    size_t at = strlen(t->keys);
    (void)format;
    snprintf(t->keys + at, sizeof t->keys - at, "%s\n", line);
}

/* -- life -- */

void tls_make(struct tls_end *t, const struct tls_setup *setup)
{
    struct sd_error error = {0};
    memset(t, 0, sizeof *t);
    t->config = setup->config;
    t->client = t->config.role == SD_ROLE_CLIENT;
    t->alert_sent = t->alert_received = -1;
    assert_int_equal(sd_env_init(&t->env, setup->seed ? setup->seed : 1), SD_OK);
    t->env.keylog = keep_key;
    t->env.ctx = t;
    t->env.now = 1;
    struct sd_env *before = sd_enter(&t->env);
    t->context.psk = setup->psk;
    t->context.resume = setup->resume;
    t->context.early = setup->early;
    int r = sd_e13_context_init(&t->context, &sd_e13_tls, &t->config, &t->env, &t->stats, &error);
    for (const struct sd_option *o = t->config.options; r == SD_OK && o && o->name; o++)
        r = sd_e13_option(&t->context, o, &error);
    if (r != SD_OK)
        fail_msg("context: expected SD_OK, found %d: %s", r, error.text);
    sd_leave(before);
}

void tls_open(struct tls_end *t, bool demand_cookie, const char *early)
{
    struct sd_env *before = sd_enter(&t->env);
    const struct sd_e13_open open = {.carrier = &carrier,
                                     .ctx = t,
                                     .client = t->client,
                                     .server_name = t->client ? t->config.server_name : NULL,
                                     .early = early != NULL,
                                     .demand_cookie = demand_cookie};
    memset(t->told, 0, sizeof t->told);
    memset(t->reading, 0, sizeof t->reading);
    memset(t->writing, 0, sizeof t->writing);
    t->out_len = t->in_len = t->messages_len = t->received_len = 0;
    t->early_open = false;
    t->session = sd_e13_new(&t->context, &open);
    assert_non_null(t->session);
    if (t->client) {
        assert_int_equal(sd_e13_start(t->session), 0);
        if (t->early_open)
            put_record(t, SD_E13_EARLY, TLS_APPLICATION_DATA, (const uint8_t *)early,
                       strlen(early));
    }
    sd_leave(before);
}

void tls_end_session(struct tls_end *t)
{
    struct sd_env *before = sd_enter(&t->env);
    sd_e13_free(t->session);
    t->session = NULL;
    sd_leave(before);
}

void tls_free(struct tls_end *t)
{
    tls_end_session(t);
    struct sd_env *before = sd_enter(&t->env);
    sd_e13_context_fini(&t->context);
    sd_leave(before);
    uint64_t left = sd_heap_bytes(&t->env);
    if (left != 0)
        fail_msg("bytes left on the heap: expected 0, found %llu", (unsigned long long)left);
    sd_env_fini(&t->env);
}

/* -- bytes -- */

static enum sd_e13_level reading_level(const struct tls_end *t)
{
    if (sd_e13_connected(t->session))
        return SD_E13_APPLICATION;
    if (!t->client && t->early_open)
        return SD_E13_EARLY;
    return t->reading[SD_E13_HANDSHAKE].known ? SD_E13_HANDSHAKE : SD_E13_PLAIN;
}

static bool refuse(struct tls_end *t, int alert)
{
    const uint8_t bytes[] = {2, (uint8_t)alert};
    t->alert_sent = alert;
    enum sd_e13_level level = t->writing[SD_E13_APPLICATION].known && sd_e13_connected(t->session)
                                  ? SD_E13_APPLICATION
                              : t->writing[SD_E13_HANDSHAKE].known ? SD_E13_HANDSHAKE
                                                                   : SD_E13_PLAIN;
    put_record(t, level, TLS_ALERT, bytes, sizeof bytes);
    return false;
}

static bool take_messages(struct tls_end *t, enum sd_e13_level level, const uint8_t *data,
                          size_t len)
{
    memcpy(t->messages + t->messages_len, data, len);
    t->messages_len += len;
    while (t->messages_len >= TLS_HANDSHAKE_HEADER) {
        size_t whole = TLS_HANDSHAKE_HEADER + ((size_t)t->messages[1] << 16 |
                                               (size_t)t->messages[2] << 8 | t->messages[3]);
        if (t->messages_len < whole)
            break;
        if (t->messages[0] == TLS_END_OF_EARLY_DATA)
            t->early_open = false;
        int alert = sd_e13_receive(t->session, level, t->messages, whole);
        if (alert)
            return refuse(t, alert);
        t->messages_len -= whole;
        memmove(t->messages, t->messages + whole, t->messages_len);
    }
    return true;
}

static bool take_content(struct tls_end *t, enum sd_e13_level level, uint8_t type,
                         const uint8_t *data, size_t len)
{
    if (type == TLS_HANDSHAKE)
        return take_messages(t, level, data, len);
    if (type == TLS_ALERT && len == 2) {
        t->alert_received = data[1];
        return false;
    }
    if (type == TLS_APPLICATION_DATA && level != SD_E13_PLAIN) {
        memcpy(t->received + t->received_len, data, len);
        t->received_len += len;
    }
    return true;
}

static bool take_record(struct tls_end *t, const uint8_t *record, size_t len)
{
    uint8_t inner[TLS_CIPHERTEXT_MAX];
    enum sd_e13_level level = reading_level(t);
    if (record[0] == TLS_CHANGE_CIPHER_SPEC)
        return true;
    if (record[0] != TLS_APPLICATION_DATA)
        return take_content(t, SD_E13_PLAIN, record[0], record + TLS_RECORD_HEADER, len);
    if (len > sizeof inner || !t->reading[level].known ||
        !open_record(&t->reading[level], record, len, inner)) {
        /* 4.2.10: early data that was not taken is passed over. */
        if (!t->client && level == SD_E13_HANDSHAKE)
            return true;
        return level == SD_E13_PLAIN && !t->client ? true : refuse(t, E13_BAD_RECORD_MAC);
    }
    len -= SD_AEAD_TAG;
    while (len > 0 && inner[len - 1] == 0)
        len--;
    return len > 0 ? take_content(t, level, inner[len - 1], inner, len - 1) : refuse(t, 10);
}

bool tls_take(struct tls_end *t, const uint8_t *data, size_t len)
{
    bool good = true;
    memcpy(t->in + t->in_len, data, len);
    t->in_len += len;
    struct sd_env *before = sd_enter(&t->env);
    while (good && t->in_len >= TLS_RECORD_HEADER) {
        size_t body = (size_t)t->in[3] << 8 | t->in[4];
        if (t->in_len < TLS_RECORD_HEADER + body)
            break;
        good = take_record(t, t->in, body);
        t->in_len -= TLS_RECORD_HEADER + body;
        memmove(t->in, t->in + TLS_RECORD_HEADER + body, t->in_len);
    }
    sd_leave(before);
    return good;
}

void tls_write(struct tls_end *t, const char *text)
{
    struct sd_env *before = sd_enter(&t->env);
    put_record(t, SD_E13_APPLICATION, TLS_APPLICATION_DATA, (const uint8_t *)text, strlen(text));
    sd_leave(before);
}

void tls_update(struct tls_end *t, bool request)
{
    struct sd_env *before = sd_enter(&t->env);
    assert_int_equal(sd_e13_update(t->session, request), 0);
    sd_e13_update_sending(t->session);
    sd_leave(before);
}

size_t tls_give(struct tls_end *t, uint8_t *data, size_t cap)
{
    size_t len = t->out_len < cap ? t->out_len : cap;
    memcpy(data, t->out, len);
    t->out_len -= len;
    memmove(t->out, t->out + len, t->out_len);
    return len;
}

int tls_export(struct tls_end *t, const char *label, uint8_t *out, size_t len)
{
    struct sd_env *before = sd_enter(&t->env);
    int r = sd_e13_export(t->session, label, NULL, 0, out, len);
    sd_leave(before);
    return r;
}
