/* incoming.h - the bytes of a stream that come in: put in order, each given out once. */
#ifndef GQ_INCOMING_H
#define GQ_INCOMING_H

#include "protocols/gquic/frame.h"
#include "sim/core/env.h"
#include "sim/core/error.h"

struct gq_segment { /* came too early; they ascend and do not touch one another's bytes */
    struct gq_segment *next;
    uint64_t offset;
    size_t len;
    uint8_t data[];
};
struct gq_incoming {
    uint64_t next;    /* everything below was given out */
    uint64_t highest; /* one more than the highest byte seen */
    uint64_t final;   /* where the stream ends; UINT64_MAX: not known yet */
    bool fin_told;
    struct gq_segment *first, *last;
};

void gq_incoming_init(struct gq_incoming *);
/* Takes a frame's bytes.  Those that are next are data[*skip ..]: *run of them, which are given out
 * by now.  SD_OK; SD_DROP_REPLAY: nothing new; SD_DROP_MALFORMED: it contradicts the end;
 * SD_E_NOMEM. */
int gq_incoming_take(struct gq_incoming *, struct sd_env *, const struct gq_frame *, size_t *skip,
                     size_t *run);
/* The next segment in order, cut to what is new and given out by now; the caller frees it.  NULL:
 * none. */
struct gq_segment *gq_incoming_next(struct gq_incoming *);
bool gq_incoming_over(const struct gq_incoming *); /* all of it was given out */
void gq_incoming_fini(struct gq_incoming *);

#endif
