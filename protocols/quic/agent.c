/* agent.c - QUIC as Shakedown's hosts see it (sim/core/agent.h). */
#include "protocols/quic/agent.h"

#include <stdio.h>
#include <string.h>

#include "protocols/quic/quic.h"

static struct quic *of(struct sd_agent *agent)
{
    return (struct quic *)agent;
}

static struct quic *at(struct sd_agent *agent, sd_time now)
{
    struct quic *q = of(agent);
    q->now = now;
    return q;
}

ngtcp2_tstamp quic_time(const struct quic *q)
{
    return q->env->epoch_s * SD_SECOND + q->now;
}

int quic_drop(struct quic *q, int reason)
{
    q->stats.dropped[reason]++;
    return reason;
}

/* -- making one -- */

static void destroy(struct sd_agent *agent)
{
    struct quic *q = of(agent);
    for (struct quic_connection *c; (c = sd_index_any(&q->by_sid));)
        quic_connection_free(c);
    quic_tickets_fini(q);
    quic_credentials_fini(q);
    sd_outbox_fini(&q->outbox);
    sd_agenda_fini(&q->agenda);
    sd_free(q->by_cid.slot);
    sd_free(q->by_sid.slot);
    sd_free(q->by_peer.slot);
    sd_free(q);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct quic *q = sd_alloc(env, sizeof *q);
    if (!q)
        return sd_fail(error, SD_E_NOMEM, "quic: no memory for an agent");
    q->base.ops = &sd_quic_agent;
    q->env = env;
    q->now = env->now;
    sd_outbox_init(&q->outbox, env);
    sd_random(env, &q->index_seed, sizeof q->index_seed);
    sd_random(env, q->static_key, sizeof q->static_key);
    int result = quic_config(q, config, error);
    if (result == SD_OK)
        result = quic_credentials(q, error);
    if (result != SD_OK) {
        destroy(&q->base);
        return result;
    }
    *agent = &q->base;
    return SD_OK;
}

/* -- inputs -- */

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct quic *q = at(agent, now);
    const char *name = open->server_name ? open->server_name : q->config.server_name;
    if (!(q->config.role & SD_ROLE_CLIENT) || !open->path.remote.family || !name ||
        strlen(name) >= sizeof((struct quic_connection *)0)->name)
        return SD_E_ARG;
    struct quic_connection *c = quic_connection_new(q, true, &open->path);
    if (!c)
        return SD_E_NOMEM;
    snprintf(c->name, sizeof c->name, "%s", name);
    int result = quic_open_client(c, q->version);
    struct quic_stream *s = NULL;
    if (result == SD_OK && open->early_len > 0 && c->early_offered &&
        (!(s = quic_stream_by_number(c, 0, true)) ||
         quic_stream_say_early(c, s, open->early, open->early_len) != (long)open->early_len))
        result = SD_E_ARG;
    if (result != SD_OK) {
        quic_connection_free(c);
        return result;
    }
    *sid = c->sid;
    if (open->early_len > 0 && !c->early_offered)
        quic_tell(c, SD_EV_EARLY_REFUSED, "there is no ticket for this server that allows it");
    quic_send(c);
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct quic *q = at(agent, now);
    struct quic_connection *c = quic_connection_by_sid(q, sid);
    long taken;
    if (!c)
        return SD_E_ARG;
    if (!c->ng || c->closing)
        return SD_E_STATE;
    if (stream == SD_STREAM_MESSAGES) {
        taken = c->ready ? quic_message_say(c, data, len) : 0;
    } else {
        struct quic_stream *s = quic_stream_by_number(c, stream, true);
        taken = s ? quic_stream_say(c, s, data, len, fin) : SD_E_NOMEM;
    }
    if (taken >= 0)
        quic_send(c);
    return taken;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *unit)
{
    struct quic *q = at(agent, now);
    q->stats.units_in++;
    q->stats.bytes_in += unit->len;
    return quic_receive(q, unit);
}

static int expire(struct sd_agent *agent, sd_time now)
{
    struct quic *q = at(agent, now);
    for (struct sd_due *due; (due = sd_agenda_due(&q->agenda, now));)
        quic_expire(sd_due_of(due, struct quic_connection, due));
    return SD_OK;
}

