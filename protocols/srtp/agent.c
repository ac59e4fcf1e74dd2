/* agent.c - SRTP as Shakedown's hosts see it (sim/core/agent.h): calls of RTP streams between two
 * ends that signalling has introduced, keyed by DTLS. */
#include "protocols/srtp/agent.h"
#include "protocols/dtls12/agent.h"
#include "protocols/dtls13/agent.h"
#include "protocols/srtp/media.h"
#include <string.h>

static struct srtp *at(struct sd_agent *agent, sd_time now)
{
    struct srtp *a = (struct srtp *)agent;
    a->now = now;
    return a;
}

/* Which DTLS, and in which of its modes. */
static const struct way {
    const char *mode;
    const struct sd_agent_ops *inner;
    const char *inner_mode;
} ways[] = {
    {"fresh", &sd_dtls12_agent, "fresh"},
    {"resumed", &sd_dtls12_agent, "resumed"},
    {"cookie", &sd_dtls12_agent, "cookie"},
    {"dtls13", &sd_dtls13_agent, "fresh"},
    {"dtls13-resumed", &sd_dtls13_agent, "resumed"},
    {"dtls13-cookie", &sd_dtls13_agent, "cookie"},
    {"dtls13-cid", &sd_dtls13_agent, "cid"},
};

static const struct way *way_of(const char *mode)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].mode, mode) == 0)
            return &ways[i];
    return NULL;
}

/* -- making one -- */

static void destroy(struct sd_agent *agent)
{
    struct srtp *a = (struct srtp *)agent;
    for (struct sr_session *s; (s = sd_index_any(&a->by_sid));)
        sr_session_free(s);
    sr_dtls_fini(a);
    sr_calls_free(a);
    sd_agenda_fini(&a->agenda);
    sd_free(a->by_sid.slot);
    sd_free(a->by_association.slot);
    sd_free(a->by_remote.slot);
    sd_free(a->by_ssrc.slot);
    sd_outbox_fini(&a->outbox);
    sd_free(a);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    const char *mode = config->mode ? config->mode : "fresh";
    const struct way *way = way_of(mode);
    if (!way)
        return sd_fail(error, SD_E_ARG,
                       "srtp: there is no mode '%s'; see `shakedown list protocols`", mode);
    struct srtp *a = sd_alloc(env, sizeof *a);
    if (!a)
        return sd_fail(error, SD_E_NOMEM, "srtp: no memory for an agent");
    a->base.ops = &sd_srtp_agent;
    a->env = env;
    a->now = env->now;
    sd_outbox_init(&a->outbox, env);
    sd_outbox_init(&a->told, env);
    sd_random(env, &a->seed, sizeof a->seed);
    int result = sr_read_config(a, config, error);
    a->inner_config.mode = way->inner_mode;
    if (result == SD_OK)
        result = sr_dtls_init(a, way->inner, error);
    if (result != SD_OK) {
        destroy(&a->base);
        return result;
    }
    *agent = &a->base;
    return SD_OK;
}

/* -- inputs -- */

static void expect_peer(struct sr_session *s)
{
    const struct srtp *a = s->agent;
    const struct sr_call *call = sr_call_with(a, &s->path.remote);
    const uint8_t *fingerprint = a->has_fixed ? a->fixed
                                 : call       ? call->description.fingerprint
                                              : NULL;
    s->expects = fingerprint != NULL;
    if (fingerprint)
        memcpy(s->fingerprint, fingerprint, SD_FINGERPRINT_LEN);
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct srtp *a = at(agent, now);
    sd_sid association = 0;
    if (!(a->role & SD_ROLE_CLIENT))
        return SD_E_STATE;
    struct sr_session *s = sr_session_by_remote(a, &open->path.remote);
    if (s && s->phase != SR_CLOSING)
        return SD_E_STATE; /* one call between two addresses */
    if (s)
        sr_session_over(s, SD_EV_CLOSED, "a new call took its place");
    s = sr_session_new(a, &open->path, true);
    if (!s)
        return SD_E_NOMEM;
    expect_peer(s);
    struct sd_open inner = {.path = open->path, .server_name = open->server_name};
    int result = sr_dtls_open(a, &inner, &association);
    if (result != SD_OK) {
        sr_session_free(s);
        return result;
    }
    *sid = s->sid;
    if (open->early_len > 0)
        sr_session_tell(s, SD_EV_EARLY_REFUSED, 0,
                        "there are no keys for media before the handshake");
    sr_session_associate(s, association);
    sr_handshake_digest(a);
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct srtp *a = at(agent, now);
    struct sr_session *s = sr_session_by_sid(a, sid);
    return s ? sr_send(s, stream, data, len, fin) : SD_E_STATE;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *unit)
{
    return sr_receive(at(agent, now), unit);
}

