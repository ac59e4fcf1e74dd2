/* test_minimalt_transport.c - reliability and congestion control by numbers worked out by hand. */
#include "protocols/minimalt/transport.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"
#include <stdio.h>
#include <string.h>

/* A story in steps: what happens, and what is to be seen afterwards. */
enum what {
    SEND,   /* n new packets, as far as the window lets them */
    RESEND, /* n of those that are lost */
    ACK,    /* up to n, with something else in the packet */
    BARE,   /* up to n, and nothing else */
    EXPIRE, /* the timer */
    REPEAT,
    RESTART,
};
struct step {
    enum what what;
    uint32_t n;
    sd_time at; /* ms */
    uint32_t window, under_way, first;
};

static void run(const char *name, const struct step *step, size_t steps)
{
    struct sd_env env;
    struct mt_transport t;
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    mt_transport_init(&t);
    for (size_t i = 0; i < steps; i++) {
        const struct step *s = &step[i];
        struct mt_segment *segment;
        sd_time now = s->at * SD_MS;
        switch (s->what) {
        case SEND:
            for (uint32_t k = 0; k < s->n && mt_transport_may_send(&t); k++)
                mt_transport_sent(&t, mt_transport_add(&t, &env, NULL, 0), now);
            break;
        case RESEND:
            for (uint32_t k = 0; k < s->n && (segment = mt_transport_lost(&t)); k++)
                mt_transport_sent(&t, segment, now);
            break;
        case ACK:
        case BARE:
            mt_transport_acknowledged(&t, now, s->n, s->what == BARE);
            break;
        case EXPIRE:
            mt_transport_expired(&t);
            break;
        case REPEAT:
            mt_transport_repeat(&t);
            break;
        case RESTART:
            mt_transport_restart(&t);
            break;
        }
        uint32_t first = t.first ? t.first->sequence : 0;
        if (t.window != s->window || t.under_way != s->under_way || first != s->first)
            fail_msg("%s, step %zu: expected window %u, under way %u, first %u; found %u, %u, %u",
                     name, i, s->window, s->under_way, s->first, t.window, t.under_way, first);
    }
    mt_transport_fini(&t);
    assert_int_equal(sd_heap_bytes(&env), 0);
    sd_env_fini(&env);
}

