/* partial.h - rows.partial: whole lines, written at once each, locked while they are. */
#ifndef SD_PARTIAL_H
#define SD_PARTIAL_H

#include "results/csv.h"
#include <stdbool.h>
#include <sys/types.h>

struct sd_partial {
    char *path;
    int fd;        /* -1: not open */
    off_t written; /* whole lines */
    bool made;     /* it was not there, or empty */
};

/* Opens dir/rows.partial, made if need be.  SD_E_USAGE when another process has it, SD_E_IO.  The
 * lock is one that children do not inherit: orphaned workers of a killed process do not keep it. */
int sd_partial_open(struct sd_partial *, const char *dir, struct sd_error *);
/* One line, with its newline.  SD_E_IO when the disk refuses, with the lines before it whole. */
int sd_partial_append(struct sd_partial *, const struct sd_text *line, struct sd_error *);
/* Hands over each line but the first, which has to be `header`, without its newline; a last line
 * without one was cut off by a kill and is dropped by the next append.  A file of less than one
 * line is as an empty one.  take: SD_OK, or < 0 to stop; line may be changed.  SD_E_USAGE when
 * the header is another. */
int sd_partial_lines(struct sd_partial *, const char *header,
                     int (*take)(void *ctx, char *line, size_t number, struct sd_error *),
                     void *ctx, struct sd_error *);
/* Cuts it off behind the last whole line; all: empties it. */
int sd_partial_cut(struct sd_partial *, bool all, struct sd_error *);
void sd_partial_remove(const struct sd_partial *);
void sd_partial_close(struct sd_partial *);

#endif
