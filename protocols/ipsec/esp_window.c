#include "protocols/ipsec/esp_window.h"
#include "sim/core/error.h"

int esp_window_init(struct esp_window *w, struct sd_env *env, uint32_t size)
{
    *w = (struct esp_window){.size = size, .words = (size + 63) / 64 + 1};
    if (size == 0 || size > ESP_WINDOW_MAX)
        return SD_E_ARG;
    w->seen = sd_alloc(env, w->words * sizeof *w->seen);
    return w->seen ? SD_OK : SD_E_NOMEM;
}

void esp_window_fini(struct esp_window *w)
{
    sd_free(w->seen);
    *w = (struct esp_window){0};
}

/* A2.2: the window lies within one subspace of 2^32 numbers or spans two; a number that is too low
 * to lie in it belongs to the next subspace, or to the one that the window's lower end is in. */
uint64_t esp_window_number(const struct esp_window *w, uint32_t low, bool esn)
{
    if (!esn)
        return low;
    uint64_t high = w->top >> 32;
    uint32_t top_low = (uint32_t)w->top;
    if (top_low >= w->size - 1) { /* case A: one subspace */
        if (low < top_low - w->size + 1)
            high++;
    } else { /* case B: two */
        if (low >= top_low - w->size + 1) {
            if (high == 0)
                return 0;
            high--;
        }
    }
    return high << 32 | low;
}

static uint64_t *word_of(const struct esp_window *w, uint64_t number)
{
    return &w->seen[number / 64 % w->words];
}

bool esp_window_fresh(const struct esp_window *w, uint64_t number)
{
    if (number == 0)
        return false; /* 3.3.3: the first is 1 */
    if (number > w->top)
        return true;
    return w->top - number < w->size && !(*word_of(w, number) >> number % 64 & 1);
}

bool esp_window_accept(struct esp_window *w, uint64_t number)
{
    if (!esp_window_fresh(w, number))
        return false;
    if (number > w->top) {
        /* The window moves: words that it enters hold bits of numbers that it has left. */
        uint64_t steps = number / 64 - w->top / 64;
        if (steps > w->words)
            steps = w->words;
        for (uint64_t i = 0; i < steps; i++)
            *word_of(w, number - i * 64) = 0;
        w->top = number;
    }
    *word_of(w, number) |= UINT64_C(1) << number % 64;
    return true;
}
