/* esp_window.h - which sequence numbers have been seen: a ring of words in the manner of RFC 6479,
 * as large as one likes, and the upper half of extended numbers (RFC 4303 appendix A). */
#ifndef ESP_WINDOW_H
#define ESP_WINDOW_H

#include "sim/core/env.h"

#define ESP_WINDOW     64u    /* RFC 4303 3.4.3: preferred */
#define ESP_WINDOW_MAX 65536u /* packets */

struct esp_window {
    uint64_t *seen; /* one word more than `size` fills: the word being entered is cleared */
    uint32_t words, size;
    uint64_t top; /* greatest number accepted; 0: none yet */
};

/* size: packets, 1 to ESP_WINDOW_MAX.  SD_OK, SD_E_ARG, SD_E_NOMEM. */
int esp_window_init(struct esp_window *, struct sd_env *, uint32_t size);
void esp_window_fini(struct esp_window *);

/* The whole number of which `low` came on the wire, with esn: the one nearest to the window
 * (A2.2).  0 where there is none: what is below the first 2^32. */
uint64_t esp_window_number(const struct esp_window *, uint32_t low, bool esn);
/* Whether the number would be new: asked before a packet is authenticated. */
bool esp_window_fresh(const struct esp_window *, uint64_t number);
/* True, and remembered, when it is new.  Only for authenticated packets. */
bool esp_window_accept(struct esp_window *, uint64_t number);

#endif
