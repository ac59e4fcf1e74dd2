/* report_parts.h - what report.html is put together from. */
#ifndef SD_REPORT_PARTS_H
#define SD_REPORT_PARTS_H

#include "plots/stored.h"
#include "results/grid.h"
#include <stdio.h>

/* -- report_page.c: the page around it, and the little words of HTML -- */

void report_begin(FILE *, const char *title);
void report_end(FILE *);
/* <a href="folder/name+suffix">text</a>; suffix and folder may be "". */
void report_link(FILE *, const char *folder, const char *name, const char *suffix,
                 const char *text);
/* <code>text</code> in a box of its own, for a command. */
void report_command(FILE *, const char *text);
/* A table cell; under a column "protocol" with the protocol's colour. */
void report_cell(FILE *, const char *column, const char *text, bool number);
void report_grid(FILE *, const struct sd_grid *);
/* A file of dir/folder as a part of the page, without its style sheet and header; or a sentence
 * that it is missing and how to have it.  SD_E_NOMEM. */
int report_picture(FILE *, const char *dir, const char *folder, const char *name, const char *how,
                   struct sd_error *);

/* -- report_answer.c, report_first_plot.c -- */

/* One sentence that answers the scenario's question from the data: the measure that its "answer"
 * names, else what its first plot shows. */
int report_answer(FILE *, const struct sd_stored *, const json_t *scenario, struct sd_error *);
int report_first_plot(FILE *, const struct sd_stored *, const json_t *scenario, struct sd_error *);

/* -- report_runs.c -- */

struct report_count {
    size_t runs, ok, failed, unfinished;
};
/* scenario NULL: of all. */
struct report_count report_count_runs(const struct sd_stored *, const json_t *scenario);
/* "1200 runs: 1100 ok, 100 unfinished" */
void report_counts(FILE *, struct report_count);

/* expectations.csv: what did not hold. */
struct report_expectations {
    char *text; /* what the others point into */
    struct report_failed {
        const char *scenario, *run, *expectation;
    } * failed;
    size_t count;
};
int report_expectations_load(struct report_expectations *, const char *dir, struct sd_error *);
void report_expectations_free(struct report_expectations *);
/* Expectations of a scenario, and those that failed with their runs. */
void report_expectations_show(FILE *, const struct sd_stored *, const json_t *scenario,
                              const struct report_expectations *);

/* Points with runs that are not ok: how many, why, and one of them. */
int report_troubles(FILE *, const struct sd_stored *, const json_t *scenario, struct sd_error *);
/* A run's name with links to what it left: events, capture, ladder. */
void report_run(FILE *, const char *dir, const char *run);

/* -- report_features.c -- */

/* What probes found and the survey's editions claim: its line in the contents, or its section.
 * Nothing where there are no probes. */
int report_features(FILE *, const struct sd_stored *, bool contents, struct sd_error *);

/* -- report_interop.c -- */

/* What other people's programs said: its line in the contents, or its section.  Nothing where DIR
 * has no tables/interop.csv. */
int report_interop(FILE *, const char *dir, bool contents, struct sd_error *);

#endif
