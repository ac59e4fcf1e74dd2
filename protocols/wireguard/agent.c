/* agent.c - WireGuard as Shakedown's hosts see it (sim/core/agent.h). */
#include "protocols/wireguard/agent.h"
#include "protocols/crypto/dh.h"
#include "protocols/wireguard/cookie.h"
#include "protocols/wireguard/noise.h"
#include "protocols/wireguard/timers.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct wireguard *of(struct sd_agent *agent)
{
    return (struct wireguard *)agent;
}

static struct wireguard *at(struct sd_agent *agent, sd_time now)
{
    struct wireguard *wg = of(agent);
    wg->now = now;
    return wg;
}

/* -- making one -- */

static int read_options(struct wireguard *wg, const struct sd_option *option,
                        struct sd_error *error)
{
    static const char *const known[] = {"load_threshold", NULL};
    for (; option && option->name; option++) {
        if (strcmp(option->name, known[0]) != 0) {
            const char *near = sd_nearest(option->name, known);
            return sd_fail(error, SD_E_ARG, "wireguard: expected the option %s, found '%s'%s%s%s",
                           known[0], option->name, near ? "; did you mean " : "", near ? near : "",
                           near ? "?" : "");
        }
        char *end;
        errno = 0;
        unsigned long value = strtoul(option->value ? option->value : "", &end, 10);
        if (errno || end == option->value || *end || value < 8 || value > UINT32_MAX ||
            option->value[0] == '-')
            return sd_fail(error, SD_E_ARG,
                           "wireguard: option load_threshold: expected handshakes per second, 8 or "
                           "more, found '%s'",
                           option->value ? option->value : "");
        wg->load_threshold = (uint32_t)value;
    }
    return SD_OK;
}

static int read_config(struct wireguard *wg, const struct sd_config *config, struct sd_error *error)
{
    static const uint8_t unset[WG_KEY_LEN];
    const char *mode = config->mode ? config->mode : "fresh";
    bool psk_mode = strcmp(mode, "psk") == 0;
    const uint8_t *psk = NULL;
    if (!sd_mode_find(wg->base.ops, mode))
        return sd_fail(error, SD_E_ARG, "wireguard: expected mode fresh, cookie or psk, found '%s'",
                       mode);
    if (!config->identity)
        return sd_fail(error, SD_E_ARG,
                       "wireguard: expected an identity with an X25519 key, found none");
    if (config->peer_count && !config->peers)
        return sd_fail(error, SD_E_ARG, "wireguard: expected %zu peers, found none",
                       config->peer_count);
    if (psk_mode && config->psk) {
        if (config->psk_len != WG_KEY_LEN)
            return sd_fail(error, SD_E_ARG,
                           "wireguard: expected a pre-shared key of %d bytes, found %zu",
                           WG_KEY_LEN, config->psk_len);
        psk = config->psk;
    }
    for (size_t i = 0; psk_mode && !psk && i < config->peer_count; i++)
        if (!config->peers[i].has_psk)
            return sd_fail(error, SD_E_ARG,
                           "wireguard: mode psk: expected a pre-shared key with peer %zu, found "
                           "none; give the peer or the agent one",
                           i + 1);

    memcpy(wg->private_key, config->identity->x25519_private, WG_KEY_LEN);
    memcpy(wg->public_key, config->identity->x25519_public, WG_KEY_LEN);
    if (sd_equal_ct(wg->public_key, unset, WG_KEY_LEN))
        sd_x25519_public(wg->public_key, wg->private_key);
    wg->validation = strcmp(mode, "cookie") == 0 ? SD_VALIDATE_ALWAYS : config->validation;
    wg->load_threshold = WG_LOAD_THRESHOLD;
    wg->inner_mtu = WG_INNER_MTU;
    if (config->path_mtu > WG_OUTER_ROOM && config->path_mtu - WG_OUTER_ROOM < WG_INNER_MTU)
        wg->inner_mtu = (uint16_t)(config->path_mtu - WG_OUTER_ROOM);
    wg_noise_init(wg);
    int result = read_options(wg, config->options, error);
    return result == SD_OK ? wg_peers_init(wg, config, psk, error) : result;
}

static void destroy(struct sd_agent *agent)
{
    struct wireguard *wg = of(agent);
    wg_peers_fini(wg);
    wg_cookie_fini(wg);
    sd_free(wg->out);
    sd_free(wg->events);
    sd_free(wg->inner);
    sd_free(wg);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct wireguard *wg = sd_alloc(env, sizeof *wg);
    if (!wg)
        return sd_fail(error, SD_E_NOMEM, "wireguard: no memory for an agent");
    wg->base.ops = &sd_wireguard_agent;
    wg->env = env;
    wg->now = env->now;
    int result = read_config(wg, config, error);
    if (result != SD_OK) {
        destroy(&wg->base);
        return result;
    }
    *agent = &wg->base;
    return SD_OK;
}