/* RFC 9001 6: only once the handshake is confirmed, and the last update acknowledged. */
static int update_keys(struct quic_connection *c)
{
    if (c->state != QUIC_OPEN || (c->client && !c->confirmed))
        return SD_E_STATE;
    quic_send(c); /* ngtcp2 prepares the next keys when it has a packet before it */
    if (!c->ng || ngtcp2_conn_initiate_key_update(c->ng, quic_time(c->quic)) != 0)
        return SD_E_STATE;
    quic_tell(c, SD_EV_KEY_UPDATE, "sending");
    quic_send(c);
    return SD_OK;
}

/* RFC 9000 9: only clients move.  Its old address is gone, so it sends from the new one at once;
 * before the handshake is confirmed that is like a NAT's rebinding. */
static int migrate(struct quic_connection *c, const struct sd_path *to)
{
    struct quic *q = c->quic;
    struct quic_path path;
    if (!c->client)
        return SD_E_UNSUPPORTED;
    if (!c->ng)
        return SD_E_STATE;
    c->path.local = to->local;
    c->path.local.proto = SD_PROTO_UDP;
    quic_path_of(&path, &c->path);
    if (ngtcp2_conn_initiate_immediate_migration(c->ng, &path.path, quic_time(q)) != 0)
        ngtcp2_conn_set_local_addr(c->ng, &path.path.local);
    quic_send(c);
    return SD_OK;
}

static int migrate_all(struct quic *q, const struct sd_path *to)
{
    for (uint32_t i = 0; i < q->by_sid.size; i++)
        if (q->by_sid.slot[i].item)
            migrate(q->by_sid.slot[i].item, to);
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *control)
{
    struct quic *q = at(agent, now);
    struct quic_connection *c = quic_connection_by_sid(q, sid);
    if (control->verb == SD_PATH_MTU) {
        uint32_t least = QUIC_DATAGRAM_MIN + QUIC_UDP_IPV4;
        uint32_t mtu = control->mtu > least ? control->mtu : least;
        q->path_mtu = mtu < q->path_mtu ? (uint16_t)mtu : q->path_mtu;
        return SD_OK;
    }
    if (control->verb == SD_MIGRATE && sid == 0)
        return migrate_all(q, &control->path);
    if (!c)
        return SD_E_ARG;
    switch (control->verb) {
    case SD_CLOSE:
        return quic_close_asked(c);
    case SD_REKEY:
        return update_keys(c);
    case SD_MIGRATE:
        return migrate(c, &control->path);
    case SD_EXPORT:
        return quic_tls_export(c, control);
    default:
        return SD_E_UNSUPPORTED;
    }
}

/* -- outputs -- */

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *unit)
{
    struct quic *q = at(agent, now);
    if (!sd_outbox_pull_unit(&q->outbox, unit))
        return 0;
    q->stats.units_out++;
    q->stats.bytes_out += unit->len;
    return 1;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return sd_outbox_pull_event(&of(agent)->outbox, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    return sd_agenda_deadline(&((const struct quic *)agent)->agenda);
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    *s = ((const struct quic *)agent)->stats;
}

static const struct sd_carrier carriers[] = {{.proto = SD_PROTO_UDP, .port = QUIC_PORT}, {0}};

const struct sd_agent_ops sd_quic_agent = {
    .name = "quic",
    .title = "QUIC",
    .spec = "RFC 9000",
    .service = SD_SERVICE_STREAM,
    .carriers = carriers,
    .modes = quic_modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_PSK | SD_F_ALG_NEGOTIATION | SD_F_AUTH_DELEGATION |
                SD_F_DOS_MITIGATION | SD_F_MOBILITY | SD_F_SOURCE_VALIDATION |
                SD_F_APP_NEGOTIATION | SD_F_EXTENSIONS | SD_F_SESSION_CACHE | SD_F_LENGTH_HIDING |
                SD_F_EARLY_DATA | SD_F_REPLAY_PREVENTION | SD_F_OUT_OF_ORDER | SD_F_KEY_UPDATE |
                SD_F_TERMINATION | SD_F_EXPORTER | SD_F_IDENTITY_HIDING | SD_F_RELIABLE |
                SD_F_PATH_VALIDATION | SD_F_MULTIPLEXING,
    .overhead = QUIC_OVERHEAD,
    .messages = true,
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
    .describe = quic_describe,
};
