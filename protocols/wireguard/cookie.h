/* cookie.h - the MACs of handshake messages, and cookies under load (whitepaper 5.3, 5.4.4,
 * 5.4.7). */
#ifndef WG_COOKIE_H
#define WG_COOKIE_H

#include "protocols/wireguard/wireguard.h"

/* Fills the MACs at the end of a message of len bytes, which goes to peer. */
void wg_cookie_add_macs(struct wireguard *, struct wg_peer *, uint8_t *message, size_t len);

/* Judges a handshake message by its MACs, before any Diffie-Hellman:
 * SD_OK; SD_DROP_AUTH: mac1 is wrong; SD_DROP_UNVALIDATED: under load and mac2 is wrong, answer
 * with a cookie; SD_DROP_RATE: under load, and this address is too fast.
 * *proven: mac2 shows that the sender receives at that address. */
int wg_cookie_check(struct wireguard *, const uint8_t *message, size_t len,
                    const struct sd_addr *from, bool *proven);

/* The reply to a message with these MACs from that address. */
void wg_cookie_create_reply(struct wireguard *, struct wg_cookie_reply *, const uint8_t sender[4],
                            const struct wg_macs *, const struct sd_addr *from);
/* SD_OK: peer has a cookie for its next message; SD_DROP_STATE, SD_DROP_AUTH. */
int wg_cookie_consume_reply(struct wireguard *, struct wg_peer *, const struct wg_cookie_reply *);

void wg_cookie_fini(struct wireguard *);

#endif
