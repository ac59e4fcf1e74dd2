/* test_gquic_parts.c - sets of ranges, streams in and out, against a plain array that does the
 * same; recovery and its timers as stories; CUBIC by numbers worked out by hand. */
#include "protocols/gquic/incoming.h"
#include "protocols/gquic/recovery.h"
#include "sim/core/random.h"
#include "tests/core/unit.h"
#include <stdio.h>
#include <string.h>

static struct sd_env env;
static struct sd_rng dice;

/* -- sets -- */

#define SPAN 200

static void test_ranges(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct gq_ranges s = {0};
        bool plain[SPAN + 1] = {false};
        for (int step = 0; step < 60; step++) {
            uint64_t from = sd_rng_below(&dice, SPAN), to = from + sd_rng_below(&dice, 30);
            to = to < SPAN ? to : SPAN;
            bool add = sd_rng_below(&dice, 3) > 0;
            assert_true(add ? gq_ranges_add(&s, &env, from, to)
                            : gq_ranges_remove(&s, &env, from, to));
            for (uint64_t n = from; n < to; n++)
                plain[n] = add;
            if (sd_rng_below(&dice, 20) == 0) {
                gq_ranges_remove_below(&s, from);
                memset(plain, 0, from);
            }
            uint32_t edges = 0;
            for (uint64_t n = 0; n < SPAN; n++) {
                assert_int_equal(gq_ranges_has(&s, n), plain[n]);
                edges += plain[n] && !plain[n + 1];
            }
            assert_int_equal(s.count, edges); /* they do not touch */
            for (uint32_t i = 1; i < s.count; i++)
                assert_true(s.range[i - 1].to < s.range[i].from);
        }
        gq_ranges_fini(&s);
    }
}

/* -- streams -- */

static uint8_t byte_at(uint64_t n)
{
    return (uint8_t)(n * 31 + (n >> 7));
}

/* Any cover of a stream by overlapping frames, in any order: every byte once, in order. */
static void test_incoming(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct gq_incoming in;
        uint8_t bytes[SPAN];
        uint64_t given = 0;
        for (uint64_t n = 0; n < SPAN; n++)
            bytes[n] = byte_at(n);
        gq_incoming_init(&in);
        for (int step = 0; step < 2000 && !gq_incoming_over(&in); step++) {
            struct gq_frame f = {.kind = GQ_STREAM, .offset = sd_rng_below(&dice, SPAN)};
            f.len = 1 + sd_rng_below(&dice, 20);
            if (f.offset + f.len > SPAN)
                f.len = SPAN - f.offset;
            f.fin = f.offset + f.len == SPAN;
            f.data = bytes + f.offset;
            size_t skip, run;
            int result = gq_incoming_take(&in, &env, &f, &skip, &run);
            assert_true(result == SD_OK || result == SD_DROP_REPLAY);
            for (size_t i = 0; i < run; i++)
                assert_int_equal(f.data[skip + i], byte_at(given++));
            for (struct gq_segment *s; (s = gq_incoming_next(&in)); sd_free(s))
                for (size_t i = 0; i < s->len; i++)
                    assert_int_equal(s->data[i], byte_at(given++));
            assert_int_equal(given, in.next);
        }
        assert_int_equal(given, SPAN);
        gq_incoming_fini(&in);
    }
}

