/* The whole command line over a double of the scenario library: messages, exit codes, stores that
 * survive crashes, interruptions, kills and full disks. */
#include "tests/cmd/program.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[4096];
static struct program_said said;

static int setup(void **state)
{
    (void)state;
    program_mktree(folder, sizeof folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_rmtree(folder);
    return 0;
}

static void shakedown(const char *arguments)
{
    char line[4096];
    snprintf(line, sizeof line, "%s %s", PROGRAM, arguments);
    program_run(&said, folder, line);
}

static void expect(const char *arguments, int status, const char *out, const char *err)
{
    shakedown(arguments);
    if (said.status != status || !strstr(said.out, out) || !strstr(said.err, err))
        fail_msg("shakedown %s\nexpected status %d, stdout with '%s', stderr with '%s'\n"
                 "found %d\nstdout:\n%s\nstderr:\n%s",
                 arguments, status, out, err, said.status, said.out, said.err);
}

/* For what takes a shell: line.sh in the folder is the program with these arguments. */
static void write_line(const char *arguments)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/line.sh", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "exec %s %s\n", PROGRAM, arguments);
    fclose(f);
}

static void every_mistake_has_its_message_and_status(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *out, *err;
    } rows[] = {
        {"", 2, "", "shakedown survey --quick"},
        {"--help", 0, "commands:", ""},
        {"help run", 0, "shakedown run handshake-rtt", ""},
        {"run --help", 0, "--repeats N", ""},
        {"rum", 2, "", "shakedown: no command 'rum'; did you mean run?"},
        {"help rum", 2, "", "no command 'rum'"},
        {"run", 2, "", "run: expects FILE|NAME|TAG..., found nothing"},
        {"run calm --sed 3", 2, "", "run: no flag --sed; did you mean --se"},
        {"run clam", 2, "", "no scenario and no tag is called 'clam'; did you mean calm?"},
        {"run qqqqqqqq", 2, "", "see shakedown list scenarios"},
        {"run missing.lua", 2, "", "cannot read scenario missing.lua: No such file or directory"},
        {"run calm --set loss=2%", 2, "", "calm has no 'loss'"},
        {"run calm --set loss", 2, "", "--set expects name=value[,value], found 'loss'"},
        {"run calm --out /proc/nowhere", 2, "", "/proc/nowhere"},
        {"run ../elsewhere.lua", 2, "", "cannot read scenario ../elsewhere.lua"},
        {"list protocls", 2, "", "did you mean protocols?"},
        {"list words", 0, "link  carrier of packets between two machines", "next:"},
        {"list words --json", 0, "\"name\": \"link\"", ""},
        {"list scenarios", 0, "Does every run end well?", "next: shakedown run"},
        {"table nowhere", 2, "", "nowhere"},
        {"plot nowhere", 2, "", "nowhere"},
        {"report nowhere", 2, "", "nowhere"},
        {"check nowhere", 2, "", "nowhere"},
        {"trace nowhere a-run", 2, "", "nowhere"},
        {"replay nowhere a-run", 2, "", "nowhere/manifest.json"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].arguments, rows[i].status, rows[i].out, rows[i].err);
}

