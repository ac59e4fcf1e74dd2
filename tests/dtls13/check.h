/* check.h - expected and found in words, and what happened, before a test fails. */
#ifndef SD_TESTS_DTLS13_CHECK_H
#define SD_TESTS_DTLS13_CHECK_H

#include "protocols/engine13/wire.h"
#include "tests/tls/talk.h"

#include <stdio.h>

#define SD_ROWS(array) (sizeof(array) / sizeof(array)[0])

static inline void check_at(struct talk *t, const char *name, const char *what, uint64_t expected,
                            uint64_t found, const char *file, int line)
{
    if (expected == found)
        return;
    sd_mem_print(t->mem);
    fprintf(stderr, "%s:%d: %s: %s: expected %llu, found %llu\n", file, line, name, what,
            (unsigned long long)expected, (unsigned long long)found);
    _fail(file, line);
}
#define check(t, name, what, expected, found)                                                      \
    check_at(t, name, what, (uint64_t)(expected), (uint64_t)(found), __FILE__, __LINE__)

#endif
