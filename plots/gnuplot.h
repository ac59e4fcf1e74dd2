/* gnuplot.h - runs gnuplot, and makes of its SVG a part of ours. */
#ifndef SD_GNUPLOT_H
#define SD_GNUPLOT_H

#include "sim/core/error.h"
#include <stddef.h>
#include <stdio.h>

/* Runs gnuplot on a script that ends with a plot on the svg terminal, and writes what it drew as
 * elements of a drawing of ours: no name nor version of gnuplot, no empty groups, no fonts, colours
 * as "#rrggbb", ids that begin with `id`.  SD_E_IO: gnuplot is not installed (names the package),
 * or failed (with its message). */
int sd_gnuplot(const char *script, size_t len, const char *id, FILE *to, struct sd_error *);

/* text as a script may hold it: in single quotes, without what gnuplot would take for commands. */
void sd_gnuplot_text(FILE *script, const char *text);

#endif
