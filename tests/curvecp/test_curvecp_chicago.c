/* test_curvecp_chicago.c - Chicago by the number: every figure here is worked out by hand from the
 * curvecp.org page "decongestion" and the reference's constants. */
#include "protocols/curvecp/chicago.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"

#define MS SD_MS

static struct sd_env env;

static void check(const char *what, int64_t expected, int64_t found)
{
    if (expected != found)
        fail_msg("%s: expected %lld, found %lld", what, (long long)expected, (long long)found);
}

/* The first round-trip time sets everything; the rate then doubles at once, because it never has.
 */
static void test_first_acknowledgment(void **state)
{
    (void)state;
    struct cp_chicago c;
    cp_chicago_init(&c, 5 * MS);
    check("interval before", SD_SECOND, (int64_t)c.interval);
    check("timeout before", SD_SECOND, (int64_t)c.timeout);
    check("may send at", 0, (int64_t)cp_chicago_next(&c));
    cp_chicago_sent(&c, 5 * MS);
    check("may send again at", 1005 * MS, (int64_t)cp_chicago_next(&c));

    cp_chicago_acknowledged(&c, &env, 25 * MS, 20 * MS);
    check("average", 20 * MS, c.average);
    /* half of 20 ms, then a quarter of the way to 0 */
    check("deviation", 7500000, c.deviation);
    /* 20 + 4 x 7.5 + 8 x 20: with the interval that the round-trip time gave */
    check("timeout", 210 * MS, (int64_t)c.timeout);
    check("interval, doubled rate", 10 * MS, (int64_t)c.interval);
    check("may send again at", 15 * MS, (int64_t)cp_chicago_next(&c));
}

/* Jacobson: an eighth and a quarter of the way. */
static void test_averages(void **state)
{
    (void)state;
    static const struct {
        sd_time rtt;
        int64_t average, deviation, high, low;
    } rows[] = {
        /* delta 0: deviation 50 ms, less a quarter */
        {100 * MS, 100000000, 37500000, 100000000, 100000000},
        /* delta 80 ms; (80 - 37.5) / 4; high by 80 / 1024, low by 80 / 8192 */
        {180 * MS, 110000000, 48125000, 100078125, 100009765},
        /* delta -60 ms; (60 - 48.125) / 4; high by -50.078 / 1024, low by -50.009 / 256 */
        {50 * MS, 102500000, 51093750, 100029221, 99814415},
    };
    struct cp_chicago c;
    cp_chicago_init(&c, 0);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        cp_chicago_acknowledged(&c, &env, 200 * MS + i * MS, rows[i].rtt);
        check("average", rows[i].average, c.average);
        check("deviation", rows[i].deviation, c.deviation);
        check("high", rows[i].high, c.high);
        check("low", rows[i].low, c.low);
    }
}

/* Doubling waits for 4 intervals and 2 timeouts; near an edge for 4, 64 and 5 s; and never goes
 * below 65.5 microseconds. */
static void test_doubling(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sd_time interval, timeout, edge, doubled, now;
        bool doubles;
    } rows[] = {
        {"never before", 10 * MS, 100 * MS, SD_NEVER, SD_NEVER, SD_SECOND, true},
        {"too soon", 10 * MS, 100 * MS, SD_NEVER, SD_SECOND, 1240 * MS - 1, false},
        {"soon enough", 10 * MS, 100 * MS, SD_NEVER, SD_SECOND, 1240 * MS, true},
        {"near an edge, too soon", 10 * MS, 100 * MS, SD_SECOND, SD_SECOND, 12440 * MS - 1, false},
        {"near an edge, soon enough", 10 * MS, 100 * MS, SD_SECOND, SD_SECOND, 12440 * MS, true},
        {"the edge is long ago", 10 * MS, 100 * MS, 0, 60 * SD_SECOND, 60240 * MS, true},
        {"at the limit", 65535, 100 * MS, SD_NEVER, SD_NEVER, SD_SECOND, false},
        {"above the limit", 65536, 100 * MS, SD_NEVER, SD_NEVER, SD_SECOND, true},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct cp_chicago c;
        cp_chicago_init(&c, 0);
        c.average = c.high = c.low = 10 * MS;
        c.interval = rows[i].interval;
        /* What the averages will make of it: timeout = average + 4 x deviation + 8 x interval. */
        c.deviation = ((int64_t)rows[i].timeout - 10 * (int64_t)MS - 8 * (int64_t)c.interval) / 3;
        c.edge_at = rows[i].edge;
        c.doubled_at = rows[i].doubled;
        c.adjusted_at = rows[i].now; /* no other change */
        cp_chicago_acknowledged(&c, &env, rows[i].now, 10 * MS);
        print_message("          %s\n", rows[i].name);
        assert_in_range(c.timeout, rows[i].timeout - 3, rows[i].timeout + 3);
        check("interval", (int64_t)(rows[i].doubles ? rows[i].interval / 2 : rows[i].interval),
              (int64_t)c.interval);
        if (rows[i].doubles)
            check("edge", (int64_t)(rows[i].edge == SD_NEVER ? SD_NEVER : rows[i].now),
                  (int64_t)c.edge_at);
    }
}

