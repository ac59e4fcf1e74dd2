/* fuzz_curvecp.c - conversations in which one packet is not what it was: the first byte chooses the
 * mode, the rest is sd_fuzz_agent_input()'s.  A mended packet is what an adversary with valid keys
 * would send: its boxes are made of what the input has in their place, its nonce is new. */
#include "protocols/crypto/box.h"
#include "protocols/curvecp/agent.h"
#include "protocols/curvecp/handshake.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

static const char *const modes[] = {"fresh", "reference"};
#define MODES (sizeof modes / sizeof *modes)

static const char text[] = "a request, or a reply, which nobody understands";

static bool is(const uint8_t *data, size_t len, const char *magic, size_t header)
{
    return len >= header + CP_TAG_LEN && memcmp(data, magic, CP_MAGIC_LEN) == 0;
}

static void seal(uint8_t *box, size_t len, const char *prefix, const uint8_t *compressed,
                 const uint8_t key[CP_KEY_LEN])
{
    uint8_t nonce[CP_NONCE_LEN];
    cp_nonce(nonce, prefix, compressed);
    sd_box_seal(box, box, len - CP_TAG_LEN, nonce, key);
}

static void mend_hello(const struct curvecp *server, struct cp_hello *hello, size_t len)
{
    uint8_t key[CP_KEY_LEN];
    if (len == sizeof *hello && sd_box_key(key, hello->client_short, server->long_private))
        seal(hello->box, sizeof hello->box, CP_NONCE_HELLO, hello->nonce, key);
}

static void mend_cookie(const struct curvecp *client, struct cp_cookie_packet *packet, size_t len)
{
    const struct cp_connection *c = sd_index_any(&client->by_sid);
    if (len == sizeof *packet && c && c->opening)
        seal(packet->box, sizeof packet->box, CP_NONCE_COOKIE, packet->nonce, c->opening->long_key);
}

/* C, vouch and name are the honest client's, the message the input's. */
static void mend_initiate(struct sd_mem *m, struct curvecp *server, struct cp_initiate *packet,
                          size_t len)
{
    const struct curvecp *client = (const struct curvecp *)sd_mem_seat(m, 0)->agent;
    struct cp_initiate_inside *inside = (struct cp_initiate_inside *)packet->box;
    const struct cp_connection *mine = sd_index_any(&client->by_sid), *c;
    uint8_t key[CP_KEY_LEN], nonce[CP_NONCE_LEN];
    if (len < CP_INITIATE_OVERHEAD || !mine)
        return;
    memcpy(packet->client_short, mine->client_short, CP_KEY_LEN);
    if ((c = cp_connection_by_key(server, packet->client_short)))
        cp_nonce_counter(packet->nonce, c->received_nonce + 1);
    else if (mine->opening)
        packet->cookie = mine->opening->cookie;
    memcpy(inside->client_long, client->long_public, CP_KEY_LEN);
    memcpy(inside->server_name, server->name, CP_NAME_LEN);
    if (!sd_box_key(key, server->long_public, client->long_private))
        return;
    cp_nonce(nonce, CP_NONCE_VOUCH, inside->vouch_nonce);
    sd_box_seal(inside->vouch, mine->client_short, CP_KEY_LEN, nonce, key);
    seal(packet->box, len - sizeof *packet, CP_NONCE_INITIATE, packet->nonce, mine->key);
}

