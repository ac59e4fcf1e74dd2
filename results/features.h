/* features.h - what the probes of DIR found of each feature and protocol, beside what the editions
 * of the survey say.
 *
 * A probe is a scenario of the manifest with a "feature"; its runs have a verdict and, as their
 * detail, the reason.  A protocol has the best verdict of its runs.  Claims are data of the source
 * tree, results/claims/: they are read after everything is measured. */
#ifndef SD_RESULTS_FEATURES_H
#define SD_RESULTS_FEATURES_H

#include "results/grid.h"
#include "results/store.h"
#include "sim/core/features.h"
#include <jansson.h>

enum sd_edition { SD_DRAFT_00, SD_DRAFTS_03_09, SD_RFC_8922, SD_EDITIONS };
struct sd_edition_name {
    const char *file;   /* in results/claims/ */
    const char *column; /* of tables */
    const char *title;
};
extern const struct sd_edition_name sd_editions[SD_EDITIONS];

/* By the numbers of the column "verdict", from lua/prelude/probe.lua. */
enum sd_found {
    SD_FOUND_NOT_APPLICABLE,
    SD_FOUND_NO,
    SD_FOUND_PARTLY,
    SD_FOUND_YES,
    SD_FOUND_NOTHING
};
extern const char *const sd_found_names[];

struct sd_feature_cell {
    const struct sd_feature *feature;
    const char *protocol;
    struct {
        const char *claim; /* "mandatory", "no", ...; NULL: the edition says nothing */
        const char *where; /* in its text */
    } says[SD_EDITIONS];
    enum sd_found found;
    const char *mode;   /* of the run that showed it */
    const char *seen;   /* why, in a sentence */
    const char *reason; /* of a disagreement: results/claims/reasons.csv, else what was seen */
    size_t row;         /* of runs.csv: the evidence */
    char run[256];      /* its name */
};

struct sd_features;
/* *out NULL: the manifest has no probes.  Borrows manifest and frame.  SD_E_IO when a file of
 * claims is missing or says what it should not, SD_E_NOMEM. */
int sd_features_make(struct sd_features **out, const json_t *manifest, const struct sd_frame *,
                     struct sd_error *);
void sd_features_free(struct sd_features *);

/* Features in the order of sim/core/features.h, protocols in that of the runs. */
size_t sd_features_count(const struct sd_features *);
size_t sd_features_protocols(const struct sd_features *);
const struct sd_feature_cell *sd_features_cell(const struct sd_features *, size_t feature,
                                               size_t protocol);
/* Whether the edition says of it what was not found, or denies what was. */
bool sd_features_disagree(const struct sd_feature_cell *, enum sd_edition);
size_t sd_features_disagreements(const struct sd_features *);

/* Fill an empty grid.  people: features by protocols, a word each; else one row for each of both.
 */
void sd_features_grid(const struct sd_features *, bool people, struct sd_grid *);
void sd_disagreements_grid(const struct sd_features *, struct sd_grid *);

#endif
