/* Cells out and in; runs.csv that is not what it should be. */
#include "results/csv.h"
#include "results/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void cells_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    static const struct {
        const char *cell, *written;
    } rows[] = {
        {NULL, ""},
        {"", ""},
        {"tls13", "tls13"},
        {"a b", "a b"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"\"", "\"\"\"\""},
        {" a", "\" a\""},
        {"a ", "\"a \""},
        {"two\nlines", "two lines"}, /* a row is a line, whatever a script notes */
        {"cr\r\ttab\x7f", "\"cr  tab \""},
        {"µs ∞", "µs ∞"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_text text = {0};
        sd_csv_cell(&text, rows[i].cell);
        const char *found = text.text ? text.text : "";
        if (strcmp(found, rows[i].written) != 0)
            fail_msg("'%s': expected %s, found %s", rows[i].cell ? rows[i].cell : "NULL",
                     rows[i].written, found);
        free(text.text);
    }
}

static struct sd_frame *parse(const char *text, size_t len, struct sd_error *error)
{
    struct sd_frame *frame;
    char *copy = malloc(len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    sd_frame_parse(&frame, copy, len, "runs.csv", error);
    return frame;
}

static void cells_are_read_as_they_were_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cell[2];
    } rows[] = {
        {"a,b\n1,2\n", {"1", "2"}},
        {"a,b\n1,2", {"1", "2"}},
        {"a,b\r\n1,2\r\n", {"1", "2"}},
        {"a,b\n,\n", {"", ""}},
        {"a,b\n\"1,\"\"2\"\"\",\n", {"1,\"2\"", ""}},
        {"a,b\n\"\",\"\"\n", {"", ""}},
        {"\"a\",\"b\"\n\"two\nlines\",x\n", {"two\nlines", "x"}},
        {"a,b\n µ, ∞\n", {" µ", " ∞"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_error error = {0};
        struct sd_frame *frame = parse(rows[i].text, strlen(rows[i].text), &error);
        if (!frame)
            fail_msg("%s: %s", rows[i].text, error.text);
        assert_int_equal(sd_frame_rows(frame), 1);
        for (int c = 0; c < 2; c++)
            assert_string_equal(sd_frame_cell(frame, 0, c), rows[i].cell[c]);
        sd_frame_free(frame);
    }
}

static void a_broken_file_is_told_by_line(void **state)
{
    (void)state;
#define TEXT(t) t, sizeof t - 1
    static const struct {
        const char *text;
        size_t len;
        const char *message;
    } rows[] = {
        {TEXT(""), "runs.csv:1: expected a line of column names, found an empty file"},
        {TEXT("a,,c\n"), "runs.csv:1: expected a name for column 2, found none"},
        {TEXT("\n"), "runs.csv:1: expected a name for column 1, found none"},
        {TEXT("a,b,a\n"), "runs.csv:1: expected each column once, found 'a' twice"},
        {TEXT("a,b\n1,2\n3\n"), "runs.csv:3: expected 2 cells, found 1"},
        {TEXT("a,b\n1,2\n\n3,4\n"), "runs.csv:3: expected 2 cells, found 1"},
        {TEXT("a,b\n1,2,3\n"), "runs.csv:2: expected 2 cells, found more"},
        {TEXT("a,b\n\"1,2\n3,4\n"),
         "runs.csv:2: expected a closing quote, found the end of the file"},
        {TEXT("a,b\n\"x\ny\",1\n\"z\"w,2\n"),
         "runs.csv:4: expected a comma or the end of the line, found 'w'"},
        {TEXT("a,b\n1\"2,3\n"), "runs.csv:2: expected a comma, found a quote inside a cell"},
        {TEXT("a,b\n1,\0\n"), "runs.csv:2: expected text, found a zero byte"},
        {TEXT("a,b\n1,\"\0\"\n"), "runs.csv:2: expected text, found a zero byte"},
        {TEXT("a,b\n1\r2,3\n"), "runs.csv:2: expected a comma or the end of the line, found '?'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_error error = {0};
        struct sd_frame *frame = parse(rows[i].text, rows[i].len, &error);
        if (frame || error.code != SD_E_IO || strcmp(error.text, rows[i].message) != 0)
            fail_msg("'%s': expected '%s', found '%s'", rows[i].text, rows[i].message,
                     frame ? "a frame" : error.text);
    }
}

static void numbers_are_whole_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        bool number;
        uint64_t value;
    } rows[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"1.5", false, 0},
        {"1e3", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"ok", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[64];
        struct sd_error error = {0};
        snprintf(text, sizeof text, "a,b\n\"%s\",x\n", rows[i].cell);
        struct sd_frame *frame = parse(text, strlen(text), &error);
        assert_non_null(frame);
        uint64_t value = 42;
        double number = 42;
        bool found = sd_frame_integer(frame, 0, 0, &value);
        if (found != rows[i].number || value != (found ? rows[i].value : 42))
            fail_msg("'%s': found %d, %llu", rows[i].cell, found, (unsigned long long)value);
        assert_int_equal(sd_frame_number(frame, 0, 0, &number), rows[i].number);
        assert_true(number == (found ? (double)rows[i].value : 42));
        sd_frame_free(frame);
    }
}

static void what_is_not_there_is_empty(void **state)
{
    (void)state;
    struct sd_error error = {0};
    struct sd_frame *frame = parse("a,b\n1,2\n", 8, &error);
    assert_int_equal(sd_frame_column(frame, "c"), -1);
    assert_int_equal(sd_frame_column(frame, "b"), 1);
    assert_string_equal(sd_frame_cell(frame, 0, -1), "");
    assert_string_equal(sd_frame_cell(frame, 0, 2), "");
    assert_string_equal(sd_frame_cell(frame, 1, 0), "");
    sd_frame_free(frame);
    sd_frame_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_quoted_where_they_must_be),
        cmocka_unit_test(cells_are_read_as_they_were_written),
        cmocka_unit_test(a_broken_file_is_told_by_line),
        cmocka_unit_test(numbers_are_whole_or_none),
        cmocka_unit_test(what_is_not_there_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
