/* syn_cookies_test.c - what a SYN cookie brings back, how long, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sim/box/guard.h"
#include "sim/box/ip.h"
#include "sim/box/syn_cookies.h"

#define KEY UINT64_C(0x5eed)
#define NOW (1000 * SD_SECOND)

/* The SYN-ACK's sequence number, and the options of the ACK that a client would answer with. */
struct answer {
    uint32_t isn;
    uint8_t options[12];
    size_t options_len;
    uint16_t mss; /* the server's, as the client reads it */
    int window_scale;
    bool sack;
};

static void answer(struct answer *a, const uint8_t *syn_ack, size_t len)
{
    *a = (struct answer){.isn = sd_read32(syn_ack + SD_TCP_SEQ), .window_scale = -1};
    assert_int_equal(sd_guard_tcp(syn_ack, len), SD_GUARD_GOOD);
    assert_int_equal(syn_ack[SD_TCP_FLAGS], SD_TCP_SYN | SD_TCP_ACK);
    assert_int_equal(syn_ack[SD_TCP_OFFSET] >> 4, len / 4);
    size_t at = 0;
    const uint8_t *option;
    while ((option = sd_tcp_option_next(syn_ack + SD_TCP_HEADER, len - SD_TCP_HEADER, &at)) !=
           NULL) {
        if (option[0] == SD_TCP_OPTION_MSS)
            a->mss = sd_read16(option + 2);
        if (option[0] == SD_TCP_OPTION_WINDOW_SCALE)
            a->window_scale = option[2];
        if (option[0] == SD_TCP_OPTION_SACK_PERMITTED)
            a->sack = true;
        if (option[0] == SD_TCP_OPTION_TIMESTAMPS) {
            const uint8_t ts[12] = {SD_TCP_OPTION_NOP, SD_TCP_OPTION_NOP, SD_TCP_OPTION_TIMESTAMPS,
                                    10};
            memcpy(a->options, ts, sizeof ts);
            sd_write32(a->options + 4, 12345);
            sd_write32(a->options + 8, sd_read32(option + 2));
            a->options_len = sizeof ts;
        }
    }
}

static struct sd_cookie_syn names(void)
{
    return (struct sd_cookie_syn){.client_ip = 0x0a000001,
                                  .server_ip = 0x0a000002,
                                  .client_port = 40000,
                                  .server_port = 443,
                                  .client_isn = 0xdeadbeef};
}

/* -- what comes back -- */

struct round_row {
    const char *name;
    uint8_t options[24]; /* of the SYN */
    size_t len;
    uint16_t mss; /* as the server remembers it */
    int window_scale;
    bool sack, timestamps;
};
static const struct round_row round_rows[] = {
    {"no options", {0}, 0, 536, -1, false, false},
    {"MSS of Ethernet", {2, 4, 5, 180}, 4, 1460, -1, false, false},
    {"MSS between two of the table", {2, 4, 5, 150}, 4, 1380, -1, false, false},
    {"smallest MSS", {2, 4, 0, 1}, 4, 88, -1, false, false},
    {"largest MSS", {2, 4, 255, 255}, 4, 1460, -1, false, false},
    {"scale and SACK are lost without timestamps",
     {2, 4, 5, 180, 4, 2, 1, 3, 3, 7},
     10,
     1460,
     -1,
     false,
     false},
    {"everything",
     {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7},
     20,
     1460,
     7,
     true,
     true},
    {"scale 0", {8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 3, 3, 0}, 13, 536, 0, false, true},
    {"scale beyond 14 (RFC 7323 2.3)",
     {8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 3, 3, 200},
     13,
     536,
     14,
     false,
     true},
    {"SACK alone", {8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 4, 2}, 12, 536, -1, true, true},
};