static void test_windows(void **state)
{
    (void)state;
    static const struct step slow_start[] = {
        {SEND, 9, 0, 2, 2, 1},     {ACK, 1, 100, 3, 1, 2},  {SEND, 9, 100, 3, 3, 2},
        {ACK, 4, 200, 6, 0, 0},    {SEND, 9, 200, 6, 6, 5}, {BARE, 10, 300, 12, 0, 0},
        {BARE, 99, 300, 12, 0, 0}, /* never sent */
    };
    static const struct step three_duplicates[] = {
        {SEND, 9, 0, 2, 2, 1},     {ACK, 2, 100, 4, 0, 0},
        {SEND, 9, 100, 4, 4, 3},   {ACK, 6, 200, 8, 0, 0},
        {SEND, 9, 200, 8, 8, 7}, /* 7 is lost */
        {BARE, 6, 300, 8, 8, 7},   {BARE, 6, 300, 8, 8, 7},
        {BARE, 6, 300, 7, 7, 7}, /* half of 8, and three that have left */
        {RESEND, 9, 300, 7, 8, 7}, {BARE, 6, 301, 8, 8, 7},
        {BARE, 6, 302, 9, 8, 7},   {SEND, 9, 302, 9, 9, 7},
        {ACK, 14, 400, 4, 1, 15}, /* all that was sent before */
    };
    static const struct step two_lost[] = {
        {SEND, 9, 0, 2, 2, 1},     {ACK, 2, 100, 4, 0, 0},   {SEND, 9, 100, 4, 4, 3},
        {ACK, 6, 200, 8, 0, 0},    {SEND, 9, 200, 8, 8, 7}, /* 7 and 9 are lost */
        {BARE, 6, 300, 8, 8, 7},   {BARE, 6, 300, 8, 8, 7},  {BARE, 6, 300, 7, 7, 7},
        {RESEND, 1, 300, 7, 8, 7}, {BARE, 8, 400, 6, 5, 9}, /* the next one shows at once */
        {RESEND, 1, 400, 6, 6, 9}, {BARE, 14, 500, 4, 0, 0},
    };
    static const struct step not_duplicates[] = {
        {SEND, 9, 0, 2, 2, 1}, {ACK, 0, 1, 2, 2, 1},  {ACK, 0, 2, 2, 2, 1},
        {ACK, 0, 3, 2, 2, 1},  {ACK, 0, 4, 2, 2, 1},  {BARE, 2, 5, 4, 0, 0},
        {BARE, 2, 6, 4, 0, 0}, {BARE, 2, 6, 4, 0, 0}, {BARE, 2, 6, 4, 0, 0},
    };
    static const struct step timeout[] = {
        {SEND, 9, 0, 2, 2, 1},
        {ACK, 2, 100, 4, 0, 0},
        {SEND, 9, 100, 4, 4, 3},
        {EXPIRE, 0, 1100, 1, 0, 3},
        {RESEND, 9, 1100, 1, 1, 3},
        {ACK, 3, 1200, 2, 0, 4}, /* half of 4 is the threshold, */
        {RESEND, 9, 1200, 2, 2, 4},
        {ACK, 6, 1300, 3, 0, 0}, /* and then it is one more for each window */
        {SEND, 9, 1300, 3, 3, 7},
        {ACK, 8, 1400, 3, 1, 9},
        {SEND, 9, 1400, 3, 3, 9},
        {ACK, 11, 1500, 4, 0, 0},
    };
    static const struct step queue_fills[] = {
        {SEND, 9, 0, 2, 2, 1},       {ACK, 2, 100, 4, 0, 0},   {SEND, 99, 100, 4, 4, 3},
        {ACK, 6, 200, 8, 0, 0},      {SEND, 99, 200, 8, 8, 7}, {ACK, 14, 320, 16, 0, 0},
        {SEND, 99, 320, 16, 16, 15}, {ACK, 30, 430, 32, 0, 0}, /* 110 ms: not yet */
        {SEND, 99, 430, 32, 32, 31}, {ACK, 62, 543, 33, 0, 0}, /* 113 ms: one more at a time */
        {SEND, 99, 543, 33, 33, 63}, {ACK, 95, 643, 34, 0, 0},
    };
    static const struct step restart[] = {
        {SEND, 9, 0, 2, 2, 1},      {ACK, 2, 100, 4, 0, 0},  {SEND, 9, 100, 4, 4, 3},
        {RESTART, 0, 150, 2, 4, 3}, {SEND, 9, 150, 2, 4, 3}, {ACK, 6, 200, 6, 0, 0},
    };
    static const struct step repeat[] = {
        {SEND, 9, 0, 2, 2, 1},     {ACK, 2, 100, 4, 0, 0},    {SEND, 9, 100, 4, 4, 3},
        {REPEAT, 0, 150, 2, 0, 3}, {RESEND, 9, 150, 2, 2, 3}, {ACK, 4, 200, 4, 0, 5},
    };
    static const struct {
        const char *name;
        const struct step *step;
        size_t steps;
    } rows[] = {
        {"slow start", slow_start, SD_ROWS(slow_start)},
        {"three duplicates", three_duplicates, SD_ROWS(three_duplicates)},
        {"two lost", two_lost, SD_ROWS(two_lost)},
        {"not duplicates", not_duplicates, SD_ROWS(not_duplicates)},
        {"timeout", timeout, SD_ROWS(timeout)},
        {"the queue fills", queue_fills, SD_ROWS(queue_fills)},
        {"restart", restart, SD_ROWS(restart)},
        {"repeat", repeat, SD_ROWS(repeat)},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++)
        run(rows[i].name, rows[i].step, rows[i].steps);
}

/* RFC 6298 2, with Linux's least and a most: round trips in ms, and the timeout after them. */
static void test_timeouts(void **state)
{
    (void)state;
    static const struct {
        uint64_t trips[6];
        uint64_t timeout;
    } rows[] = {
        {{0}, 1000},
        {{100, 0}, 300},                /* 100 + 4 * 50 */
        {{100, 100, 0}, 250},           /* 100 + 4 * 37.5 */
        {{100, 100, 100, 0}, 212},      /* 100 + 4 * 28.125 */
        {{100, 100, 100, 100, 0}, 200}, /* the least */
        {{10, 0}, 200},
        {{400, 200, 0}, 1175}, /* 375 + 4 * (150 + 50) */
        {{30000, 0}, 60000},   /* the most */
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_env env;
        struct mt_transport t;
        sd_time now = 0;
        assert_int_equal(sd_env_init(&env, 1), SD_OK);
        mt_transport_init(&t);
        for (uint32_t k = 0; rows[i].trips[k]; k++) {
            mt_transport_sent(&t, mt_transport_add(&t, &env, NULL, 0), now);
            now += rows[i].trips[k] * SD_MS;
            mt_transport_acknowledged(&t, now, k + 1, true);
        }
        if (t.timeout / SD_MS != rows[i].timeout)
            fail_msg("row %zu: expected a timeout of %llu ms, found %llu", i,
                     (unsigned long long)rows[i].timeout, (unsigned long long)(t.timeout / SD_MS));
        mt_transport_fini(&t);
        sd_env_fini(&env);
    }
}

