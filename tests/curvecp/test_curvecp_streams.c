/* test_curvecp_streams.c - messages taken apart and put together, the two ends of a stream, and a
 * stream between them over a bad network. */
#include "protocols/curvecp/incoming.h"
#include "protocols/curvecp/outgoing.h"
#include "sim/core/error.h"
#include "tests/crypto/hex.h"
#include <stdlib.h>

static struct sd_env env;

static int begin(void **state)
{
    (void)state;
    return sd_env_init(&env, 1);
}

static int end(void **state)
{
    (void)state;
    uint64_t left = sd_heap_bytes(&env);
    sd_env_fini(&env);
    assert_int_equal(left, 0);
    return 0;
}

/* -- messages -- */

/* A message's 48 bytes as written here, then zeros up to len. */
static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *name, *header;
        size_t len;
        bool good;
        uint64_t last; /* end of the sixth range */
        uint16_t stop, data;
        uint64_t position;
    } rows[] = {
        {"all zero", "48*00", 48, true, 0, 0, 0, 0},
        {"ping at 7",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0000"
         "0700000000000000",
         192, true, 0, 0, 0, 7},
        {"every range",
         "0100000002000000"
         "0a00000000000000"
         "010000000200"
         "03000400"
         "05000600"
         "07000800"
         "09000a00"
         "0000"
         "0000000000000000",
         192, true, 65, 0, 0, 0},
        {"success",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0108"
         "0700000000000000",
         192, true, 0, 2048, 1, 7},
        {"failure",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0010"
         "0700000000000000",
         192, true, 0, 4096, 0, 7},
        {"success and failure",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0018"
         "0700000000000000",
         192, false, 0, 0, 0, 0},
        {"1024 bytes",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0004"
         "0000000000000000",
         1088, true, 0, 0, 1024, 0},
        {"1025 bytes",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0104"
         "0000000000000000",
         1088, false, 0, 0, 0, 0},
        {"an unknown flag",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0120"
         "0000000000000000",
         1088, false, 0, 0, 0, 0},
        {"more data than message",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "9100"
         "0000000000000000",
         192, false, 0, 0, 0, 0},
        {"as much as there is",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "9000"
         "0000000000000000",
         192, true, 0, 0, 144, 0},
        {"position 2^60",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0100"
         "0000000000000010",
         192, true, 0, 0, 1, CP_STREAM_MAX},
        {"position past 2^60",
         "0100000000000000"
         "0000000000000000"
         "00000000000000000000000000000000"
         "000000000000"
         "0100"
         "0100000000000010",
         192, false, 0, 0, 0, 0},
        {"a range past 2^60",
         "0100000000000000"
         "0100000000000010"
         "00000000000000000000000000000000"
         "000000000000"
         "0000"
         "0000000000000000",
         192, false, 0, 0, 0, 0},
        {"ranges that run over",
         "0100000000000000"
         "ffffffffffffffff"
         "010000000200"
         "00000000000000000000"
         "000000000000"
         "0000"
         "0000000000000000",
         192, false, 0, 0, 0, 0},
        {"16 bytes", "16*00", 16, false, 0, 0, 0, 0},
        {"47 bytes", "47*00", 47, false, 0, 0, 0, 0},
        {"63 bytes", "48*00", 63, false, 0, 0, 0, 0},
        {"1104 bytes", "48*00", 1104, false, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t bytes[1104] = {0};
        struct hex h = hex_of(rows[i].header);
        struct cp_message m;
        print_message("          %s\n", rows[i].name);
        memcpy(bytes, h.data, h.len);
        assert_int_equal(cp_message_parse(&m, bytes, rows[i].len), rows[i].good);
        if (!rows[i].good)
            continue;
        assert_int_equal(m.acked[5].to, rows[i].last);
        assert_int_equal(m.stop, rows[i].stop);
        assert_int_equal(m.len, rows[i].data);
        assert_int_equal(m.position, rows[i].position);
        assert_ptr_equal(m.data, bytes + rows[i].len - m.len);
    }
}

