/* The flag parser: what it takes, and what it says about what it does not take. */
#include "cmd/args.h"
#include "cmd/scenarios.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct sd_flag flags[] = {
    {"set", SD_FLAG_LIST, "K=V", "sets", 0, 0},
    {"seed", SD_FLAG_COUNT, "N", "seed", 0, UINT64_MAX},
    {"repeats", SD_FLAG_COUNT, "N", "repeats", 1, 100000},
    {"j", SD_FLAG_COUNT, "N", "workers", 1, 256},
    {"out", SD_FLAG_TEXT, "DIR", "folder", 0, 0},
    {"resume", SD_FLAG_SWITCH, NULL, "resume", 0, 0},
    {NULL, SD_FLAG_SWITCH, NULL, NULL, 0, 0},
};
static const struct sd_command command = {
    .name = "run", .arguments = "FILE|NAME|TAG...", .flags = flags, .least = 1, .most = 3};

#define WORDS 8
#define ARGV(...)                                                                                  \
    {                                                                                              \
        "run", __VA_ARGS__                                                                         \
    }

static int parse(struct sd_args *args, const char *const *word, struct sd_error *error)
{
    char *argv[WORDS + 1];
    int argc = 0;
    while (word[argc]) {
        argv[argc] = (char *)word[argc];
        argc++;
    }
    return sd_args_parse(args, &command, argc, argv, error);
}

static void wrong_lines_get_a_clear_message(void **state)
{
    (void)state;
    static const struct {
        const char *argv[WORDS];
        const char *expect;
    } rows[] = {
        {ARGV("a", "--repeat", "3"), "run: no flag --repeat; did you mean --repeats?"},
        {ARGV("a", "--reusme"), "run: no flag --reusme; did you mean --resume?"},
        {ARGV("a", "--zzzzzzzzz"), "run: no flag --zzzzzzzzz; see shakedown run --help"},
        {ARGV("a", "-x"), "run: no flag -x; see shakedown run --help"},
        {ARGV("a", "-seed", "3"), "run: no flag -seed; did you mean --seed?"},
        {ARGV("a", "--seed", "seven"), "run: --seed expects a whole number, found 'seven'"},
        {ARGV("a", "--seed", "-1"), "run: --seed expects a whole number, found '-1'"},
        {ARGV("a", "--seed", "18446744073709551616"),
         "run: --seed expects a whole number, found '18446744073709551616'"},
        {ARGV("a", "--repeats", "0"),
         "run: --repeats expects a whole number from 1 to 100000, found '0'"},
        {ARGV("a", "--repeats", "3x"),
         "run: --repeats expects a whole number from 1 to 100000, found '3x'"},
        {ARGV("a", "-j", "0"), "run: -j expects a whole number from 1 to 256, found '0'"},
        {ARGV("a", "-j"), "run: -j expects N after it, found nothing"},
        {ARGV("a", "--out"), "run: --out expects DIR after it, found nothing"},
        {ARGV("a", "--out", "--resume"), "run: --out expects DIR after it, found --resume"},
        {ARGV("a", "--resume=yes"), "run: --resume takes no value, found 'yes'"},
        {ARGV("a", "--seed", "1", "--seed", "2"),
         "run: --seed is given twice ('1' and '2'); keep one"},
        {ARGV("a", "b", "c", "d"), "run: expects FILE|NAME|TAG..., found 'd' besides"},
        {ARGV("a", ""), "run: expects FILE|NAME|TAG..., found '' (an empty word)"},
        {ARGV("a", "--out", ""), "run: --out expects DIR after it, found ''"},
        {ARGV("a", "--out="), "run: --out expects DIR after it, found ''"},
        {ARGV("--resume"),
         "run: expects FILE|NAME|TAG..., found nothing; see shakedown run --help"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_args args;
        struct sd_error error = {0};
        if (parse(&args, rows[i].argv, &error) != SD_E_USAGE || strcmp(error.text, rows[i].expect))
            fail_msg("row %zu: expected '%s', found '%s'", i, rows[i].expect, error.text);
    }
}

static void right_lines_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *argv[WORDS];
        uint64_t seed, workers;
        const char *out;
        bool resume;
        size_t words, listed;
    } rows[] = {
        {ARGV("a"), 1, 0, NULL, false, 1, 0},
        {ARGV("--seed", "7", "a"), 7, 0, NULL, false, 1, 0},
        {ARGV("a", "--seed=18446744073709551615"), UINT64_MAX, 0, NULL, false, 1, 0},
        {ARGV("a", "-j4", "b"), 1, 4, NULL, false, 2, 0},
        {ARGV("a", "-j", "4"), 1, 4, NULL, false, 1, 0},
        {ARGV("a", "--out", "-", "--resume"), 1, 0, "-", true, 1, 0},
        {ARGV("a", "--out=x=y"), 1, 0, "x=y", false, 1, 0},
        {ARGV("--", "--resume"), 1, 0, NULL, false, 1, 0},
        {ARGV("a", "--set", "loss=1%", "--set=rtt=3ms"), 1, 0, NULL, false, 1, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_args args;
        struct sd_error error = {0};
        if (parse(&args, rows[i].argv, &error) != SD_OK)
            fail_msg("row %zu: expected it to parse, found '%s'", i, error.text);
        assert_int_equal(sd_args_count(&args, "seed", 1), rows[i].seed);
        assert_int_equal(sd_args_count(&args, "j", 0), rows[i].workers);
        assert_int_equal(sd_args_has(&args, "resume"), rows[i].resume);
        assert_int_equal(args.words, rows[i].words);
        assert_int_equal(args.listed, rows[i].listed);
        const char *out = sd_args_text(&args, "out", NULL);
        assert_true(out == rows[i].out || !strcmp(out, rows[i].out));
    }
}

