/* message.h - what is inside a box of Initiate and Message packets (page "messages"). */
#ifndef CP_MESSAGE_H
#define CP_MESSAGE_H

#include "protocols/curvecp/wire.h"

struct cp_range {
    uint64_t from, to; /* stream positions; `to` is not among them */
};

struct cp_message {
    uint32_t id;                      /* 0: a mere acknowledgment */
    uint32_t acked_id;                /* 0: none */
    struct cp_range acked[CP_RANGES]; /* the first begins at 0; in order; empty ones at the end */
    uint16_t stop;                    /* 0, CP_STOP_SUCCESS or CP_STOP_FAILURE */
    uint64_t position;
    const uint8_t *data;
    uint16_t len;
};

/* False: nobody who follows the specification sends this, and nothing of it may be used.  data
 * points into bytes. */
bool cp_message_parse(struct cp_message *, const uint8_t *bytes, size_t len);

/* Writes it padded to `len` bytes (a multiple of 16, room for header and data).  Ranges that the
 * format cannot hold are left out with all that follow. */
void cp_message_write(const struct cp_message *, uint8_t *bytes, size_t len);

#endif
