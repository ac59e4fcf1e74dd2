/* The progress line, and that nothing but plain lines reaches what is no terminal. */
#include "cmd/progress.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void lines(void **state)
{
    (void)state;
    static const struct {
        size_t done, total, failed, skipped;
        double elapsed_s;
        const char *what, *expect;
        size_t width; /* 0: enough */
    } rows[] = {
        {412, 1500, 2, 0, 15.53, "quic loss=5%", "run 412/1500  quic loss=5%  2 failed  eta 0:41",
         0},
        {1, 10, 0, 0, 1.0, "tls13", "run 1/10  tls13  eta 0:09", 0},
        {10, 10, 0, 0, 1.0, "tls13", "run 10/10  tls13", 0},
        {6, 10, 0, 5, 1.0, "tls13", "run 6/10  tls13  eta 0:04", 0},
        {1, 3601, 0, 0, 2.0, "tls13", "run 1/3601  tls13  eta 2:00:00", 0},
        {0, 0, 0, 0, 0.0, "", "run 0/0  ", 0},
        {412, 1500, 2, 0, 15.53, "quic loss=5%", "run 412/1500  quic  2 failed  eta 0:41", 45},
        {412, 1500, 2, 0, 15.53, "quic loss=5%", "run 412/1500  quic  2 failed  eta 0:41", 38},
        {412, 1500, 2, 0, 15.53, "quic loss=5%", "run 412/1500  2 failed  eta 0:41", 37},
        {412, 1500, 2, 0, 15.53, "quic loss=5%", "run 412/1500  2 fail", 20},
        {412, 1500, 2, 0, 15.53, "quic loss=5%", "r", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_progress progress = {.done = rows[i].done,
                                       .total = rows[i].total,
                                       .failed = rows[i].failed,
                                       .skipped = rows[i].skipped};
        char line[128];
        sd_progress_line(&progress, rows[i].what, rows[i].elapsed_s, line,
                         rows[i].width ? rows[i].width + 1 : sizeof line);
        assert_string_equal(line, rows[i].expect);
    }
}

static void a_pipe_gets_plain_lines(void **state)
{
    (void)state;
    char *text = NULL;
    FILE *to = tmpfile();
    assert_non_null(to);
    struct sd_progress progress;
    sd_progress_begin(&progress, to, 2, 0);
    sd_progress_step(&progress, "tls12", false);
    sd_progress_say(&progress, "shakedown: %s", "one crashed");
    sd_progress_step(&progress, "tls13", true);
    sd_progress_end(&progress);

    long len = ftell(to);
    rewind(to);
    text = calloc(1, (size_t)len + 1);
    assert_int_equal(fread(text, 1, (size_t)len, to), len);
    assert_string_equal(text, "shakedown: one crashed\nrun 2/2  tls13  1 failed\n");
    free(text);
    fclose(to);
}

/* What reaches the other end of a terminal. */
static void on_a_terminal(char *seen, size_t cap)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    FILE *to = fopen(ptsname(master), "w");
    assert_non_null(to);
    struct sd_progress progress;
    sd_progress_begin(&progress, to, 2, 1);
    sd_progress_step(&progress, "tls13", true);
    ssize_t len = read(master, seen, cap - 1);
    seen[len > 0 ? len : 0] = '\0';
    fclose(to);
    close(master);
}

static void a_terminal_gets_one_rewritten_line(void **state)
{
    (void)state;
    char seen[1024];
    unsetenv("NO_COLOR");
    on_a_terminal(seen, sizeof seen);
    assert_int_equal(seen[0], '\r');
    assert_non_null(strstr(seen, "run 2/2  tls13  1 failed"));
    assert_non_null(strstr(seen, "\033[33m"));
    assert_null(strchr(seen, '\n'));
}

static void no_color_leaves_escapes_out(void **state)
{
    (void)state;
    char seen[1024];
    setenv("NO_COLOR", "1", 1);
    on_a_terminal(seen, sizeof seen);
    assert_non_null(strstr(seen, "run 2/2  tls13  1 failed"));
    assert_null(strchr(seen, '\033'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(a_pipe_gets_plain_lines),
        cmocka_unit_test(a_terminal_gets_one_rewritten_line),
        cmocka_unit_test(no_color_leaves_escapes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
