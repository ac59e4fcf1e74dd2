/* interop.h - what other people's programs said of ours: results/interop.csv, which the tests in
 * tests/interop and tests/judges write, and its summary, one row for each protocol, role and peer.
 *
 * A DIR holds a copy as tables/interop.csv, so that a report needs nothing but its DIR. */
#ifndef SD_INTEROP_H
#define SD_INTEROP_H

#include "results/grid.h"

struct sd_interop_count {
    size_t cases, failed, peers; /* peers: programs of others, whatever they were used for */
};

/* Copies the committed table to dir/tables/interop.csv, and its summary to interop.md.  Where there
 * is no committed table nothing is written, and that is SD_OK.  SD_E_IO, SD_E_NOMEM. */
int sd_interop_write(const char *dir, struct sd_error *);

/* Fills an empty grid from dir/tables/interop.csv: protocol, our role, peer, version, cases, tried.
 * A case that failed says so in `tried`.  Without the file the grid has no columns. */
int sd_interop_grid(const char *dir, struct sd_grid *, struct sd_interop_count *,
                    struct sd_error *);

#endif
