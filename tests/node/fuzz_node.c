/* fuzz_node.c - any bytes as an application's message, and as a packet to name. */
#include "sim/node/message.h"
#include "sim/node/trace.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* A lab with one agent of each protocol, not started: naming packets asks for no more. */
static struct sd_lab *lab;

static void make_lab(void)
{
    if (sd_lab_create(&lab, &(struct sd_lab_config){.seed = 1}, NULL) != SD_OK)
        abort();
    for (size_t i = 0; sd_agents[i] != NULL; i++) {
        struct sd_lab_agent agent = {.protocol = sd_agents[i]->name, .role = SD_ROLE_SERVER};
        sd_machine m =
            sd_lab_host(lab, &(struct sd_machine_config){.name = sd_agents[i]->name}, NULL);
        if (sd_lab_agent(lab, m, &agent, NULL) != SD_OK)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct message m, again;
    uint8_t out[SD_FUZZ_INPUT_MAX];
    char text[256];
    if (lab == NULL)
        make_lab();
    if (message_parse(data, len, &m)) {
        message_whole(out, len, &m);
        if (!message_parse(out, len, &again) || memcmp(out, data, MESSAGE_HEADER) != 0 ||
            again.conv != m.conv || again.number != m.number || again.reply != m.reply)
            abort();
    }
    if (lab_describe(lab, data, len, text, sizeof text) != strlen(text) ||
        strlen(text) >= sizeof text)
        abort();
    /* As the payload of a packet to each carrier. */
    for (size_t i = 0; sd_agents[i] != NULL && len < 1400; i++) {
        const struct sd_carrier *c = sd_agents[i]->carriers;
        struct sd_addr from = sd_ipv4(10, 0, 0, 1, 50000), to = sd_ipv4(10, 0, 0, 2, c->port);
        size_t n = sd_attack_packet(out, sizeof out, &from, &to, c->proto, data, len);
        if (n > 0 && lab_describe(lab, out, n, text, sizeof text) != strlen(text))
            abort();
    }
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const char request[] = "shakedown request 00000001 00000000 ....";
    static const char reply[] = "shakedown reply   0000000a ffffffff ....";
    add(request, sizeof request - 1);
    add(reply, sizeof reply - 1);
}
