/* guard_test.c - each verdict of the guard, and the walk over TCP options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/box/guard.h"
#include "sim/box/ip.h"

/* A well-formed packet of `len` bytes, then `patch`: pairs of an offset and a byte. */
struct packet_row {
    const char *name;
    uint8_t proto;
    size_t len;
    uint16_t fragment;
    struct {
        uint8_t at, value;
    } patch[6];
    enum sd_guard_verdict verdict;
};

#define TCP(offset)  (SD_IP_HEADER + (offset))
#define OPTION       (SD_IP_HEADER + SD_TCP_HEADER)
#define ICMP(offset) (SD_IP_HEADER + (offset))

static const struct packet_row packet_rows[] = {
    {"TCP", SD_PROTO_TCP, 60, 0, {{0}}, SD_GUARD_GOOD},
    {"TCP, no payload", SD_PROTO_TCP, 40, 0, {{0}}, SD_GUARD_GOOD},
    {"UDP", SD_PROTO_UDP, 40, 0, {{0}}, SD_GUARD_GOOD},
    {"UDP, empty", SD_PROTO_UDP, 28, 0, {{0}}, SD_GUARD_GOOD},
    {"ESP", SD_PROTO_ESP, 21, 0, {{0}}, SD_GUARD_GOOD},
    {"nothing behind the header", SD_PROTO_ESP, 20, 0, {{0}}, SD_GUARD_GOOD},

    {"no header", SD_PROTO_TCP, 19, 0, {{0}}, SD_GUARD_IP_HEADER},
    {"version", SD_PROTO_TCP, 60, 0, {{0, 0x65}}, SD_GUARD_IP_HEADER},
    {"IP options", SD_PROTO_TCP, 60, 0, {{0, 0x46}}, SD_GUARD_IP_HEADER},
    {"header of 0", SD_PROTO_TCP, 60, 0, {{0, 0x40}}, SD_GUARD_IP_HEADER},
    {"total length too long", SD_PROTO_TCP, 60, 0, {{3, 61}}, SD_GUARD_IP_HEADER},
    {"total length too short", SD_PROTO_TCP, 60, 0, {{3, 59}}, SD_GUARD_IP_HEADER},
    {"total length 0", SD_PROTO_TCP, 60, 0, {{3, 0}}, SD_GUARD_IP_HEADER},

    {"time to live", SD_PROTO_TCP, 60, 0, {{8, 0}}, SD_GUARD_TTL},

    {"source 0", SD_PROTO_UDP, 40, 0, {{12, 0}, {13, 0}, {14, 0}, {15, 0}}, SD_GUARD_ADDRESS},
    {"source loopback", SD_PROTO_UDP, 40, 0, {{12, 127}}, SD_GUARD_ADDRESS},
    {"source multicast", SD_PROTO_UDP, 40, 0, {{12, 224}}, SD_GUARD_ADDRESS},
    {"source broadcast",
     SD_PROTO_UDP,
     40,
     0,
     {{12, 255}, {13, 255}, {14, 255}, {15, 255}},
     SD_GUARD_ADDRESS},
    {"destination 0", SD_PROTO_UDP, 40, 0, {{16, 0}, {17, 0}, {18, 0}, {19, 0}}, SD_GUARD_ADDRESS},
    {"destination loopback", SD_PROTO_UDP, 40, 0, {{16, 127}}, SD_GUARD_ADDRESS},
    {"destination multicast", SD_PROTO_UDP, 40, 0, {{16, 239}}, SD_GUARD_ADDRESS},

    {"first fragment", SD_PROTO_UDP, 44, SD_IP_MF, {{0}}, SD_GUARD_GOOD},
    {"middle fragment", SD_PROTO_UDP, 44, SD_IP_MF | 3, {{0}}, SD_GUARD_GOOD},
    {"last fragment", SD_PROTO_UDP, 41, 100, {{0}}, SD_GUARD_GOOD},
    {"fragment of 7 bytes", SD_PROTO_UDP, 27, SD_IP_MF | 1, {{0}}, SD_GUARD_FRAGMENT},
    {"fragment of 0 bytes", SD_PROTO_ESP, 20, SD_IP_MF, {{0}}, SD_GUARD_FRAGMENT},
    {"TCP header cut by a fragment", SD_PROTO_TCP, 60, 7, {{0}}, SD_GUARD_FRAGMENT},
    {"TCP payload fragment", SD_PROTO_TCP, 60, 8, {{0}}, SD_GUARD_GOOD},
    {"ICMP fragment", SD_PROTO_ICMP, 52, SD_IP_MF, {{0}}, SD_GUARD_FRAGMENT},
    {"later ICMP fragment", SD_PROTO_ICMP, 52, 5, {{0}}, SD_GUARD_FRAGMENT},
    {"fragment beyond 65535", SD_PROTO_UDP, 44, 0x1fff, {{0}}, SD_GUARD_IP_LENGTH},
    {"fragment up to 65535", SD_PROTO_UDP, 23, 0x1ffc, {{0}}, SD_GUARD_GOOD},

    {"TCP cut", SD_PROTO_TCP, 39, 0, {{0}}, SD_GUARD_TCP_HEADER},
    {"data offset 4", SD_PROTO_TCP, 60, 0, {{TCP(12), 0x40}}, SD_GUARD_TCP_HEADER},
    {"data offset beyond the end", SD_PROTO_TCP, 60, 0, {{TCP(12), 0xb0}}, SD_GUARD_TCP_HEADER},
    {"option of length 0",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 9}, {OPTION + 1, 0}},
     SD_GUARD_TCP_OPTIONS},
    {"option of length 1",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 9}, {OPTION + 1, 1}},
     SD_GUARD_TCP_OPTIONS},
    {"option beyond the header",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 9}, {OPTION + 1, 5}},
     SD_GUARD_TCP_OPTIONS},
    {"option without length",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 1}, {OPTION + 1, 1}, {OPTION + 2, 1}, {OPTION + 3, 9}},
     SD_GUARD_TCP_OPTIONS},
    {"options after the end do not count",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 0}, {OPTION + 1, 2}, {OPTION + 2, 0}},
     SD_GUARD_GOOD},
    {"MSS", SD_PROTO_TCP, 60, 0, {{TCP(12), 0x60}, {OPTION, 2}, {OPTION + 1, 4}}, SD_GUARD_GOOD},
    {"MSS of length 3",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 2}, {OPTION + 1, 3}},
     SD_GUARD_TCP_OPTIONS},
    {"window scale of length 4",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 3}, {OPTION + 1, 4}},
     SD_GUARD_TCP_OPTIONS},
    {"SACK permitted of length 3",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 4}, {OPTION + 1, 3}},
     SD_GUARD_TCP_OPTIONS},
    {"SACK of length 2",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 5}, {OPTION + 1, 2}},
     SD_GUARD_TCP_OPTIONS},
    {"SACK of one block",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x80}, {OPTION, 5}, {OPTION + 1, 10}, {OPTION + 10, 1}, {OPTION + 11, 1}},
     SD_GUARD_GOOD},
    {"SACK of a block and a half",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x90}, {OPTION, 5}, {OPTION + 1, 14}},
     SD_GUARD_TCP_OPTIONS},
    {"timestamps of length 9",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x80}, {OPTION, 8}, {OPTION + 1, 9}},
     SD_GUARD_TCP_OPTIONS},
    {"unknown option",
     SD_PROTO_TCP,
     60,
     0,
     {{TCP(12), 0x60}, {OPTION, 69}, {OPTION + 1, 4}},
     SD_GUARD_GOOD},

    {"UDP cut", SD_PROTO_UDP, 27, 0, {{0}}, SD_GUARD_UDP},
    {"UDP says less than a header", SD_PROTO_UDP, 40, 0, {{25, 7}}, SD_GUARD_UDP},
    {"UDP says more than there is", SD_PROTO_UDP, 40, 0, {{25, 21}}, SD_GUARD_UDP},
    {"UDP says less than there is", SD_PROTO_UDP, 40, 0, {{25, 19}}, SD_GUARD_GOOD},
    {"UDP fragment says more", SD_PROTO_UDP, 44, SD_IP_MF, {{24, 9}}, SD_GUARD_GOOD},

    {"ICMP cut", SD_PROTO_ICMP, 27, 0, {{0}}, SD_GUARD_ICMP},
    {"ICMP echo", SD_PROTO_ICMP, 28, 0, {{ICMP(0), 8}}, SD_GUARD_GOOD},
    {"ICMP unreachable", SD_PROTO_ICMP, 56, 0, {{ICMP(0), 3}, {ICMP(8), 0x45}}, SD_GUARD_GOOD},
    {"ICMP unreachable quotes too little",
     SD_PROTO_ICMP,
     55,
     0,
     {{ICMP(0), 3}, {ICMP(8), 0x45}},
     SD_GUARD_ICMP},
    {"ICMP unreachable quotes IP options",
     SD_PROTO_ICMP,
     60,
     0,
     {{ICMP(0), 3}, {ICMP(8), 0x4f}},
     SD_GUARD_ICMP},
    {"ICMP time exceeded quotes nothing", SD_PROTO_ICMP, 28, 0, {{ICMP(0), 11}}, SD_GUARD_ICMP},
};

