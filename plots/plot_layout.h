/* plot_layout.h - where everything of a plot stands: axes, panels, legend. */
#ifndef SD_PLOT_LAYOUT_H
#define SD_PLOT_LAYOUT_H

#include "plots/axis.h"
#include "plots/plot_data.h"

#define PLOT_WIDTH  960.0
#define PLOT_TITLE  20.0
#define PLOT_TEXT   14.0
#define PLOT_TICK   13.0
#define PLOT_LEGEND 15.0

struct plot_panel {
    double left, top, width, height;
};

struct plot_layout {
    const struct plot_data *data;
    struct sd_axis x, y;           /* of words, x counts places from 0; of bars, pixels */
    const char *y_name, *y_column; /* what is measured, and the column that tells its unit */
    bool x_words;                  /* x are words, at 0, 1, ... */
    bool uneven;    /* numbers stand as words, because to scale some would coincide */
    bool rotated;   /* the words of x do not fit side by side */
    bool whiskers;  /* show[0] has a spread: quartiles, or the interval of a rate */
    bool fell_back; /* log was asked for, but nothing is above 0 */
    bool nevers;    /* some statistic falls on runs that have no value */
    bool alone;     /* every panel shows one series: panels and series are of one column */
    double bar;     /* from one bar to the next, in pixels */
    bool upright;   /* numbers over the bars stand upright, because bars are narrow */
    double dodge;   /* from the points of one series to those of the next at one x, in pixels */
    struct plot_panel panel[PLOT_KEYS];
    size_t columns; /* of panels */
    double top;     /* of the canvas, in the drawing */
    double height;  /* of the canvas */
    double below;   /* room under a panel, for ticks and the axis' title */
};
void sd_plot_lay_out(struct plot_layout *, const struct plot_data *, double top);

/* Where a bar stands among those of its x that have runs: series without leave no gap. */
struct plot_bar {
    double x, width; /* middle; pixels from the panel's left */
};
struct plot_bar sd_plot_bar(const struct plot_layout *, size_t panel, size_t series, size_t x);
/* The point of a value on the axis of what is measured. */
double sd_plot_place(const struct plot_layout *, struct sd_value);
/* The number over a bar. */
#define PLOT_LABEL 12.0
void sd_plot_number(const struct plot_layout *, double value, char text[SD_AMOUNT]);

/* The spread of a sample around show[0]; false: there is none. */
bool sd_plot_spread(const struct plot_layout *, const struct sd_sample *, struct sd_value *low,
                    struct sd_value *high);
/* The gnuplot script that draws the panels, on a canvas PLOT_WIDTH x height. */
void sd_plot_script(const struct plot_layout *, FILE *);

#endif
