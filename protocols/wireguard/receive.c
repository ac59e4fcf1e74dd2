#include "protocols/crypto/aead.h"
#include "protocols/wireguard/cookie.h"
#include "protocols/wireguard/noise.h"
#include "protocols/wireguard/timers.h"
#include "sim/core/reader.h"
#include <string.h>

static uint32_t index_of(const uint8_t field[4])
{
    struct sd_reader r = sd_reader_of(field, 4);
    return sd_get32le(&r);
}

/* 5.4.2: somebody begins a handshake. */
static int receive_initiation(struct wireguard *wg, const struct sd_unit *unit)
{
    const struct wg_initiation *message = (const struct wg_initiation *)unit->data;
    struct wg_peer *peer;
    bool proven;
    if (unit->len != sizeof *message)
        return SD_DROP_MALFORMED;
    int result = wg_cookie_check(wg, unit->data, unit->len, &unit->path.remote, &proven);
    if (result == SD_DROP_UNVALIDATED)
        wg_send_cookie_reply(wg, &unit->path, message->sender, &message->macs);
    if (result == SD_OK)
        result = wg_noise_consume_initiation(wg, message, &peer);
    if (result != SD_OK) {
        if (!proven)
            wg->stats.bytes_from_unvalidated += unit->len;
        return result;
    }

    peer->proven =
        proven || (peer->proven && sd_addr_equal(&peer->path.remote, &unit->path.remote));
    if (!peer->proven)
        wg->stats.bytes_from_unvalidated += unit->len;
    wg_peer_seen_at(wg, peer, &unit->path);
    if (!peer->up) {
        wg_event_push(wg, peer, SD_EV_PEER_AUTH, "static key");
        if (proven)
            wg_event_push(wg, peer, SD_EV_VALIDATED, "cookie");
    }
    wg_timers_authenticated_received(wg, peer);
    wg_send_response(wg, peer);
    return SD_OK;
}

/* 5.4.3: the answer to our initiation. */
static int receive_response(struct wireguard *wg, const struct sd_unit *unit)
{
    const struct wg_response *message = (const struct wg_response *)unit->data;
    bool proven;
    if (unit->len != sizeof *message)
        return SD_DROP_MALFORMED;
    int result = wg_cookie_check(wg, unit->data, unit->len, &unit->path.remote, &proven);
    if (result == SD_DROP_UNVALIDATED)
        wg_send_cookie_reply(wg, &unit->path, message->sender, &message->macs);
    if (result != SD_OK)
        return result;
    uint32_t index = index_of(message->receiver);
    struct wg_peer *peer = wg_index_find(wg, index);
    if (!peer)
        return SD_DROP_UNKNOWN;
    if (peer->handshake.local_index != index)
        return SD_DROP_REPLAY; /* that handshake has its keys already */
    result = wg_noise_consume_response(wg, peer, message);
    if (result != SD_OK)
        return result;
    if (!wg_session_begin(wg, peer, true))
        return SD_DROP_FULL;

    wg_peer_seen_at(wg, peer, &unit->path);
    peer->proven = true;
    wg_timers_authenticated_received(wg, peer);
    wg_timers_handshake_complete(wg, peer);
    if (!peer->up)
        wg_event_push(wg, peer, SD_EV_PEER_AUTH, "static key");
    wg_session_announce(wg, peer);
    /* Key confirmation: the responder may not send until it has heard us under the new keys. */
    if (peer->staged)
        wg_send_staged(wg, peer);
    else
        wg_send_keepalive(wg, peer);
    return SD_OK;
}

/* 5.4.7: the peer is under load; the cookie goes into the next message, when that is due. */
static int receive_cookie_reply(struct wireguard *wg, const struct sd_unit *unit)
{
    const struct wg_cookie_reply *message = (const struct wg_cookie_reply *)unit->data;
    if (unit->len != sizeof *message)
        return SD_DROP_MALFORMED;
    struct wg_peer *peer = wg_index_find(wg, index_of(message->receiver));
    if (!peer)
        return SD_DROP_UNKNOWN;
    int result = wg_cookie_consume_reply(wg, peer, message);
    if (result == SD_OK)
        wg_event_push(wg, peer, SD_EV_NOTE, "cookie received");
    return result;
}