static void help_wins_over_mistakes(void **state)
{
    (void)state;
    const char *argv[] = ARGV("--nonsense", "--help", NULL);
    struct sd_args args;
    assert_int_equal(parse(&args, argv, NULL), SD_OK);
    assert_true(args.help);
}

static void settings_split(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expect; /* "name:values name:values", or the message */
    } rows[] = {
        {"loss=2%", "loss:2%"},
        {"loss=1%,2%", "loss:1%,2%"},
        {"rtt=31.169ms,loss=2%", "rtt:31.169ms loss:2%"},
        {"loss=1%,2%,rtt=5ms,6ms,protocol=tls13", "loss:1%,2% rtt:5ms,6ms protocol:tls13"},
        {"loss", "--set expects name=value[,value], found 'loss'"},
        {"", "--set expects name=value[,value], found ''"},
        {"=2%", "--set expects name=value, found '=2%'"},
        {"loss=", "--set expects name=value, found 'loss='"},
        {"loss=,rtt=1ms", "--set expects name=value, found 'loss=,rtt=1ms'"},
        {"loss=1%,", "--set expects a value after each comma, found none"},
        {"loss=1%,,2%", "--set expects a value after each comma, found none"},
        {"2%,loss=1%", "--set expects name=value[,value], found '2%,loss=1%'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_setting setting[4];
        struct sd_error error = {0};
        size_t count = 0, len = 0;
        char text[128], found[256] = "";
        snprintf(text, sizeof text, "%s", rows[i].text);
        if (sd_settings_parse(text, setting, 4, &count, &error) < 0)
            snprintf(found, sizeof found, "%.200s", error.text);
        else
            for (size_t s = 0; s < count; s++)
                len += (size_t)snprintf(found + len, sizeof found - len, "%s%s:%s", s ? " " : "",
                                        setting[s].name, setting[s].values);
        assert_string_equal(found, rows[i].expect);
    }
}

static void a_quoted_line_splits_into_the_same_words(void **state)
{
    (void)state;
    static const char *const words[] = {"shakedown", "run", "my lab/a'b.lua", "--set", "loss=2%",
                                        "back\\s",   "",    "$HOME"};
    char line[256] = "", small[8] = "", *found[16];
    size_t count = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_true(sd_args_quote(line, sizeof line, words[i]));
    assert_int_equal(sd_args_split(line, found, 16, &count), SD_OK);
    assert_int_equal(count, sizeof words / sizeof *words);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(found[i], words[i]);
    assert_false(sd_args_quote(small, sizeof small, "shakedown"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_lines_get_a_clear_message),
        cmocka_unit_test(right_lines_are_taken),
        cmocka_unit_test(help_wins_over_mistakes),
        cmocka_unit_test(settings_split),
        cmocka_unit_test(a_quoted_line_splits_into_the_same_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
