/* Percentiles, means and intervals against values computed by hand. */
#include "results/statistics.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MOST 12

/* Runs in the order given: values of those that are ok, then how many ended otherwise. */
struct row {
    const char *what;
    uint64_t value[MOST];
    size_t values, failed, unfinished, without; /* without: ok, but nothing measured */
    enum sd_stat stat;
    enum sd_value_kind kind;
    uint64_t number;
};
#define VALUES(...)                                                                                \
    .value = {__VA_ARGS__}, .values = sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)

static const struct row rows[] = {
    {"one run is every percentile", VALUES(7), .stat = SD_STAT_P25, .kind = SD_VALUE_KNOWN,
     .number = 7},
    {"one run, p99", VALUES(7), .stat = SD_STAT_P99, .kind = SD_VALUE_KNOWN, .number = 7},
    /* rank ceil(4 x 25 / 100) = 1, not somewhere between 1 and 2 */
    {"p25 of four", VALUES(40, 10, 30, 20), .stat = SD_STAT_P25, .kind = SD_VALUE_KNOWN,
     .number = 10},
    {"median of four is the second", VALUES(40, 10, 30, 20), .stat = SD_STAT_MEDIAN,
     .kind = SD_VALUE_KNOWN, .number = 20},
    {"p50 is the median", VALUES(40, 10, 30, 20), .stat = SD_STAT_P50, .kind = SD_VALUE_KNOWN,
     .number = 20},
    {"median of five is the third", VALUES(5, 1, 4, 2, 3), .stat = SD_STAT_MEDIAN,
     .kind = SD_VALUE_KNOWN, .number = 3},
    /* ceil(10 x 0.75) = 8, ceil(10 x 0.85) = 9, ceil(9.5) = 10, ceil(9.9) = 10 */
    {"p75 of ten", VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), .stat = SD_STAT_P75,
     .kind = SD_VALUE_KNOWN, .number = 8},
    {"p85 of ten", VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), .stat = SD_STAT_P85,
     .kind = SD_VALUE_KNOWN, .number = 9},
    {"p95 of ten", VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), .stat = SD_STAT_P95,
     .kind = SD_VALUE_KNOWN, .number = 10},
    {"p99 of ten", VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), .stat = SD_STAT_P99,
     .kind = SD_VALUE_KNOWN, .number = 10},
    {"64 bits stay exact", VALUES(UINT64_MAX - 1, UINT64_MAX), .stat = SD_STAT_MEDIAN,
     .kind = SD_VALUE_KNOWN, .number = UINT64_MAX - 1},

    /* Censored: 2 of 4 never finished, so that ranks 3 and 4 are infinity. */
    {"median below the unfinished", VALUES(10, 20), .unfinished = 2, .stat = SD_STAT_MEDIAN,
     .kind = SD_VALUE_KNOWN, .number = 20},
    {"p75 on an unfinished one", VALUES(10, 20), .unfinished = 2, .stat = SD_STAT_P75,
     .kind = SD_VALUE_NEVER},
    {"failed ones count alike", VALUES(10, 20), .failed = 2, .stat = SD_STAT_P75,
     .kind = SD_VALUE_NEVER},
    {"max with one that failed", VALUES(10, 20), .failed = 1, .stat = SD_STAT_MAX,
     .kind = SD_VALUE_NEVER},
    {"min with one that failed", VALUES(20, 10), .failed = 1, .stat = SD_STAT_MIN,
     .kind = SD_VALUE_KNOWN, .number = 10},
    {"mean of the finished alone", VALUES(10, 20), .unfinished = 8, .stat = SD_STAT_MEAN,
     .kind = SD_VALUE_KNOWN, .number = 15},
    {"all failed", .failed = 3, .stat = SD_STAT_MEDIAN, .kind = SD_VALUE_NEVER},
    {"mean of none", .failed = 3, .stat = SD_STAT_MEAN, .kind = SD_VALUE_NEVER},
    {"ok without a value is censored", VALUES(10), .without = 1, .stat = SD_STAT_MAX,
     .kind = SD_VALUE_NEVER},
    {"nothing of the kind", .without = 3, .stat = SD_STAT_MEDIAN, .kind = SD_VALUE_NONE},
    {"no run at all", .stat = SD_STAT_MEDIAN, .kind = SD_VALUE_NONE},

    {"max", VALUES(3, 9, 4), .stat = SD_STAT_MAX, .kind = SD_VALUE_KNOWN, .number = 9},
    {"min", VALUES(3, 9, 4), .stat = SD_STAT_MIN, .kind = SD_VALUE_KNOWN, .number = 3},
    {"sum", VALUES(3, 9, 4), .stat = SD_STAT_SUM, .kind = SD_VALUE_KNOWN, .number = 16},
    {"sum without those that are not ok", VALUES(3, 9), .failed = 1, .unfinished = 1,
     .stat = SD_STAT_SUM, .kind = SD_VALUE_KNOWN, .number = 12},
    {"sum of none that is ok", .unfinished = 2, .stat = SD_STAT_SUM, .kind = SD_VALUE_KNOWN,
     .number = 0},
    {"sum of nothing of the kind", .without = 2, .stat = SD_STAT_SUM, .kind = SD_VALUE_NONE},
    {"sum beyond 64 bits", VALUES(UINT64_MAX, 2), .stat = SD_STAT_SUM, .kind = SD_VALUE_KNOWN,
     .number = UINT64_MAX},
    {"mean rounds halves up", VALUES(1, 2), .stat = SD_STAT_MEAN, .kind = SD_VALUE_KNOWN,
     .number = 2},
    {"mean rounds down", VALUES(1, 1, 2), .stat = SD_STAT_MEAN, .kind = SD_VALUE_KNOWN,
     .number = 1},
    {"mean of the largest", VALUES(UINT64_MAX, UINT64_MAX), .stat = SD_STAT_MEAN,
     .kind = SD_VALUE_KNOWN, .number = UINT64_MAX},

    {"n", VALUES(1), .failed = 2, .unfinished = 3, .stat = SD_STAT_N, .kind = SD_VALUE_KNOWN,
     .number = 6},
    {"n of none", .stat = SD_STAT_N, .kind = SD_VALUE_KNOWN, .number = 0},
    {"ok", VALUES(1), .failed = 2, .unfinished = 3, .without = 1, .stat = SD_STAT_OK,
     .kind = SD_VALUE_KNOWN, .number = 2},
    {"failed", VALUES(1), .failed = 2, .unfinished = 3, .stat = SD_STAT_FAILED,
     .kind = SD_VALUE_KNOWN, .number = 2},
    {"unfinished", VALUES(1), .failed = 2, .unfinished = 3, .stat = SD_STAT_UNFINISHED,
     .kind = SD_VALUE_KNOWN, .number = 3},
    /* 2 / 3 = 666666.67 ppm */
    {"rate", VALUES(1, 1), .failed = 1, .stat = SD_STAT_RATE, .kind = SD_VALUE_KNOWN,
     .number = 666667},

    /* Fewer than k of n fair tosses in 2.5 %: n = 6: P(0) = 1/64 = 1.6 %, P(0..1) = 10.9 %: k = 1;
     * n = 10: P(0..1) = 11/1024 = 1.07 %, P(0..2) = 5.5 %: k = 2, ranks 2 and 9. */
    {"five runs say nothing of the median", VALUES(1, 2, 3, 4, 5), .stat = SD_STAT_MEDIAN_LOW,
     .kind = SD_VALUE_NONE},
    {"median's interval of six, low", VALUES(1, 2, 3, 4, 5, 6), .stat = SD_STAT_MEDIAN_LOW,
     .kind = SD_VALUE_KNOWN, .number = 1},
    {"median's interval of six, high", VALUES(1, 2, 3, 4, 5, 6), .stat = SD_STAT_MEDIAN_HIGH,
     .kind = SD_VALUE_KNOWN, .number = 6},
    {"median's interval of ten, low", VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
     .stat = SD_STAT_MEDIAN_LOW, .kind = SD_VALUE_KNOWN, .number = 2},
    {"median's interval of ten, high", VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
     .stat = SD_STAT_MEDIAN_HIGH, .kind = SD_VALUE_KNOWN, .number = 9},
    {"median's interval into infinity", VALUES(1, 2, 3, 4, 5, 6, 7, 8), .failed = 2,
     .stat = SD_STAT_MEDIAN_HIGH, .kind = SD_VALUE_NEVER},
    /* Wilson for 9 of 10, z = 1.959964: 0.596 to 0.982 */
    {"rate's interval, low", VALUES(1, 1, 1, 1, 1, 1, 1, 1, 1), .failed = 1,
     .stat = SD_STAT_RATE_LOW, .kind = SD_VALUE_KNOWN, .number = 595850},
    {"rate's interval, high", VALUES(1, 1, 1, 1, 1, 1, 1, 1, 1), .failed = 1,
     .stat = SD_STAT_RATE_HIGH, .kind = SD_VALUE_KNOWN, .number = 982124},
    {"rate's interval ends at all", VALUES(1, 1), .stat = SD_STAT_RATE_HIGH, .kind = SD_VALUE_KNOWN,
     .number = 1000000},
    {"rate's interval ends at none", .failed = 2, .stat = SD_STAT_RATE_LOW, .kind = SD_VALUE_KNOWN,
     .number = 0},
};

