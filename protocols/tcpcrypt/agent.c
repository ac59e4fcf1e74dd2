/* agent.c - tcpcrypt as Shakedown's hosts see it (sim/core/agent.h). */
#include "protocols/tcpcrypt/agent.h"
#include "protocols/tcpcrypt/tcpcrypt.h"
#include <string.h>

static struct tcpcrypt *of(struct sd_agent *agent)
{
    return (struct tcpcrypt *)agent;
}

static struct tcpcrypt *at(struct sd_agent *agent, sd_time now)
{
    struct tcpcrypt *tc = of(agent);
    tc->now = now;
    return tc;
}

static void destroy(struct sd_agent *agent)
{
    struct tcpcrypt *tc = of(agent);
    tc_sessions_fini(tc);
    tc_cache_fini(&tc->cache);
    sd_outbox_fini(&tc->outbox);
    sd_free(tc);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct tcpcrypt *tc = sd_alloc(env, sizeof *tc);
    if (!tc)
        return sd_fail(error, SD_E_NOMEM, "tcpcrypt: no memory for an agent");
    tc->base.ops = &sd_tcpcrypt_agent;
    tc->env = env;
    tc->now = env->now;
    sd_outbox_init(&tc->outbox, env);
    int result = tc_config_read(&tc->set, tc->base.ops, config, error);
    if (result != SD_OK) {
        destroy(&tc->base);
        return result;
    }
    *agent = &tc->base;
    return SD_OK;
}

/* -- inputs -- */

/* A session whose connection is up; what TCP is still opening is nobody's yet. */
static struct tc_session *open_session_of(struct tcpcrypt *tc, sd_sid sid)
{
    struct tc_session *s = sid ? tc_session_find(tc, sid) : NULL;
    return s && s->state != TC_OPENING ? s : NULL;
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct tcpcrypt *tc = at(agent, now);
    uint32_t conn = open->path.conn;
    if (!(tc->set.role & SD_ROLE_CLIENT) || !conn)
        return SD_E_ARG;
    if (open->early_len > 0) /* RFC 8548 puts no data into SYNs */
        return SD_E_UNSUPPORTED;
    struct tc_session *s = tc_session_find(tc, conn);
    if (s && s->state != TC_OPENING)
        return SD_E_STATE;
    if (!s)
        s = tc_session_new(tc, &open->path);
    if (!s)
        return SD_E_NOMEM;
    s->path = open->path;
    *sid = conn;
    tc_session_begin(tc, s);
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct tcpcrypt *tc = at(agent, now);
    struct tc_session *s = open_session_of(tc, sid);
    if (!s || stream > SD_TCPCRYPT_URGENT)
        return SD_E_ARG;
    return tc_session_write(tc, s, stream, data, len, fin);
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *unit)
{
    return tc_receive(at(agent, now), unit);
}

static sd_time deadline(const struct sd_agent *agent)
{
    const struct tcpcrypt *tc = (const struct tcpcrypt *)agent;
    return tc->first ? tc->first->ends : SD_NEVER;
}

/* TCP has given up these connections by now, and told nobody. */
static int expire(struct sd_agent *agent, sd_time now)
{
    struct tcpcrypt *tc = at(agent, now);
    while (tc->first && tc->first->ends <= now)
        tc_session_free(tc, tc->first->session);
    return SD_OK;
}

/* 5.1 of RFC 8547: an error when there is no session id. */
static int export_session_id(const struct tc_session *s, struct sd_control *control)
{
    if (!control->text || strcmp(control->text, SD_TCPCRYPT_SESSION_ID) != 0 || !control->out ||
        control->out_len != TC_SESSION_ID_LEN)
        return SD_E_ARG;
    if (s->state != TC_OPEN && s->state != TC_CLOSING)
        return SD_E_STATE;
    memcpy(control->out, s->session_id, TC_SESSION_ID_LEN);
    return SD_OK;
}

/* 3.8: one at a time, because nothing else is being sent with it. */
static int rekey(struct tcpcrypt *tc, struct tc_session *s)
{
    if (s->state == TC_PLAIN || s->state == TC_PLAIN_CLOSING)
        return SD_E_UNSUPPORTED;
    if (s->state != TC_OPEN || s->receive.generation < s->send.generation)
        return SD_E_STATE;
    tc_rekey(tc, s);
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *control)
{
    struct tcpcrypt *tc = at(agent, now);
    struct tc_session *s = open_session_of(tc, sid);
    if (control->verb == SD_MIGRATE || control->verb == SD_PATH_MTU)
        return SD_E_UNSUPPORTED; /* a connection is where TCP is */
    if (!s)
        return SD_E_ARG;
    switch (control->verb) {
    case SD_CLOSE:
        if (control->text && strcmp(control->text, SD_TCPCRYPT_FORGET) == 0)
            tc_cache_forget(&tc->cache, s->lineage);
        return tc_session_close(tc, s);
    case SD_REKEY:
        return rekey(tc, s);
    case SD_EXPORT:
        return export_session_id(s, control);
    default:
        return SD_E_UNSUPPORTED;
    }
}

/* -- outputs -- */

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *unit)
{
    struct tcpcrypt *tc = at(agent, now);
    if (!sd_outbox_pull_unit(&tc->outbox, unit))
        return 0;
    tc->stats.units_out++;
    tc->stats.bytes_out += unit->len;
    return 1;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return sd_outbox_pull_event(&of(agent)->outbox, e);
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    *s = ((const struct tcpcrypt *)agent)->stats;
}

static const struct sd_carrier carriers[] = {{.proto = SD_PROTO_TCP, .port = TC_PORT}, {0}};

static const struct sd_mode modes[] = {
    {.name = "fresh", .what = "ENO, then Init1 and Init2 by X25519"},
    {.name = "resumed",
     .what = "keys from an earlier session's secret: data follows TCP's handshake at once",
     .needs_earlier = true},
    {.name = "p256", .what = "as fresh, by P-256"},
    {.name = "plain", .what = "the server does not speak ENO: plain TCP, which says so"},
    {0},
};

const struct sd_agent_ops sd_tcpcrypt_agent = {
    .name = "tcpcrypt",
    .title = "tcpcrypt",
    .spec = "RFC 8548",
    .service = SD_SERVICE_STREAM,
    .carriers = carriers,
    .modes = modes,
    /* Of a connection that is encrypted.  Nobody is authenticated: the application may do that
     * with the session id. */
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY |
                SD_F_ALG_NEGOTIATION | SD_F_AUTH_DELEGATION | SD_F_SOURCE_VALIDATION |
                SD_F_SESSION_CACHE | SD_F_REPLAY_PREVENTION | SD_F_KEY_UPDATE | SD_F_TERMINATION |
                SD_F_RELIABLE | SD_F_TRANSPARENT,
    .overhead = TC_FRAME_OVERHEAD,
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
    .tcp_options = tc_tcp_options,
    .describe = tc_describe,
};
