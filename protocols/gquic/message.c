#include "protocols/gquic/message.h"
#include "sim/core/reader.h"
#include <string.h>

#define HEADER 8u /* tag, number of values, zero */
#define ENTRY  8u /* tag, end */

size_t gq_message_len(const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    sd_get32le(&r);
    size_t count = sd_get16le(&r);
    sd_get16le(&r);
    if (r.bad)
        return 0;
    if (count > GQ_ENTRIES_MAX)
        return SIZE_MAX;
    size_t total = HEADER + ENTRY * count;
    if (count > 0) {
        sd_get(&r, ENTRY * count - 4);
        total += sd_get32le(&r);
    }
    return r.bad ? 0 : total <= GQ_MESSAGE_MAX ? total : SIZE_MAX;
}

bool gq_message_parse(struct gq_message *m, const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    m->tag = sd_get32le(&r);
    m->count = sd_get16le(&r);
    sd_get16le(&r);
    if (m->count > GQ_ENTRIES_MAX) {
        m->count = 0;
        return false;
    }
    struct sd_reader index = sd_get_sub(&r, ENTRY * m->count);
    uint32_t before = 0;
    bool good = !r.bad;
    for (uint32_t i = 0; good && i < m->count; i++) {
        struct gq_value *v = &m->value[i];
        v->tag = sd_get32le(&index);
        uint32_t end = sd_get32le(&index);
        v->len = end - before;
        good = end >= before && (i == 0 || v->tag > v[-1].tag);
        v->data = good ? sd_get(&r, v->len) : NULL;
        before = end;
    }
    good = good && !r.bad && sd_left(&r) == 0;
    if (!good)
        m->count = 0;
    return good;
}

const struct gq_value *gq_message_find(const struct gq_message *m, uint32_t tag)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (m->value[i].tag == tag)
            return &m->value[i];
    return NULL;
}

const uint8_t *gq_message_bytes(const struct gq_message *m, uint32_t tag, size_t len)
{
    const struct gq_value *v = gq_message_find(m, tag);
    return v && v->len == len ? v->data : NULL;
}

bool gq_message_get32(const struct gq_message *m, uint32_t tag, uint32_t *value)
{
    struct sd_reader r = sd_reader_of(gq_message_bytes(m, tag, 4), 4);
    *value = sd_get32le(&r);
    return !r.bad;
}

bool gq_message_get64(const struct gq_message *m, uint32_t tag, uint64_t *value)
{
    struct sd_reader r = sd_reader_of(gq_message_bytes(m, tag, 8), 8);
    *value = sd_get64le(&r);
    return !r.bad;
}

bool gq_message_lists(const struct gq_message *m, uint32_t tag, uint32_t wanted, size_t *place)
{
    const struct gq_value *v = gq_message_find(m, tag);
    struct sd_reader r = sd_reader_of(v ? v->data : NULL, v ? v->len : 0);
    for (*place = 0; sd_left(&r) >= 4; ++*place)
        if (sd_get32le(&r) == wanted)
            return true;
    return false;
}

void gq_message_init(struct gq_message *m, uint32_t tag)
{
    m->tag = tag;
    m->count = 0;
}

void gq_message_put(struct gq_message *m, uint32_t tag, const void *data, size_t len)
{
    uint32_t at = 0;
    while (at < m->count && m->value[at].tag < tag)
        at++;
    if (at == m->count || m->value[at].tag != tag) {
        if (m->count == GQ_ENTRIES_MAX)
            return;
        memmove(&m->value[at + 1], &m->value[at], (m->count - at) * sizeof *m->value);
        m->count++;
    }
    m->value[at] = (struct gq_value){.tag = tag, .len = (uint32_t)len, .data = data};
}

size_t gq_message_size(const struct gq_message *m)
{
    size_t size = HEADER + ENTRY * m->count;
    for (uint32_t i = 0; i < m->count; i++)
        size += m->value[i].len;
    return size;
}

void gq_message_pad(struct gq_message *m, size_t least)
{
    static const uint8_t zeros[GQ_CHLO_MIN];
    size_t size = gq_message_size(m) + ENTRY;
    if (size < least + ENTRY)
        gq_message_put(m, GQ_PAD, zeros, size < least ? least - size : 0);
}

size_t gq_message_write(const struct gq_message *m, uint8_t *out, size_t cap)
{
    struct sd_writer w = sd_writer_of(out, cap);
    sd_put32le(&w, m->tag);
    sd_put16le(&w, (uint16_t)m->count);
    sd_put16le(&w, 0);
    uint32_t end = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        sd_put32le(&w, m->value[i].tag);
        sd_put32le(&w, end += m->value[i].len);
    }
    for (uint32_t i = 0; i < m->count; i++)
        sd_put(&w, m->value[i].data, m->value[i].len);
    return w.bad ? 0 : sd_written(&w);
}