static void mend(struct sd_mem *m, int to, uint8_t *data, size_t len)
{
    struct curvecp *cp = (struct curvecp *)sd_mem_seat(m, to)->agent;
    struct cp_connection *c = sd_index_any(&cp->by_sid);
    bool server = to == 1;
    if (server && is(data, len, CP_MAGIC_HELLO, sizeof(struct cp_hello) - 80)) {
        mend_hello(cp, (struct cp_hello *)data, len);
    } else if (!server && is(data, len, CP_MAGIC_COOKIE, sizeof(struct cp_cookie_packet) - 144)) {
        mend_cookie(cp, (struct cp_cookie_packet *)data, len);
    } else if (server && is(data, len, CP_MAGIC_INITIATE, sizeof(struct cp_initiate))) {
        mend_initiate(m, cp, (struct cp_initiate *)data, len);
    } else if (server && c && is(data, len, CP_MAGIC_CLIENT_MESSAGE, CP_CLIENT_OVERHEAD)) {
        struct cp_client_message *packet = (struct cp_client_message *)data;
        memcpy(packet->client_short, c->client_short, CP_KEY_LEN);
        cp_nonce_counter(packet->nonce, c->received_nonce + 1);
        seal(packet->box, len - sizeof *packet, CP_NONCE_CLIENT_MESSAGE, packet->nonce, c->key);
    } else if (!server && c && is(data, len, CP_MAGIC_SERVER_MESSAGE, CP_SERVER_OVERHEAD)) {
        struct cp_server_message *packet = (struct cp_server_message *)data;
        cp_nonce_counter(packet->nonce, c->received_nonce + 1);
        seal(packet->box, len - sizeof *packet, CP_NONCE_SERVER_MESSAGE, packet->nonce, c->key);
    }
}

static struct sd_fuzz_agent agent_of(size_t mode)
{
    static struct sd_config config[2];
    for (int i = 0; i < 2; i++)
        config[i] =
            (struct sd_config){.role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
                               .mode = modes[mode],
                               .identity = sd_identity(i ? "server.example" : "client.example"),
                               .server_name = "server.example"};
    return (struct sd_fuzz_agent){.ops = &sd_curvecp_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = text,
                                  .message_len = sizeof text,
                                  .mend = mend};
}

static void (*add_seed)(const void *data, size_t len);
static uint8_t chosen;

/* What is to be sealed must not be sealed yet: a message of each kind takes its place. */
static void put_message(uint8_t *packet, size_t len, size_t header, uint8_t variant)
{
    uint8_t message[CP_ACK_LENGTH];
    struct cp_message m = {.id = 7, .acked_id = 1, .data = (const uint8_t *)text};
    if (len < header + sizeof message + CP_TAG_LEN)
        return;
    m.acked[0].to = variant & 1 ? sizeof text + 1 : sizeof text;
    m.position = variant & 2 ? sizeof text : 0;
    m.len = variant & 4 ? 40 : 0;
    m.stop = variant & 8 ? (variant & 1 ? CP_STOP_FAILURE : CP_STOP_SUCCESS) : 0;
    cp_message_write(&m, message, sizeof message);
    memcpy(packet + header, message, sizeof message);
}

static void add_chosen(const void *data, size_t len)
{
    uint8_t seed[SD_FUZZ_INPUT_MAX + 1] = {chosen};
    memcpy(seed + 1, data, len);
    /* Which unit, how, packet. */
    uint8_t *packet = seed + 3;
    size_t packet_len = len - 2, total = len + 1 < SD_FUZZ_INPUT_MAX ? len + 1 : SD_FUZZ_INPUT_MAX;
    if (!(seed[2] & 2) || packet_len < CP_SERVER_OVERHEAD) {
        add_seed(seed, total);
        return;
    }
    for (uint8_t variant = 0; variant < 16; variant++) {
        if (memcmp(packet, CP_MAGIC_INITIATE, CP_MAGIC_LEN) == 0)
            put_message(packet, packet_len, CP_INITIATE_OVERHEAD - CP_TAG_LEN, variant);
        else if (memcmp(packet, CP_MAGIC_CLIENT_MESSAGE, CP_MAGIC_LEN) == 0)
            put_message(packet, packet_len, sizeof(struct cp_client_message), variant);
        else if (memcmp(packet, CP_MAGIC_SERVER_MESSAGE, CP_MAGIC_LEN) == 0)
            put_message(packet, packet_len, sizeof(struct cp_server_message), variant);
        add_seed(seed, total);
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
