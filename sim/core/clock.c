/* clock.c - time(), gettimeofday() and clock_gettime() of the whole process: virtual while an
 * agent is entered, real otherwise.  Part of sd_interpose: libraries find these before libc's.
 *
 * Constructors call them before main, so nothing here may need initialising; the real time comes
 * from the system call itself, because dlsym() could call back (AddressSanitizer's start-up). */
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/core/env.h"

#pragma GCC visibility push(default)

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    /* Negative ids and the two CPU-time clocks measure work, not time of day. */
    bool cpu = clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
    if (sd_entered == NULL || cpu)
        return (int)syscall(SYS_clock_gettime, clock, ts);
    ts->tv_sec = (time_t)(sd_entered->epoch_s + sd_entered->now / SD_SECOND);
    ts->tv_nsec = (long)(sd_entered->now % SD_SECOND);
    return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec ts;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
        return -1;
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *t)
{
    struct timespec ts;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
        return (time_t)-1;
    if (t != NULL)
        *t = ts.tv_sec;
    return ts.tv_sec;
}

#pragma GCC visibility pop
