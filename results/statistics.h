/* statistics.h - what many repeats of one point say, in whole numbers.
 *
 * A run that is not ok, or in which the measured thing did not happen, has no value; it counts as
 * longer than every value ("censored", +infinity) and is never left out.
 *
 * Percentile p of n runs is the smallest value that at least p percent of the runs do not exceed:
 * the value of rank ceil(n * p / 100) (nearest rank, the inverse of the empirical distribution).
 * It is always a value that was measured, needs no arithmetic between a value and infinity, and is
 * where a plot of the distribution crosses p. */
#ifndef SD_STATISTICS_H
#define SD_STATISTICS_H

#include "sim/core/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sums and products of 64-bit numbers. */
__extension__ typedef unsigned __int128 sd_wide;

enum sd_stat {
    SD_STAT_N,          /* runs */
    SD_STAT_OK,         /* runs whose outcome is ok, failed, unfinished */
    SD_STAT_FAILED,     /*   */
    SD_STAT_UNFINISHED, /*   */
    SD_STAT_P25,
    SD_STAT_P50,
    SD_STAT_P75,
    SD_STAT_P85,
    SD_STAT_P95,
    SD_STAT_P99,
    SD_STAT_MEDIAN,      /* p50 */
    SD_STAT_MEDIAN_LOW,  /* its 95 % confidence interval, from ranks alone */
    SD_STAT_MEDIAN_HIGH, /*   */
    SD_STAT_MEAN,        /* of the runs that have a value; so are min and sum */
    SD_STAT_MIN,
    SD_STAT_MAX,       /* p100: infinity as soon as one run has no value */
    SD_STAT_SUM,       /*   */
    SD_STAT_RATE,      /* ok / n, ppm */
    SD_STAT_RATE_LOW,  /* its 95 % confidence interval (Wilson's) */
    SD_STAT_RATE_HIGH, /*   */
    SD_STATS
};
/* "p95" and so on; false: no such word. */
bool sd_stat_parse(const char *word, enum sd_stat *);
extern const char *const sd_stat_names[SD_STATS + 1]; /* by enum sd_stat, NULL-ended */
/* Whether it is about outcomes and needs no metric. */
bool sd_stat_counts(enum sd_stat);

enum sd_outcome_kind { SD_WAS_OK, SD_WAS_FAILED, SD_WAS_UNFINISHED, SD_OUTCOME_KINDS };

/* The runs of one group.  Start with {0}. */
struct sd_sample {
    uint64_t *value; /* ascending once sd_sample_sort() was called */
    size_t values, cap;
    size_t n;                     /* values and those without */
    size_t was[SD_OUTCOME_KINDS]; /* by outcome; they add up to n */
};
/* value NULL: none.  SD_OK or SD_E_NOMEM.  A run that is not ok has no value, whatever is given. */
int sd_sample_add(struct sd_sample *, enum sd_outcome_kind, const uint64_t *value);
void sd_sample_sort(struct sd_sample *);
void sd_sample_free(struct sd_sample *);

enum sd_value_kind {
    SD_VALUE_NONE,  /* nothing was measured: no run, or none that is ok has it */
    SD_VALUE_KNOWN, /* number / 10^decimals */
    SD_VALUE_NEVER, /* +infinity: that rank belongs to runs without a value */
};
struct sd_value {
    enum sd_value_kind kind;
    uint64_t number;
    unsigned decimals; /* of number; 0 unless who asks wants fractions */
};
/* number / 10^decimals, of a known one. */
double sd_value_number(struct sd_value);
/* Of a sorted sample.  Means are rounded to the nearest, halves up; a sum beyond 64 bits is its
 * largest. */
struct sd_value sd_sample_stat(const struct sd_sample *, enum sd_stat);
/* The value of rank `rank` from 1; NEVER when no run of it has one. */
struct sd_value sd_sample_rank(const struct sd_sample *, size_t rank);
/* Rank of percentile p (of 100) among n: ceil(n * p / 100), at least 1. */
size_t sd_percentile_rank(size_t n, unsigned p);

#endif
