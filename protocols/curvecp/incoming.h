/* incoming.h - the stream that this side receives: what came out of order waits until the gap
 * before it is filled. */
#ifndef CP_INCOMING_H
#define CP_INCOMING_H

#include "protocols/curvecp/message.h"
#include "sim/core/env.h"

struct cp_segment { /* a block that came too early */
    struct cp_segment *next;
    uint64_t position;
    uint16_t len;
    uint8_t data[];
};

struct cp_incoming {
    uint64_t next;            /* position of the first byte that is missing */
    uint16_t stop;            /* 0: the end is not known yet */
    uint64_t total;           /* its position, once it is */
    struct cp_segment *first; /* by position; they neither overlap nor begin at next or before */
    uint32_t segments;
};

void cp_incoming_fini(struct cp_incoming *);

/* Takes a message's data and stop.
 * SD_OK: taken, or known already: acknowledge it.  *run and *run_len are the part of the data that
 * the application gets now (perhaps none), and cp_incoming_next() has what follows on it.
 * SD_DROP_FULL: too far ahead, or no room: as if it had never come.
 * SD_DROP_MALFORMED: it contradicts the end that is known. */
int cp_incoming_take(struct cp_incoming *, struct sd_env *, const struct cp_message *,
                     const uint8_t **run, size_t *run_len);
/* The next segment without a gap before it, which is the caller's to sd_free(); NULL: none. */
struct cp_segment *cp_incoming_next(struct cp_incoming *);

/* All bytes are here, and the stop. */
bool cp_incoming_ended(const struct cp_incoming *);
/* What is to be acknowledged: how many ranges; selective false: the first alone. */
size_t cp_incoming_ranges(const struct cp_incoming *, struct cp_range[CP_RANGES], bool selective);

#endif