static void rows_give_what_was_computed_by_hand(void **state)
{
    (void)state;
    static const char *const kinds[] = {"none", "known", "never"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct sd_sample sample = {0};
        for (size_t k = 0; k < row->failed; k++)
            assert_int_equal(sd_sample_add(&sample, SD_WAS_FAILED, NULL), SD_OK);
        for (size_t k = 0; k < row->values; k++)
            assert_int_equal(sd_sample_add(&sample, SD_WAS_OK, &row->value[k]), SD_OK);
        for (size_t k = 0; k < row->unfinished; k++)
            assert_int_equal(sd_sample_add(&sample, SD_WAS_UNFINISHED, NULL), SD_OK);
        for (size_t k = 0; k < row->without; k++)
            assert_int_equal(sd_sample_add(&sample, SD_WAS_OK, NULL), SD_OK);
        sd_sample_sort(&sample);
        struct sd_value found = sd_sample_stat(&sample, row->stat);
        if (found.kind != row->kind ||
            (found.kind == SD_VALUE_KNOWN && found.number != row->number))
            fail_msg("%s: expected %s %llu, found %s %llu", row->what, kinds[row->kind],
                     (unsigned long long)row->number, kinds[found.kind],
                     (unsigned long long)found.number);
        sd_sample_free(&sample);
    }
}

