/* stopwatch.h - processor time of this process, for `calibrate` and `bench`: the machine is shared,
 * so wall time says little. */
#ifndef SD_STOPWATCH_H
#define SD_STOPWATCH_H

#include <time.h>

/* ns of processor time since the process began. */
static inline double sd_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#endif
