/* receive.c - a datagram's way to the connection that it belongs to. */
#include "protocols/crypto/kdf.h"
#include "protocols/gquic/gquic.h"
#include <string.h>

/* -- packets whose keys are not there yet -- */

static int wait_for_keys(struct gquic *gq, struct gq_connection *c, const struct sd_path *path,
                         const uint8_t *data, size_t len)
{
    if (c->waiting_count == GQ_UNDECRYPTABLE)
        return SD_DROP_FULL;
    struct gq_waiting *w = sd_alloc(gq->env, sizeof *w + len), **end = &c->waiting;
    if (!w)
        return SD_E_NOMEM;
    w->path = *path;
    w->len = len;
    memcpy(w->data, data, len);
    while (*end)
        end = &(*end)->next;
    *end = w;
    c->waiting_count++;
    return SD_OK;
}

void gq_waiting_free(struct gq_connection *c)
{
    while (c->waiting) {
        struct gq_waiting *w = c->waiting;
        c->waiting = w->next;
        sd_free(w);
    }
    c->waiting_count = 0;
}

/* -- opening -- */

/* Which levels the connection still takes.  S: a server does not look at unencrypted packets any
 * more once it has keys, a client once it has heard the server use them. */
static bool takes(const struct gq_connection *c, enum gq_level level)
{
    if (!c->has_keys[level] || level < c->heard_level)
        return false;
    return level != GQ_UNENCRYPTED || c->client || !c->has_keys[GQ_INITIAL];
}

static bool open_at(struct gquic *gq, struct gq_connection *c, const struct gq_header *h,
                    enum gq_level level, const uint8_t *data, size_t len)
{
    const struct gq_key *key = gq_read_key(c, level);
    struct gq_key own;
    if (level == GQ_INITIAL && c->client && !c->diversified) {
        if (!h->nonce)
            return false;
        own = *key;
        gq_key_diversify(&own, h->nonce);
        key = &own;
    }
    bool good =
        gq_open(gq->in, key, !c->client, h->number, data, h->len, data + h->len, len - h->len);
    if (good && key == &own) {
        c->keys[level].server = own;
        c->diversified = true;
    }
    if (key == &own)
        sd_wipe(&own, sizeof own);
    return good;
}

/* Q043 does not say a packet's level: the highest is tried first.  GQ_LEVELS: none fits. */
static enum gq_level open_packet(struct gquic *gq, struct gq_connection *c,
                                 const struct gq_header *h, const uint8_t *data, size_t len)
{
    for (int level = GQ_FORWARD_SECURE; level >= GQ_UNENCRYPTED; level--) {
        bool fits = !h->invariant || (!h->version               ? level == GQ_FORWARD_SECURE
                                      : h->type == GQ_TYPE_0RTT ? level == GQ_INITIAL
                                                                : level == GQ_UNENCRYPTED);
        if (fits && takes(c, (enum gq_level)level) &&
            open_at(gq, c, h, (enum gq_level)level, data, len))
            return (enum gq_level)level;
    }
    return GQ_LEVELS;
}

/* Does a packet that nothing opens belong to keys that are still to come? */
static bool may_open_later(const struct gq_connection *c)
{
    return !c->has_keys[GQ_FORWARD_SECURE] || (c->client && !c->has_keys[GQ_INITIAL]);
}

/* -- what a packet does to its connection besides its frames -- */

/* W: the connection id is what counts, not where it comes from.  Whoever sends the newest packet
 * that can be opened decides where the server answers. */
static void follow(struct gquic *gq, struct gq_connection *c, const struct sd_path *path)
{
    if (sd_addr_equal(&c->path.remote, &path->remote))
        return;
    bool network = memcmp(c->path.remote.ip, path->remote.ip, sizeof path->remote.ip) != 0;
    struct gq_fates fates = gq_fates_of(gq, c);
    c->path = *path;
    c->path.conn = 0;
    gq_recovery_moved(&c->recovery, network, &fates);
    gq_tell(gq, c, SD_EV_MIGRATED, NULL);
}

static void note_number(struct gquic *gq, struct gq_connection *c, uint64_t number)
{
    gq_ranges_add(&c->received, gq->env, number, number + 1);
    while (c->received.count > GQ_ACK_BLOCKS_MAX) {
        c->received_floor = c->received.range[1].from;
        gq_ranges_remove_below(&c->received, c->received_floor);
    }
    if (number > c->received_largest) {
        c->received_largest = number;
        c->received_at = gq->now;
    }
}

/* S: every second packet at once, every one that shows a gap, and handshake messages, whose timer
 * allows for no delay. */
static void plan_ack(struct gquic *gq, struct gq_connection *c, bool in_order)
{
    bool now = !in_order || c->ack_now || c->unacknowledged >= 2;
    sd_time at = now ? gq->now : gq->now + GQ_ACK_DELAY;
    c->ack_now = false;
    if (c->unacknowledged > 0 && at < c->ack_at)
        c->ack_at = at;
}

