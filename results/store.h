/* store.h - DIR: what a set of runs left behind, written as it happens and read back.
 *
 *   manifest.json   what was run: scenarios (hash, resolved sweep, measures, plots), base seed,
 *                   versions of libraries and cost tables, git revision,
 *                   command
 *   runs.csv        one row a run: protocol, mode, scenario, other sweep columns, repeat, seed,
 *                   outcome, detail, metrics
 *   expectations.csv  scenario, run, expectation, ok
 *   tables/ plots/ ladders/ events/ pcap/ report.html timing.json
 *
 * While runs go on, finished rows go to rows.partial at once (one write() each), so that a kill
 * loses nothing; sd_store_finish() sorts them into runs.csv (rename).  --resume reads rows.partial
 * or runs.csv and skips what is there, if the manifest says the same.
 *
 * A DIR that holds anything else than results is refused, never emptied. */
#ifndef SD_STORE_H
#define SD_STORE_H

#include "sim/core/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sd_store;

/* Scenario-independent description of one scenario's part of the store. */
struct sd_store_part {
    const char *scenario, *json, *sha256; /* json: sd_scenario_json() */
    size_t columns, metrics, runs;        /* runs = points x repeats */
    const char *const *column, *const *metric;
};
struct sd_store_version {
    const char *name, *version; /* "openssl", "3.0.17" */
};
struct sd_store_config {
    const char *dir, *command, *git;
    uint64_t base_seed;
    const struct sd_store_part *part;
    size_t parts;
    const struct sd_store_version *version; /* of what decides about results; may be NULL */
    size_t versions;
    const struct sd_store_version *cost; /* tables that scenarios may name; may be NULL */
    size_t costs;
    bool resume; /* else a DIR that holds results is replaced */
};
/* SD_E_USAGE: DIR holds something else, another process writes there, or --resume does not fit;
 * SD_E_IO: a folder or disk refuses; SD_E_SCENARIO: two scenarios or columns have one name. */
int sd_store_create(struct sd_store **, const struct sd_store_config *, struct sd_error *);
/* True: this run is already there (resume). */
bool sd_store_has(const struct sd_store *, size_t part, size_t run);
/* Expectations that failed so far, those of earlier runs included (resume). */
size_t sd_store_failed(const struct sd_store *);
/* cells: columns, then repeat, seed, outcome, detail, then metrics; NULL or "": empty.  On SD_E_IO
 * (a full disk) every row until this one is kept whole. */
int sd_store_add(struct sd_store *, size_t part, size_t run, const char *const *cells, size_t count,
                 struct sd_error *);
/* Before sd_store_add() of its run: a run without a row is run again. */
int sd_store_expectation(struct sd_store *, size_t part, size_t run, const char *run_name,
                         const char *expectation, bool ok, struct sd_error *);
int sd_store_finish(struct sd_store *, double wall_s, struct sd_error *); /* and frees */
void sd_store_abandon(struct sd_store *);                                 /* keeps rows.partial */

/* "handshake-rtt-tls13-fresh-r0": scenario, sweep cells, repeat; safe as a file name: other bytes
 * than letters, digits, '.', '_', '+' and '-' become "=2F", and a name too long for cap or for a
 * file system ends in a hash.  SD_OK, or SD_E_ARG for a cap below 32. */
int sd_run_name(char *name, size_t cap, const char *scenario, const char *const *cells,
                size_t cells_count, uint32_t repeat);

/* -- reading back -- */

struct sd_frame; /* all rows of runs.csv */
int sd_frame_load(struct sd_frame **, const char *dir, struct sd_error *);
/* Another CSV file of dir: "expectations.csv". */
int sd_frame_load_file(struct sd_frame **, const char *dir, const char *name, struct sd_error *);
void sd_frame_free(struct sd_frame *);
size_t sd_frame_rows(const struct sd_frame *);
int sd_frame_column(const struct sd_frame *, const char *name);             /* < 0: none */
const char *sd_frame_cell(const struct sd_frame *, size_t row, int column); /* "" when empty */
/* false: empty, or no integer of 64 bits; *value is left alone. */
bool sd_frame_number(const struct sd_frame *, size_t row, int column, double *value);
bool sd_frame_integer(const struct sd_frame *, size_t row, int column, uint64_t *value);
size_t sd_frame_columns(const struct sd_frame *);
const char *sd_frame_name(const struct sd_frame *, int column);
/* From the text of a runs.csv, which it takes over (free()); text[len] is '\0'.  path is for
 * messages: "path:line: expected, found" (SD_E_IO). */
int sd_frame_parse(struct sd_frame **, char *text, size_t len, const char *path, struct sd_error *);

#endif
