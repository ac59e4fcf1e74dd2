/* Names of units, from any bytes: first byte chooses stream or datagram, sender and room. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/libssl/libssl.h"

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t hello[] = {0,  22, 3,  1,  0,  57, 1,  0,  0,  53, 3,  3,  1,  2,  3,  4,
                                    5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
                                    21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 0,  0,  2,  19,
                                    1,  1,  0,  0,  10, 0,  51, 0,  2,  0,  0,  0,  42, 0,  0};
    static const uint8_t retry[] = {2, 22, 254, 255, 0, 0, 0, 0, 0, 0, 0,   0,   0, 17, 3, 0,
                                    0, 5,  0,   0,   0, 0, 0, 0, 0, 5, 254, 255, 2, 7,  7};
    static const uint8_t mixed[] = {1, 20, 3, 3,  0, 1, 1, 23, 3, 3, 0,
                                    2, 9,  9, 21, 3, 3, 0, 2,  1, 0};
    add(hello, sizeof hello);
    add(retry, sizeof retry);
    add(mixed, sizeof mixed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[160];
    if (len == 0)
        return 0;
    size_t cap = data[0] & 4 ? data[0] >> 3 : sizeof text;
    memset(text, 1, sizeof text);
    size_t n = data[0] & 2 ? sd_ssl_describe_datagram(data + 1, len - 1, data[0] & 1, text, cap)
                           : sd_ssl_describe_stream(data + 1, len - 1, data[0] & 1, text, cap);
    /* terminated, as long as it says, never past its room */
    if (cap > 0 ? n >= cap || strlen(text) != n : n != 0)
        abort();
    for (size_t i = cap; i < sizeof text; i++)
        if (text[i] != 1)
            abort();
    return 0;
}
