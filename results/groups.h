/* groups.h - the rows of runs.csv by what they have in common, and statistics of each group: what
 * tables, plots and checks are made of.
 *
 *     const char *by[] = {"protocol", "loss_ppm"};
 *     struct sd_query query = {.scenario = "handshake-loss", .by = by, .bys = 2};
 *     struct sd_groups *groups;
 *     if (sd_groups_make(&groups, frame, &query, error) == SD_OK)
 *         for (size_t g = 0; g < sd_groups_count(groups); g++) {
 *             struct sd_ask ask = {.metric = "handshake_time_ns", .stat = SD_STAT_P95};
 *             struct sd_value p95;
 *             sd_groups_stat(groups, g, &ask, &p95, error);
 *         }
 */
#ifndef SD_GROUPS_H
#define SD_GROUPS_H

#include "results/statistics.h"
#include "results/store.h"

/* Rows whose cell of column is one of these. */
struct sd_condition {
    const char *column;
    const char *const *value;
    size_t values;
};
struct sd_query {
    const char *scenario; /* NULL: of all scenarios */
    const char *const *by;
    size_t bys; /* 0: all rows are one group */
    const struct sd_condition *when;
    size_t whens; /* all of them must hold */
};
struct sd_groups;

/* One group for each combination of `by` cells that occurs, sorted by the first column, then the
 * second, ..., the values of each in the order in which runs.csv has them: that of the sweep.
 * Borrows the frame and the by names.  SD_E_ARG for a column that runs.csv does not have,
 * SD_E_NOMEM. */
int sd_groups_make(struct sd_groups **, const struct sd_frame *, const struct sd_query *,
                   struct sd_error *);
void sd_groups_free(struct sd_groups *);
size_t sd_groups_count(const struct sd_groups *);
/* The cell of by column `by` that all rows of the group share. */
const char *sd_groups_cell(const struct sd_groups *, size_t group, size_t by);
/* Its rows in the frame, ascending. */
size_t sd_groups_rows(const struct sd_groups *, size_t group, const size_t **rows);

struct sd_ask {
    const char *metric; /* a column of integers; not needed for counts of outcomes */
    const char *per;    /* NULL, or the column by whose number each row's is divided; times are
                           brought to one unit first, so that ns / us are pure numbers */
    unsigned decimals;  /* of the result, up to 9: values are rounded to it, halves up, before any
                           statistic is taken, so that percentiles stay exact */
    enum sd_stat stat;
};
/* SD_OK, SD_E_ARG for a column that runs.csv does not have, SD_E_NOMEM. */
int sd_groups_stat(const struct sd_groups *, size_t group, const struct sd_ask *, struct sd_value *,
                   struct sd_error *);
/* The sample itself, sorted, for distributions: values are number x 10^decimals. */
int sd_groups_sample(const struct sd_groups *, size_t group, const struct sd_ask *,
                     struct sd_sample *, struct sd_error *);

#endif
