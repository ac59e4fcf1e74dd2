/* connection.c - connections: made, found by id, by server or by session, and freed. */
#include "protocols/quic/quic.h"

#include <string.h>

/* -- memory for ngtcp2: on the agent's heap -- */

static void *take(size_t size, void *env)
{
    return sd_take(env, size);
}

static void give(void *block, void *env)
{
    (void)env;
    sd_give(block);
}

static void *take_array(size_t count, size_t size, void *env)
{
    return size == 0 || count <= SIZE_MAX / size ? sd_alloc(env, count * size) : NULL;
}

static void *resize(void *block, size_t size, void *env)
{
    return sd_retake(env, block, size);
}

/* -- found -- */

static uint64_t hash_of_sid(const struct quic *q, sd_sid sid)
{
    return sd_hash_u64(q->index_seed, sid);
}

static uint64_t hash_of_cid(const struct quic *q, const uint8_t *cid, size_t len)
{
    return sd_hash(q->index_seed, cid, len);
}

static uint64_t hash_of_peer(const struct quic *q, const struct sd_addr *remote)
{
    return sd_hash_u64(sd_hash(q->index_seed, remote->ip, sizeof remote->ip), remote->port);
}

struct quic_connection *quic_connection_by_sid(const struct quic *q, sd_sid sid)
{
    uint32_t cursor = 0;
    struct quic_connection *c;
    while ((c = sd_index_find(&q->by_sid, hash_of_sid(q, sid), &cursor)) && c->sid != sid)
        ;
    return c;
}

/* The hash is of 64 bits and keyed: nobody can make two ids meet. */
struct quic_connection *quic_connection_by_cid(const struct quic *q, const uint8_t *cid, size_t len)
{
    uint32_t cursor = 0;
    return sd_index_find(&q->by_cid, hash_of_cid(q, cid, len), &cursor);
}

struct quic_connection *quic_connection_by_peer(const struct quic *q, const struct sd_addr *remote,
                                                uint32_t *cursor)
{
    struct quic_connection *c;
    while ((c = sd_index_find(&q->by_peer, hash_of_peer(q, remote), cursor)) &&
           !sd_addr_equal(&c->path.remote, remote))
        ;
    return c;
}

bool quic_connection_listen(struct quic_connection *c, const ngtcp2_cid *cid)
{
    struct quic *q = c->quic;
    uint64_t hash = hash_of_cid(q, cid->data, cid->datalen);
    if (c->ids == QUIC_IDS || !sd_index_add(&q->by_cid, q->env, hash, c))
        return false;
    c->id[c->ids++] = hash;
    return true;
}

void quic_connection_forget(struct quic_connection *c, const ngtcp2_cid *cid)
{
    struct quic *q = c->quic;
    uint64_t hash = hash_of_cid(q, cid->data, cid->datalen);
    for (uint32_t i = 0; i < c->ids; i++)
        if (c->id[i] == hash) {
            c->id[i] = c->id[--c->ids];
            sd_index_remove(&q->by_cid, hash, c);
            return;
        }
}

/* -- made -- */

struct quic_connection *quic_connection_new(struct quic *q, bool client, const struct sd_path *path)
{
    struct quic_connection *c = sd_alloc(q->env, sizeof *c);
    if (!c)
        return NULL;
    c->quic = q;
    c->sid = ++q->last_sid;
    c->due.order = c->sid;
    c->client = client;
    c->path = *path;
    c->path.conn = 0;
    c->path.local.proto = c->path.remote.proto = SD_PROTO_UDP;
    c->settled = c->path;
    c->ask_at = SD_NEVER;
    c->mem = (ngtcp2_mem){q->env, take, give, take_array, resize};
    if (!sd_index_add(&q->by_sid, q->env, hash_of_sid(q, c->sid), c)) {
        sd_free(c);
        return NULL;
    }
    if (client && !sd_index_add(&q->by_peer, q->env, hash_of_peer(q, &c->path.remote), c)) {
        sd_index_remove(&q->by_sid, hash_of_sid(q, c->sid), c);
        sd_free(c);
        return NULL;
    }
    if (++q->stats.half_open > q->stats.half_open_peak)
        q->stats.half_open_peak = q->stats.half_open;
    return c;
}

void quic_connection_state(struct quic_connection *c, enum quic_state state)
{
    struct sd_stats *s = &c->quic->stats;
    uint64_t *of[] = {[QUIC_HANDSHAKING] = &s->half_open, [QUIC_OPEN] = &s->sessions};
    if (c->state <= QUIC_OPEN)
        --*of[c->state];
    c->state = state;
    if (state <= QUIC_OPEN)
        ++*of[state];
}

void quic_connection_strip(struct quic_connection *c)
{
    ngtcp2_conn_del(c->ng);
    c->ng = NULL;
    if (c->tls)
        gnutls_deinit(c->tls);
    c->tls = NULL;
}

void quic_connection_free(struct quic_connection *c)
{
    struct quic *q = c->quic;
    quic_connection_state(c, QUIC_DRAINING);
    quic_connection_strip(c);
    quic_streams_free(c);
    quic_messages_free(c);
    while (c->ids)
        sd_index_remove(&q->by_cid, c->id[--c->ids], c);
    sd_agenda_set(&q->agenda, q->env, &c->due, SD_NEVER);
    sd_index_remove(&q->by_sid, hash_of_sid(q, c->sid), c);
    if (c->client)
        sd_index_remove(&q->by_peer, hash_of_peer(q, &c->path.remote), c);
    sd_free(c->close_packet);
    sd_free(c);
}

/* A nanosecond late: ngtcp2 takes a timer that runs out exactly now for one that has not. */
void quic_connection_due(struct quic_connection *c)
{
    struct quic *q = c->quic;
    ngtcp2_tstamp expiry = ngtcp2_conn_get_expiry(c->ng), now = quic_time(q);
    sd_time at = expiry == UINT64_MAX ? SD_NEVER
                 : expiry < now       ? q->now + 1
                                      : q->now + (expiry - now) + 1;
    sd_agenda_set(&q->agenda, q->env, &c->due, at < c->ask_at ? at : c->ask_at);
}

struct sd_event *quic_tell(struct quic_connection *c, enum sd_event_kind kind, const char *detail)
{
    struct quic *q = c->quic;
    char *copy = NULL;
    if (detail) {
        size_t size = strlen(detail) + 1;
        if ((copy = sd_alloc(q->env, size)))
            memcpy(copy, detail, size);
    }
    struct sd_event *e = sd_outbox_event(&q->outbox, kind, c->sid, copy);
    e->detail = copy;
    e->path = c->path;
    return e;
}
