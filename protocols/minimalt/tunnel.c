/* tunnel.c - the life of a tunnel: opened, heard, moved, silent, over.
 *
 * Timers, in the order of deadline():
 *   speak            the first packet goes without data
 *   again            what is under way goes again (transport.c); a responder that has not met its
 *                    initiator sends nothing again by itself: it is asked again
 *   over             nobody uses the tunnel, or its initiator never proved that it is there
 *   rekey            the initiator goes on under another name
 *   probe, silence   the other side has not been heard; an initiator asks */
#include "protocols/crypto/box.h"
#include "protocols/crypto/dh.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

static sd_time earlier(sd_time a, sd_time b)
{
    return a < b ? a : b;
}

static uint64_t hash_of_tid(const struct minimalt *mt, uint64_t tid)
{
    return sd_hash_u64(mt->hash_seed, tid);
}

static uint64_t hash_of_server(const struct minimalt *mt, const uint8_t server_long[MT_KEY_LEN])
{
    return sd_hash(mt->hash_seed, server_long, MT_KEY_LEN);
}

/* -- making and finding -- */

static sd_time next_rekey(struct minimalt *mt)
{
    uint64_t draw;
    sd_random(mt->env, &draw, sizeof draw);
    return mt->now + MT_REKEY + draw % MT_REKEY_LATER;
}

struct mt_tunnel *mt_tunnel_new(struct minimalt *mt, bool initiator, const struct sd_path *path)
{
    struct mt_tunnel *t = sd_alloc(mt->env, sizeof *t);
    if (!t)
        return NULL;
    t->initiator = initiator;
    t->path = *path;
    t->path.conn = 0;
    t->path.remote.proto = SD_PROTO_UDP;
    t->first_calls = MT_FIRST_CALLS;
    t->due.order = ++mt->tunnels_made;
    t->heard_at = mt->now;
    t->probe_after = MT_PROBE_FIRST;
    t->speak_at = t->over_at = t->rekey_at = SD_NEVER;
    mt_transport_init(&t->transport);
    if (initiator)
        t->rekey_at = next_rekey(mt);
    else
        mt->strangers++;
    if (++mt->stats.half_open > mt->stats.half_open_peak)
        mt->stats.half_open_peak = mt->stats.half_open;
    return t;
}

bool mt_tunnel_listen(struct minimalt *mt, struct mt_tunnel *t, uint64_t tid)
{
    return sd_index_add(&mt->by_tid, mt->env, hash_of_tid(mt, tid), t);
}

void mt_tunnel_unlisten(struct minimalt *mt, struct mt_tunnel *t, uint64_t tid)
{
    if (tid)
        sd_index_remove(&mt->by_tid, hash_of_tid(mt, tid), t);
}

struct mt_tunnel *mt_tunnel_open(struct minimalt *mt, enum mt_purpose purpose,
                                 const struct sd_path *path, const uint8_t to[MT_KEY_LEN],
                                 const uint8_t server_long[MT_KEY_LEN])
{
    uint8_t private_key[MT_KEY_LEN];
    struct mt_tunnel *t = mt_tunnel_new(mt, true, path);
    if (!t)
        return NULL;
    t->purpose = purpose;
    memcpy(t->server_long, server_long, MT_KEY_LEN);
    sd_x25519_keygen(mt->env, private_key, t->first_key);
    memcpy(t->shown_key, t->first_key, MT_KEY_LEN);
    bool good = sd_box_key(t->secret, to, private_key);
    sd_wipe(private_key, sizeof private_key);
    do {
        sd_random(mt->env, &t->tid, sizeof t->tid);
        t->tid &= MT_TID_BITS;
    } while (!t->tid || mt_tunnel_by_tid(mt, t->tid));
    good = good && sd_index_add(&mt->by_server, mt->env, hash_of_server(mt, server_long), t) &&
           mt_tunnel_listen(mt, t, t->tid);
    if (!good) {
        mt_tunnel_free(mt, t);
        return NULL;
    }
    return t;
}

