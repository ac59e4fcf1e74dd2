/* streams.c - the streams of a connection and their flow control (W: "Stream life cycle", "Flow
 * control").
 *
 * The application's stream n is the client's stream 3 + 2n.  What a server writes to stream n goes
 * back on it, or, where the client has not opened it yet, on the server's own stream 2 + 2n, and
 * keeps to that: README, "Streams". */
#include "protocols/gquic/gquic.h"
#include <string.h>

void gq_stream_init(struct gq_stream *s, uint32_t id)
{
    *s = (struct gq_stream){.id = id, .out_limit = GQ_WINDOW_ASSUMED, .in_limit = GQ_STREAM_WINDOW};
    gq_incoming_init(&s->in);
}

void gq_stream_fini(struct gq_stream *s)
{
    gq_outgoing_fini(&s->out);
    gq_incoming_fini(&s->in);
}

struct gq_stream *gq_stream_find(const struct gq_connection *c, uint32_t id)
{
    struct gq_stream *s = c->streams;
    while (s && s->id != id)
        s = s->next;
    return s;
}

uint64_t gq_stream_number(uint32_t id)
{
    return id / 2 - 1;
}

static struct gq_stream *add(struct gquic *gq, struct gq_connection *c, uint32_t id)
{
    struct gq_stream *s = sd_alloc(gq->env, sizeof *s);
    if (!s)
        return NULL;
    gq_stream_init(s, id);
    s->out_limit = c->window;
    *c->streams_end = s;
    c->streams_end = &s->next;
    c->stream_count++;
    return s;
}

/* Opens every stream of one side up to this one. */
static struct gq_stream *open_up_to(struct gquic *gq, struct gq_connection *c, uint32_t *next,
                                    uint32_t id)
{
    struct gq_stream *s = NULL;
    while (*next <= id) {
        if (c->stream_count >= 2 * GQ_STREAMS_MAX || !(s = add(gq, c, *next)))
            return NULL;
        *next += 2;
    }
    return s;
}

struct gq_stream *gq_stream_to_write(struct gquic *gq, struct gq_connection *c, uint64_t n)
{
    if (n >= GQ_STREAMS_MAX * 1000u)
        return NULL;
    uint32_t client = (uint32_t)(3 + 2 * n), server = client - 1, own = c->client ? client : server;
    struct gq_stream *s = gq_stream_find(c, own);
    if (!s && !c->client)
        s = gq_stream_find(c, client);
    if (s || own < c->next_own || (!c->client && client < c->next_peer) || c->going_away)
        return s;
    return open_up_to(gq, c, &c->next_own, own);
}

/* -- flow control -- */

bool gq_stream_counts(uint32_t id)
{
    return id != GQ_CRYPTO_STREAM && id != GQ_HEADERS_STREAM;
}

void gq_streams_windows(struct gquic *gq, struct gq_connection *c, uint32_t stream,
                        uint32_t connection)
{
    bool more = stream > c->window || connection > c->out_limit;
    c->window = stream;
    if (connection > c->out_limit)
        c->out_limit = connection;
    for (struct gq_stream *s = c->streams; s; s = s->next)
        if (stream > s->out_limit)
            s->out_limit = stream;
    if (more && c->ready)
        gq_tell(gq, c, SD_EV_WRITABLE, NULL);
}

void gq_stream_given(struct gq_connection *c, struct gq_stream *s, uint64_t len)
{
    c->in_given += gq_stream_counts(s->id) ? len : 0;
    if (c->in_limit - c->in_given < GQ_CONNECTION_WINDOW / 2) {
        c->in_limit = c->in_given + GQ_CONNECTION_WINDOW;
        c->tell_window = true;
    }
    if (s->in.final == UINT64_MAX && s->in_limit - s->in.next < GQ_STREAM_WINDOW / 2) {
        s->in_limit = s->in.next + GQ_STREAM_WINDOW;
        s->tell_window = true;
    }
}

void gq_stream_window(struct gq_connection *c, const struct gq_frame *f)
{
    struct gq_stream *s = f->stream ? gq_stream_find(c, f->stream) : NULL;
    uint64_t *limit = s ? &s->out_limit : f->stream ? NULL : &c->out_limit;
    if (!limit || f->offset <= *limit)
        return;
    *limit = f->offset;
    *(s ? &s->blocked : &c->blocked) = false;
}

/* -- what comes in -- */

/* The stream of a frame; NULL: it is over, or *error. */
static struct gq_stream *stream_of(struct gquic *gq, struct gq_connection *c, uint32_t id,
                                   uint32_t *error)
{
    struct gq_stream *s = gq_stream_find(c, id);
    *error = GQ_NO_ERROR;
    if (s)
        return s;
    bool own = (id & 1) == (c->client ? 1 : 0);
    if (id < 2 || (own && id >= c->next_own)) {
        *error = GQ_INVALID_STREAM_ID;
    } else if (!own && id >= c->next_peer) {
        s = id < c->next_peer + 2 * GQ_STREAMS_MAX ? open_up_to(gq, c, &c->next_peer, id) : NULL;
        if (!s)
            *error = GQ_TOO_MANY_OPEN_STREAMS;
    }
    return s;
}

