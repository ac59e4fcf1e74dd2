/* fuzz_gquic.c - conversations in which one packet is not what it was: the first byte chooses the
 * mode, the rest is sd_fuzz_agent_input()'s.  A mended packet is what an adversary with valid keys
 * would send: what stands behind its header and tag is sealed, its number is the next. */
#include "protocols/gquic/agent.h"
#include "protocols/gquic/gquic.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

static const char *const modes[] = {"fresh", "q046", "cookie", "early"};
#define MODES (sizeof modes / sizeof *modes)

static const char text[] = "a request, or a reply, which nobody understands";

static void mend(struct sd_mem *m, int to, uint8_t *data, size_t len)
{
    const struct gquic *gq = (const struct gquic *)sd_mem_seat(m, to)->agent;
    const struct gq_connection *c = sd_index_any(&gq->by_sid);
    bool to_server = to == 1;
    uint8_t plain[SD_FUZZ_INPUT_MAX];
    struct gq_header h;
    if (!gq_header_parse(&h, data, len, to_server) || h.kind != GQ_PACKET ||
        len < h.len + GQ_TAG_LEN)
        return;
    size_t text_len = len - h.len - GQ_TAG_LEN;
    enum gq_level level = GQ_UNENCRYPTED;
    if (c && h.invariant == (c->version == GQ_Q046)) {
        h.cid = c->cid;
        h.number = (c->received_largest + 1) & ((UINT64_C(1) << 8 * h.number_len) - 1);
        if (h.version ? h.type == GQ_TYPE_0RTT : true)
            level = c->has_keys[GQ_FORWARD_SECURE] && !h.version ? GQ_FORWARD_SECURE
                    : c->has_keys[GQ_INITIAL]                    ? GQ_INITIAL
                                                                 : GQ_UNENCRYPTED;
        struct sd_writer w = sd_writer_of(data, h.len);
        gq_header_write(&h, &w, to_server);
        h.number = c->received_largest + 1;
    }
    memcpy(plain, data + h.len + GQ_TAG_LEN, text_len);
    gq_seal(data + h.len, level ? gq_read_key(c, level) : NULL, to_server, h.number, data, h.len,
            plain, text_len);
}

static struct sd_fuzz_agent agent_of(size_t mode)
{
    static struct sd_config config[2];
    for (int i = 0; i < 2; i++)
        config[i] = (struct sd_config){.role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
                                       .mode = modes[mode],
                                       .identity = i ? sd_identity("server.example") : NULL,
                                       .server_name = "server.example"};
    return (struct sd_fuzz_agent){.ops = &sd_gquic_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = text,
                                  .message_len = sizeof text,
                                  .mend = mend};
}

static void (*add_seed)(const void *data, size_t len);
static uint8_t chosen;

/* Frames that stand where the sealed ones were. */
static size_t put_frames(uint8_t *to, size_t cap, uint8_t variant)
{
    struct sd_writer w = sd_writer_of(to, cap);
    const struct gq_range acked[] = {{4, 5}, {1, 3}};
    const struct gq_frame_context context = {GQ_Q043, 9, 1};
    if (variant & 1)
        gq_put_stream(&w, 3 + 2 * (variant >> 4), variant & 2 ? 47 : 0, (const uint8_t *)text, 9,
                      variant & 4);
    if (variant & 2)
        gq_put_ack(&w, acked, 2, 100, 64);
    if (variant & 4)
        gq_put_window_update(&w, variant & 1 ? 3 : 0, 1 << 24);
    if (variant & 8)
        gq_put_rst_stream(&w, 3, 100, 6);
    if (variant & 16)
        gq_put_stop_waiting(&w, &context, 3);
    if (variant & 32)
        gq_put_connection_close(&w, variant, "the end");
    return sd_written(&w);
}

static void add_chosen(const void *data, size_t len)
{
    uint8_t seed[SD_FUZZ_INPUT_MAX + 1] = {chosen};
    memcpy(seed + 1, data, len);
    /* Which unit, how, packet. */
    struct gq_header h;
    size_t total = len + 1 < SD_FUZZ_INPUT_MAX ? len + 1 : SD_FUZZ_INPUT_MAX;
    add_seed(seed, total);
    bool to_server = gq_header_parse(&h, seed + 3, len - 2, true);
    if (!(seed[2] & 2) || (!to_server && !gq_header_parse(&h, seed + 3, len - 2, false)))
        return;
    for (uint8_t variant = 1; variant < 64; variant += 3) {
        uint8_t *frames = seed + 3 + h.len + GQ_TAG_LEN;
        size_t frames_len = put_frames(frames, 200, variant);
        add_seed(seed, 3 + h.len + GQ_TAG_LEN + frames_len);
    }
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    add_seed = add;
    for (chosen = 0; chosen < MODES; chosen++) {
        struct sd_fuzz_agent agent = agent_of(chosen);
        sd_fuzz_agent_seeds(&agent, add_chosen);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    struct sd_fuzz_agent agent = agent_of(data[0] % MODES);
    sd_fuzz_agent_input(&agent, data + 1, len - 1);
    return 0;
}
