#include "protocols/crypto/aead.h"
#include "protocols/wireguard/cookie.h"
#include "protocols/wireguard/noise.h"
#include "protocols/wireguard/timers.h"
#include "sim/core/reader.h"
#include <string.h>

/* Room for a message to the peer, booked; NULL: out of memory. */
static uint8_t *message_to(struct wireguard *wg, const struct wg_peer *peer, size_t len)
{
    uint8_t *message = wg_out_push(wg, &peer->path, len);
    if (message && !peer->proven)
        wg->stats.bytes_to_unvalidated += len;
    return message;
}

static void send_handshake(struct wireguard *wg, struct wg_peer *peer, uint8_t *message, size_t len)
{
    wg_cookie_add_macs(wg, peer, message, len);
    uint8_t *out = message_to(wg, peer, len);
    if (out)
        memcpy(out, message, len);
    peer->handshake_sent = true;
    peer->handshake_sent_at = wg->now;
    wg_timers_authenticated_sent(wg, peer);
}

void wg_send_initiation(struct wireguard *wg, struct wg_peer *peer, bool retry)
{
    if (!retry) {
        peer->attempts = 0;
        peer->attempts_since = wg->now;
    }
    if (!peer->path.remote.family ||
        (peer->handshake_sent && wg->now < peer->handshake_sent_at + WG_REKEY_TIMEOUT))
        return;

    struct wg_initiation message;
    int result = wg_noise_create_initiation(wg, peer, &message);
    if (result != SD_OK) {
        wg_event_push(wg, peer, SD_EV_ERROR, "the handshake cannot be made")->code =
            (uint64_t)result;
        return;
    }
    peer->attempts++;
    if (retry)
        wg->stats.retransmits++;
    send_handshake(wg, peer, (uint8_t *)&message, sizeof message);
    wg_timers_initiation_sent(wg, peer);
    wg_peer_account(wg, peer);
}

void wg_send_response(struct wireguard *wg, struct wg_peer *peer)
{
    struct wg_response message;
    if (wg_noise_create_response(wg, peer, &message) != SD_OK)
        return;
    send_handshake(wg, peer, (uint8_t *)&message, sizeof message);
    wg_session_begin(wg, peer, false);
    wg_peer_account(wg, peer);
}

void wg_send_cookie_reply(struct wireguard *wg, const struct sd_path *path, const uint8_t sender[4],
                          const struct wg_macs *macs)
{
    uint8_t *out = wg_out_push(wg, path, sizeof(struct wg_cookie_reply));
    if (!out)
        return;
    wg_cookie_create_reply(wg, (struct wg_cookie_reply *)out, sender, macs, &path->remote);
    wg->stats.bytes_to_unvalidated += sizeof(struct wg_cookie_reply);
}

/* 5.4.6: zeros up to a multiple of 16, but not past the MTU, which the padded packet may not
 * exceed where the inner one did not. */
static size_t padded(const struct wireguard *wg, size_t len)
{
    size_t full = (len + WG_PADDING - 1) / WG_PADDING * WG_PADDING;
    if (full <= wg->inner_mtu)
        return full;
    return len > wg->inner_mtu ? len : wg->inner_mtu;
}

/* 5.4.6, and what follows from having sent.  len 0: a keepalive. */
static void send_data(struct wireguard *wg, struct wg_peer *peer, struct wg_keypair *keys,
                      const uint8_t *packet, size_t len)
{
    size_t size = padded(wg, len);
    struct wg_data *message =
        (struct wg_data *)message_to(wg, peer, sizeof *message + size + WG_TAG_LEN);
    if (!message) {
        wg->stats.dropped[SD_DROP_FULL]++;
        return;
    }
    uint8_t nonce[SD_AEAD_NONCE] = {0}; /* 32 bits of zero, the counter in 64 */
    struct sd_writer w = sd_writer_of(nonce + 4, 8);
    sd_put64le(&w, keys->sending_counter++);
    w = sd_writer_of(message, sizeof *message);
    sd_put32le(&w, WG_DATA);
    sd_put32le(&w, keys->remote_index);
    sd_put(&w, nonce + 4, 8);
    if (len)
        memcpy(message->packet, packet, len);
    memset(message->packet + len, 0, size - len);
    sd_chachapoly_seal(message->packet, message->packet, size, NULL, 0, nonce, keys->sending_key);

    wg_timers_authenticated_sent(wg, peer);
    if (len)
        wg_timers_data_sent(wg, peer);
    /* 6.2: keys that grow old, or are much used */
    if (keys->sending_counter > WG_REKEY_AFTER_MESSAGES ||
        (keys->initiator && wg_session_too_old(wg, keys, WG_REKEY_AFTER_TIME)))
        wg_send_initiation(wg, peer, false);
}

void wg_send_packet(struct wireguard *wg, struct wg_peer *peer, const uint8_t *packet, size_t len)
{
    struct wg_keypair *keys = wg_session_sending(wg, peer);
    if (keys) {
        send_data(wg, peer, keys, packet, len);
    } else if (!peer->path.remote.family) {
        wg->stats.dropped[SD_DROP_UNKNOWN]++; /* nobody knows where the peer is */
    } else {
        wg_peer_stage(wg, peer, packet, len);
        wg_send_initiation(wg, peer, false);
    }
}

void wg_send_staged(struct wireguard *wg, struct wg_peer *peer)
{
    struct wg_keypair *keys;
    while (peer->staged && (keys = wg_session_sending(wg, peer))) {
        struct wg_staged *s = wg_peer_unstage(peer);
        send_data(wg, peer, keys, s->packet, s->len);
        sd_free(s);
    }
}

void wg_send_keepalive(struct wireguard *wg, struct wg_peer *peer)
{
    struct wg_keypair *keys = wg_session_sending(wg, peer);
    if (!keys)
        wg_send_initiation(wg, peer, false);
    else if (peer->staged)
        wg_send_staged(wg, peer);
    else
        send_data(wg, peer, keys, NULL, 0);
}
