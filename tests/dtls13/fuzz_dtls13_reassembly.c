/* fuzz_dtls13_reassembly.c - handshake messages out of fragments that come as they like, beside a
 * model that keeps every byte's first value: a message comes out when all its bytes were there, in
 * order, once, and is what came first.
 *
 * Input: fragments of 6 bytes: message_seq, type, length, offset, length here, a byte to fill it
 * with. */
#include "protocols/dtls13/dtls.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

#define MESSAGES 32
#define LEN_MAX  64

struct model {
    bool begun;
    uint8_t type;
    size_t len, count;
    uint8_t body[LEN_MAX];
    bool there[LEN_MAX];
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void model_take(struct model *m, const struct dtls_fragment *f)
{
    if (!m->begun) {
        *m = (struct model){.begun = true, .type = f->type, .len = f->len};
    } else if (m->type != f->type || m->len != f->len) {
        return;
    }
    for (size_t i = 0; i < f->here; i++)
        if (!m->there[f->at + i]) {
            m->there[f->at + i] = true;
            m->body[f->at + i] = f->body[i];
            m->count++;
        }
}

static void take_out(struct dtls_session *s, struct model *models, unsigned *next)
{
    struct dtls_incoming *out;
    while ((out = dtls_reassembled(s))) {
        struct model *m = &models[(*next)++];
        require(m->begun && m->count == m->len && out->len == m->len);
        require(out->message[0] == m->type);
        require(memcmp(out->message + TLS_HANDSHAKE_HEADER, m->body, m->len) == 0);
        dtls_incoming_free(out);
    }
    require(*next >= MESSAGES || !models[*next].begun || models[*next].count < models[*next].len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct sd_env env;
    struct dtls13 agent = {.env = &env};
    struct dtls_session s = {.agent = &agent};
    struct model models[MESSAGES] = {{0}};
    unsigned next = 0;
    require(sd_env_init(&env, 1) == 0);
    for (; len >= 6; data += 6, len -= 6) {
        uint8_t bytes[DTLS_HANDSHAKE_HEADER + 256];
        struct sd_writer w = sd_writer_of(bytes, sizeof bytes);
        sd_put8(&w, data[1] % 3);
        sd_put24(&w, data[2] % LEN_MAX);
        sd_put16(&w, data[0] % MESSAGES);
        sd_put24(&w, data[3]);
        sd_put24(&w, data[4]);
        memset(sd_put_space(&w, data[4]), data[5], data[4]);
        struct sd_reader r = sd_reader_of(bytes, sd_written(&w));
        struct dtls_fragment f;
        bool fits = data[3] <= data[2] % LEN_MAX && data[4] <= data[2] % LEN_MAX - data[3];
        require(dtls_fragment_read(&r, &f) == fits);
        if (!fits)
            continue;
        enum dtls_place place = dtls_reassemble(&s, &f, 2);
        require((place == DTLS_OLD) == (f.seq < next));
        if (place != DTLS_OLD && f.seq < next + DTLS13_AHEAD)
            model_take(&models[f.seq], &f);
        take_out(&s, models, &next);
    }
    dtls_reassembly_fini(&s);
    require(sd_heap_bytes(&env) == 0);
    sd_env_fini(&env);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t whole[] = {0, 1, 10, 0, 10, 7, 1, 2, 4, 0, 4, 8};
    static const uint8_t halves[] = {0, 1, 10, 5, 5, 7, 0, 1, 10, 0, 5, 8};
    static const uint8_t later[] = {2, 1, 3, 0, 3, 1, 1, 1, 3, 0, 3, 2,
                                    0, 1, 3, 1, 2, 3, 0, 1, 3, 0, 2, 4};
    static const uint8_t empty[] = {0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
    add(whole, sizeof whole);
    add(halves, sizeof halves);
    add(later, sizeof later);
    add(empty, sizeof empty);
}