static void hear(struct gquic *gq, struct gq_connection *c, enum gq_level level)
{
    if (level <= c->heard_level)
        return;
    c->heard_level = level;
    if (level != GQ_FORWARD_SECURE)
        return;
    /* The other side has the SHLO's keys: nothing of the handshake is needed any more. */
    gq_crypto_answered(gq, c);
    gq_handshake_free(c);
    gq_waiting_free(c);
}

/* A packet of this connection, header read: enum sd_result. */
static int take_packet(struct gquic *gq, struct gq_connection *c, struct gq_header *h,
                       const struct sd_path *path, const uint8_t *data, size_t len, bool copy)
{
    if (h->invariant != (c->version == GQ_Q046))
        return SD_DROP_MALFORMED;
    h->number = gq_number_expand(h->number, h->number_len, c->received_largest + 1);
    if (h->number < c->received_floor || gq_ranges_has(&c->received, h->number))
        return SD_DROP_REPLAY;
    enum gq_level level = open_packet(gq, c, h, data, len);
    if (level == GQ_LEVELS)
        return may_open_later(c) ? wait_for_keys(gq, c, path, data, len) : SD_DROP_AUTH;
    bool newest = h->number > c->received_largest;
    bool in_order = h->number == c->received_largest + 1;
    c->heard_at = gq->now;
    note_number(gq, c, h->number);
    hear(gq, c, level);
    if (newest && !c->client && level != GQ_UNENCRYPTED)
        follow(gq, c, path);
    uint32_t error = gq_frames(gq, c, h, level, gq->in, len - h->len - GQ_TAG_LEN, copy);
    if (error != GQ_NO_ERROR) {
        gq_close(gq, c, error, "a packet broke the protocol's rules");
        return SD_DROP_MALFORMED;
    }
    plan_ack(gq, c, in_order);
    return SD_OK;
}

static void again(struct gquic *gq, struct gq_connection *c)
{
    struct gq_waiting *w = c->waiting;
    c->waiting = NULL;
    c->waiting_count = 0;
    while (w) {
        struct gq_waiting *next = w->next;
        struct gq_header h;
        if (c->state != GQ_OVER && gq_header_parse(&h, w->data, w->len, !c->client))
            take_packet(gq, c, &h, &w->path, w->data, w->len, true);
        sd_free(w);
        w = next;
    }
}

/* One packet, and those that it brought the keys for.  The first one's data is copied, too, when
 * others will be read into its place. */
static int take_all(struct gquic *gq, struct gq_connection *c, struct gq_header *h,
                    const struct sd_unit *u)
{
    int result = take_packet(gq, c, h, &u->path, u->data, u->len, c->waiting);
    if (c->new_keys && c->state != GQ_OVER) {
        c->new_keys = false;
        again(gq, c);
    }
    return result;
}

/* -- at a server -- */

void gq_reset_token(const struct gquic *gq, uint64_t cid, uint8_t token[GQ_RESET_TOKEN])
{
    uint8_t name[8], mac[SD_KDF_LEN];
    struct sd_writer w = sd_writer_of(name, sizeof name);
    sd_put64(&w, cid);
    sd_hmac_sha256(mac, gq->token_key, sizeof gq->token_key, name, sizeof name);
    memcpy(token, mac, GQ_RESET_TOKEN);
}

static bool speaks(const struct gquic *gq, uint32_t version)
{
    for (uint32_t i = 0; i < gq->version_count; i++)
        if (gq->versions[i] == version)
            return true;
    return false;
}

/* A first packet: unencrypted, or it is for nobody. */
static int accept_client(struct gquic *gq, const struct sd_unit *u, const struct gq_header *h,
                         struct gq_connection **c)
{
    if (!h->version || !h->has_cid) {
        gq_send_reset(gq, &u->path, h);
        return SD_DROP_UNKNOWN;
    }
    if (gq_connection_was(gq, h->cid))
        return SD_DROP_STATE;
    if (!speaks(gq, h->version)) {
        gq_send_versions(gq, &u->path, h);
        return SD_DROP_UNVALIDATED;
    }
    if (!gq_open(gq->in, NULL, true, h->number, u->data, h->len, u->data + h->len, u->len - h->len))
        return SD_DROP_AUTH;
    struct gq_returning back;
    int result = gq_stateless(gq, u, h, u->len - h->len - GQ_TAG_LEN, &back);
    if (result != SD_OK)
        return result;
    *c = gq_connection_new(gq, false, &u->path, h->cid, h->version);
    if (!*c)
        return SD_E_NOMEM;
    if (gq_connection_listen(gq, *c)) {
        gq_stateless_return(gq, *c, &back);
        return SD_OK;
    }
    gq_connection_free(gq, *c);
    return SD_E_NOMEM;
}

