/* routing.c - cryptokey routing (whitepaper section 2): inner addresses to peers, by longest
 * prefix.  One hash table of (network, prefix) pairs, asked once for each length in use. */
#include "protocols/wireguard/wireguard.h"
#include "sim/core/reader.h"

static uint32_t network_of(uint32_t address, uint8_t prefix)
{
    return prefix ? address & (UINT32_MAX << (32 - prefix)) : 0;
}

/* Where the route is, or the free place where it belongs. */
static uint32_t place_of(const struct wireguard *wg, uint32_t net, uint8_t prefix)
{
    uint32_t mask = wg->route_size - 1;
    uint32_t i = (uint32_t)sd_hash_u64(prefix, net) & mask;
    while (wg->route[i].peer && (wg->route[i].net != net || wg->route[i].prefix != prefix))
        i = (i + 1) & mask;
    return i;
}

int wg_routes_init(struct wireguard *wg, const struct sd_config *config)
{
    wg->route_size = 2;
    while (wg->route_size < 2 * config->peer_count)
        wg->route_size *= 2;
    wg->route = sd_alloc(wg->env, wg->route_size * sizeof *wg->route);
    if (!wg->route)
        return SD_E_NOMEM;
    for (uint32_t i = 0; i < config->peer_count; i++) {
        uint8_t prefix = config->peers[i].inner_prefix;
        uint32_t net = network_of(config->peers[i].inner_net, prefix);
        /* A network given twice belongs to the peer named last, as in `wg set`. */
        wg->route[place_of(wg, net, prefix)] =
            (struct wg_route){.net = net, .prefix = prefix, .peer = i + 1};
        wg->prefixes |= UINT64_C(1) << prefix;
    }
    return SD_OK;
}

struct wg_peer *wg_route_find(const struct wireguard *wg, uint32_t inner_address)
{
    for (int prefix = 32; prefix >= 0; prefix--) {
        if (!(wg->prefixes >> prefix & 1))
            continue;
        uint32_t net = network_of(inner_address, (uint8_t)prefix);
        uint32_t peer = wg->route[place_of(wg, net, (uint8_t)prefix)].peer;
        if (peer)
            return &wg->peer[peer - 1];
    }
    return NULL;
}

size_t wg_inner_parse(const uint8_t *data, size_t len, uint8_t *family, uint32_t *source,
                      uint32_t *destination)
{
    struct sd_reader r = sd_reader_of(data, len);
    size_t total, header;
    uint8_t first = sd_get8(&r);
    *family = first >> 4;
    *source = *destination = 0;
    if (*family == 4) { /* RFC 791 section 3.1 */
        header = (first & 15u) * 4;
        sd_get8(&r);
        total = sd_get16(&r);
        sd_get(&r, 8);
        *source = sd_get32(&r);
        *destination = sd_get32(&r);
        if (header < 20)
            return 0;
    } else if (*family == 6) { /* RFC 8200 section 3 */
        header = 40;
        sd_get(&r, 3);
        total = header + sd_get16(&r);
        sd_get(&r, 34);
    } else {
        return 0;
    }
    return r.bad || total < header || total > len ? 0 : total;
}