/* -- inputs -- */

/* A session is a peer.  While its keys are good there is nothing to do but to say so. */
static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct wireguard *wg = at(agent, now);
    struct wg_peer *peer = wg_peer_by_endpoint(wg, &open->path.remote);
    if (!peer && wg->peer_count == 1)
        peer = &wg->peer[0];
    if (!peer || !(open->path.remote.family || peer->path.remote.family))
        return SD_E_ARG;
    if (open->path.remote.family)
        wg_peer_seen_at(wg, peer, &open->path);
    peer->path.remote.proto = SD_PROTO_UDP;
    peer->proven = true; /* our own choice */
    *sid = wg_peer_sid(peer);
    if (wg_session_sending(wg, peer)) {
        peer->up = true;
        wg_event_push(wg, peer, SD_EV_READY, "keys were there");
    } else {
        wg_timers_handshake_asked(wg, peer);
    }
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    (void)sid; /* the inner destination says whose packet it is */
    (void)stream;
    (void)fin;
    struct wireguard *wg = at(agent, now);
    uint8_t family;
    uint32_t source, destination;
    size_t total = wg_inner_parse(data, len, &family, &source, &destination);
    if (!total || total != len) {
        wg->stats.dropped[SD_DROP_MALFORMED]++;
        return (long)len;
    }
    struct wg_peer *peer = family == 4 ? wg_route_find(wg, destination) : NULL;
    if (peer)
        wg_send_packet(wg, peer, data, len);
    else
        wg->stats.dropped[SD_DROP_POLICY]++; /* no peer is allowed that address */
    return (long)len;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *unit)
{
    return wg_receive(at(agent, now), unit);
}

static int expire(struct sd_agent *agent, sd_time now)
{
    wg_timers_expire(at(agent, now));
    return SD_OK;
}

/* The host has moved.  What comes from the new address moves the session at the peer (2.1), so
 * a keepalive goes there at once, as wireguard-go does when it binds anew. */
static void moved(struct wireguard *wg, struct wg_peer *peer, const struct sd_path *path)
{
    peer->path.local = path->local;
    if (wg_session_sending(wg, peer))
        wg_send_keepalive(wg, peer);
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    struct wireguard *wg = at(agent, now);
    struct wg_peer *peer = wg_peer_by_sid(wg, sid);
    if (c->verb == SD_MIGRATE && !sid) {
        for (uint32_t i = 0; i < wg->peer_count; i++)
            moved(wg, &wg->peer[i], &c->path);
        return SD_OK;
    }
    if (c->verb == SD_EXPORT || c->verb == SD_PATH_MTU)
        return SD_E_UNSUPPORTED;
    if (!peer)
        return SD_E_ARG;
    switch (c->verb) {
    case SD_CLOSE: /* there is no message for it: the peer finds out by silence */
        wg_peer_clear(wg, peer);
        wg_event_push(wg, peer, SD_EV_CLOSED, "keys zeroed");
        return SD_OK;
    case SD_REKEY:
        if (!peer->path.remote.family)
            return SD_E_STATE;
        wg_timers_handshake_asked(wg, peer);
        return SD_OK;
    case SD_MIGRATE:
        moved(wg, peer, &c->path);
        return SD_OK;
    default:
        return SD_E_UNSUPPORTED;
    }
}

/* -- outputs -- */

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *unit)
{
    return wg_out_pop(at(agent, now), unit);
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return wg_event_pop(of(agent), e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    return wg_timers_deadline((const struct wireguard *)agent);
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    *s = ((const struct wireguard *)agent)->stats;
}

static const struct sd_carrier carriers[] = {{.proto = SD_PROTO_UDP, .port = WG_PORT}, {0}};

static const struct sd_mode modes[] = {
    {.name = "fresh", .what = "one round trip: initiation, response, data"},
    {.name = "cookie", .what = "the responder is under load: cookie reply, then again with mac2"},
    {.name = "psk", .what = "a pre-shared key is mixed into the handshake"},
    {0},
};

const struct sd_agent_ops sd_wireguard_agent = {
    .name = "wireguard",
    .title = "WireGuard",
    .spec = "whitepaper of 2020-06-01",
    .service = SD_SERVICE_IP,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_PSK | SD_F_DOS_MITIGATION | SD_F_MOBILITY |
                SD_F_SOURCE_VALIDATION | SD_F_LENGTH_HIDING | SD_F_REPLAY_PREVENTION |
                SD_F_OUT_OF_ORDER | SD_F_KEY_UPDATE | SD_F_KEY_EXPIRATION | SD_F_IDENTITY_HIDING |
                SD_F_TRANSPARENT,
    .overhead = WG_DATA_MIN,
    .inner_mtu = WG_INNER_MTU,
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
    .describe = wg_describe,
};
