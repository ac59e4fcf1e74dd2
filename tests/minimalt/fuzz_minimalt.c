/* fuzz_minimalt.c - conversations in which one packet is not what it was: the first byte chooses
 * the mode, the rest is sd_fuzz_agent_input()'s.  A mended packet is what an adversary with valid
 * keys would send: its box is made of what the input has in its place, its nonce is new, and it
 * belongs to a tunnel that exists, or begins one. */
#include "protocols/crypto/box.h"
#include "protocols/minimalt/agent.h"
#include "protocols/minimalt/minimalt.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

static const char *const modes[] = {"fresh", "lookup", "cookie"};
#define MODES (sizeof modes / sizeof *modes)

static const char text[] = "a request, or a reply, which nobody understands";

/* The tunnel that the input's TID means: that one, or any. */
static struct mt_tunnel *tunnel_of(const struct minimalt *mt, uint64_t tid)
{
    struct mt_tunnel *t = mt_tunnel_by_tid(mt, tid);
    return t ? t : sd_index_any(&mt->by_tid);
}

static void mend(struct sd_mem *m, int to, uint8_t *data, size_t len)
{
    struct minimalt *mt = (struct minimalt *)sd_mem_seat(m, to)->agent;
    uint8_t secret[MT_KEY_LEN], nonce[MT_NONCE_LEN], key[MT_KEY_LEN], puzzle[MT_PUZZLE_LEN];
    struct mt_packet p;
    if (!mt_packet_parse(&p, data, len) || p.box_len == 0)
        return;
    struct mt_tunnel *t = p.tid % 8 == 7 ? NULL : tunnel_of(mt, p.tid);
    uint64_t number = 2 * mt_unix_ns(mt) + (to == 1 ? MT_FROM_INITIATOR : 0);
    if (t) {
        memcpy(secret, t->secret, MT_KEY_LEN);
        p.tid = t->tid;
        if (number <= t->received_nonce)
            number = t->received_nonce + 2;
    } else if (to != 1 || !p.key || !sd_box_key(secret, p.key, mt->ephemeral[0].private_key)) {
        return;
    }
    if (p.key)
        p.key = memcpy(key, p.key, sizeof key);
    if (p.puzzle)
        p.puzzle = memcpy(puzzle, p.puzzle, sizeof puzzle);
    mt_packet_head(data, p.tid, number, p.key, p.puzzle);
    mt_nonce(nonce, MT_NONCE_LABEL, p.tid, number);
    sd_box_seal(p.box, p.box, p.box_len - MT_TAG_LEN, nonce, secret);
}

static struct sd_fuzz_agent agent_of(size_t mode)
{
    static struct sd_config config[2];
    static const struct sd_option easy[] = {{"puzzle_bits", "3"}, {0}};
    for (int i = 0; i < 2; i++)
        config[i] =
            (struct sd_config){.role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
                               .mode = modes[mode],
                               .identity = sd_identity(i ? "server.example" : "client.example"),
                               .server_name = "server.example",
                               .options = i ? easy : NULL};
    return (struct sd_fuzz_agent){.ops = &sd_minimalt_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = text,
                                  .message_len = sizeof text,
                                  .mend = mend};
}

static void (*add_seed)(const void *data, size_t len);
static uint8_t chosen;

/* What is to be sealed must not be sealed yet: each call in its turn, of about the right length. */
static void put_call(uint8_t *box, size_t len, uint8_t call)
{
    static const uint16_t lengths[MT_CALLS] = {
        [MT_CALL_NEXT_TID] = 40,     [MT_CALL_CREATE] = 9,
        [MT_CALL_CREATE_AUTH] = 89,  [MT_CALL_ACK] = 4,
        [MT_CALL_REFUSE] = 4,        [MT_CALL_CLOSE] = 4,
        [MT_CALL_REQUEST_CERT] = 32, [MT_CALL_OK] = 0,
        [MT_CALL_PUZZLE] = 156,      [MT_CALL_PUZZLE_SOLUTION] = 88,
        [MT_CALL_DATA] = 20,         [MT_CALL_GIVE_CERT] = 263,
        [MT_CALL_WINDOW_SIZE] = 12,  [MT_CALL_BESIDE] = 16,
    };
    struct sd_writer w = sd_writer_of(box, len);
    sd_put32(&w, 3); /* perhaps the next */
    sd_put32(&w, 1);
    for (int twice = 0; twice < 2; twice++) {
        sd_put32(&w, call == MT_CALL_DATA ? 1 : 0);
        sd_put8(&w, call);
        sd_put16(&w, lengths[call]);
        uint8_t *arguments = sd_put_space(&w, lengths[call]);
        if (arguments && lengths[call] >= 4)
            arguments[3] = (uint8_t)(1 + twice); /* a connection, where there is one */
    }
    if (!w.bad)
        memset(w.at, 0, (size_t)(w.end - w.at));
}

static void add_chosen(const void *data, size_t len)
{
    uint8_t seed[SD_FUZZ_INPUT_MAX + 1] = {chosen};
    struct mt_packet p;
    memcpy(seed + 1, data, len);
    size_t total = len + 1 < SD_FUZZ_INPUT_MAX ? len + 1 : SD_FUZZ_INPUT_MAX;
    /* Which unit, how, packet. */
    if (!(seed[2] & 2) || !mt_packet_parse(&p, seed + 3, len - 2) || p.box_len < MT_TAG_LEN + 8) {
        add_seed(seed, total);
        return;
    }
    for (uint8_t call = 1; call < MT_CALLS; call++) {
        put_call(p.box, p.box_len - MT_TAG_LEN, call);
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
