/* draft.h - a file that is written in memory and lands in one step: at no time is half of it
 * there, and every failure (full disk) is seen. */
#ifndef SD_DRAFT_H
#define SD_DRAFT_H

#include "sim/core/error.h"
#include <stddef.h>
#include <stdio.h>

struct sd_draft {
    FILE *to;
    char *text;
    size_t len;
};
int sd_draft_begin(struct sd_draft *, struct sd_error *);
/* text and len hold what was written so far; SD_E_NOMEM when it did not fit. */
int sd_draft_end(struct sd_draft *, struct sd_error *);
/* Ends it, writes dir/name and drops it. */
int sd_draft_land(struct sd_draft *, const char *dir, const char *name, struct sd_error *);
void sd_draft_drop(struct sd_draft *);

#endif
