/* ladder.h - a trace as a ladder diagram: a lifeline for each machine, an arrow for each packet. */
#ifndef SD_LADDER_H
#define SD_LADDER_H

#include "plots/trace.h"
#include <stdio.h>

#define SD_LADDER_PACKETS 60 /* drawn unless the view says another number */

struct sd_ladder_view {
    sd_time from, to; /* packets that left and events that happened in [from, to]; to 0: all */
    size_t packets;   /* how many to draw before "N packets more"; 0: SD_LADDER_PACKETS */
    bool every;       /* also the fourth and later packets of a kind in a row */
    int columns;      /* text: width in characters, clamped to 80..120; 0: 100 */
};
int sd_ladder_svg(const struct sd_trace *, const struct sd_ladder_view *, FILE *,
                  struct sd_error *);
int sd_ladder_text(const struct sd_trace *, const struct sd_ladder_view *, FILE *,
                   struct sd_error *);

/* The ladders that the scenarios of dir ask for, in their windows, of those runs that were traced:
 * for each, the first run of each protocol that its `when` admits becomes dir/ladders/RUN.svg and
 * RUN.txt.  *drawn (may be NULL): how many. */
int sd_ladders_draw(const char *dir, size_t *drawn, struct sd_error *);

#endif
