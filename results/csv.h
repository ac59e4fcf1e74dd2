/* csv.h - cells as RFC 4180 writes them, one record a line.
 *
 * We never write a line break inside a cell, so that scripts may read by line; we do read one
 * where it stands in quotes. */
#ifndef SD_CSV_H
#define SD_CSV_H

#include "sim/core/error.h"
#include <stddef.h>

/* A text that grows; start with {0}, free(text).  A failed allocation sets bad for good. */
struct sd_text {
    char *text; /* ends in '\0'; NULL while nothing was added */
    size_t len, cap;
    _Bool bad;
};
void sd_text_add(struct sd_text *, const char *bytes, size_t len);
void sd_text_put(struct sd_text *, const char *text);
void sd_text_format(struct sd_text *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends one cell, quoted if it holds a comma or a quote or begins or ends with a blank; control
 * characters become blanks.  NULL is empty. */
void sd_csv_cell(struct sd_text *, const char *cell);

/* Takes the record at *at apart, in place: cells point into it and end in '\0'.  *at moves to the
 * next record, or to end.
 *   *end must be a writable '\0'.  *line counts lines from 1 and is that of the next record.
 * SD_OK; SD_E_ARG with "expected, found" (no file or line: the caller knows them) for an open or
 * stray quote, a '\0', or more than cap cells; *count is what was found until then. */
int sd_csv_record(char **at, char *end, size_t *line, char **cell, size_t cap, size_t *count,
                  struct sd_error *);

#endif
