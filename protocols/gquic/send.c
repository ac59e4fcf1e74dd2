/* send.c - packets that go out: which level, which frames, when. */
#include "protocols/gquic/gquic.h"
#include <string.h>

#define HEADERS_IPV4 28u /* IP and UDP */
#define ACK_MAX      256u
#define AMPLIFY_MAX  3u /* ours: bytes to an address without a token for each that it sent */

struct packet {
    struct gq_header header;
    enum gq_level level;
    struct sd_writer text;
    struct gq_sent *sent;
    bool asks; /* for an acknowledgment */
};

static size_t packet_max(const struct gquic *gq)
{
    size_t fits = gq->path_mtu > HEADERS_IPV4 ? gq->path_mtu - HEADERS_IPV4 : 0;
    return fits < GQ_PACKET_MAX ? fits : GQ_PACKET_MAX;
}

/* -- one packet -- */

static struct gq_header header_for(const struct gq_connection *c, enum gq_level level)
{
    struct gq_header h = {.kind = GQ_PACKET,
                          .invariant = c->version == GQ_Q046,
                          .has_cid = true,
                          .cid = c->cid,
                          .number = c->recovery.last_number + 1};
    /* W: the client gives its version until the server is known to speak it; S: that is what a long
     * header is for, either way. */
    if (level != GQ_FORWARD_SECURE && (c->client || h.invariant))
        h.version = c->version;
    h.type = level == GQ_INITIAL ? GQ_TYPE_0RTT : GQ_TYPE_INITIAL;
    if (level == GQ_INITIAL && !c->client)
        h.nonce = c->diversification;
    h.number_len = h.invariant && h.version
                       ? 4
                       : gq_number_len(h.number, gq_recovery_least(&c->recovery), h.invariant);
    return h;
}

static bool begin(struct gquic *gq, struct gq_connection *c, struct packet *p, enum gq_level level)
{
    *p = (struct packet){.header = header_for(c, level), .level = level};
    size_t around = gq_header_size(&p->header, c->client) + GQ_TAG_LEN;
    if (packet_max(gq) < around + GQ_STREAM_OVERHEAD)
        return false;
    p->text = sd_writer_of(gq->out, packet_max(gq) - around);
    p->sent = gq_recovery_next(&c->recovery, gq->env);
    return p->sent;
}

/* Header and sealed text into the outbox; its size. */
static size_t seal(struct gquic *gq, const struct gq_connection *c, struct packet *p)
{
    size_t head = gq_header_size(&p->header, c->client), len = sd_written(&p->text);
    size_t size = head + len + GQ_TAG_LEN;
    uint8_t *unit = sd_outbox_unit(&gq->outbox, &c->path, size);
    if (!unit)
        return size; /* lost as on a network */
    struct sd_writer w = sd_writer_of(unit, head);
    gq_header_write(&p->header, &w, c->client);
    gq_seal(unit + head, gq_write_key(c, p->level), c->client, p->header.number, unit, head,
            gq->out, len);
    return size;
}

static void finish(struct gquic *gq, struct gq_connection *c, struct packet *p)
{
    size_t size = seal(gq, c, p);
    if (!c->client && !c->validated) {
        c->bytes_out += size;
        gq->stats.bytes_to_unvalidated += size;
    }
    gq_recovery_sent(&c->recovery, p->sent, gq->now, p->asks ? size : 0);
}

static size_t room(const struct packet *p)
{
    return (size_t)(p->text.end - p->text.at);
}

static struct gq_piece *note_piece(struct packet *p, enum gq_frame_kind kind, uint32_t stream)
{
    struct gq_piece *piece = &p->sent->piece[p->sent->pieces++];
    *piece = (struct gq_piece){.kind = (uint8_t)kind, .stream = stream};
    p->asks = true;
    return piece;
}

static bool full(const struct packet *p)
{
    return p->sent->pieces == GQ_PIECES || room(p) < 2 * GQ_STREAM_OVERHEAD;
}

/* -- acknowledgments -- */

/* Newest first, as many as a frame holds. */
static void put_ack(struct gquic *gq, struct gq_connection *c, struct packet *p)
{
    struct gq_range newest[GQ_ACK_BLOCKS_MAX + 1];
    size_t count = 0;
    if (c->received.count == 0)
        return;
    for (uint32_t i = c->received.count; i-- > 0 && count < GQ_ACK_BLOCKS_MAX;)
        newest[count++] = c->received.range[i];
    gq_put_ack(&p->text, newest, count, (gq->now - c->received_at) / SD_US, ACK_MAX);
    if (c->version == GQ_Q043) {
        const struct gq_frame_context context = {c->version, p->header.number,
                                                 p->header.number_len};
        uint64_t least = gq_recovery_least(&c->recovery);
        gq_put_stop_waiting(&p->text, &context, least);
    }
    c->unacknowledged = 0;
    c->ack_at = SD_NEVER;
}

