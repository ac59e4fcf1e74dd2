/* fuzz_ipsec_describe.c - names of packets, from any bytes: the first is the room for them. */
#include "protocols/ipsec/ipsec.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t ike[] = {80, 0, 0, 0, 0, 0, 0, 0, 1, 0,  0, 0, 0, 0, 0, 0, 2,  41, 32,
                                  34, 8, 0, 0, 0, 0, 0, 0, 0, 36, 0, 0, 0, 8, 0, 0, 64, 6};
    static const char esp[] = "P\0\x1a\x12\x34\x56\x78\0\0\0\x05"
                              "0123456789abcdef";
    add(ike, sizeof ike);
    add(esp, sizeof esp - 1);
    add("PIKETCP", 7);
    add("P\xff", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[120];
    if (len == 0)
        return 0;
    size_t cap = data[0] < sizeof text ? data[0] : sizeof text;
    memset(text, 1, sizeof text);
    size_t n = ipsec_describe(data + 1, len - 1, data[0] & 1, text, cap);
    /* terminated, as long as it says, never past its room */
    if (cap > 0 ? n >= cap || strlen(text) != n : n != 0)
        abort();
    for (size_t i = cap; i < sizeof text; i++)
        if (text[i] != 1)
            abort();
    return 0;
}
