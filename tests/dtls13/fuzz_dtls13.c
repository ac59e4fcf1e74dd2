/* fuzz_dtls13.c - conversations in which one datagram is not what it was: the first byte chooses
 * the mode, the rest is sd_fuzz_agent_input()'s.  A mended datagram is what an adversary with the
 * keys would send: its first record is sealed, as it is, with the receiver's keys of that epoch. */
#include "protocols/crypto/aead.h"
#include "protocols/crypto/mask.h"
#include "protocols/dtls13/agent.h"
#include "protocols/dtls13/dtls.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

/* Keys from before are cheap: they are what most inputs go to. */
static const struct sd_option ids[] = {{"cid", "8"}, {0}};
static const struct {
    const char *name;
    const struct sd_option *options;
    bool mutual;
} modes[] = {
    {"psk", NULL, false}, {"psk", ids, false}, {"fresh", NULL, true}, {"cookie", NULL, false}};
#define MODES (sizeof modes / sizeof *modes)

static size_t header_of(const struct dtls13 *a, const uint8_t *data)
{
    return 1u + (data[0] & DTLS13_CID ? a->cid_len : 0) + (data[0] & DTLS13_SEQUENCE_16 ? 2u : 1u) +
           (data[0] & DTLS13_LENGTH ? 2u : 0);
}

/* The record's plaintext is what lies behind its header; its number becomes one above all that were
 * received. */
static void mend(struct sd_mem *m, int to, uint8_t *data, size_t len)
{
    struct dtls13 *a = (struct dtls13 *)sd_mem_seat(m, to)->agent;
    struct dtls_session *s = sd_index_any(&a->by_sid);
    if (!s || len == 0 || (data[0] & DTLS13_FIXED_MASK) != DTLS13_FIXED)
        return;
    struct dtls_keys *k = &s->reading[data[0] & DTLS13_EPOCH_MASK];
    size_t header = header_of(a, data), number_len = data[0] & DTLS13_SEQUENCE_16 ? 2 : 1;
    if (!k->known || len < header + 1 + DTLS13_TAG)
        return;
    if (data[0] & DTLS13_CID)
        memcpy(data + 1, s->own_cid[0].bytes, a->cid_len);
    uint8_t *number = data + 1 + (data[0] & DTLS13_CID ? a->cid_len : 0);
    uint64_t sequence = k->window.top;
    number[number_len - 1] = (uint8_t)sequence;
    if (number_len == 2)
        number[0] = (uint8_t)(sequence >> 8);
    size_t body = len - header;
    if (data[0] & DTLS13_LENGTH) {
        data[header - 2] = (uint8_t)(body >> 8);
        data[header - 1] = (uint8_t)body;
    }
    uint8_t nonce[SD_AEAD_NONCE], mask[SD_MASK_LEN];
    memcpy(nonce, k->iv, sizeof nonce);
    for (int i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(sequence >> 8 * (7 - i));
    const struct sd_aes_gcm gcm = {k->key, k->suite->key_len, DTLS13_TAG};
    sd_aes_gcm_seal(&gcm, data + header, data + header, body - DTLS13_TAG, data, header, nonce);
    sd_aes_mask(mask, data + header, k->sn, k->suite->key_len);
    for (size_t i = 0; i < number_len; i++)
        number[i] ^= mask[i];
}

static struct sd_fuzz_agent agent_of(size_t mode)
{
    static const uint8_t psk[32] = {1, 2, 3};
    static struct sd_config config[2];
    for (int i = 0; i < 2; i++)
        config[i] =
            (struct sd_config){.role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
                               .mode = modes[mode].name,
                               .options = modes[mode].options,
                               .identity = sd_identity(i ? "server.example" : "client.example"),
                               .server_name = i ? NULL : "server.example",
                               .mutual = modes[mode].mutual,
                               .psk = psk,
                               .psk_len = sizeof psk};
    return (struct sd_fuzz_agent){.ops = &sd_dtls13_agent,
                                  .client = &config[0],
                                  .server = &config[1],
                                  .message = "a message",
                                  .message_len = 9,
                                  .mend = mend};
}

/* Contents for mended records: each with its ContentType at the end. */
static const struct {
    const char *bytes;
    size_t len;
} contents[] = {
#define CONTENT(text)                                                                              \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
    CONTENT("\x18\0\0\1\0\5\0\0\0\0\0\1\1\x16"), /* KeyUpdate, requested */
    CONTENT("\x09\0\0\1\0\5\0\0\0\0\0\1\2\x16"), /* RequestConnectionId */
    CONTENT("\x0a\0\0\x0c\0\5\0\0\0\0\0\x0c\0\x09\x08"
            "12345678\0\x16"),                     /* NewConnectionId */
    CONTENT("\x08\0\0\2\0\1\0\0\0\0\0\2\0\0\x16"), /* EncryptedExtensions */
    CONTENT("\x14\0\0\x20\0\2\0\0\0\0\0\4"
            "abcd\x16"), /* Finished, its beginning */
    CONTENT("\x04\0\0\x14\0\2\0\0\0\0\0\x14\0\0\x1c\x20\0\0\0\1\1\0\0\7"
            "ticket!\0\0\x16"),                                          /* NewSessionTicket */
    CONTENT("\x0b\0\0\x0a\0\2\0\0\0\0\0\x0a\0\0\0\6\0\0\1\x30\0\0\x16"), /* Certificate */
    CONTENT("\0\x20\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\1\x1a"), /* ACK */
    CONTENT("\0\0\x1a"), /* ACK of nothing */
    CONTENT("\1\0\x15"), /* close_notify */
    CONTENT("hello\x17"),
#undef CONTENT
};

static uint8_t chosen;
static void (*add_seed)(const void *, size_t);

static void add_chosen(const void *data, size_t len)
{
    uint8_t seed[SD_FUZZ_INPUT_MAX + 1] = {chosen};
    memcpy(seed + 1, data, len);
    size_t total = len + 1 < SD_FUZZ_INPUT_MAX ? len + 1 : SD_FUZZ_INPUT_MAX;
    uint8_t first = len > 2 ? seed[3] : 0; /* behind mode, which unit, how */
    if (chosen > 1 || !(seed[2] & 2) || (first & DTLS13_FIXED_MASK) != DTLS13_FIXED) {
        add_seed(seed, total);
        return;
    }
    size_t at = 3 + 1u + (first & DTLS13_CID ? 8 : 0) + (first & DTLS13_SEQUENCE_16 ? 2u : 1u) +
                (first & DTLS13_LENGTH ? 2u : 0);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        memcpy(seed + at, contents[i].bytes, contents[i].len);
        memset(seed + at + contents[i].len, 0, DTLS13_TAG);
        add_seed(seed, at + contents[i].len + DTLS13_TAG);
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
