/* units.h - what a column's name says about its numbers: "rtt_us", "cpu_ns_server", "loss_ppm". */
#ifndef SD_UNITS_H
#define SD_UNITS_H

#include "results/statistics.h"

enum sd_dimension {
    SD_DIM_NUMBER, /* counts, and whatever has no unit in its name */
    SD_DIM_TIME,   /* nanoseconds, once multiplied with base */
    SD_DIM_SHARE,  /* parts per million */
    SD_DIM_SIZE,   /* bytes */
    SD_DIM_RATE,   /* bits per second */
    SD_DIM_PACKETS /* packets per second */
};
struct sd_unit {
    enum sd_dimension dimension;
    uint64_t base;    /* how many of the dimension's own unit one of this is */
    const char *mark; /* the word in the name; "" */
};
/* By the last word between '_' that is a unit. */
struct sd_unit sd_unit_of(const char *column);

/* How to show numbers of one column to people: number x scale, with so many decimals. */
struct sd_shown {
    double scale;
    unsigned decimals;
    const char *unit; /* "ms"; "": none */
};
/* Fit for all `count` values (others than known ones do not count).  exact: of a sweep, so that
 * every digit is shown; else rounded, but so that the smallest can be seen. */
struct sd_shown sd_unit_shown(struct sd_unit, const struct sd_value *value, size_t count,
                              bool exact);
/* "RTT", "p50", "client bytes", "state peak": the name without its unit. */
void sd_unit_heading(const char *column, struct sd_unit, struct sd_shown, char *heading,
                     size_t cap);
/* "52.3"; "∞" for never, "–" for none. */
void sd_unit_cell(struct sd_value, struct sd_shown, char *cell, size_t cap);

/* One number by itself, with its unit: "2%", "31.169 ms", "64 KiB". */
void sd_unit_words(const char *column, uint64_t number, char *words, size_t cap);
/* One cell of a sweep: "loss=2%" of "loss_ppm" and "20000", "rtt=50ms"; a protocol or mode by
 * itself. */
void sd_cell_words(const char *column, const char *cell, char *words, size_t cap);

#endif
