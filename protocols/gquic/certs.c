#include "protocols/gquic/certs.h"
#include "protocols/gquic/fnv.h"
#include "sim/core/reader.h"
#include <string.h>
#include <zlib.h>

/* 32 KiB for the work, enough for a chain behind its dictionary. */
#define WINDOW_BITS 12
#define MEMORY      5

enum entry { END = 0, COMPRESSED = 1, CACHED = 2, COMMON = 3 };

/* What a chain looks like on the wire: which certificates the client holds. */
struct plan {
    enum entry kind[SD_CHAIN_MAX];
    const struct sd_certificate *held[SD_CHAIN_MAX]; /* of CACHED ones */
    size_t count;
};

/* -- zlib, whose working memory is nobody's state -- */

static z_stream stream_of(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
    return (z_stream){.next_in = (uint8_t *)(uintptr_t)in,
                      .avail_in = (unsigned)in_len,
                      .next_out = out,
                      .avail_out = (unsigned)out_len};
}

/* The certificates that both sides know, last first, then what all have in common. */
static uint8_t *make_dictionary(struct sd_env *env, const struct plan *p, size_t *len)
{
    *len = GQ_DICTIONARY_LEN;
    for (size_t i = 0; i < p->count; i++)
        *len += p->kind[i] == CACHED ? p->held[i]->len : 0;
    uint8_t *dictionary = sd_alloc(env, *len);
    struct sd_writer w = sd_writer_of(dictionary, dictionary ? *len : 0);
    for (size_t i = p->count; i-- > 0;)
        if (p->kind[i] == CACHED)
            sd_put(&w, p->held[i]->der, p->held[i]->len);
    sd_put(&w, gq_dictionary, GQ_DICTIONARY_LEN);
    return dictionary;
}

/* Bytes written; 0: no room, or no memory. */
static size_t deflate_all(struct sd_env *env, const struct plan *p, const uint8_t *in,
                          size_t in_len, uint8_t *out, size_t cap)
{
    size_t dictionary_len, written = 0;
    uint8_t *dictionary = make_dictionary(env, p, &dictionary_len);
    z_stream z = stream_of(in, in_len, out, cap);
    if (dictionary &&
        deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS, MEMORY, 0) == Z_OK) {
        if (deflateSetDictionary(&z, dictionary, (unsigned)dictionary_len) == Z_OK &&
            deflate(&z, Z_FINISH) == Z_STREAM_END)
            written = z.total_out;
        deflateEnd(&z);
    }
    sd_free(dictionary);
    return written;
}

/* Exactly out_len bytes of exactly in_len. */
static bool inflate_all(struct sd_env *env, const struct plan *p, const uint8_t *in, size_t in_len,
                        uint8_t *out, size_t out_len)
{
    size_t dictionary_len;
    uint8_t *dictionary = make_dictionary(env, p, &dictionary_len);
    z_stream z = stream_of(in, in_len, out, out_len);
    bool good = false;
    if (dictionary && inflateInit(&z) == Z_OK) {
        int result = inflate(&z, Z_FINISH);
        if (result == Z_NEED_DICT &&
            inflateSetDictionary(&z, dictionary, (unsigned)dictionary_len) == Z_OK)
            result = inflate(&z, Z_FINISH);
        good = result == Z_STREAM_END && z.avail_out == 0 && z.avail_in == 0;
        inflateEnd(&z);
    }
    sd_free(dictionary);
    return good;
}

/* -- compressing -- */

static bool holds(const uint8_t *cached, size_t cached_len, const struct sd_certificate *c)
{
    struct sd_reader r = sd_reader_of(cached, cached_len);
    uint64_t hash = gq_fnv64(c->der, c->len);
    while (sd_left(&r) >= 8)
        if (sd_get64le(&r) == hash)
            return true;
    return false;
}