static char *rows_of(const char *dir)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", folder, dir);
    char *text = program_file(path, "runs.csv");
    if (!text)
        fail_msg("%s/runs.csv is not there; stderr of the last command:\n%s", path, said.err);
    return text;
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void same_rows_whatever_j(void **state)
{
    (void)state;
    expect("run calm --out a -j1", 0, "", "");
    expect("run calm --out b -j3", 0, "", "");
    char *a = rows_of("a"), *b = rows_of("b");
    assert_int_equal(lines_of(a), 1 + 2 * 2 * 3);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

static void a_new_sweep_value_changes_no_other_row(void **state)
{
    (void)state;
    expect("run calm --out c --set loss_ppm=0,20000,50000", 0, "", "");
    expect("run calm --out d", 0, "", "");
    char *more = rows_of("c"), *fewer = rows_of("d"), *save = NULL;
    for (char *line = strtok_r(fewer, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (!strstr(more, line))
            fail_msg("this row is another with one more value of the sweep: %s", line);
    free(more);
    free(fewer);
}

static void a_crash_costs_one_row_each(void **state)
{
    (void)state;
    expect("run stormy --out storm -j2", 3, "", "crashed: signal 6 (Aborted)");
    char *text = rows_of("storm");
    assert_int_equal(lines_of(text), 1 + 8);
    assert_non_null(strstr(text, "failed,crashed: signal 6 (Aborted)"));
    assert_non_null(strstr(text, "failed,ended its process with status 4"));
    free(text);
}

static void without_workers_there_is_nothing_more_to_say(void **state)
{
    (void)state;
    program_run(&said, folder,
                "/usr/bin/prlimit --nofile=40 " PROGRAM " run calm --repeats 100 --out few -j200");
    if (said.status != 3 || !strstr(said.err, "no pipe for a worker: Too many open files") ||
        strstr(said.err, "runs.csv") || strstr(said.err, "next: shakedown report"))
        fail_msg("expected status 3 and one reason, found %d and:\n%s", said.status, said.err);
}

static void a_failed_expectation_is_status_1(void **state)
{
    (void)state;
    expect("run stormy --out e --set crash=99,quit=99,unexpected=3", 1, "", "as expected");
}

static void a_mistake_in_a_script_is_status_2(void **state)
{
    (void)state;
    expect("run stormy --out w --set crash=99,quit=99,wrong=6", 2, "",
           "stormy.lua:9: expected a time, found a size");
    if (strstr(said.err, "--resume"))
        fail_msg("expected to begin again with the script put right, found:\n%s", said.err);
}

static void replay_says_what_differs(void **state)
{
    (void)state;
    expect("run calm --out r --trace", 0, "", "next: shakedown trace r calm-tls12-0-r0");
    expect("replay r calm-tls12-20000-r1", 0, "the same again, byte for byte", "");
    expect("replay r calm-tls12-20000-r7", 2, "", "r has no run 'calm-tls12-20000-r7'");
    char path[8192];
    snprintf(path, sizeof path, "%s/r/events/calm-tls12-20000-r1.jsonl", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "{}\n");
    fclose(f);
    expect("replay r calm-tls12-20000-r1", 1, "line 1 is the first that differs", "");
}

static void replay_elsewhere_says_where(void **state)
{
    (void)state;
    char path[8192], line[9000];
    snprintf(path, sizeof path, "%s/own.lua", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "-- Whose is this?\n-- tags own\n-- protocol tls12\n-- repeats 1\n");
    fclose(f);
    expect("run own.lua --out own", 0, "", "");
    expect("replay own own-tls12-r0", 0, "the same again", "");
    snprintf(line, sizeof line, "%s replay %s/own own-tls12-r0", PROGRAM, folder);
    program_run(&said, "/", line);
    if (said.status != 2 || !strstr(said.err, "cannot read scenario own.lua") ||
        !strstr(said.err, "was made by shakedown run own.lua --seed 1; replay it where"))
        fail_msg("expected where to replay it, found %d and:\n%s", said.status, said.err);
}

static void table_prints_what_is_stored(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *out, *err;
    } rows[] = {
        {"table t", 0, "| tls12    |        0 |   3 |   3 |", "next: shakedown plot t"},
        {"table t calm", 0, "## calm", ""},
        {"table t calm --csv", 0, "protocol,loss_ppm,n,ok\ntls12,0,3,3\n", ""},
        {"table t calm --json", 0,
         "{\"protocol\": \"tls12\", \"loss_ppm\": 0, \"n\": 3, \"ok\": 3}", ""},
        {"table t clam", 2, "", "t has no table 'clam'; did you mean calm"},
        {"table t --csv --json", 2, "", "expects one of --md, --csv and --json"},
        {"table two --csv", 2, "", "--csv prints one table; name one, such as calm"},
        {"table two stormy --csv", 0, "protocol,n,ok\n", ""},
        {"table two --json", 0, "\"scenario\": \"stormy\"", ""},
    };
    expect("run calm --out t", 0, "| tls13    |        2 |   3 |   3 |", "12 runs in t: 12 ok");
    expect("run calm stormy --out two", 3, "## stormy", "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].arguments, rows[i].status, rows[i].out, rows[i].err);
    /* Nothing was run again for it. */
    char path[8192];
    snprintf(path, sizeof path, "%s/t", folder);
    char *csv = program_file(path, "tables/calm.csv");
    assert_non_null(csv);
    assert_non_null(strstr(csv, "tls13,20000,3,3\n"));
    free(csv);
}

static void check_compares_with_a_baseline(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *out, *err;
    } rows[] = {
        {"check old", 2, "expectations: 1 of 1 hold", "there is no results/baseline"},
        {"check old --baseline nowhere", 2, "", "nowhere/manifest.json"},
        {"check same --baseline old", 0, "4 points, 8 values compared: 0 changed", ""},
        {"check other --baseline old", 2, "", "no point in common"},
        {"check worse --baseline old", 1, "| calm     | tls13", "next: shakedown check --rules"},
        {"check worse --baseline old --junit check.xml", 1, "CHANGED", ""},
        {"check unexpected --baseline unexpected", 1, "expectations: 0 of 1 hold", ""},
        {"check unexpected", 1, "| stormy   | as expected |    1 | stormy-tls12-r3 |", ""},
        {"check --rules", 0, "exact", ""},
    };
    expect("run calm --out old", 0, "", "");
    expect("run calm --out same", 0, "", "");
    expect("run calm --out worse --set protocol=tls12,tls13 --seed 1", 0, "", "");
    expect("run stormy --out other --set crash=99,quit=99", 0, "", "");
    expect("run stormy --out unexpected --set crash=99,quit=99,unexpected=3", 1, "", "");

    /* Every run of tls13 takes a thousand times as long. */
    char path[8192], *text = rows_of("worse"), *save = NULL;
    snprintf(path, sizeof path, "%s/worse/runs.csv", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        fprintf(f, "%s%s\n", line, strncmp(line, "tls13,", 6) == 0 ? "000" : "");
    fclose(f);
    free(text);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].arguments, rows[i].status, rows[i].out, rows[i].err);
    char *xml = program_file(folder, "check.xml");
    assert_non_null(xml);
    assert_non_null(strstr(xml, "<testsuite name=\"calm\" tests=\"5\" failures=\"2\">"));
    free(xml);
}

#define SLOW "run stormy --set crash=99,quit=99,sleep=100 --repeats 12 -j2"

static void wait_for_rows(const char *dir)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", folder, dir);
    for (int i = 0; i < 200; i++) {
        char *text = program_file(path, "rows.partial");
        bool some = text && lines_of(text) > 2;
        free(text);
        if (some)
            return;
        usleep(20000);
    }
    fail_msg("no rows in %s/rows.partial after four seconds", path);
}