static void test_incoming_ends(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct gq_frame frame[2];
        int expected; /* of the second */
    } rows[] = {
        {"bytes behind the end",
         {{.offset = 0, .len = 5, .fin = true}, {.offset = 5, .len = 1}},
         SD_DROP_MALFORMED},
        {"another end",
         {{.offset = 0, .len = 5, .fin = true}, {.offset = 0, .len = 4, .fin = true}},
         SD_DROP_MALFORMED},
        {"an end before bytes seen",
         {{.offset = 5, .len = 5}, {.offset = 0, .len = 7, .fin = true}},
         SD_DROP_MALFORMED},
        {"the same end",
         {{.offset = 0, .len = 5, .fin = true}, {.offset = 0, .len = 5, .fin = true}},
         SD_DROP_REPLAY},
        {"an end alone", {{.offset = 0, .len = 5}, {.offset = 5, .len = 0, .fin = true}}, SD_OK},
        {"old bytes", {{.offset = 0, .len = 5}, {.offset = 2, .len = 3}}, SD_DROP_REPLAY},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct gq_incoming in;
        size_t skip, run;
        print_message("          %s\n", rows[i].name);
        gq_incoming_init(&in);
        for (int k = 0; k < 2; k++) {
            struct gq_frame f = rows[i].frame[k];
            f.data = (const uint8_t *)"0123456789";
            int found = gq_incoming_take(&in, &env, &f, &skip, &run);
            assert_int_equal(found, k ? rows[i].expected : SD_OK);
        }
        gq_incoming_fini(&in);
    }
}

/* Slices lost, arrived and sent again in any order: in the end each byte has arrived. */
static void test_outgoing(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct gq_outgoing o = {0};
        struct gq_slice under_way[64];
        size_t count = 0, written = 0;
        uint8_t arrived[5000] = {0}, data[700];
        const size_t total = 1000 + sd_rng_below(&dice, 4000);
        for (int step = 0; step < 20000 && !gq_outgoing_over(&o); step++) {
            struct gq_slice s;
            uint64_t what = sd_rng_below(&dice, 4);
            if (what == 0 && written < total) {
                size_t len = 1 + sd_rng_below(&dice, sizeof data);
                len = len < total - written ? len : total - written;
                for (size_t i = 0; i < len; i++)
                    data[i] = byte_at(written + i);
                assert_int_equal(gq_outgoing_write(&o, &env, data, len), len);
                written += len;
                if (written == total)
                    gq_outgoing_finish(&o);
            } else if (what == 1 && count < 64 &&
                       gq_outgoing_next(&o, 1 + sd_rng_below(&dice, 300), UINT64_MAX, &s)) {
                gq_outgoing_copy(&o, &s, data);
                for (size_t i = 0; i < s.len; i++)
                    assert_int_equal(data[i], byte_at(s.offset + i));
                assert_true(gq_outgoing_sent(&o, &env, &s));
                under_way[count++] = s;
            } else if (count > 0) {
                size_t which = sd_rng_below(&dice, count);
                s = under_way[which];
                under_way[which] = under_way[--count];
                if (what == 2) {
                    gq_outgoing_lost(&o, &env, &s);
                } else {
                    gq_outgoing_arrived(&o, &env, &s);
                    memset(arrived + s.offset, 1, s.len);
                }
            }
        }
        assert_true(gq_outgoing_over(&o));
        for (size_t n = 0; n < total; n++)
            assert_true(arrived[n]);
        gq_outgoing_fini(&o);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct gq_outgoing o = {0};
    struct gq_slice s;
    static const uint8_t data[100];
    gq_outgoing_write(&o, &env, data, 100);
    assert_false(gq_outgoing_next(&o, 50, 0, &s));
    assert_true(gq_outgoing_blocked(&o, 0));
    assert_true(gq_outgoing_next(&o, 50, 30, &s));
    assert_int_equal(s.len, 30);
    gq_outgoing_sent(&o, &env, &s);
    assert_false(gq_outgoing_next(&o, 50, 30, &s));
    assert_true(gq_outgoing_blocked(&o, 30));
    /* What was sent before needs no credit again. */
    gq_outgoing_lost(&o, &env, &(struct gq_slice){.offset = 10, .len = 20});
    assert_false(gq_outgoing_blocked(&o, 30));
    assert_true(gq_outgoing_next(&o, 50, 30, &s));
    assert_int_equal(s.offset, 10);
    assert_int_equal(s.len, 20);
    /* A full buffer refuses, and says when there is room. */
    static uint8_t much[GQ_SEND_BUFFER];
    assert_int_equal(gq_outgoing_write(&o, &env, much, sizeof much), GQ_SEND_BUFFER - 100);
    assert_true(o.refused);
    bool room = false;
    for (uint64_t n = 0; n < GQ_SEND_BUFFER / 2; n += 1000)
        room |= gq_outgoing_arrived(&o, &env, &(struct gq_slice){.offset = n, .len = 1000});
    assert_true(room && !o.refused);
    gq_outgoing_fini(&o);
}

