/* session.c - transport keys come and go: previous, current, next (whitepaper 6.3). */
#include "protocols/wireguard/noise.h"
#include "protocols/wireguard/timers.h"

static void drop(struct wireguard *wg, struct wg_keypair **keys)
{
    if (*keys)
        wg_index_free(wg, (*keys)->local_index);
    sd_free(*keys);
    *keys = NULL;
}

bool wg_session_begin(struct wireguard *wg, struct wg_peer *peer, bool initiator)
{
    struct wg_handshake *h = &peer->handshake;
    struct wg_keypair *fresh = sd_alloc(wg->env, sizeof *fresh);
    if (!fresh)
        return false;
    fresh->local_index = h->local_index; /* stays in the table */
    fresh->remote_index = h->remote_index;
    fresh->born = wg->now;
    fresh->initiator = initiator;
    if (initiator)
        wg_noise_transport_keys(h, fresh->sending_key, fresh->receiving_key);
    else
        wg_noise_transport_keys(h, fresh->receiving_key, fresh->sending_key);
    sd_wipe(h, sizeof *h);

    if (initiator) {
        /* The response showed that the peer has these keys.  What it made as our responder and
         * never saw confirmed takes the place of the current ones: packets may still come. */
        drop(wg, &peer->previous);
        if (peer->next) {
            peer->previous = peer->next;
            peer->next = NULL;
            drop(wg, &peer->current);
        } else {
            peer->previous = peer->current;
        }
        peer->current = fresh;
    } else {
        /* Not to be used until the initiator has shown that it has them. */
        drop(wg, &peer->next);
        drop(wg, &peer->previous);
        peer->next = fresh;
    }
    wg_timers_session_derived(wg, peer);
    return true;
}

bool wg_session_confirmed(struct wireguard *wg, struct wg_peer *peer, const struct wg_keypair *keys)
{
    if (keys != peer->next)
        return false;
    drop(wg, &peer->previous);
    peer->previous = peer->current;
    peer->current = peer->next;
    peer->next = NULL;
    return true;
}

struct wg_keypair *wg_session_find(struct wg_peer *peer, uint32_t local_index)
{
    struct wg_keypair *all[] = {peer->current, peer->next, peer->previous};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] && all[i]->local_index == local_index)
            return all[i];
    return NULL;
}

bool wg_session_too_old(const struct wireguard *wg, const struct wg_keypair *keys, sd_time limit)
{
    return wg->now - keys->born >= limit;
}

struct wg_keypair *wg_session_sending(struct wireguard *wg, struct wg_peer *peer)
{
    struct wg_keypair *keys = peer->current;
    if (!keys || keys->expired)
        return NULL;
    if (!wg_session_too_old(wg, keys, WG_REJECT_AFTER_TIME) &&
        keys->sending_counter < WG_REJECT_AFTER_MESSAGES)
        return keys;
    keys->expired = true;
    wg_event_push(wg, peer, SD_EV_KEY_EXPIRED,
                  keys->sending_counter < WG_REJECT_AFTER_MESSAGES ? "REJECT_AFTER_TIME"
                                                                   : "REJECT_AFTER_MESSAGES");
    wg_peer_account(wg, peer);
    return NULL;
}

void wg_session_forget(struct wireguard *wg, struct wg_peer *peer)
{
    drop(wg, &peer->previous);
    drop(wg, &peer->current);
    drop(wg, &peer->next);
}

void wg_session_announce(struct wireguard *wg, struct wg_peer *peer)
{
    wg->stats.handshakes++;
    wg_event_push(wg, peer, peer->up ? SD_EV_KEY_UPDATE : SD_EV_READY, NULL);
    peer->up = true;
    wg_peer_account(wg, peer);
}
