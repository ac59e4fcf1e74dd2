#include "sim/core/agenda.h"

static bool sooner(const struct sd_due *a, const struct sd_due *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void place(struct sd_agenda *a, uint32_t at, struct sd_due *due)
{
    a->heap[at - 1] = due;
    due->place = at;
}

/* Puts it at `at` or where it belongs above or below. */
static void sift(struct sd_agenda *a, uint32_t at, struct sd_due *due)
{
    for (; at > 1 && sooner(due, a->heap[at / 2 - 1]); at /= 2)
        place(a, at, a->heap[at / 2 - 1]);
    for (uint32_t child; (child = 2 * at) <= a->count; at = child) {
        if (child < a->count && sooner(a->heap[child], a->heap[child - 1]))
            child++;
        if (!sooner(a->heap[child - 1], due))
            break;
        place(a, at, a->heap[child - 1]);
    }
    place(a, at, due);
}

static bool grow(struct sd_agenda *a, struct sd_env *env)
{
    uint32_t cap = a->cap ? 2 * a->cap : 8;
    struct sd_due **more = sd_realloc(env, a->heap, cap * sizeof *more);
    if (!more)
        return false;
    a->heap = more;
    a->cap = cap;
    return true;
}

void sd_agenda_set(struct sd_agenda *a, struct sd_env *env, struct sd_due *due, sd_time when)
{
    uint32_t at = due->place;
    due->at = when;
    if (when != SD_NEVER) {
        if (at || a->count < a->cap || grow(a, env))
            sift(a, at ? at : ++a->count, due);
    } else if (at) {
        struct sd_due *last = a->heap[--a->count];
        due->place = 0;
        if (last != due)
            sift(a, at, last);
    }
}

struct sd_due *sd_agenda_due(const struct sd_agenda *a, sd_time now)
{
    return a->count && a->heap[0]->at <= now ? a->heap[0] : NULL;
}

sd_time sd_agenda_deadline(const struct sd_agenda *a)
{
    return a->count ? a->heap[0]->at : SD_NEVER;
}

void sd_agenda_fini(struct sd_agenda *a)
{
    sd_free(a->heap);
    *a = (struct sd_agenda){0};
}
