/* test_bytes.c - readers, writers, addresses, errors and the nearest word. */
#include <stdio.h>
#include <string.h>

#include "sim/core/error.h"
#include "sim/core/features.h"
#include "sim/core/reader.h"
#include "tests/core/unit.h"

static void reader_reads(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                                    17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
    struct sd_reader r = sd_reader_of(bytes, sizeof bytes);
    assert_int_equal(sd_get8(&r), 0x01);
    assert_int_equal(sd_get16(&r), 0x0203);
    assert_int_equal(sd_get24(&r), 0x040506);
    assert_int_equal(sd_get32(&r), 0x0708090a);
    assert_true(sd_get64(&r) == UINT64_C(0x0b0c0d0e0f101112));
    assert_int_equal(sd_get32le(&r), 0x16151413);
    assert_true(sd_get64le(&r) == UINT64_C(0x1e1d1c1b1a191817));
    assert_int_equal(sd_get16le(&r), 0x201f);
    assert_int_equal(sd_left(&r), 0);
    assert_false(r.bad);
    assert_int_equal(sd_get8(&r), 0);
    assert_true(r.bad);
}

static void reader_stops(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3};
    /* What does not fit: zero or NULL, nothing moves, bad stays. */
    for (int what = 0; what < 9; what++) {
        struct sd_reader r = sd_reader_of(bytes, sizeof bytes);
        uint8_t to[4] = {9, 9, 9, 9};
        switch (what) {
        case 0:
            assert_int_equal(sd_get32(&r), 0);
            break;
        case 1:
            assert_true(sd_get64(&r) == 0);
            break;
        case 2:
            assert_int_equal(sd_get32le(&r), 0);
            break;
        case 3:
            assert_true(sd_get64le(&r) == 0);
            break;
        case 4:
            assert_null(sd_get(&r, 4));
            break;
        case 5:
            assert_false(sd_get_copy(&r, to, 4));
            assert_int_equal(to[0] | to[1] | to[2] | to[3], 0);
            break;
        case 6:
            assert_true(sd_get_sub(&r, 4).bad);
            break;
        case 7:
            assert_null(sd_get(&r, SIZE_MAX));
            break;
        case 8:
            assert_true(sd_get_sub(&r, SIZE_MAX).bad);
            break;
        }
        assert_true(r.bad);
        assert_int_equal(sd_left(&r), 3);
        assert_int_equal(sd_get8(&r), 0);
        assert_int_equal(sd_left(&r), 3);
    }
    struct sd_reader none = sd_reader_of(NULL, 7);
    assert_int_equal(sd_left(&none), 0);
    struct sd_reader r = sd_reader_of(bytes, 3), sub = sd_get_sub(&r, 2);
    assert_int_equal(sd_get16(&sub), 0x0102);
    assert_int_equal(sd_get8(&sub), 0);
    assert_true(sub.bad && !r.bad);
    assert_int_equal(sd_get8(&r), 3);
}

static void writer_writes(void **state)
{
    (void)state;
    uint8_t room[40];
    struct sd_writer w = sd_writer_of(room, sizeof room);
    sd_put8(&w, 1);
    sd_put16(&w, 0x0203);
    sd_put24(&w, 0x040506);
    sd_put32(&w, 0x0708090a);
    sd_put64(&w, UINT64_C(0x0b0c0d0e0f101112));
    sd_put32le(&w, 0x16151413);
    sd_put64le(&w, UINT64_C(0x1e1d1c1b1a191817));
    sd_put16le(&w, 0x201f);
    sd_put(&w, "\x21\x22", 2);
    assert_int_equal(sd_written(&w), 34);
    for (int i = 0; i < 34; i++)
        assert_int_equal(room[i], i + 1);
    uint8_t *space = sd_put_space(&w, 6);
    assert_ptr_equal(space, room + 34);
    assert_false(w.bad);
    sd_put8(&w, 1);
    assert_true(w.bad);
    assert_null(sd_put_space(&w, 0));
    assert_int_equal(sd_written(&w), 40);
}

