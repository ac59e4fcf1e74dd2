/* test_ipsec_describe.c - names of packets, whichever carrier they are on. */
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/ipsec.h"
#include "sim/core/reader.h"
#include "tests/core/unit.h"
#include <string.h>

#define ESP_BYTES                                                                                  \
    "\x12\x34\x56\x78\0\0\0\x05"                                                                   \
    "0123456789abcdef"

/* An INFORMATIONAL request with the id 7 and an SK payload of 20 bytes. */
static size_t ike(uint8_t *data)
{
    struct sd_writer w = sd_writer_of(data, 52);
    sd_put64(&w, 1);
    sd_put64(&w, 2);
    sd_put8(&w, 46); /* SK */
    sd_put8(&w, 0x20);
    sd_put8(&w, 37);
    sd_put8(&w, 8);
    sd_put32(&w, 7);
    sd_put32(&w, 52);
    sd_put8(&w, 0);
    sd_put8(&w, 0);
    sd_put16(&w, 24);
    sd_put_space(&w, 20);
    return sd_written(&w);
}

static const struct {
    const char *before; /* the framing */
    size_t before_len;
    bool ike;
    const char *bytes;
    size_t len;
    const char *text;
} rows[] = {
    {"", 0, true, "", 0, "INFORMATIONAL request 7 [20 B encrypted]"},
    {"\0\0\0\0", 4, true, "", 0, "INFORMATIONAL request 7 [20 B encrypted]"},
    {"\0\x3a\0\0\0\0", 6, true, "", 0, "INFORMATIONAL request 7 [20 B encrypted]"},
    {"", 0, false, ESP_BYTES, 24, "ESP 5 [16 B encrypted]"},
    {"\0\x1a", 2, false, ESP_BYTES, 24, "ESP 5 [16 B encrypted]"},
    {"\0\x1a", 2, false, ESP_BYTES "\0\x1a" ESP_BYTES, 50, "ESP 5 [16 B encrypted]"},
    {"", 0, false, "\xff", 1, "NAT keepalive"},
    {"", 0, false, "IKETCP", 6, "IKETCP"},
    {"", 0, false, "\0\0\0\1\0\0\0\1", 8, "8 B of a stream, or not IPsec"},
    {"", 0, false, "", 0, "0 B of a stream, or not IPsec"},
    {"\0\0\0\0", 4, false, "neither IKE nor ESP, in the middle", 34,
     "38 B of a stream, or not IPsec"},
    {"", 0, false, "ABCDEFGH in the middle", 22, "22 B of a stream, or not IPsec"},
    {"", 0, false, "abc", 3, "3 B of a stream, or not IPsec"},
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t data[128];
        char text[120];
        size_t len = rows[i].before_len;
        memcpy(data, rows[i].before, len);
        if (rows[i].ike) {
            len += ike(data + len);
        } else {
            memcpy(data + len, rows[i].bytes, rows[i].len);
            len += rows[i].len;
        }
        size_t n = ipsec_describe(data, len, true, text, sizeof text);
        if (strcmp(text, rows[i].text) != 0 || n != strlen(text))
            fail_msg("row %zu: expected '%s', found '%s'", i + 1, rows[i].text, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
