/* whole_file.h - a file that is there whole or not at all: written beside its place, then moved
 * there. */
#ifndef SD_WHOLE_FILE_H
#define SD_WHOLE_FILE_H

#include <stdio.h>

#include "sim/core/error.h"

struct sd_whole_file {
    FILE *out;        /* to write to; its errors are found at the end */
    const char *path; /* borrowed until the end */
    char *beside;
};

/* SD_OK, SD_E_NOMEM or SD_E_IO; only after SD_OK there is something to end. */
int sd_whole_file_begin(struct sd_whole_file *, const char *path, struct sd_error *);
/* SD_OK, or SD_E_IO: then path is as it was before. */
int sd_whole_file_end(struct sd_whole_file *, struct sd_error *);

#endif
