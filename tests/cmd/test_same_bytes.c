/* Same seed, same bytes: everything that real simulations of every protocol leave behind, whatever
 * ran beside them, before them or after a kill, and wherever their memory lies. */
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

/* Small, so that it takes seconds; lossy, so that retransmission and the weather count. */
static const struct {
    const char *name, *run;
} campaigns[] = {
    {"loss", "run handshake-loss --set loss=0%,5% --set rtt=30ms --repeats 2"},
    {"modes", "run handshake-rtt"},
    {"rebinding", "run nat-rebinding --quick --set rebind=both"},
    {"replay", "run replay --quick"},
    {"flood", "run spoofed-flood --quick --set rate=1000pps --set defence=default"},
};
#define CAMPAIGNS (sizeof campaigns / sizeof *campaigns)
#define LOSS      0
#define MODES     1

static void expect(const char *line, int status)
{
    program_run(&said, folder, line);
    if (said.status != status)
        fail_msg("%s: expected status %d, found %d and:\n%s%s", line, status, said.status, said.out,
                 said.err);
}

/* Runs a campaign into to/NAME.  before: what the program's line begins with, such as a wrapper. */
static void run(const char *before, size_t campaign, const char *flags, const char *to)
{
    char line[4096];
    snprintf(line, sizeof line, "%s" PROGRAM " %s --trace --pcap %s --out %s/%s", before,
             campaigns[campaign].run, flags, to, campaigns[campaign].name);
    expect(line, 0);
}

/* Every file of first/NAME is in to/NAME with the same bytes, and no other; wall-clock times are in
 * timing.json alone. */
static void same_files(size_t campaign, const char *to)
{
    char line[4096];
    snprintf(line, sizeof line, "/usr/bin/diff -rq -x timing.json first/%s %s/%s",
             campaigns[campaign].name, to, campaigns[campaign].name);
    expect(line, 0);
}

static char *rows_of(const char *from, size_t campaign)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s/%s", folder, from, campaigns[campaign].name);
    char *text = program_file(path, "runs.csv");
    if (!text)
        fail_msg("%s/runs.csv is not there", path);
    return text;
}

static int setup(void **state)
{
    (void)state;
    program_mktree(folder, sizeof folder);
    for (size_t i = 0; i < CAMPAIGNS; i++)
        run("", i, "-j1", "first");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_rmtree(folder);
    return 0;
}

static void of_every_protocol(void **state)
{
    (void)state;
    expect(PROGRAM " list protocols", 0);
    char *protocols = strchr(said.out, '\n'), *save = NULL;
    assert_non_null(protocols);
    size_t count = 0;
    for (char *line = strtok_r(protocols, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char row[64];
        snprintf(row, sizeof row, "\n%.*s,", (int)strcspn(line, " "), line);
        for (size_t i = 0; i < CAMPAIGNS; i++) {
            char *rows = rows_of("first", i);
            if (!strstr(rows, row))
                fail_msg("%s: expected runs of %s, found none", campaigns[i].name, row + 1);
            free(rows);
        }
        count++;
    }
    assert_true(count > 0);
}

static void with_two_workers(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAMPAIGNS; i++) {
        run("", i, "-j2", "parallel");
        same_files(i, "parallel");
    }
}

/* Twice the same, though addresses and what new memory holds are not. */
static void twice_in_other_memory(void **state)
{
    (void)state;
    static const char elsewhere[] =
        "/usr/bin/setarch -R /usr/bin/env MALLOC_PERTURB_=85 LD_BIND_NOW=1 ";
    program_run(&said, folder, "/usr/bin/setarch -R /bin/true");
    const char *before = said.status == 0 ? elsewhere : elsewhere + strlen("/usr/bin/setarch -R ");
    for (size_t i = 0; i < CAMPAIGNS; i++) {
        run(before, i, "-j1", "moved");
        same_files(i, "moved");
    }
}

static void after_a_kill_and_resume(void **state)
{
    (void)state;
    char line[4096], path[8192];
    snprintf(line, sizeof line, PROGRAM " %s --trace --pcap -j1 --out killed/loss",
             campaigns[LOSS].run);
    pid_t pid = program_start(folder, line);
    snprintf(path, sizeof path, "%s/killed/loss/rows.partial", folder);
    for (int i = 0; i < 500 && access(path, R_OK) < 0; i++)
        usleep(10000);
    kill(pid, SIGKILL);
    program_end(pid);
    run("", LOSS, "-j2 --resume", "killed");
    same_files(LOSS, "killed");
}

/* Replays every run of a campaign, or one in so many. */
static void replay(size_t campaign, size_t one_in)
{
    char path[8192], line[9000];
    snprintf(path, sizeof path, "%s/first/%s/events", folder, campaigns[campaign].name);
    DIR *list = opendir(path);
    assert_non_null(list);
    struct dirent *entry;
    size_t runs = 0;
    while ((entry = readdir(list))) {
        if (entry->d_name[0] == '.' || runs++ % one_in)
            continue;
        entry->d_name[strlen(entry->d_name) - strlen(".jsonl")] = '\0';
        snprintf(line, sizeof line, PROGRAM " replay first/%s %s", campaigns[campaign].name,
                 entry->d_name);
        expect(line, 0);
        assert_non_null(strstr(said.out, "the same again, byte for byte"));
    }
    closedir(list);
    assert_true(runs > 0);
}

/* Each replay is the first run of its process; in `first` most came after others. */
static void by_replay(void **state)
{
    (void)state;
    replay(LOSS, 1);
    replay(MODES, 1);
    for (size_t i = MODES + 1; i < CAMPAIGNS; i++)
        replay(i, 7);
}

/* What a run gives does not depend on the other values of the sweep. */
static void with_another_sweep_value(void **state)
{
    (void)state;
    expect(PROGRAM " run handshake-loss --set loss=0%,2%,5% --set rtt=30ms --repeats 2 "
                   "--out wider/loss",
           0);
    char *few = rows_of("first", LOSS), *more = rows_of("wider", LOSS), *save = NULL;
    for (char *row = strtok_r(few, "\n", &save); row; row = strtok_r(NULL, "\n", &save))
        if (!strstr(more, row))
            fail_msg("this row is another with 2%% in the sweep:\n%s", row);
    free(few);
    free(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_every_protocol),
        cmocka_unit_test(with_two_workers),
        cmocka_unit_test(twice_in_other_memory),
        cmocka_unit_test(after_a_kill_and_resume),
        cmocka_unit_test(by_replay),
        cmocka_unit_test(with_another_sweep_value),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
