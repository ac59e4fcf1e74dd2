/* agent.c - gQUIC as Shakedown's hosts see it (sim/core/agent.h). */
#include "protocols/gquic/agent.h"
#include "protocols/gquic/certs.h"
#include "protocols/gquic/gquic.h"
#include <string.h>

#define PATH_MTU       1500u
#define HALF_OPEN_MAX  1024u
#define CLOSE_PATIENCE (5 * SD_SECOND) /* for data under way when the application closes */

static struct gquic *of(struct sd_agent *agent)
{
    return (struct gquic *)agent;
}

static struct gquic *at(struct sd_agent *agent, sd_time now)
{
    struct gquic *gq = of(agent);
    gq->now = now;
    return gq;
}

/* -- making one -- */

static int read_versions(struct gquic *gq, const char *text, struct sd_error *error)
{
    static const struct {
        const char *name;
        uint32_t versions[2], count;
    } rows[] = {
        {"Q043", {GQ_Q043}, 1},
        {"Q046", {GQ_Q046}, 1},
        {"Q043,Q046", {GQ_Q043, GQ_Q046}, 2},
        {"Q046,Q043", {GQ_Q046, GQ_Q043}, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(text, rows[i].name) == 0) {
            memcpy(gq->versions, rows[i].versions, sizeof gq->versions);
            gq->version_count = rows[i].count;
            return SD_OK;
        }
    return sd_fail(error, SD_E_ARG,
                   "gquic: option versions: expected Q043, Q046 or both with a comma, found '%s'",
                   text);
}

static int read_aead(struct gquic *gq, const char *text, struct sd_error *error)
{
    if (strcmp(text, "AESG") != 0 && strcmp(text, "CC20") != 0)
        return sd_fail(error, SD_E_ARG, "gquic: option aead: expected AESG or CC20, found '%s'",
                       text);
    gq->aead = text[0] == 'A' ? GQ_AEAD_AESG : GQ_AEAD_CC20;
    return SD_OK;
}

static int read_options(struct gquic *gq, const struct sd_option *option, struct sd_error *error)
{
    static const char *const known[] = {"versions", "aead", "extension", NULL};
    int result = SD_OK;
    for (; result == SD_OK && option && option->name; option++) {
        const char *value = option->value ? option->value : "";
        if (strcmp(option->name, known[0]) == 0) {
            result = read_versions(gq, value, error);
        } else if (strcmp(option->name, known[1]) == 0) {
            result = read_aead(gq, value, error);
        } else if (strcmp(option->name, known[2]) == 0) {
            gq->unknown_extension = strcmp(value, "unknown") == 0;
            if (!gq->unknown_extension && strcmp(value, "none") != 0)
                result =
                    sd_fail(error, SD_E_ARG,
                            "gquic: option extension: expected unknown or none, found '%s'", value);
        } else {
            const char *near = sd_nearest(option->name, known);
            result = sd_fail(
                error, SD_E_ARG,
                "gquic: expected the option versions, aead or extension, found '%s'%s%s%s",
                option->name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        }
    }
    return result;
}

static int read_config(struct gquic *gq, const struct sd_config *config, struct sd_error *error)
{
    const char *mode = config->mode ? config->mode : "fresh";
    if (!sd_mode_find(gq->base.ops, mode))
        return sd_fail(error, SD_E_ARG,
                       "gquic: expected mode fresh, resumed, early, cookie or q046, found '%s'",
                       mode);
    gq->early = strcmp(mode, "early") == 0;
    gq->resumed = strcmp(mode, "resumed") == 0;
    gq->insist = strcmp(mode, "cookie") == 0 || config->validation == SD_VALIDATE_ALWAYS;
    gq->validation = config->validation;
    gq->no_strike_register = config->early_replay_ok;
    gq->role = config->role;
    gq->identity = config->identity;
    gq->ca = config->ca ? config->ca : sd_identity_ca();
    gq->server_name = config->server_name;
    gq->path_mtu = config->path_mtu ? config->path_mtu : PATH_MTU;
    gq->half_open_max = config->half_open_max ? config->half_open_max : HALF_OPEN_MAX;
    int result = read_versions(gq, strcmp(mode, "q046") == 0 ? "Q046,Q043" : "Q043,Q046", error);
    return result == SD_OK ? read_options(gq, config->options, error) : result;
}

static int make_server(struct gquic *gq, struct sd_error *error)
{
    const struct sd_identity *identity = gq->identity;
    if (!identity || !identity->certificate || !identity->private_key)
        return sd_fail(error, SD_E_ARG,
                       "gquic: a server: expected an identity with a certificate, found none");
    int result = sd_chain_from_pem(&gq->chain, gq->env, identity->certificate);
    if (result == SD_OK)
        result =
            gq_certs_compress(&gq->compressed, &gq->compressed_len, gq->env, &gq->chain, NULL, 0);
    if (result != SD_OK)
        return sd_fail(error, result < 0 ? result : SD_E_ARG,
                       "gquic: expected a chain of at most %d certificates, found %s", SD_CHAIN_MAX,
                       sd_result_text(result));
    sd_random(gq->env, gq->token_key, sizeof gq->token_key);
    gq_strike_init(&gq->strike, gq->env, gq_unix(gq));
    gq_config_make(&gq->config[0], gq->env, gq->strike.orbit, gq_unix(gq) + GQ_CONFIG_LIFE_S);
    gq->configs = 1;
    return SD_OK;
}

static void destroy(struct sd_agent *agent)
{
    struct gquic *gq = of(agent);
    for (struct gq_connection *c; (c = sd_index_any(&gq->by_sid));)
        gq_connection_free(gq, c);
    gq->now = SD_NEVER - 1;
    gq_graves_expire(gq);
    gq_servers_free(gq);
    gq_strike_fini(&gq->strike);
    sd_chain_free(&gq->chain);
    sd_free(gq->compressed);
    sd_free(gq->by_sid.slot);
    sd_free(gq->by_cid.slot);
    sd_free(gq->by_peer.slot);
    sd_free(gq->graves.slot);
    sd_agenda_fini(&gq->agenda);
    sd_outbox_fini(&gq->outbox);
    sd_free(gq);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct gquic *gq = sd_alloc(env, sizeof *gq);
    if (!gq)
        return sd_fail(error, SD_E_NOMEM, "gquic: no memory for an agent");
    gq->base.ops = &sd_gquic_agent;
    gq->env = env;
    gq->now = env->now;
    sd_outbox_init(&gq->outbox, env);
    sd_random(env, &gq->index_seed, sizeof gq->index_seed);
    int result = read_config(gq, config, error);
    if (result == SD_OK && config->role & SD_ROLE_SERVER)
        result = make_server(gq, error);
    if (result != SD_OK) {
        destroy(&gq->base);
        return result;
    }
    *agent = &gq->base;
    return SD_OK;
}

/* -- inputs -- */

/* A fresh client knows nothing of the server; what it learns is for others. */
static struct gq_server *server_for(struct gquic *gq, const char *name)
{
    struct gq_server *s = gq_server_known(gq, name);
    if (s && !gq->early && !gq->resumed)
        gq_server_forget(s);
    return s;
}

static int begin(struct gquic *gq, struct gq_connection *c, const struct sd_open *open)
{
    if (gq_client_hello(gq, c) != GQ_NO_ERROR)
        return SD_E_NOMEM;
    bool first_flight = c->state == GQ_EXPECT_SHLO && gq->early;
    if (open->early_len > 0) {
        struct gq_stream *s = gq_stream_to_write(gq, c, 0);
        if (!s || gq_outgoing_write(&s->out, gq->env, open->early, open->early_len) !=
                      (long)open->early_len)
            return SD_E_ARG;
        c->handshake->early_len = first_flight ? open->early_len : 0;
    } else if (first_flight) {
        gq_tell_ready(gq, c);
    }
    return SD_OK;
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct gquic *gq = at(agent, now);
    const char *name = open->server_name ? open->server_name : gq->server_name;
    uint64_t cid;
    if (!(gq->role & SD_ROLE_CLIENT) || !open->path.remote.family || !name)
        return SD_E_ARG;
    sd_random(gq->env, &cid, sizeof cid);
    struct gq_server *server = server_for(gq, name);
    struct gq_connection *c =
        server ? gq_connection_new(gq, true, &open->path, cid, gq->versions[0]) : NULL;
    if (!c)
        return SD_E_NOMEM;
    c->server = server;
    int result = gq_connection_listen(gq, c) ? begin(gq, c, open) : SD_E_NOMEM;
    if (result != SD_OK) {
        gq_connection_free(gq, c);
        return result;
    }
    *sid = c->sid;
    gq_settle(gq, c);
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct gquic *gq = at(agent, now);
    struct gq_connection *c = gq_connection_by_sid(gq, sid);
    if (!c)
        return SD_E_ARG;
    struct gq_stream *s = c->closing ? NULL : gq_stream_to_write(gq, c, stream);
    if (!s || s->reset || s->out.fin)
        return SD_E_STATE;
    long taken = gq_outgoing_write(&s->out, gq->env, data, len);
    if (taken < 0)
        return SD_E_NOMEM;
    if (fin && (size_t)taken == len)
        gq_outgoing_finish(&s->out);
    gq_settle(gq, c);
    return taken;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *unit)
{
    struct gquic *gq = at(agent, now);
    gq->stats.units_in++;
    gq->stats.bytes_in += unit->len;
    int result = gq_receive(gq, unit);
    if (result > 0)
        gq->stats.dropped[result]++;
    return result;
}

static int expire(struct sd_agent *agent, sd_time now)
{
    gq_expire(at(agent, now));
    return SD_OK;
}

/* The server follows the connection id: one packet from the new address tells it. */
static void move(struct gquic *gq, struct gq_connection *c, const struct sd_path *path)
{
    c->path.local = path->local;
    if (c->client && c->state == GQ_OPEN)
        c->tell_ping = true;
    gq_settle(gq, c);
}

/* Once what was written has arrived; with GOAWAY the other side hears of it before. */
static void close_session(struct gquic *gq, struct gq_connection *c, bool goaway)
{
    c->closing = true;
    c->close_at = c->state == GQ_OPEN ? gq->now + CLOSE_PATIENCE : gq->now;
    c->tell_goaway = goaway && !gq_streams_idle(c);
    gq_settle(gq, c);
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *control)
{
    struct gquic *gq = at(agent, now);
    struct gq_connection *c = gq_connection_by_sid(gq, sid);
    switch (control->verb) {
    case SD_CLOSE:
        if (!c)
            return SD_E_ARG;
        close_session(gq, c, control->text);
        return SD_OK;
    case SD_REKEY:
        if (!(gq->role & SD_ROLE_SERVER))
            return SD_E_UNSUPPORTED; /* a connection's keys last as long as it does */
        gq_server_rotate(gq);
        return SD_OK;
    case SD_MIGRATE:
        if (!c && sid)
            return SD_E_ARG;
        if (c)
            move(gq, c, &control->path);
        for (uint32_t i = 0; !sid && i < gq->by_sid.size; i++)
            if (gq->by_sid.slot[i].item)
                move(gq, gq->by_sid.slot[i].item, &control->path);
        return SD_OK;
    case SD_PATH_MTU:
        gq->path_mtu = (uint16_t)(control->mtu < UINT16_MAX ? control->mtu : UINT16_MAX);
        return SD_OK;
    default:
        return SD_E_UNSUPPORTED;
    }
}

/* -- outputs -- */

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *unit)
{
    struct gquic *gq = at(agent, now);
    if (!sd_outbox_pull_unit(&gq->outbox, unit))
        return 0;
    gq->stats.units_out++;
    gq->stats.bytes_out += unit->len;
    return 1;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return sd_outbox_pull_event(&of(agent)->outbox, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    return gq_next((const struct gquic *)agent);
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    *s = ((const struct gquic *)agent)->stats;
}

static const struct sd_carrier carriers[] = {{.proto = SD_PROTO_UDP, .port = GQ_PORT}, {0}};

static const struct sd_mode modes[] = {
    {.name = "fresh",
     .what = "Q043, nothing cached: inchoate CHLO, REJ, full CHLO with data, SHLO"},
    {.name = "resumed",
     .what = "cached server config, data only under forward-secure keys: safe from replay",
     .needs_earlier = true},
    {.name = "early",
     .what = "cached server config: full CHLO with data in the first flight",
     .needs_earlier = true},
    {.name = "cookie",
     .what = "the server proves itself only to an address with a token: one REJ more"},
    {.name = "q046", .what = "fresh, in Q046's packets"},
    {0},
};

const struct sd_agent_ops sd_gquic_agent = {
    .name = "gquic",
    .title = "gQUIC",
    .spec = "Google QUIC Q043 of 2018, and Q046's header",
    .service = SD_SERVICE_STREAM,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_ALG_NEGOTIATION | SD_F_DOS_MITIGATION | SD_F_MOBILITY |
                SD_F_SOURCE_VALIDATION | SD_F_EXTENSIONS | SD_F_SESSION_CACHE | SD_F_EARLY_DATA |
                SD_F_REPLAY_PREVENTION | SD_F_OUT_OF_ORDER | SD_F_TERMINATION | SD_F_RELIABLE |
                SD_F_MULTIPLEXING,
    .overhead = 1 + GQ_CID_LEN + 4 + GQ_TAG_LEN + GQ_STREAM_OVERHEAD,
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
    .describe = gq_describe,
    .forge_end = gq_forge_reset,
};
