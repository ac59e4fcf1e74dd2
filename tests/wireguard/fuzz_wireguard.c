/* fuzz_wireguard.c - conversations in which one message is not what it was: the first byte chooses
 * the mode, the rest is sd_fuzz_agent_input()'s.  A mended message is what an adversary with valid
 * keys would send: its mac1 is right, its inner packet is sealed with the session's key. */
#include "protocols/crypto/aead.h"
#include "protocols/crypto/hash.h"
#include "protocols/wireguard/agent.h"
#include "protocols/wireguard/wireguard.h"
#include "sim/core/reader.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

static const char *const modes[] = {"fresh", "cookie", "psk"};
#define MODES (sizeof modes / sizeof *modes)

/* 10.99.0.1 to 10.99.0.2, UDP; each side takes all of 10.99.0.0/24 for the other's. */
static const uint8_t inner[] = {0x45, 0,  0, 32, 0, 0,  0, 0, 64,   17,   0,   0,   10,  99,  0,  1,
                                10,   99, 0, 2,  4, 87, 4, 0, 0x00, 0x0c, 0x0, 0x0, 'l', 'a', 'b'};
#define INNER_LEN 32

static void mend(struct sd_mem *m, int to, uint8_t *data, size_t len)
{
    struct wireguard *wg = (struct wireguard *)sd_mem_seat(m, to)->agent;
    struct sd_reader r = sd_reader_of(data, len);
    uint32_t type = sd_get32le(&r), index = sd_get32le(&r);
    if ((type == WG_INITIATION || type == WG_RESPONSE) && len > sizeof(struct wg_macs)) {
        size_t before = len - sizeof(struct wg_macs);
        sd_blake2s_mac(data + before, WG_MAC_LEN, wg->mac1_key, WG_HASH_LEN, data, before);
    } else if (type == WG_DATA && len >= WG_DATA_MIN) {
        struct wg_data *message = (struct wg_data *)data;
        struct wg_peer *peer = wg_index_find(wg, index);
        struct wg_keypair *keys = peer ? wg_session_find(peer, index) : NULL;
        uint8_t nonce[SD_AEAD_NONCE] = {0};
        memcpy(nonce + 4, message->counter, sizeof message->counter);
        if (keys)
            sd_chachapoly_seal(message->packet, message->packet, len - WG_DATA_MIN, NULL, 0, nonce,
                               keys->receiving_key);
    }
}

static struct sd_fuzz_agent agent_of(size_t mode)
{
    static const uint8_t psk[WG_KEY_LEN] = {1, 2, 3};
    static uint8_t message[INNER_LEN];
    static struct sd_identity identity[2];
    static struct sd_peer peer[2];
    static struct sd_config config[2];
    memcpy(message, inner, sizeof inner);
    for (int i = 0; i < 2; i++)
        sd_identity_x25519(i ? "server" : "client", identity[i].x25519_private,
                           identity[i].x25519_public);
    for (int i = 0; i < 2; i++) {
        memcpy(peer[i].public_key, identity[!i].x25519_public, WG_KEY_LEN);
        peer[i].inner_net = UINT32_C(0x0a630000);
        peer[i].inner_prefix = 24;
        config[i] = (struct sd_config){.role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
                                       .mode = modes[mode],
                                       .identity = &identity[i],
                                       .psk = psk,
                                       .psk_len = sizeof psk,
                                       .peers = &peer[i],
                                       .peer_count = 1};
    }
    return (struct sd_fuzz_agent){.ops = &sd_wireguard_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = message,
                                  .message_len = sizeof message,
                                  .mend = mend};
}

static void (*add_seed)(const void *data, size_t len);
static uint8_t chosen;

static void add_chosen(const void *data, size_t len)
{
    uint8_t seed[SD_FUZZ_INPUT_MAX + 1] = {chosen};
    memcpy(seed + 1, data, len);
    /* Which unit, how, message: what is to be sealed must not be sealed yet. */
    struct wg_data *message = (struct wg_data *)(seed + 3);
    if (seed[2] & 2 && message->type[0] == WG_DATA && len >= 2 + WG_DATA_MIN + INNER_LEN)
        memcpy(message->packet, inner, sizeof inner);
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
