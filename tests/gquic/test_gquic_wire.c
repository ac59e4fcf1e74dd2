/* test_gquic_wire.c - bytes and what they mean: headers, packet numbers, frames, handshake
 * messages, both ways. */
#include "protocols/gquic/frame.h"
#include "protocols/gquic/header.h"
#include "protocols/gquic/message.h"
#include "tests/crypto/hex.h"

#define CID   "0123456789abcdef"
#define NONCE "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

/* -- headers -- */

static void test_headers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        bool to_server;
        struct gq_header header; /* nonce: whether there is one */
    } rows[] = {
        {"Q043, first packet of a client",
         "09" CID "51303433"
         "01",
         true,
         {.has_cid = true,
          .cid = 0x0123456789abcdef,
          .version = GQ_Q043,
          .number = 1,
          .number_len = 1,
          .len = 14}},
        {"Q043, later, two bytes of number",
         "18" CID "1234",
         true,
         {.has_cid = true,
          .cid = 0x0123456789abcdef,
          .number = 0x1234,
          .number_len = 2,
          .len = 11}},
        {"Q043, four bytes",
         "28" CID "12345678",
         true,
         {.has_cid = true,
          .cid = 0x0123456789abcdef,
          .number = 0x12345678,
          .number_len = 4,
          .len = 13}},
        {"Q043, six bytes",
         "38" CID "123456789abc",
         true,
         {.has_cid = true,
          .cid = 0x0123456789abcdef,
          .number = 0x123456789abc,
          .number_len = 6,
          .len = 15}},
        {"Q043, a server's with a nonce",
         "0c" CID NONCE "02",
         false,
         {.has_cid = true,
          .cid = 0x0123456789abcdef,
          .nonce = (const uint8_t *)"",
          .number = 2,
          .number_len = 1,
          .len = 42}},
        {"Q043, a server's without the id",
         "00"
         "03",
         false,
         {.number = 3, .number_len = 1, .len = 2}},
        {"Q046, initial",
         "c3"
         "51303436"
         "50" CID "00000001",
         true,
         {.invariant = true,
          .has_cid = true,
          .cid = 0x0123456789abcdef,
          .version = GQ_Q046,
          .number = 1,
          .number_len = 4,
          .len = 18}},
        {"Q046, a server's with a nonce",
         "d3"
         "51303436"
         "05" CID "00000002" NONCE,
         false,
         {.invariant = true,
          .has_cid = true,
          .cid = 0x0123456789abcdef,
          .version = GQ_Q046,
          .type = GQ_TYPE_0RTT,
          .nonce = (const uint8_t *)"",
          .number = 2,
          .number_len = 4,
          .len = 50}},
        {"Q046, short to the server",
         "41" CID "1234",
         true,
         {.invariant = true,
          .has_cid = true,
          .cid = 0x0123456789abcdef,
          .number = 0x1234,
          .number_len = 2,
          .len = 11}},
        {"Q046, short to the client",
         "40"
         "12",
         false,
         {.invariant = true, .number = 0x12, .number_len = 1, .len = 2}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex h = hex_of(rows[i].bytes);
        struct gq_header found, expected = rows[i].header;
        print_message("          %s\n", rows[i].name);
        assert_true(gq_header_parse(&found, h.data, h.len, rows[i].to_server));
        assert_int_equal(found.kind, GQ_PACKET);
        assert_int_equal(found.invariant, expected.invariant);
        assert_int_equal(found.has_cid, expected.has_cid);
        assert_int_equal(found.cid, expected.cid);
        assert_int_equal(found.version, expected.version);
        assert_int_equal(found.type, expected.type);
        assert_int_equal(!found.nonce, !expected.nonce);
        assert_int_equal(found.number, expected.number);
        assert_int_equal(found.number_len, expected.number_len);
        assert_int_equal(found.len, expected.len);
        /* And back. */
        uint8_t out[64];
        struct sd_writer w = sd_writer_of(out, sizeof out);
        gq_header_write(&found, &w, rows[i].to_server);
        hex_check(rows[i].name, rows[i].bytes, out, sd_written(&w));
        for (size_t len = 0; len < h.len; len++)
            assert_false(gq_header_parse(&found, h.data, len, rows[i].to_server));
    }
}

