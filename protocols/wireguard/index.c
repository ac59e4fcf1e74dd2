/* index.c - random 32-bit indices that the other side puts into its messages; open addressing,
 * linear probing, at most half full. */
#include "protocols/wireguard/wireguard.h"

static uint32_t place_of(const struct wireguard *wg, uint32_t index)
{
    return index & (wg->by_index_size - 1); /* indices are random already */
}

static void put(struct wireguard *wg, struct wg_index_slot slot)
{
    uint32_t i = place_of(wg, slot.index);
    while (wg->by_index[i].peer)
        i = (i + 1) & (wg->by_index_size - 1);
    wg->by_index[i] = slot;
}

static bool grow(struct wireguard *wg)
{
    uint32_t before = wg->by_index_size, size = before ? 2 * before : 8;
    struct wg_index_slot *old = wg->by_index;
    struct wg_index_slot *slots = sd_alloc(wg->env, size * sizeof *slots);
    if (!slots)
        return false;
    wg->by_index = slots;
    wg->by_index_size = size;
    for (uint32_t i = 0; i < before; i++)
        if (old[i].peer)
            put(wg, old[i]);
    sd_free(old);
    return true;
}

struct wg_peer *wg_index_find(const struct wireguard *wg, uint32_t index)
{
    if (!wg->by_index_size)
        return NULL;
    for (uint32_t i = place_of(wg, index); wg->by_index[i].peer;
         i = (i + 1) & (wg->by_index_size - 1))
        if (wg->by_index[i].index == index)
            return &wg->peer[wg->by_index[i].peer - 1];
    return NULL;
}

uint32_t wg_index_new(struct wireguard *wg, struct wg_peer *peer)
{
    if (2 * (wg->by_index_used + 1) > wg->by_index_size && !grow(wg))
        return 0;
    uint32_t index;
    do
        sd_random(wg->env, &index, sizeof index);
    while (!index || wg_index_find(wg, index));
    put(wg, (struct wg_index_slot){.index = index, .peer = peer->id + 1});
    wg->by_index_used++;
    return index;
}

void wg_index_free(struct wireguard *wg, uint32_t index)
{
    if (!index || !wg->by_index_size)
        return;
    uint32_t mask = wg->by_index_size - 1, i = place_of(wg, index);
    while (wg->by_index[i].peer && wg->by_index[i].index != index)
        i = (i + 1) & mask;
    if (!wg->by_index[i].peer)
        return;
    wg->by_index_used--;
    /* Close the gap: whoever was pushed past it by probing moves back. */
    for (uint32_t j = (i + 1) & mask; wg->by_index[j].peer; j = (j + 1) & mask) {
        uint32_t home = place_of(wg, wg->by_index[j].index);
        if (((j - home) & mask) >= ((j - i) & mask)) {
            wg->by_index[i] = wg->by_index[j];
            i = j;
        }
    }
    wg->by_index[i] = (struct wg_index_slot){0};
}
