#include "protocols/gquic/strike.h"
#include "sim/core/random.h"
#include "sim/core/reader.h"
#include <string.h>

#define FIRST_SIZE   8u
#define GENERATION_S (2 * GQ_STRIKE_WINDOW_S)

void gq_strike_init(struct gq_strike *s, struct sd_env *env, uint32_t now_s)
{
    sd_random(env, &s->seed, sizeof s->seed);
    sd_random(env, s->orbit, sizeof s->orbit);
    s->born_s = now_s;
    s->generation = now_s / GENERATION_S;
}

void gq_strike_fini(struct gq_strike *s)
{
    for (size_t i = 0; i < GQ_STRIKE_SETS; i++)
        sd_free(s->set[i].nonce);
}

static bool is_free(const uint8_t nonce[GQ_NONCE_LEN])
{
    static const uint8_t zero[GQ_NONCE_LEN];
    return memcmp(nonce, zero, GQ_NONCE_LEN) == 0;
}

/* Where it is, or the free place where it belongs. */
static uint8_t *place_of(const struct gq_strike *s, const struct gq_strike_set *set,
                         const uint8_t nonce[GQ_NONCE_LEN])
{
    uint32_t i = (uint32_t)sd_hash(s->seed, nonce, GQ_NONCE_LEN) & (set->size - 1);
    while (!is_free(set->nonce[i]) && memcmp(set->nonce[i], nonce, GQ_NONCE_LEN) != 0)
        i = (i + 1) & (set->size - 1);
    return set->nonce[i];
}

static bool grow(struct gq_strike *s, struct sd_env *env, struct gq_strike_set *set)
{
    struct gq_strike_set wider = {.size = set->size ? 2 * set->size : FIRST_SIZE,
                                  .used = set->used};
    wider.nonce = sd_alloc(env, wider.size * sizeof *wider.nonce);
    if (!wider.nonce)
        return false;
    for (uint32_t i = 0; i < set->size; i++)
        if (!is_free(set->nonce[i]))
            memcpy(place_of(s, &wider, set->nonce[i]), set->nonce[i], GQ_NONCE_LEN);
    sd_free(set->nonce);
    *set = wider;
    return true;
}

/* A nonce is good for one window before its time and one after, so that it is over when the
 * generation after its own is. */
static void turn(struct gq_strike *s, uint32_t now_s)
{
    for (uint64_t now = now_s / GENERATION_S; s->generation < now;) {
        sd_free(s->set[1].nonce);
        s->set[1] = s->set[0];
        s->set[0] = (struct gq_strike_set){0};
        s->generation = s->generation + 2 < now ? now - 2 : s->generation + 1;
    }
}

static uint32_t check_time(const struct gq_strike *s, const uint8_t nonce[GQ_NONCE_LEN],
                           uint32_t now_s)
{
    struct sd_reader r = sd_reader_of(nonce, GQ_NONCE_LEN);
    uint32_t at = sd_get32(&r);
    if (memcmp(sd_get(&r, GQ_ORBIT_LEN), s->orbit, GQ_ORBIT_LEN) != 0)
        return GQ_REJECT_NONCE_ORBIT;
    bool near = at >= s->born_s && at <= now_s + GQ_STRIKE_WINDOW_S &&
                now_s <= (uint64_t)at + GQ_STRIKE_WINDOW_S;
    return near ? 0 : GQ_REJECT_NONCE_TIME;
}

uint32_t gq_strike_take(struct gq_strike *s, struct sd_env *env, const uint8_t nonce[GQ_NONCE_LEN],
                        bool fresh, uint32_t now_s)
{
    uint32_t reason = fresh ? 0 : check_time(s, nonce, now_s);
    if (reason)
        return reason;
    if (is_free(nonce))
        return GQ_REJECT_NONCE_INVALID;
    turn(s, now_s);
    for (size_t i = 0; i < GQ_STRIKE_SETS; i++)
        if (s->set[i].size && !is_free(place_of(s, &s->set[i], nonce)))
            return GQ_REJECT_NONCE_NOT_UNIQUE;
    struct gq_strike_set *set = &s->set[0];
    if (2 * (set->used + 1) > set->size && !grow(s, env, set))
        return GQ_REJECT_NONCE_UNKNOWN;
    memcpy(place_of(s, set, nonce), nonce, GQ_NONCE_LEN);
    set->used++;
    return 0;
}