static void addresses_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text, *printed; /* printed NULL: refused */
    } rows[] = {
        {"1.2.3.4", "1.2.3.4"},
        {"1.2.3.4:443", "1.2.3.4:443"},
        {"255.255.255.255:65535", "255.255.255.255:65535"},
        {"0.0.0.0", "0.0.0.0"},
        {"1.2.3.4:0", "1.2.3.4"},
        {"1.2.3", NULL},
        {"1.2.3.4.5", NULL},
        {"1.2.3.256", NULL},
        {"01.2.3.4", NULL},
        {"1.2.3.4:", NULL},
        {"1.2.3.4:65536", NULL},
        {"1.2.3.4:99999999999999999999", NULL},
        {" 1.2.3.4", NULL},
        {"1.2.3.4 ", NULL},
        {"1..3.4", NULL},
        {"", NULL},
        {"localhost", NULL},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_addr a = {.family = 9};
        char text[SD_ADDR_TEXT];
        bool parsed = sd_addr_parse(rows[i].text, &a);
        if (parsed != (rows[i].printed != NULL))
            fail_msg("\"%s\": expected %s", rows[i].text, parsed ? "a refusal" : "an address");
        if (parsed)
            assert_string_equal(sd_addr_text(&a, text), rows[i].printed);
        else
            assert_int_equal(a.family, 9);
    }
    struct sd_addr a = sd_ipv4(10, 0, 0, 1, 5), b = sd_ipv4_word(0x0a000001, 5);
    assert_true(sd_addr_equal(&a, &b));
    b.port = 6;
    assert_false(sd_addr_equal(&a, &b));
    assert_int_equal(sd_addr_ipv4(&a), 0x0a000001);
    struct sd_addr six = {.family = 6, .port = 5, .ip = {0x20, 1, [15] = 1}};
    char text[SD_ADDR_TEXT];
    assert_string_equal(sd_addr_text(&six, text), "[2001:0:0:0:0:0:0:1]:5");
    assert_int_equal(sd_addr_ipv4(&six), 0);
    assert_string_equal(sd_addr_text(&(struct sd_addr){0}, text), "-");
}

static void results_have_words(void **state)
{
    (void)state;
    for (int r = SD_E_INTERNAL; r < SD_DROP_MAX; r++) {
        assert_string_not_equal(sd_result_name(r), "unknown-result");
        for (int other = SD_E_INTERNAL; other < r; other++) {
            assert_string_not_equal(sd_result_name(r), sd_result_name(other));
            assert_string_not_equal(sd_result_text(r), sd_result_text(other));
        }
    }
    assert_string_equal(sd_result_name(SD_DROP_REPLAY), "replay");
    assert_string_equal(sd_result_name(SD_E_ARG), "arg");
    assert_string_equal(sd_result_name(12345), "unknown-result");

    struct sd_error e;
    assert_int_equal(sd_fail(&e, SD_E_ARG, "port %d", 7), SD_E_ARG);
    assert_int_equal(e.code, SD_E_ARG);
    assert_string_equal(e.text, "port 7");
    assert_int_equal(sd_fail(NULL, SD_E_IO, "nobody listens"), SD_E_IO);
    char longer[2 * SD_ERROR_TEXT];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    sd_fail(&e, SD_E_IO, "%s", longer);
    assert_int_equal(strlen(e.text), SD_ERROR_TEXT - 1);
}

static void nearest_is_near(void **state)
{
    (void)state;
    static const char *const words[] = {"protocol", "loss", "delay", "rebinding", "client", NULL};
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        {"protocl", "protocol"}, {"protocols", "protocol"},  {"los", "loss"},    {"LOSS", "loss"},
        {"dealy", "delay"},      {"rebindnig", "rebinding"}, {"clnt", "client"}, {"x", NULL},
        {"zzzzzz", NULL},        {"server", NULL},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const char *found = sd_nearest(rows[i].word, words);
        if (found == rows[i].nearest)
            continue;
        if (found == NULL || rows[i].nearest == NULL || strcmp(found, rows[i].nearest) != 0)
            fail_msg("%s: expected %s, found %s", rows[i].word,
                     rows[i].nearest != NULL ? rows[i].nearest : "none",
                     found != NULL ? found : "none");
    }
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_null(sd_nearest(longer, words));
}

static void features_are_distinct(void **state)
{
    (void)state;
    uint64_t seen = 0;
    size_t n = 0;
    for (const struct sd_feature *f = sd_features; f->bit != 0; f++, n++) {
        assert_true((seen & f->bit) == 0);
        seen |= f->bit;
    }
    assert_int_equal(n, 31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_reads),          cmocka_unit_test(reader_stops),
        cmocka_unit_test(writer_writes),         cmocka_unit_test(addresses_parse),
        cmocka_unit_test(results_have_words),    cmocka_unit_test(nearest_is_near),
        cmocka_unit_test(features_are_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
