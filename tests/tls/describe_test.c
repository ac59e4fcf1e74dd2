/* describe_test.c - names of what passes on the wire, row by row. */
#include "protocols/libssl/libssl.h"
#include "tests/core/unit.h"

#include <string.h>

/* Records: type, length; the bodies look encrypted. */
struct record {
    uint8_t type;
    uint16_t len;
};
struct row {
    bool from_client;
    struct record record[5]; /* ends with type 0 */
    const char *expected;
};
static const struct row rows[] = {
    {true, {{20, 1}, {23, 53}}, "ChangeCipherSpec, {Finished 53 B}"},
    {true,
     {{20, 1}, {23, 53}, {23, 80}},
     "ChangeCipherSpec, {Finished 53 B}, [Application Data 80 B]"},
    {true, {{20, 1}, {23, 700}}, "ChangeCipherSpec, {Certificate ... Finished 700 B}"},
    /* TLS 1.2: Finished is a handshake record, and what follows it is the application's */
    {true, {{20, 1}, {22, 40}}, "ChangeCipherSpec, {Finished 40 B}"},
    {true,
     {{20, 1}, {22, 40}, {23, 88}},
     "ChangeCipherSpec, {Finished 40 B}, [Application Data 88 B]"},
    {false, {{23, 88}, {23, 88}}, "[Application Data 2 records 176 B]"},
};

static void names_of_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t bytes[4096];
        size_t len = 0;
        char text[200];
        memset(bytes, 0xee, sizeof bytes);
        for (const struct record *r = rows[i].record; r->type != 0; r++) {
            bytes[len] = r->type;
            bytes[len + 1] = bytes[len + 2] = 3;
            bytes[len + 3] = (uint8_t)(r->len >> 8);
            bytes[len + 4] = (uint8_t)r->len;
            len += 5u + r->len;
        }
        sd_ssl_describe_stream(bytes, len, rows[i].from_client, text, sizeof text);
        if (strcmp(text, rows[i].expected) != 0)
            fail_msg("row %zu: expected '%s', found '%s'", i, rows[i].expected, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_of_records)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
