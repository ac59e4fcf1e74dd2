/* rekey.c - a tunnel gets another name and another key, so that nobody outside can tell that it is
 * the same one (P: section "rekey").
 *
 * The initiator announces TID and C' ahead, as soon as it has heard the other side: a host that
 * moves has no time to ask.  The new secret is a hash of the old one; C' is shown once and takes no
 * part in it, it only makes the tunnel look like one that begins. */
#include "protocols/crypto/dh.h"
#include "protocols/crypto/hash.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

#define RENEWED "the tunnel has another name and key"

static void next_secret(uint8_t next[MT_KEY_LEN], const uint8_t secret[MT_KEY_LEN])
{
    uint8_t hash[SD_SHA512_LEN];
    sd_sha512(hash, secret, MT_KEY_LEN, NULL, 0);
    memcpy(next, hash, MT_KEY_LEN);
    sd_wipe(hash, sizeof hash);
}

/* -- initiator -- */

/* nextTid(t, C') */
void mt_rekey_announce(struct minimalt *mt, struct mt_tunnel *t)
{
    uint8_t private_key[MT_KEY_LEN], arguments[8 + MT_KEY_LEN];
    struct sd_writer w = sd_writer_of(arguments, sizeof arguments);
    sd_x25519_keygen(mt->env, private_key, t->next_key);
    sd_wipe(private_key, sizeof private_key);
    do {
        sd_random(mt->env, &t->next_tid, sizeof t->next_tid);
        t->next_tid &= MT_TID_BITS;
    } while (!t->next_tid || t->next_tid == t->tid);
    sd_put64(&w, t->next_tid);
    sd_put(&w, t->next_key, MT_KEY_LEN);
    if (!mt_control_say(mt, t, MT_CALL_NEXT_TID, arguments, sizeof arguments))
        t->next_tid = 0;
}

static void forget_old(struct minimalt *mt, struct mt_tunnel *t)
{
    mt_tunnel_unlisten(mt, t, t->old_tid);
    t->old_tid = 0;
    sd_wipe(t->old_secret, sizeof t->old_secret);
}

static void go_on(struct minimalt *mt, struct mt_tunnel *t)
{
    if (!mt_tunnel_listen(mt, t, t->next_tid))
        return;
    forget_old(mt, t);
    t->old_tid = t->tid;
    memcpy(t->old_secret, t->secret, MT_KEY_LEN);
    t->tid = t->next_tid;
    next_secret(t->secret, t->secret);
    memcpy(t->shown_key, t->next_key, MT_KEY_LEN);
    t->next_tid = 0;
    t->next_sequence = 0;
    t->next_known = t->rekey_wanted = t->confirmed = false;
    t->probe = true; /* the other side shall know */
    mt_transport_restart(&t->transport);
    mt_tell_all(mt, t, SD_EV_KEY_UPDATE, RENEWED);
}

void mt_rekey_ask(struct minimalt *mt, struct mt_tunnel *t)
{
    t->rekey_wanted = true;
    if (t->next_known)
        go_on(mt, t);
}

void mt_rekey_acknowledged(struct minimalt *mt, struct mt_tunnel *t, uint32_t up_to)
{
    if (!t->next_sequence || up_to < t->next_sequence)
        return;
    t->next_known = true;
    if (t->rekey_wanted)
        go_on(mt, t);
}

void mt_rekey_confirmed(struct minimalt *mt, struct mt_tunnel *t)
{
    t->confirmed = true;
    forget_old(mt, t);
    if (!t->next_tid)
        mt_rekey_announce(mt, t);
}

/* -- responder -- */

int mt_rekey_announced(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    uint64_t tid = sd_get64(arguments);
    if (t->initiator)
        return SD_DROP_STATE;
    if (!tid || tid > MT_TID_BITS || mt_tunnel_by_tid(mt, tid))
        return SD_DROP_POLICY;
    mt_tunnel_unlisten(mt, t, t->next_tid);
    t->next_tid = mt_tunnel_listen(mt, t, tid) ? tid : 0;
    return SD_OK;
}

bool mt_rekey_follow(struct minimalt *mt, struct mt_tunnel *t, const struct mt_packet *p)
{
    uint8_t secret[MT_KEY_LEN];
    next_secret(secret, t->secret);
    bool good = mt_receive_open(mt, p, secret);
    if (good) {
        mt_tunnel_unlisten(mt, t, t->tid);
        t->tid = t->next_tid;
        t->next_tid = 0;
        memcpy(t->secret, secret, MT_KEY_LEN);
        mt_transport_restart(&t->transport);
        mt_tell_all(mt, t, SD_EV_KEY_UPDATE, RENEWED);
    }
    sd_wipe(secret, sizeof secret);
    return good;
}
