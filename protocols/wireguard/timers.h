/* timers.h - when WireGuard does something by itself; timers.c says it in English. */
#ifndef WG_TIMERS_H
#define WG_TIMERS_H

#include "protocols/wireguard/wireguard.h"

void wg_timers_init(struct wg_peer *);
void wg_timers_stop(struct wireguard *, struct wg_peer *);
sd_time wg_timers_deadline(const struct wireguard *);
void wg_timers_expire(struct wireguard *); /* all that are due */

/* What happened to a peer, as far as timers care.  "Authenticated" are all messages but cookie
 * replies; "data" are packets that are not keepalives. */
void wg_timers_initiation_sent(struct wireguard *, struct wg_peer *);
void wg_timers_session_derived(struct wireguard *, struct wg_peer *);
void wg_timers_handshake_complete(struct wireguard *, struct wg_peer *);
void wg_timers_authenticated_sent(struct wireguard *, struct wg_peer *);
void wg_timers_authenticated_received(struct wireguard *, struct wg_peer *);
void wg_timers_data_sent(struct wireguard *, struct wg_peer *);
void wg_timers_data_received(struct wireguard *, struct wg_peer *);
/* A handshake was asked for: at once, or when REKEY_TIMEOUT since the last one is over. */
void wg_timers_handshake_asked(struct wireguard *, struct wg_peer *);

#endif
