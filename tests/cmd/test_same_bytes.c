/* Same seed, same bytes: rows, events and captures of real simulations, whatever ran beside them,
 * before them or after a kill. */
#include "tests/cmd/program.h"
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[4096];
static struct program_said said;

/* Lossy, so that retransmission and the weather count; small, so that it takes seconds. */
#define RUN "run handshake-loss --set loss=0%,5% --set rtt=30ms --repeats 2 --trace --pcap"

static void shakedown(const char *arguments, int status)
{
    char line[4096];
    snprintf(line, sizeof line, "%s %s", PROGRAM, arguments);
    program_run(&said, folder, line);
    if (said.status != status)
        fail_msg("shakedown %s: expected status %d, found %d and:\n%s", arguments, status,
                 said.status, said.err);
}

static char *file_of(const char *dir, const char *name)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", folder, dir);
    char *text = program_file(path, name);
    if (!text)
        fail_msg("%s/%s is not there", path, name);
    return text;
}

static int setup(void **state)
{
    (void)state;
    program_mktree(folder, sizeof folder);
    shakedown(RUN " -j1 --out first", 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_rmtree(folder);
    return 0;
}

/* Every file of first/sub is in dir/sub, with the same bytes. */
static size_t same_files(const char *dir, const char *sub)
{
    char path[8192], line[20000];
    snprintf(path, sizeof path, "%s/first/%s", folder, sub);
    DIR *list = opendir(path);
    assert_non_null(list);
    size_t files = 0;
    struct dirent *entry;
    while ((entry = readdir(list))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(line, sizeof line, "/usr/bin/cmp first/%s/%s %s/%s/%s", sub, entry->d_name, dir,
                 sub, entry->d_name);
        program_run(&said, folder, line);
        if (said.status)
            fail_msg("%s\n%s%s", line, said.out, said.err);
        files++;
    }
    closedir(list);
    return files;
}

static void same_everything(const char *dir)
{
    char *a = file_of("first", "runs.csv"), *b = file_of(dir, "runs.csv");
    assert_string_equal(b, a);
    free(a);
    free(b);
    assert_true(same_files(dir, "events") > 0);
    assert_true(same_files(dir, "pcap") > 0);
}

static void twice(void **state)
{
    (void)state;
    shakedown(RUN " -j1 --out second", 0);
    same_everything("second");
}

static void with_two_workers(void **state)
{
    (void)state;
    shakedown(RUN " -j2 --out parallel", 0);
    same_everything("parallel");
}

static void after_a_kill_and_resume(void **state)
{
    (void)state;
    char line[4096], path[8192];
    snprintf(line, sizeof line, "%s %s -j1 --out killed", PROGRAM, RUN);
    pid_t pid = program_start(folder, line);
    snprintf(path, sizeof path, "%s/killed/rows.partial", folder);
    for (int i = 0; i < 500 && access(path, R_OK) < 0; i++)
        usleep(10000);
    kill(pid, SIGKILL);
    program_end(pid);
    shakedown(RUN " -j2 --resume --out killed", 0);
    same_everything("killed");
}

static void by_replay(void **state)
{
    (void)state;
    char path[8192], line[9000];
    snprintf(path, sizeof path, "%s/first/events", folder);
    DIR *list = opendir(path);
    assert_non_null(list);
    struct dirent *entry;
    while ((entry = readdir(list))) {
        if (entry->d_name[0] == '.')
            continue;
        entry->d_name[strlen(entry->d_name) - strlen(".jsonl")] = '\0';
        snprintf(line, sizeof line, "replay first %s", entry->d_name);
        shakedown(line, 0);
        assert_non_null(strstr(said.out, "the same again, byte for byte"));
    }
    closedir(list);
}

/* What a run gives does not depend on the other values of the sweep. */
static void with_another_sweep_value(void **state)
{
    (void)state;
    shakedown("run handshake-loss --set loss=0%,2%,5% --set rtt=30ms --repeats 2 --out wider", 0);
    char *few = file_of("first", "runs.csv"), *more = file_of("wider", "runs.csv"), *save = NULL;
    for (char *row = strtok_r(few, "\n", &save); row; row = strtok_r(NULL, "\n", &save))
        if (!strstr(more, row))
            fail_msg("this row is another with 2%% in the sweep:\n%s", row);
    free(few);
    free(more);
}

/* Each run alone is the first of its process; in `first` it came after others. */
static void alone_in_a_process(void **state)
{
    (void)state;
    shakedown("run handshake-loss --set loss=5% --set rtt=30ms --set protocol=tls13 --repeats 2 "
              "-j2 --out alone",
              0);
    char *whole = file_of("first", "runs.csv"), *alone = file_of("alone", "runs.csv");
    char *save = NULL;
    for (char *row = strtok_r(alone, "\n", &save); row; row = strtok_r(NULL, "\n", &save))
        if (!strstr(whole, row))
            fail_msg("this row is another in a process of its own:\n%s", row);
    free(whole);
    free(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twice),
        cmocka_unit_test(with_two_workers),
        cmocka_unit_test(after_a_kill_and_resume),
        cmocka_unit_test(by_replay),
        cmocka_unit_test(with_another_sweep_value),
        cmocka_unit_test(alone_in_a_process),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
