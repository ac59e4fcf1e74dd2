/* tolerance.h - how far a result may be from the baseline before `shakedown check` fails: one
 * table, with reasons. */
#ifndef SD_TOLERANCE_H
#define SD_TOLERANCE_H

#include "results/statistics.h"

/* What kind of value it is; rules name one or several. */
enum sd_spread {
    SD_STEADY = 1,  /* all runs of the point gave one value in the baseline */
    SD_REDRAWN = 2, /* so they did, but seed or libraries draw other random numbers now */
    SD_VARYING = 4, /* they gave several */
    SD_ALIKE = SD_STEADY | SD_REDRAWN,
    SD_ANY_SPREAD = 7
};
enum sd_worse {
    SD_WORSE_EITHER, /* any difference is a change of behaviour */
    SD_WORSE_MORE,   /* less is welcome */
    SD_WORSE_LESS    /* more is welcome */
};
struct sd_tolerance {
    const char *metric; /* column of runs.csv; '*' stands for anything; "ok": share of runs, ppm */
    unsigned spread;    /* of enum sd_spread */
    enum sd_worse worse;
    uint32_t relative_ppm; /* of the baseline's value */
    uint64_t absolute;     /* in the metric's unit; the larger of both counts */
    const char *reason;
};
/* The first that fits counts; the last fits everything. */
extern const struct sd_tolerance sd_tolerances[];
extern const size_t sd_tolerances_count;

const struct sd_tolerance *sd_tolerance_of(const char *metric, enum sd_spread);
/* Whether `now` is outside; a value where the baseline had none is not, the other way round is. */
bool sd_tolerance_exceeded(const struct sd_tolerance *, struct sd_value baseline,
                           struct sd_value now);
/* "exact", "±1 %", "+5 %", "-10 %, at least 3". */
void sd_tolerance_words(const struct sd_tolerance *, const char *metric, char *words, size_t cap);

#endif
