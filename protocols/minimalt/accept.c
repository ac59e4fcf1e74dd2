/* accept.c - a packet of a tunnel that does not exist yet: is it new, does its sender have to work
 * first, and whose key is it for?
 *
 * Nothing that names an address has been proven then.  A first packet is taken once: those whose
 * nonce is not of this time are refused, and of the others the TID is remembered as long. */
#include "protocols/crypto/box.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

/* -- once -- */

static bool is_of_this_time(const struct minimalt *mt, uint64_t nonce)
{
    uint64_t now = mt_unix_ns(mt), then = nonce / 2;
    return then + MT_FRESH >= now && then <= now + MT_FRESH;
}

/* A nonce is of this time for twice MT_FRESH at most: so long are TIDs remembered, and up to twice
 * as long. */
static void turn_over(struct minimalt *mt)
{
    if (mt->now < mt->seen_until)
        return;
    sd_free(mt->seen[1].slot);
    mt->seen[1] = mt->seen[0];
    mt->seen[0] = (struct sd_index){0};
    if (mt->now >= mt->seen_until + 2 * MT_FRESH) {
        sd_free(mt->seen[1].slot);
        mt->seen[1] = (struct sd_index){0};
    }
    mt->seen_until = mt->now + 2 * MT_FRESH;
}

static uint64_t hash_of(const struct minimalt *mt, uint64_t tid)
{
    return sd_hash_u64(mt->hash_seed, tid);
}

static bool is_seen(const struct minimalt *mt, uint64_t tid)
{
    uint32_t cursor[2] = {0};
    return sd_index_find(&mt->seen[0], hash_of(mt, tid), &cursor[0]) ||
           sd_index_find(&mt->seen[1], hash_of(mt, tid), &cursor[1]);
}

static bool remember(struct minimalt *mt, uint64_t tid)
{
    return sd_index_add(&mt->seen[0], mt->env, hash_of(mt, tid), mt); /* any item but NULL */
}

/* -- work -- */

bool mt_accept_wants_work(const struct minimalt *mt)
{
    switch (mt->validation) {
    case SD_VALIDATE_ALWAYS:
        return true;
    case SD_VALIDATE_NEVER:
        return false;
    default:
        return mt->strangers >= mt->half_open_max;
    }
}

static int judge_work(struct minimalt *mt, const struct sd_unit *unit, const struct mt_packet *p)
{
    if (!mt_accept_wants_work(mt))
        return mt->strangers < mt->half_open_max || mt->validation != SD_VALIDATE_NEVER
                   ? SD_OK
                   : SD_DROP_FULL;
    int result = p->puzzle ? mt_puzzle_check(mt, p) : SD_DROP_UNVALIDATED;
    if (result != SD_OK)
        mt_puzzle_pose(mt, p, &unit->path);
    return result;
}

/* -- whose key -- */

/* The first packet does not say which S' it is for: the newest, S (a look-up's), or the last. */
static bool open_box(struct minimalt *mt, const struct mt_packet *p, uint8_t secret[MT_KEY_LEN])
{
    const uint8_t *keys[] = {
        mt->ephemeral[0].live ? mt->ephemeral[0].private_key : NULL,
        mt->long_private,
        mt->ephemeral[1].live ? mt->ephemeral[1].private_key : NULL,
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i] && sd_box_key(secret, p->key, keys[i]) && mt_receive_open(mt, p, secret))
            return true;
    return false;
}

static struct mt_tunnel *begin(struct minimalt *mt, const struct sd_unit *unit,
                               const struct mt_packet *p, const uint8_t secret[MT_KEY_LEN])
{
    struct mt_tunnel *t = mt_tunnel_new(mt, false, &unit->path);
    if (!t)
        return NULL;
    t->tid = p->tid;
    t->from_bytes = unit->len;
    memcpy(t->secret, secret, MT_KEY_LEN);
    memcpy(t->first_key, p->key, MT_KEY_LEN);
    if (!mt_tunnel_listen(mt, t, t->tid) || !remember(mt, t->tid)) {
        mt_tunnel_free(mt, t);
        return NULL;
    }
    return t;
}

int mt_accept(struct minimalt *mt, const struct sd_unit *unit, const struct mt_packet *p)
{
    uint8_t secret[MT_KEY_LEN];
    if (!(mt->role & SD_ROLE_SERVER) || !p->key || p->tid == 0)
        return SD_DROP_UNKNOWN;
    turn_over(mt);
    if (!is_of_this_time(mt, p->nonce) || is_seen(mt, p->tid))
        return SD_DROP_REPLAY;
    mt->stats.bytes_from_unvalidated += unit->len;
    int result = judge_work(mt, unit, p);
    if (result != SD_OK)
        return result;
    if (!open_box(mt, p, secret))
        return SD_DROP_AUTH;
    struct mt_tunnel *t = begin(mt, unit, p, secret);
    sd_wipe(secret, sizeof secret);
    return t ? mt_receive_text(mt, t, p, &unit->path, p->box_len - MT_TAG_LEN) : SD_DROP_FULL;
}
