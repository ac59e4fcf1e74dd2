/* calls.h - the calls inside a packet: taken apart, and put together. */
#ifndef MT_CALLS_H
#define MT_CALLS_H

#include "protocols/minimalt/queue.h"
#include "protocols/minimalt/wire.h"
#include "sim/core/reader.h"

struct mt_said {
    uint32_t connection;
    enum mt_call call;
    struct sd_reader arguments; /* as long as the call demands */
};

/* The next call; false at the end, which is zeros or nothing.  Where the bytes are no call, or none
 * that may be on that connection, the reader becomes bad. */
bool mt_calls_next(struct sd_reader *, struct mt_said *);
/* All of them are well-formed. */
bool mt_calls_valid(struct sd_reader);

/* Appends a call to what waits to be sent.  False: no memory. */
bool mt_calls_put(struct mt_queue *, struct sd_env *, uint32_t connection, enum mt_call,
                  const void *arguments, size_t len);
/* The length of the first call of a queue that is not empty, and which it is. */
size_t mt_calls_first(const struct mt_queue *, enum mt_call *);

#endif
