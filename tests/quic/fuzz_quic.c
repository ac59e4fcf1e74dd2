/* fuzz_quic.c - conversations in which one datagram is not what it was: the first byte chooses the
 * mode, the rest is sd_fuzz_agent_input()'s.  What is inside a protected packet no mutation
 * reaches: that is ngtcp2's and GnuTLS's own fuzzing. */
#include <string.h>

#include "protocols/quic/agent.h"
#include "tests/fuzz/fuzz.h"

static const char *const modes[] = {"fresh", "cookie", "psk"};
#define MODES (sizeof modes / sizeof *modes)

static struct sd_fuzz_agent agent_of(size_t mode)
{
    static struct sd_config config[2];
    static const uint8_t psk[16] = {1, 2, 3};
    for (int i = 0; i < 2; i++)
        config[i] =
            (struct sd_config){.role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
                               .mode = modes[mode],
                               .identity = sd_identity(i ? "server.example" : "client.example"),
                               .server_name = "server.example",
                               .psk = psk,
                               .psk_len = sizeof psk};
    return (struct sd_fuzz_agent){.ops = &sd_quic_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = "some words",
                                  .message_len = 10};
}

static void (*add_seed)(const void *data, size_t len);
static uint8_t chosen;

static void add_chosen(const void *data, size_t len)
{
    uint8_t seed[SD_FUZZ_INPUT_MAX + 1] = {chosen};
    memcpy(seed + 1, data, len);
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
