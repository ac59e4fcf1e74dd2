/* window.h - which counters have been seen: a sliding bitmap in the manner of RFC 6479. */
#ifndef WG_WINDOW_H
#define WG_WINDOW_H

#include "protocols/wireguard/wire.h"

#define WG_WINDOW_WORDS 32 /* one more than WG_WINDOW fills: the word being entered is cleared */

struct wg_window {
    uint64_t next; /* greatest counter accepted, plus 1; 0: none yet */
    uint64_t seen[WG_WINDOW_WORDS];
};

_Static_assert(WG_WINDOW == (WG_WINDOW_WORDS - 1) * 64, "RFC 6479 section 3");

/* True, and remembered, when counter is new: neither seen before, nor more than WG_WINDOW below
 * the greatest, nor past REJECT_AFTER_MESSAGES.  Only for authenticated packets. */
bool wg_window_accept(struct wg_window *, uint64_t counter);

#endif