/* What a run that is not ok measured before it stopped is no result. */
static void a_run_that_is_not_ok_has_no_value(void **state)
{
    (void)state;
    struct sd_sample sample = {0};
    uint64_t value = 5;
    sd_sample_add(&sample, SD_WAS_UNFINISHED, &value);
    sd_sample_add(&sample, SD_WAS_FAILED, &value);
    sd_sample_sort(&sample);
    assert_int_equal(sample.values, 0);
    assert_int_equal(sample.n, 2);
    assert_int_equal(sd_sample_stat(&sample, SD_STAT_MIN).kind, SD_VALUE_NEVER);
    sd_sample_free(&sample);
}

/* The smallest rank that at least p percent do not exceed, by its definition. */
static void ranks_are_the_definition(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 300; n++)
        for (unsigned p = 1; p <= 100; p++) {
            size_t rank = 1;
            while (rank * 100 < n * p)
                rank++;
            if (sd_percentile_rank(n, p) != rank)
                fail_msg("p%u of %zu: expected rank %zu, found %zu", p, n, rank,
                         sd_percentile_rank(n, p));
        }
    assert_int_equal(sd_percentile_rank(SIZE_MAX, 100), SIZE_MAX);
}

static void words_name_every_statistic(void **state)
{
    (void)state;
    for (int i = 0; i < SD_STATS; i++) {
        enum sd_stat stat;
        assert_non_null(sd_stat_names[i]);
        assert_true(sd_stat_parse(sd_stat_names[i], &stat));
        assert_int_equal(stat, i);
    }
    enum sd_stat stat = SD_STAT_MAX;
    assert_false(sd_stat_parse("p42", &stat));
    assert_false(sd_stat_parse("", &stat));
    assert_int_equal(stat, SD_STAT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_give_what_was_computed_by_hand),
        cmocka_unit_test(a_run_that_is_not_ok_has_no_value),
        cmocka_unit_test(ranks_are_the_definition),
        cmocka_unit_test(words_name_every_statistic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
