/* plot.h - the plots that the scenarios of DIR/manifest.json ask for, drawn by gnuplot. */
#ifndef SD_PLOT_H
#define SD_PLOT_H

#include "sim/core/error.h"
#include <stddef.h>

/* Draws every plot of dir from its manifest.json and runs.csv into dir/plots/NAME.svg.  *drawn
 * (may be NULL): how many.  SD_E_IO when gnuplot is missing or fails, or a file does. */
int sd_plots_draw(const char *dir, size_t *drawn, struct sd_error *);

#endif
