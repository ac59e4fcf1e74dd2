/* test_wireguard_window.c - which counters a receiver takes: a story in rows. */
#include "protocols/wireguard/window.h"
#include "tests/core/unit.h"
#include <string.h>

#define W WG_WINDOW
#define R WG_REJECT_AFTER_MESSAGES

struct step {
    uint64_t counter;
    bool accepted;
    const char *why;
};

static const struct step steps[] = {
    {0, true, "the first"},
    {0, false, "again"},
    {1, true, "next"},
    {1, false, "next again"},
    {9, true, "a gap"},
    {8, true, "into the gap"},
    {7, true, "into the gap, further down"},
    {7, false, "into the gap again"},
    {63, true, "the last bit of the first word"},
    {64, true, "the first bit of the second word"},
    {63, false, "that last bit again"},
    {127, true, "the end of the second word"},
    {65, true, "back within it"},
    {W, true, "the window's width"},
    {2, true, "still inside"},
    {W + 1, true, "moves by one"},
    {W, false, "the one before again"},
    {3, true, "inside by one"},
    {W + 5, true, "moves by four"},
    {4, false, "fell out though never seen"},
    {5, true, "the lower edge"},
    {5, false, "the lower edge again"},
    {6, true, "beside the lower edge"},
    {W * 3, true, "jumps by more than the window"},
    {W + 6, false, "all from before is too old"},
    {W * 2 - 1, false, "just below the new edge"},
    {W * 2, true, "the new edge"},
    {W * 3 - 64, true, "a word below the greatest"},
    {W * 3 - 63, true, "its neighbour"},
    {W * 3 - 64, false, "a word below again"},
    {W * 1000, true, "a long jump clears every word"},
    {W * 999 + 1, true, "inside the cleared window"},
    {W * 1000 - 2048, false, "a word that was reused is not below the edge"},
    {UINT64_C(1) << 40, true, "beyond 32 bits"},
    {(UINT64_C(1) << 40) - W, true, "its lower edge"},
    {(UINT64_C(1) << 40) - W - 1, false, "below its lower edge"},
    {R - 1, true, "the last counter there is"},
    {R - 1, false, "the last again"},
    {R, false, "REJECT_AFTER_MESSAGES"},
    {UINT64_MAX, false, "the greatest number"},
    {0, false, "no way back"},
};

static void test_story(void **state)
{
    (void)state;
    struct wg_window w = {0};
    for (size_t i = 0; i < SD_ROWS(steps); i++) {
        bool accepted = wg_window_accept(&w, steps[i].counter);
        if (accepted != steps[i].accepted)
            fail_msg("step %zu, counter %llu (%s): expected %s, found %s", i + 1,
                     (unsigned long long)steps[i].counter, steps[i].why,
                     steps[i].accepted ? "accepted" : "refused", accepted ? "accepted" : "refused");
    }
}

/* Against a plain list of everything seen, for orders that no row thinks of. */
#define LIST 20000u
static void test_against_a_list(void **state)
{
    (void)state;
    static bool seen[LIST + 4096];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct wg_window w = {0};
        uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15), greatest = 0, base = 0;
        bool any = false;
        memset(seen, 0, sizeof seen);
        for (int i = 0; i < 20000; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            base += x % 7 == 0 ? x >> 40 & (seed % 4 ? 63 : 1023) : 0;
            uint64_t counter = base + (x >> 20 & 4095);
            if (counter >= LIST)
                break;
            bool expected = !seen[counter] && (!any || counter + W >= greatest);
            if (wg_window_accept(&w, counter) != expected)
                fail_msg("seed %llu, counter %llu after %llu: expected %s",
                         (unsigned long long)seed, (unsigned long long)counter,
                         (unsigned long long)greatest, expected ? "accepted" : "refused");
            if (expected) {
                seen[counter] = true;
                if (!any || counter > greatest)
                    greatest = counter;
                any = true;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story),
        cmocka_unit_test(test_against_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