static int at_server(struct gquic *gq, const struct sd_unit *u, struct gq_header *h)
{
    struct gq_connection *c = h->has_cid ? gq_connection_by_cid(gq, h->cid) : NULL;
    int result = c && !c->client ? SD_OK : accept_client(gq, u, h, &c);
    if (result != SD_OK)
        return result;
    if (!c->validated) {
        c->bytes_in += u->len;
        gq->stats.bytes_from_unvalidated += u->len;
    }
    result = take_all(gq, c, h, u);
    gq_settle(gq, c);
    return result;
}

/* -- at a client -- */

/* W: versions that the server has, for a client that it did not understand. */
static int negotiate(struct gquic *gq, struct gq_connection *c, const struct gq_header *h,
                     const struct sd_unit *u)
{
    struct sd_reader r = sd_reader_of(u->data + h->len, u->len - h->len);
    uint32_t chosen = 0;
    if (c->received.count > 0 || c->offers > 0 || c->state == GQ_OPEN)
        return SD_DROP_STATE; /* it understood us before */
    while (sd_left(&r) >= 4) {
        uint32_t version = sd_get32(&r);
        if (version == c->version)
            return SD_DROP_STATE; /* it speaks ours: nothing is to be negotiated */
        if (!chosen && speaks(gq, version))
            chosen = version;
        if (c->offers < sizeof c->offered / sizeof *c->offered)
            c->offered[c->offers++] = version;
    }
    if (!chosen) {
        gq_over(gq, c, GQ_INVALID_VERSION, "the server speaks none of our versions");
        gq_settle(gq, c);
        return SD_OK;
    }
    struct gq_fates fates = gq_fates_of(gq, c);
    c->version = chosen;
    gq_tell(gq, c, SD_EV_NOTE, "the server speaks another version");
    gq_recovery_abandon(&c->recovery, &fates);
    gq_settle(gq, c);
    return SD_OK;
}

/* W: nothing in a public reset proves that the server sent it. */
static int take_reset(struct gquic *gq, struct gq_connection *c, const struct gq_header *h,
                      const struct sd_unit *u)
{
    struct gq_message m;
    if (c->version != GQ_Q043)
        return SD_DROP_POLICY;
    if (!gq_message_parse(&m, u->data + h->len, u->len - h->len) || m.tag != GQ_PRST)
        return SD_DROP_MALFORMED;
    gq_over(gq, c, GQ_RESET_RECEIVED, "a public reset, which nothing authenticates");
    gq_settle(gq, c);
    return SD_OK;
}

static bool is_stateless_reset(const struct gq_connection *c, const struct gq_header *h,
                               const struct sd_unit *u)
{
    return h->invariant && !h->version && c->has_reset_token && u->len > GQ_RESET_TOKEN + h->len &&
           sd_equal_ct(u->data + u->len - GQ_RESET_TOKEN, c->reset_token, GQ_RESET_TOKEN);
}

static int for_client(struct gquic *gq, struct gq_connection *c, struct gq_header h,
                      const struct sd_unit *u)
{
    if (h.kind == GQ_VERSION_NEGOTIATION)
        return negotiate(gq, c, &h, u);
    if (h.kind == GQ_PUBLIC_RESET)
        return take_reset(gq, c, &h, u);
    int result = take_all(gq, c, &h, u);
    if (result == SD_DROP_AUTH && is_stateless_reset(c, &h, u)) {
        gq_over(gq, c, GQ_RESET_RECEIVED, "a reset with the token of the server's hello");
        result = SD_OK;
    }
    gq_settle(gq, c);
    return result;
}

/* Without a connection id the peer's address has to do, and whose keys fit. */
static int at_client(struct gquic *gq, const struct sd_unit *u, const struct gq_header *h)
{
    struct gq_connection *c = h->has_cid ? gq_connection_by_cid(gq, h->cid) : NULL;
    if (h->has_cid)
        return c && c->client ? for_client(gq, c, *h, u) : SD_DROP_UNKNOWN;
    int result = SD_DROP_UNKNOWN;
    for (uint32_t i = 0; result != SD_OK && (c = gq_connection_by_peer(gq, &u->path.remote, &i));)
        result = for_client(gq, c, *h, u);
    return result;
}

int gq_receive(struct gquic *gq, const struct sd_unit *u)
{
    uint32_t cursor = 0;
    bool to_server =
        gq->role == SD_ROLE_SERVER ||
        (gq->role == SD_ROLE_BOTH && !gq_connection_by_peer(gq, &u->path.remote, &cursor));
    struct gq_header h;
    if (u->len > GQ_TEXT_MAX || !gq_header_parse(&h, u->data, u->len, to_server))
        return SD_DROP_MALFORMED;
    return to_server ? at_server(gq, u, &h) : at_client(gq, u, &h);
}
