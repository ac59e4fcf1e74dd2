/* timers.c - everything that WireGuard does because time has passed (whitepaper section 6).
 *
 * RETRANSMIT     An initiation was not answered within REKEY_TIMEOUT (5 s) and up to 333 ms of
 *                chance: send a new one.  Without back-off; after 18 initiations or
 *                REKEY_ATTEMPT_TIME (90 s) give up, drop what waits, and tell the application.
 *                A packet to send begins the count anew.
 * ASKED          The application asked for a handshake sooner than REKEY_TIMEOUT after the last
 *                one: begin it as soon as that is over.
 * NEW_HANDSHAKE  Data was sent and nothing at all came back for KEEPALIVE_TIMEOUT +
 *                REKEY_TIMEOUT (15 s, and up to 333 ms): the peer may have lost its keys, so
 *                begin a handshake.
 * KEEPALIVE      Data was received and nothing was sent for KEEPALIVE_TIMEOUT (10 s): send a
 *                keepalive, so that the peer's NEW_HANDSHAKE stays quiet; once more after 10 s
 *                if more data came meanwhile.
 * PERSISTENT     Nothing was sent or received for the configured interval: send a keepalive, so
 *                that a NAT keeps its binding.
 * ZERO_KEYS      3 x REJECT_AFTER_TIME (540 s) without new session keys: wipe them all, and the
 *                handshake's ephemeral key.
 *
 * Without a timer, at the next packet: the initiator of a session asks for new keys when it sends
 * REKEY_AFTER_TIME (120 s) after their birth, or receives within the last KEEPALIVE_TIMEOUT +
 * REKEY_TIMEOUT before their end (from 165 s on); either side does after REKEY_AFTER_MESSAGES;
 * nothing is sent or accepted from REJECT_AFTER_TIME (180 s) or REJECT_AFTER_MESSAGES on.
 * Cookie secrets and received cookies age by the clock (cookie.c).
 *
 * Peers stand in a heap by their earliest timer, ties by id: ten thousand cost as little each as
 * ten. */
#include "protocols/wireguard/timers.h"
#include <string.h>

/* -- heap -- */

static bool sooner(const struct wireguard *wg, uint32_t a, uint32_t b)
{
    const struct wg_peer *p = &wg->peer[a], *q = &wg->peer[b];
    return p->due < q->due || (p->due == q->due && a < b);
}

static void place(struct wireguard *wg, uint32_t at, uint32_t id)
{
    wg->timers[at - 1] = id;
    wg->peer[id].heap_place = at;
}

/* Puts id where it belongs, beginning at place `at` (from 1), which is free. */
static void sift(struct wireguard *wg, uint32_t at, uint32_t id)
{
    while (at > 1 && sooner(wg, id, wg->timers[at / 2 - 1])) {
        place(wg, at, wg->timers[at / 2 - 1]);
        at /= 2;
    }
    for (uint32_t child; (child = 2 * at) <= wg->timer_count; at = child) {
        if (child < wg->timer_count && sooner(wg, wg->timers[child], wg->timers[child - 1]))
            child++;
        if (!sooner(wg, wg->timers[child - 1], id))
            break;
        place(wg, at, wg->timers[child - 1]);
    }
    place(wg, at, id);
}

static void reorder(struct wireguard *wg, struct wg_peer *peer)
{
    sd_time due = SD_NEVER;
    for (int i = 0; i < WG_TIMER_MAX; i++)
        if (peer->timer[i] < due)
            due = peer->timer[i];
    if (due == peer->due)
        return;
    peer->due = due;
    uint32_t at = peer->heap_place;
    if (due != SD_NEVER) {
        sift(wg, at ? at : ++wg->timer_count, peer->id);
    } else if (at) {
        uint32_t last = wg->timers[--wg->timer_count];
        peer->heap_place = 0;
        if (last != peer->id)
            sift(wg, at, last);
    }
}

static void set(struct wireguard *wg, struct wg_peer *peer, enum wg_timer timer, sd_time after)
{
    peer->timer[timer] = wg->now + after;
    reorder(wg, peer);
}

static void stop(struct wireguard *wg, struct wg_peer *peer, enum wg_timer timer)
{
    peer->timer[timer] = SD_NEVER;
    reorder(wg, peer);
}

static bool runs(const struct wg_peer *peer, enum wg_timer timer)
{
    return peer->timer[timer] != SD_NEVER;
}

void wg_timers_init(struct wg_peer *peer)
{
    for (int i = 0; i < WG_TIMER_MAX; i++)
        peer->timer[i] = SD_NEVER;
    peer->due = SD_NEVER;
}

void wg_timers_stop(struct wireguard *wg, struct wg_peer *peer)
{
    for (int i = 0; i < WG_TIMER_MAX; i++)
        peer->timer[i] = SD_NEVER;
    reorder(wg, peer);
    peer->attempts = 0;
    peer->keepalive_again = peer->asked_late = false;
}

sd_time wg_timers_deadline(const struct wireguard *wg)
{
    return wg->timer_count ? wg->peer[wg->timers[0]].due : SD_NEVER;
}

/* -- what sets and stops them -- */

static sd_time jitter(struct wireguard *wg)
{
    uint64_t draw;
    sd_random(wg->env, &draw, sizeof draw);
    return draw % (WG_REKEY_JITTER + 1);
}

/* Anything that shows the path is alive moves the persistent keepalive. */
static void traversed(struct wireguard *wg, struct wg_peer *peer)
{
    if (peer->keepalive_s)
        set(wg, peer, WG_TIMER_PERSISTENT, peer->keepalive_s * SD_SECOND);
}