/* -- frames -- */

/* A slice of a stream's bytes as a frame. */
static void put_slice(struct gquic *gq, struct gq_connection *c, struct packet *p,
                      struct gq_stream *s, const struct gq_slice *slice)
{
    uint8_t bytes[GQ_PACKET_MAX];
    gq_outgoing_copy(&s->out, slice, bytes);
    gq_put_stream(&p->text, s->id, slice->offset, bytes, slice->len, slice->fin);
    note_piece(p, GQ_STREAM, s->id)->slice = *slice;
    if (slice->offset + slice->len > s->out.sent)
        c->out_sent += gq_stream_counts(s->id) ? slice->offset + slice->len - s->out.sent : 0;
    else if (slice->offset < s->out.sent)
        gq->stats.retransmits++;
    gq_outgoing_sent(&s->out, gq->env, slice);
}

static void put_crypto(struct gquic *gq, struct gq_connection *c, struct packet *p,
                       struct gq_slice slice)
{
    size_t most = room(p) - gq_stream_head(GQ_CRYPTO_STREAM, slice.offset);
    for (uint32_t i = 0; i < c->flights; i++)
        if (c->flight[i].end > slice.offset && c->flight[i].end - slice.offset < most)
            most = (size_t)(c->flight[i].end - slice.offset);
    if (slice.len > most)
        slice.len = (uint16_t)most;
    put_slice(gq, c, p, &c->crypto, &slice);
    p->sent->crypto = c->state != GQ_OPEN || c->handshake;
    /* S: a packet with a CHLO is filled with PADDING. */
    if (c->client && p->level == GQ_UNENCRYPTED)
        sd_put_space(&p->text, room(p));
}

static void put_connection_frames(struct gq_connection *c, struct packet *p)
{
    if (c->tell_window && !full(p)) {
        gq_put_window_update(&p->text, 0, c->in_limit);
        note_piece(p, GQ_WINDOW_UPDATE, 0);
        c->tell_window = false;
    }
    if (c->tell_blocked && !full(p)) {
        gq_put_blocked(&p->text, 0);
        note_piece(p, GQ_BLOCKED, 0);
        c->tell_blocked = false;
    }
    if (c->tell_goaway && !full(p)) {
        gq_put_goaway(&p->text, GQ_PEER_GOING_AWAY, c->next_peer - 2, "");
        note_piece(p, GQ_GOAWAY, 0);
        c->tell_goaway = false;
    }
}

static void put_stream_frames(struct gq_stream *s, struct packet *p)
{
    if (s->tell_reset && !full(p)) {
        gq_put_rst_stream(&p->text, s->id, s->out.sent, GQ_STREAM_CANCELLED);
        note_piece(p, GQ_RST_STREAM, s->id);
        s->tell_reset = false;
    }
    if (s->tell_window && !full(p)) {
        gq_put_window_update(&p->text, s->id, s->in_limit);
        note_piece(p, GQ_WINDOW_UPDATE, s->id);
        s->tell_window = false;
    }
    if (s->tell_blocked && !full(p)) {
        gq_put_blocked(&p->text, s->id);
        note_piece(p, GQ_BLOCKED, s->id);
        s->tell_blocked = false;
    }
}

/* Up to which offset a stream's new bytes may go now. */
static uint64_t limit_of(const struct gq_connection *c, const struct gq_stream *s)
{
    if (!gq_stream_counts(s->id))
        return s->out_limit;
    uint64_t credit = c->out_limit > c->out_sent ? c->out_limit - c->out_sent : 0;
    return s->out.sent + credit < s->out_limit ? s->out.sent + credit : s->out_limit;
}

static void note_blocked(struct gq_connection *c, struct gq_stream *s)
{
    if (!gq_outgoing_blocked(&s->out, limit_of(c, s)))
        return;
    bool of_stream = s->out.sent >= s->out_limit;
    bool *blocked = of_stream ? &s->blocked : &c->blocked;
    if (!*blocked)
        *(of_stream ? &s->tell_blocked : &c->tell_blocked) = true;
    *blocked = true;
}

/* Behind all others: streams take turns, a packet each. */
static void move_back(struct gq_connection *c, struct gq_stream *s)
{
    struct gq_stream **link = &c->streams;
    if (!s->next)
        return;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    s->next = NULL;
    *c->streams_end = s;
    c->streams_end = &s->next;
}

