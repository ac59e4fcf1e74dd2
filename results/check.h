/* check.h - whether the expectations of DIR held, and what became different from a baseline.
 *
 * Compared is each point (scenario and sweep cells) that both have, by the repeats that both have:
 * the share of runs that were ok and the median of each metric; where all runs of the baseline gave
 * one value, every run of DIR has to stay within the tolerance, not only the median.  A point or
 * value that vanished fails; new ones are told.  Of a DIR made with --quick or --set, which leave
 * points out on purpose, and of scenarios that were not run, missing points are told only. */
#ifndef SD_CHECK_H
#define SD_CHECK_H

#include "results/csv.h"
#include "results/grid.h"
#include <stdbool.h>

enum sd_change {
    SD_CHANGE_WORSE,     /* outside its tolerance: fails */
    SD_CHANGE_VANISHED,  /* a point or value that the baseline has: fails */
    SD_CHANGE_TOLERATED, /* different, but within */
    SD_CHANGE_NEW,
    SD_CHANGE_LEFT_OUT, /* not run this time */
    SD_CHANGES
};
struct sd_check_row {
    enum sd_change change;
    char *scenario, *point, *metric; /* metric "": of the whole point; point "": of the scenario */
    char *baseline, *now, *tolerance;
    const char *reason; /* of the tolerance; "" */
};
struct sd_check_expectation {
    char *scenario, *text;
    size_t failed; /* runs */
    char *first;   /* the name of the first of them; "" */
};
struct sd_check {
    char **scenario; /* of DIR, then what only the baseline has */
    size_t scenarios;
    struct sd_check_row *row;
    size_t rows, cap, count[SD_CHANGES];
    struct sd_check_expectation *expectation;
    size_t expectations, expectations_failed;
    struct sd_check_point {
        char *scenario, *point;
        size_t first, rows; /* of row */
    } * point;
    size_t points, values; /* that both have; values: compared numbers */
    bool compared;         /* with a baseline */
    char *draws; /* "base_seed 1, now 7": why random numbers are others; NULL: they are not */
};

/* baseline NULL: expectations only.  SD_E_IO when a file of either is missing or wrong. */
int sd_check_make(struct sd_check **, const char *dir, const char *baseline, struct sd_error *);
void sd_check_free(struct sd_check *);
/* Failures: expectations, worse values, vanished ones. */
size_t sd_check_failures(const struct sd_check *);

/* Table and sums for people; all: also what is within its tolerance. */
void sd_check_print(const struct sd_check *, bool all, struct sd_text *);
/* JUnit XML: a suite for each scenario, a case for each expectation and each point. */
void sd_check_junit(const struct sd_check *, struct sd_text *);
/* The tolerances, with reasons. */
void sd_check_rules(struct sd_text *);

#endif