/* Decrypts into wg->inner.  6.2: keys and counters have an end. */
static int open_data(struct wireguard *wg, struct wg_keypair *keys, const struct sd_unit *unit,
                     uint64_t counter)
{
    const struct wg_data *message = (const struct wg_data *)unit->data;
    size_t sealed = unit->len - sizeof *message;
    if (wg_session_too_old(wg, keys, WG_REJECT_AFTER_TIME) || counter >= WG_REJECT_AFTER_MESSAGES)
        return SD_DROP_STATE;
    if (sealed > wg->inner_cap) {
        size_t cap = sealed < 2048 ? 2048 : sealed;
        sd_free(wg->inner);
        wg->inner = sd_alloc(wg->env, cap);
        wg->inner_cap = wg->inner ? cap : 0;
        if (!wg->inner)
            return SD_DROP_FULL;
    }
    uint8_t nonce[SD_AEAD_NONCE] = {0};
    memcpy(nonce + 4, message->counter, 8);
    if (!sd_chachapoly_open(wg->inner, message->packet, sealed, NULL, 0, nonce,
                            keys->receiving_key))
        return SD_DROP_AUTH;
    return wg_window_accept(&keys->window, counter) ? SD_OK : SD_DROP_REPLAY;
}

/* Key confirmation: the initiator has shown that it has the keys. */
static void confirmed(struct wireguard *wg, struct wg_peer *peer)
{
    if (!peer->proven)
        wg_event_push(wg, peer, SD_EV_VALIDATED, "key confirmation");
    peer->proven = true;
    wg_timers_handshake_complete(wg, peer);
    wg_session_announce(wg, peer);
    wg_send_staged(wg, peer);
}

/* Section 2: an inner packet is the peer's only if it comes from the peer's addresses. */
static int deliver(struct wireguard *wg, struct wg_peer *peer, size_t len)
{
    uint8_t family;
    uint32_t source, destination;
    size_t total = wg_inner_parse(wg->inner, len, &family, &source, &destination);
    if (!total)
        return SD_DROP_MALFORMED;
    if (family != 4 || wg_route_find(wg, source) != peer)
        return SD_DROP_POLICY;
    struct sd_event *e = wg_event_push(wg, peer, SD_EV_DATA, NULL);
    e->data = wg->inner;
    e->len = total;
    return SD_OK;
}

static int receive_data(struct wireguard *wg, const struct sd_unit *unit)
{
    const struct wg_data *message = (const struct wg_data *)unit->data;
    if (unit->len < WG_DATA_MIN)
        return SD_DROP_MALFORMED;
    uint32_t index = index_of(message->receiver);
    struct sd_reader r = sd_reader_of(message->counter, sizeof message->counter);
    uint64_t counter = sd_get64le(&r);
    struct wg_peer *peer = wg_index_find(wg, index);
    struct wg_keypair *keys = peer ? wg_session_find(peer, index) : NULL;
    if (!keys)
        return SD_DROP_UNKNOWN;
    int result = open_data(wg, keys, unit, counter);
    if (result != SD_OK)
        return result;

    wg_peer_seen_at(wg, peer, &unit->path);
    if (wg_session_confirmed(wg, peer, keys))
        confirmed(wg, peer);
    /* 6.2: the initiator renews keys it only receives with, too */
    const sd_time late = WG_REJECT_AFTER_TIME - WG_KEEPALIVE_TIMEOUT - WG_REKEY_TIMEOUT;
    if (keys == peer->current && keys->initiator && !peer->asked_late &&
        wg_session_too_old(wg, keys, late)) {
        peer->asked_late = true;
        wg_send_initiation(wg, peer, false);
    }
    wg_timers_authenticated_received(wg, peer);
    size_t len = unit->len - WG_DATA_MIN;
    if (!len)
        return SD_OK; /* keepalive */
    wg_timers_data_received(wg, peer);
    return deliver(wg, peer, len);
}

int wg_receive(struct wireguard *wg, const struct sd_unit *unit)
{
    struct sd_reader r = sd_reader_of(unit->data, unit->len);
    uint32_t type = sd_get32le(&r);
    int result;
    wg->stats.units_in++;
    wg->stats.bytes_in += unit->len;
    if (r.bad)
        result = SD_DROP_MALFORMED;
    else if (type == WG_DATA)
        result = receive_data(wg, unit);
    else if (type == WG_INITIATION)
        result = receive_initiation(wg, unit);
    else if (type == WG_RESPONSE)
        result = receive_response(wg, unit);
    else if (type == WG_COOKIE_REPLY)
        result = receive_cookie_reply(wg, unit);
    else
        result = SD_DROP_UNKNOWN;
    if (result > 0)
        wg->stats.dropped[result]++;
    return result;
}