static void test_other_packets(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        bool to_server, good;
        enum gq_packet_kind kind;
        size_t len;
    } rows[] = {
        {"Q043 version negotiation", "0d" CID "51303433", false, true, GQ_VERSION_NEGOTIATION, 9},
        {"the same, as quic-go has it", "09" CID "51303433", false, true, GQ_VERSION_NEGOTIATION,
         9},
        {"Q046 version negotiation",
         "c0"
         "00000000"
         "05" CID "51303436",
         false, true, GQ_VERSION_NEGOTIATION, 14},
        {"that to a server",
         "c0"
         "00000000"
         "50" CID "51303436",
         true, false, 0, 0},
        {"a public reset", "0e" CID "5052535400000000", false, true, GQ_PUBLIC_RESET, 9},
        {"a public reset to a server", "0e" CID "5052535400000000", true, false, 0, 0},
        {"a public reset without an id",
         "02"
         "5052535400000000",
         false, false, 0, 0},
        {"Q043 with version 0",
         "09" CID "00000000"
         "01",
         true, false, 0, 0},
        {"no id to a server",
         "00"
         "01",
         true, false, 0, 0},
        {"an unknown long version needs only its id",
         "ff"
         "51303939"
         "50" CID,
         true, true, GQ_PACKET, 14},
        {"another length of ids",
         "c3"
         "51303436"
         "55" CID CID "00000001",
         true, false, 0, 0},
        {"nothing", "", true, false, 0, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex h = hex_of(rows[i].bytes);
        struct gq_header found;
        print_message("          %s\n", rows[i].name);
        assert_int_equal(gq_header_parse(&found, h.data, h.len, rows[i].to_server), rows[i].good);
        if (rows[i].good) {
            assert_int_equal(found.kind, rows[i].kind);
            assert_int_equal(found.len, rows[i].len);
        }
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t lowest;
        size_t len;
        uint64_t expected, found;
    } rows[] = {
        {0x01, 1, 1, 1},
        {0xff, 1, 0x100, 0xff},
        {0x00, 1, 0xff, 0x100},
        {0x05, 1, 0x1f0, 0x205},
        {0xf0, 1, 0x205, 0x1f0},
        {0x80, 1, 0x100, 0x180},
        {0x0001, 2, 0xffff, 0x10001},
        {0xfffe, 2, 0x10000, 0xfffe},
        {0x10, 1, 0, 0x10},
        {0xffffffff, 4, UINT64_C(0x100000000), 0xffffffff},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++)
        assert_int_equal(gq_number_expand(rows[i].lowest, rows[i].len, rows[i].expected),
                         rows[i].found);
    /* Whatever is under way, the other side finds the number again. */
    for (uint64_t least = 1; least < 100000; least = least * 3 + 1)
        for (uint64_t ahead = 0; ahead < 70000; ahead = ahead * 2 + 1)
            for (int invariant = 0; invariant < 2; invariant++) {
                uint64_t number = least + ahead;
                size_t len = gq_number_len(number, least, invariant);
                uint64_t lowest = number & ((UINT64_C(1) << 8 * len) - 1);
                assert_int_equal(gq_number_expand(lowest, len, least), number);
            }
}

/* -- frames -- */

static void test_ufloat16(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        uint16_t bits;
    } rows[] = {
        {0, 0},         {1, 1},         {2047, 2047},   {2048, 2048},   {4095, 4095},
        {4096, 0x1000}, {4098, 0x1001}, {8190, 0x17ff}, {8192, 0x1800},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        assert_int_equal(gq_ufloat16(rows[i].value), rows[i].bits);
        assert_int_equal(gq_ufloat16_value(rows[i].bits), rows[i].value);
    }
    assert_int_equal(gq_ufloat16(UINT64_MAX), 0xffff);
    /* Rounded down, by less than one in 2048. */
    for (uint64_t v = 1; v < UINT64_C(1) << 41; v = v * 7 / 5 + 1) {
        uint64_t back = gq_ufloat16_value(gq_ufloat16(v));
        assert_true(back <= v && v - back <= v / 2048);
    }
    for (uint32_t bits = 0; bits < 0xffff; bits++)
        assert_int_equal(gq_ufloat16(gq_ufloat16_value((uint16_t)bits)), bits);
}

static const struct gq_frame_context q043 = {GQ_Q043, 0x105, 2}, q046 = {GQ_Q046, 0x105, 2};

