/* firewall_test.c - what a firewall lets through, and what it makes of TCP's options. */
#include "sim/box/firewall.h"
#include "sim/box/ip.h"
#include "tests/core/unit.h"

#include <string.h>

#define SOURCE      0x0a000001u
#define DESTINATION 0x0a000002u

static enum sd_verdict meet(struct sd_firewall *f, uint8_t *ip, size_t len)
{
    struct sd_packet packet = {.data = ip, .len = len, .cap = len, .direction = SD_IN};
    struct sd_passage passage = {.packet = &packet};
    return sd_firewall_pass(f, &passage);
}

static void test_protocols(void **state)
{
    (void)state;
    static const struct {
        unsigned blocks;
        uint8_t proto;
        enum sd_verdict verdict;
    } rows[] = {
        {0, SD_PROTO_UDP, SD_PASS},
        {0, SD_PROTO_ESP, SD_PASS},
        {SD_BLOCK_UDP, SD_PROTO_UDP, SD_DROP},
        {SD_BLOCK_UDP, SD_PROTO_ESP, SD_PASS},
        {SD_BLOCK_UDP, SD_PROTO_TCP, SD_PASS},
        {SD_BLOCK_UDP, SD_PROTO_ICMP, SD_PASS},
        {SD_BLOCK_ESP, SD_PROTO_ESP, SD_DROP},
        {SD_BLOCK_ESP, SD_PROTO_UDP, SD_PASS},
        {SD_BLOCK_UDP | SD_BLOCK_ESP, SD_PROTO_ESP, SD_DROP},
        {SD_BLOCK_UDP | SD_BLOCK_ESP, SD_PROTO_UDP, SD_DROP},
        {SD_BLOCK_TCP_OPTIONS, SD_PROTO_UDP, SD_PASS},
        {SD_BLOCK_TCP_OPTIONS, SD_PROTO_TCP, SD_PASS},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t ip[SD_IP_HEADER + 40] = {0};
        struct sd_firewall f = {.blocks = rows[i].blocks};
        ip[SD_IP_HEADER + SD_TCP_OFFSET] = 5 << 4;
        sd_ip_write_header(ip, sizeof ip, rows[i].proto, 1, SOURCE, DESTINATION);
        enum sd_verdict found = meet(&f, ip, sizeof ip);
        if (found != rows[i].verdict || f.dropped != (found == SD_DROP))
            fail_msg("row %zu: expected verdict %d, found %d", i + 1, rows[i].verdict, found);
    }
}

static void test_options(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t len; /* of the options, a multiple of 4 */
        uint8_t before[16], after[16];
        enum sd_verdict verdict;
    } rows[] = {
        {"well-known ones stay",
         16,
         {2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 1, 1, 1, 1, 1, 0},
         {2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 1, 1, 1, 1, 1, 0},
         SD_PASS},
        {"TCP-ENO goes",
         8,
         {2, 4, 5, 180, 69, 4, 0x23, 0x21},
         {2, 4, 5, 180, 1, 1, 1, 1},
         SD_CHANGED},
        {"at an odd place", 8, {1, 69, 3, 0xff, 4, 2, 1, 1}, {1, 1, 1, 1, 4, 2, 1, 1}, SD_CHANGED},
        {"two of them", 8, {253, 2, 4, 2, 69, 3, 9, 0}, {1, 1, 4, 2, 1, 1, 1, 0}, SD_CHANGED},
        {"behind the end nothing is an option",
         8,
         {0, 69, 4, 1, 2, 0, 0, 0},
         {0, 69, 4, 1, 2, 0, 0, 0},
         SD_PASS},
        {"a length of 0", 4, {69, 0, 69, 2}, {69, 0, 69, 2}, SD_PASS},
        {"a length beyond the end", 4, {69, 5, 1, 1}, {69, 5, 1, 1}, SD_PASS},
        {"one byte left", 4, {1, 1, 1, 69}, {1, 1, 1, 69}, SD_PASS},
        {"none", 0, {0}, {0}, SD_PASS},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t ip[SD_IP_HEADER + SD_TCP_HEADER + 16 + 3] = {0}, *tcp = ip + SD_IP_HEADER;
        size_t len = SD_IP_HEADER + SD_TCP_HEADER + rows[i].len + 3, segment = len - SD_IP_HEADER;
        struct sd_firewall f = {.blocks = SD_BLOCK_TCP_OPTIONS};
        tcp[SD_TCP_OFFSET] = (uint8_t)((SD_TCP_HEADER + rows[i].len) / 4 << 4);
        memcpy(tcp + SD_TCP_HEADER, rows[i].before, rows[i].len);
        memcpy(tcp + SD_TCP_HEADER + rows[i].len, "abc", 3);
        sd_ip_write_header(ip, len, SD_PROTO_TCP, 1, SOURCE, DESTINATION);
        sd_ip_fix_checksums(ip, len);
        if (meet(&f, ip, len) != rows[i].verdict ||
            memcmp(tcp + SD_TCP_HEADER, rows[i].after, rows[i].len) != 0)
            fail_msg("%s: not so", rows[i].what);
        if (!sd_transport_checksum_good(SOURCE, DESTINATION, SD_PROTO_TCP, tcp, segment))
            fail_msg("%s: the checksum is wrong now", rows[i].what);
        tcp[SD_TCP_CHECKSUM] ^= 1; /* damage on the way is not repaired */
        memcpy(tcp + SD_TCP_HEADER, rows[i].before, rows[i].len);
        meet(&f, ip, len);
        assert_false(sd_transport_checksum_good(SOURCE, DESTINATION, SD_PROTO_TCP, tcp, segment));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocols),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
