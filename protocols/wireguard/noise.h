/* noise.h - the handshake Noise_IKpsk2 as WireGuard uses it (whitepaper 5.4). */
#ifndef WG_NOISE_H
#define WG_NOISE_H

#include "protocols/wireguard/wireguard.h"

/* 5.4.2: constants before the first message, and the static keys' derivatives. */
void wg_noise_init(struct wireguard *);

/* Fill or read a message without its MACs (cookie.h).  Results are enum sd_result: SD_E_NOMEM
 * when no index is to be had, SD_DROP_AUTH, SD_DROP_UNKNOWN (no such peer), SD_DROP_REPLAY,
 * SD_DROP_RATE.  A message that is not SD_OK changes nothing. */
int wg_noise_create_initiation(struct wireguard *, struct wg_peer *, struct wg_initiation *);
int wg_noise_consume_initiation(struct wireguard *, const struct wg_initiation *,
                                struct wg_peer **);
int wg_noise_create_response(struct wireguard *, struct wg_peer *, struct wg_response *);
int wg_noise_consume_response(struct wireguard *, struct wg_peer *, const struct wg_response *);

/* 5.4.5: both directions' keys, of the initiator. */
void wg_noise_transport_keys(const struct wg_handshake *,
                             uint8_t initiator_to_responder[WG_KEY_LEN],
                             uint8_t responder_to_initiator[WG_KEY_LEN]);

#endif
