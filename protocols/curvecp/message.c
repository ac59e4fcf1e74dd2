#include "protocols/curvecp/message.h"
#include "sim/core/reader.h"
#include <string.h>

/* Extends the ranges by one after `*end`.  False: past any position there is. */
static bool take_range(struct cp_range *range, uint64_t *end, uint64_t gap, uint64_t len)
{
    range->from = *end + gap;
    range->to = range->from + len;
    *end = range->to;
    return range->to <= CP_STREAM_MAX;
}

bool cp_message_parse(struct cp_message *m, const uint8_t *bytes, size_t len)
{
    if (len < CP_MESSAGE_HEADER || len > CP_MESSAGE_MAX || len % 16 != 0)
        return false;
    struct sd_reader r = sd_reader_of(bytes, CP_MESSAGE_HEADER);
    m->id = sd_get32le(&r);
    m->acked_id = sd_get32le(&r);
    uint64_t end = 0, first = sd_get64le(&r);
    if (first > CP_STREAM_MAX || !take_range(&m->acked[0], &end, 0, first))
        return false;
    for (size_t i = 1; i < CP_RANGES; i++) {
        uint32_t gap = i == 1 ? sd_get32le(&r) : sd_get16le(&r);
        if (!take_range(&m->acked[i], &end, gap, sd_get16le(&r)))
            return false;
    }
    uint16_t d = sd_get16le(&r);
    m->position = sd_get64le(&r);
    m->stop = d & (CP_STOP_SUCCESS | CP_STOP_FAILURE);
    m->len = d - m->stop;
    if (m->stop == (CP_STOP_SUCCESS | CP_STOP_FAILURE) || m->len > CP_BLOCK_MAX ||
        CP_MESSAGE_HEADER + m->len > len || m->position > CP_STREAM_MAX)
        return false;
    m->data = bytes + len - m->len;
    return true;
}

void cp_message_write(const struct cp_message *m, uint8_t *bytes, size_t len)
{
    struct sd_writer w = sd_writer_of(bytes, len);
    sd_put32le(&w, m->id);
    sd_put32le(&w, m->acked_id);
    sd_put64le(&w, m->acked[0].to);
    bool fits = true;
    for (size_t i = 1; i < CP_RANGES; i++) {
        uint64_t gap = m->acked[i].from - m->acked[i - 1].to;
        uint64_t size = m->acked[i].to - m->acked[i].from;
        fits = fits && size > 0 && size <= UINT16_MAX && gap <= (i == 1 ? UINT32_MAX : UINT16_MAX);
        if (i == 1)
            sd_put32le(&w, fits ? (uint32_t)gap : 0);
        else
            sd_put16le(&w, fits ? (uint16_t)gap : 0);
        sd_put16le(&w, fits ? (uint16_t)size : 0);
    }
    sd_put16le(&w, m->len | m->stop);
    sd_put64le(&w, m->position);
    sd_put_space(&w, len - CP_MESSAGE_HEADER - m->len);
    sd_put(&w, m->data, m->len);
}