static struct sd_event *tell_data(struct gquic *gq, const struct gq_connection *c,
                                  const struct gq_stream *s, const uint8_t *data, size_t len,
                                  void *owned, bool early)
{
    struct sd_event *e = sd_outbox_event(&gq->outbox, SD_EV_DATA, c->sid, owned);
    e->path = c->path;
    e->stream = gq_stream_number(s->id);
    e->data = data;
    e->len = len;
    e->early = early;
    return e;
}

/* The bytes that are next in the frame itself: borrowed, or copied when others will be read into
 * their place before the event is over. */
static struct sd_event *give_run(struct gquic *gq, struct gq_connection *c, struct gq_stream *s,
                                 const uint8_t *data, size_t len, bool early, bool copy)
{
    uint8_t *owned = copy ? sd_alloc(gq->env, len) : NULL;
    if (owned)
        memcpy(owned, data, len);
    gq_stream_given(c, s, len);
    if (!c->closing)
        return tell_data(gq, c, s, owned ? owned : data, len, owned, early);
    sd_free(owned);
    return NULL;
}

static void give(struct gquic *gq, struct gq_connection *c, struct gq_stream *s,
                 const uint8_t *data, size_t run, bool early, bool copy)
{
    struct sd_event *last = NULL;
    if (run > 0)
        last = give_run(gq, c, s, data, run, early, copy);
    for (struct gq_segment *g; (g = gq_incoming_next(&s->in));) {
        gq_stream_given(c, s, g->len);
        if (c->closing)
            sd_free(g);
        else
            last = tell_data(gq, c, s, g->data, g->len, g, early);
    }
    if (gq_incoming_over(&s->in) && !s->in.fin_told) {
        s->in.fin_told = true;
        if (!c->closing)
            (last ? last : tell_data(gq, c, s, NULL, 0, NULL, early))->fin = true;
    }
}

uint32_t gq_stream_frame(struct gquic *gq, struct gq_connection *c, const struct gq_frame *f,
                         bool early, bool copy)
{
    uint32_t error;
    struct gq_stream *s = stream_of(gq, c, f->stream, &error);
    if (!s || s->reset)
        return error;
    uint64_t end = f->offset + f->len, news = end > s->in.highest ? end - s->in.highest : 0;
    if (!gq_stream_counts(s->id))
        news = 0;
    if (end > s->in_limit || news > c->in_limit - c->in_seen)
        return GQ_FLOW_CONTROL_TOO_MUCH;
    size_t skip, run;
    int result = gq_incoming_take(&s->in, gq->env, f, &skip, &run);
    if (result < 0)
        return GQ_INTERNAL_ERROR;
    if (result == SD_DROP_MALFORMED)
        return GQ_STREAM_LENGTH_OVERFLOW;
    c->in_seen += news;
    give(gq, c, s, f->data + skip, run, early, copy);
    return GQ_NO_ERROR;
}

uint32_t gq_stream_rst(struct gquic *gq, struct gq_connection *c, const struct gq_frame *f)
{
    uint32_t error;
    struct gq_stream *s = stream_of(gq, c, f->stream, &error);
    if (!s || s->reset)
        return error;
    if (f->offset < s->in.highest || f->offset > s->in_limit)
        return GQ_FLOW_CONTROL_TOO_MUCH;
    uint64_t news = gq_stream_counts(s->id) ? f->offset - s->in.highest : 0;
    if (news > c->in_limit - c->in_seen)
        return GQ_FLOW_CONTROL_TOO_MUCH;
    /* Bytes that will never come count as given out. */
    c->in_seen += news;
    gq_stream_given(c, s, f->offset - s->in.next);
    s->reset = true;
    s->in.next = s->in.highest = s->in.final = f->offset;
    s->in.fin_told = true;
    gq_incoming_fini(&s->in);
    struct sd_event *e = gq_tell(gq, c, SD_EV_NOTE, "the other side reset a stream");
    e->stream = gq_stream_number(s->id);
    e->code = f->error;
    /* W: answered by our own end, if there is more to say. */
    if (!gq_outgoing_over(&s->out)) {
        gq_outgoing_fini(&s->out);
        s->tell_reset = true;
    }
    return GQ_NO_ERROR;
}

/* -- ends -- */

static bool over(const struct gq_stream *s)
{
    if (s->reset)
        return !s->tell_reset;
    return gq_incoming_over(&s->in) && s->in.fin_told && gq_outgoing_over(&s->out) &&
           !s->tell_window && !s->tell_blocked;
}

void gq_streams_reap(struct gq_connection *c)
{
    struct gq_stream **link = &c->streams;
    while (*link) {
        struct gq_stream *s = *link;
        if (!over(s)) {
            link = &s->next;
            continue;
        }
        *link = s->next;
        c->stream_count--;
        gq_stream_fini(s);
        sd_free(s);
    }
    c->streams_end = link;
}

bool gq_streams_idle(const struct gq_connection *c)
{
    for (const struct gq_stream *s = c->streams; s; s = s->next)
        if (!s->reset && (s->out.start < s->out.end || (s->out.fin && !s->out.fin_acked)))
            return false;
    return true;
}
