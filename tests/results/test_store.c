/* DIR while it is written: order, kills, resumed runs, other people's folders, disks that refuse.
 */
#include "results/store.h"
#include "tests/cmd/program.h"
#include "tests/results/store.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char top[4096], dir[8192];
static struct sd_error error;

static int setup(void **state)
{
    (void)state;
    program_mktree(top, sizeof top);
    snprintf(dir, sizeof dir, "%s/new/dir", top);
    error = (struct sd_error){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_rmtree(top);
    return 0;
}

static bool is_there(const char *name)
{
    char path[9000];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

static void put(const char *name, const char *text)
{
    char path[9000];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void holds(const char *name, const char *expected)
{
    char *text = program_file(dir, name);
    if (!text || strcmp(text, expected) != 0)
        fail_msg("%s: expected\n%s\nfound\n%s", name, expected, text ? text : "nothing");
    free(text);
}

static struct sd_store *open_with(const struct sd_store_config *config)
{
    struct sd_store *store;
    if (sd_store_create(&store, config, &error) < 0)
        fail_msg("sd_store_create: %s", error.text);
    return store;
}

static struct sd_store *open_store(bool resume)
{
    struct sd_store_config config = test_config(dir, resume);
    return open_with(&config);
}

static void refused(const struct sd_store_config *config, int code, const char *why)
{
    struct sd_store *store;
    int rc = sd_store_create(&store, config, &error);
    if (rc != code || !strstr(error.text, why))
        fail_msg("expected %d with '%s', found %d: %s", code, why, rc, rc < 0 ? error.text : "");
    assert_null(store);
}

static void finish(struct sd_store *store)
{
    if (sd_store_finish(store, 1.5, &error) < 0)
        fail_msg("sd_store_finish: %s", error.text);
}

static void add(struct sd_store *store, size_t part, size_t run)
{
    if (test_add(store, part, run, &error) < 0)
        fail_msg("sd_store_add: %s", error.text);
}

/* -- what is written -- */

static void rows_are_in_the_order_of_the_sweep(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    assert_int_equal(test_add_all(store, &error), SD_OK);
    assert_true(is_there("rows.partial"));
    assert_false(is_there("runs.csv"));
    finish(store);
    holds("runs.csv", test_runs);
    holds("expectations.csv", "scenario,run,expectation,ok\n");
    assert_false(is_there("rows.partial"));
    assert_true(is_there("timing.json"));
}

static void the_manifest_is_the_same_twice(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    assert_int_equal(test_add_all(store, &error), SD_OK);
    finish(store);
    char *first = program_file(dir, "manifest.json");
    assert_non_null(first);
    assert_non_null(strstr(first, "\"base_seed\": \"18446744073709551615\""));
    assert_non_null(strstr(first, "\"sha256\": \"bb\""));
    assert_non_null(strstr(first, "\"openssl\": \"3.0.1\""));
    assert_non_null(strstr(first, "\"reference\": \"1\""));
    assert_non_null(strstr(first, "\"command\": \"shakedown run alpha beta"));
    store = open_store(false);
    assert_int_equal(test_add_all(store, &error), SD_OK);
    finish(store);
    holds("manifest.json", first);
    free(first);
}

static void expectations_are_sorted_and_kept_once(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    sd_store_expectation(store, 0, 6, "run6", "it is \"good\", really", false, &error);
    add(store, 0, 6);
    sd_store_expectation(store, 0, 2, "run2", "it is quick", false, &error);
    /* killed here, before the row of run 2: it runs again and says so again */
    sd_store_abandon(store);
    store = open_store(true);
    assert_int_equal(sd_store_failed(store), 1);
    assert_false(sd_store_has(store, 0, 2));
    sd_store_expectation(store, 0, 2, "run2", "it is quick", false, &error);
    sd_store_expectation(store, 0, 2, "run2", "it is \"good\", really", true, &error);
    add(store, 0, 2);
    assert_int_equal(sd_store_failed(store), 2);
    sd_store_abandon(store);
    store = open_store(true);
    assert_int_equal(sd_store_failed(store), 2);
    for (size_t run = 0; run < ALPHA_RUNS; run++)
        if (!sd_store_has(store, 0, run))
            add(store, 0, run);
    add(store, 1, 0);
    finish(store);
    holds("expectations.csv", "scenario,run,expectation,ok\n"
                              "alpha,run2,it is quick,0\n"
                              "alpha,run2,\"it is \"\"good\"\", really\",1\n"
                              "alpha,run6,\"it is \"\"good\"\", really\",0\n");
    /* Once more, of what is finished. */
    store = open_store(true);
    assert_int_equal(sd_store_failed(store), 2);
    finish(store);
}

/* -- going on -- */

/* A kill may cut rows.partial anywhere: whole lines count, the rest is run again. */
static void resume_goes_on_from_every_byte(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    assert_int_equal(test_add_all(store, &error), SD_OK);
    sd_store_abandon(store);
    char *whole = program_file(dir, "rows.partial"), path[9000];
    size_t len = strlen(whole);
    assert_true(len > 200);
    snprintf(path, sizeof path, "%s/rows.partial", dir);
    for (size_t cut = 0; cut <= len; cut++) {
        put("rows.partial", whole);
        assert_int_equal(truncate(path, (off_t)cut), 0);
        store = open_store(true);
        size_t there = 0, lines = 0;
        for (size_t i = 0; i < cut; i++)
            lines += whole[i] == '\n';
        for (size_t part = 0; part < 2; part++)
            for (size_t run = 0; run < test_parts[part].runs; run++) {
                there += sd_store_has(store, part, run);
                if (!sd_store_has(store, part, run))
                    add(store, part, run);
            }
        if (there != (lines ? lines - 1 : 0))
            fail_msg("cut at byte %zu of %zu: expected %zu runs, found %zu", cut, len,
                     lines ? lines - 1 : 0, there);
        if (cut % 64) { /* finishing waits for the disk */
            sd_store_abandon(store);
            continue;
        }
        finish(store);
        holds("runs.csv", test_runs);
        snprintf(path, sizeof path, "%s/runs.csv", dir);
        assert_int_equal(remove(path), 0);
        snprintf(path, sizeof path, "%s/rows.partial", dir);
    }
    free(whole);
}

static void resume_of_finished_runs_has_them_all(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    assert_int_equal(test_add_all(store, &error), SD_OK);
    finish(store);
    store = open_store(true);
    for (size_t run = 0; run < ALPHA_RUNS; run++)
        assert_true(sd_store_has(store, 0, run));
    assert_true(sd_store_has(store, 1, 0));
    finish(store);
    holds("runs.csv", test_runs);
    assert_false(is_there("rows.partial"));
}

static void resume_of_nothing_begins(void **state)
{
    (void)state;
    struct sd_store *store = open_store(true);
    assert_false(sd_store_has(store, 0, 0));
    assert_int_equal(test_add_all(store, &error), SD_OK);
    finish(store);
    holds("runs.csv", test_runs);
}

static void resume_refuses_other_runs(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    add(store, 0, 0);
    sd_store_abandon(store);
    char *before = program_file(dir, "rows.partial");

    struct sd_store_part parts[2] = {test_parts[0], test_parts[1]};
    static const struct sd_store_version newer[] = {{"openssl", "3.0.2"}, {"ns3", "3.37"}};
    static const struct sd_store_version dearer[] = {{"reference", "2"}};
    struct sd_store_config config = test_config(dir, true);
    config.base_seed = 1;
    refused(&config, SD_E_USAGE, "base_seed \"1\", found \"18446744073709551615\"");
    config = test_config(dir, true);
    config.git = "def";
    refused(&config, SD_E_USAGE, "git \"def\", found \"abc\"");
    config = test_config(dir, true);
    config.version = newer;
    refused(&config, SD_E_USAGE, "versions {\"openssl\":\"3.0.2\"");
    config = test_config(dir, true);
    config.cost = dearer;
    refused(&config, SD_E_USAGE, "reference \"2\", found \"1\"");
    config = test_config(dir, true);
    config.parts = 1;
    refused(&config, SD_E_USAGE, "scenario none, found \"beta\"");
    config = test_config(dir, true);
    parts[0].sha256 = "ab";
    config.part = parts;
    refused(&config, SD_E_USAGE, "alpha's sha256 \"ab\", found \"aa\"");
    holds("rows.partial", before);

    /* Other words for the same are the same; a cost table more changes nothing. */
    static const struct sd_store_version more[] = {{"mine", "1"}, {"reference", "1"}};
    config = test_config(dir, true);
    config.command = "shakedown run scenarios/alpha.lua beta";
    config.cost = more;
    config.costs = 2;
    store = open_with(&config);
    assert_true(sd_store_has(store, 0, 0));
    sd_store_abandon(store);
    free(before);
}

static void resume_refuses_a_broken_file(void **state)
{
    (void)state;
#define HEAD                                                                                       \
    "kind,part,number,protocol,mode,scenario,loss_ppm,repeat,seed,outcome,detail,time_ns,count\n"
    static const struct {
        const char *text, *why;
        int code;
    } rows[] = {
        {HEAD "run,0,0,x,,alpha,0,0,1000,ok,,100\n", "rows.partial:2: ", SD_E_IO},
        {HEAD "run,0,0,x,,alpha,0,0,1000,ok,,100,,\n", "rows.partial:2: expected 10 cells",
         SD_E_IO},
        {HEAD "run,0,8,x,,alpha,0,0,1000,ok,,100,\n", "rows.partial:2: ", SD_E_IO},
        {HEAD "run,2,0,x,,alpha,0,0,1000,ok,,100,\n", "rows.partial:2: ", SD_E_IO},
        {HEAD "run,-1,0,x,,alpha,0,0,1000,ok,,100,\n", "rows.partial:2: ", SD_E_IO},
        {HEAD "rum,0,0,x,,alpha,0,0,1000,ok,,100,\n", "rows.partial:2: ", SD_E_IO},
        {HEAD "run,0,0,x,,alpha,0,0,1000,ok,\"open,100,\n", "rows.partial:2: expected a closing",
         SD_E_IO},
        {HEAD "expectation,0,0,alpha,run0,good\n", "rows.partial:2: ", SD_E_IO},
        {HEAD "\n", "rows.partial:2: ", SD_E_IO},
        {"kind,part,number,protocol\n", "rows.partial has other columns", SD_E_USAGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sd_store_abandon(open_store(false));
        put("rows.partial", rows[i].text);
        struct sd_store_config config = test_config(dir, true);
        refused(&config, rows[i].code, rows[i].why);
        holds("rows.partial", rows[i].text);
    }
    sd_store_abandon(open_store(false));
    put("runs.csv", "protocol,mode,scenario,loss_ppm,repeat,seed,outcome,detail,time_ns,count\n"
                    "x,,alpha,0,0,1000,ok,,100,\n");
    char path[9000];
    snprintf(path, sizeof path, "%s/rows.partial", dir);
    remove(path);
    struct sd_store_config config = test_config(dir, true);
    refused(&config, SD_E_USAGE, "runs.csv does not have the 9 rows of its manifest");
}

/* -- whose folder it is -- */

static void another_persons_folder_is_left_alone(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *why;
    } rows[] = {
        {"thesis.tex", "years of work", "found 'thesis.tex'; give another --out"},
        {"runs.csv", "a,b\n", "found 'runs.csv'"},
        {".git", "hidden", "found '.git'"},
        {"manifest.json", "{\"name\":\"a web app\"}", "expected \"shakedown_results\": 1"},
        {"manifest.json", "not json", "expected JSON"},
        {"manifest.json", "{\"shakedown_results\":2,\"scenarios\":[]}", "a newer format"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int resume = 0; resume < 2; resume++) {
            snprintf(dir, sizeof dir, "%s/other%zu%d", top, i, resume);
            assert_int_equal(mkdir(dir, 0777), 0);
            put(rows[i].file, rows[i].text);
            struct sd_store_config config = test_config(dir, resume);
            refused(&config, SD_E_USAGE, rows[i].why);
            holds(rows[i].file, rows[i].text);
            assert_false(is_there("rows.partial"));
        }
    snprintf(dir, sizeof dir, "%s/a-file", top);
    FILE *f = fopen(dir, "w");
    assert_non_null(f);
    fclose(f);
    struct sd_store_config config = test_config(dir, false);
    refused(&config, SD_E_IO, "a-file");
}

/* What shakedown wrote goes; what someone else put there stays, and what links point at too. */
static void new_runs_replace_old_results_alone(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    assert_int_equal(test_add_all(store, &error), SD_OK);
    finish(store);
    static const char *const folders[] = {"tables", "plots", "ladders", "events", "pcap", "mine"};
    char path[9000];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        assert_int_equal(mkdir(path, 0777), 0);
    }
    static const struct {
        const char *file;
        bool stays;
    } files[] = {
        {"report.html", false},   {"tables/a.md", false},   {"tables/a.csv", false},
        {"plots/a.svg", false},   {"ladders/a.txt", false}, {"events/a.jsonl", false},
        {"pcap/a.pcapng", false}, {"pcap/a.keys", false},   {"timing.json", false},
        {"notes.txt", true},      {"mine/a.csv", true},     {"tables/thoughts.odt", true},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        put(files[i].file, "x");
    char elsewhere[8192];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", top);
    assert_int_equal(mkdir(elsewhere, 0777), 0);
    snprintf(path, sizeof path, "%s/precious.csv", elsewhere);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    snprintf(path, sizeof path, "%s/plots/a.svg", dir);
    assert_int_equal(remove(path), 0);
    snprintf(path, sizeof path, "%s/plots", dir);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink(elsewhere, path), 0);

    sd_store_abandon(open_store(false));
    assert_false(is_there("runs.csv"));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (is_there(files[i].file) != files[i].stays)
            fail_msg("%s: expected %s", files[i].file, files[i].stays ? "to stay" : "to go");
    snprintf(path, sizeof path, "%s/precious.csv", elsewhere);
    assert_int_equal(access(path, F_OK), 0);
}

/* -- what refuses -- */

static void two_of_one_name_are_refused(void **state)
{
    (void)state;
    struct sd_store_config config = test_config(dir, false);
    struct sd_store_part parts[2] = {test_parts[0], test_parts[0]};
    config.part = parts;
    refused(&config, SD_E_SCENARIO, "two scenarios are called alpha");

    parts[1] = test_parts[1];
    static const char *const sweep[] = {"protocol", "time_ns"};
    parts[1].column = sweep;
    refused(&config, SD_E_SCENARIO, "found 'time_ns' twice");

    static const char *const fixed[] = {"protocol", "seed"};
    parts[1].column = fixed;
    refused(&config, SD_E_SCENARIO, "found 'seed' twice");

    static const char *const leading[] = {"protocol", "scenario"};
    parts[1].column = leading;
    refused(&config, SD_E_SCENARIO, "beta sweeps over 'scenario'");
    assert_int_not_equal(access(dir, F_OK), 0);
}

static void two_writers_are_refused(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    add(store, 0, 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct sd_store *other;
        struct sd_store_config config = test_config(dir, true);
        int rc = sd_store_create(&other, &config, &error);
        _exit(rc == SD_E_USAGE && strstr(error.text, "is writing results there") ? 0 : 1);
    }
    assert_int_equal(program_end(pid), 0);
    assert_int_equal(test_add(store, 0, 1, &error), SD_OK);
    sd_store_abandon(store);
    store = open_store(true);
    assert_true(sd_store_has(store, 0, 0) && sd_store_has(store, 0, 1));
    sd_store_abandon(store);
}

/* A child that outlives a killed process does not hold its lock. */
static void an_orphaned_worker_does_not_lock(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        add(open_store(false), 0, 0);
        if (fork() == 0) {
            char byte;
            close(ends[1]);
            _exit((int)read(ends[0], &byte, 1));
        }
        raise(SIGKILL);
    }
    assert_int_equal(program_end(pid), 1000 + SIGKILL);
    struct sd_store *store = open_store(true);
    assert_true(sd_store_has(store, 0, 0));
    sd_store_abandon(store);
    close(ends[0]);
    close(ends[1]);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    struct sd_store *store = open_store(false);
    add(store, 0, 0);
    assert_int_equal(test_add(store, 0, 0, &error), SD_E_INTERNAL);
    assert_int_equal(test_add(store, 0, ALPHA_RUNS, &error), SD_E_INTERNAL);
    assert_int_equal(sd_store_add(store, 0, 1, NULL, 3, &error), SD_E_INTERNAL);
    assert_int_equal(sd_store_expectation(store, 2, 0, "r", "e", false, &error), SD_E_INTERNAL);
    assert_false(sd_store_has(store, 2, 0));
    assert_int_equal(sd_store_finish(store, 0, &error), SD_E_STATE);
    assert_false(is_there("runs.csv"));
    assert_true(is_there("rows.partial"));
}

/* The file size limit refuses in the middle of a row, as a full disk does, and needs no root. */
static void a_row_that_does_not_fit_leaves_whole_ones(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct sd_store *store = open_store(false);
        struct rlimit limit = {.rlim_cur = 230, .rlim_max = RLIM_INFINITY};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        size_t run = 0;
        while (run < ALPHA_RUNS && test_add(store, 0, run, &error) == SD_OK)
            run++;
        if (error.code != SD_E_IO || !strstr(error.text, "File too large") ||
            !strstr(error.text, "what was finished before is kept there"))
            _exit(100);
        _exit((int)run);
    }
    int fitted = program_end(pid);
    assert_in_range(fitted, 1, ALPHA_RUNS - 1);
    char *text = program_file(dir, "rows.partial");
    assert_int_equal(text[strlen(text) - 1], '\n');
    free(text);
    struct sd_store *store = open_store(true);
    for (size_t run = 0; run < ALPHA_RUNS; run++)
        assert_int_equal(sd_store_has(store, 0, run), run < (size_t)fitted);
    sd_store_abandon(store);
}

/* Root may write anywhere, so that this one cannot be tried as root. */
static void a_folder_that_may_not_be_written_is_told(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        pid_t pid = fork();
        if (pid == 0) {
            snprintf(dir, sizeof dir, "%s/closed", top);
            if (mkdir(dir, 0555) < 0 || chmod(top, 0755) < 0 || setuid(65534) < 0)
                _exit(100);
            struct sd_store *store;
            struct sd_store_config config = test_config(dir, false);
            int rc = sd_store_create(&store, &config, &error);
            _exit(rc == SD_E_IO && strstr(error.text, "closed/rows.partial: Permission denied")
                      ? 0
                      : 1);
        }
        assert_int_equal(program_end(pid), 0);
        return;
    }
    snprintf(dir, sizeof dir, "%s/closed", top);
    assert_int_equal(mkdir(dir, 0555), 0);
    struct sd_store_config config = test_config(dir, false);
    refused(&config, SD_E_IO, "closed/rows.partial: Permission denied");
}