/* What is written is read again, as far as the format can hold it. */
static void test_write(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct cp_range range[CP_RANGES];
        size_t fits; /* ranges */
    } rows[] = {
        {"none", {{0, 0}}, 0},
        {"first alone", {{0, 1u << 30}}, 1},
        {"six", {{0, 5}, {6, 8}, {10, 11}, {20, 30}, {31, 32}, {40, 50}}, 6},
        {"first empty", {{0, 0}, {1024, 2048}}, 2},
        {"second far away", {{0, 5}, {0xffffffff, 0x100000001}}, 2},
        {"second too far away", {{0, 5}, {0x100000005, 0x100000006}}, 1},
        {"third too far away", {{0, 5}, {6, 8}, {8 + 65536, 8 + 65537}, {80000, 80001}}, 2},
        {"second at its longest", {{0, 5}, {6, 6 + 65535}, {80000, 80001}}, 3},
        {"second too long", {{0, 5}, {6, 6 + 65536}, {80000, 80001}}, 1},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t bytes[192], data[] = "data";
        struct cp_message m = {.id = 0xfffffffe,
                               .acked_id = 77,
                               .stop = CP_STOP_SUCCESS,
                               .position = UINT64_C(0x0102030405060708),
                               .data = data,
                               .len = 4},
                          n;
        memcpy(m.acked, rows[i].range, sizeof m.acked);
        print_message("          %s\n", rows[i].name);
        memset(bytes, 0xee, sizeof bytes);
        cp_message_write(&m, bytes, sizeof bytes);
        assert_true(cp_message_parse(&n, bytes, sizeof bytes));
        assert_int_equal(n.id, m.id);
        assert_int_equal(n.acked_id, m.acked_id);
        assert_int_equal(n.stop, m.stop);
        assert_int_equal(n.position, m.position);
        assert_int_equal(n.len, 4);
        assert_memory_equal(n.data, data, 4);
        for (size_t k = 48; k < 188; k++)
            assert_int_equal(bytes[k], 0);
        for (size_t k = 0; k < CP_RANGES; k++) {
            if (k < rows[i].fits) {
                assert_int_equal(n.acked[k].from, m.acked[k].from);
                assert_int_equal(n.acked[k].to, m.acked[k].to);
            } else {
                assert_int_equal(n.acked[k].from, n.acked[k].to);
            }
        }
    }
}

/* -- receiving -- */

