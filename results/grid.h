/* grid.h - the one table printer. */
#ifndef SD_GRID_H
#define SD_GRID_H

#include "results/csv.h"
#include <stdbool.h>

enum sd_grid_format {
    SD_GRID_MARKDOWN, /* a pipe table whose columns line up in a terminal too */
    SD_GRID_TEXT,     /* columns two blanks apart, without headings' rule */
    SD_GRID_CSV,
    SD_GRID_JSON /* an array of objects; numbers bare, empty cells null */
};

/* Columns first, then cells row by row.  Start with {0}; a failed allocation shows when printed. */
struct sd_grid {
    struct sd_grid_column {
        char *name;
        bool number; /* to the right, and bare in JSON */
    } * column;
    size_t columns;
    char **cell;
    size_t cells, cap;
    bool bad;
};
void sd_grid_column(struct sd_grid *, const char *name, bool number);
void sd_grid_cell(struct sd_grid *, const char *text);
void sd_grid_format(struct sd_grid *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends the table; out->bad when out of memory. */
void sd_grid_print(const struct sd_grid *, enum sd_grid_format, struct sd_text *out);
void sd_grid_free(struct sd_grid *);

#endif