static void put_streams(struct gquic *gq, struct gq_connection *c, struct packet *p)
{
    struct gq_stream *last = NULL;
    for (struct gq_stream *s = c->streams; s && !full(p); s = s->next) {
        struct gq_slice slice;
        put_stream_frames(s, p);
        note_blocked(c, s);
        if (s->reset || full(p))
            continue;
        size_t most = room(p) - GQ_STREAM_OVERHEAD;
        if (gq_outgoing_next(&s->out, most, limit_of(c, s), &slice)) {
            put_slice(gq, c, p, s, &slice);
            last = s;
        }
    }
    if (last)
        move_back(c, last);
}

static bool has_streams(const struct gq_connection *c)
{
    struct gq_slice slice;
    if (c->write_level == GQ_UNENCRYPTED)
        return false;
    if (c->tell_window || c->tell_blocked || c->tell_goaway || c->tell_ping)
        return true;
    for (const struct gq_stream *s = c->streams; s; s = s->next)
        if (s->tell_reset || s->tell_window || s->tell_blocked ||
            (!s->reset && gq_outgoing_next(&s->out, 1, limit_of(c, s), &slice)))
            return true;
    return false;
}

/* -- when -- */

static bool amplifies(const struct gquic *gq, const struct gq_connection *c)
{
    return !c->client && !c->validated && gq->validation != SD_VALIDATE_NEVER &&
           c->bytes_out + packet_max(gq) > AMPLIFY_MAX * c->bytes_in;
}

static bool may_send_new(const struct gq_connection *c, sd_time now)
{
    return gq_recovery_may_send(&c->recovery, GQ_PACKET_MAX) &&
           (c->recovery.probes > 0 || c->pace_at <= now + GQ_PACE_GRAIN);
}

/* S: twice the window per round trip in slow start, 1.25 times afterwards. */
static void pace(struct gq_connection *c, sd_time now, size_t size)
{
    const struct gq_recovery *r = &c->recovery;
    if (r->in_flight <= size)
        c->burst = GQ_BURST;
    if (c->burst > 0) {
        c->burst--;
        return;
    }
    sd_time apart = r->srtt * size / r->cubic.window;
    apart = gq_cubic_slow_start(&r->cubic) ? apart / 2 : apart * 4 / 5;
    c->pace_at = (c->pace_at > now ? c->pace_at : now) + apart;
}

static bool ack_is_due(const struct gq_connection *c, sd_time now)
{
    return c->ack_at <= now;
}

/* False: nothing is to be sent now. */
static bool send_one(struct gquic *gq, struct gq_connection *c)
{
    struct gq_slice crypto;
    bool handshake = gq_outgoing_next(&c->crypto.out, GQ_PACKET_MAX, UINT64_MAX, &crypto);
    bool data = !handshake && has_streams(c) && may_send_new(c, gq->now);
    struct packet p;
    if ((!handshake && !data && !ack_is_due(c, gq->now)) || amplifies(gq, c))
        return false;
    if (!begin(gq, c, &p, handshake ? gq_crypto_level(c, crypto.offset) : c->write_level))
        return false;
    put_ack(gq, c, &p);
    if (handshake)
        put_crypto(gq, c, &p, crypto);
    if (data) {
        put_connection_frames(c, &p);
        put_streams(gq, c, &p);
    }
    if (data && c->tell_ping && !p.asks) {
        sd_put8(&p.text, GQ_PING);
        note_piece(&p, GQ_PING, 0);
    }
    c->tell_ping &= !data;
    bool asks = p.asks;
    if (sd_written(&p.text) == 0)
        return false;
    finish(gq, c, &p);
    if (asks && !handshake)
        pace(c, gq->now, p.sent->size);
    return true;
}

void gq_pump(struct gquic *gq, struct gq_connection *c)
{
    while (send_one(gq, c))
        ;
    c->recovery.probes = 0; /* there was nothing more to try with */
}

static sd_time earlier(sd_time a, sd_time b)
{
    return a < b ? a : b;
}

sd_time gq_deadline(const struct gquic *gq, const struct gq_connection *c)
{
    const struct gq_recovery *r = &c->recovery;
    sd_time quiet = c->heard_at > r->last_at ? c->heard_at : r->last_at;
    sd_time due = c->state != GQ_OPEN ? c->opened_at + GQ_HANDSHAKE_MAX : c->heard_at + c->idle;
    if (amplifies(gq, c))
        return due; /* nothing may be said until more has come */
    due = earlier(due, c->ack_at);
    due = earlier(due, c->close_at);
    due = earlier(due, gq_recovery_deadline(r));
    if (c->client && c->state == GQ_OPEN && c->streams && r->packets == 0)
        due = earlier(due, quiet + GQ_PING_AFTER);
    if (r->in_flight + GQ_PACKET_MAX <= r->cubic.window && has_streams(c))
        due = earlier(due, c->pace_at - GQ_PACE_GRAIN);
    return due;
}

