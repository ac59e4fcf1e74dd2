/* progress.h - how far a set of runs has come, on stderr: one rewritten line on a terminal, a
 * plain line now and then elsewhere. */
#ifndef SD_PROGRESS_H
#define SD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sd_progress {
    FILE *to;
    bool terminal; /* rewrite one line */
    bool color;    /* terminal, and NO_COLOR is not set */
    size_t total, done, failed;
    size_t skipped;        /* of done: there before, by --resume */
    double began, printed; /* s, monotonic */
};

/* Seconds of a monotonic clock: for progress and timing.json only. */
double sd_wall(void);

void sd_progress_begin(struct sd_progress *, FILE *to, size_t total, size_t done_before);
/* One run more; `what` names it: "quic loss=5%". */
void sd_progress_step(struct sd_progress *, const char *what, bool failed);
/* A line of its own that must not be overwritten; a newline is added. */
void sd_progress_say(struct sd_progress *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends the rewritten line, or prints the last plain one. */
void sd_progress_end(struct sd_progress *);

/* "run 412/1500  quic loss=5%  2 failed  eta 0:41", without colour; elapsed_s since begin.  Where
 * it is longer than cap - 1, the last words of what are left out first. */
void sd_progress_line(const struct sd_progress *, const char *what, double elapsed_s, char *line,
                      size_t cap);

#endif
