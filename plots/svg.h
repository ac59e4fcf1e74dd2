/* svg.h - the little SVG that ladders, plots and the report share. */
#ifndef SD_SVG_H
#define SD_SVG_H

#include <stddef.h>
#include <stdio.h>

/* text with <, >, &, " and ' escaped, and characters that XML forbids as U+FFFD. */
void sd_xml(FILE *, const char *text);
void sd_xml_part(FILE *, const char *text, size_t len);

/* About how wide a UTF-8 text is at a font size, rather too wide than too narrow; font-independent,
 * so that a drawing is the same on every machine. */
double sd_text_width(const char *text, size_t len, double size);

/* Opens a drawing of width x height on its paper, with title and description for those who cannot
 * see it, and the style sheet for the dark; sd_svg_end() closes it. */
void sd_svg_begin(FILE *, double width, double height, const char *title, const char *description);
void sd_svg_end(FILE *);

/* A line of text; anchor is "start", "middle" or "end"; more: further attributes, after a blank. */
void sd_svg_text(FILE *, double x, double y, double size, const char *anchor, const char *more,
                 const char *text);

#endif
