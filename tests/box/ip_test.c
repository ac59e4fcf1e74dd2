/* ip_test.c - views of IPv4 packets, and checksums: known ones, incremental against recomputed. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sim/box/ip.h"
#include "sim/core/random.h"

/* -- checksums of known bytes -- */

struct sum_row {
    const char *name;
    uint8_t bytes[40];
    size_t len;
    uint16_t checksum;
};
static const struct sum_row sum_rows[] = {
    {"nothing", {0}, 0, 0xffff},
    {"one byte is the high one", {0xab}, 1, 0x54ff},
    {"RFC 1071 section 3", {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}, 8, 0x220d},
    {"carries", {0xff, 0xff, 0xff, 0xff, 0x00, 0x01}, 6, 0xfffe},
    {"odd", {0x12, 0x34, 0x56}, 3, (uint16_t)~0x6834},
};

static void known_sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sum_rows / sizeof *sum_rows; i++) {
        const struct sum_row *row = &sum_rows[i];
        uint16_t found = sd_sum_fold(sd_sum(0, row->bytes, row->len));
        if (found != row->checksum)
            fail_msg("%s: expected %04x, found %04x", row->name, row->checksum, found);
    }
    /* RFC 1071's sum over a header in the wild */
    static const uint8_t header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                     0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
    assert_int_equal(sd_ip_checksum(header), 0xb861);
}

