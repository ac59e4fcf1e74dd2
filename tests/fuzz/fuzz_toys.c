/* fuzz_toys.c - the toys, and with them the memory host: datagrams and a stream. */
#include "sim/core/config.h"
#include "tests/core/toys/toys.h"
#include "tests/fuzz/fuzz.h"

static const struct sd_config client = {.role = SD_ROLE_CLIENT}, server = {.role = SD_ROLE_SERVER};
static const struct sd_fuzz_agent toys[] = {
    {.ops = &sd_toy_two, .client = &client, .server = &server, .message = "hi", .message_len = 2},
    {.ops = &sd_toy_two,
     .client = &client,
     .server = &server,
     .carrier = 1,
     .message = "hi",
     .message_len = 2},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < sizeof toys / sizeof toys[0]; i++)
        sd_fuzz_agent_input(&toys[i], data, len);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    for (size_t i = 0; i < sizeof toys / sizeof toys[0]; i++)
        sd_fuzz_agent_seeds(&toys[i], add);
}