static void packets(void **state)
{
    (void)state;
    bool seen[SD_GUARD_VERDICTS] = {false};
    for (size_t i = 0; i < sizeof packet_rows / sizeof *packet_rows; i++) {
        const struct packet_row *row = &packet_rows[i];
        uint8_t packet[64] = {0};
        sd_ip_write_header(packet, row->len, row->proto, 1, 0x0a000001, 0x0a000002);
        sd_write16(packet + SD_IP_FRAGMENT, row->fragment);
        if (row->proto == SD_PROTO_TCP)
            packet[TCP(SD_TCP_OFFSET)] = 0x50;
        if (row->proto == SD_PROTO_UDP)
            sd_write16(packet + SD_IP_HEADER + 4, (uint16_t)(row->len - SD_IP_HEADER));
        for (size_t k = 0; k < 6 && (k == 0 || row->patch[k].at != 0); k++)
            if (row->patch[k].at != 0 || row->patch[k].value != 0)
                packet[row->patch[k].at] = row->patch[k].value;
        enum sd_guard_verdict found = sd_guard_packet(packet, row->len);
        if (found != row->verdict)
            fail_msg("%s: expected %s, found %s", row->name, sd_guard_name(row->verdict),
                     sd_guard_name(found));
        seen[found] = true;
    }
    for (int v = 0; v < SD_GUARD_VERDICTS; v++)
        if (!seen[v])
            fail_msg("no row for %s", sd_guard_name((enum sd_guard_verdict)v));
}

