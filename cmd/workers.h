/* workers.h - many jobs on several processors, each batch of them in a child forked from this
 * warm process.
 *
 * A child that crashes, spins, hangs or eats memory takes only the job it was at with it: that
 * job ends with the reason, and another child goes on with the rest of the batch. */
#ifndef SD_WORKERS_H
#define SD_WORKERS_H

#include "sim/core/error.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sd_limits {
    unsigned cpu_s;        /* processor time of one job; 0: no limit */
    unsigned wall_s;       /* from its start to its end; 0: no limit */
    uint64_t memory_bytes; /* address space beyond what this process has; 0: no limit */
};

enum sd_job_end {
    SD_JOB_DONE,  /* result is whole; error->code is what work() returned */
    SD_JOB_DIED,  /* error says how */
    SD_JOB_LIMIT, /* error says which limit it ran into */
};

struct sd_workers {
    size_t jobs;      /* numbered from 0, started in that order */
    unsigned workers; /* children at a time, at least 1 */
    size_t batch_max; /* jobs a child takes at most; 0: 32 */
    struct sd_limits limits;
    size_t result_bytes;
    void *ctx;
    /* In the child: fills result, returns SD_OK or an enum sd_result < 0 with *error. */
    int (*work)(void *ctx, size_t job, void *result, struct sd_error *error);
    /* In this process, in the order in which jobs end.  result is NULL unless SD_JOB_DONE.
     * < 0 stops everything and is what sd_workers_run() returns. */
    int (*done)(void *ctx, size_t job, enum sd_job_end, const void *result,
                const struct sd_error *error);
    const volatile sig_atomic_t *stop; /* becomes non-zero in a signal handler: kill all, return */
};

#define SD_WORKERS_STOPPED 1

/* SD_OK, SD_WORKERS_STOPPED, what done() returned, or SD_E_INTERNAL / SD_E_NOMEM when no child
 * can be made.  No child is left when it returns; children die with this process. */
int sd_workers_run(const struct sd_workers *, struct sd_error *);

unsigned sd_processors(void); /* this process may run on */

#endif
