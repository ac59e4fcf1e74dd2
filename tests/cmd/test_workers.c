/* Jobs that crash, spin, hang, eat memory or quit: each ends alone, with its reason. */
#include "cmd/workers.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum manner { GOOD, REFUSES, ABORTS, SEGFAULTS, SPINS, HANGS, EATS, QUITS };

#define JOBS 24
struct log {
    enum manner manner[JOBS];
    int ended[JOBS]; /* times */
    enum sd_job_end end[JOBS];
    uint64_t result[JOBS];
    char text[JOBS][128];
    int stop_at; /* done() fails at this job; < 0: never */
};

static int work(void *ctx, size_t job, void *result, struct sd_error *error)
{
    const struct log *log = ctx;
    uint64_t *answer = result;
    volatile uint64_t spins = 0;
    switch (log->manner[job]) {
    case GOOD:
        break;
    case REFUSES:
        return sd_fail(error, SD_E_SCENARIO, "line 3 is wrong");
    case ABORTS:
        abort();
    case SEGFAULTS:
        signal(SIGSEGV, SIG_DFL); /* cmocka has a handler */
        raise(SIGSEGV);
        break;
    case SPINS:
        for (;;)
            spins++;
    case HANGS:
        for (;;)
            pause();
    case EATS:
        for (;;) {
            size_t bite = 4 << 20;
            char *memory = malloc(bite);
            if (!memory)
                abort();
            memset(memory, 1, bite);
        }
    case QUITS:
        _exit(7);
    }
    *answer = job * job + 1;
    return SD_OK;
}

static int done(void *ctx, size_t job, enum sd_job_end end, const void *result,
                const struct sd_error *error)
{
    struct log *log = ctx;
    if (log->stop_at == (int)job)
        return SD_E_IO;
    log->ended[job]++;
    log->end[job] = end;
    if (result)
        memcpy(&log->result[job], result, sizeof log->result[job]);
    snprintf(log->text[job], sizeof log->text[job], "%.120s", error->text);
    return SD_OK;
}

static struct sd_workers plan_for(struct log *log, unsigned workers)
{
    return (struct sd_workers){
        .jobs = JOBS,
        .workers = workers,
        .limits = {.cpu_s = 1, .wall_s = 120, .memory_bytes = 192 << 20},
        .result_bytes = sizeof(uint64_t),
        .ctx = log,
        .work = work,
        .done = done,
    };
}

static void each_bad_job_ends_alone(void **state)
{
    (void)state;
    static const struct {
        enum manner manner;
        enum sd_job_end end;
        const char *text;
    } rows[] = {
        {REFUSES, SD_JOB_DONE, "line 3 is wrong"},
        {ABORTS, SD_JOB_DIED, "crashed: signal 6 (Aborted)"},
        {SEGFAULTS, SD_JOB_DIED, "crashed: signal 11 (Segmentation fault)"},
        {SPINS, SD_JOB_LIMIT, "took more than 1 s of processor time"},
        {EATS, SD_JOB_LIMIT, "took more than 192 MiB of memory"},
        {QUITS, SD_JOB_DIED, "ended its process with status 7"},
    };
    struct log log = {.stop_at = -1};
    const size_t row_count = sizeof rows / sizeof *rows;
    for (size_t i = 0; i < row_count; i++)
        log.manner[2 * i + 1] = rows[i].manner;
    struct sd_error error = {0};
    struct sd_workers plan = plan_for(&log, 3);
#ifdef __SANITIZE_ADDRESS__
    log.manner[9] = GOOD; /* address space has no limit there */
#endif
    assert_int_equal(sd_workers_run(&plan, &error), SD_OK);

    for (size_t job = 0; job < JOBS; job++) {
        assert_int_equal(log.ended[job], 1);
        if (log.manner[job] == GOOD) {
            assert_int_equal(log.end[job], SD_JOB_DONE);
            assert_int_equal(log.result[job], job * job + 1);
            continue;
        }
        assert_int_equal(log.end[job], rows[job / 2].end);
        assert_string_equal(log.text[job], rows[job / 2].text);
    }
}

/* Alone, so that a busy machine does not end another job by the clock. */
static void a_job_that_hangs_ends_by_the_clock(void **state)
{
    (void)state;
    struct log log = {.stop_at = -1, .manner = {HANGS}};
    struct sd_workers plan = plan_for(&log, 1);
    plan.jobs = 1;
    plan.limits.wall_s = 1;
    assert_int_equal(sd_workers_run(&plan, NULL), SD_OK);
    assert_int_equal(log.end[0], SD_JOB_LIMIT);
    assert_string_equal(log.text[0], "took more than 1 s");
}

static void good_jobs_are_whole_with_any_number_of_workers(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 2 * JOBS; workers *= 4) {
        struct log log = {.stop_at = -1};
        struct sd_workers plan = plan_for(&log, workers);
        assert_int_equal(sd_workers_run(&plan, NULL), SD_OK);
        for (size_t job = 0; job < JOBS; job++)
            assert_int_equal(log.result[job], job * job + 1);
    }
}

static bool no_child_is_left(void)
{
    return waitpid(-1, NULL, WNOHANG) < 0;
}

static void a_full_disk_stops_everything(void **state)
{
    (void)state;
    struct log log = {.stop_at = 4};
    log.manner[12] = HANGS;
    struct sd_workers plan = plan_for(&log, 2);
    assert_int_equal(sd_workers_run(&plan, NULL), SD_E_IO);
    assert_true(no_child_is_left());
}

static volatile sig_atomic_t stop;

static void on_alarm(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

static void a_signal_stops_hanging_jobs(void **state)
{
    (void)state;
    struct log log = {.stop_at = -1};
    log.manner[5] = HANGS;
    struct sd_workers plan = plan_for(&log, 1);
    plan.limits.wall_s = 0;
    plan.stop = &stop;
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    assert_int_equal(sd_workers_run(&plan, NULL), SD_WORKERS_STOPPED);
    assert_true(no_child_is_left());
    assert_int_equal(log.ended[4], 1);
    assert_int_equal(log.ended[5], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_job_ends_alone),
        cmocka_unit_test(a_job_that_hangs_ends_by_the_clock),
        cmocka_unit_test(good_jobs_are_whole_with_any_number_of_workers),
        cmocka_unit_test(a_full_disk_stops_everything),
        cmocka_unit_test(a_signal_stops_hanging_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