static void test_incoming(void **state)
{
    (void)state;
    enum { S = CP_STOP_SUCCESS, F = CP_STOP_FAILURE };
    static const struct {
        const char *name;
        struct {
            uint64_t position;
            uint16_t len, stop;
            int result;
            uint64_t next; /* afterwards */
        } step[6];
        size_t steps;
        struct cp_range acked[CP_RANGES]; /* in the end */
        size_t ranges;
        bool ended;
    } rows[] = {
        {"in order", {{0, 4, 0, 0, 4}, {4, 4, 0, 0, 8}, {8, 2, S, 0, 10}}, 3, {{0, 11}}, 1, true},
        {"empty stream", {{0, 0, S, 0, 0}}, 1, {{0, 1}}, 1, true},
        {"reversed", {{8, 2, S, 0, 0}, {4, 4, 0, 0, 0}, {0, 4, 0, 0, 10}}, 3, {{0, 11}}, 1, true},
        {"twice", {{0, 4, 0, 0, 4}, {0, 4, 0, 0, 4}, {4, 4, 0, 0, 8}}, 3, {{0, 8}}, 1, false},
        {"a gap", {{0, 4, 0, 0, 4}, {8, 4, 0, 0, 4}}, 2, {{0, 4}, {8, 12}}, 2, false},
        {"neighbours are one range",
         {{8, 4, 0, 0, 0}, {12, 4, 0, 0, 0}, {4, 2, 0, 0, 0}},
         3,
         {{0, 0}, {4, 6}, {8, 16}},
         3,
         false},
        {"the stop is known before the bytes",
         {{8, 0, S, 0, 0}, {4, 4, 0, 0, 0}},
         2,
         {{0, 0}, {4, 9}},
         2,
         false},
        {"only the stop is known", {{8, 0, F, 0, 0}}, 1, {{0, 0}, {8, 9}}, 2, false},
        {"a stored block again", {{4, 4, 0, 0, 0}, {4, 4, 0, 0, 0}}, 2, {{0, 0}, {4, 8}}, 2, false},
        {"cut differently, ahead",
         {{4, 4, 0, 0, 0}, {6, 4, 0, SD_DROP_FULL, 0}, {2, 4, 0, SD_DROP_FULL, 0}},
         3,
         {{0, 0}, {4, 8}},
         2,
         false},
        {"cut differently, in order",
         {{4, 4, 0, 0, 0}, {0, 6, 0, 0, 8}, {2, 8, 0, 0, 10}},
         3,
         {{0, 10}},
         1,
         false},
        {"covering what is stored", {{4, 2, 0, 0, 0}, {0, 8, 0, 0, 8}}, 2, {{0, 8}}, 1, false},
        {"the last byte of the window",
         {{CP_STREAM_BUFFER - 4, 4, 0, 0, 0}},
         1,
         {{0, 0}, {CP_STREAM_BUFFER - 4, CP_STREAM_BUFFER}},
         2,
         false},
        {"past the window", {{CP_STREAM_BUFFER - 3, 4, 0, SD_DROP_FULL, 0}}, 1, {{0, 0}}, 1, false},
        {"data past the stop",
         {{0, 4, S, 0, 4}, {4, 4, 0, SD_DROP_MALFORMED, 4}},
         2,
         {{0, 5}},
         1,
         true},
        {"another stop",
         {{0, 4, S, 0, 4}, {0, 3, S, SD_DROP_MALFORMED, 4}, {0, 4, F, SD_DROP_MALFORMED, 4}},
         3,
         {{0, 5}},
         1,
         true},
        {"a stop before what is here",
         {{4, 4, 0, 0, 0}, {0, 4, S, SD_DROP_MALFORMED, 0}},
         2,
         {{0, 0}, {4, 8}},
         2,
         false},
        {"more gaps than ranges",
         {{2, 1, 0, 0, 0},
          {4, 1, 0, 0, 0},
          {6, 1, 0, 0, 0},
          {8, 1, 0, 0, 0},
          {10, 1, 0, 0, 0},
          {12, 1, 0, 0, 0}},
         6,
         {{0, 0}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11}},
         6,
         false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct cp_incoming in = {0};
        uint8_t bytes[CP_BLOCK_MAX] = {0};
        uint64_t delivered = 0;
        print_message("          %s\n", rows[i].name);
        for (size_t k = 0; k < rows[i].steps; k++) {
            struct cp_message m = {.position = rows[i].step[k].position,
                                   .len = rows[i].step[k].len,
                                   .stop = rows[i].step[k].stop,
                                   .data = bytes};
            const uint8_t *run;
            size_t run_len;
            assert_int_equal(cp_incoming_take(&in, &env, &m, &run, &run_len),
                             rows[i].step[k].result);
            delivered += run_len;
            for (struct cp_segment *s; (s = cp_incoming_next(&in)); sd_free(s)) {
                assert_int_equal(s->position, delivered);
                delivered += s->len;
            }
            assert_int_equal(in.next, rows[i].step[k].next);
            assert_int_equal(delivered, in.next);
        }
        struct cp_range range[CP_RANGES];
        size_t n = cp_incoming_ranges(&in, range, true);
        assert_int_equal(n, rows[i].ranges);
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(range[k].from, rows[i].acked[k].from);
            assert_int_equal(range[k].to, rows[i].acked[k].to);
        }
        assert_int_equal(cp_incoming_ranges(&in, range, false), 1);
        assert_int_equal(cp_incoming_ended(&in), rows[i].ended);
        cp_incoming_fini(&in);
    }
}

/* However small the blocks are, what is held ahead is limited. */
static void test_incoming_is_limited(void **state)
{
    (void)state;
    struct cp_incoming in = {0};
    uint8_t byte = 1;
    uint32_t taken = 0;
    for (uint32_t position = 1; position < CP_STREAM_BUFFER; position += 2) {
        struct cp_message m = {.position = position, .len = 1, .data = &byte};
        const uint8_t *run;
        size_t run_len;
        taken += cp_incoming_take(&in, &env, &m, &run, &run_len) == SD_OK;
    }
    assert_int_equal(taken, CP_SEGMENTS);
    assert_true(sd_heap_bytes(&env) < CP_SEGMENTS * 64);
    cp_incoming_fini(&in);
}

/* -- sending -- */

