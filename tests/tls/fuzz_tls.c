/* Whole conversations in which one unit is not what it was: the first byte chooses the protocol
 * and mode, the rest is sd_fuzz_agent_input()'s. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "sim/core/agent.h"

static const char *const choices[][2] = {
    {"dtls12", "fresh"}, {"dtls12", "cookie"}, {"tls13", "fresh"},
    {"tls13", "cookie"}, {"tls13", "psk"},     {"tls12", "fresh"},
};
#define CHOICES (sizeof choices / sizeof *choices)

static struct sd_fuzz_agent agent_of(size_t choice, struct sd_config config[2])
{
    static const uint8_t psk[16] = {1, 2, 3};
    for (int i = 0; i < 2; i++)
        config[i] = (struct sd_config){
            .role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
            .mode = choices[choice][1],
            .identity = sd_identity(i ? "server.example" : "client.example"),
            .server_name = i ? NULL : "server.example",
            .psk = psk,
            .psk_len = sizeof psk,
        };
    return (struct sd_fuzz_agent){.ops = sd_agent_find(choices[choice][0]),
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
    struct sd_config config[2];
    add_seed = add;
    for (chosen = 0; chosen < CHOICES; chosen++) {
        struct sd_fuzz_agent agent = agent_of(chosen, config);
        sd_fuzz_agent_seeds(&agent, add_chosen);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sd_config config[2];
    if (len == 0)
        return 0;
    struct sd_fuzz_agent agent = agent_of(data[0] % CHOICES, config);
    sd_fuzz_agent_input(&agent, data + 1, len - 1);
    return 0;
}