int gq_certs_compress(uint8_t **out, size_t *len, struct sd_env *env, const struct sd_chain *chain,
                      const uint8_t *cached, size_t cached_len)
{
    struct plan plan = {.count = chain->count};
    size_t plain_len = 0;
    for (size_t i = 0; i < chain->count; i++) {
        const struct sd_certificate *c = &chain->certificate[i];
        plan.held[i] = c;
        plan.kind[i] = holds(cached, cached_len, c) ? CACHED : COMPRESSED;
        plain_len += plan.kind[i] == COMPRESSED ? 4 + c->len : 0;
    }
    size_t cap = 9 * chain->count + 5 + compressBound(plain_len) + 64;
    uint8_t *plain = sd_alloc(env, plain_len + 1);
    *out = sd_alloc(env, cap);
    if (!plain || !*out) {
        sd_free(plain);
        sd_free(*out);
        return SD_E_NOMEM;
    }
    struct sd_writer list = sd_writer_of(*out, cap), text = sd_writer_of(plain, plain_len);
    for (size_t i = 0; i < chain->count; i++) {
        const struct sd_certificate *c = &chain->certificate[i];
        sd_put8(&list, (uint8_t)plan.kind[i]);
        if (plan.kind[i] == CACHED) {
            sd_put64le(&list, gq_fnv64(c->der, c->len));
            continue;
        }
        sd_put32le(&text, (uint32_t)c->len);
        sd_put(&text, c->der, c->len);
    }
    sd_put8(&list, END);
    size_t packed = 0;
    if (plain_len > 0) {
        sd_put32le(&list, (uint32_t)plain_len);
        packed = deflate_all(env, &plan, plain, plain_len, list.at, (size_t)(list.end - list.at));
    }
    *len = sd_written(&list) + packed;
    sd_free(plain);
    if (plain_len == 0 || packed > 0)
        return SD_OK;
    sd_free(*out);
    return SD_E_NOMEM;
}

/* -- decompressing -- */

static const struct sd_certificate *find_held(const struct sd_chain *held, uint64_t hash)
{
    for (size_t i = 0; held && i < held->count; i++)
        if (gq_fnv64(held->certificate[i].der, held->certificate[i].len) == hash)
            return &held->certificate[i];
    return NULL;
}

/* Common certificates are known by sets that this side never says it has. */
static bool read_plan(struct plan *p, struct sd_reader *r, const struct sd_chain *held)
{
    for (p->count = 0;; p->count++) {
        uint8_t kind = sd_get8(r);
        if (r->bad || kind == END)
            return !r->bad;
        if (p->count == SD_CHAIN_MAX || (kind != COMPRESSED && kind != CACHED))
            return false;
        p->kind[p->count] = (enum entry)kind;
        if (kind == CACHED && !(p->held[p->count] = find_held(held, sd_get64le(r))))
            return false;
    }
}

static int fill(struct sd_chain *chain, struct sd_env *env, const struct plan *p,
                const uint8_t *plain, size_t plain_len)
{
    struct sd_reader r = sd_reader_of(plain, plain_len);
    int result = SD_OK;
    for (size_t i = 0; result == SD_OK && i < p->count; i++) {
        struct sd_certificate c;
        if (p->kind[i] == CACHED) {
            c = *p->held[i];
        } else {
            c.len = sd_get32le(&r);
            c.der = (uint8_t *)(uintptr_t)sd_get(&r, c.len);
        }
        result = r.bad ? SD_DROP_MALFORMED : sd_chain_append(chain, env, c.der, c.len);
    }
    return result == SD_OK && sd_left(&r) > 0 ? SD_DROP_MALFORMED : result;
}

int gq_certs_decompress(struct sd_chain *chain, struct sd_env *env, const uint8_t *data, size_t len,
                        const struct sd_chain *held)
{
    struct plan plan = {0};
    struct sd_reader r = sd_reader_of(data, len);
    *chain = (struct sd_chain){0};
    if (!read_plan(&plan, &r, held))
        return SD_DROP_MALFORMED;
    uint8_t *plain = NULL;
    size_t plain_len = 0;
    if (sd_left(&r) > 0) {
        plain_len = sd_get32le(&r);
        if (r.bad || plain_len == 0 || plain_len > GQ_CHAIN_MAX)
            return SD_DROP_MALFORMED;
        plain = sd_alloc(env, plain_len);
        if (!plain)
            return SD_E_NOMEM;
        if (!inflate_all(env, &plan, r.at, sd_left(&r), plain, plain_len)) {
            sd_free(plain);
            return SD_DROP_MALFORMED;
        }
    }
    int result = fill(chain, env, &plan, plain, plain_len);
    sd_free(plain);
    if (result != SD_OK)
        sd_chain_free(chain);
    return result;
}
