#include "protocols/wireguard/timers.h"
#include "protocols/wireguard/wireguard.h"
#include <string.h>

static uint32_t place_of(const struct wireguard *wg, const uint8_t key[WG_KEY_LEN])
{
    uint32_t i = (uint32_t)sd_hash(0, key, WG_KEY_LEN) & (wg->by_key_size - 1);
    while (wg->by_key[i] && memcmp(wg->peer[wg->by_key[i] - 1].public_key, key, WG_KEY_LEN) != 0)
        i = (i + 1) & (wg->by_key_size - 1);
    return i;
}

static int add(struct wireguard *wg, uint32_t id, const struct sd_peer *from, const uint8_t *psk,
               struct sd_error *error)
{
    struct wg_peer *peer = &wg->peer[id];
    peer->id = id;
    if (from->inner_prefix > 32)
        return sd_fail(error, SD_E_ARG,
                       "wireguard: peer %u: expected a prefix of 0 to 32 bits, found %u", id + 1,
                       from->inner_prefix);
    if (memcmp(from->public_key, wg->public_key, WG_KEY_LEN) == 0)
        return sd_fail(error, SD_E_ARG,
                       "wireguard: peer %u: expected another's public key, found our own", id + 1);
    uint32_t *slot = &wg->by_key[place_of(wg, from->public_key)];
    if (*slot)
        return sd_fail(error, SD_E_ARG,
                       "wireguard: peers %u and %u: expected a public key each, found the same one",
                       *slot, id + 1);
    memcpy(peer->public_key, from->public_key, WG_KEY_LEN);
    *slot = id + 1;
    if (from->has_psk)
        psk = from->psk;
    if (psk)
        memcpy(peer->psk, psk, WG_KEY_LEN);
    if (from->endpoint.family) {
        peer->path.remote = from->endpoint;
        peer->path.remote.proto = SD_PROTO_UDP;
        peer->proven = true; /* by configuration */
    }
    peer->keepalive_s = from->keepalive_s;
    peer->staged_end = &peer->staged;
    wg_timers_init(peer);
    return SD_OK;
}

int wg_peers_init(struct wireguard *wg, const struct sd_config *config, const uint8_t *psk,
                  struct sd_error *error)
{
    if (config->peer_count > UINT32_C(1) << 24)
        return sd_fail(error, SD_E_ARG, "wireguard: expected at most 2^24 peers, found %zu",
                       config->peer_count);
    wg->peer_count = (uint32_t)config->peer_count;
    wg->by_key_size = 2;
    while (wg->by_key_size < 2 * wg->peer_count)
        wg->by_key_size *= 2;
    wg->peer = sd_alloc(wg->env, wg->peer_count * sizeof *wg->peer);
    wg->by_key = sd_alloc(wg->env, wg->by_key_size * sizeof *wg->by_key);
    wg->timers = sd_alloc(wg->env, wg->peer_count * sizeof *wg->timers);
    if (!wg->peer || !wg->by_key || !wg->timers)
        return sd_fail(error, SD_E_NOMEM, "wireguard: no memory for %u peers", wg->peer_count);
    for (uint32_t i = 0; i < wg->peer_count; i++) {
        int result = add(wg, i, &config->peers[i], psk, error);
        if (result != SD_OK)
            return result;
    }
    return wg_routes_init(wg, config);
}

void wg_peers_fini(struct wireguard *wg)
{
    for (uint32_t i = 0; wg->peer && i < wg->peer_count; i++) {
        struct wg_peer *peer = &wg->peer[i];
        sd_free(peer->previous);
        sd_free(peer->current);
        sd_free(peer->next);
        for (struct wg_staged *s; peer->staged && (s = wg_peer_unstage(peer));)
            sd_free(s);
    }
    sd_free(wg->peer);
    sd_free(wg->by_key);
    sd_free(wg->timers);
    sd_free(wg->route);
    sd_free(wg->by_index);
}

struct wg_peer *wg_peer_by_key(const struct wireguard *wg, const uint8_t key[WG_KEY_LEN])
{
    uint32_t id = wg->by_key[place_of(wg, key)];
    return id ? &wg->peer[id - 1] : NULL;
}

struct wg_peer *wg_peer_by_endpoint(const struct wireguard *wg, const struct sd_addr *endpoint)
{
    for (uint32_t i = 0; endpoint->family && i < wg->peer_count; i++)
        if (sd_addr_equal(&wg->peer[i].path.remote, endpoint))
            return &wg->peer[i];
    return NULL;
}

struct wg_peer *wg_peer_by_sid(const struct wireguard *wg, sd_sid sid)
{
    return sid && sid <= wg->peer_count ? &wg->peer[sid - 1] : NULL;
}

sd_sid wg_peer_sid(const struct wg_peer *peer)
{
    return peer->id + 1;
}

void wg_peer_seen_at(struct wireguard *wg, struct wg_peer *peer, const struct sd_path *path)
{
    bool moved = !sd_addr_equal(&peer->path.remote, &path->remote);
    peer->path = *path;
    peer->path.conn = 0;
    if (moved && peer->up)
        wg_event_push(wg, peer, SD_EV_MIGRATED, "roamed");
}

void wg_peer_stage(struct wireguard *wg, struct wg_peer *peer, const uint8_t *packet, size_t len)
{
    /* A full queue loses its oldest packet, which is the least worth sending. */
    if (peer->staged_count == WG_STAGED_MAX) {
        wg->stats.dropped[SD_DROP_FULL]++;
        sd_free(wg_peer_unstage(peer));
    }
    struct wg_staged *s = sd_alloc(wg->env, sizeof *s + len);
    if (!s) {
        wg->stats.dropped[SD_DROP_FULL]++;
        return;
    }
    s->len = len;
    memcpy(s->packet, packet, len);
    *peer->staged_end = s;
    peer->staged_end = &s->next;
    peer->staged_count++;
}

struct wg_staged *wg_peer_unstage(struct wg_peer *peer)
{
    struct wg_staged *s = peer->staged;
    if (!s)
        return NULL;
    peer->staged = s->next;
    if (!peer->staged)
        peer->staged_end = &peer->staged;
    peer->staged_count--;
    return s;
}

void wg_peer_drop_staged(struct wireguard *wg, struct wg_peer *peer)
{
    for (struct wg_staged *s; (s = wg_peer_unstage(peer));) {
        wg->stats.dropped[SD_DROP_STATE]++;
        sd_free(s);
    }
}

static void count(uint64_t *counter, bool *counted, bool now)
{
    *counter += (uint64_t)now - (uint64_t)*counted;
    *counted = now;
}

void wg_peer_account(struct wireguard *wg, struct wg_peer *peer)
{
    bool session = peer->current && !peer->current->expired;
    bool handshake = peer->next || peer->handshake.state == WG_HANDSHAKE_EXPECT_RESPONSE;
    count(&wg->stats.sessions, &peer->counted_session, session);
    count(&wg->stats.half_open, &peer->counted_half_open, handshake && !session);
    if (wg->stats.half_open > wg->stats.half_open_peak)
        wg->stats.half_open_peak = wg->stats.half_open;
}

void wg_peer_clear(struct wireguard *wg, struct wg_peer *peer)
{
    wg_index_free(wg, peer->handshake.local_index);
    sd_wipe(&peer->handshake, sizeof peer->handshake);
    wg_session_forget(wg, peer);
    wg_peer_drop_staged(wg, peer);
    wg_timers_stop(wg, peer);
    peer->handshake_sent = false;
    peer->up = false;
    wg_peer_account(wg, peer);
}
