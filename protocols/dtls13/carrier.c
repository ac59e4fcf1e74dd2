/* carrier.c - between the handshake and the records: levels become epochs, messages get numbers. */
#include "protocols/dtls13/dtls.h"

#include <string.h>

static bool carry_message(void *ctx, enum sd_e13_level level, const uint8_t *message, size_t len)
{
    struct dtls_session *s = ctx;
    return dtls_flight_add(s, level == SD_E13_APPLICATION ? s->writing_epoch : level, message, len);
}

/* 6.1 */
static void carry_secret(void *ctx, bool sending, enum sd_e13_level level,
                         const struct sd_e13_suite *suite, const uint8_t *secret)
{
    struct dtls_session *s = ctx;
    uint64_t *newest = sending ? &s->writing_epoch : &s->reading_epoch;
    uint64_t epoch =
        level == SD_E13_APPLICATION && *newest >= SD_E13_APPLICATION ? *newest + 1 : level;
    struct dtls_keys *keys = sending ? s->writing : s->reading;
    dtls_keys_set(&keys[epoch & DTLS13_EPOCH_MASK], epoch, suite, secret);
    if (epoch >= SD_E13_HANDSHAKE)
        *newest = epoch;
}

static void carry_update_asked(void *ctx)
{
    dtls_update_keys(ctx, false);
}

static void carry_news(void *ctx, const struct sd_event *news)
{
    struct dtls_session *s = ctx;
    dtls_tell_with(s, news);
    switch (news->kind) {
    case SD_EV_READY:
        s->may_send = true;
        if (s->writable_wanted)
            dtls_tell(s, SD_EV_WRITABLE, 0, NULL);
        s->writable_wanted = false;
        break;
    case SD_EV_VALIDATED:
        s->validated = true;
        break;
    case SD_EV_TICKET:
        dtls_flight_drop(s, 0); /* who sends a ticket has our Finished */
        break;
    default:
        break;
    }
}

const struct sd_e13_carrier dtls_carrier = {carry_message, carry_secret, carry_update_asked,
                                            carry_news};

/* 8: one KeyUpdate at a time; the keys change when it is acknowledged. */
int dtls_update_keys(struct dtls_session *s, bool request)
{
    if (s->phase != DTLS_OPEN)
        return SD_E_STATE;
    if (dtls_flight_of(s, TLS_KEY_UPDATE))
        return SD_OK;
    return sd_e13_update(s->engine, request) == 0 ? SD_OK : SD_E_NOMEM;
}

static enum sd_e13_level level_of(uint64_t epoch)
{
    return epoch < SD_E13_APPLICATION ? (enum sd_e13_level)epoch : SD_E13_APPLICATION;
}

static void take_peer_cid(struct dtls_session *s)
{
    const uint8_t *cid;
    size_t len;
    if (s->cids || !sd_e13_peer_cid(s->engine, &cid, &len))
        return;
    s->cids = true;
    s->peer_cids = 1;
    s->peer_cid[0].len = (uint8_t)len;
    memcpy(s->peer_cid[0].bytes, cid, len);
}

static int deliver_one(struct dtls_session *s, const struct dtls_incoming *m)
{
    size_t len = TLS_HANDSHAKE_HEADER + m->len;
    uint8_t type = m->message[0];
    if (type == DTLS13_NEW_CONNECTION_ID || type == DTLS13_REQUEST_CONNECTION_ID)
        return dtls_cid_receive(s, m->message, len);
    int alert = sd_e13_receive(s->engine, level_of(m->epoch), m->message, len);
    if (!alert)
        take_peer_cid(s);
    if (!alert && s->phase == DTLS_HANDSHAKE && sd_e13_connected(s->engine))
        dtls_session_open(s);
    return alert;
}

int dtls_deliver(struct dtls_session *s)
{
    struct dtls_incoming *m;
    int alert = 0;
    while (!alert && (m = dtls_reassembled(s))) {
        alert = deliver_one(s, m);
        dtls_incoming_free(m);
    }
    return alert;
}
