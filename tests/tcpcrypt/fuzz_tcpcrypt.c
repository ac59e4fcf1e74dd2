/* fuzz_tcpcrypt.c - conversations in which one piece of a stream is not what it was: the first byte
 * chooses the mode, the rest is sd_fuzz_agent_input()'s.  A mended frame is what a peer with the
 * keys would send: sealed under the keys and at the place that its receiver expects. */
#include "protocols/crypto/aead.h"
#include "protocols/tcpcrypt/tcpcrypt.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

static const char *const modes[] = {"fresh", "p256", "plain"};
#define MODES (sizeof modes / sizeof *modes)

static void seal(struct tc_direction d, const struct tc_session *s, uint8_t *frame, size_t clen)
{
    uint8_t nonce[TC_AEAD_NONCE];
    struct sd_aes_gcm gcm = {d.key, tc_cipher_key_len(s->cipher), TC_TAG_LEN};
    if (frame[0] & TC_CONTROL_REKEY)
        tc_direction_next(&d, s->cipher);
    memcpy(nonce, d.randomizer, sizeof nonce);
    for (size_t i = 0; i < 8; i++)
        nonce[TC_AEAD_NONCE - 1 - i] ^= (uint8_t)(d.offset >> 8 * i);
    sd_aes_gcm_seal(&gcm, frame + TC_FRAME_HEADER, frame + TC_FRAME_HEADER, clen - TC_TAG_LEN,
                    frame, TC_FRAME_HEADER, nonce);
}

static void mend(struct sd_mem *m, int to, uint8_t *data, size_t len)
{
    const struct tcpcrypt *tc = (struct tcpcrypt *)sd_mem_seat(m, to)->agent;
    const struct tc_session *s = tc_session_find(tc, to + 1u); /* of the first connection */
    if (!s || s->state != TC_OPEN || s->cipher != TC_AES_128_GCM ||
        len < TC_FRAME_HEADER + TC_CLEN_MIN)
        return;
    size_t clen = len - TC_FRAME_HEADER;
    data[1] = (uint8_t)(clen >> 8);
    data[2] = (uint8_t)clen;
    seal(s->receive, s, data, clen);
}

static struct sd_fuzz_agent agent_of(size_t mode)
{
    static struct sd_config config[2];
    for (int i = 0; i < 2; i++)
        config[i] =
            (struct sd_config){.role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT, .mode = modes[mode]};
    return (struct sd_fuzz_agent){.ops = &sd_tcpcrypt_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = "sixteen bytes, !",
                                  .message_len = 16,
                                  .mend = mend};
}

static void (*add_seed)(const void *data, size_t len);
static uint8_t chosen;

static void add_chosen(const void *data, size_t len)
{
    uint8_t seed[SD_FUZZ_INPUT_MAX + 1] = {chosen};
    memcpy(seed + 1, data, len);
    /* Which unit, how, bytes: what is to be sealed must not be sealed yet. */
    if (seed[2] & 2 && len == 2 + TC_FRAME_OVERHEAD + 16)
        memcpy(seed + 3 + TC_FRAME_HEADER, "\0sixteen bytes, !", 17);
    add_seed(seed, len + 1 < SD_FUZZ_INPUT_MAX ? len + 1 : SD_FUZZ_INPUT_MAX);
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
