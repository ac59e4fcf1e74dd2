/* frame.h - the frames of a packet, read one by one and written. */
#ifndef GQ_FRAME_H
#define GQ_FRAME_H

#include "protocols/gquic/wire.h"
#include "sim/core/reader.h"

/* Half open: from is in, to is out.  Packet numbers, or bytes of a stream. */
struct gq_range {
    uint64_t from, to;
};

struct gq_frame {
    enum gq_frame_kind kind;
    uint32_t stream; /* of STREAM, RST_STREAM, WINDOW_UPDATE, BLOCKED, GOAWAY (the last good) */
    uint64_t offset; /* of STREAM; final of RST_STREAM; new limit of WINDOW_UPDATE */
    bool fin;
    uint32_t error;
    const uint8_t *data; /* of STREAM; reason of CONNECTION_CLOSE and GOAWAY */
    size_t len;
    uint64_t least_unacked;                       /* of STOP_WAITING */
    uint64_t delay_us;                            /* of ACK */
    struct gq_range acked[GQ_ACK_BLOCKS_MAX + 1]; /* of ACK, descending, none empty or touching */
    size_t ranges;
};

/* What the frames of a packet depend on. */
struct gq_frame_context {
    uint32_t version;
    uint64_t number; /* of the packet */
    size_t number_len;
};

/* False: no frame any more, or *r is bad because the next one is malformed. */
bool gq_frame_next(struct gq_frame *, struct sd_reader *r, const struct gq_frame_context *);

/* Writers; each sets w->bad when there is no room. */

/* A STREAM frame with its length. */
void gq_put_stream(struct sd_writer *, uint32_t stream, uint64_t offset, const uint8_t *data,
                   size_t len, bool fin);
/* How long the frame's head is. */
size_t gq_stream_head(uint32_t stream, uint64_t offset);
/* As many of the ranges, descending, as there is room for in `cap` bytes. */
void gq_put_ack(struct sd_writer *, const struct gq_range *ranges, size_t count, uint64_t delay_us,
                size_t cap);
void gq_put_stop_waiting(struct sd_writer *, const struct gq_frame_context *, uint64_t least);
void gq_put_rst_stream(struct sd_writer *, uint32_t stream, uint64_t final, uint32_t error);
void gq_put_window_update(struct sd_writer *, uint32_t stream, uint64_t limit);
void gq_put_blocked(struct sd_writer *, uint32_t stream);
void gq_put_goaway(struct sd_writer *, uint32_t error, uint32_t last, const char *reason);
void gq_put_connection_close(struct sd_writer *, uint32_t error, const char *reason);

/* W: 11 bits of mantissa with a hidden one, 5 of exponent. */
uint16_t gq_ufloat16(uint64_t value);
uint64_t gq_ufloat16_value(uint16_t);

#endif
