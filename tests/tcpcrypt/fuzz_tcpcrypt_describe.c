/* fuzz_tcpcrypt_describe.c - names of segments, from any bytes: the first is the room for them. */
#include "protocols/tcpcrypt/tcpcrypt.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t init1[1 + 79] = {80, 0x15, 0x10, 0x1a, 0x0e, 0, 0, 0, 79, 3, 0, 1};
    static const uint8_t init2[1 + 74 + 20] = {80, 0x09, 0x71, 0x05, 0xe0, 0, 0, 0, 74, 0, 1};
    static const uint8_t frames[] = {80, 0, 0, 17, 1, 2, 3, 4, 5, 6,  7, 8, 9, 1,
                                     2,  3, 4, 5,  6, 7, 8, 1, 0, 17, 1, 2, 3, 4};
    add(init1, sizeof init1);
    add(init2, sizeof init2);
    add(frames, sizeof frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[80];
    if (len == 0)
        return 0;
    size_t cap = data[0] < sizeof text ? data[0] : sizeof text;
    memset(text, 1, sizeof text);
    size_t n = tc_describe(data + 1, len - 1, data[0] & 1, text, cap);
    /* terminated, as long as it says, never past its room */
    if (cap > 0 ? n >= cap || strlen(text) != n : n != 0)
        abort();
    for (size_t i = cap; i < sizeof text; i++)
        if (text[i] != 1)
            abort();
    return 0;
}
