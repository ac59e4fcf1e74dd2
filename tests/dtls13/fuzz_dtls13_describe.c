/* fuzz_dtls13_describe.c - any bytes get a name, within its room. */
#include "protocols/dtls13/dtls.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    for (size_t cap = 1; cap <= 129; cap += 32) {
        char text[129];
        memset(text, 'x', sizeof text);
        size_t said = dtls_describe(data, len, true, text, cap);
        if (said >= cap || text[said] != 0 || strlen(text) != said)
            abort();
    }
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t hello[] = "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x3c\1\0\0\x30\0\0\0\0\0\0\0\x30"
                                   "\xfe\xfd"
                                   "01234567890123456789012345678901\0\0\0\2\x13\1\1\0\0\4\0\x33\0";
    static const uint8_t both[] = "\x2e\x12\x34\0\x05hello\x2f\0\1rest";
    static const uint8_t alert[] = "\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\2\2\x28";
    static const uint8_t ack[] = "\x1a\xfe\xfd\0\0\0\0\0\0\0\0\0\2\0\0";
    add(hello, sizeof hello);
    add(both, sizeof both - 1);
    add(alert, sizeof alert - 1);
    add(ack, sizeof ack - 1);
}