void wg_timers_initiation_sent(struct wireguard *wg, struct wg_peer *peer)
{
    set(wg, peer, WG_TIMER_RETRANSMIT, WG_REKEY_TIMEOUT + jitter(wg));
    stop(wg, peer, WG_TIMER_ASKED);
}

void wg_timers_session_derived(struct wireguard *wg, struct wg_peer *peer)
{
    set(wg, peer, WG_TIMER_ZERO_KEYS, 3 * WG_REJECT_AFTER_TIME);
}

void wg_timers_handshake_complete(struct wireguard *wg, struct wg_peer *peer)
{
    stop(wg, peer, WG_TIMER_RETRANSMIT);
    peer->attempts = 0;
    peer->asked_late = false;
}

void wg_timers_authenticated_sent(struct wireguard *wg, struct wg_peer *peer)
{
    stop(wg, peer, WG_TIMER_KEEPALIVE);
    traversed(wg, peer);
}

void wg_timers_authenticated_received(struct wireguard *wg, struct wg_peer *peer)
{
    stop(wg, peer, WG_TIMER_NEW_HANDSHAKE);
    traversed(wg, peer);
}

void wg_timers_data_sent(struct wireguard *wg, struct wg_peer *peer)
{
    if (!runs(peer, WG_TIMER_NEW_HANDSHAKE))
        set(wg, peer, WG_TIMER_NEW_HANDSHAKE, WG_KEEPALIVE_TIMEOUT + WG_REKEY_TIMEOUT + jitter(wg));
}

void wg_timers_data_received(struct wireguard *wg, struct wg_peer *peer)
{
    if (runs(peer, WG_TIMER_KEEPALIVE))
        peer->keepalive_again = true;
    else
        set(wg, peer, WG_TIMER_KEEPALIVE, WG_KEEPALIVE_TIMEOUT);
}

void wg_timers_handshake_asked(struct wireguard *wg, struct wg_peer *peer)
{
    sd_time free_at = peer->handshake_sent_at + WG_REKEY_TIMEOUT;
    if (!peer->handshake_sent || wg->now >= free_at)
        wg_send_initiation(wg, peer, false);
    else if (!runs(peer, WG_TIMER_RETRANSMIT))
        set(wg, peer, WG_TIMER_ASKED, free_at - wg->now);
}

/* -- what they do -- */

static void give_up(struct wireguard *wg, struct wg_peer *peer)
{
    wg_peer_drop_staged(wg, peer);
    wg_index_free(wg, peer->handshake.local_index);
    sd_wipe(&peer->handshake, sizeof peer->handshake);
    if (!runs(peer, WG_TIMER_ZERO_KEYS))
        set(wg, peer, WG_TIMER_ZERO_KEYS, 3 * WG_REJECT_AFTER_TIME);
    peer->attempts = 0;
    peer->up = false;
    wg_peer_account(wg, peer);
    wg_event_push(wg, peer, SD_EV_ERROR, "no answer to the handshake: gave up")->code =
        WG_ATTEMPTS_MAX;
}

static void retransmit(struct wireguard *wg, struct wg_peer *peer)
{
    if (peer->attempts >= WG_ATTEMPTS_MAX ||
        wg->now - peer->attempts_since >= WG_REKEY_ATTEMPT_TIME)
        give_up(wg, peer);
    else
        wg_send_initiation(wg, peer, true);
}

static void zero_keys(struct wireguard *wg, struct wg_peer *peer)
{
    bool had = peer->current || peer->next || peer->previous;
    wg_index_free(wg, peer->handshake.local_index);
    sd_wipe(&peer->handshake, sizeof peer->handshake);
    stop(wg, peer, WG_TIMER_RETRANSMIT);
    wg_session_forget(wg, peer);
    peer->up = false;
    wg_peer_account(wg, peer);
    if (had)
        wg_event_push(wg, peer, SD_EV_KEY_EXPIRED, "zeroed after 3 x REJECT_AFTER_TIME");
}

static void fire(struct wireguard *wg, struct wg_peer *peer, enum wg_timer timer)
{
    switch (timer) {
    case WG_TIMER_RETRANSMIT:
        retransmit(wg, peer);
        break;
    case WG_TIMER_ASKED:
    case WG_TIMER_NEW_HANDSHAKE:
        wg_send_initiation(wg, peer, false);
        break;
    case WG_TIMER_KEEPALIVE:
        wg_send_keepalive(wg, peer);
        if (peer->keepalive_again) {
            peer->keepalive_again = false;
            set(wg, peer, WG_TIMER_KEEPALIVE, WG_KEEPALIVE_TIMEOUT);
        }
        break;
    case WG_TIMER_PERSISTENT:
        wg_send_keepalive(wg, peer);
        if (!runs(peer, WG_TIMER_PERSISTENT)) /* nothing could be sent */
            traversed(wg, peer);
        break;
    case WG_TIMER_ZERO_KEYS:
        zero_keys(wg, peer);
        break;
    case WG_TIMER_MAX:
        break;
    }
}

void wg_timers_expire(struct wireguard *wg)
{
    while (wg->timer_count && wg->peer[wg->timers[0]].due <= wg->now) {
        struct wg_peer *peer = &wg->peer[wg->timers[0]];
        for (int i = 0; i < WG_TIMER_MAX; i++) {
            if (peer->timer[i] > wg->now)
                continue;
            stop(wg, peer, (enum wg_timer)i);
            fire(wg, peer, (enum wg_timer)i);
        }
    }
}
