/* reader.c - bounded reading and writing of bytes. */
#include "sim/core/reader.h"

#include <string.h>

struct sd_reader sd_reader_of(const void *data, size_t len)
{
    static const uint8_t nothing;
    const uint8_t *p = data != NULL ? data : &nothing;
    return (struct sd_reader){.at = p, .end = p + (data != NULL ? len : 0)};
}

size_t sd_left(const struct sd_reader *r)
{
    return (size_t)(r->end - r->at);
}

const uint8_t *sd_get(struct sd_reader *r, size_t len)
{
    if (r->bad || len > sd_left(r)) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->at;
    r->at += len;
    return p;
}

static uint64_t get_big(struct sd_reader *r, size_t len)
{
    const uint8_t *p = sd_get(r, len);
    uint64_t v = 0;
    for (size_t i = 0; p != NULL && i < len; i++)
        v = v << 8 | p[i];
    return v;
}

static uint64_t get_little(struct sd_reader *r, size_t len)
{
    const uint8_t *p = sd_get(r, len);
    uint64_t v = 0;
    for (size_t i = len; p != NULL && i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

uint8_t sd_get8(struct sd_reader *r)
{
    return (uint8_t)get_big(r, 1);
}

uint16_t sd_get16(struct sd_reader *r)
{
    return (uint16_t)get_big(r, 2);
}

uint32_t sd_get24(struct sd_reader *r)
{
    return (uint32_t)get_big(r, 3);
}

uint32_t sd_get32(struct sd_reader *r)
{
    return (uint32_t)get_big(r, 4);
}

uint64_t sd_get64(struct sd_reader *r)
{
    return get_big(r, 8);
}

uint16_t sd_get16le(struct sd_reader *r)
{
    return (uint16_t)get_little(r, 2);
}

uint32_t sd_get32le(struct sd_reader *r)
{
    return (uint32_t)get_little(r, 4);
}

uint64_t sd_get64le(struct sd_reader *r)
{
    return get_little(r, 8);
}

bool sd_get_copy(struct sd_reader *r, void *to, size_t len)
{
    const uint8_t *p = sd_get(r, len);
    if (len == 0)
        return p != NULL;
    if (p != NULL)
        memcpy(to, p, len);
    else
        memset(to, 0, len);
    return p != NULL;
}

struct sd_reader sd_get_sub(struct sd_reader *r, size_t len)
{
    const uint8_t *p = sd_get(r, len);
    struct sd_reader sub = sd_reader_of(p, p != NULL ? len : 0);
    sub.bad = p == NULL;
    return sub;
}

struct sd_writer sd_writer_of(void *data, size_t cap)
{
    uint8_t *p = data;
    return (struct sd_writer){.start = p, .at = p, .end = p + cap};
}

size_t sd_written(const struct sd_writer *w)
{
    return (size_t)(w->at - w->start);
}

/* Where len bytes go, or NULL. */
static uint8_t *room(struct sd_writer *w, size_t len)
{
    if (w->bad || len > (size_t)(w->end - w->at)) {
        w->bad = true;
        return NULL;
    }
    uint8_t *p = w->at;
    w->at += len;
    return p;
}

static void put_big(struct sd_writer *w, uint64_t v, size_t len)
{
    uint8_t *p = room(w, len);
    for (size_t i = len; p != NULL && i-- > 0; v >>= 8)
        p[i] = (uint8_t)v;
}

static void put_little(struct sd_writer *w, uint64_t v, size_t len)
{
    uint8_t *p = room(w, len);
    for (size_t i = 0; p != NULL && i < len; i++, v >>= 8)
        p[i] = (uint8_t)v;
}

void sd_put8(struct sd_writer *w, uint8_t v)
{
    put_big(w, v, 1);
}

void sd_put16(struct sd_writer *w, uint16_t v)
{
    put_big(w, v, 2);
}

void sd_put24(struct sd_writer *w, uint32_t v)
{
    put_big(w, v, 3);
}

void sd_put32(struct sd_writer *w, uint32_t v)
{
    put_big(w, v, 4);
}

void sd_put64(struct sd_writer *w, uint64_t v)
{
    put_big(w, v, 8);
}

void sd_put16le(struct sd_writer *w, uint16_t v)
{
    put_little(w, v, 2);
}

void sd_put32le(struct sd_writer *w, uint32_t v)
{
    put_little(w, v, 4);
}

void sd_put64le(struct sd_writer *w, uint64_t v)
{
    put_little(w, v, 8);
}

void sd_put(struct sd_writer *w, const void *data, size_t len)
{
    uint8_t *p = room(w, len);
    if (p != NULL && len > 0)
        memcpy(p, data, len);
}

uint8_t *sd_put_space(struct sd_writer *w, size_t len)
{
    uint8_t *p = room(w, len);
    if (p != NULL && len > 0)
        memset(p, 0, len);
    return p;
}