/* RFC 1071 as it is written: 16 bits at a time. */
static uint16_t plain_sum(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static void any_length(void **state)
{
    (void)state;
    static uint8_t data[65535];
    struct sd_rng rng;
    sd_rng_seed(&rng, 1);
    for (int i = 0; i < 300; i++) {
        size_t len = i < 100 ? (size_t)i : (size_t)sd_rng_below(&rng, sizeof data + 1);
        if (i % 7 == 0)
            memset(data, 0xff, len);
        else
            sd_rng_fill(&rng, data, len);
        size_t cut = len / 2 & ~(size_t)1; /* in two pieces */
        uint32_t halves = sd_sum(sd_sum(0, data, cut), data + cut, len - cut);
        if (sd_sum_fold(sd_sum(0, data, len)) != plain_sum(data, len) ||
            sd_sum_fold(halves) != plain_sum(data, len))
            fail_msg("%zu bytes: expected %04x, found %04x, in two pieces %04x", len,
                     plain_sum(data, len), sd_sum_fold(sd_sum(0, data, len)), sd_sum_fold(halves));
    }
}

/* -- incremental changes -- */

enum change { SOURCE, DESTINATION, SOURCE_PORT, DESTINATION_PORT, CHANGES };

static void apply(struct sd_ip *v, enum change change, uint32_t value)
{
    switch (change) {
    case SOURCE:
        sd_ip_set_source(v, value);
        break;
    case DESTINATION:
        sd_ip_set_destination(v, value);
        break;
    case SOURCE_PORT:
        sd_ip_set_source_port(v, (uint16_t)value);
        break;
    default:
        sd_ip_set_destination_port(v, (uint16_t)value);
        break;
    }
}

struct change_row {
    const char *name;
    uint8_t proto;
    size_t payload;     /* bytes behind the IP header */
    bool zero_checksum; /* UDP: none */
    uint16_t fragment;  /* flags and offset */
};
static const struct change_row change_rows[] = {
    {"UDP", SD_PROTO_UDP, 8 + 33, false, SD_IP_DF},
    {"UDP without checksum", SD_PROTO_UDP, 8 + 33, true, 0},
    {"TCP", SD_PROTO_TCP, 20 + 500, false, SD_IP_DF},
    {"ESP", SD_PROTO_ESP, 60, false, 0},
    {"later fragment of UDP", SD_PROTO_UDP, 64, false, SD_IP_MF | 3},
};

static void write_packet(uint8_t *packet, const struct change_row *row, struct sd_rng *rng,
                         size_t len)
{
    sd_rng_fill(rng, packet, len);
    sd_ip_write_header(packet, len, row->proto, 7, (uint32_t)sd_rng_next(rng),
                       (uint32_t)sd_rng_next(rng));
    sd_write16(packet + SD_IP_FRAGMENT, row->fragment);
    sd_ip_fix_checksums(packet, len);
    if (row->zero_checksum)
        sd_write16(packet + SD_IP_HEADER + SD_UDP_CHECKSUM, 0);
}

static void incremental(void **state)
{
    (void)state;
    struct sd_rng rng;
    sd_rng_seed(&rng, 2);
    for (size_t i = 0; i < sizeof change_rows / sizeof *change_rows; i++) {
        const struct change_row *row = &change_rows[i];
        for (int n = 0; n < 20000; n++) {
            uint8_t packet[600], fresh[600];
            size_t len = SD_IP_HEADER + row->payload;
            write_packet(packet, row, &rng, len);
            struct sd_ip v;
            assert_true(sd_ip_view(&v, packet, len));
            enum change change = (enum change)(n % CHANGES);
            if (!v.has_ports && change >= SOURCE_PORT)
                continue;
            /* values at the edges of the arithmetic as well */
            static const uint32_t edges[] = {0, 0xffffffff, 0xffff0000, 0x0000ffff};
            uint32_t value = n % 10 < 4 ? edges[n % 10] : (uint32_t)sd_rng_next(&rng);
            apply(&v, change, value);
            memcpy(fresh, packet, len);
            sd_ip_fix_checksums(fresh, len);
            if (row->zero_checksum)
                sd_write16(fresh + SD_IP_HEADER + SD_UDP_CHECKSUM, 0);
            if (memcmp(packet, fresh, len) != 0)
                fail_msg("%s, change %d to %08x, turn %d: checksums differ from recomputed ones",
                         row->name, change, value, n);
        }
    }
}

static void wrong_stays_wrong(void **state)
{
    (void)state;
    uint8_t packet[SD_IP_HEADER + 40] = {0};
    struct sd_ip v;
    sd_ip_write_header(packet, sizeof packet, SD_PROTO_TCP, 1, 0x0a000001, 0x0a000002);
    sd_ip_fix_checksums(packet, sizeof packet);
    packet[50] ^= 1;
    assert_true(sd_ip_view(&v, packet, sizeof packet));
    sd_ip_set_source(&v, 0xc0000201);
    sd_ip_set_source_port(&v, 4242);
    assert_false(
        sd_transport_checksum_good(v.source, v.destination, v.proto, v.payload, v.payload_len));
    packet[50] ^= 1;
    assert_true(
        sd_transport_checksum_good(v.source, v.destination, v.proto, v.payload, v.payload_len));
}

static void udp_never_zero(void **state)
{
    (void)state;
    uint8_t datagram[10] = {0};
    for (uint32_t word = 0; word <= 0xffff; word++) {
        sd_write16(datagram + 8, (uint16_t)word);
        uint16_t sum = sd_transport_checksum(1, 2, SD_PROTO_UDP, datagram, sizeof datagram);
        assert_int_not_equal(sum, 0);
        sd_write16(datagram + SD_UDP_CHECKSUM, sum);
        assert_true(sd_transport_checksum_good(1, 2, SD_PROTO_UDP, datagram, sizeof datagram));
        sd_write16(datagram + SD_UDP_CHECKSUM, 0);
    }
}

/* -- views -- */

struct view_row {
    const char *name;
    size_t len;
    uint8_t first; /* version and header length */
    uint16_t said; /* total length */
    uint8_t proto;
    uint16_t fragment;
    bool good, ports;
};
static const struct view_row view_rows[] = {
    {"UDP", 28, 0x45, 28, SD_PROTO_UDP, 0, true, true},
    {"UDP header cut", 27, 0x45, 27, SD_PROTO_UDP, 0, true, false},
    {"TCP", 40, 0x45, 40, SD_PROTO_TCP, SD_IP_DF, true, true},
    {"TCP header cut", 39, 0x45, 39, SD_PROTO_TCP, 0, true, false},
    {"first fragment", 40, 0x45, 40, SD_PROTO_TCP, SD_IP_MF, true, true},
    {"later fragment", 40, 0x45, 40, SD_PROTO_TCP, SD_IP_MF | 1, true, false},
    {"ESP", 40, 0x45, 40, SD_PROTO_ESP, 0, true, false},
    {"header alone", 20, 0x45, 20, SD_PROTO_UDP, 0, true, false},
    {"short", 19, 0x45, 19, SD_PROTO_UDP, 0, false, false},
    {"empty", 0, 0x45, 0, SD_PROTO_UDP, 0, false, false},
    {"says more", 40, 0x45, 41, SD_PROTO_TCP, 0, false, false},
    {"says less", 40, 0x45, 39, SD_PROTO_TCP, 0, false, false},
    {"version 6", 40, 0x65, 40, SD_PROTO_TCP, 0, false, false},
    {"with options", 40, 0x46, 40, SD_PROTO_TCP, 0, false, false},
    {"header of 16", 40, 0x44, 40, SD_PROTO_TCP, 0, false, false},
};

static void views(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof view_rows / sizeof *view_rows; i++) {
        const struct view_row *row = &view_rows[i];
        uint8_t packet[64] = {0};
        packet[0] = row->first;
        sd_write16(packet + SD_IP_LENGTH, row->said);
        sd_write16(packet + SD_IP_FRAGMENT, row->fragment);
        packet[SD_IP_PROTO] = row->proto;
        struct sd_ip v = {0};
        bool good = sd_ip_view(&v, packet, row->len);
        if (good != row->good || v.has_ports != row->ports)
            fail_msg("%s: expected view %d, ports %d; found %d, %d", row->name, row->good,
                     row->ports, good, v.has_ports);
        if (good && (v.payload_len != row->len - 20 ||
                     v.fragment_offset != (row->fragment & SD_IP_OFFSET_MASK) * 8 ||
                     v.more_fragments != ((row->fragment & SD_IP_MF) != 0) ||
                     v.dont_fragment != ((row->fragment & SD_IP_DF) != 0)))
            fail_msg("%s: fields do not match", row->name);
    }
}

