/* cubic.h - how much may be under way: CUBIC (RFC 8312) in whole numbers, with slow start. */
#ifndef GQ_CUBIC_H
#define GQ_CUBIC_H

#include "protocols/gquic/wire.h"

#define GQ_MSS            1350u
#define GQ_WINDOW_INITIAL (32u * GQ_MSS) /* S: 32 packets */
#define GQ_WINDOW_MIN     (2u * GQ_MSS)
#define GQ_WINDOW_MAX     (2000u * GQ_MSS)

struct gq_cubic {
    uint64_t window, threshold; /* bytes */
    uint64_t most;              /* W_max: where the last loss was */
    sd_time epoch;              /* since when it has grown without loss; 0: not since the last */
    uint64_t origin, k_ms;      /* the plateau of this epoch, and when it is reached */
    uint64_t friendly;          /* what Reno would have by now */
    uint64_t recovered;         /* packets after this one were sent since the last loss */
};

void gq_cubic_init(struct gq_cubic *);
bool gq_cubic_slow_start(const struct gq_cubic *);
/* `bytes` arrived; full: the window was what kept more from being sent. */
void gq_cubic_acked(struct gq_cubic *, sd_time now, sd_time min_rtt, uint64_t bytes, bool full);
/* Packet `number` is lost, `last` was the last one sent: one reduction for all of a flight. */
void gq_cubic_lost(struct gq_cubic *, uint64_t number, uint64_t last);
void gq_cubic_timed_out(struct gq_cubic *);

#endif
