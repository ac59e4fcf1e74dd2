/* chicago.h - Chicago, CurveCP's congestion control: when the next block may be sent, and when one
 * is sent again.  The curvecp.org page "decongestion" gives the idea, the reference's
 * curvecpmessage the arithmetic, which this is. */
#ifndef CP_CHICAGO_H
#define CP_CHICAGO_H

#include "sim/core/env.h"

struct cp_chicago {
    sd_time interval; /* between two blocks: the inverse of the rate */
    sd_time timeout;  /* a block without acknowledgment is sent again after this */

    /* When things happened last; SD_NEVER: not yet. */
    sd_time sent_at;
    sd_time adjusted_at; /* the rate was looked at */
    sd_time doubled_at;  /* the rate was doubled */
    sd_time edge_at;     /* the top of a congestion cycle, or a loss */
    sd_time panicked_at; /* a loss halved the rate */

    /* Round-trip times in ns, as slow averages. */
    int64_t average, deviation;
    int64_t high, low; /* top and bottom of the congestion cycle */
    /* Was the average above `high` or below `low` since the last adjustment, and before that? */
    bool seen_high, seen_low, older_high, older_low;
    bool falling; /* past the top of the cycle, before its bottom */
};

void cp_chicago_init(struct cp_chicago *, sd_time now);

/* When the next block may go; 0: at any time. */
sd_time cp_chicago_next(const struct cp_chicago *);
void cp_chicago_sent(struct cp_chicago *, sd_time now);
/* A message was acknowledged rtt after it was sent.  Draws from env. */
void cp_chicago_acknowledged(struct cp_chicago *, struct sd_env *, sd_time now, sd_time rtt);
/* A block timed out and is about to be sent again. */
void cp_chicago_lost(struct cp_chicago *, sd_time now);

#endif