static void test_frames(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        struct gq_frame frame;
    } rows[] = {
        {"STREAM at 0",
         "a0"
         "05"
         "0003"
         "616263",
         {.kind = GQ_STREAM, .stream = 5, .len = 3}},
        {"STREAM, its end",
         "e0"
         "05"
         "0000",
         {.kind = GQ_STREAM, .stream = 5, .fin = true}},
        {"STREAM, offset of two bytes",
         "a4"
         "05"
         "0010"
         "0001"
         "61",
         {.kind = GQ_STREAM, .stream = 5, .offset = 16, .len = 1}},
        {"STREAM, offset of eight, id of four",
         "bf"
         "12345678"
         "0102030405060708"
         "0001"
         "61",
         {.kind = GQ_STREAM, .stream = 0x12345678, .offset = 0x0102030405060708, .len = 1}},
        {"STREAM to the packet's end",
         "84"
         "05"
         "0010"
         "6162636465",
         {.kind = GQ_STREAM, .stream = 5, .offset = 16, .len = 5}},
        {"ACK of one range",
         "40"
         "09"
         "0010"
         "05"
         "00",
         {.kind = GQ_ACK, .delay_us = 16, .ranges = 1, .acked = {{5, 10}}}},
        {"ACK of three",
         "60"
         "20"
         "0000"
         "02"
         "01"
         "02"
         "03"
         "04"
         "05"
         "00",
         {.kind = GQ_ACK, .ranges = 3, .acked = {{32, 33}, {27, 30}, {18, 23}}}},
        {"ACK with a gap above 255",
         "65"
         "0400"
         "0000"
         "02"
         "0001"
         "ff"
         "0000"
         "05"
         "0002"
         "00",
         {.kind = GQ_ACK, .ranges = 2, .acked = {{1024, 1025}, {762, 764}}}},
        {"ACK with a gap of nothing",
         "60"
         "20"
         "0000"
         "02"
         "01"
         "00"
         "03"
         "04"
         "05"
         "00",
         {.kind = GQ_ACK, .ranges = 2, .acked = {{29, 33}, {20, 25}}}},
        {"ACK with timestamps",
         "40"
         "09"
         "0010"
         "05"
         "02"
         "01"
         "00000001"
         "02"
         "0003",
         {.kind = GQ_ACK, .delay_us = 16, .ranges = 1, .acked = {{5, 10}}}},
        {"RST_STREAM",
         "01"
         "00000005"
         "0000000000000100"
         "00000006",
         {.kind = GQ_RST_STREAM, .stream = 5, .offset = 256, .error = 6}},
        {"CONNECTION_CLOSE",
         "02"
         "00000010"
         "0003"
         "627965",
         {.kind = GQ_CONNECTION_CLOSE, .error = 16, .len = 3}},
        {"GOAWAY",
         "03"
         "00000010"
         "00000007"
         "0000",
         {.kind = GQ_GOAWAY, .error = 16, .stream = 7}},
        {"WINDOW_UPDATE",
         "04"
         "00000005"
         "0000000000100000",
         {.kind = GQ_WINDOW_UPDATE, .stream = 5, .offset = 0x100000}},
        {"BLOCKED",
         "05"
         "00000005",
         {.kind = GQ_BLOCKED, .stream = 5}},
        {"STOP_WAITING",
         "06"
         "0005",
         {.kind = GQ_STOP_WAITING, .least_unacked = 0x100}},
        {"PING", "07", {.kind = GQ_PING}},
        {"PADDING", "000000", {.kind = GQ_PADDING}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex h = hex_of(rows[i].bytes);
        const struct gq_frame *e = &rows[i].frame;
        static struct gq_frame f;
        memset(&f, 0, sizeof f);
        struct sd_reader r = sd_reader_of(h.data, h.len);
        print_message("          %s\n", rows[i].name);
        assert_true(gq_frame_next(&f, &r, &q043));
        assert_int_equal(sd_left(&r), 0);
        assert_int_equal(f.kind, e->kind);
        assert_int_equal(f.stream, e->stream);
        assert_int_equal(f.offset, e->offset);
        assert_int_equal(f.fin, e->fin);
        assert_int_equal(f.error, e->error);
        assert_int_equal(f.len, e->len);
        assert_int_equal(f.delay_us, e->delay_us);
        assert_int_equal(f.least_unacked, e->least_unacked);
        assert_int_equal(f.ranges, e->ranges);
        assert_memory_equal(f.acked, e->acked, e->ranges * sizeof *e->acked);
        assert_false(gq_frame_next(&f, &r, &q043));
        assert_false(r.bad);
        /* Nothing shorter is a frame, but where the packet's end is the frame's. */
        for (size_t len = 1; len < h.len && h.data[0] != 0 && h.data[0] != 0x84; len++) {
            struct sd_reader cut = sd_reader_of(h.data, len);
            assert_false(gq_frame_next(&f, &cut, &q043));
            assert_true(cut.bad);
        }
    }
}

