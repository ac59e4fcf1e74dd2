#include "protocols/wireguard/window.h"

bool wg_window_accept(struct wg_window *w, uint64_t counter)
{
    if (counter >= WG_REJECT_AFTER_MESSAGES || w->next >= WG_REJECT_AFTER_MESSAGES)
        return false;
    if (counter + 1 + WG_WINDOW < w->next)
        return false; /* below the window: too old to tell */

    uint64_t word = counter / 64;
    if (counter >= w->next) {
        /* The window moves: words it enters hold bits of counters it has left. */
        uint64_t from = w->next ? (w->next - 1) / 64 + 1 : 0;
        if (word >= from && word - from >= WG_WINDOW_WORDS)
            from = word - (WG_WINDOW_WORDS - 1);
        for (uint64_t i = from; i <= word; i++)
            w->seen[i % WG_WINDOW_WORDS] = 0;
        w->next = counter + 1;
    }

    uint64_t *seen = &w->seen[word % WG_WINDOW_WORDS], bit = UINT64_C(1) << (counter % 64);
    if (*seen & bit)
        return false;
    *seen |= bit;
    return true;
}