static void test_outgoing(void **state)
{
    (void)state;
    struct cp_outgoing o = {0};
    static uint8_t data[200000], back[CP_BLOCK_MAX];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + (i >> 8));

    /* As much as there is room for; the rest when a quarter is free again. */
    assert_int_equal(cp_outgoing_write(&o, &env, data, sizeof data), CP_STREAM_BUFFER);
    assert_int_equal(cp_outgoing_write(&o, &env, data, 1), 0);
    for (uint32_t n = 0; n < CP_BLOCKS; n++) {
        struct cp_block *b = cp_outgoing_cut(&o, &env, CP_BLOCK_MAX);
        assert_non_null(b);
        assert_int_equal(b->position, n * CP_BLOCK_MAX);
        cp_outgoing_sent(&o, b, 1000 - n);
        assert_int_equal(b->id, n + 1);
        cp_outgoing_copy(&o, b, back);
        assert_memory_equal(back, data + b->position, CP_BLOCK_MAX);
    }
    assert_null(cp_outgoing_cut(&o, &env, CP_BLOCK_MAX));
    assert_false(cp_outgoing_has_new(&o));
    assert_int_equal(cp_outgoing_oldest(&o)->id, 128); /* sent_at is the least */
    assert_false(cp_outgoing_acknowledge(&o, 0, &(struct cp_range){0, 31 * 1024 + 1023}, 1));
    assert_int_equal(o.start, 31 * 1024); /* a block in part is not acknowledged */
    assert_true(cp_outgoing_acknowledge(&o, 0, &(struct cp_range){0, 32 * 1024}, 1));
    assert_false(cp_outgoing_acknowledge(&o, 0, &(struct cp_range){0, 33 * 1024}, 1)); /* told */

    /* The ring wraps; the stop goes with the last bytes. */
    assert_int_equal(cp_outgoing_write(&o, &env, data + CP_STREAM_BUFFER, 33 * 1024), 33 * 1024);
    cp_outgoing_stop(&o, CP_STOP_SUCCESS);
    for (uint32_t n = 128; n < 128 + 33; n++) {
        struct cp_block *b = cp_outgoing_cut(&o, &env, CP_BLOCK_MAX);
        cp_outgoing_sent(&o, b, 2000 + n);
        assert_int_equal(b->stop, n == 160 ? CP_STOP_SUCCESS : 0);
        cp_outgoing_copy(&o, b, back);
        assert_memory_equal(back, data + b->position, CP_BLOCK_MAX);
    }
    assert_false(cp_outgoing_has_new(&o));

    /* Ranges in the middle: nothing is let go, nothing of it is sent again or found. */
    const struct cp_range some[] = {{0, 33 * 1024}, {34 * 1024, 160 * 1024}};
    cp_outgoing_acknowledge(&o, 0, some, 2);
    assert_int_equal(o.start, 33 * 1024);
    assert_int_equal(o.blocks, 128);
    assert_int_equal(cp_outgoing_oldest(&o)->id, 34);
    assert_null(cp_outgoing_find(&o, 35));
    assert_non_null(cp_outgoing_find(&o, 34));
    /* All bytes, but not the stop. */
    cp_outgoing_acknowledge(&o, 0, &(struct cp_range){0, 161 * 1024}, 1);
    assert_int_equal(o.blocks, 1);
    assert_false(o.stop_acked);
    cp_outgoing_acknowledge(&o, 0, &(struct cp_range){0, 161 * 1024 + 1}, 1);
    assert_int_equal(o.blocks, 0);
    assert_true(o.stop_acked);
    assert_int_equal(sd_heap_bytes(&env), 0); /* a stream at rest holds nothing */
    cp_outgoing_fini(&o);
}

/* An empty block asks for an answer: only its ID is one. */
static void test_ping(void **state)
{
    (void)state;
    struct cp_outgoing o = {0};
    struct cp_block *b = cp_outgoing_cut(&o, &env, CP_BLOCK_MAX);
    cp_outgoing_sent(&o, b, 5);
    assert_int_equal(b->len, 0);
    cp_outgoing_acknowledge(&o, 0, &(struct cp_range){0, 100}, 1);
    cp_outgoing_acknowledge(&o, 2, &(struct cp_range){0, 0}, 1);
    assert_int_equal(o.blocks, 1);
    cp_outgoing_acknowledge(&o, 1, &(struct cp_range){0, 0}, 1);
    assert_int_equal(o.blocks, 0);
    o.last_id = UINT32_MAX;
    cp_outgoing_sent(&o, cp_outgoing_cut(&o, &env, 1), 6);
    assert_int_equal(o.last_id, 1); /* never 0 */
    cp_outgoing_fini(&o);
}

