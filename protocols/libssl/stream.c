/* stream.c - TLS on TCP connections: which session a unit belongs to, and how it ends. */
#include "protocols/libssl/libssl.h"

#include <openssl/err.h>

int sd_ssl_stream_open(struct sd_agent *agent, sd_time now, const struct sd_open *open, sd_sid *sid)
{
    (void)now;
    struct sd_ssl_agent *a = (struct sd_ssl_agent *)agent;
    int result;
    if (!a->client || sd_ssl_session_by_path(a, &open->path))
        return SD_E_STATE;
    struct sd_ssl_session *s = sd_ssl_session_new(a, &open->path, true);
    if (!s)
        return SD_E_NOMEM;
    if (!sd_ssl_attach(s, open->server_name ? open->server_name : a->config.server_name)) {
        sd_ssl_session_free(s);
        ERR_clear_error();
        return SD_E_ARG;
    }
    *sid = s->sid;
    if (open->early_len > 0)
        sd_ssl_offer_early(s, open->early, open->early_len);
    sd_ssl_advance(s, &result);
    return SD_OK;
}

long sd_ssl_stream_app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                          const uint8_t *data, size_t len, bool fin)
{
    (void)now, (void)stream;
    struct sd_ssl_session *s = sd_ssl_session_by_sid((struct sd_ssl_agent *)agent, sid);
    if (!s)
        return SD_E_STATE;
    long taken = sd_ssl_write(s, data, len);
    if (fin && taken == (long)len && s->phase == SD_SSL_OPEN) {
        struct sd_control close = {.verb = SD_CLOSE};
        sd_ssl_control(s, &close);
    }
    return taken;
}

/* A connection was accepted.  The SSL object waits for the first byte. */
static struct sd_ssl_session *accept_session(struct sd_ssl_agent *a, const struct sd_path *path,
                                             int *result)
{
    if (a->stats.half_open >= a->half_open_max) {
        sd_ssl_send(a, path, NULL, 0, SD_UNIT_RESET);
        *result = sd_ssl_drop(a, SD_DROP_FULL);
        return NULL;
    }
    struct sd_ssl_session *s = sd_ssl_session_new(a, path, false);
    *result = s ? SD_OK : SD_E_NOMEM;
    return s;
}

static int end_of_stream(struct sd_ssl_session *s, uint8_t flags)
{
    if (flags & SD_UNIT_RESET) {
        sd_ssl_fail(s, "the connection was reset");
    } else if (s->phase == SD_SSL_CLOSING) {
        sd_ssl_gone(s, "the peer ended without close_notify");
    } else {
        /* RFC 8446 6.1: without close_notify nobody knows what was cut off. */
        sd_ssl_fail(s, s->phase == SD_SSL_OPEN
                           ? "truncated: the connection ended without close_notify"
                           : "the connection ended during the handshake");
    }
    return SD_OK;
}

static int bytes_in(struct sd_ssl_session *s, const struct sd_unit *u, bool *alive)
{
    struct sd_ssl_agent *a = s->agent;
    int result = SD_OK;
    *alive = true;
    if (s->phase == SD_SSL_WAITING) {
        if (sd_ssl_wants_cookie(a)) {
            *alive = sd_ssl_stateless(s, u->data, u->len, &result);
            return result;
        }
        if (!sd_ssl_attach(s, NULL)) {
            sd_ssl_session_free(s);
            *alive = false;
            return SD_E_NOMEM;
        }
    }
    s->in = u->data;
    s->in_len = u->len;
    *alive = sd_ssl_advance(s, &result);
    if (*alive) {
        s->in = NULL;
        s->in_len = 0;
    }
    return result;
}

int sd_ssl_stream_net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *u)
{
    (void)now;
    struct sd_ssl_agent *a = (struct sd_ssl_agent *)agent;
    struct sd_ssl_session *s = sd_ssl_session_by_path(a, &u->path);
    int result = SD_OK;
    bool alive = true;
    a->stats.units_in++;
    a->stats.bytes_in += u->len;
    if (!s) {
        if (!a->server || u->path.conn == 0 || !(u->flags & SD_UNIT_BEGIN))
            return u->len > 0 ? sd_ssl_drop(a, SD_DROP_UNKNOWN) : SD_OK;
        s = accept_session(a, &u->path, &result);
        if (!s)
            return result;
    }
    if (u->len > 0)
        result = bytes_in(s, u, &alive);
    if (alive && (u->flags & (SD_UNIT_FIN | SD_UNIT_RESET)))
        end_of_stream(s, u->flags);
    return result;
}

int sd_ssl_stream_control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    (void)now;
    struct sd_ssl_session *s = sd_ssl_session_by_sid((struct sd_ssl_agent *)agent, sid);
    return s ? sd_ssl_control(s, c) : SD_E_STATE;
}

sd_time sd_ssl_stream_deadline(const struct sd_agent *agent)
{
    (void)agent;
    return SD_NEVER; /* TCP has the timers */
}

int sd_ssl_stream_expire(struct sd_agent *agent, sd_time now)
{
    (void)agent, (void)now;
    return SD_OK;
}
