/* report_points.h - what a scenario's "answer" measured at each of its points (runs alike in every
 * sweep column), and names for points: the protocol, with further columns only where the protocol's
 * points differ in value. */
#ifndef SD_REPORT_POINTS_H
#define SD_REPORT_POINTS_H

#include "plots/stored.h"

#define POINT_TEXT    96
#define POINT_NAME    192
#define POINT_COLUMNS 32

struct point_value {
    double order;                    /* as it sorts; what was never reached comes last */
    char text[POINT_TEXT];           /* what is said of it; points of equal texts are alike */
    size_t runs, unfinished, failed; /* of the point */
    size_t trues;                    /* of what is true or false: runs in which it was true */
};
struct point_name {
    char text[POINT_NAME];
    struct point_value value;
    size_t place; /* in the order of the sweep */
};
struct points {
    const json_t *scenario, *when;
    const char *y, *per, *say; /* columns of runs.csv and words; per, say: "" for none */
    bool flag;                 /* y is true or false */
    bool repeated;             /* some point has several runs */
    bool plain;                /* every name is a protocol's alone */
    const char *by[POINT_COLUMNS];
    size_t bys;
    struct sd_groups *groups;
    struct point_value *value; /* by group */
    struct point_name *name;   /* by value */
    size_t names;              /* 0: no run is as the answer wants it */
};
/* Of the scenario's "answer".  SD_E_IO when runs.csv lacks a column, SD_E_NOMEM. */
int points_make(struct points *, const struct sd_stored *, const json_t *scenario,
                struct sd_error *);
void points_free(struct points *);

/* The names that share the value of name `at`, from there on. */
size_t points_alike(const struct points *, size_t at);

#endif