struct mt_tunnel *mt_tunnel_by_tid(const struct minimalt *mt, uint64_t tid)
{
    uint64_t hash = hash_of_tid(mt, tid);
    struct mt_tunnel *t;
    for (uint32_t cursor = 0; tid && (t = sd_index_find(&mt->by_tid, hash, &cursor));)
        if (t->tid == tid || t->next_tid == tid || t->old_tid == tid)
            return t;
    return NULL;
}

struct mt_tunnel *mt_tunnel_to(const struct minimalt *mt, enum mt_purpose purpose,
                               const uint8_t server_long[MT_KEY_LEN])
{
    uint64_t hash = hash_of_server(mt, server_long);
    struct mt_tunnel *t;
    for (uint32_t cursor = 0; (t = sd_index_find(&mt->by_server, hash, &cursor));)
        if (t->purpose == purpose && memcmp(t->server_long, server_long, MT_KEY_LEN) == 0)
            return t;
    return NULL;
}

void mt_tunnel_free(struct minimalt *mt, struct mt_tunnel *t)
{
    while (t->connections)
        mt_connection_free(mt, t->connections);
    if (t->met)
        mt->stats.sessions--;
    else
        mt->stats.half_open--;
    if (!t->initiator && !t->met)
        mt->strangers--;
    sd_agenda_set(&mt->agenda, mt->env, &t->due, SD_NEVER);
    mt_tunnel_unlisten(mt, t, t->tid);
    mt_tunnel_unlisten(mt, t, t->old_tid);
    if (t->initiator)
        sd_index_remove(&mt->by_server, hash_of_server(mt, t->server_long), t);
    else
        mt_tunnel_unlisten(mt, t, t->next_tid);
    mt_transport_fini(&t->transport);
    mt_queue_fini(&t->control);
    sd_free(t->solution);
    sd_free(t);
}

void mt_tunnel_fail(struct minimalt *mt, struct mt_tunnel *t, uint64_t code, const char *detail)
{
    while (t->connections)
        mt_connection_end(mt, t->connections, SD_EV_ERROR, code, detail);
    if (t->purpose == MT_FOR_LOOKUPS)
        mt_lookup_failed(mt, t, code, detail);
    mt_tunnel_free(mt, t);
}

/* -- the other side -- */

/* P: a tunnel is independent of addresses; it is where its newest packet came from. */
static void follow(struct minimalt *mt, struct mt_tunnel *t, const struct sd_path *path)
{
    t->path.local = path->local;
    if (t->initiator || sd_addr_equal(&t->path.remote, &path->remote))
        return;
    t->path.remote = path->remote;
    mt_transport_repeat(&t->transport);
    mt_transport_restart(&t->transport);
    mt_tell_all(mt, t, SD_EV_MIGRATED, "a newer packet came from there");
}

void mt_tunnel_heard(struct minimalt *mt, struct mt_tunnel *t, const struct sd_path *path,
                     bool newest)
{
    t->heard_at = mt->now;
    if (newest)
        follow(mt, t, path);
    if (t->initiator && !t->met)
        mt_tunnel_met(mt, t);
}

void mt_tunnel_met(struct minimalt *mt, struct mt_tunnel *t)
{
    t->met = true;
    if (!t->transport.smoothed) /* it is there: the waiting for it begins anew */
        t->transport.timeout = MT_TIMEOUT_FIRST;
    mt->stats.half_open--;
    mt->stats.sessions++;
    if (!t->initiator) {
        mt->strangers--;
        mt_transport_unmeasured(&t->transport);
    }
    if (t->initiator)
        mt_tell_all(mt, t, SD_EV_PEER_AUTH, "it has the key of its signed record");
    else
        mt_tell_all(mt, t, SD_EV_VALIDATED, "what was sent there was acknowledged");
    sd_free(t->solution);
    t->solution = NULL;
}

/* -- timers -- */

static bool is_resolver(const struct minimalt *mt, const struct mt_tunnel *t)
{
    return t->purpose == MT_FOR_LOOKUPS && (!mt->forget_resolver || mt_lookup_waits(mt, t));
}

static bool in_use(const struct minimalt *mt, const struct mt_tunnel *t)
{
    return t->connections || is_resolver(mt, t) || t->purpose == MT_FOR_PUBLISHING ||
           (t->serves_lookups && t->met);
}