/* -- both, over a bad network -- */

struct flying {
    bool used;
    struct cp_message m;
    uint8_t data[CP_BLOCK_MAX];
};

/* Blocks of any size and acknowledgments, each lost, kept back or doubled by chance, until all is
 * there. */
static void test_bad_network(void **state)
{
    (void)state;
    enum { LEN = 300000, FLYING = 40 };
    static uint8_t sent[LEN], got[LEN];
    static struct flying forth[FLYING], back[FLYING];
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct cp_outgoing o = {0};
        struct cp_incoming in = {0};
        struct sd_rng rng;
        size_t written = 0, received = 0;
        uint64_t steps = 0;
        sd_rng_seed(&rng, seed);
        sd_rng_fill(&rng, sent, LEN);
        memset(forth, 0, sizeof forth);
        memset(back, 0, sizeof back);
        while (!o.stop_acked || !cp_incoming_ended(&in)) {
            assert_true(++steps < 200000);
            if (written < LEN) {
                size_t len = sd_rng_below(&rng, 3000) + 1;
                len = len < LEN - written ? len : LEN - written;
                written += (size_t)cp_outgoing_write(&o, &env, sent + written, len);
                if (written == LEN)
                    cp_outgoing_stop(&o, CP_STOP_SUCCESS);
            }
            struct cp_block *b = NULL;
            if (cp_outgoing_has_new(&o))
                b = cp_outgoing_cut(&o, &env, (uint32_t)sd_rng_below(&rng, CP_BLOCK_MAX) + 1);
            else if (sd_rng_below(&rng, 2))
                b = cp_outgoing_oldest(&o);
            if (b && b->len + b->stop > 0) {
                struct flying *f = &forth[sd_rng_below(&rng, FLYING)]; /* what was there is lost */
                cp_outgoing_sent(&o, b, steps);
                cp_outgoing_copy(&o, b, f->data);
                f->used = true;
                f->m = (struct cp_message){
                    .id = b->id, .position = b->position, .len = b->len, .stop = b->stop};
            }
            struct flying *f = &forth[sd_rng_below(&rng, FLYING)];
            if (f->used) {
                const uint8_t *run;
                size_t run_len;
                f->m.data = f->data;
                f->used = sd_rng_below(&rng, 4) == 0; /* it may come again */
                int result = cp_incoming_take(&in, &env, &f->m, &run, &run_len);
                assert_true(result == SD_OK || result == SD_DROP_FULL);
                if (run_len)
                    memcpy(got + received, run, run_len);
                received += run_len;
                for (struct cp_segment *s; (s = cp_incoming_next(&in)); sd_free(s)) {
                    memcpy(got + received, s->data, s->len);
                    received += s->len;
                }
                if (result == SD_OK) {
                    struct flying *a = &back[sd_rng_below(&rng, FLYING)];
                    uint8_t bytes[CP_ACK_LENGTH];
                    struct cp_message m = {.acked_id = f->m.id};
                    cp_incoming_ranges(&in, m.acked, true);
                    cp_message_write(&m, bytes, sizeof bytes);
                    assert_true(cp_message_parse(&a->m, bytes, sizeof bytes));
                    a->used = true;
                }
            }
            f = &back[sd_rng_below(&rng, FLYING)];
            if (f->used)
                cp_outgoing_acknowledge(&o, f->m.acked_id, f->m.acked, CP_RANGES);
        }
        assert_int_equal(received, LEN);
        assert_memory_equal(got, sent, LEN);
        cp_outgoing_fini(&o);
        cp_incoming_fini(&in);
    }
}

int main(void)
{
#define ON_HEAP(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_write), ON_HEAP(test_incoming),
        ON_HEAP(test_incoming_is_limited), ON_HEAP(test_outgoing),       ON_HEAP(test_ping),
        ON_HEAP(test_bad_network),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