/* Karn: what was sent twice measures nothing. */
static void test_repeated_packets_measure_nothing(void **state)
{
    (void)state;
    struct sd_env env;
    struct mt_transport t;
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    mt_transport_init(&t);
    mt_transport_sent(&t, mt_transport_add(&t, &env, NULL, 0), 0);
    assert_int_equal(t.again_at, SD_SECOND);
    mt_transport_expired(&t);
    assert_int_equal(t.timeout, 2 * SD_SECOND);
    mt_transport_sent(&t, mt_transport_lost(&t), SD_SECOND);
    assert_int_equal(t.again_at, 3 * SD_SECOND);
    mt_transport_acknowledged(&t, SD_SECOND + 10 * SD_MS, 1, true);
    assert_int_equal(t.timeout, 2 * SD_SECOND); /* nor does it end the doubling yet */
    assert_int_equal(t.again_at, SD_NEVER);
    mt_transport_fini(&t);
    sd_env_fini(&env);
}

/* What was acknowledged late, because it waited behind a lost packet, measures nothing either, and
 * once there is a measure an acknowledgment ends the doubling. */
static void test_waiting_measures_nothing(void **state)
{
    (void)state;
    struct sd_env env;
    struct mt_transport t;
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    mt_transport_init(&t);
    mt_transport_sent(&t, mt_transport_add(&t, &env, NULL, 0), 0);
    mt_transport_acknowledged(&t, 100 * SD_MS, 1, true);
    assert_int_equal(t.timeout, 300 * SD_MS);
    for (int i = 0; i < 2; i++)
        mt_transport_sent(&t, mt_transport_add(&t, &env, NULL, 0), SD_SECOND);
    mt_transport_expired(&t); /* the first was lost, the second has arrived */
    assert_int_equal(t.timeout, 600 * SD_MS);
    mt_transport_sent(&t, mt_transport_lost(&t), 2 * SD_SECOND);
    mt_transport_acknowledged(&t, 2 * SD_SECOND + 100 * SD_MS, 3, true);
    assert_int_equal(t.timeout, 300 * SD_MS);
    assert_int_equal(t.smoothed, 100 * SD_MS);
    mt_transport_fini(&t);
    sd_env_fini(&env);
}

/* What arrives in which order, and what becomes of it: 'n' next, 'e' early, 'a' again, 'f' full; a
 * number in brackets is what is received afterwards. */
static void test_arrivals(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t sequence[8];
        const char *becomes;
        uint32_t received;
    } rows[] = {
        {"in order", {1, 2, 3, 0}, "nnn", 3},     {"one twice", {1, 1, 2, 0}, "nan", 2},
        {"a gap", {1, 3, 4, 2, 0}, "neen", 4},    {"a gap, twice", {3, 3, 2, 1, 0}, "eaen", 3},
        {"two gaps", {2, 4, 1, 3, 0}, "eenn", 4}, {"backwards", {5, 4, 3, 2, 1, 0}, "eeeen", 5},
        {"too far", {257, 256, 1, 0}, "fen", 1},  {"far", {256, 258, 1, 257, 0}, "efne", 1},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_env env;
        struct mt_transport t;
        char found[9] = {0};
        assert_int_equal(sd_env_init(&env, 1), SD_OK);
        mt_transport_init(&t);
        for (size_t k = 0; rows[i].sequence[k]; k++) {
            uint32_t n = rows[i].sequence[k];
            enum mt_arrival arrival = mt_transport_take(&t, &env, n, (const uint8_t *)&n, sizeof n);
            found[k] = "neaf"[arrival];
            for (struct mt_segment *s; arrival == MT_NEXT && (s = mt_transport_early(&t));) {
                assert_memory_equal(s->calls, &s->sequence, sizeof n);
                sd_free(s);
            }
        }
        if (strcmp(found, rows[i].becomes) != 0 || t.received != rows[i].received)
            fail_msg("%s: expected %s and %u, found %s and %u", rows[i].name, rows[i].becomes,
                     rows[i].received, found, t.received);
        mt_transport_fini(&t);
        assert_int_equal(sd_heap_bytes(&env), 0);
        sd_env_fini(&env);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_repeated_packets_measure_nothing),
        cmocka_unit_test(test_waiting_measures_nothing),
        cmocka_unit_test(test_arrivals),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
