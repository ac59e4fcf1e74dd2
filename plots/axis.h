/* axis.h - what people read at an axis: names, amounts in the unit that suits them, and where the
 * ticks are. */
#ifndef SD_AXIS_H
#define SD_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#define SD_AMOUNT 48
/* A value of a column to three digits, with its unit: handshake_time_ns 25123456 is "25.1 ms". */
void sd_amount_text(const char *column, double value, char text[SD_AMOUNT]);
/* A cell of a sweep column for people: an amount, a protocol's title, or the word itself. */
void sd_cell_text(const char *column, const char *cell, char *text, size_t cap);
/* "rtt_us" is "RTT", "transfer.longest_gap" is "transfer longest gap". */
void sd_name_text(const char *name, char *text, size_t cap);

#define SD_TICKS 24
struct sd_tick {
    double at;
    char text[SD_AMOUNT];
};
struct sd_axis {
    bool log;
    double low, high; /* in the column's unit */
    double zero;      /* logarithmic: where 0 stands, below all other values; 0: nowhere */
    double of_unit;   /* linear: how many of the column's unit the title's unit is */
    struct sd_tick tick[SD_TICKS];
    size_t ticks;
    char title[160]; /* "handshake time (ms)"; on a logarithmic axis each tick has its unit */
};
/* An axis for values of a column from least to most (least > most: there are none); name: what they
 * are. */
void sd_axis_linear(struct sd_axis *, const char *name, const char *column, double least,
                    double most);
/* The same, logarithmic; linear when a value is not above 0. */
void sd_axis_log(struct sd_axis *, const char *name, const char *column, double least, double most);

/* Makes room on a logarithmic axis for a value of 0, below the others and with a tick. */
void sd_axis_add_zero(struct sd_axis *);
/* Where a value stands: at itself, but 0 on a logarithmic axis at its tick. */
double sd_axis_place(const struct sd_axis *, double value);

#endif
