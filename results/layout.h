/* layout.h - the columns of runs.csv: the union of what several scenarios have.
 *
 * protocol, mode, scenario, other sweep columns by first appearance, repeat, seed, outcome,
 * detail, metrics by first appearance. */
#ifndef SD_LAYOUT_H
#define SD_LAYOUT_H

#include "results/csv.h"
#include "results/store.h"

struct sd_layout {
    char **name;
    size_t columns;
    char **scenario; /* of each part */
    size_t **place;  /* [part][cell]: column of a part's cell, in the order of sd_store_add() */
    size_t *cells;   /* [part] */
    size_t parts;
};

/* SD_E_SCENARIO when two scenarios or two columns have one name. */
int sd_layout_make(struct sd_layout *, const struct sd_store_part *, size_t parts,
                   struct sd_error *);
void sd_layout_free(struct sd_layout *);
void sd_layout_header(const struct sd_layout *, struct sd_text *);
/* The row with its newline; cells as in sd_store_add(). */
void sd_layout_row(const struct sd_layout *, size_t part, const char *const *cells,
                   struct sd_text *);

#endif
