/* agent.c - MinimaLT behind sim/core/agent.h. */
#include "protocols/minimalt/agent.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

static struct minimalt *of(struct sd_agent *agent)
{
    return (struct minimalt *)agent;
}

static void let_go(struct minimalt *mt)
{
    while (mt->held) {
        struct mt_segment *s = mt->held;
        mt->held = s->next;
        sd_free(s);
    }
}

/* Every input begins here: events have been pulled, and what they pointed into is free. */
static struct minimalt *at(struct sd_agent *agent, sd_time now)
{
    struct minimalt *mt = of(agent);
    mt->now = now;
    let_go(mt);
    return mt;
}

/* -- making one -- */

static void destroy(struct sd_agent *agent)
{
    struct minimalt *mt = of(agent);
    struct mt_tunnel *t;
    struct mt_connection *c;
    for (uint32_t place = 0; (t = sd_index_drain(&mt->by_tid, &place));)
        mt_tunnel_free(mt, t);
    for (uint32_t place = 0; (c = sd_index_drain(&mt->by_sid, &place));) /* those that wait */
        mt_connection_free(mt, c);
    let_go(mt);
    mt_directory_fini(mt);
    sd_outbox_fini(&mt->outbox);
    sd_agenda_fini(&mt->agenda);
    sd_free(mt->by_tid.slot);
    sd_free(mt->by_sid.slot);
    sd_free(mt->by_server.slot);
    sd_free(mt->seen[0].slot);
    sd_free(mt->seen[1].slot);
    sd_free(mt);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct minimalt *mt = sd_alloc(env, sizeof *mt);
    if (!mt)
        return sd_fail(error, SD_E_NOMEM, "minimalt: no memory for an agent");
    mt->base.ops = &sd_minimalt_agent;
    mt->env = env;
    mt->now = env->now;
    sd_outbox_init(&mt->outbox, env);
    sd_random(env, &mt->hash_seed, sizeof mt->hash_seed);
    sd_random(env, mt->puzzle_key, sizeof mt->puzzle_key);
    int result = mt_config_read(mt, config, error);
    if (result != SD_OK) {
        destroy(&mt->base);
        return result;
    }
    mt_directory_init(mt);
    *agent = &mt->base;
    return SD_OK;
}

/* -- inputs -- */

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct minimalt *mt = at(agent, now);
    const char *name = open->server_name ? open->server_name : mt->server_name;
    uint8_t server_long[MT_KEY_LEN];
    if (!(mt->role & SD_ROLE_CLIENT) || !open->path.remote.family || !name)
        return SD_E_ARG;
    sd_peer_key(server_long, mt->peers, mt->peer_count, &open->path.remote, name);
    struct mt_connection *c = mt_connection_new(mt, true);
    if (!c)
        return SD_E_NOMEM;
    long taken = mt_connection_write(mt, c, open->early, open->early_len, false);
    int result = taken == (long)open->early_len ? SD_OK : SD_E_ARG;
    if (result == SD_OK)
        result = mt_lookup_connect(mt, c, &open->path, server_long);
    if (result != SD_OK) {
        mt_connection_free(mt, c);
        return result;
    }
    *sid = c->sid;
    return SD_OK;
}

/* The connection that is that stream of the session; a client's is made now. */
static struct mt_connection *stream_of(struct minimalt *mt, struct mt_connection *session,
                                       uint64_t stream)
{
    struct mt_connection *c = stream ? mt_connection_by_stream(session, stream) : session;
    return c || !session->initiator || session->closing ? c : mt_create_beside(mt, session, stream);
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct minimalt *mt = at(agent, now);
    struct mt_connection *session = mt_connection_by_sid(mt, sid);
    struct mt_connection *c = session ? stream_of(mt, session, stream) : NULL;
    if (!c)
        return SD_E_ARG;
    if (c->out_ended || c->closing)
        return SD_E_STATE;
    long taken = mt_connection_write(mt, c, data, len, fin);
    struct mt_tunnel *t = c->tunnel;
    if (t && taken >= 0) {
        t->speak_at = SD_NEVER;
        mt_tunnel_pump(mt, t);
    }
    return taken;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *unit)
{
    return mt_receive(at(agent, now), unit);
}

static int expire(struct sd_agent *agent, sd_time now)
{
    struct minimalt *mt = at(agent, now);
    mt_directory_expire(mt);
    for (struct sd_due *due; (due = sd_agenda_due(&mt->agenda, now));)
        mt_tunnel_expire(mt, sd_due_of(due, struct mt_tunnel, due));
    return SD_OK;
}