/* Once in 16 intervals the rate grows by a constant: N becomes N / (1 + N^2 / 2^51), or for small N
 * N - (N / 131072)^3. */
static void test_increase(void **state)
{
    (void)state;
    static const struct {
        sd_time before, after;
    } rows[] = {
        {131071, 131071},      {131072, 131071},     {262144, 262136},
        {1310720, 1309720},    {16777215, 14728832}, /* 127^3 = 2048383 */
        {16777216, 14913080},                        /* 2^24 / (1 + 2^-3) */
        {134217728, 14913080},                       /* 2^27 / (1 + 2^3) */
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct cp_chicago c;
        cp_chicago_init(&c, SD_SECOND);
        c.average = c.high = c.low = 10 * MS;
        c.interval = rows[i].before;
        c.doubled_at = 20 * SD_SECOND; /* lately */
        sd_time due = SD_SECOND + 16 * rows[i].before;
        cp_chicago_acknowledged(&c, &env, due - 1, 10 * MS);
        check("interval, too early", (int64_t)rows[i].before, (int64_t)c.interval);
        cp_chicago_acknowledged(&c, &env, due, 10 * MS);
        check("interval", (int64_t)rows[i].after, (int64_t)c.interval);
        check("adjusted", (int64_t)due, (int64_t)c.adjusted_at);
    }
}

/* Ten seconds without a look at the rate: it begins again at a block a second, or up to an eighth
 * less often. */
static void test_idle_restart(void **state)
{
    (void)state;
    uint64_t least = UINT64_MAX, most = 0;
    for (int i = 0; i < 200; i++) {
        struct cp_chicago c;
        cp_chicago_init(&c, 0);
        c.average = c.high = c.low = 10 * MS;
        c.interval = 100000; /* too little for the increase to touch it */
        c.doubled_at = 10 * SD_SECOND;
        cp_chicago_acknowledged(&c, &env, 10 * SD_SECOND, 10 * MS);
        check("interval after ten seconds", 100000, (int64_t)c.interval);
        c.adjusted_at = 0;
        cp_chicago_acknowledged(&c, &env, 10 * SD_SECOND + 1, 10 * MS);
        /* The same step then increases it, which is N / (1 + N^2 / 2^51). */
        least = c.interval < least ? c.interval : least;
        most = c.interval > most ? c.interval : most;
    }
    assert_in_range(least, 1998044, 2010000); /* of 1.125 s */
    assert_in_range(most, 2230000, 2246740);  /* of 1 s */
}

/* A loss halves the rate, at most once in four timeouts. */
static void test_panic(void **state)
{
    (void)state;
    struct cp_chicago c;
    cp_chicago_init(&c, 0);
    c.interval = 10 * MS;
    c.timeout = 100 * MS;
    cp_chicago_lost(&c, SD_SECOND);
    check("interval", 20 * MS, (int64_t)c.interval);
    check("edge", SD_SECOND, (int64_t)c.edge_at);
    cp_chicago_lost(&c, 1400 * MS);
    check("interval, four timeouts later", 20 * MS, (int64_t)c.interval);
    cp_chicago_lost(&c, 1400 * MS + 1);
    check("interval, later still", 40 * MS, (int64_t)c.interval);
    for (sd_time now = SD_SECOND; now < UINT64_C(1) << 62; now *= 2)
        cp_chicago_lost(&c, now); /* no overflow */
    assert_true(c.interval <= UINT64_C(1) << 54);
}

/* A standing queue lifts the average above its high mark by 5 ms: that is an edge, once, at which
 * everybody slows down by up to a quarter; the next one only after the low mark was passed. */
static void test_edge(void **state)
{
    (void)state;
    struct cp_chicago c;
    sd_time now = SD_SECOND;
    cp_chicago_init(&c, now);
    c.average = c.high = c.low = 50 * MS;
    c.interval = 70000; /* out of reach of increase and doubling */
    c.doubled_at = now;
    sd_time before = c.interval, edge = SD_NEVER;
    int edges = 0;
    for (int i = 0; i < 400; i++) {
        now += 16 * c.interval;
        c.doubled_at = now;
        cp_chicago_acknowledged(&c, &env, now, i < 200 ? 80 * MS : 30 * MS);
        if (c.edge_at != edge) {
            edges++;
            assert_in_range(c.interval, before, before + before / 4);
            before = c.interval;
            edge = c.edge_at;
        }
        if (i == 199)
            assert_true(c.falling);
    }
    check("edges", 1, edges);
    assert_false(c.falling);
}

/* A network without delay: nothing divides by it, stands still, or goes on for ever at once. */
static void test_no_delay(void **state)
{
    (void)state;
    struct cp_chicago c;
    cp_chicago_init(&c, 0);
    for (sd_time now = 0; now < 100; now++)
        cp_chicago_acknowledged(&c, &env, now, 0);
    check("average", SD_US, c.average);
    assert_true(c.interval > 0 && c.timeout > c.interval);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_acknowledgment),
        cmocka_unit_test(test_averages),
        cmocka_unit_test(test_doubling),
        cmocka_unit_test(test_increase),
        cmocka_unit_test(test_idle_restart),
        cmocka_unit_test(test_panic),
        cmocka_unit_test(test_edge),
        cmocka_unit_test(test_no_delay),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
