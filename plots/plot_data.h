/* plot_data.h - one plot of the manifest, and the runs that it shows: panels of series of points.
 */
#ifndef SD_PLOT_DATA_H
#define SD_PLOT_DATA_H

#include "plots/stored.h"
#include "plots/style.h"
#include "results/statistics.h"

enum plot_kind { PLOT_LINES, PLOT_BARS, PLOT_CDF };

#define PLOT_SHOWN 4
#define PLOT_FILE  280
struct plot_spec {
    const char *name, *title, *x, *y, *by, *panel; /* columns; "": none */
    enum plot_kind kind;
    bool log;
    enum sd_stat show[PLOT_SHOWN];
    size_t shown;
    const json_t *scenario, *when;
    char file[PLOT_FILE]; /* stem of its file; "" until sd_plot_file() */
};
/* SD_E_IO "manifest.json: expected, found" when it is not as the language writes it. */
int sd_plot_spec(struct plot_spec *, const json_t *scenario, const json_t *plot, struct sd_error *);

/* The stem of a plot's file: its name, or SCENARIO-NAME when an earlier scenario has a plot of that
 * name. */
void sd_plot_file(const json_t *scenarios, const json_t *scenario, const char *name,
                  char file[PLOT_FILE]);

#define PLOT_KEYS 64
/* Values of one column, in the order of the sweep; one empty key where there is no column. */
struct plot_keys {
    const char *cell[PLOT_KEYS];
    size_t count;
};
struct plot_data {
    const struct plot_spec *spec;
    struct plot_keys panel, series, x;
    bool numeric;                       /* every x is a number: x is in ascending order */
    struct sd_sample *sample;           /* [panel][series][x] */
    size_t runs, least_runs, most_runs; /* in all; of a point */
    char pooled[256]; /* names of other columns over which points are taken together */
};
/* SD_E_NOMEM; SD_E_IO when runs.csv lacks a column; SD_E_UNSUPPORTED for more values than fit. */
int sd_plot_data(struct plot_data *, const struct sd_stored *, const struct plot_spec *,
                 struct sd_error *);
void sd_plot_data_free(struct plot_data *);

struct sd_sample *sd_plot_sample(const struct plot_data *, size_t panel, size_t series, size_t x);
/* How a series looks: its protocol's style, or one by its number. */
const struct sd_style *sd_plot_style(const struct plot_data *, size_t series);
/* Runs of a series by how they ended; values: how many were measured. */
struct plot_count {
    size_t runs, values, failed, unfinished;
};
struct plot_count sd_plot_count(const struct plot_data *, size_t series);

#endif