/* -- recovery -- */

static char told[512];

static void on_arrived(void *ctx, struct gq_sent *p)
{
    (void)ctx;
    snprintf(told + strlen(told), sizeof told - strlen(told), "+%u ", (unsigned)p->number);
}

static void on_lost(void *ctx, struct gq_sent *p)
{
    (void)ctx;
    snprintf(told + strlen(told), sizeof told - strlen(told), "-%u ", (unsigned)p->number);
}

static const struct gq_fates fates = {on_arrived, on_lost, NULL};

struct step {
    unsigned at_ms;
    enum { NOTHING, SEND, SEND_CRYPTO, SEND_ACK, GOT_ACK, EXPIRE } what;
    struct gq_range acked[3];
    const char *told; /* +arrived, -lost */
    unsigned due_ms;  /* the deadline afterwards; 0: none */
    uint32_t probes;
};

static void test_recovery(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct step step[24];
    } rows[] = {
        {"handshake: 150 ms of a guessed 100, doubling",
         {{0, SEND_CRYPTO, .told = "", .due_ms = 150},
          {150, EXPIRE, .told = "-1 "},
          {150, SEND_CRYPTO, .told = "", .due_ms = 150 + 300},
          {450, EXPIRE, .told = "-2 "},
          {450, SEND_CRYPTO, .told = "", .due_ms = 450 + 600},
          {500, GOT_ACK, .acked = {{3, 4}}, .told = "+3 "}}},
        {"the third packet after it: lost; 1.25 round trips for the rest",
         {{0, SEND, .told = "", .due_ms = 250},
          {0, SEND, .told = "", .due_ms = 200},
          {0, SEND, .told = "", .due_ms = 200},
          {0, SEND, .told = "", .due_ms = 200},
          {40, GOT_ACK, .acked = {{4, 5}}, .told = "+4 -1 ", .due_ms = 50},
          {50, EXPIRE, .told = "-2 -3 "}}},
        {"tail: two probes, then time-outs that double",
         {{0, SEND, .told = "", .due_ms = 250},
          {40, GOT_ACK, .acked = {{1, 2}}, .told = "+1 "},
          {100, SEND, .told = "", .due_ms = 260},
          {260, EXPIRE, .told = "-2 ", .probes = 1},
          {260, SEND, .told = "", .due_ms = 420},
          {420, EXPIRE, .told = "-3 ", .probes = 1},
          {420, SEND, .told = "", .due_ms = 620},
          {620, EXPIRE, .told = "-4 ", .probes = 2},
          {620, SEND, .told = "", .due_ms = 0, .probes = 1},
          {620, SEND, .told = "", .due_ms = 1020},
          {1020, EXPIRE, .told = "-5 -6 ", .probes = 2},
          {1020, SEND, .told = "", .probes = 1},
          {1020, SEND, .told = "", .due_ms = 1820},
          {1060, GOT_ACK, .acked = {{7, 9}}, .told = "+7 +8 "},
          {1100, SEND, .told = "", .due_ms = 1260}}},
        {"acknowledgments ask for none",
         {{0, SEND_ACK, .told = ""},
          {0, SEND, .told = "", .due_ms = 250},
          {0, SEND_ACK, .told = "", .due_ms = 250},
          {40, GOT_ACK, .acked = {{1, 4}}, .told = "+2 "}}},
        {"an acknowledgment twice says nothing new",
         {{0, SEND, .told = "", .due_ms = 250},
          {0, SEND, .told = "", .due_ms = 200},
          {40, GOT_ACK, .acked = {{1, 2}}, .told = "+1 ", .due_ms = 160},
          {41, GOT_ACK, .acked = {{1, 2}}, .told = "", .due_ms = 160},
          {42, GOT_ACK, .acked = {{1, 3}}, .told = "+2 "}}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct gq_recovery r;
        gq_recovery_init(&r);
        print_message("          %s\n", rows[i].name);
        for (const struct step *s = rows[i].step; s->what; s++) {
            sd_time now = s->at_ms * SD_MS;
            bool news;
            static struct gq_frame ack;
            *told = 0;
            if (s->what == SEND || s->what == SEND_CRYPTO || s->what == SEND_ACK) {
                struct gq_sent *p = gq_recovery_next(&r, &env);
                p->crypto = s->what == SEND_CRYPTO;
                gq_recovery_sent(&r, p, now, s->what == SEND_ACK ? 0 : 1000);
            } else if (s->what == GOT_ACK) {
                ack.ranges = 0;
                while (ack.ranges < 3 && s->acked[ack.ranges].to) {
                    ack.acked[ack.ranges] = s->acked[ack.ranges];
                    ack.ranges++;
                }
                assert_true(gq_recovery_acked(&r, now, &ack, &fates, &news));
            } else {
                gq_recovery_expire(&r, now, &fates);
            }
            sd_time due = gq_recovery_deadline(&r);
            if (strcmp(told, s->told) != 0 || r.probes != s->probes ||
                due != (s->due_ms ? s->due_ms * SD_MS : SD_NEVER))
                fail_msg("at %u ms: expected '%s', %u probes, due %u ms; found '%s', %u, %lld ms",
                         s->at_ms, s->told, s->probes, s->due_ms, told, r.probes,
                         due == SD_NEVER ? 0LL : (long long)(due / SD_MS));
        }
        gq_recovery_fini(&r);
    }
}

