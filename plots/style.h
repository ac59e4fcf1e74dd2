/* style.h - how everything drawn looks: a colour, a point shape and a dash for each protocol, the
 * same in every plot, and the few colours that are not a protocol's.
 *
 * A drawing is written in the light colours; one style sheet inside it turns each of them into its
 * dark counterpart where the reader prefers that. */
#ifndef SD_STYLE_H
#define SD_STYLE_H

#include <stddef.h>
#include <stdio.h>

struct sd_style {
    const char *protocol;     /* "tls13" */
    const char *title;        /* "TLS 1.3" */
    const char *light, *dark; /* "#rrggbb" on white, on near black */
    int shape;                /* gnuplot's point type */
    const char *dash;         /* gnuplot's dash pattern, for curves without points */
};
extern const struct sd_style sd_styles[]; /* protocol NULL ends it */

/* The row of a protocol; NULL when it is none. */
const struct sd_style *sd_style_find(const char *protocol);
/* A look for the n-th series that is not a protocol (a mode, a rate): never NULL, repeats. */
const struct sd_style *sd_style_nth(size_t n);

/* Colours that are no protocol's, as they stand in a drawing. */
#define SD_PAPER      "#ffffff"
#define SD_PAPER_DARK "#16191d" /* what the style sheet makes of it */
#define SD_INK        "#1c2126"
#define SD_MUTED      "#5a646e"
#define SD_FAINT      "#d4d9df"
#define SD_WASH       "#f1f3f6"
#define SD_ENCRYPTED  "#6d3fb5"
#define SD_GOOD       "#00735c"
#define SD_BAD        "#b3201a"
#define SD_OTHER      "#8a5a00"

#define SD_FONT "Arial, 'Liberation Sans', Helvetica, sans-serif"

/* The text of the <style> element: rules for the dark. */
void sd_style_sheet(FILE *);

#endif