static void largest(void **state)
{
    (void)state;
    static uint8_t packet[65536];
    sd_ip_write_header(packet, 65535, SD_PROTO_ESP, 1, 0x0a000001, 0x0a000002);
    assert_int_equal(sd_guard_packet(packet, 65535), SD_GUARD_GOOD);
    assert_int_equal(sd_guard_packet(packet, 65536), SD_GUARD_IP_HEADER);
}

/* -- options -- */

struct walk_row {
    const char *name;
    uint8_t options[16];
    size_t len;
    const char *kinds; /* in the order found */
};
static const struct walk_row walk_rows[] = {
    {"none", {0}, 0, ""},
    {"all sorts", {2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 0, 9}, 12, "2 3 4 "},
    {"padding alone", {1, 1, 1, 1}, 4, ""},
    {"length 0", {4, 2, 9, 0, 2, 4, 0, 0}, 8, "4 "},
    {"length 1", {9, 1, 4, 2}, 4, ""},
    {"too long", {4, 2, 9, 3}, 4, "4 "},
    {"no length", {4, 2, 9}, 3, "4 "},
    {"up to the end", {9, 4, 0, 0}, 4, "9 "},
};

static void walk(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof walk_rows / sizeof *walk_rows; i++) {
        const struct walk_row *row = &walk_rows[i];
        char kinds[64] = "";
        size_t at = 0;
        const uint8_t *option;
        while ((option = sd_tcp_option_next(row->options, row->len, &at)) != NULL) {
            char *end = kinds + strlen(kinds);
            snprintf(end, (size_t)(kinds + sizeof kinds - end), "%u ", option[0]);
        }
        if (strcmp(kinds, row->kinds) != 0)
            fail_msg("%s: expected [%s], found [%s]", row->name, row->kinds, kinds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets),
        cmocka_unit_test(largest),
        cmocka_unit_test(walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
