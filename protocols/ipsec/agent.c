/* agent.c - IKEv2 and ESP as Shakedown's hosts see them (sim/core/agent.h). */
#include "protocols/ipsec/agent.h"
#include "protocols/ipsec/create.h"
#include "protocols/ipsec/data.h"
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/informational.h"
#include "protocols/ipsec/mobike.h"
#include "protocols/ipsec/rekey.h"
#include "protocols/ipsec/resume.h"
#include "protocols/ipsec/setup.h"
#include "protocols/ipsec/stream.h"
#include <string.h>

/* RFC 4301 8.2 leaves it to us: what fits into 1500 bytes with every suite and UDP around it. */
#define INNER_MTU 1400u
#define OVERHEAD  (ESP_HEADER + CIPHER_AEAD_IV + ESP_TRAILER + CIPHER_ICV)

static struct ipsec *of(struct sd_agent *agent)
{
    return (struct ipsec *)agent;
}

static struct ipsec *at(struct sd_agent *agent, sd_time now)
{
    struct ipsec *ipsec = of(agent);
    ipsec->now = now;
    return ipsec;
}

/* -- making one -- */

static void destroy(struct sd_agent *agent)
{
    struct ipsec *ipsec = of(agent);
    while (ipsec->newest)
        ike_sa_kill(ipsec->newest);
    ike_sa_reap(ipsec);
    ike_tickets_free(ipsec);
    ipsec_streams_fini(ipsec);
    esp_sad_fini(&ipsec->sad);
    sd_agenda_fini(&ipsec->agenda);
    sd_free(ipsec->by_spi.slot);
    sd_free(ipsec->by_initiator.slot);
    sd_outbox_fini(&ipsec->out);
    sd_free(ipsec);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct ipsec *ipsec = sd_alloc(env, sizeof *ipsec);
    if (!ipsec)
        return sd_fail(error, SD_E_NOMEM, "ipsec: no memory for an agent");
    ipsec->base.ops = &sd_ipsec_agent;
    ipsec->env = env;
    ipsec->now = env->now;
    sd_random(env, &ipsec->hash_key, sizeof ipsec->hash_key);
    sd_outbox_init(&ipsec->out, env);
    esp_sad_init(&ipsec->sad, env, &ipsec->out, &ipsec->stats);
    int result = ipsec_read_config(ipsec, config, error);
    if (result != SD_OK) {
        destroy(&ipsec->base);
        return result;
    }
    *agent = &ipsec->base;
    return SD_OK;
}

/* -- inputs -- */

/* A session is an IKE SA and those that take its place.  While it stands there is nothing to do
 * but to say so. */
static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct ipsec *ipsec = at(agent, now);
    if (!open->path.remote.family)
        return SD_E_ARG;
    ipsec->local = open->path.local;
    struct ike_sa *sa = ipsec_reach(ipsec, &open->path);
    if (!sa)
        return SD_E_NOMEM;
    *sid = sa->sid;
    if (sa->state == IKE_ESTABLISHED)
        ike_event(sa, SD_EV_READY, "the SA was there");
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    (void)sid; /* the selectors say whose packet it is */
    (void)stream, (void)fin;
    ipsec_send(at(agent, now), data, len);
    return (long)len;
}

static int udp_in(struct ipsec *ipsec, const struct sd_unit *unit)
{
    uint8_t *data = unit->data;
    size_t len = unit->len;
    if (unit->path.local.port != ENCAP_PORT && unit->path.remote.port != ENCAP_PORT)
        return ike_receive(ipsec, &unit->path, data, len);
    switch (encap_classify(&data, &len)) {
    case ENCAP_IKE:
        return ike_receive(ipsec, &unit->path, data, len);
    case ENCAP_ESP:
        return ipsec_esp_in(ipsec, &unit->path, data, len);
    case ENCAP_KEEPALIVE_BYTE:
        return SD_OK;
    default:
        return SD_DROP_MALFORMED;
    }
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *unit)
{
    struct ipsec *ipsec = at(agent, now);
    int result;
    ipsec->stats.units_in++;
    ipsec->stats.bytes_in += unit->len;
    if (unit->path.conn || unit->path.remote.proto == SD_PROTO_TCP)
        result = ipsec_stream_in(ipsec, unit);
    else if (unit->path.local.proto == SD_PROTO_ESP)
        result = ipsec_esp_in(ipsec, &unit->path, unit->data, unit->len);
    else
        result = udp_in(ipsec, unit);
    if (result > 0)
        ipsec->stats.dropped[result]++;
    ike_sa_reap(ipsec);
    return result;
}

/* RFC 7296 2.8: children that have lived long enough. */
static void renew_children(struct ipsec *ipsec)
{
    enum esp_due what;
    struct esp_child *esp;
    while ((esp = esp_due(&ipsec->sad, ipsec->now, &what))) {
        struct ike_child *c = esp->set.owner;
        struct ike_sa *sa = c->sa;
        if (what == ESP_DUE_SOFT) {
            ike_rekey_of(c);
        } else {
            ike_event(sa, SD_EV_KEY_EXPIRED, "hard limit of a child SA");
            ike_ask_delete(sa, c->esp->set.spi_in);
        }
        ike_go(sa);
    }
}

