/* connection.c - connections: making, finding, ending and remembering them. */
#include "protocols/gquic/gquic.h"
#include <string.h>

#define GRAVE_LIFE (200 * SD_SECOND) /* S: time-wait */

static uint64_t hash_of_number(const struct gquic *gq, uint64_t n)
{
    return sd_hash_u64(gq->index_seed, n);
}

static uint64_t hash_of_peer(const struct gquic *gq, const struct sd_addr *remote)
{
    return sd_hash_u64(sd_hash(gq->index_seed, remote->ip, sizeof remote->ip), remote->port);
}

struct gq_connection *gq_connection_new(struct gquic *gq, bool client, const struct sd_path *path,
                                        uint64_t cid, uint32_t version)
{
    struct gq_connection *c = sd_alloc(gq->env, sizeof *c);
    struct gq_handshake *h = sd_alloc(gq->env, sizeof *h);
    if (!c || !h || !sd_index_add(&gq->by_sid, gq->env, hash_of_number(gq, gq->last_sid + 1), c)) {
        sd_free(c);
        sd_free(h);
        return NULL;
    }
    c->sid = ++gq->last_sid;
    c->due.order = c->sid;
    c->client = client;
    c->state = client ? GQ_EXPECT_REJ : GQ_EXPECT_CHLO;
    c->path = *path;
    c->path.conn = 0;
    c->path.remote.proto = SD_PROTO_UDP;
    c->cid = cid;
    c->version = c->first_version = version;
    c->handshake = h;
    c->has_keys[GQ_UNENCRYPTED] = true;
    c->received_floor = 1;
    c->opened_at = c->heard_at = gq->now;
    c->idle = GQ_IDLE;
    c->ack_at = c->close_at = SD_NEVER;
    gq_recovery_init(&c->recovery);
    gq_stream_init(&c->crypto, GQ_CRYPTO_STREAM);
    c->streams_end = &c->streams;
    c->next_own = client ? 3 : 2;
    c->next_peer = client ? 2 : 3;
    c->out_limit = c->window = GQ_WINDOW_ASSUMED;
    c->in_limit = GQ_CONNECTION_WINDOW;
    c->half_open = true;
    if (++gq->stats.half_open > gq->stats.half_open_peak)
        gq->stats.half_open_peak = gq->stats.half_open;
    return c;
}

bool gq_connection_listen(struct gquic *gq, struct gq_connection *c)
{
    return sd_index_add(&gq->by_cid, gq->env, hash_of_number(gq, c->cid), c) &&
           (!c->client ||
            sd_index_add(&gq->by_peer, gq->env, hash_of_peer(gq, &c->path.remote), c));
}

/* -- ids of connections that are over -- */

static void dig(struct gquic *gq, uint64_t cid)
{
    struct gq_grave *g = sd_alloc(gq->env, sizeof *g);
    if (!g || !sd_index_add(&gq->graves, gq->env, hash_of_number(gq, cid), g)) {
        sd_free(g);
        return;
    }
    *g = (struct gq_grave){.cid = cid, .until = gq->now + GRAVE_LIFE};
    if (gq->newest_grave)
        gq->newest_grave->next = g;
    else
        gq->oldest_grave = g;
    gq->newest_grave = g;
}

bool gq_connection_was(const struct gquic *gq, uint64_t cid)
{
    const struct gq_grave *g;
    for (uint32_t i = 0; (g = sd_index_find(&gq->graves, hash_of_number(gq, cid), &i));)
        if (g->cid == cid)
            return true;
    return false;
}

sd_time gq_graves_deadline(const struct gquic *gq)
{
    return gq->oldest_grave ? gq->oldest_grave->until : SD_NEVER;
}

void gq_graves_expire(struct gquic *gq)
{
    while (gq_graves_deadline(gq) <= gq->now) {
        struct gq_grave *g = gq->oldest_grave;
        gq->oldest_grave = g->next;
        if (!g->next)
            gq->newest_grave = NULL;
        sd_index_remove(&gq->graves, hash_of_number(gq, g->cid), g);
        sd_free(g);
    }
}