static void resume_ends_with_the_same_rows(void **state)
{
    (void)state;
    static const struct {
        int signal;
        int status;
        const char *dir;
    } rows[] = {
        {SIGINT, 130, "int"},
        {SIGTERM, 130, "term"},
        {SIGKILL, 1000 + SIGKILL, "kill"},
    };
    char line[4096];
    expect(SLOW " --out whole", 0, "", "");
    char *whole = rows_of("whole");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(line, sizeof line, "%s " SLOW " --out %s", PROGRAM, rows[i].dir);
        pid_t pid = program_start(folder, line);
        wait_for_rows(rows[i].dir);
        kill(pid, rows[i].signal);
        assert_int_equal(program_end(pid), rows[i].status);

        snprintf(line, sizeof line, SLOW " --resume --out %s", rows[i].dir);
        expect(line, 0, "", "were there already");
        char *text = rows_of(rows[i].dir);
        assert_string_equal(text, whole);
        free(text);
    }
    free(whole);
}

/* What is told to be typed keeps what was asked for, and suits a shell. */
static void what_is_next_goes_on_with_it(void **state)
{
    (void)state;
    write_line(SLOW " --pcap --trace --out 'a b' 2>said");
    pid_t pid = program_start(folder, "/bin/sh line.sh");
    wait_for_rows("a b");
    kill(pid, SIGINT);
    assert_int_equal(program_end(pid), 130);
    char *err = program_file(folder, "said");
    assert_non_null(err);
    if (!strstr(err, "next: shakedown run stormy --set crash=99,quit=99,sleep=100 --seed 1 "
                     "--repeats 12 --trace --pcap --out 'a b' --resume\n"))
        fail_msg("expected a command that goes on with the same files, found:\n%s", err);
    free(err);
}

static void resume_says_whose_files_are_missing(void **state)
{
    (void)state;
    expect("run calm --out bare", 0, "", "");
    expect("run calm --out bare --resume --pcap", 0, "",
           "12 of those that were there already left no capture");
    expect("run calm --out full --trace", 0, "", "");
    expect("run calm --out full --trace --resume", 0, "", "12 were there already");
    if (strstr(said.err, "left no"))
        fail_msg("expected no word of missing files, found:\n%s", said.err);
}

static void resume_refuses_another_scenario(void **state)
{
    (void)state;
    expect("run calm --out other", 0, "", "");
    expect("run calm --out other --resume --seed 2", 2, "", "");
    expect("run calm --out other --resume", 0, "", "");
}

