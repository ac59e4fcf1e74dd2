/* fuzz_curvecp_describe.c - names of packets, from any bytes: the first is the room for them. */
#include "protocols/curvecp/curvecp.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const struct {
        const char *magic;
        size_t len;
    } rows[] = {
        {CP_MAGIC_HELLO, 224},          {CP_MAGIC_COOKIE, 200},         {CP_MAGIC_INITIATE, 736},
        {CP_MAGIC_CLIENT_MESSAGE, 288}, {CP_MAGIC_SERVER_MESSAGE, 256}, {"QvnQ5XlX", 64},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t seed[1 + 736] = {99};
        memcpy(seed + 1, rows[i].magic, CP_MAGIC_LEN);
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
    size_t n = cp_describe(data + 1, len - 1, data[0] & 1, text, cap);
    /* terminated, as long as it says, never past its room */
    if (cap > 0 ? n >= cap || strlen(text) != n : n != 0)
        abort();
    for (size_t i = cap; i < sizeof text; i++)
        if (text[i] != 1)
            abort();
    return 0;
}
