/* cache.c - lineages, the newest first. */
#include "protocols/tcpcrypt/cache.h"
#include <string.h>

static void unlink_entry(struct tc_cache *cache, struct tc_cache_entry *e)
{
    *(e->newer ? &e->newer->older : &cache->newest) = e->older;
    *(e->older ? &e->older->newer : &cache->oldest) = e->newer;
    cache->entries--;
}

static void drop(struct tc_cache *cache, struct tc_cache_entry *e)
{
    unlink_entry(cache, e);
    sd_free(e);
}

void tc_cache_fini(struct tc_cache *cache)
{
    while (cache->newest)
        drop(cache, cache->newest);
}

static void move_on(struct tc_secret *s)
{
    tc_keys_next_secret(s->secret);
    tc_keys_resume_id(s->resume_id, s->secret);
}

uint64_t tc_cache_add(struct tc_cache *cache, struct sd_env *env, const struct tc_secret *first)
{
    struct tc_cache_entry *e = sd_alloc(env, sizeof *e);
    if (!e)
        return 0;
    if (cache->entries == TC_CACHE_MAX)
        drop(cache, cache->oldest);
    e->is = *first;
    e->is.lineage = ++cache->last_lineage;
    move_on(&e->is);
    e->older = cache->newest;
    *(e->older ? &e->older->newer : &cache->oldest) = e;
    cache->newest = e;
    cache->entries++;
    return e->is.lineage;
}

static void take(struct tc_cache_entry *e, struct tc_secret *out)
{
    *out = e->is;
    move_on(&e->is);
}

static bool same_host(const struct sd_addr *a, const struct sd_addr *b)
{
    struct sd_addr x = *a, y = *b;
    x.port = y.port = 0;
    return sd_addr_equal(&x, &y);
}

bool tc_cache_take_for(struct tc_cache *cache, const struct sd_addr *peer, const uint8_t *tep,
                       size_t teps, struct tc_secret *out)
{
    for (struct tc_cache_entry *e = cache->newest; e; e = e->older) {
        if (!same_host(&e->is.peer, peer) || !memchr(tep, e->is.tep, teps))
            continue;
        take(e, out);
        return true;
    }
    return false;
}

bool tc_cache_take_named(struct tc_cache *cache, uint8_t tep, const uint8_t half[TC_RESUME_HALF],
                         struct tc_secret *out)
{
    for (struct tc_cache_entry *e = cache->newest; e; e = e->older) {
        if (e->is.tep != tep || !sd_equal_ct(tc_secret_peer_half(&e->is), half, TC_RESUME_HALF))
            continue;
        take(e, out);
        return true;
    }
    return false;
}

void tc_cache_forget(struct tc_cache *cache, uint64_t lineage)
{
    struct tc_cache_entry *e = cache->newest;
    while (e && e->is.lineage != lineage)
        e = e->older;
    if (e)
        drop(cache, e);
}

const uint8_t *tc_secret_own_half(const struct tc_secret *s)
{
    return s->resume_id + (s->was_b ? TC_RESUME_HALF : 0);
}

const uint8_t *tc_secret_peer_half(const struct tc_secret *s)
{
    return s->resume_id + (s->was_b ? 0 : TC_RESUME_HALF);
}