/* Somebody on this side waits for the other. */
static bool listens(const struct minimalt *mt, const struct mt_tunnel *t)
{
    return t->connections || t->transport.first || mt_lookup_waits(mt, t);
}

static void plan_end(const struct minimalt *mt, struct mt_tunnel *t)
{
    if (!t->initiator && !t->met)
        t->over_at = t->heard_at + MT_PROOF;
    else if (in_use(mt, t))
        t->over_at = SD_NEVER;
    else if (t->over_at == SD_NEVER)
        t->over_at = mt->now + (t->initiator ? 1 : 2) * MT_LINGER;
}

static sd_time again_at(const struct mt_tunnel *t)
{
    return t->initiator || t->met ? t->transport.again_at : SD_NEVER;
}

static sd_time probe_at(const struct mt_tunnel *t)
{
    bool idle = t->initiator && t->connections && !t->transport.first && t->speak_at == SD_NEVER;
    return idle ? t->heard_at + t->probe_after : SD_NEVER;
}

static sd_time silence_at(const struct minimalt *mt, const struct mt_tunnel *t)
{
    if (listens(mt, t))
        return (t->heard_at > t->asked_at ? t->heard_at : t->asked_at) + MT_SILENCE_MAX;
    return t->serves_lookups ? t->heard_at + MT_RESOLVER_SILENCE : SD_NEVER;
}

static sd_time deadline(const struct minimalt *mt, const struct mt_tunnel *t)
{
    sd_time due = earlier(t->speak_at, again_at(t));
    due = earlier(due, earlier(t->over_at, t->rekey_at));
    return earlier(due, earlier(probe_at(t), silence_at(mt, t)));
}

void mt_tunnel_pump(struct minimalt *mt, struct mt_tunnel *t)
{
    struct mt_segment *s;
    if (t->speak_at == SD_NEVER) {
        while ((s = mt_transport_lost(&t->transport)) && mt_send_affordable(t, s->len))
            mt_send_segment(mt, t, s);
        while (mt_transport_may_send(&t->transport) && (s = mt_send_next(mt, t)))
            mt_send_segment(mt, t, s);
        if (t->transport.owes)
            mt_send_acknowledgment(mt, t);
    }
    plan_end(mt, t);
    sd_agenda_set(&mt->agenda, mt->env, &t->due, deadline(mt, t));
}

static bool is_hopeless(const struct mt_tunnel *t)
{
    const struct mt_segment *first = t->transport.first;
    return t->initiator && !t->met && first && first->transmissions >= MT_OPENING_TRIES;
}

/* The last close() is still under way. */
static bool is_waiting_for_the_last(const struct minimalt *mt, const struct mt_tunnel *t)
{
    return t->met && t->transport.first && mt->now < t->heard_at + MT_PROOF;
}

void mt_tunnel_expire(struct minimalt *mt, struct mt_tunnel *t)
{
    if (t->speak_at <= mt->now)
        t->speak_at = SD_NEVER;
    if (t->over_at <= mt->now && is_waiting_for_the_last(mt, t))
        t->over_at = mt->now + MT_LINGER;
    if (t->over_at <= mt->now) {
        mt_tunnel_fail(mt, t, 0, "the other side never answered from its address");
        return;
    }
    if (silence_at(mt, t) <= mt->now) {
        mt_tunnel_fail(mt, t, 0, "nothing was heard from the other side for too long");
        return;
    }
    if (again_at(t) <= mt->now) {
        if (is_hopeless(t)) {
            mt_tunnel_fail(mt, t, MT_OPENING_TRIES, "no answer to any first packet");
            return;
        }
        mt_transport_expired(&t->transport);
    }
    if (t->rekey_at <= mt->now) {
        t->rekey_at = next_rekey(mt);
        mt_rekey_ask(mt, t);
    }
    if (probe_at(t) <= mt->now) {
        t->probe = true;
        t->probe_after = earlier(2 * t->probe_after, MT_PROBE_LAST);
    }
    mt_tunnel_pump(mt, t);
}
