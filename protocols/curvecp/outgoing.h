/* outgoing.h - the stream that this side sends: bytes and their end, cut into blocks that are kept
 * until they are acknowledged. */
#ifndef CP_OUTGOING_H
#define CP_OUTGOING_H

#include "protocols/curvecp/message.h"
#include "sim/core/env.h"

/* A stretch of the stream as it was first sent: its boundaries never change.  An empty block
 * without a stop asks for no more than an answer; only its message's ID acknowledges it. */
struct cp_block {
    uint64_t position;
    sd_time sent_at; /* the last time */
    uint32_t id;     /* of the message that carried it last */
    uint32_t transmissions;
    uint16_t len;
    uint16_t stop; /* 0, or the stream ends after it */
    bool acked;
};

struct cp_outgoing {
    uint64_t start; /* position of the first byte held: all before are acknowledged */
    uint32_t len;   /* bytes held */
    uint32_t cut;   /* of these, bytes in blocks */
    uint16_t stop;  /* 0, or the stream ends after the bytes held */
    bool stop_cut, stop_acked;
    bool refused; /* the application offered more than there was room for */

    uint8_t *bytes; /* ring; position p is at p % cap */
    uint32_t cap;   /* a power of two */

    struct cp_block *block; /* ring: block n is at (first + n) % block_cap */
    uint32_t block_first, blocks, block_cap;
    uint32_t last_id;
};

void cp_outgoing_fini(struct cp_outgoing *);

/* Bytes taken: less than len, and `refused` is noted, when the buffer is full; -1: no memory. */
long cp_outgoing_write(struct cp_outgoing *, struct sd_env *, const uint8_t *data, size_t len);
/* The stream ends here; nothing may be written any more. */
void cp_outgoing_stop(struct cp_outgoing *, uint16_t stop);

/* Bytes, or the stop, are not in a block yet and a block may be made. */
bool cp_outgoing_has_new(const struct cp_outgoing *);
/* The next block of at most `most` bytes; empty where there is nothing.  NULL: no memory, or too
 * many blocks. */
struct cp_block *cp_outgoing_cut(struct cp_outgoing *, struct sd_env *, uint32_t most);
/* Of the blocks not acknowledged, the one sent longest ago; NULL: there is none. */
struct cp_block *cp_outgoing_oldest(const struct cp_outgoing *);
/* Gives the block an ID of its own, never 0, for the message that carries it now. */
void cp_outgoing_sent(struct cp_outgoing *, struct cp_block *, sd_time now);
void cp_outgoing_copy(const struct cp_outgoing *, const struct cp_block *, uint8_t *to);

/* The block that a message with that ID carried, unless that is over; NULL: none. */
struct cp_block *cp_outgoing_find(const struct cp_outgoing *, uint32_t id);
/* Lets go of what those ranges and that ID (0: none) acknowledge.  True: the application, once
 * refused, has room again. */
bool cp_outgoing_acknowledge(struct cp_outgoing *, uint32_t id, const struct cp_range *, size_t);

#endif
