/* stored.h - a DIR of results as plots, ladders and the report look at it: its manifest, its rows,
 * and what files each run left. */
#ifndef SD_STORED_H
#define SD_STORED_H

#include "results/groups.h"
#include "results/store.h"
#include <jansson.h>

#define SD_STORED_NAME 256 /* room for any sd_run_name() */

struct sd_stored {
    const char *dir;
    json_t *manifest;
    const json_t *scenarios; /* of the manifest: an array of objects */
    struct sd_frame *frame;
};
int sd_stored_load(struct sd_stored *, const char *dir, struct sd_error *);
void sd_stored_free(struct sd_stored *);

/* A text of a scenario, "" when it has none. */
const char *sd_stored_text(const json_t *object, const char *key);
/* A scenario's measure by its column: "name", "dim", "what"; NULL when it has none such. */
const json_t *sd_stored_measure(const json_t *scenario, const char *column);
/* Its name; the column itself when it has none such. */
const char *sd_stored_measure_name(const json_t *scenario, const char *column);

/* True: the row is of this scenario. */
bool sd_stored_of(const struct sd_stored *, size_t row, const json_t *scenario);
/* True: every column that `when` names has one of the values that it lists (texts, as in runs.csv).
 * A NULL or empty `when` admits every row. */
bool sd_stored_when(const struct sd_stored *, size_t row, const json_t *when);
/* The same for results/groups.h: as many conditions as `when` has, freed by the caller; NULL and
 * *count 0 when it has none.  They borrow from the manifest.  SD_E_NOMEM. */
int sd_stored_conditions(const json_t *when, struct sd_condition **, size_t *count,
                         struct sd_error *);
void sd_conditions_free(struct sd_condition *, size_t count);
/* The name of a row's run, as its files have it.  False when the row is of no scenario. */
bool sd_stored_run_name(const struct sd_stored *, size_t row, char name[SD_STORED_NAME]);
/* The row of a run; -1: none has that name. */
long sd_stored_find(const struct sd_stored *, const char *run);

/* True: dir/folder/name+suffix is there. */
bool sd_stored_has(const char *dir, const char *folder, const char *name, const char *suffix);
/* The names in dir/folder that end in suffix, without it, sorted; NULL-ended, sd_names_free().  A
 * folder that is not there is empty. */
int sd_names(const char *dir, const char *folder, const char *suffix, char ***names, size_t *count,
             struct sd_error *);
void sd_names_free(char **names);

#endif