static int expire(struct sd_agent *agent, sd_time now)
{
    struct srtp *a = at(agent, now);
    sr_dtls_expire(a);
    sr_session_expire(a);
    sr_handshake_digest(a);
    return SD_OK;
}

/* This host has a new address: media goes on from there; whether DTLS does is its own business. */
static int move(struct srtp *a, struct sr_session *s, struct sd_control *c)
{
    s->path.local = c->path.local;
    if (s->association)
        sr_dtls_control(a, s->association, c);
    return SD_OK;
}

static int path_mtu(struct srtp *a, struct sr_session *s, struct sd_control *c)
{
    a->path_mtu = (uint16_t)(c->mtu < UINT16_MAX ? c->mtu : UINT16_MAX);
    return sr_dtls_control(a, s ? s->association : 0, c);
}

static int control_session(struct srtp *a, struct sr_session *s, struct sd_control *c)
{
    switch (c->verb) {
    case SD_CLOSE:
        return sr_session_close(s);
    case SD_REKEY:
        return sr_handshake_rekey(s);
    case SD_MIGRATE:
        return move(a, s, c);
    case SD_EXPORT:
        return sr_dtls_control(a, s->association, c);
    default:
        return SD_E_UNSUPPORTED;
    }
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    struct srtp *a = at(agent, now);
    struct sr_session *s = sid ? sr_session_by_sid(a, sid) : NULL;
    int result = SD_E_STATE;
    if (c->verb == SD_SIGNAL)
        result = sr_signal(a, c);
    else if (c->verb == SD_PATH_MTU)
        result = path_mtu(a, s, c);
    else if (s || (s = sr_session_by_remote(a, &c->path.remote)))
        result = control_session(a, s, c);
    sr_handshake_digest(a);
    return result;
}

/* -- outputs -- */

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *unit)
{
    struct srtp *a = at(agent, now);
    return sd_outbox_pull_unit(&a->outbox, unit);
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return sd_outbox_pull_event(&((struct srtp *)agent)->outbox, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    const struct srtp *a = (const struct srtp *)agent;
    sd_time dtls = sd_seat_deadline(&a->inner);
    sd_time ours = sd_agenda_deadline(&a->agenda);
    return ours < dtls ? ours : dtls;
}

/* The inner agent's counters of packets and handshakes under way, and ours of calls. */
static void stats(const struct sd_agent *agent, struct sd_stats *out)
{
    const struct srtp *a = (const struct srtp *)agent;
    const struct sd_stats *mine = &a->stats;
    sd_seat_stats(&a->inner, out);
    out->units_in += mine->units_in;
    out->units_out += mine->units_out;
    out->bytes_in += mine->bytes_in;
    out->bytes_out += mine->bytes_out;
    for (int i = 0; i < SD_DROP_MAX; i++)
        out->dropped[i] += mine->dropped[i];
    out->handshakes = mine->handshakes;
    out->sessions = mine->sessions;
}

static const struct sd_carrier carriers[] = {{SD_PROTO_UDP, SR_PORT}, {0}};

static const struct sd_mode modes[] = {
    {"fresh", "keys of a full DTLS 1.2 handshake with both certificates, two round trips", false},
    {"resumed", "keys of an abbreviated DTLS 1.2 handshake, by ticket", true},
    {"cookie", "HelloVerifyRequest first, three round trips", false},
    {"dtls13", "keys of a full DTLS 1.3 handshake with both certificates, one round trip", false},
    {"dtls13-resumed", "keys of a DTLS 1.3 handshake by ticket", true},
    {"dtls13-cookie", "HelloRetryRequest with a cookie first, two round trips", false},
    {"dtls13-cid", "the handshake's association has connection identifiers (RFC 9146)", false},
    {0},
};

const struct sd_agent_ops sd_srtp_agent = {
    .name = "srtp",
    .title = "SRTP keyed by DTLS",
    .spec = "RFC 3711, RFC 5764",
    .service = SD_SERVICE_DATAGRAM,
    .signals = true,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_ALG_NEGOTIATION | SD_F_AUTH_DELEGATION |
                SD_F_DOS_MITIGATION | SD_F_SOURCE_VALIDATION | SD_F_APP_NEGOTIATION |
                SD_F_EXTENSIONS | SD_F_SESSION_CACHE | SD_F_REPLAY_PREVENTION | SD_F_OUT_OF_ORDER |
                SD_F_KEY_UPDATE | SD_F_TERMINATION | SD_F_EXPORTER | SD_F_PARTIAL_ENCRYPTION |
                SD_F_MULTIPLEXING,
    .overhead = SR_RTP_HEADER + SR_TAG_MAX,
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
    .describe = sr_describe,
};