static void close_connection(struct minimalt *mt, struct mt_connection *c)
{
    struct mt_tunnel *t = c->tunnel;
    if (!t && c->out.len == 0) {
        mt_lookup_cancel(mt, c);
        return;
    }
    c->closing = true;
    if (!t)
        return; /* what it said is still to be sent */
    t->speak_at = SD_NEVER;
    mt_tunnel_pump(mt, t);
}

/* This host has a new address.  P: the tunnel goes on under another name, so that nobody can tell
 * that it is the same host. */
static void move(struct minimalt *mt, struct mt_tunnel *t, const struct sd_path *path)
{
    if (!t->initiator)
        return;
    t->path.local = path->local;
    t->probe = true;
    mt_transport_repeat(&t->transport);
    mt_transport_restart(&t->transport);
    mt_rekey_ask(mt, t);
    mt_tunnel_pump(mt, t);
}

static int migrate(struct minimalt *mt, struct mt_connection *c, const struct sd_path *path)
{
    if (c && c->tunnel)
        move(mt, c->tunnel, path);
    for (uint32_t i = 0; !c && i < mt->by_server.size; i++)
        if (mt->by_server.slot[i].item)
            move(mt, mt->by_server.slot[i].item, path);
    return SD_OK;
}

static int rekey(struct minimalt *mt, struct mt_connection *c)
{
    if (!c->tunnel)
        return SD_E_STATE;
    if (c->tunnel->initiator)
        mt_rekey_ask(mt, c->tunnel);
    else
        mt_control_say(mt, c->tunnel, MT_CALL_REKEY_NOW, NULL, 0);
    mt_tunnel_pump(mt, c->tunnel);
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *control)
{
    struct minimalt *mt = at(agent, now);
    struct mt_connection *c = mt_connection_by_sid(mt, sid);
    if (!c && (sid || control->verb == SD_CLOSE || control->verb == SD_REKEY))
        return SD_E_ARG;
    switch (control->verb) {
    case SD_CLOSE:
        close_connection(mt, c);
        return SD_OK;
    case SD_REKEY:
        return rekey(mt, c);
    case SD_MIGRATE:
        return migrate(mt, c, &control->path);
    case SD_PATH_MTU:
        mt->path_mtu = (uint16_t)(control->mtu < UINT16_MAX ? control->mtu : UINT16_MAX);
        return SD_OK;
    default:
        return SD_E_UNSUPPORTED; /* nothing is exported */
    }
}

/* -- outputs -- */

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *unit)
{
    struct minimalt *mt = of(agent);
    (void)now;
    if (!sd_outbox_pull_unit(&mt->outbox, unit))
        return 0;
    mt->stats.units_out++;
    mt->stats.bytes_out += unit->len;
    return 1;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return sd_outbox_pull_event(&of(agent)->outbox, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    const struct minimalt *mt = (const struct minimalt *)agent;
    sd_time tunnel = sd_agenda_deadline(&mt->agenda);
    return tunnel < mt->ephemeral_at ? tunnel : mt->ephemeral_at;
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    *s = ((const struct minimalt *)agent)->stats;
}

static const struct sd_carrier carriers[] = {{.proto = SD_PROTO_UDP, .port = MT_PORT}, {0}};

static const struct sd_mode modes[] = {
    {.name = "fresh",
     .what = "a new tunnel by a cached service record: data in the first packet",
     .needs_earlier = true},
    {.name = "lookup",
     .what = "the record is asked for first, in the tunnel to the resolver",
     .needs_earlier = true},
    {.name = "boot", .what = "neither a record nor a tunnel to the resolver: both come first"},
    {.name = "cookie",
     .what = "as fresh, and the server poses a puzzle first",
     .needs_earlier = true},
    {0},
};

const struct sd_agent_ops sd_minimalt_agent = {
    .name = "minimalt",
    .title = "MinimaLT",
    .spec = "paper of CCS 2013",
    .service = SD_SERVICE_STREAM,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_DOS_MITIGATION | SD_F_MOBILITY | SD_F_SESSION_CACHE |
                SD_F_EARLY_DATA | SD_F_REPLAY_PREVENTION | SD_F_OUT_OF_ORDER | SD_F_KEY_UPDATE |
                SD_F_KEY_EXPIRATION | SD_F_TERMINATION | SD_F_IDENTITY_HIDING | SD_F_RELIABLE |
                SD_F_MULTIPLEXING,
    .overhead = MT_PACKET_MIN + MT_CALL_HEADER,
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
    .describe = mt_describe,
};