/* On a disk of 64 KiB that is nearly full: what was finished is kept, and goes on once there is
 * room. */
static void a_full_disk_loses_no_finished_run(void **state)
{
    (void)state;
    static const struct {
        const char *what, *flags;
    } rows[] = {
        {"disk/a/rows.partial", "--repeats 200"},
        {"disk/a/expectations.csv", "--repeats 40"},
        {"disk/a/events/", "--repeats 40 --trace"},
    };
    char disk[8192], ballast[8300], line[256];
    snprintf(disk, sizeof disk, "%s/disk", folder);
    snprintf(ballast, sizeof ballast, "%s/ballast", disk);
    assert_int_equal(mkdir(disk, 0777), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (mount("tmpfs", disk, "tmpfs", 0, "size=64k,nr_inodes=4096") < 0) {
            print_message("no right to mount a small disk: %s; not tested\n", strerror(errno));
            skip();
        }
        FILE *f = fopen(ballast, "w");
        assert_non_null(f);
        for (int k = 0; k < 48; k++)
            fprintf(f, "%1023d\n", k);
        fclose(f);
        snprintf(line, sizeof line, "run calm --out disk/a %s -j2", rows[i].flags);
        shakedown(line);
        bool good = said.status == 2 && strstr(said.err, "No space left on device") &&
                    strstr(said.err, rows[i].what) && strstr(said.err, "--resume");
        remove(ballast);
        if (good) {
            mount("tmpfs", disk, "tmpfs", MS_REMOUNT, "size=8m");
            snprintf(line, sizeof line, "run calm --out disk/a %s -j2 --resume", rows[i].flags);
            shakedown(line);
            good = said.status == 0 && strstr(said.err, "were there already");
        }
        char *text = good ? rows_of("disk/a") : NULL;
        umount(disk);
        if (!good)
            fail_msg("%s: expected 'No space left on device' and status 2, then to go on; found %d "
                     "and:\n%s",
                     rows[i].what, said.status, said.err);
        snprintf(line, sizeof line, "run calm --out roomy %s", rows[i].flags);
        expect(line, 0, "", "");
        char *whole = rows_of("roomy");
        assert_string_equal(text, whole);
        free(text);
        free(whole);
    }
}

static void output_that_nobody_takes_is_status_2(void **state)
{
    (void)state;
    static const char *const rows[] = {"list words >/dev/full", "list words >&-",
                                       "run calm --out unheard >&-"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_line(rows[i]);
        program_run(&said, folder, "/bin/sh line.sh");
        if (said.status != 2 || !strstr(said.err, "cannot write to standard output"))
            fail_msg("%s\nexpected status 2 and why, found %d and:\n%s", rows[i], said.status,
                     said.err);
    }
    /* Closed as well when the store was written: nothing that was printed is in it. */
    expect("check unheard --baseline unheard", 0, "1 of 1 hold", "");
    expect("replay unheard calm-tls12-0-r0", 0, "the same again", "");
}

static void output_that_is_no_terminal_has_no_escapes(void **state)
{
    (void)state;
    expect("run calm --out plain", 0, "", "run 12/12");
    assert_null(strchr(said.err, '\033'));
    assert_null(strchr(said.err, '\r'));
    assert_null(strchr(said.out, '\033'));
}

int main(void)
{
    setenv("SHAKEDOWN_ROOT", TREE, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_has_its_message_and_status),
        cmocka_unit_test(same_rows_whatever_j),
        cmocka_unit_test(a_new_sweep_value_changes_no_other_row),
        cmocka_unit_test(a_crash_costs_one_row_each),
        cmocka_unit_test(without_workers_there_is_nothing_more_to_say),
        cmocka_unit_test(a_failed_expectation_is_status_1),
        cmocka_unit_test(a_mistake_in_a_script_is_status_2),
        cmocka_unit_test(replay_says_what_differs),
        cmocka_unit_test(replay_elsewhere_says_where),
        cmocka_unit_test(table_prints_what_is_stored),
        cmocka_unit_test(check_compares_with_a_baseline),
        cmocka_unit_test(resume_ends_with_the_same_rows),
        cmocka_unit_test(what_is_next_goes_on_with_it),
        cmocka_unit_test(resume_says_whose_files_are_missing),
        cmocka_unit_test(resume_refuses_another_scenario),
        cmocka_unit_test(a_full_disk_loses_no_finished_run),
        cmocka_unit_test(output_that_nobody_takes_is_status_2),
        cmocka_unit_test(output_that_is_no_terminal_has_no_escapes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
