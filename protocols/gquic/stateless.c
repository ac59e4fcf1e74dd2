/* stateless.c - a server that keeps nothing of who has not shown to be where it says.
 *
 * gQUIC's REJ belongs to a connection: what follows it on the crypto stream has an offset, and a
 * packet number.  Here both go into the source-address token, which the client brings back unread,
 * so that an inchoate CHLO need not be remembered.  Such a REJ has no acknowledgment, which leaves
 * it to the client to ask again, and no proof, which would take a signature.
 *
 * So are all treated in mode cookie, with validation always, and by default while more than half of
 * the places for handshakes are taken. */
#include "protocols/gquic/gquic.h"
#include <string.h>

/* What a first packet has of a CHLO: nothing, a beginning, all of it. */
enum first { NOTHING, PART, WHOLE };

static enum first find_chlo(const struct gquic *gq, const struct gq_header *h, size_t text_len,
                            struct gq_message *chlo, struct gq_frame *f)
{
    const struct gq_frame_context context = {h->version, h->number, h->number_len};
    struct sd_reader r = sd_reader_of(gq->in, text_len), tag;
    while (gq_frame_next(f, &r, &context)) {
        if (f->kind != GQ_STREAM || f->stream != GQ_CRYPTO_STREAM)
            continue;
        if (f->len >= GQ_CHLO_MIN && gq_message_parse(chlo, f->data, f->len))
            return chlo->tag == GQ_CHLO ? WHOLE : NOTHING;
        tag = sd_reader_of(f->data, f->len);
        return f->offset == 0 && sd_get32le(&tag) == GQ_CHLO ? PART : NOTHING;
    }
    return NOTHING;
}

static uint32_t check_token(const struct gquic *gq, const struct sd_unit *u,
                            const struct gq_message *chlo, struct gq_returning *back)
{
    const struct gq_value *v = gq_message_find(chlo, GQ_STK);
    return gq_token_check(v ? v->data : NULL, v ? v->len : 0, gq->token_key, &u->path.remote,
                          gq_unix(gq), back);
}

static void send_rejection(struct gquic *gq, const struct sd_unit *u, const struct gq_header *in,
                           size_t chlo_len, uint32_t reason)
{
    struct gq_header h = {.invariant = in->invariant,
                          .has_cid = true,
                          .cid = in->cid,
                          .version = in->invariant ? in->version : 0,
                          .number = 1,
                          .number_len = in->invariant ? 4 : 1};
    struct gq_rejection r = {.chain = NULL};
    uint8_t reasons[4] = {(uint8_t)reason}, raw[GQ_TEXT_MAX];
    gq_rejection_begin(gq, &r, GQ_REJ, &u->path.remote);
    gq_rejection_because(gq, &r, reasons, 1);
    const struct gq_returning back = {.chlo_number = in->number,
                                      .chlo_len = (uint32_t)chlo_len,
                                      .rej_len = (uint32_t)gq_message_size(&r.m),
                                      .packets = 1};
    gq_token_make(r.token, gq->env, gq->token_key, &u->path.remote, gq_unix(gq), &back);
    size_t len = gq_message_write(&r.m, raw, sizeof raw);
    struct sd_writer w = sd_writer_of(gq->out, gq_alone_max(gq, &h));
    gq_put_stream(&w, GQ_CRYPTO_STREAM, 0, raw, len, false);
    if (!w.bad && len > 0)
        gq->stats.bytes_to_unvalidated += gq_send_alone(gq, &u->path, &h, sd_written(&w));
}

int gq_stateless(struct gquic *gq, const struct sd_unit *u, const struct gq_header *h,
                 size_t text_len, struct gq_returning *back)
{
    struct gq_message chlo;
    struct gq_frame f;
    bool full = gq->stats.half_open >= gq->half_open_max;
    bool strict = gq->validation != SD_VALIDATE_NEVER &&
                  (gq->insist || gq->stats.half_open >= gq->half_open_max / 2);
    *back = (struct gq_returning){0};
    enum first first = find_chlo(gq, h, text_len, &chlo, &f);
    if (first == NOTHING)
        return SD_DROP_UNKNOWN;
    if (first == PART)
        return full ? SD_DROP_FULL : strict ? SD_DROP_MALFORMED : SD_OK;
    uint32_t reason = check_token(gq, u, &chlo, back);
    if (f.offset != back->chlo_len)
        return SD_DROP_STATE; /* the middle of a conversation that nobody here had */
    if (!reason || !strict)
        return full ? SD_DROP_FULL : SD_OK;
    gq->stats.bytes_from_unvalidated += u->len;
    send_rejection(gq, u, h, f.len, reason);
    return SD_DROP_UNVALIDATED;
}

void gq_stateless_return(struct gquic *gq, struct gq_connection *c, const struct gq_returning *back)
{
    if (!back->chlo_number)
        return;
    c->rejected = true;
    c->crypto.in.next = c->crypto.in.highest = back->chlo_len;
    c->crypto.out.start = c->crypto.out.end = c->crypto.out.sent = back->rej_len;
    c->recovery.last_number = back->packets;
    c->recovery.first = back->packets + 1;
    c->received_largest = back->chlo_number;
    c->received_at = gq->now;
    gq_ranges_add(&c->received, gq->env, back->chlo_number, back->chlo_number + 1);
}
