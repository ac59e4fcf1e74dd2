#include "protocols/curvecp/incoming.h"
#include "sim/core/error.h"
#include <string.h>

static void forget(struct cp_incoming *in)
{
    struct cp_segment *s = in->first;
    in->first = s->next;
    in->segments--;
    sd_free(s);
}

void cp_incoming_fini(struct cp_incoming *in)
{
    while (in->first)
        forget(in);
}

/* The last position anything is known of. */
static uint64_t furthest(const struct cp_incoming *in)
{
    uint64_t end = in->next;
    for (const struct cp_segment *s = in->first; s; s = s->next)
        end = s->position + s->len;
    return end;
}

/* The end may be told many times, always the same, and never before bytes that are here. */
static bool contradicts(const struct cp_incoming *in, const struct cp_message *m)
{
    uint64_t end = m->position + m->len;
    if (!in->stop)
        return m->stop && end < furthest(in);
    return end > in->total || (m->stop && (end != in->total || m->stop != in->stop));
}

/* A sender never cuts the same bytes differently, so that what overlaps is either here already or
 * somebody's mistake, which is put right when its turn comes. */
static int store(struct cp_incoming *in, struct sd_env *env, const struct cp_message *m)
{
    struct cp_segment **at = &in->first;
    while (*at && (*at)->position + (*at)->len <= m->position)
        at = &(*at)->next;
    if (*at && (*at)->position < m->position + m->len)
        return (*at)->position <= m->position &&
                       (*at)->position + (*at)->len >= m->position + m->len
                   ? SD_OK
                   : SD_DROP_FULL;
    if (in->segments == CP_SEGMENTS)
        return SD_DROP_FULL;
    struct cp_segment *s = sd_alloc(env, sizeof *s + m->len);
    if (!s)
        return SD_DROP_FULL;
    s->position = m->position;
    s->len = m->len;
    memcpy(s->data, m->data, m->len);
    s->next = *at;
    *at = s;
    in->segments++;
    return SD_OK;
}

int cp_incoming_take(struct cp_incoming *in, struct sd_env *env, const struct cp_message *m,
                     const uint8_t **run, size_t *run_len)
{
    uint64_t end = m->position + m->len;
    *run = NULL;
    *run_len = 0;
    if (end > in->next + CP_STREAM_BUFFER)
        return SD_DROP_FULL;
    if (contradicts(in, m))
        return SD_DROP_MALFORMED;
    int result = m->len > 0 && m->position > in->next ? store(in, env, m) : SD_OK;
    if (result != SD_OK)
        return result;
    if (m->stop) {
        in->stop = m->stop;
        in->total = end;
    }
    if (m->position > in->next || end <= in->next)
        return SD_OK;
    *run = m->data + (in->next - m->position);
    *run_len = (size_t)(end - in->next);
    in->next = end;
    return SD_OK;
}

struct cp_segment *cp_incoming_next(struct cp_incoming *in)
{
    while (in->first && in->first->position + in->first->len <= in->next)
        forget(in);
    struct cp_segment *s = in->first;
    if (!s || s->position > in->next)
        return NULL;
    in->first = s->next;
    in->segments--;
    uint16_t known = (uint16_t)(in->next - s->position);
    s->len -= known;
    memmove(s->data, s->data + known, s->len);
    s->position = in->next;
    in->next += s->len;
    return s;
}

bool cp_incoming_ended(const struct cp_incoming *in)
{
    return in->stop && in->next == in->total;
}

size_t cp_incoming_ranges(const struct cp_incoming *in, struct cp_range range[CP_RANGES],
                          bool selective)
{
    size_t n = 1;
    range[0] = (struct cp_range){.to = in->next};
    for (const struct cp_segment *s = in->first; selective && s; s = s->next) {
        if (s->position == range[n - 1].to)
            range[n - 1].to += s->len;
        else if (n < CP_RANGES)
            range[n++] = (struct cp_range){s->position, s->position + s->len};
        else
            return n;
    }
    /* The stop counts as a byte after the last. */
    if (in->stop && range[n - 1].to == in->total)
        range[n - 1].to++;
    else if (in->stop && selective && n < CP_RANGES)
        range[n++] = (struct cp_range){in->total, in->total + 1};
    return n;
}
