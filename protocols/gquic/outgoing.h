/* outgoing.h - the bytes of a stream that go out: kept until they are acknowledged, sent again
 * where a packet was lost. */
#ifndef GQ_OUTGOING_H
#define GQ_OUTGOING_H

#include "protocols/gquic/ranges.h"

#define GQ_SEND_BUFFER (512u * 1024)

struct gq_outgoing {
    uint8_t *bytes; /* a ring; byte n of the stream is at n modulo cap */
    size_t cap;
    uint64_t start, end;    /* kept, and written so far */
    uint64_t sent;          /* the first byte that was never sent */
    struct gq_ranges todo;  /* to be sent, the new ones included */
    struct gq_ranges acked; /* behind start */
    bool fin, fin_todo, fin_acked;
    bool refused; /* a write took less than it was given */
};

/* A piece of a stream on its way. */
struct gq_slice {
    uint64_t offset;
    uint16_t len;
    bool fin;
};

/* Bytes taken; -1: no memory. */
long gq_outgoing_write(struct gq_outgoing *, struct sd_env *, const uint8_t *data, size_t len);
void gq_outgoing_finish(struct gq_outgoing *);
/* The next slice of at most `most` bytes, of which those sent for the first time do not pass
 * `limit`. False: there is none. */
bool gq_outgoing_next(const struct gq_outgoing *, size_t most, uint64_t limit, struct gq_slice *);
/* Are there new bytes that only `limit` holds back? */
bool gq_outgoing_blocked(const struct gq_outgoing *, uint64_t limit);
/* The slice's bytes into `to`. */
void gq_outgoing_copy(const struct gq_outgoing *, const struct gq_slice *, uint8_t *to);
/* The slice is on its way; is lost; has arrived (true: there is room again for a writer that was
 * refused).  False of sent and lost: no memory, the bytes go when they are asked for again. */
bool gq_outgoing_sent(struct gq_outgoing *, struct sd_env *, const struct gq_slice *);
bool gq_outgoing_lost(struct gq_outgoing *, struct sd_env *, const struct gq_slice *);
bool gq_outgoing_arrived(struct gq_outgoing *, struct sd_env *, const struct gq_slice *);
/* Everything sent, the end included, and acknowledged. */
bool gq_outgoing_over(const struct gq_outgoing *);
void gq_outgoing_fini(struct gq_outgoing *);

#endif