/* -- packets of their own -- */

void gq_send_close(struct gquic *gq, struct gq_connection *c, uint32_t code, const char *why)
{
    struct packet p;
    if (amplifies(gq, c) || !begin(gq, c, &p, c->write_level))
        return;
    put_ack(gq, c, &p);
    gq_put_connection_close(&p.text, code, why);
    finish(gq, c, &p);
}

size_t gq_alone_max(const struct gquic *gq, const struct gq_header *h)
{
    size_t around = gq_header_size(h, false) + GQ_TAG_LEN;
    return packet_max(gq) > around ? packet_max(gq) - around : 0;
}

size_t gq_send_alone(struct gquic *gq, const struct sd_path *path, const struct gq_header *h,
                     size_t len)
{
    size_t head = gq_header_size(h, false);
    uint8_t *unit = sd_outbox_unit(&gq->outbox, path, head + len + GQ_TAG_LEN);
    struct sd_writer w = sd_writer_of(unit, unit ? head : 0);
    gq_header_write(h, &w, false);
    if (unit)
        gq_seal(unit + head, NULL, false, h->number, unit, head, gq->out, len);
    return head + len + GQ_TAG_LEN;
}

/* All versions that the server speaks, in the form of the packet that asked. */
void gq_send_versions(struct gquic *gq, const struct sd_path *path, const struct gq_header *h)
{
    size_t head = h->invariant ? 1 + 4 + 1 + 8 : 1 + 8;
    uint8_t *unit = sd_outbox_unit(&gq->outbox, path, head + 4 * gq->version_count);
    struct sd_writer w = sd_writer_of(unit, unit ? head + 4 * gq->version_count : 0);
    if (h->invariant) {
        sd_put8(&w, GQ_LONG | GQ_FIXED);
        sd_put32(&w, 0);
        sd_put8(&w, GQ_IDS_TO_CLIENT);
    } else {
        sd_put8(&w, GQ_FLAGS_VERSIONS);
    }
    sd_put64(&w, h->cid);
    for (uint32_t i = 0; i < gq->version_count; i++)
        sd_put32(&w, gq->versions[i]);
}

/* Q043's: a message that nothing protects. */
static size_t put_public_reset(uint8_t *out, size_t cap, uint64_t cid, const uint8_t nonce[8],
                               uint64_t rejected)
{
    struct gq_message m;
    uint8_t number[8];
    struct sd_writer w = sd_writer_of(out, cap), n = sd_writer_of(number, sizeof number);
    sd_put64le(&n, rejected);
    gq_message_init(&m, GQ_PRST);
    gq_message_put(&m, GQ_RNON, nonce, 8);
    gq_message_put(&m, GQ_RSEQ, number, sizeof number);
    sd_put8(&w, GQ_FLAGS_RESET);
    sd_put64(&w, cid);
    size_t len = w.bad ? 0 : gq_message_write(&m, w.at, (size_t)(w.end - w.at));
    return len > 0 ? sd_written(&w) + len : 0;
}

size_t gq_forge_reset(const uint8_t *seen, size_t len, bool from_client, uint8_t *out, size_t cap)
{
    static const uint8_t nonce[8]; /* which nobody checks */
    struct gq_header h;
    if (from_client || !gq_header_parse(&h, seen, len, false) || !h.has_cid)
        return 0;
    return put_public_reset(out, cap, h.cid, nonce, h.number);
}

/* Q046's: looks like a short packet, ends in what the SHLO said. */
static size_t put_stateless_reset(const struct gquic *gq, uint8_t *out, size_t cap, uint64_t cid)
{
    struct sd_writer w = sd_writer_of(out, cap);
    uint8_t junk[24], token[GQ_RESET_TOKEN];
    sd_random(gq->env, junk, sizeof junk);
    gq_reset_token(gq, cid, token);
    sd_put8(&w, GQ_FIXED);
    sd_put(&w, junk, sizeof junk);
    sd_put(&w, token, sizeof token);
    return sd_written(&w);
}

void gq_send_reset(struct gquic *gq, const struct sd_path *path, const struct gq_header *h)
{
    uint8_t reset[128], nonce[8];
    sd_random(gq->env, nonce, sizeof nonce);
    size_t len = h->invariant ? put_stateless_reset(gq, reset, sizeof reset, h->cid)
                              : put_public_reset(reset, sizeof reset, h->cid, nonce, h->number);
    uint8_t *unit = sd_outbox_unit(&gq->outbox, path, len);
    if (unit)
        memcpy(unit, reset, len);
}