static void test_malformed_frames(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        const struct gq_frame_context *context;
    } rows[] = {
        {"a frame of no kind", "08", &q043},
        {"STREAM without data or end",
         "a0"
         "05"
         "0000",
         &q043},
        {"STREAM beyond 64 bits",
         "bc"
         "05"
         "ffffffffffffffff"
         "0001"
         "61",
         &q043},
        {"ACK of packet 0",
         "40"
         "05"
         "0000"
         "06"
         "00",
         &q043},
        {"ACK without a first block",
         "40"
         "05"
         "0000"
         "00"
         "00",
         &q043},
        {"ACK whose blocks pass 1",
         "60"
         "05"
         "0000"
         "01"
         "02"
         "02"
         "02"
         "00",
         &q043},
        {"STOP_WAITING in Q046",
         "06"
         "0005",
         &q046},
        {"STOP_WAITING below 1",
         "06"
         "0105",
         &q043},
        {"a reason that is too long",
         "02"
         "00000010"
         "0004"
         "627965",
         &q043},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex h = hex_of(rows[i].bytes);
        static struct gq_frame f;
        struct sd_reader r = sd_reader_of(h.data, h.len);
        print_message("          %s\n", rows[i].name);
        assert_false(gq_frame_next(&f, &r, rows[i].context));
        assert_true(r.bad);
    }
}

static void test_written_frames(void **state)
{
    (void)state;
    uint8_t out[1024];
    struct sd_writer w = sd_writer_of(out, sizeof out);
    gq_put_stream(&w, 5, 0, (const uint8_t *)"abc", 3, false);
    gq_put_stream(&w, 5, 16, (const uint8_t *)"a", 1, true);
    gq_put_stream(&w, 0x1234, 0x10000, (const uint8_t *)"a", 1, false);
    gq_put_rst_stream(&w, 5, 256, 6);
    gq_put_connection_close(&w, 16, "bye");
    gq_put_goaway(&w, 16, 7, "");
    gq_put_window_update(&w, 5, 0x100000);
    gq_put_blocked(&w, 5);
    gq_put_stop_waiting(&w, &q043, 0x100);
    hex_check("frames",
              "a00500036162"
              "63e4050010000161"
              "a91234010000000161"
              "0100000005000000000000010000000006"
              "02000000100003627965"
              "0300000010000000070000"
              "04000000050000000000100000"
              "0500000005"
              "060005",
              out, sd_written(&w));
    assert_int_equal(gq_stream_head(0x1234, 0x10000), 8);
}

/* Any set of ranges comes back, as far as there was room. */
static void test_acks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct gq_range range[4];
        size_t count, cap, expected;
    } rows[] = {
        {"one", {{1, 2}}, 1, 256, 1},
        {"large numbers", {{70000, 70001}, {60000, 69999}}, 2, 256, 2},
        {"a wide gap", {{30000, 30001}, {100, 300}, {1, 2}}, 3, 1200, 3},
        {"a gap too wide for any ACK", {{70000, 70001}, {100, 300}}, 2, 1200, 1},
        {"no room for the second", {{300, 301}, {1, 2}}, 2, 8, 1},
        {"no room for a wide gap", {{70000, 70001}, {100, 300}}, 2, 256, 1},
        {"gaps of 255 and 256", {{1000, 1001}, {744, 745}, {487, 488}}, 3, 256, 3},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t out[2048];
        static struct gq_frame f;
        struct sd_writer w = sd_writer_of(out, sizeof out);
        gq_put_ack(&w, rows[i].range, rows[i].count, 12345, rows[i].cap);
        struct sd_reader r = sd_reader_of(out, sd_written(&w));
        print_message("          %s\n", rows[i].name);
        assert_true(sd_written(&w) <= rows[i].cap);
        assert_true(gq_frame_next(&f, &r, &q043));
        assert_int_equal(f.ranges, rows[i].expected);
        assert_memory_equal(f.acked, rows[i].range, f.ranges * sizeof *f.acked);
        assert_true(f.delay_us <= 12345 && f.delay_us > 12335);
    }
}

