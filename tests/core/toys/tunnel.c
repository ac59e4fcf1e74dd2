/* tunnel.c - the toy that carries inner IPv4 packets between peers on UDP.
 *
 *   message: 'T' (1), zero (3), the inner packet
 *
 * No handshake: a peer is ready with the first packet.  Inner packets go to the peer whose network
 * has their destination, and are taken only from the peer whose network has their source. */
#include <string.h>

#include "sim/core/reader.h"
#include "tests/core/toys/queue.h"
#include "tests/core/toys/toys.h"

enum { HEADER = 4, MAGIC = 0x54000000, INNER_MTU = 1400 };

struct toy {
    struct sd_agent agent;
    struct toy_out out;
    const struct sd_config *config;
    struct sd_addr *endpoint; /* of each peer: configured, then learnt */
    bool *ready;
    struct sd_path last;
    struct sd_stats stats;
};

static void destroy(struct sd_agent *agent)
{
    struct toy *t = (struct toy *)agent;
    toy_out_fini(&t->out);
    sd_free(t->endpoint);
    sd_free(t->ready);
    sd_free(t);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct toy *t = sd_alloc(env, sizeof *t);
    if (t == NULL)
        return sd_fail(error, SD_E_NOMEM, "no memory for the toy");
    t->agent.ops = &sd_toy_tunnel;
    t->config = config;
    toy_out_init(&t->out, env);
    t->endpoint = sd_alloc(env, config->peer_count * sizeof *t->endpoint);
    t->ready = sd_alloc(env, config->peer_count * sizeof *t->ready);
    if (t->endpoint == NULL || t->ready == NULL) {
        destroy(&t->agent);
        return sd_fail(error, SD_E_NOMEM, "no memory for the toy's peers");
    }
    for (size_t i = 0; i < config->peer_count; i++)
        t->endpoint[i] = config->peers[i].endpoint;
    *agent = &t->agent;
    return SD_OK;
}

/* The peer with the longest prefix that has the inner address; -1: none. */
static int route(const struct toy *t, uint32_t inner)
{
    int best = -1, bits = -1;
    for (size_t i = 0; i < t->config->peer_count; i++) {
        const struct sd_peer *p = &t->config->peers[i];
        uint32_t mask = p->inner_prefix == 0 ? 0 : UINT32_MAX << (32 - p->inner_prefix);
        if (((inner ^ p->inner_net) & mask) == 0 && p->inner_prefix > bits) {
            best = (int)i;
            bits = p->inner_prefix;
        }
    }
    return best;
}

/* Source and destination of an inner IPv4 packet. */
static bool inner_addresses(const uint8_t *ip, size_t len, uint32_t *source, uint32_t *destination)
{
    struct sd_reader r = sd_reader_of(ip, len);
    uint8_t version = sd_get8(&r);
    sd_get(&r, 11);
    *source = sd_get32(&r);
    *destination = sd_get32(&r);
    return !r.bad && version >> 4 == 4;
}

static void ready(struct toy *t, int peer, const struct sd_path *path)
{
    if (t->ready[peer])
        return;
    t->ready[peer] = true;
    t->stats.sessions++;
    t->stats.handshakes++;
    sd_count(SD_OP_DERIVE, "X25519", 0);
    toy_tell(&t->out,
             &(struct sd_event){.kind = SD_EV_READY, .sid = (sd_sid)peer + 1, .path = *path});
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    t->last = open->path;
    for (size_t i = 0; i < t->config->peer_count; i++)
        if (t->endpoint[i].family == 0 || sd_addr_equal(&t->endpoint[i], &open->path.remote)) {
            t->endpoint[i] = open->path.remote;
            ready(t, (int)i, &open->path);
            *sid = (sd_sid)i + 1;
            return SD_OK;
        }
    return SD_E_ARG;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct toy *t = (struct toy *)agent;
    (void)now, (void)sid, (void)stream, (void)fin;
    uint32_t source, destination;
    if (!inner_addresses(data, len, &source, &destination))
        return SD_E_ARG;
    int peer = route(t, destination);
    if (peer < 0 || t->endpoint[peer].family == 0) {
        t->stats.dropped[SD_DROP_POLICY]++;
        return (long)len;
    }
    struct sd_path path = {.local = t->last.local, .remote = t->endpoint[peer]};
    path.remote.proto = SD_PROTO_UDP;
    uint8_t *room = toy_send(&t->out, &path, HEADER + len, 0);
    if (room == NULL)
        return SD_E_NOMEM;
    struct sd_writer w = sd_writer_of(room, HEADER + len);
    sd_put32(&w, MAGIC);
    sd_put(&w, data, len);
    sd_count(SD_OP_HASH, "SHA2-256", len);
    return (long)len;
}

static int drop(struct toy *t, enum sd_result why)
{
    t->stats.dropped[why]++;
    return (int)why;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *u)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    t->stats.units_in++;
    t->stats.bytes_in += u->len;
    struct sd_reader r = sd_reader_of(u->data, u->len);
    uint32_t magic = sd_get32(&r), source, destination;
    if (r.bad || magic != MAGIC || !inner_addresses(r.at, sd_left(&r), &source, &destination))
        return drop(t, SD_DROP_MALFORMED);
    sd_count(SD_OP_HASH, "SHA2-256", sd_left(&r));
    int peer = route(t, source);
    if (peer < 0)
        return drop(t, SD_DROP_POLICY);
    t->last = u->path;
    ready(t, peer, &u->path);
    if (!sd_addr_equal(&t->endpoint[peer], &u->path.remote)) {
        bool known = t->endpoint[peer].family != 0;
        t->endpoint[peer] = u->path.remote;
        if (known)
            toy_tell(&t->out, &(struct sd_event){.kind = SD_EV_MIGRATED,
                                                 .sid = (sd_sid)peer + 1,
                                                 .path = u->path});
    }
    toy_tell(&t->out, &(struct sd_event){.kind = SD_EV_DATA,
                                         .sid = (sd_sid)peer + 1,
                                         .data = r.at,
                                         .len = sd_left(&r),
                                         .path = u->path});
    return SD_OK;
}

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *u)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    int filled = toy_net_out(&t->out, u);
    if (filled) {
        t->stats.units_out++;
        t->stats.bytes_out += u->len;
    }
    return filled;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return toy_event(&((struct toy *)agent)->out, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    (void)agent;
    return SD_NEVER;
}

static int expire(struct sd_agent *agent, sd_time now)
{
    (void)agent, (void)now;
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    struct toy *t = (struct toy *)agent;
    (void)now, (void)sid;
    if (c->verb != SD_MIGRATE)
        return SD_E_UNSUPPORTED;
    t->last.local = c->path.local;
    return SD_OK;
}

static void stats(const struct sd_agent *agent, struct sd_stats *out)
{
    *out = ((const struct toy *)agent)->stats;
}

const struct sd_agent_ops sd_toy_tunnel = {
    .name = "toy-tunnel",
    .title = "Toy tunnel",
    .spec = "none",
    .service = SD_SERVICE_IP,
    .carriers = (const struct sd_carrier[]){{SD_PROTO_UDP, 4998}, {0, 0}},
    .modes = (const struct sd_mode[]){{"fresh", "no handshake", false}, {NULL, NULL, false}},
    .features = SD_F_MOBILITY | SD_F_TRANSPARENT,
    .overhead = HEADER,
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
};