static void test_acknowledges_what_was_never_sent(void **state)
{
    (void)state;
    struct gq_recovery r;
    static struct gq_frame ack = {.ranges = 1, .acked = {{1, 3}}};
    bool news;
    gq_recovery_init(&r);
    gq_recovery_sent(&r, gq_recovery_next(&r, &env), 0, 1000);
    assert_false(gq_recovery_acked(&r, SD_MS, &ack, &fates, &news));
    gq_recovery_fini(&r);
}

/* -- CUBIC -- */

static void test_cubic(void **state)
{
    (void)state;
    struct gq_cubic c;
    gq_cubic_init(&c);
    assert_true(gq_cubic_slow_start(&c));
    gq_cubic_acked(&c, 1, 0, 10000, false);
    assert_int_equal(c.window, GQ_WINDOW_INITIAL); /* it was not what held the sender back */
    gq_cubic_acked(&c, 1, 0, 10000, true);
    assert_int_equal(c.window, GQ_WINDOW_INITIAL + 10000);
    /* One loss a flight: 0.7 of the window. */
    c.window = 1000000;
    gq_cubic_lost(&c, 50, 100);
    assert_int_equal(c.window, 700000);
    gq_cubic_lost(&c, 60, 110);
    gq_cubic_lost(&c, 100, 110);
    assert_int_equal(c.window, 700000);
    assert_false(gq_cubic_slow_start(&c));
    /* K = cbrt(300000 bytes / 1350 / 0.4) = 8.22 s: then it is where it was. */
    for (unsigned ms = 1; ms <= 8220; ms++)
        gq_cubic_acked(&c, ms * SD_MS, 0, 20000, true);
    assert_true(c.window > 990000 && c.window < 1010000);
    assert_true(c.k_ms > 8150 && c.k_ms < 8300);
    gq_cubic_lost(&c, 111, 200);
    uint64_t after = c.window;
    /* Less than before: room for others, 0.85 of it is remembered. */
    gq_cubic_lost(&c, 201, 300);
    assert_true(c.most < after);
    gq_cubic_timed_out(&c);
    assert_int_equal(c.window, GQ_WINDOW_MIN);
    assert_true(gq_cubic_slow_start(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_incoming),
        cmocka_unit_test(test_incoming_ends),
        cmocka_unit_test(test_outgoing),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_acknowledges_what_was_never_sent),
        cmocka_unit_test(test_cubic),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK)
        return 3;
    sd_rng_seed(&dice, 7);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += sd_heap_bytes(&env) != 0;
    sd_env_fini(&env);
    return failed;
}
