/* test_esp_window.c - which sequence numbers a receiver takes, with windows of every size: each is
 * held against a plain list of all that was taken. */
#include "protocols/ipsec/esp_window.h"
#include "sim/core/error.h"
#include "sim/core/random.h"
#include "tests/core/unit.h"

static const uint32_t sizes[] = {1, 2, 31, 32, 33, 63, 64, 65, 128, 1000, 1024, 4096, 65536};

static struct sd_env env;
static struct esp_window w;

static void begin(uint32_t size, uint64_t top)
{
    assert_int_equal(esp_window_init(&w, &env, size), SD_OK);
    w.top = top;
}

/* The story of one window of 64. */
static void test_story(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        bool accepted;
        const char *why;
    } steps[] = {
        {0, false, "3.3.3: the first is 1"},
        {1, true, "the first"},
        {1, false, "again"},
        {9, true, "a gap"},
        {8, true, "into the gap"},
        {8, false, "into the gap again"},
        {63, true, "the last of the first word"},
        {64, true, "the first of the second word"},
        {63, false, "the last of the first word again"},
        {65, true, "moves by one: 2 is its lower edge"},
        {2, true, "the lower edge"},
        {2, false, "the lower edge again"},
        {1, false, "fell out"},
        {66, true, "moves by one more"},
        {2, false, "fell out too"},
        {3, true, "the new edge, never seen"},
        {1000, true, "jumps by more than it is wide"},
        {936, false, "just below the new edge"},
        {937, true, "the new edge"},
        {999, true, "below the greatest"},
        {1000, false, "the greatest again"},
        {UINT64_C(1) << 40, true, "a long jump clears every word"},
        {(UINT64_C(1) << 40) - 63, true, "its edge"},
        {(UINT64_C(1) << 40) - 64, false, "below its edge"},
        {UINT64_MAX, true, "the last number there is"},
        {UINT64_MAX, false, "again"},
        {1, false, "no way back"},
    };
    begin(64, 0);
    for (size_t i = 0; i < SD_ROWS(steps); i++)
        if (esp_window_accept(&w, steps[i].number) != steps[i].accepted)
            fail_msg("step %zu, %llu (%s): expected %s", i + 1, (unsigned long long)steps[i].number,
                     steps[i].why, steps[i].accepted ? "accepted" : "refused");
    esp_window_fini(&w);
}

/* Whatever the size and order: nothing twice, nothing from below the edge, everything else once. */
#define LIST 20000u
static void test_against_a_list(void **state)
{
    (void)state;
    static bool seen[LIST + 1];
    for (size_t s = 0; s < SD_ROWS(sizes); s++) {
        struct sd_rng rng;
        uint64_t top = 0;
        sd_rng_seed(&rng, 7 + s);
        for (size_t i = 0; i <= LIST; i++)
            seen[i] = false;
        begin(sizes[s], 0);
        for (int i = 0; i < 40000; i++) {
            uint64_t back = sd_rng_below(&rng, sizes[s] + 70), ahead = sd_rng_below(&rng, 3);
            uint64_t number = top + ahead > back ? top + ahead - back : 1;
            if (number > LIST)
                break;
            bool due = !seen[number] && number + sizes[s] > top;
            if (esp_window_accept(&w, number) != due)
                fail_msg("size %u, greatest %llu, number %llu: expected %s", sizes[s],
                         (unsigned long long)top, (unsigned long long)number,
                         due ? "accepted" : "refused");
            seen[number] |= due;
            top = number > top ? number : top;
        }
        esp_window_fini(&w);
    }
}

/* RFC 4303 A2.2: the upper half from the lower, on either side of a wrap. */
static void test_numbers(void **state)
{
    (void)state;
    const uint64_t g = UINT64_C(1) << 32;
    const struct {
        uint32_t size;
        uint64_t top;
        uint32_t low;
        uint64_t number;
    } rows[] = {
        {64, 0, 1, 1},
        {64, 0, 0xfffffff0, 0}, /* there is nothing before the first */
        {64, 63, 0xffffffff, 0xffffffff},
        {64, 100, 37, 37},     /* the edge of the window */
        {64, 100, 36, g + 36}, /* below it: of the next 2^32 */
        {64, g - 1, 0, g},     /* the wrap */
        {64, g - 1, 0xffffffc0, g - 64},
        {64, g - 1, 0xffffffbf, g + 0xffffffbf},
        {64, g, 0xffffffff, g - 1}, /* back over it */
        {64, g, 0xffffffc1, g - 63},
        {64, g, 0xffffffc0, g + 0xffffffc0},
        {64, g + 62, 0xffffffff, g - 1},
        {64, g + 63, 0xffffffff, g + 0xffffffff},
        {4096, g + 100, 0xfffff065, g - 3995},
        {4096, g + 100, 0xfffff064, g + 0xfffff064},
        {1, g, 1, g + 1},
        {65536, 5 * g + 7, 0xffff0008, 5 * g - 65528},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        begin(rows[i].size, rows[i].top);
        uint64_t number = esp_window_number(&w, rows[i].low, true);
        if (number != rows[i].number)
            fail_msg("row %zu: expected %llx, found %llx", i + 1,
                     (unsigned long long)rows[i].number, (unsigned long long)number);
        assert_int_equal(esp_window_number(&w, rows[i].low, false), rows[i].low);
        esp_window_fini(&w);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(esp_window_init(&w, &env, 0), SD_E_ARG);
    assert_int_equal(esp_window_init(&w, &env, ESP_WINDOW_MAX + 1), SD_E_ARG);
    assert_int_equal(sd_heap_bytes(&env), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story),
        cmocka_unit_test(test_against_a_list),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_sizes),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
