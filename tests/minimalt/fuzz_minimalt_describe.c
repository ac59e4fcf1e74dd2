/* fuzz_minimalt_describe.c - names of packets, from any bytes: the first is the room for them. */
#include "protocols/minimalt/minimalt.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const struct {
        uint8_t first; /* byte of the TID */
        size_t len;
    } rows[] = {{0, 40}, {0, 500}, {0x80, 392}, {0xc0, 540}, {0x40, 164}, {0, 16}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t seed[1 + 540] = {99, rows[i].first};
        add(seed, 1 + rows[i].len);
        add(seed, rows[i].len); /* one too short */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[100];
    if (len == 0)
        return 0;
    size_t cap = data[0] < sizeof text ? data[0] : sizeof text;
    memset(text, 1, sizeof text);
    size_t n = mt_describe(data + 1, len - 1, data[0] & 1, text, cap);
    /* terminated, as long as it says, never past its room */
    if (cap > 0 ? n >= cap || strlen(text) != n : n != 0)
        abort();
    for (size_t i = cap; i < sizeof text; i++)
        if (text[i] != 1)
            abort();
    return 0;
}