void gq_connection_free(struct gquic *gq, struct gq_connection *c)
{
    sd_agenda_set(&gq->agenda, gq->env, &c->due, SD_NEVER);
    sd_index_remove(&gq->by_sid, hash_of_number(gq, c->sid), c);
    sd_index_remove(&gq->by_cid, hash_of_number(gq, c->cid), c);
    if (c->client)
        sd_index_remove(&gq->by_peer, hash_of_peer(gq, &c->path.remote), c);
    else if (c->has_keys[GQ_FORWARD_SECURE] && !gq->no_strike_register)
        dig(gq, c->cid);
    gq->stats.half_open -= c->half_open;
    gq->stats.sessions -= c->counted;
    gq_handshake_free(c);
    gq_waiting_free(c);
    gq_recovery_fini(&c->recovery);
    gq_ranges_fini(&c->received);
    gq_stream_fini(&c->crypto);
    while (c->streams) {
        struct gq_stream *s = c->streams;
        c->streams = s->next;
        gq_stream_fini(s);
        sd_free(s);
    }
    sd_free(c);
}

struct gq_connection *gq_connection_by_sid(const struct gquic *gq, sd_sid sid)
{
    struct gq_connection *c;
    for (uint32_t i = 0; (c = sd_index_find(&gq->by_sid, hash_of_number(gq, sid), &i));)
        if (c->sid == sid)
            return c;
    return NULL;
}

struct gq_connection *gq_connection_by_cid(const struct gquic *gq, uint64_t cid)
{
    struct gq_connection *c;
    for (uint32_t i = 0; (c = sd_index_find(&gq->by_cid, hash_of_number(gq, cid), &i));)
        if (c->cid == cid)
            return c;
    return NULL;
}

struct gq_connection *gq_connection_by_peer(const struct gquic *gq, const struct sd_addr *remote,
                                            uint32_t *cursor)
{
    struct gq_connection *c;
    while ((c = sd_index_find(&gq->by_peer, hash_of_peer(gq, remote), cursor)))
        if (sd_addr_equal(&c->path.remote, remote))
            return c;
    return NULL;
}

/* -- what the application hears -- */

struct sd_event *gq_tell(struct gquic *gq, const struct gq_connection *c, enum sd_event_kind kind,
                         const char *detail)
{
    struct sd_event *e = sd_outbox_event(&gq->outbox, kind, c->sid, NULL);
    e->path = c->path;
    e->detail = detail;
    return e;
}

void gq_tell_ready(struct gquic *gq, struct gq_connection *c)
{
    if (c->ready)
        return;
    static const char *const agreed[GQ_AEADS] = {[GQ_AEAD_AESG] = "Curve25519, AES-128-GCM",
                                                 [GQ_AEAD_CC20] = "Curve25519, ChaCha20-Poly1305"};
    c->ready = true;
    gq_tell(gq, c, SD_EV_READY, agreed[c->keys[GQ_INITIAL].client.aead]);
}

void gq_over(struct gquic *gq, struct gq_connection *c, uint32_t code, const char *why)
{
    if (c->state == GQ_OVER)
        return;
    c->state = GQ_OVER;
    if (!c->client && !c->ready)
        return; /* nobody has heard of it */
    bool orderly = code == GQ_NO_ERROR || code == GQ_PEER_GOING_AWAY;
    gq_tell(gq, c, orderly ? SD_EV_CLOSED : SD_EV_ERROR, why)->code = code;
}

void gq_close(struct gquic *gq, struct gq_connection *c, uint32_t code, const char *why)
{
    if (c->state == GQ_OVER)
        return;
    gq_send_close(gq, c, code, why);
    gq_over(gq, c, code, why);
}

void gq_settle(struct gquic *gq, struct gq_connection *c)
{
    if (c->state != GQ_OVER)
        gq_streams_reap(c);
    if (c->state != GQ_OVER && c->closing && (gq_streams_idle(c) || c->close_at <= gq->now))
        gq_close(gq, c, GQ_PEER_GOING_AWAY, "closed by the application");
    if (c->state != GQ_OVER)
        gq_pump(gq, c);
    if (c->state == GQ_OVER)
        gq_connection_free(gq, c);
    else
        sd_agenda_set(&gq->agenda, gq->env, &c->due, gq_deadline(gq, c));
}
