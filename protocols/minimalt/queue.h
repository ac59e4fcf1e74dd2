/* queue.h - bytes that wait to be sent, first in, first out. */
#ifndef MT_QUEUE_H
#define MT_QUEUE_H

#include "sim/core/env.h"

struct mt_queue { /* zeroed: empty */
    uint8_t *bytes;
    uint32_t start, len, cap;
};

/* False: no memory, nothing was put. */
bool mt_queue_put(struct mt_queue *, struct sd_env *, const void *data, size_t len);
const uint8_t *mt_queue_first(const struct mt_queue *);
void mt_queue_drop(struct mt_queue *, size_t len); /* an empty queue holds no memory */
void mt_queue_fini(struct mt_queue *);

#endif