/* -- names -- */

static void run_names_are_safe_as_files(void **state)
{
    (void)state;
    static const struct {
        const char *scenario, *cell[3];
        size_t cells;
        uint32_t repeat;
        const char *name;
    } rows[] = {
        {"handshake-rtt", {"tls13", "fresh"}, 2, 0, "handshake-rtt-tls13-fresh-r0"},
        {"a", {"x", "", NULL}, 3, 12, "a-x-r12"},
        {"a", {"../../etc/passwd"}, 1, 0, "a-..=2F..=2Fetc=2Fpasswd-r0"},
        {"a", {"x y"}, 1, 0, "a-x=20y-r0"},
        {"a", {"µ"}, 1, 0, "a-=C2=B5-r0"},
        {"a", {NULL}, 0, UINT32_MAX, "a-r4294967295"},
    };
    char name[256];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(sd_run_name(name, sizeof name, rows[i].scenario, rows[i].cell,
                                     rows[i].cells, rows[i].repeat),
                         SD_OK);
        assert_string_equal(name, rows[i].name);
    }
    char many[300], other[256];
    const char *cell[] = {many};
    memset(many, 'a', sizeof many);
    many[sizeof many - 1] = '\0';
    assert_int_equal(sd_run_name(name, sizeof name, "s", cell, 1, 0), SD_OK);
    assert_int_equal(strlen(name), 200);
    many[sizeof many - 2] = 'b';
    assert_int_equal(sd_run_name(other, sizeof other, "s", cell, 1, 0), SD_OK);
    assert_string_not_equal(name, other);
    assert_int_equal(sd_run_name(name, 32, "s", cell, 1, 0), SD_OK);
    assert_int_equal(strlen(name), 31);
    assert_int_equal(sd_run_name(name, 31, "s", cell, 1, 0), SD_E_ARG);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(rows_are_in_the_order_of_the_sweep),
        ROW(the_manifest_is_the_same_twice),
        ROW(expectations_are_sorted_and_kept_once),
        ROW(resume_goes_on_from_every_byte),
        ROW(resume_of_finished_runs_has_them_all),
        ROW(resume_of_nothing_begins),
        ROW(resume_refuses_other_runs),
        ROW(resume_refuses_a_broken_file),
        ROW(another_persons_folder_is_left_alone),
        ROW(new_runs_replace_old_results_alone),
        ROW(two_of_one_name_are_refused),
        ROW(two_writers_are_refused),
        ROW(an_orphaned_worker_does_not_lock),
        ROW(wrong_calls_are_refused),
        ROW(a_row_that_does_not_fit_leaves_whole_ones),
        ROW(a_folder_that_may_not_be_written_is_told),
        ROW(run_names_are_safe_as_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
