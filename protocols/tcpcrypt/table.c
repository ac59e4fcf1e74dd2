/* table.c - sessions by connection, and those whose connection TCP is still opening. */
#include "protocols/tcpcrypt/tcpcrypt.h"

#define BUCKETS_MIN 16u

static struct tc_session **bucket_of(const struct tcpcrypt *tc, uint32_t conn)
{
    return &tc->bucket[conn & (tc->buckets - 1)];
}

struct tc_session *tc_session_find(const struct tcpcrypt *tc, uint32_t conn)
{
    struct tc_session *s = tc->buckets ? *bucket_of(tc, conn) : NULL;
    while (s && s->path.conn != conn)
        s = s->next;
    return s;
}

static bool grow(struct tcpcrypt *tc)
{
    uint32_t before = tc->buckets;
    struct tc_session **old = tc->bucket;
    uint32_t buckets = before ? 2 * before : BUCKETS_MIN;
    struct tc_session **bucket = sd_alloc(tc->env, buckets * sizeof(struct tc_session *));
    if (!bucket)
        return before > 0; /* longer chains will do */
    tc->bucket = bucket;
    tc->buckets = buckets;
    for (uint32_t i = 0; i < before; i++)
        for (struct tc_session *s = old[i], *next; s; s = next) {
            struct tc_session **to = bucket_of(tc, s->path.conn);
            next = s->next;
            s->next = *to;
            *to = s;
        }
    sd_free(old);
    return true;
}

struct tc_session *tc_session_new(struct tcpcrypt *tc, const struct sd_path *path)
{
    if (tc->sessions == tc->buckets && !grow(tc))
        return NULL;
    struct tc_session *s = sd_alloc(tc->env, sizeof *s);
    if (!s)
        return NULL;
    s->path = *path;
    struct tc_session **to = bucket_of(tc, path->conn);
    s->next = *to;
    *to = s;
    tc->sessions++;
    return s;
}

void tc_session_free(struct tcpcrypt *tc, struct tc_session *s)
{
    struct tc_session **at = bucket_of(tc, s->path.conn);
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    tc->sessions--;
    if (s->state == TC_OPEN || s->state == TC_CLOSING)
        tc->stats.sessions--;
    tc_opening_end(tc, s);
    sd_free(s->in);
    sd_free(s);
}

void tc_sessions_fini(struct tcpcrypt *tc)
{
    for (uint32_t i = 0; i < tc->buckets; i++)
        while (tc->bucket[i])
            tc_session_free(tc, tc->bucket[i]);
    sd_free(tc->bucket);
}

/* -- openings -- */

struct tc_opening *tc_opening_new(struct tcpcrypt *tc, struct tc_session *s, bool active)
{
    struct tc_opening *o = sd_alloc(tc->env, sizeof *o);
    if (!o)
        return NULL;
    o->session = s;
    o->active = active;
    o->ends = tc->now + (active ? TC_ACTIVE_TIME : TC_PASSIVE_TIME);
    o->waits = true;
    o->previous = tc->last;
    *(tc->last ? &tc->last->next : &tc->first) = o;
    tc->last = o;
    tc->openings++;
    s->opening = o;
    if (++tc->stats.half_open > tc->stats.half_open_peak)
        tc->stats.half_open_peak = tc->stats.half_open;
    return o;
}

void tc_opening_arrived(struct tcpcrypt *tc, struct tc_opening *o)
{
    if (!o->waits)
        return;
    *(o->previous ? &o->previous->next : &tc->first) = o->next;
    *(o->next ? &o->next->previous : &tc->last) = o->previous;
    o->waits = false;
    tc->openings--;
}

void tc_opening_end(struct tcpcrypt *tc, struct tc_session *s)
{
    if (!s->opening)
        return;
    tc_opening_arrived(tc, s->opening);
    sd_free(s->opening); /* wipes */
    s->opening = NULL;
    tc->stats.half_open--;
}
