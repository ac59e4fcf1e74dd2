/* hex.h - bytes written as hexadecimal digits in the rows of a test. */
#ifndef SD_TESTS_CRYPTO_HEX_H
#define SD_TESTS_CRYPTO_HEX_H

#include "tests/core/unit.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HEX_MAX 512
struct hex {
    uint8_t data[HEX_MAX];
    size_t len;
};

/* "0001..", or "A..B": the bytes A to B-1 in decimal, or "N*XX": a byte repeated. */
static inline struct hex hex_of(const char *text)
{
    struct hex h = {.len = 0};
    unsigned from, to, byte;
    int used = 0;
    if (sscanf(text, "%u..%u%n", &from, &to, &used) == 2 && text[used] == 0) {
        for (; from < to; from++)
            h.data[h.len++] = (uint8_t)from;
    } else if (sscanf(text, "%u*%2x%n", &from, &byte, &used) == 2 && text[used] == 0) {
        memset(h.data, (int)byte, h.len = from);
    } else {
        for (; sscanf(text, "%2x", &byte) == 1 && h.len < HEX_MAX; text += 2)
            h.data[h.len++] = (uint8_t)byte;
    }
    return h;
}

static inline void hex_check(const char *what, const char *expected, const uint8_t *found,
                             size_t len)
{
    struct hex h = hex_of(expected);
    if (h.len == len && memcmp(h.data, found, len) == 0)
        return;
    fprintf(stderr, "%s: expected %s, found ", what, expected);
    for (size_t i = 0; i < len; i++)
        fprintf(stderr, "%02x", found[i]);
    fputc('\n', stderr);
    fail();
}

#endif
