/* compare.h - a check's two sides: inside results/. */
#ifndef SD_COMPARE_H
#define SD_COMPARE_H

#include "results/check.h"
#include "results/manifest.h"
#include "results/store.h"

#define SD_COMPARE_COLUMNS 64

/* One of the two folders. */
struct sd_side {
    json_t *manifest;
    struct sd_frame *frame;
};
struct sd_comparison {
    struct sd_check *check;
    struct sd_side now, then;
    const char *scenario;
    const char *column[SD_COMPARE_COLUMNS]; /* of its sweep */
    size_t columns;
    bool narrowed; /* points were left out on purpose */
    bool redrawn;  /* other random numbers than in the baseline */
    struct sd_error *error;
};
/* Fills check's rows, points and counts; < 0 with *error. */
int sd_compare(struct sd_comparison *);

#endif
