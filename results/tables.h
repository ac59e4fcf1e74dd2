/* tables.h - the tables that the scenarios of DIR ask for, made from its manifest.json and
 * runs.csv alone.
 *
 * A scenario that asks for none gets one: its sweep, how many runs were ok, and the median of each
 * thing it measures.  Who wants other statistics: results/groups.h. */
#ifndef SD_TABLES_H
#define SD_TABLES_H

#include "results/csv.h"
#include "results/grid.h"
#include "results/store.h"
#include <jansson.h>

struct sd_tables;

/* SD_E_IO when a file is missing or says what it should not. */
int sd_tables_load(struct sd_tables **, const char *dir, struct sd_error *);
/* The same of a manifest and rows in memory, both of which it takes over; dir is for messages. */
int sd_tables_make(struct sd_tables **, json_t *manifest, struct sd_frame *, const char *dir,
                   struct sd_error *);
void sd_tables_free(struct sd_tables *);
size_t sd_tables_count(const struct sd_tables *);
/* A file stem; unique: a name that an earlier scenario has is SCENARIO-NAME. */
const char *sd_tables_name(const struct sd_tables *, size_t table);
const char *sd_tables_title(const struct sd_tables *, size_t table);
const char *sd_tables_scenario(const struct sd_tables *, size_t table);

/* Fills an empty grid.  people: in units that people read ("52.3" below "p50 (ms)", "∞", "–"), as
 * tables/NAME.md; else integers below names with their units, as tables/NAME.csv: an empty cell is
 * infinity or nothing measured. */
int sd_tables_grid(const struct sd_tables *, size_t table, bool people, struct sd_grid *,
                   struct sd_error *);
/* What tables/NAME.md and NAME.csv hold; JSON: an object of name, title and rows. */
int sd_tables_text(const struct sd_tables *, size_t table, enum sd_grid_format, struct sd_text *,
                   struct sd_error *);

/* Every table into dir/tables/NAME.md and NAME.csv. */
int sd_tables_write(const char *dir, struct sd_error *);

#endif
