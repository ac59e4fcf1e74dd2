/* timers.c - which connection is next to do something by itself: a binary heap by due time, and by
 * session where that is the same. */
#include "protocols/curvecp/cookie.h"

static bool sooner(const struct cp_connection *a, const struct cp_connection *b)
{
    return a->due != b->due ? a->due < b->due : a->sid < b->sid;
}

static void place(struct curvecp *cp, uint32_t at, struct cp_connection *c)
{
    cp->timers[at - 1] = c;
    c->heap_place = at;
}

/* Puts c at `at` or where it belongs above or below. */
static void sift(struct curvecp *cp, uint32_t at, struct cp_connection *c)
{
    for (; at > 1 && sooner(c, cp->timers[at / 2 - 1]); at /= 2)
        place(cp, at, cp->timers[at / 2 - 1]);
    for (uint32_t child; (child = 2 * at) <= cp->timer_count; at = child) {
        if (child < cp->timer_count && sooner(cp->timers[child], cp->timers[child - 1]))
            child++;
        if (!sooner(cp->timers[child - 1], c))
            break;
        place(cp, at, cp->timers[child - 1]);
    }
    place(cp, at, c);
}

static bool grow(struct curvecp *cp)
{
    uint32_t cap = cp->timer_cap ? 2 * cp->timer_cap : 8;
    struct cp_connection **more = sd_realloc(cp->env, cp->timers, cap * sizeof *more);
    if (!more)
        return false;
    cp->timers = more;
    cp->timer_cap = cap;
    return true;
}

void cp_timers_set(struct curvecp *cp, struct cp_connection *c, sd_time due)
{
    uint32_t at = c->heap_place;
    c->due = due;
    if (due != SD_NEVER) {
        /* Without memory the connection sleeps until a packet wakes it. */
        if (at || cp->timer_count < cp->timer_cap || grow(cp))
            sift(cp, at ? at : ++cp->timer_count, c);
    } else if (at) {
        struct cp_connection *last = cp->timers[--cp->timer_count];
        c->heap_place = 0;
        if (last != c)
            sift(cp, at, last);
    }
}

void cp_timers_expire(struct curvecp *cp)
{
    cp_cookie_expire(cp);
    while (cp->timer_count && cp->timers[0]->due <= cp->now)
        cp_session_expire(cp, cp->timers[0]);
}

sd_time cp_timers_deadline(const struct curvecp *cp)
{
    sd_time connection = cp->timer_count ? cp->timers[0]->due : SD_NEVER;
    sd_time cookie = cp_cookie_deadline(cp);
    return connection < cookie ? connection : cookie;
}
