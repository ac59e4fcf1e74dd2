/* sessions.c - an agent's sessions: found by id, by TCP connection or by the peer's address, at a
 * cost that does not grow with their number; and a heap of their deadlines. */
#include "protocols/libssl/libssl.h"

#include <string.h>

#define BUCKETS_FIRST 8u /* a power of two: an agent with one session stays small */

static uint32_t mix(uint32_t v)
{
    v *= 0x9e3779b1u;
    return v ^ v >> 15;
}

static uint32_t key_of(const struct sd_ssl_agent *a, const struct sd_path *path)
{
    if (!a->kind->datagram)
        return mix(path->conn);
    struct sd_addr r = path->remote;
    uint64_t h = sd_hash(r.port, r.ip, r.family == 6 ? 16 : 4);
    return (uint32_t)(h ^ h >> 32);
}

static void link_in(struct sd_ssl_agent *a, struct sd_ssl_session *s)
{
    struct sd_ssl_session **id = &a->by_sid[mix(s->sid) & (a->buckets - 1)];
    struct sd_ssl_session **key = &a->by_key[key_of(a, &s->path) & (a->buckets - 1)];
    s->next_sid = *id;
    *id = s;
    s->next_key = *key;
    *key = s;
}

static bool grow(struct sd_ssl_agent *a)
{
    uint32_t old = a->buckets, buckets = old ? old * 4 : BUCKETS_FIRST;
    struct sd_ssl_session **was_sid = a->by_sid, **was_key = a->by_key;
    struct sd_ssl_session **by_sid = sd_alloc(a->env, buckets * sizeof *by_sid);
    struct sd_ssl_session **by_key = sd_alloc(a->env, buckets * sizeof *by_key);
    if (!by_sid || !by_key) {
        sd_free(by_sid);
        sd_free(by_key);
        return false;
    }
    a->by_sid = by_sid;
    a->by_key = by_key;
    a->buckets = buckets;
    for (uint32_t i = 0; i < old; i++)
        for (struct sd_ssl_session *s = was_sid[i], *next; s; s = next) {
            next = s->next_sid;
            link_in(a, s);
        }
    sd_free(was_sid);
    sd_free(was_key);
    return true;
}

bool sd_ssl_sessions_init(struct sd_ssl_agent *a)
{
    return grow(a);
}

void sd_ssl_sessions_fini(struct sd_ssl_agent *a)
{
    for (uint32_t i = 0; i < a->buckets; i++)
        while (a->by_sid[i])
            sd_ssl_session_free(a->by_sid[i]);
    sd_free(a->by_sid);
    sd_free(a->by_key);
    sd_free(a->timer);
}

static bool counts_as_half_open(enum sd_ssl_phase phase)
{
    return phase == SD_SSL_WAITING || phase == SD_SSL_HANDSHAKE;
}

void sd_ssl_phase(struct sd_ssl_session *s, enum sd_ssl_phase phase)
{
    struct sd_stats *stats = &s->agent->stats;
    if (counts_as_half_open(s->phase) && !counts_as_half_open(phase)) {
        stats->half_open--;
        stats->sessions++;
    }
    s->phase = phase;
}

struct sd_ssl_session *sd_ssl_session_new(struct sd_ssl_agent *a, const struct sd_path *path,
                                          bool client)
{
    if (a->session_count >= a->buckets && !grow(a))
        return NULL;
    struct sd_ssl_session *s = sd_alloc(a->env, sizeof *s);
    if (!s)
        return NULL;
    s->agent = a;
    s->sid = ++a->last_sid;
    s->client = client;
    s->path = *path;
    s->phase = SD_SSL_WAITING;
    s->alert_in = s->alert_out = 0xff;
    s->deadline = SD_NEVER;
    link_in(a, s);
    a->session_count++;
    if (++a->stats.half_open > a->stats.half_open_peak)
        a->stats.half_open_peak = a->stats.half_open;
    return s;
}

void sd_ssl_session_free(struct sd_ssl_session *s)
{
    struct sd_ssl_agent *a = s->agent;
    struct sd_ssl_session **p = &a->by_sid[mix(s->sid) & (a->buckets - 1)];
    while (*p != s)
        p = &(*p)->next_sid;
    *p = s->next_sid;
    p = &a->by_key[key_of(a, &s->path) & (a->buckets - 1)];
    while (*p != s)
        p = &(*p)->next_key;
    *p = s->next_key;
    a->session_count--;
    --*(counts_as_half_open(s->phase) ? &a->stats.half_open : &a->stats.sessions);
    sd_ssl_timer(s, SD_NEVER);
    SSL_free(s->ssl);
    sd_free(s->hello);
    sd_free(s);
}

struct sd_ssl_session *sd_ssl_session_by_sid(const struct sd_ssl_agent *a, sd_sid sid)
{
    struct sd_ssl_session *s = a->by_sid[mix(sid) & (a->buckets - 1)];
    while (s && s->sid != sid)
        s = s->next_sid;
    return s;
}

struct sd_ssl_session *sd_ssl_session_by_path(const struct sd_ssl_agent *a,
                                              const struct sd_path *path)
{
    struct sd_ssl_session *s = a->by_key[key_of(a, path) & (a->buckets - 1)];
    while (s && (a->kind->datagram ? !sd_addr_equal(&s->path.remote, &path->remote)
                                   : s->path.conn != path->conn))
        s = s->next_key;
    return s;
}

/* -- deadlines: a binary heap, earliest first, ties by session id so that order is fixed -- */

static bool before(const struct sd_ssl_session *a, const struct sd_ssl_session *b)
{
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->sid < b->sid;
}

static void place(struct sd_ssl_agent *a, struct sd_ssl_session *s, uint32_t at)
{
    a->timer[at - 1] = s;
    s->heap_at = at;
}

static void sift(struct sd_ssl_agent *a, uint32_t at)
{
    struct sd_ssl_session *s = a->timer[at - 1];
    while (at > 1 && before(s, a->timer[at / 2 - 1])) {
        place(a, a->timer[at / 2 - 1], at);
        at /= 2;
    }
    for (;;) {
        uint32_t child = 2 * at;
        if (child > a->timers)
            break;
        if (child < a->timers && before(a->timer[child], a->timer[child - 1]))
            child++;
        if (!before(a->timer[child - 1], s))
            break;
        place(a, a->timer[child - 1], at);
        at = child;
    }
    place(a, s, at);
}

void sd_ssl_timer(struct sd_ssl_session *s, sd_time deadline)
{
    struct sd_ssl_agent *a = s->agent;
    if (s->deadline == deadline)
        return;
    s->deadline = deadline;
    if (deadline == SD_NEVER) {
        uint32_t at = s->heap_at;
        struct sd_ssl_session *last = a->timer[--a->timers];
        s->heap_at = 0;
        if (last != s) {
            place(a, last, at);
            sift(a, at);
        }
        return;
    }
    if (!s->heap_at) {
        if (a->timers == a->timers_cap) {
            uint32_t cap = a->timers_cap ? a->timers_cap * 2 : 4;
            struct sd_ssl_session **more = sd_realloc(a->env, a->timer, cap * sizeof *more);
            if (!more) {
                s->deadline = SD_NEVER;
                return;
            }
            a->timer = more;
            a->timers_cap = cap;
        }
        place(a, s, ++a->timers);
    }
    sift(a, s->heap_at);
}