static void round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof round_rows / sizeof *round_rows; i++) {
        const struct round_row *row = &round_rows[i];
        for (sd_time now = NOW; now < NOW + 200 * SD_MS; now += 13 * SD_MS) {
            struct sd_cookie_syn syn;
            sd_cookie_read_syn(&syn, row->options, row->len);
            struct sd_cookie_syn n = names();
            syn.client_ip = n.client_ip;
            syn.server_ip = n.server_ip;
            syn.client_port = n.client_port;
            syn.server_port = n.server_port;
            syn.client_isn = n.client_isn;
            uint8_t reply[SD_TCP_HEADER_MAX];
            size_t len = sd_cookie_syn_ack(reply, &syn, KEY, now, 1400);
            assert_in_range(len, SD_TCP_HEADER, sizeof reply);
            assert_int_equal(sd_read32(reply + SD_TCP_ACK_NUMBER), n.client_isn + 1);
            struct answer a;
            answer(&a, reply, len);
            assert_int_equal(a.mss, 1400);
            assert_int_equal(a.isn >> 31, 0);
            assert_int_equal(a.sack, row->sack);
            assert_int_equal(a.window_scale >= 0, row->window_scale >= 0);
            if (a.options_len != 0)
                assert_in_range(sd_read32(a.options + 8), now / SD_MS - 63, now / SD_MS);

            struct sd_cookie_syn found = n;
            if (!sd_cookie_check(&found, a.isn, a.options, a.options_len, KEY, now + 40 * SD_MS))
                fail_msg("%s: the cookie is refused", row->name);
            if (found.mss != row->mss || found.window_scale != row->window_scale ||
                found.sack != row->sack || found.timestamps != row->timestamps)
                fail_msg("%s: expected MSS %u, scale %d, SACK %d, timestamps %d; found %u, %d, %d, "
                         "%d",
                         row->name, row->mss, row->window_scale, row->sack, row->timestamps,
                         found.mss, found.window_scale, found.sack, found.timestamps);
        }
    }
}

/* -- who may bring it back, and when -- */

struct check_row {
    const char *name;
    sd_time made, age;
    uint64_t key_change;
    uint32_t ip_change, isn_change, cookie_change;
    uint16_t port_change;
    bool good;
};
static const struct check_row check_rows[] = {
    {.name = "at once", .made = NOW, .good = true},
    {.name = "at the beginning of time", .made = 0, .age = SD_MS, .good = true},
    {.name = "made late in a period, back in the next",
     .made = 127 * SD_SECOND,
     .age = 2 * SD_SECOND,
     .good = true},
    {.name = "after 64 s", .made = 128 * SD_SECOND, .age = 64 * SD_SECOND, .good = true},
    {.name = "after two periods", .made = 128 * SD_SECOND, .age = 128 * SD_SECOND, .good = false},
    {.name = "after an hour", .made = NOW, .age = 3600 * SD_SECOND, .good = false},
    {.name = "when its time bits come round",
     .made = NOW,
     .age = 16 * 64 * SD_SECOND,
     .good = false},
    {.name = "another server's key", .made = NOW, .key_change = 1, .good = false},
    {.name = "another address", .made = NOW, .ip_change = 1, .good = false},
    {.name = "another port", .made = NOW, .port_change = 1, .good = false},
    {.name = "another client's sequence", .made = NOW, .isn_change = 1, .good = false},
    {.name = "one more than the cookie", .made = NOW, .cookie_change = 1, .good = false},
    {.name = "a larger MSS claimed", .made = NOW, .cookie_change = 1u << 24, .good = false},
    {.name = "a later period claimed", .made = NOW, .cookie_change = 1u << 27, .good = false},
    {.name = "top bit set", .made = NOW, .cookie_change = 1u << 31, .good = false},
};

static void checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof check_rows / sizeof *check_rows; i++) {
        const struct check_row *row = &check_rows[i];
        struct sd_cookie_syn syn = names();
        syn.mss = 536;
        syn.window_scale = -1;
        uint8_t reply[SD_TCP_HEADER_MAX];
        sd_cookie_syn_ack(reply, &syn, KEY, row->made, 1460);
        struct sd_cookie_syn back = names();
        back.client_ip ^= row->ip_change;
        back.client_port ^= row->port_change;
        back.client_isn ^= row->isn_change;
        bool good = sd_cookie_check(&back, sd_read32(reply + SD_TCP_SEQ) ^ row->cookie_change, NULL,
                                    0, KEY ^ row->key_change, row->made + row->age);
        if (good != row->good)
            fail_msg("%s: expected %s", row->name, row->good ? "accepted" : "refused");
    }
}

/* 2^24 guesses per period of 24 bits: ten thousand find nothing. */
static void guessed(void **state)
{
    (void)state;
    int found = 0;
    for (uint32_t guess = 0; guess < 10000; guess++) {
        struct sd_cookie_syn back = names();
        found += sd_cookie_check(&back, guess * 429497u, NULL, 0, KEY, NOW);
    }
    assert_in_range(found, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(checked),
        cmocka_unit_test(guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
