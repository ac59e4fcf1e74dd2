#include "protocols/gquic/incoming.h"
#include <string.h>

void gq_incoming_init(struct gq_incoming *in)
{
    *in = (struct gq_incoming){.final = UINT64_MAX};
}

void gq_incoming_fini(struct gq_incoming *in)
{
    while (in->first) {
        struct gq_segment *s = in->first;
        in->first = s->next;
        sd_free(s);
    }
    in->last = NULL;
}

/* Keeps [from, to) between `before` (NULL: at the front) and what follows it. */
static bool keep(struct gq_incoming *in, struct sd_env *env, const struct gq_frame *f,
                 struct gq_segment *before, uint64_t from, uint64_t to)
{
    struct gq_segment *s = sd_alloc(env, sizeof *s + (size_t)(to - from));
    if (!s)
        return false;
    s->offset = from;
    s->len = (size_t)(to - from);
    memcpy(s->data, f->data + (from - f->offset), s->len);
    struct gq_segment **link = before ? &before->next : &in->first;
    s->next = *link;
    *link = s;
    if (!s->next)
        in->last = s;
    return true;
}

/* The parts of the frame that no segment has yet. */
static int keep_gaps(struct gq_incoming *in, struct sd_env *env, const struct gq_frame *f)
{
    uint64_t from = f->offset, to = f->offset + f->len;
    bool any = false;
    struct gq_segment *before = NULL, *at = in->first;
    if (in->last && in->last->offset + in->last->len <= from) {
        before = in->last;
        at = NULL;
    }
    while (from < to) {
        for (; at && at->offset + at->len <= from; at = at->next)
            before = at;
        uint64_t end = at && at->offset < to ? at->offset : to;
        if (end > from) {
            if (!keep(in, env, f, before, from, end))
                return SD_E_NOMEM;
            any = true;
            before = before ? before->next : in->first;
        }
        from = at && at->offset < to ? at->offset + at->len : to;
    }
    return any ? SD_OK : SD_DROP_REPLAY;
}

int gq_incoming_take(struct gq_incoming *in, struct sd_env *env, const struct gq_frame *f,
                     size_t *skip, size_t *run)
{
    uint64_t end = f->offset + f->len;
    bool news = f->fin && in->final == UINT64_MAX;
    *skip = *run = 0;
    if ((in->final != UINT64_MAX && (end > in->final || (f->fin && end != in->final))) ||
        (f->fin && end < in->highest))
        return SD_DROP_MALFORMED;
    if (f->fin)
        in->final = end;
    if (end > in->highest)
        in->highest = end;
    if (end <= in->next)
        return news ? SD_OK : SD_DROP_REPLAY;
    if (f->offset > in->next) {
        int result = keep_gaps(in, env, f);
        return result == SD_DROP_REPLAY && news ? SD_OK : result;
    }
    *skip = (size_t)(in->next - f->offset);
    *run = f->len - *skip;
    in->next = end;
    return SD_OK;
}

struct gq_segment *gq_incoming_next(struct gq_incoming *in)
{
    while (in->first && in->first->offset <= in->next) {
        struct gq_segment *s = in->first;
        uint64_t end = s->offset + s->len;
        in->first = s->next;
        if (!in->first)
            in->last = NULL;
        if (end <= in->next) {
            sd_free(s);
            continue;
        }
        size_t old = (size_t)(in->next - s->offset);
        memmove(s->data, s->data + old, s->len - old);
        s->len -= old;
        s->offset = in->next;
        in->next = end;
        return s;
    }
    return NULL;
}

bool gq_incoming_over(const struct gq_incoming *in)
{
    return in->next == in->final;
}
