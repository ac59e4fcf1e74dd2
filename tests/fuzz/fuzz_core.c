/* fuzz_core.c - the reader and the address parser: nothing is read beyond the end, and what was
 * printed parses to the same. */
#include <stdlib.h>
#include <string.h>

#include "sim/core/base.h"
#include "sim/core/reader.h"
#include "tests/fuzz/fuzz.h"

static void check(bool fine)
{
    if (!fine)
        abort();
}

/* The first bytes say what to read from the rest. */
static void fuzz_reader(const uint8_t *data, size_t len)
{
    struct sd_reader script = sd_reader_of(data, len < 8 ? len : 8);
    struct sd_reader r = sd_reader_of(data + sd_left(&script), len - sd_left(&script));
    uint8_t copy[256];
    while (sd_left(&script) > 0) {
        size_t left = sd_left(&r);
        bool bad = r.bad;
        uint8_t what = sd_get8(&script);
        switch (what % 10) {
        case 0:
            sd_get8(&r);
            break;
        case 1:
            sd_get16(&r);
            break;
        case 2:
            sd_get24(&r);
            break;
        case 3:
            sd_get32(&r);
            break;
        case 4:
            sd_get64(&r);
            break;
        case 5:
            sd_get32le(&r);
            break;
        case 6:
            sd_get64le(&r);
            break;
        case 7:
            check((sd_get(&r, what) != NULL) == !r.bad);
            break;
        case 8:
            check(sd_get_copy(&r, copy, what) == !r.bad);
            break;
        case 9: {
            struct sd_reader sub = sd_get_sub(&r, what);
            check(sub.bad == r.bad && sd_left(&sub) == (sub.bad ? 0 : what));
            while (sd_left(&sub) > 0)
                sd_get8(&sub);
            break;
        }
        }
        check(sd_left(&r) <= left && (!bad || r.bad));
        check(!r.bad || sd_left(&r) == left || !bad);
    }
}

static void fuzz_address(const uint8_t *data, size_t len)
{
    char text[128], printed[SD_ADDR_TEXT];
    struct sd_addr a = {0}, b = {0};
    size_t n = len < sizeof text - 1 ? len : sizeof text - 1;
    memcpy(text, data, n);
    text[n] = '\0';
    if (sd_addr_parse(text, &a)) {
        check(sd_addr_parse(sd_addr_text(&a, printed), &b));
        check(sd_addr_equal(&a, &b));
    } else {
        check(a.family == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_reader(data, len);
    fuzz_address(data, len);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const char *const texts[] = {"1.2.3.4", "255.255.255.255:65535", "0.0.0.0:0",
                                        "\0\1\2\3\4\5\6\7abcdefghijklmnopqrstuvwxyz"};
    for (size_t i = 0; i < 3; i++)
        add(texts[i], strlen(texts[i]));
    add(texts[3], 34);
}
