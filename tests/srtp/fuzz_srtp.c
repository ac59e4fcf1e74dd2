/* fuzz_srtp.c - calls in which one packet is not what it was: the first byte chooses the profile
 * and what packets are like, the rest is sd_fuzz_agent_input()'s.  A mended packet is what a peer
 * with the right keys would send: media is protected anew, so that RTP, its extensions and RTCP are
 * parsed. */
#include "protocols/srtp/agent.h"
#include "protocols/srtp/media.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

static const struct sd_option kinds[][2] = {
    {{"profiles", "SRTP_AEAD_AES_128_GCM"}, {"mki", "0"}},
    {{"profiles", "SRTP_AES128_CM_HMAC_SHA1_80"}, {"mki", "2"}},
    {{"profiles", "SRTP_AES128_CM_HMAC_SHA1_32"}, {"rtp_tag", "off"}},
    {{"profiles", "SRTP_AEAD_AES_256_GCM"}, {"latch", "on"}},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static const char text[] = "half a sentence, or a part of a picture";

static const struct sr_master *key_of(const struct sr_session *s)
{
    return &s->now.theirs;
}

/* The bytes are a packet's, whose end gives way to the trailer. */
static void mend(struct sd_mem *m, int to, uint8_t *data, size_t len)
{
    struct srtp *a = (struct srtp *)sd_mem_seat(m, to)->agent;
    struct sr_session *s = sd_index_any(&a->by_sid);
    if (!s || s->phase != SR_OPEN || len < SR_RTP_HEADER || data[0] < SR_RTP_FIRST ||
        data[0] > SR_RTP_LAST)
        return;
    enum sr_use use =
        data[1] >= SR_RTCP_TYPE_FIRST && data[1] <= SR_RTCP_TYPE_LAST ? SR_RTCP : SR_RTP;
    size_t trailer = sr_trailer(key_of(s)->profile, &a->policy, use);
    struct sr_context c;
    if (len < trailer || !sr_context_init(&c, a->env, 0, &a->policy, false))
        return;
    c.rtcp_index = 1000;
    (use == SR_RTP ? sr_protect_rtp : sr_protect_rtcp)(&c, key_of(s), &a->policy, data,
                                                       len - trailer);
    sr_context_fini(&c);
}

static struct sd_fuzz_agent agent_of(size_t kind)
{
    static const char *const names[] = {"client.example", "server.example"};
    static struct sd_option options[2][3];
    static struct sd_config config[2];
    for (int i = 0; i < 2; i++) {
        options[i][0] = kinds[kind][0];
        options[i][1] = kinds[kind][1];
        config[i] = (struct sd_config){.role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
                                       .identity = sd_identity(names[i]),
                                       .server_name = "server.example",
                                       .options = options[i]};
    }
    return (struct sd_fuzz_agent){.ops = &sd_srtp_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = text,
                                  .message_len = sizeof text,
                                  .mend = mend};
}

static void (*add_seed)(const void *data, size_t len);
static uint8_t chosen;

static void add_input(const uint8_t *unit, const uint8_t *packet, size_t len)
{
    uint8_t seed[SD_FUZZ_INPUT_MAX] = {chosen, unit[0], unit[1]};
    if (len + 3 > sizeof seed)
        return;
    memcpy(seed + 3, packet, len);
    add_seed(seed, len + 3);
}

/* What is to be protected must be a packet in the clear: one of each kind takes its place. */
static void add_chosen(const void *data, size_t len)
{
    static const uint8_t extended[] = {0x91, 0xe0, 0, 9, 0,   0,   0,    1,    1,  2,
                                       3,    4,    5, 6, 7,   8,   0xbe, 0xde, 0,  1,
                                       0x10, 1,    0, 0, 'm', 'e', 'd',  'i',  'a'};
    static const uint8_t padded[] = {0xa0, 0x60, 0, 9, 0, 0, 0, 1, 1, 2, 3, 4, 'x', 0, 0, 3};
    static const uint8_t report[] = {0x81, RTCP_SR, 0, 12, 9, 9, 9,    9,        1, 2, 3, 4, 5, 6,
                                     7,    8,       0, 0,  0, 1, 0,    0,        0, 2, 0, 0, 0, 3,
                                     1,    2,       3, 4,  5, 6, 7,    8,        9, 1, 2, 3, 4, 5,
                                     6,    7,       8, 9,  1, 2, 0x81, RTCP_BYE, 0, 1, 9, 9, 9, 9};
    const uint8_t *unit = data;
    if (len < 2)
        return;
    add_input(unit, unit + 2, len - 2);
    if (!(unit[1] & 2))
        return;
    uint8_t packet[128] = {0};
    memcpy(packet, extended, sizeof extended);
    add_input(unit, packet, sizeof extended + SR_TRAILER_MAX);
    memcpy(packet, padded, sizeof padded);
    add_input(unit, packet, sizeof padded + 16);
    memcpy(packet, report, sizeof report);
    add_input(unit, packet, sizeof report + SR_TRAILER_MAX);
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    add_seed = add;
    for (chosen = 0; chosen < KINDS; chosen++) {
        struct sd_fuzz_agent agent = agent_of(chosen);
        sd_fuzz_agent_seeds(&agent, add_chosen);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    struct sd_fuzz_agent agent = agent_of(data[0] % KINDS);
    sd_fuzz_agent_input(&agent, data + 1, len - 1);
    return 0;
}
