/* fuzz_esp.c - ESP packets from a peer that has the keys: whatever it seals, and whatever it makes
 * of what was sealed.  Input: suite and mode (1), how (1: sealed, or as it is), then the payload
 * and its next header, or the packet. */
#include "protocols/ipsec/esp.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

#define SPI 0x01020304u

static const struct cipher_suite suites[] = {
    {CIPHER_AES_GCM_16, 128, CIPHER_NO_INTEGRITY},
    {CIPHER_CHACHA20_POLY1305, 256, CIPHER_NO_INTEGRITY},
    {CIPHER_AES_CBC, 256, CIPHER_HMAC_SHA2_256_128},
};
static const uint8_t key[CIPHER_KEY_MAX] = "the peer has it too";

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t inner[] = {0x45, 0, 0,  28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0,
                                    1,    1, 10, 0,  0, 1, 4, 0, 0,  9,  0, 8, 0,  0};
    for (uint8_t kind = 0; kind < 12; kind++) {
        uint8_t seed[3 + sizeof inner] = {kind, 0, ESP_NEXT_IPV4};
        memcpy(seed + 3, inner, sizeof inner);
        add(seed, sizeof seed);
        seed[1] = 1;
        add(seed, sizeof seed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t packet[SD_FUZZ_INPUT_MAX + 64];
    struct sd_env env;
    struct sd_outbox outbox;
    struct sd_stats stats = {0};
    struct esp_sad sad;
    struct esp_received received;
    struct sd_event event;
    struct sd_path path = {0};
    if (len < 3 || sd_env_init(&env, 1) != SD_OK)
        return 0;
    sd_outbox_init(&outbox, &env);
    esp_sad_init(&sad, &env, &outbox, &stats);
    struct esp_child_config c = {.suite = suites[data[0] % 3],
                                 .esn = data[0] & 16,
                                 .transport = data[0] / 3 % 2,
                                 .spi_in = SPI,
                                 .spi_out = SPI,
                                 .key_in = key,
                                 .key_out = key,
                                 .path = &path};
    c.local.at[c.local.count++] = esp_selector_of(0x0a000001, 32);
    c.remote.at[c.remote.count++] = esp_selector_of(0x0a000101, 32);
    struct esp_child *child = esp_child_add(&sad, 0, &c);
    size_t size = len - 2;
    if (data[1] & 1) {
        memcpy(packet, data + 2, size);
    } else {
        size = esp_sealed_len(&c.suite, len - 3, 0);
        esp_seal(&child->out, &env, packet, data + 3, len - 3, 0, data[2]);
    }
    int result = esp_in(&sad, 0, packet, size, &received);
    int events = 0;
    for (; sd_outbox_pull_event(&outbox, &event); events++)
        if (event.data < packet || event.data + event.len > packet + size)
            abort(); /* a packet that is not where it came */
    if (events != (result == SD_OK && received.child && data[2] != ESP_NEXT_NONE))
        abort();
    esp_sad_fini(&sad);
    sd_outbox_fini(&outbox);
    if (sd_heap_bytes(&env) != 0)
        abort();
    sd_env_fini(&env);
    return 0;
}
