/* dtls.c - the DTLS agent inside: a seat of its own on the same host's clock, randomness and
 * memory, whose units go out with ours and whose events handshake.c digests. */
#include "protocols/srtp/media.h"
#include <string.h>

static void on_unit(void *ctx, const struct sd_unit *unit)
{
    struct srtp *a = ctx;
    uint8_t *data = sd_outbox_unit_with(&a->outbox, &unit->path, unit->len, unit->flags);
    if (data)
        memcpy(data, unit->data, unit->len);
}

/* What it points to lives only during this call: kept in one block, words first. */
static void on_event(void *ctx, const struct sd_event *e)
{
    struct srtp *a = ctx;
    size_t words = e->detail ? strlen(e->detail) + 1 : 0;
    size_t len = e->kind == SD_EV_PEER_AUTH ? e->len : 0;
    uint8_t *owned = words + len ? sd_alloc(a->env, words + len) : NULL;
    struct sd_event *kept = sd_outbox_event(&a->told, e->kind, e->sid, owned);
    kept->code = e->code;
    kept->path = e->path;
    if (owned && words)
        kept->detail = memcpy(owned, e->detail, words);
    if (owned && len) {
        kept->data = memcpy(owned + words, e->data, len);
        kept->len = len;
    }
}

static const struct sd_sink sink = {on_unit, on_event};

int sr_dtls_init(struct srtp *a, const struct sd_agent_ops *inner, struct sd_error *error)
{
    return sd_seat_init(&a->inner, inner, &a->inner_config, a->env, &sink, a, a->now, error);
}

void sr_dtls_fini(struct srtp *a)
{
    sd_seat_fini(&a->inner);
    sd_outbox_fini(&a->told);
}

int sr_dtls_open(struct srtp *a, const struct sd_open *open, sd_sid *association)
{
    return sd_seat_open(&a->inner, a->now, open, association);
}

int sr_dtls_net_in(struct srtp *a, const struct sd_unit *unit)
{
    int result = sd_seat_net_in(&a->inner, a->now, unit);
    sr_handshake_digest(a);
    return result;
}

void sr_dtls_expire(struct srtp *a)
{
    if (sd_seat_deadline(&a->inner) > a->now)
        return;
    sd_seat_expire(&a->inner, a->now);
    sr_handshake_digest(a);
}

int sr_dtls_control(struct srtp *a, sd_sid association, struct sd_control *c)
{
    return sd_seat_control(&a->inner, a->now, association, c);
}

void sr_dtls_close(struct srtp *a, sd_sid association)
{
    struct sd_control c = {.verb = SD_CLOSE};
    sr_dtls_control(a, association, &c);
}
