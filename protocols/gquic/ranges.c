#include "protocols/gquic/ranges.h"
#include <string.h>

#define FIRST_CAP 4u

void gq_ranges_fini(struct gq_ranges *s)
{
    sd_free(s->range);
    *s = (struct gq_ranges){0};
}

/* The index of the first range that ends at n or behind it. */
static uint32_t find(const struct gq_ranges *s, uint64_t n)
{
    uint32_t low = 0, high = s->count;
    /* Most questions are about the end. */
    if (high > 0 && s->range[high - 1].to < n)
        return high;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->range[middle].to < n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool insert(struct gq_ranges *s, struct sd_env *env, uint32_t at, struct gq_range r)
{
    if (s->count == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : FIRST_CAP;
        struct gq_range *more = sd_realloc(env, s->range, cap * sizeof *more);
        if (!more)
            return false;
        s->range = more;
        s->cap = cap;
    }
    memmove(&s->range[at + 1], &s->range[at], (s->count - at) * sizeof r);
    s->range[at] = r;
    s->count++;
    return true;
}

static void drop(struct gq_ranges *s, uint32_t at, uint32_t n)
{
    if (n == 0)
        return;
    memmove(&s->range[at], &s->range[at + n], (s->count - at - n) * sizeof *s->range);
    s->count -= n;
}

bool gq_ranges_add(struct gq_ranges *s, struct sd_env *env, uint64_t from, uint64_t to)
{
    if (from >= to)
        return true;
    uint32_t at = find(s, from), end = at;
    if (at == s->count || s->range[at].from > to)
        return insert(s, env, at, (struct gq_range){from, to});
    /* One range takes the place of all that the new one touches. */
    while (end + 1 < s->count && s->range[end + 1].from <= to)
        end++;
    if (s->range[at].from < from)
        from = s->range[at].from;
    if (s->range[end].to > to)
        to = s->range[end].to;
    s->range[at] = (struct gq_range){from, to};
    drop(s, at + 1, end - at);
    return true;
}

bool gq_ranges_remove(struct gq_ranges *s, struct sd_env *env, uint64_t from, uint64_t to)
{
    if (from >= to)
        return true;
    uint32_t at = find(s, from + 1);
    if (at < s->count && s->range[at].from < from && s->range[at].to > to) {
        struct gq_range behind = {to, s->range[at].to};
        if (!insert(s, env, at + 1, behind))
            return false;
        s->range[at].to = from;
        return true;
    }
    if (at < s->count && s->range[at].from < from)
        s->range[at++].to = from;
    uint32_t end = at;
    while (end < s->count && s->range[end].to <= to)
        end++;
    if (end < s->count && s->range[end].from < to)
        s->range[end].from = to;
    drop(s, at, end - at);
    return true;
}

void gq_ranges_remove_below(struct gq_ranges *s, uint64_t limit)
{
    uint32_t n = 0;
    while (n < s->count && s->range[n].to <= limit)
        n++;
    drop(s, 0, n);
    if (s->count > 0 && s->range[0].from < limit)
        s->range[0].from = limit;
}

const struct gq_range *gq_ranges_after(const struct gq_ranges *s, uint64_t n)
{
    uint32_t at = find(s, n + 1);
    return at < s->count ? &s->range[at] : NULL;
}

bool gq_ranges_has(const struct gq_ranges *s, uint64_t n)
{
    const struct gq_range *r = gq_ranges_after(s, n);
    return r && r->from <= n;
}
