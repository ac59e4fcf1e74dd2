/* fuzz_wireguard_describe.c - names of messages, from any bytes: the first is the room for them. */
#include "protocols/wireguard/wireguard.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const size_t sizes[] = {sizeof(struct wg_initiation), sizeof(struct wg_response),
                                   sizeof(struct wg_cookie_reply), WG_DATA_MIN, 100};
    uint8_t seed[1 + sizeof(struct wg_initiation)] = {80};
    for (uint8_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        seed[1] = i < WG_DATA ? i + 1 : WG_DATA;
        add(seed, 1 + sizes[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[80];
    if (len == 0)
        return 0;
    size_t cap = data[0] < sizeof text ? data[0] : sizeof text;
    memset(text, 1, sizeof text);
    size_t n = wg_describe(data + 1, len - 1, data[0] & 1, text, cap);
    /* terminated, as long as it says, never past its room */
    if (cap > 0 ? n >= cap || strlen(text) != n : n != 0)
        abort();
    for (size_t i = cap; i < sizeof text; i++)
        if (text[i] != 1)
            abort();
    return 0;
}