/* -- handshake messages -- */

static void test_messages(void **state)
{
    (void)state;
    struct gq_message m;
    uint8_t out[64];
    uint32_t v32;
    uint64_t v64;
    size_t place;
    gq_message_init(&m, GQ_CHLO);
    gq_message_put(&m, GQ_SNI, "ab", 2);
    gq_message_put(&m, GQ_PAD, "", 0);
    gq_message_put(&m, GQ_VER, "old.", 4);
    gq_message_put(&m, GQ_VER, "Q043", 4);
    /* PAD, SNI, VER ascend as little-endian numbers. */
    static const char bytes[] = "43484c4f"
                                "0300"
                                "0000"
                                "50414400"
                                "00000000"
                                "534e4900"
                                "02000000"
                                "56455200"
                                "06000000"
                                "6162"
                                "51303433";
    hex_check("a message", bytes, out, gq_message_write(&m, out, sizeof out));
    assert_int_equal(gq_message_size(&m), 38);
    assert_int_equal(gq_message_write(&m, out, 37), 0);

    struct hex h = hex_of(bytes);
    assert_int_equal(gq_message_len(h.data, h.len), h.len);
    assert_int_equal(gq_message_len(h.data, 31), 0);
    assert_true(gq_message_parse(&m, h.data, h.len));
    assert_int_equal(m.tag, GQ_CHLO);
    assert_int_equal(gq_message_find(&m, GQ_SNI)->len, 2);
    assert_null(gq_message_find(&m, GQ_STK));
    assert_true(gq_message_get32(&m, GQ_VER, &v32));
    assert_int_equal(v32, GQ_TAG('Q', '0', '4', '3'));
    assert_false(gq_message_get64(&m, GQ_VER, &v64));
    assert_false(gq_message_get32(&m, GQ_SNI, &v32));
    assert_true(gq_message_lists(&m, GQ_VER, GQ_TAG('Q', '0', '4', '3'), &place));
    assert_false(gq_message_lists(&m, GQ_VER, GQ_TAG('Q', '0', '4', '6'), &place));
    for (size_t len = 0; len < h.len; len++)
        assert_false(gq_message_parse(&m, h.data, len));
    gq_message_init(&m, GQ_CHLO);
    gq_message_put(&m, GQ_SNI, "ab", 2);
    gq_message_pad(&m, GQ_CHLO_MIN);
    assert_int_equal(gq_message_size(&m), GQ_CHLO_MIN);
}

static void test_malformed_messages(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
    } rows[] = {
        {"tags that descend", "43484c4f"
                              "0200"
                              "0000"
                              "56455200"
                              "00000000"
                              "534e4900"
                              "00000000"},
        {"the same tag twice", "43484c4f"
                               "0200"
                               "0000"
                               "534e4900"
                               "00000000"
                               "534e4900"
                               "00000000"},
        {"ends that go back", "43484c4f"
                              "0200"
                              "0000"
                              "534e4900"
                              "02000000"
                              "56455200"
                              "01000000"
                              "6162"},
        {"bytes behind the last", "43484c4f"
                                  "0100"
                                  "0000"
                                  "534e4900"
                                  "01000000"
                                  "6162"},
        {"more values than may be", "43484c4f"
                                    "8100"
                                    "0000"},
        {"a value of 4 GiB", "43484c4f"
                             "0100"
                             "0000"
                             "534e4900"
                             "ffffffff"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex h = hex_of(rows[i].bytes);
        struct gq_message m;
        print_message("          %s\n", rows[i].name);
        assert_false(gq_message_parse(&m, h.data, h.len));
        assert_int_equal(m.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),        cmocka_unit_test(test_other_packets),
        cmocka_unit_test(test_numbers),        cmocka_unit_test(test_ufloat16),
        cmocka_unit_test(test_frames),         cmocka_unit_test(test_malformed_frames),
        cmocka_unit_test(test_written_frames), cmocka_unit_test(test_acks),
        cmocka_unit_test(test_messages),       cmocka_unit_test(test_malformed_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