static int expire(struct sd_agent *agent, sd_time now)
{
    struct ipsec *ipsec = at(agent, now);
    struct sd_due *due;
    while ((due = sd_agenda_due(&ipsec->agenda, now)))
        ike_expire(sd_due_of(due, struct ike_sa, due));
    renew_children(ipsec);
    ike_sa_reap(ipsec);
    return SD_OK;
}

/* -- control -- */

static int close_session(struct ike_sa *sa)
{
    if (sa->state == IKE_ESTABLISHED) {
        ike_ask_close(sa, 0);
        ike_go(sa);
    } else {
        ike_event(sa, SD_EV_CLOSED, "before it stood");
        ike_sa_kill(sa);
    }
    return SD_OK;
}

/* The children first: their keys would not come of the new SA's otherwise. */
static int rekey(struct ike_sa *sa, const char *what)
{
    if (sa->state != IKE_ESTABLISHED)
        return SD_E_STATE;
    if (!what || strcmp(what, "child") == 0)
        for (struct ike_child *c = sa->children; c; c = c->next)
            ike_rekey_of(c);
    if (!what || strcmp(what, "ike") == 0)
        ike_rekey(sa);
    ike_go(sa);
    return SD_OK;
}

static int move_all(struct ipsec *ipsec, const struct sd_path *path)
{
    int result = SD_OK;
    ipsec->local = path->local;
    for (struct ike_sa *sa = ipsec->newest; sa; sa = sa->older)
        if (sa->state == IKE_ESTABLISHED && ike_move(sa, path) != SD_OK)
            result = SD_E_UNSUPPORTED;
    return result;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    struct ipsec *ipsec = at(agent, now);
    struct ike_sa *sa = ike_sa_by_sid(ipsec, sid);
    int result = SD_E_UNSUPPORTED;
    if (c->verb == SD_EXPORT || c->verb == SD_PATH_MTU)
        return result;
    if (c->verb == SD_MIGRATE && !sid)
        return move_all(ipsec, &c->path);
    if (!sa)
        return SD_E_ARG;
    if (c->verb == SD_CLOSE)
        result = close_session(sa);
    else if (c->verb == SD_REKEY)
        result = rekey(sa, c->text);
    else if (sa->state == IKE_ESTABLISHED)
        result = ike_move(sa, &c->path);
    ike_sa_reap(ipsec);
    return result;
}

/* -- outputs -- */

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *unit)
{
    struct ipsec *ipsec = at(agent, now);
    int filled = sd_outbox_pull_unit(&ipsec->out, unit);
    if (filled) {
        ipsec->stats.units_out++;
        ipsec->stats.bytes_out += unit->len;
    }
    return filled;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return sd_outbox_pull_event(&of(agent)->out, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    const struct ipsec *ipsec = (const struct ipsec *)agent;
    sd_time ike = sd_agenda_deadline(&ipsec->agenda), esp = esp_deadline(&ipsec->sad);
    return ike < esp ? ike : esp;
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    *s = ((const struct ipsec *)agent)->stats;
}

static const struct sd_carrier carriers[] = {
    {.proto = SD_PROTO_UDP, .port = IKE_PORT},
    {.proto = SD_PROTO_UDP, .port = ENCAP_PORT},
    {.proto = SD_PROTO_ESP, .port = 0},
    {.proto = SD_PROTO_TCP, .port = ENCAP_PORT},
    {0},
};

static const struct sd_mode modes[] = {
    {.name = "fresh", .what = "IKE_SA_INIT and IKE_AUTH, certificates on both sides"},
    {.name = "psk", .what = "a shared key proves both sides"},
    {.name = "cookie", .what = "the responder answers the first message with COOKIE"},
    {.name = "puzzle", .what = "and with PUZZLE: the initiator works before the responder does"},
    {.name = "resumed",
     .what = "a ticket in the place of Diffie-Hellman and certificates",
     .needs_earlier = true},
    {.name = "eap", .what = "the initiator proves itself by EAP, the responder by certificate"},
    {.name = "cbc", .what = "AES-CBC with HMAC-SHA2-256 instead of an AEAD"},
    {.name = "tcp", .what = "IKE and ESP in a TCP connection from the beginning"},
    {0},
};

const struct sd_agent_ops sd_ipsec_agent = {
    .name = "ipsec",
    .title = "IKEv2 with ESP",
    .spec = "RFC 7296, RFC 4303",
    .service = SD_SERVICE_IP,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_PSK | SD_F_ALG_NEGOTIATION | SD_F_AUTH_DELEGATION |
                SD_F_DOS_MITIGATION | SD_F_MOBILITY | SD_F_SOURCE_VALIDATION | SD_F_EXTENSIONS |
                SD_F_SESSION_CACHE | SD_F_LENGTH_HIDING | SD_F_REPLAY_PREVENTION |
                SD_F_OUT_OF_ORDER | SD_F_KEY_UPDATE | SD_F_KEY_EXPIRATION | SD_F_TERMINATION |
                SD_F_IDENTITY_HIDING | SD_F_PATH_VALIDATION | SD_F_TRANSPARENT | SD_F_MULTIPLEXING,
    .overhead = OVERHEAD,
    .inner_mtu = INNER_MTU,
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
    .describe = ipsec_describe,
};