/* -- ICMP errors -- */

static void icmp_errors(void **state)
{
    (void)state;
    for (size_t quoted = SD_IP_HEADER; quoted <= 40; quoted++) {
        uint8_t about[40], error[56];
        for (size_t i = 0; i < sizeof about; i++)
            about[i] = (uint8_t)i;
        sd_ip_write_header(about, quoted, SD_PROTO_UDP, 3, 0x0a000001, 0x0a000002);
        size_t len = sd_icmp_error(error, SD_ICMP_UNREACHABLE, SD_ICMP_FRAGMENTATION_NEEDED, 1280,
                                   0x0a0000fe, about, quoted);
        size_t kept = quoted < 28 ? quoted : 28;
        assert_int_equal(len, SD_IP_HEADER + SD_ICMP_HEADER + kept);
        struct sd_ip v;
        assert_true(sd_ip_view(&v, error, len));
        assert_int_equal(v.source, 0x0a0000fe);
        assert_int_equal(v.destination, 0x0a000001);
        assert_int_equal(v.payload[0], 3);
        assert_int_equal(v.payload[1], 4);
        assert_int_equal(sd_read16(v.payload + SD_ICMP_MTU), 1280);
        assert_memory_equal(v.payload + SD_ICMP_HEADER, about, kept);
        assert_int_equal(sd_sum_fold(sd_sum(0, v.payload, v.payload_len)), 0);
        assert_int_equal(sd_ip_checksum(error), sd_read16(error + SD_IP_CHECKSUM));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sums),     cmocka_unit_test(any_length),
        cmocka_unit_test(incremental),    cmocka_unit_test(wrong_stays_wrong),
        cmocka_unit_test(udp_never_zero), cmocka_unit_test(views),
        cmocka_unit_test(icmp_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
