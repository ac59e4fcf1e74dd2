/* fuzz_ike.c - conversations in which one message is not what it was: the first byte chooses the
 * mode, the rest is sd_fuzz_agent_input()'s.  A mended message is what an adversary with valid keys
 * would send: what stands in its SK or SKF payload is sealed with the SA's keys. */
#include "protocols/ipsec/agent.h"
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/ike.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

static const char *const modes[] = {"psk", "fresh", "cookie", "puzzle", "eap", "resumed", "cbc"};
#define MODES (sizeof modes / sizeof *modes)

/* Everything that happens by itself happens within a conversation's 20 s. */
static const struct sd_option options[] = {{"child_rekey_s", "10"},
                                           {"rekey_s", "16"},
                                           {"fragment_size", "400"},
                                           {"puzzle_bits", "2"},
                                           {0}};

/* 10.99.0.1 to 10.99.0.2, UDP; each side takes all of 10.99.0.0/24 for the other's. */
static const uint8_t inner[32] = {0x45, 0, 0,  32, 0, 0, 0, 0,  64, 17, 0, 0,  10, 99,
                                  0,    1, 10, 99, 0, 2, 4, 87, 4,  0,  0, 12, 0,  0};

/* Where a sealed message's parts lie; false: it is none. */
struct sealed {
    struct ike_sa *sa;
    bool by_initiator;
    uint8_t *message;
    struct cipher_message cipher;
};

static bool find_sealed(struct sd_mem *m, int seat, bool receiver, uint8_t *data, size_t len,
                        struct sealed *s)
{
    static const uint8_t marker[ENCAP_MARKER];
    struct ipsec *ipsec = (struct ipsec *)sd_mem_seat(m, seat)->agent;
    struct ike_header h;
    if (len > ENCAP_MARKER && memcmp(data, marker, ENCAP_MARKER) == 0) {
        data += ENCAP_MARKER;
        len -= ENCAP_MARKER;
    }
    ike_header_read(&h, data, len);
    if (len < IKE_HEADER + IKE_PAYLOAD_HEADER ||
        (h.next_payload != IKE_PAYLOAD_SK && h.next_payload != IKE_PAYLOAD_SKF))
        return false;
    s->by_initiator = h.flags & IKE_FLAG_INITIATOR;
    s->sa = ike_sa_find(ipsec, s->by_initiator == receiver ? h.spi_r : h.spi_i);
    if (!s->sa || (s->sa->setup && !s->sa->setup->has_keys &&
                   (s->sa->state == IKE_EXPECT_INIT_RESPONSE || !ike_setup_keys(s->sa))))
        return false;
    size_t head = IKE_HEADER + IKE_PAYLOAD_HEADER + (h.next_payload == IKE_PAYLOAD_SKF ? 4 : 0);
    size_t iv = cipher_iv_len(&s->sa->keys.cipher), block = cipher_block(&s->sa->keys.cipher);
    if (len < head + iv + block + CIPHER_ICV)
        return false;
    size_t text = (len - head - iv - CIPHER_ICV) / block * block;
    s->message = data;
    s->cipher = (struct cipher_message){
        .iv = data + head, .text_len = text, .aad = data, .aad_len = head, .start = data};
    return true;
}

static void mend(struct sd_mem *m, int to, uint8_t *data, size_t len)
{
    struct sealed s;
    if (!find_sealed(m, to, true, data, len, &s))
        return;
    const struct ike_keys *k = &s.sa->keys;
    s.cipher.iv[cipher_iv_len(&k->cipher) + s.cipher.text_len - 1] = 0; /* no padding */
    cipher_seal(&k->cipher, s.by_initiator ? k->protect_i : k->protect_r, &s.cipher);
}

static struct sd_fuzz_agent agent_of(size_t mode)
{
    static struct sd_peer peer[2];
    static struct sd_config config[2];
    for (uint32_t i = 0; i < 2; i++) {
        peer[i] = (struct sd_peer){.inner_net = UINT32_C(0x0a630000), .inner_prefix = 24};
        config[i] = (struct sd_config){
            .role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
            .mode = modes[mode],
            .identity = sd_identity(i ? "server.example" : "client.example"),
            .server_name = "server.example",
            .psk = (const uint8_t *)"secret",
            .psk_len = 6,
            .psk_identity = "somebody",
            .inner_net = UINT32_C(0x0a630001) + i,
            .inner_prefix = 32,
            .peers = &peer[i],
            .peer_count = 1,
            .options = options,
        };
    }
    return (struct sd_fuzz_agent){.ops = &sd_ipsec_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = inner,
                                  .message_len = sizeof inner,
                                  .mend = mend};
}

/* -- seeds: every message as it came, and with its inside opened, to be sealed again -- */

struct seeding {
    struct sd_mem *mem;
    void (*add)(const void *data, size_t len);
    uint8_t mode, number;
};

static bool seed_of(void *ctx, struct sd_mem_unit *u)
{
    struct seeding *s = ctx;
    uint8_t seed[SD_FUZZ_INPUT_MAX] = {s->mode, s->number++};
    struct sealed sealed;
    if (u->len + 3 > sizeof seed)
        return true;
    memcpy(seed + 3, u->data, u->len);
    s->add(seed, u->len + 3);
    seed[2] = 1;
    s->add(seed, u->len + 3);
    if (!find_sealed(s->mem, u->from, false, seed + 3, u->len, &sealed))
        return true;
    const struct ike_keys *k = &sealed.sa->keys;
    cipher_open(&k->cipher, sealed.by_initiator ? k->protect_i : k->protect_r, &sealed.cipher);
    seed[2] = 3;
    s->add(seed, u->len + 3);
    return true;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    for (uint8_t mode = 0; mode < MODES; mode++) {
        struct sd_fuzz_agent agent = agent_of(mode);
        struct seeding s = {.mem = sd_mem_new(1), .add = add, .mode = mode};
        int client = sd_mem_add(s.mem, agent.ops, agent.client, 2);
        int server = sd_mem_add(s.mem, agent.ops, agent.server, 3);
        sd_mem_on_unit(s.mem, seed_of, &s);
        sd_mem_connect(s.mem, client, server);
        sd_mem_run(s.mem, 20 * SD_SECOND);
        sd_mem_free(s.mem);
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
