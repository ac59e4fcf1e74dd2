#include "protocols/minimalt/queue.h"
#include <string.h>

#define FIRST_BYTES 128u

static bool make_room(struct mt_queue *q, struct sd_env *env, size_t len)
{
    if (q->start + q->len + len <= q->cap)
        return true;
    if (2 * (q->len + len) <= q->cap) {
        memmove(q->bytes, q->bytes + q->start, q->len);
        q->start = 0;
        return true;
    }
    uint32_t cap = q->cap ? q->cap : FIRST_BYTES;
    while (cap < 2 * (q->len + len))
        cap *= 2;
    uint8_t *wider = sd_alloc(env, cap);
    if (!wider)
        return false;
    if (q->len > 0)
        memcpy(wider, q->bytes + q->start, q->len);
    sd_free(q->bytes);
    q->bytes = wider;
    q->cap = cap;
    q->start = 0;
    return true;
}

bool mt_queue_put(struct mt_queue *q, struct sd_env *env, const void *data, size_t len)
{
    if (len == 0)
        return true;
    if (!make_room(q, env, len))
        return false;
    memcpy(q->bytes + q->start + q->len, data, len);
    q->len += (uint32_t)len;
    return true;
}

const uint8_t *mt_queue_first(const struct mt_queue *q)
{
    return q->bytes + q->start;
}

void mt_queue_drop(struct mt_queue *q, size_t len)
{
    q->start += (uint32_t)len;
    q->len -= (uint32_t)len;
    if (q->len == 0)
        mt_queue_fini(q);
}

void mt_queue_fini(struct mt_queue *q)
{
    sd_free(q->bytes);
    *q = (struct mt_queue){0};
}
