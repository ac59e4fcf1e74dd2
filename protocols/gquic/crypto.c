/* crypto.c - the crypto stream, number 1: handshake messages one behind the other, each at its
 * level, outside flow control. */
#include "protocols/gquic/gquic.h"
#include <string.h>

/* How far ahead of its turn the crypto stream's data is kept. */
#define AHEAD_MAX GQ_MESSAGE_MAX

bool gq_crypto_send(struct gquic *gq, struct gq_connection *c, enum gq_level level,
                    const uint8_t *message, size_t len)
{
    if (c->flights == GQ_FLIGHTS) {
        memmove(c->flight, c->flight + 1, (GQ_FLIGHTS - 1) * sizeof *c->flight);
        c->flights--;
    }
    if (gq_outgoing_write(&c->crypto.out, gq->env, message, len) != (long)len)
        return false;
    c->flight[c->flights++] = (struct gq_flight){c->crypto.out.end, level};
    return true;
}

void gq_crypto_answered(struct gquic *gq, struct gq_connection *c)
{
    struct gq_fates fates = gq_fates_of(gq, c);
    struct gq_outgoing *o = &c->crypto.out;
    struct gq_slice all = {.offset = o->start, .len = (uint16_t)(o->end - o->start)};
    gq_recovery_answered(&c->recovery, &fates);
    gq_outgoing_arrived(o, gq->env, &all);
}

enum gq_level gq_crypto_level(const struct gq_connection *c, uint64_t offset)
{
    for (uint32_t i = 0; i < c->flights; i++)
        if (offset < c->flight[i].end)
            return c->flight[i].level;
    return c->write_level;
}

static uint32_t dispatch(struct gquic *gq, struct gq_connection *c, const uint8_t *raw, size_t len,
                         bool clear)
{
    struct gq_message m;
    if (!gq_message_parse(&m, raw, len))
        return GQ_CRYPTO_PARAMETER;
    return c->client ? gq_client_message(gq, c, &m, clear) : gq_server_message(gq, c, &m, raw, len);
}

/* The message that begins the bytes given out so far, if it is whole: handled and taken off. */
static uint32_t take_message(struct gquic *gq, struct gq_connection *c, bool *more)
{
    size_t len = gq_message_len(c->message, c->message_len);
    *more = false;
    if (len == SIZE_MAX)
        return GQ_CRYPTO_PARAMETER;
    if (len == 0 || len > c->message_len)
        return GQ_NO_ERROR;
    /* What comes next moves to a block of its own, because handling may end the connection's
     * handshake. */
    uint8_t *raw = c->message;
    size_t left = c->message_len - len;
    uint64_t begins = c->crypto.in.next - c->message_len;
    c->message = NULL;
    c->message_len = 0;
    uint32_t error = GQ_INTERNAL_ERROR;
    if (left == 0 || (c->message = sd_alloc(gq->env, left))) {
        if (left > 0)
            memcpy(c->message, raw + len, left);
        c->message_len = left;
        error = dispatch(gq, c, raw, len, c->clear_end > begins);
    }
    sd_free(raw);
    *more = error == GQ_NO_ERROR && left > 0 && c->state != GQ_OVER;
    return error;
}

static bool append(struct gquic *gq, struct gq_connection *c, const uint8_t *data, size_t len)
{
    if (c->message_len + len > GQ_MESSAGE_MAX)
        return false;
    uint8_t *more = sd_realloc(gq->env, c->message, c->message_len + len);
    if (!more)
        return false;
    memcpy(more + c->message_len, data, len);
    c->message = more;
    c->message_len += len;
    return true;
}

uint32_t gq_crypto_frame(struct gquic *gq, struct gq_connection *c, const struct gq_frame *f,
                         enum gq_level level)
{
    size_t skip, run;
    uint64_t end = f->offset + f->len;
    if (end > c->crypto.in.next + AHEAD_MAX || f->fin)
        return GQ_CRYPTO_PARAMETER;
    if (level == GQ_UNENCRYPTED && end > c->clear_end)
        c->clear_end = end;
    int result = gq_incoming_take(&c->crypto.in, gq->env, f, &skip, &run);
    if (result == SD_DROP_REPLAY)
        return GQ_NO_ERROR;
    bool good = result == SD_OK && (run == 0 || append(gq, c, f->data + skip, run));
    for (struct gq_segment *s; good && (s = gq_incoming_next(&c->crypto.in)); sd_free(s))
        good = append(gq, c, s->data, s->len);
    uint32_t error = good ? GQ_NO_ERROR : GQ_INTERNAL_ERROR;
    for (bool more = good && c->message_len > 0; more && error == GQ_NO_ERROR;)
        error = take_message(gq, c, &more);
    return error;
}
