/* fuzz_gquic_parsers.c - everything that takes bytes apart without keys: the first byte chooses. */
#include "protocols/gquic/agent.h"
#include "protocols/gquic/gquic.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

enum { HEADER, FRAMES, MESSAGE, CONFIG, DESCRIBE, KINDS };

static void check(bool good)
{
    if (!good)
        abort();
}

/* A header that was understood is written as it was read. */
static void header(const uint8_t *data, size_t len, bool to_server)
{
    struct gq_header h;
    uint8_t again[64];
    if (!gq_header_parse(&h, data, len, to_server))
        return;
    check(h.len <= len);
    if (h.kind != GQ_PACKET || (h.version && h.invariant && h.version != GQ_Q046))
        return;
    struct sd_writer w = sd_writer_of(again, sizeof again);
    gq_header_write(&h, &w, to_server);
    check(sd_written(&w) == h.len && gq_header_size(&h, to_server) == h.len);
    check(memcmp(again + 1, data + 1, h.len - 1) == 0);
}

static void frames(const uint8_t *data, size_t len, uint32_t version)
{
    const struct gq_frame_context context = {version, 1000, 2};
    struct sd_reader r = sd_reader_of(data, len);
    static struct gq_frame f;
    while (gq_frame_next(&f, &r, &context)) {
        uint8_t again[2048];
        struct sd_writer w = sd_writer_of(again, sizeof again);
        if (f.kind == GQ_STREAM && f.len < 1000)
            gq_put_stream(&w, f.stream, f.offset, f.data, f.len, f.fin);
        else if (f.kind == GQ_ACK)
            gq_put_ack(&w, f.acked, f.ranges, f.delay_us, 1024);
        else
            continue;
        check(!w.bad);
        struct sd_reader back = sd_reader_of(again, sd_written(&w));
        static struct gq_frame g;
        check(gq_frame_next(&g, &back, &context) && g.kind == f.kind);
        if (f.kind == GQ_ACK)
            check(g.ranges <= f.ranges && g.acked[0].to == f.acked[0].to);
        else
            check(g.stream == f.stream && g.offset == f.offset && g.len == f.len && g.fin == f.fin);
    }
}

static void message(const uint8_t *data, size_t len)
{
    struct gq_message m;
    uint8_t again[SD_FUZZ_INPUT_MAX];
    size_t whole = gq_message_len(data, len);
    if (gq_message_parse(&m, data, len)) {
        check(whole == len || len > GQ_MESSAGE_MAX);
        check(gq_message_size(&m) == len);
        check(gq_message_write(&m, again, sizeof again) == len);
        check(memcmp(again, data, 6) == 0 && memcmp(again + 8, data + 8, len - 8) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[200];
    struct gq_config config;
    if (len < 2)
        return 0;
    bool flag = data[1] & 1;
    switch (data[0] % KINDS) {
    case HEADER:
        header(data + 2, len - 2, flag);
        break;
    case FRAMES:
        frames(data + 2, len - 2, flag ? GQ_Q046 : GQ_Q043);
        break;
    case MESSAGE:
        message(data + 2, len - 2);
        break;
    case CONFIG:
        if (gq_config_parse(&config, data + 2, len - 2) == GQ_NO_ERROR)
            check(config.len == len - 2);
        break;
    default:
        check(sd_gquic_agent.describe(data + 2, len - 2, flag, text, 1 + data[1] / 2) <=
              data[1] / 2u);
    }
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t ack[] = {FRAMES, 0, 0x60, 0x20, 0, 0, 2, 1, 2, 3, 4, 5, 0};
    static const uint8_t stream[] = {FRAMES, 0, 0xbf, 0, 0, 0, 3, 0, 0,
                                     0,      0, 0,    0, 1, 0, 0, 1, 'x'};
    static const uint8_t close[] = {FRAMES, 1, 2, 0, 0, 0, 16, 0, 3, 'b', 'y', 'e', 7, 0, 0};
    uint8_t seed[2048] = {0};
    struct gq_message m;
    struct gq_own_config own;
    struct sd_env env;
    add(ack, sizeof ack);
    add(stream, sizeof stream);
    add(close, sizeof close);
    if (sd_env_init(&env, 1) != SD_OK)
        abort();
    gq_config_make(&own, &env, (const uint8_t *)"orbit..", 1 << 30);
    for (seed[0] = MESSAGE; seed[0] <= CONFIG; seed[0]++) {
        memcpy(seed + 2, own.config.raw, own.config.len);
        add(seed, own.config.len + 2);
    }
    gq_message_init(&m, GQ_CHLO);
    gq_message_put(&m, GQ_SNI, "server.example", 14);
    gq_message_pad(&m, GQ_CHLO_MIN);
    seed[0] = MESSAGE;
    add(seed, 2 + gq_message_write(&m, seed + 2, sizeof seed - 2));
    /* Packets of both versions, both ways. */
    for (int kind = HEADER; kind <= DESCRIBE; kind += DESCRIBE)
        for (int way = 0; way < 2; way++)
            for (int invariant = 0; invariant < 2; invariant++) {
                struct gq_header h = {.invariant = invariant,
                                      .has_cid = true,
                                      .cid = 7,
                                      .version = invariant ? GQ_Q046 : GQ_Q043,
                                      .number = 1,
                                      .number_len = 4};
                struct sd_writer w = sd_writer_of(seed + 2, 100);
                uint8_t plain[1100] = {GQ_STREAM | 0x20, 1};
                size_t len = gq_message_write(&m, plain + 4, sizeof plain - 4);
                plain[2] = (uint8_t)(len >> 8);
                plain[3] = (uint8_t)len;
                gq_header_write(&h, &w, way);
                size_t head = sd_written(&w);
                gq_seal(seed + 2 + head, NULL, way, 1, seed + 2, head, plain, len + 4);
                seed[0] = (uint8_t)kind;
                seed[1] = (uint8_t)(200 | way);
                add(seed, 2 + head + GQ_TAG_LEN + len + 4);
            }
    sd_env_fini(&env);
}
