/* session.c - the frames that come in, and what becomes of those that went out. */
#include "protocols/gquic/gquic.h"
#include <string.h>

/* -- what went out -- */

static void arrived(void *ctx, struct gq_sent *p)
{
    struct gq_fate_context *x = ctx;
    for (uint8_t i = 0; i < p->pieces; i++) {
        const struct gq_piece *piece = &p->piece[i];
        if (piece->kind != GQ_STREAM)
            continue;
        struct gq_stream *s =
            piece->stream == GQ_CRYPTO_STREAM ? &x->c->crypto : gq_stream_find(x->c, piece->stream);
        if (s && gq_outgoing_arrived(&s->out, x->gq->env, &piece->slice) && !x->c->closing)
            gq_tell(x->gq, x->c, SD_EV_WRITABLE, NULL)->stream = gq_stream_number(s->id);
    }
}

static void lost(void *ctx, struct gq_sent *p)
{
    struct gq_fate_context *x = ctx;
    struct gq_connection *c = x->c;
    for (uint8_t i = 0; i < p->pieces; i++) {
        const struct gq_piece *piece = &p->piece[i];
        struct gq_stream *s =
            piece->stream == GQ_CRYPTO_STREAM ? &c->crypto : gq_stream_find(c, piece->stream);
        switch (piece->kind) {
        case GQ_STREAM:
            if (s && !s->reset)
                gq_outgoing_lost(&s->out, x->gq->env, &piece->slice);
            break;
        case GQ_WINDOW_UPDATE:
            *(s ? &s->tell_window : &c->tell_window) = s || piece->stream == 0;
            break;
        case GQ_BLOCKED:
            *(s ? &s->tell_blocked : &c->tell_blocked) = s ? s->blocked : c->blocked;
            break;
        case GQ_RST_STREAM:
            if (s)
                s->tell_reset = true;
            break;
        case GQ_GOAWAY:
            c->tell_goaway = true;
            break;
        default:
            c->tell_ping = true;
        }
    }
}

struct gq_fates gq_fates_of(struct gquic *gq, struct gq_connection *c)
{
    static struct gq_fate_context context; /* agents are never re-entered */
    context = (struct gq_fate_context){gq, c};
    return (struct gq_fates){.arrived = arrived, .lost = lost, .ctx = &context};
}

/* -- what comes in -- */

static uint32_t take_ack(struct gquic *gq, struct gq_connection *c, const struct gq_frame *f)
{
    struct gq_fates fates = gq_fates_of(gq, c);
    bool news;
    return gq_recovery_acked(&c->recovery, gq->now, f, &fates, &news) ? GQ_NO_ERROR
                                                                      : GQ_INVALID_FRAME_DATA;
}

static void take_close(struct gquic *gq, struct gq_connection *c, const struct gq_frame *f)
{
    bool orderly = f->error == GQ_NO_ERROR || f->error == GQ_PEER_GOING_AWAY;
    gq_over(gq, c, f->error,
            orderly ? "closed by the other side" : "the other side ended it with an error");
}

static void take_stop_waiting(struct gq_connection *c, uint64_t least)
{
    if (least <= c->received_floor || least > c->received_largest + 1)
        return;
    c->received_floor = least;
    gq_ranges_remove_below(&c->received, least);
}

static uint32_t take(struct gquic *gq, struct gq_connection *c, const struct gq_frame *f,
                     enum gq_level level, bool copy)
{
    if (f->kind == GQ_STREAM && f->stream == GQ_CRYPTO_STREAM) {
        c->ack_now = true;
        return gq_crypto_frame(gq, c, f, level);
    }
    switch (f->kind) {
    case GQ_PADDING:
    case GQ_PING:
        return GQ_NO_ERROR;
    case GQ_ACK:
        return take_ack(gq, c, f);
    case GQ_STOP_WAITING:
        take_stop_waiting(c, f->least_unacked);
        return GQ_NO_ERROR;
    case GQ_CONNECTION_CLOSE:
        take_close(gq, c, f);
        return GQ_NO_ERROR;
    case GQ_GOAWAY:
        c->going_away = true;
        gq_tell(gq, c, SD_EV_NOTE, "the other side takes no new streams")->code = f->error;
        return GQ_NO_ERROR;
    case GQ_STREAM:
        if (level == GQ_UNENCRYPTED)
            return GQ_UNENCRYPTED_STREAM_DATA;
        return gq_stream_frame(gq, c, f, level == GQ_INITIAL && !c->client && !c->rejected, copy);
    case GQ_RST_STREAM:
        return level == GQ_UNENCRYPTED ? GQ_UNENCRYPTED_STREAM_DATA : gq_stream_rst(gq, c, f);
    case GQ_WINDOW_UPDATE:
        gq_stream_window(c, f);
        return GQ_NO_ERROR;
    default: /* BLOCKED: nothing to do, WINDOW_UPDATE goes when it is time */
        return GQ_NO_ERROR;
    }
}

/* Does a frame ask for an acknowledgment? */
static bool asks(const struct gq_frame *f)
{
    return f->kind != GQ_ACK && f->kind != GQ_STOP_WAITING && f->kind != GQ_PADDING &&
           f->kind != GQ_CONNECTION_CLOSE;
}

uint32_t gq_frames(struct gquic *gq, struct gq_connection *c, const struct gq_header *h,
                   enum gq_level level, const uint8_t *text, size_t len, bool copy)
{
    const struct gq_frame_context context = {c->version, h->number, h->number_len};
    struct sd_reader r = sd_reader_of(text, len);
    struct gq_frame f;
    uint32_t error = len > 0 ? GQ_NO_ERROR : GQ_INVALID_FRAME_DATA;
    bool asked = false;
    while (error == GQ_NO_ERROR && c->state != GQ_OVER && gq_frame_next(&f, &r, &context)) {
        asked |= asks(&f);
        error = take(gq, c, &f, level, copy);
    }
    if (error == GQ_NO_ERROR && r.bad)
        error = GQ_INVALID_FRAME_DATA;
    c->unacknowledged += asked;
    return error;
}
