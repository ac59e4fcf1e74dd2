/* plots/axis.c: where values stand on a logarithmic axis that has a place for 0. */
#include "plots/axis.h"
#include "tests/core/unit.h"

#include <stdio.h>
#include <string.h>

static const struct row {
    const char *what;
    double least, most;
    bool zero;
    const char *first; /* tick */
} rows[] = {
    {"nothing is 0", 1e6, 1e9, false, "1 ms"},
    {"some are 0", 1e6, 1e9, true, "0"},
    {"a short range", 5e7, 9e7, true, "0"},
};

static void zero_stands_below_all_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct row *row = &rows[i];
        struct sd_axis axis;
        sd_axis_log(&axis, "handshake.time", "handshake_time_ns", row->least, row->most);
        if (row->zero)
            sd_axis_add_zero(&axis);
        if (strcmp(axis.tick[0].text, row->first) != 0)
            fail_msg("%s: expected the first tick %s, found %s", row->what, row->first,
                     axis.tick[0].text);
        assert_true(sd_axis_place(&axis, row->least) == row->least);
        if (!row->zero)
            continue;
        double at = sd_axis_place(&axis, 0);
        if (at <= axis.low || at >= row->least || at != axis.tick[0].at)
            fail_msg("%s: expected 0 between %g and %g, found %g", row->what, axis.low, row->least,
                     at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(zero_stands_below_all_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
