/* agent.c - DTLS 1.3 as Shakedown's hosts see it (sim/core/agent.h). */
#include "protocols/dtls13/agent.h"
#include "protocols/dtls13/dtls.h"

#define MTU_MIN 256u

static struct dtls13 *at(struct sd_agent *agent, sd_time now)
{
    struct dtls13 *a = (struct dtls13 *)agent;
    a->now = now;
    return a;
}

static void destroy(struct sd_agent *agent)
{
    struct dtls13 *a = (struct dtls13 *)agent;
    for (struct dtls_session *s; (s = sd_index_any(&a->by_sid));)
        dtls_session_free(s);
    sd_e13_context_fini(&a->handshake);
    sd_outbox_fini(&a->outbox);
    sd_agenda_fini(&a->agenda);
    sd_free(a->by_sid.slot);
    sd_free(a->by_path.slot);
    sd_free(a->by_cid.slot);
    sd_free(a);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct dtls13 *a = sd_alloc(env, sizeof *a);
    if (!a)
        return sd_fail(error, SD_E_NOMEM, "dtls13: no memory for an agent");
    a->base.ops = &sd_dtls13_agent;
    a->env = env;
    a->now = env->now;
    sd_outbox_init(&a->outbox, env);
    sd_random(env, &a->seed, sizeof a->seed);
    int result = dtls_config(a, config, error);
    if (result != SD_OK) {
        destroy(&a->base);
        return result;
    }
    *agent = &a->base;
    return SD_OK;
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct dtls13 *a = at(agent, now);
    if (!(a->handshake.config.role & SD_ROLE_CLIENT))
        return SD_E_STATE;
    struct dtls_session *old = dtls_session_by_path(a, &open->path, false);
    if (old && old->phase != DTLS_CLOSING)
        return SD_E_STATE; /* one association between two addresses */
    if (old) {
        dtls_session_gone(old, "a new session took its place");
        dtls_session_settle(old);
    }
    struct dtls_session *s = dtls_session_new(a, &open->path, true, open, false);
    if (!s)
        return SD_E_NOMEM;
    if (sd_e13_start(s->engine) != 0) {
        dtls_session_free(s);
        return SD_E_NOMEM;
    }
    dtls_flight_flush(s);
    if (s->writing[SD_E13_EARLY].known)
        dtls_session_write(s, open->early, open->early_len, true);
    *sid = s->sid;
    dtls_session_settle(s);
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct dtls13 *a = at(agent, now);
    struct dtls_session *s = dtls_session_by_sid(a, sid);
    (void)stream, (void)fin;
    if (!s || s->phase == DTLS_CLOSING)
        return SD_E_STATE;
    if (!s->may_send) {
        s->writable_wanted |= len > 0;
        return 0;
    }
    long taken = dtls_session_write(s, data, len, false);
    dtls_session_settle(s);
    return taken;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *u)
{
    return dtls_receive(at(agent, now), u);
}

static int expire(struct sd_agent *agent, sd_time now)
{
    struct dtls13 *a = at(agent, now);
    struct sd_due *due;
    while ((due = sd_agenda_due(&a->agenda, now)))
        dtls_session_expire(sd_due_of(due, struct dtls_session, due));
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    struct dtls13 *a = at(agent, now);
    struct dtls_session *s =
        sid ? dtls_session_by_sid(a, sid) : dtls_session_by_path(a, &c->path, false);
    int result = SD_OK;
    if (!s)
        return SD_E_STATE;
    switch (c->verb) {
    case SD_CLOSE:
        dtls_session_close(s);
        break;
    case SD_REKEY:
        result = dtls_update_keys(s, true);
        break;
    case SD_MIGRATE:
        dtls_path_moved(s, &c->path);
        break;
    case SD_EXPORT:
        return c->text && c->out
                   ? sd_e13_export(s->engine, c->text, c->in, c->in_len, c->out, c->out_len)
                   : SD_E_ARG;
    case SD_PATH_MTU: /* 4.4: what is sent again is cut to fit */
        a->path_mtu = (uint16_t)(c->mtu < MTU_MIN ? MTU_MIN : c->mtu < 65535 ? c->mtu : 65535);
        break;
    default:
        return SD_E_UNSUPPORTED;
    }
    dtls_session_settle(s);
    return result;
}

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *u)
{
    struct dtls13 *a = at(agent, now);
    if (!sd_outbox_pull_unit(&a->outbox, u))
        return 0;
    a->stats.units_out++;
    a->stats.bytes_out += u->len;
    return 1;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return sd_outbox_pull_event(&((struct dtls13 *)agent)->outbox, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    return sd_agenda_deadline(&((const struct dtls13 *)agent)->agenda);
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    *s = ((const struct dtls13 *)agent)->stats;
}

static const struct sd_carrier carriers[] = {{SD_PROTO_UDP, 4433}, {0}};

static const struct sd_mode modes[] = {
    {"fresh", "full handshake without HelloRetryRequest, one round trip", false},
    {"resumed", "ticket: PSK with (EC)DHE, no certificate", true},
    {"early", "application data with the ClientHello, under a ticket's key", true},
    {"cookie", "HelloRetryRequest with a cookie before the server keeps state", false},
    {"psk", "external pre-shared key with (EC)DHE", false},
    {"cid", "as fresh, with connection ids: the session follows a client that moves", false},
    {0},
};

const struct sd_agent_ops sd_dtls13_agent = {
    .name = "dtls13",
    .title = "DTLS 1.3",
    .spec = "RFC 9147",
    .service = SD_SERVICE_DATAGRAM,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_PSK | SD_F_ALG_NEGOTIATION | SD_F_AUTH_DELEGATION |
                SD_F_DOS_MITIGATION | SD_F_MOBILITY | SD_F_SOURCE_VALIDATION |
                SD_F_APP_NEGOTIATION | SD_F_EXTENSIONS | SD_F_SESSION_CACHE | SD_F_EARLY_DATA |
                SD_F_REPLAY_PREVENTION | SD_F_OUT_OF_ORDER | SD_F_KEY_UPDATE | SD_F_TERMINATION |
                SD_F_EXPORTER | SD_F_IDENTITY_HIDING | SD_F_PATH_VALIDATION,
    .overhead = DTLS13_RECORD_OVERHEAD,
    .create = create,
    .destroy = destroy,
    .open = open_session,
    .app_in = app_in,
    .net_in = net_in,
    .net_out = net_out,
    .event = event,
    .deadline = deadline,
    .expire = expire,
    .control = control,
    .stats = stats,
    .describe = dtls_describe,
};
