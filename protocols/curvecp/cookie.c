#include "protocols/curvecp/cookie.h"
#include "protocols/crypto/box.h"
#include "protocols/curvecp/handshake.h"
#include <string.h>

#define FIRST_KEYS 16u

struct cookie_inside {
    uint8_t client_short[CP_KEY_LEN];         /* C' */
    uint8_t server_short_private[CP_KEY_LEN]; /* s' */
};

/* -- which cookies have been used -- */

static uint32_t place_of(const struct curvecp *cp, const struct cp_key_set *s,
                         const uint8_t key[CP_KEY_LEN])
{
    static const uint8_t none[CP_KEY_LEN];
    uint32_t i = (uint32_t)sd_hash(cp->table_seed, key, CP_KEY_LEN) & (s->size - 1);
    while (memcmp(s->key[i], none, CP_KEY_LEN) != 0 && memcmp(s->key[i], key, CP_KEY_LEN) != 0)
        i = (i + 1) & (s->size - 1);
    return i;
}

static bool contains(const struct curvecp *cp, const struct cp_key_set *s,
                     const uint8_t key[CP_KEY_LEN])
{
    return s->size && memcmp(s->key[place_of(cp, s, key)], key, CP_KEY_LEN) == 0;
}

static bool grow(struct curvecp *cp, struct cp_key_set *s)
{
    static const uint8_t none[CP_KEY_LEN];
    struct cp_key_set wider = {.size = s->size ? 2 * s->size : FIRST_KEYS, .used = s->used};
    wider.key = sd_alloc(cp->env, wider.size * sizeof *wider.key);
    if (!wider.key)
        return false;
    for (uint32_t i = 0; i < s->size; i++)
        if (memcmp(s->key[i], none, CP_KEY_LEN) != 0)
            memcpy(wider.key[place_of(cp, &wider, s->key[i])], s->key[i], CP_KEY_LEN);
    sd_free(s->key);
    *s = wider;
    return true;
}

/* -- minutes -- */

static uint64_t minute_now(const struct curvecp *cp)
{
    return (cp->now - cp->born) / CP_MINUTE;
}

static void end_minute(struct cp_minute *m)
{
    sd_free(m->used.key);
    sd_wipe(m, sizeof *m);
}

/* The minute's key, if there is one and it still opens cookies. */
static struct cp_minute *find_minute(struct curvecp *cp, uint64_t number)
{
    struct cp_minute *m = &cp->minute[number % CP_MINUTE_KEYS];
    bool young = number + CP_MINUTE_KEYS > minute_now(cp);
    return m->live && m->number == number && young ? m : NULL;
}

static struct cp_minute *this_minute(struct curvecp *cp)
{
    uint64_t number = minute_now(cp);
    struct cp_minute *m = find_minute(cp, number);
    if (m)
        return m;
    m = &cp->minute[number % CP_MINUTE_KEYS];
    end_minute(m);
    m->live = true;
    m->number = number;
    sd_random(cp->env, m->key, sizeof m->key);
    return m;
}

/* -- cookies -- */

void cp_cookie_seal(struct curvecp *cp, struct cp_cookie *cookie,
                    const uint8_t client_short[CP_KEY_LEN],
                    const uint8_t server_short_private[CP_KEY_LEN])
{
    struct cookie_inside inside;
    uint8_t nonce[CP_NONCE_LEN];
    memcpy(inside.client_short, client_short, CP_KEY_LEN);
    memcpy(inside.server_short_private, server_short_private, CP_KEY_LEN);
    sd_random(cp->env, cookie->nonce, sizeof cookie->nonce);
    cp_nonce(nonce, CP_NONCE_MINUTE, cookie->nonce);
    sd_box_seal(cookie->box, &inside, sizeof inside, nonce, this_minute(cp)->key);
    sd_wipe(&inside, sizeof inside);
}

int cp_cookie_open(struct curvecp *cp, const struct cp_cookie *cookie,
                   const uint8_t client_short[CP_KEY_LEN], uint8_t server_short_private[CP_KEY_LEN],
                   uint64_t *minute)
{
    struct cookie_inside inside;
    uint8_t nonce[CP_NONCE_LEN];
    uint64_t now = minute_now(cp);
    int result = SD_DROP_AUTH;
    cp_nonce(nonce, CP_NONCE_MINUTE, cookie->nonce);
    for (uint64_t age = 0; age < CP_MINUTE_KEYS && age <= now && result != SD_OK; age++) {
        const struct cp_minute *m = find_minute(cp, now - age);
        if (!m || !sd_box_open((uint8_t *)&inside, cookie->box, sizeof cookie->box, nonce, m->key))
            continue;
        if (!sd_equal_ct(inside.client_short, client_short, CP_KEY_LEN))
            break;
        memcpy(server_short_private, inside.server_short_private, CP_KEY_LEN);
        *minute = m->number;
        result = SD_OK;
    }
    sd_wipe(&inside, sizeof inside);
    return result;
}

void cp_cookie_remember(struct curvecp *cp, const uint8_t client_short[CP_KEY_LEN], uint64_t minute)
{
    struct cp_minute *m = find_minute(cp, minute);
    if (!m || contains(cp, &m->used, client_short))
        return;
    if (2 * (m->used.used + 1) > m->used.size && !grow(cp, &m->used)) {
        /* Without memory for it, the cookie must open nothing: its whole minute is over. */
        end_minute(m);
        return;
    }
    memcpy(m->used.key[place_of(cp, &m->used, client_short)], client_short, CP_KEY_LEN);
    m->used.used++;
}

bool cp_cookie_is_used(struct curvecp *cp, const uint8_t client_short[CP_KEY_LEN])
{
    for (size_t i = 0; i < CP_MINUTE_KEYS; i++)
        if (cp->minute[i].live && contains(cp, &cp->minute[i].used, client_short))
            return true;
    return false;
}

static sd_time end_of(const struct curvecp *cp, const struct cp_minute *m)
{
    return cp->born + (m->number + CP_MINUTE_KEYS) * CP_MINUTE;
}

void cp_cookie_expire(struct curvecp *cp)
{
    for (size_t i = 0; i < CP_MINUTE_KEYS; i++)
        if (cp->minute[i].live && cp->now >= end_of(cp, &cp->minute[i]))
            end_minute(&cp->minute[i]);
}

sd_time cp_cookie_deadline(const struct curvecp *cp)
{
    sd_time first = SD_NEVER;
    for (size_t i = 0; i < CP_MINUTE_KEYS; i++)
        if (cp->minute[i].live && end_of(cp, &cp->minute[i]) < first)
            first = end_of(cp, &cp->minute[i]);
    return first;
}

void cp_cookie_fini(struct curvecp *cp)
{
    for (size_t i = 0; i < CP_MINUTE_KEYS; i++)
        end_minute(&cp->minute[i]);
}
