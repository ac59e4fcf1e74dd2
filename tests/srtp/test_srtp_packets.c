/* test_srtp_packets.c - packets that are late, doubled, forged, from elsewhere, or nothing of ours;
 * and what the reports say of it. */
#include "tests/srtp/call.h"

#include <string.h>

/* -- replay lists of several sizes (RFC 3711 3.3.2) -- */

/* One packet is kept back until `later` others have arrived; then it comes, and once more. */
static void test_windows(void **state)
{
    (void)state;
    static const struct {
        const char *window;
        uint32_t later;
        bool in_time;
    } rows[] = {
        {"64", 1, true},     {"64", 63, true},     {"64", 64, false},     {"128", 127, true},
        {"128", 128, false}, {"1024", 1023, true}, {"1024", 1024, false}, {"65", 64, true},
        {"65", 65, false},   {"8192", 2000, true},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_option option[] = {{"window", rows[i].window}, {0}};
        struct call c;
        uint8_t byte[16] = {0};
        call_begin(&c, &(struct call_options){.options = {option, option}});
        size_t kept = sd_mem_units(c.mem), len;
        sd_mem_link(c.mem)->loss_ppm = SD_PPM;
        sd_mem_send(c.mem, CLIENT, c.sid[CLIENT], 0, byte, sizeof byte, false);
        sd_mem_link(c.mem)->loss_ppm = 0;
        for (uint32_t n = 0; n < rows[i].later; n++)
            sd_mem_send(c.mem, CLIENT, c.sid[CLIENT], 0, byte, sizeof byte, false);
        call_run(&c, RTT);
        for (int again = 0; again < 2; again++) {
            call_check(&c, SD_OK, sd_mem_replay(c.mem, kept, NULL), "replay");
            call_run(&c, RTT);
        }
        sd_mem_received(c.mem, SERVER, &len);
        call_check(&c, (rows[i].later + rows[i].in_time) * sizeof byte, len, rows[i].window);
        call_check(&c, rows[i].in_time ? 1 : 2, call_dropped(&c, SERVER, SD_DROP_REPLAY),
                   "refused as replays");
        call_end(&c);
    }
}

/* RFC 3711 3.3.2: without a tag nothing tells a copy. */
static void test_untagged(void **state)
{
    (void)state;
    struct sd_option option[] = {{"rtp_tag", "off"}, {0}};
    struct call c;
    size_t len;
    call_begin(&c, &(struct call_options){.options = {option, option}});
    size_t first = sd_mem_units(c.mem);
    call_talk(&c, CLIENT, 1);
    sd_mem_replay(c.mem, first, NULL);
    call_run(&c, RTT);
    sd_mem_received(c.mem, SERVER, &len);
    call_check(&c, 2 * 160, len, "bytes heard");
    call_end(&c);
}

/* -- forgeries -- */

static void test_changed_bits(void **state)
{
    (void)state;
    struct call c;
    call_begin(&c, &(struct call_options){0});
    size_t first = sd_mem_units(c.mem);
    call_talk(&c, CLIENT, 1);
    const struct sd_mem_unit *u = sd_mem_unit(c.mem, first);
    struct sd_path path = u->path;
    uint8_t copy[256];
    size_t len = u->len, heard;
    memcpy(copy, u->data, len);
    for (size_t bit = 8; bit < 8 * len; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        sd_mem_inject(c.mem, SERVER, &path, copy, len);
        call_run(&c, 0);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    sd_mem_received(c.mem, SERVER, &heard);
    call_check(&c, 160, heard, "bytes heard");
    call_check(&c, 1, call_session(&c, SERVER)->theirs_count, "sources");
    call_talk(&c, CLIENT, 1); /* and the call goes on */
    sd_mem_received(c.mem, SERVER, &heard);
    call_check(&c, 2 * 160, heard, "bytes heard");
    call_end(&c);
}

/* RFC 7983 7: what may stand on the port, by the first byte. */
static void test_demultiplexing(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t first, second;
        size_t len;
        int reason;
    } rows[] = {
        {"STUN", 0, 1, 20, SD_DROP_UNKNOWN},
        {"ZRTP", 16, 0, 20, SD_DROP_UNKNOWN},
        {"TURN channel", 64, 0, 20, SD_DROP_UNKNOWN},
        {"RTP of a stranger", 128, 96, 40, SD_DROP_UNKNOWN},
        {"RTCP of a stranger", 128, RTCP_SR, 40, SD_DROP_UNKNOWN},
        {"half an RTP header", 128, 96, 11, SD_DROP_MALFORMED},
        {"half an RTCP header", 128, RTCP_SR, 7, SD_DROP_MALFORMED},
        {"DTLS that is none", 22, 0xfe, 5, SD_DROP_MALFORMED},
        {"nothing", 0, 0, 0, SD_DROP_UNKNOWN},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct call c;
        uint8_t bytes[64] = {rows[i].first, rows[i].second};
        call_begin(&c, &(struct call_options){0});
        struct sd_path path = {.local = sd_mem_address(c.mem, SERVER, SD_PROTO_UDP, SR_PORT),
                               .remote = sd_ipv4(192, 0, 2, 1, 7)};
        sd_mem_inject(c.mem, SERVER, &path, bytes, rows[i].len);
        call_run(&c, RTT);
        call_check(&c, 1, call_dropped(&c, SERVER, rows[i].reason), rows[i].what);
        call_talk(&c, CLIENT, 2);
        call_check_heard(&c, SERVER, 2);
        call_end(&c);
    }
}

/* -- another address -- */

static void test_rebinding(void **state)
{
    (void)state;
    static const struct {
        const char *latch;
        uint32_t heard_back; /* of 5 packets that the server says afterwards */
    } rows[] = {{"off", 0}, {"on", 5}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_option option[] = {{"latch", rows[i].latch}, {0}};
        struct call c;
        call_begin(&c, &(struct call_options){.options = {option, option}});
        size_t first = sd_mem_units(c.mem);
        call_talk(&c, CLIENT, 3);
        sd_mem_rebind(c.mem, CLIENT, SD_MEM_PORT | SD_MEM_ADDRESS);
        call_talk(&c, CLIENT, 3);
        call_talk(&c, SERVER, 5);
        size_t len;
        sd_mem_received(c.mem, SERVER, &len);
        call_check(&c, 6 * 160, len, "bytes that the server heard"); /* its context is by SSRC */
        sd_mem_received(c.mem, CLIENT, &len);
        call_check(&c, rows[i].heard_back * 160, len, "bytes that the client heard");
        call_check(&c, rows[i].heard_back > 0, sd_mem_count(c.mem, SERVER, SD_EV_MIGRATED),
                   "migrations");
        /* A copy of an old packet from an attacker moves nothing. */
        struct sd_addr attacker = sd_ipv4(192, 0, 2, 9, 9);
        sd_mem_replay(c.mem, first, &attacker);
        call_run(&c, RTT);
        call_check(&c, rows[i].heard_back > 0, sd_mem_count(c.mem, SERVER, SD_EV_MIGRATED),
                   "migrations after a copy");
        call_end(&c);
    }
}

/* The client itself moves and says so to its agent. */
static void test_move(void **state)
{
    (void)state;
    struct sd_option option[] = {{"latch", "on"}, {0}};
    struct call c;
    call_begin(&c, &(struct call_options){.options = {option, option}});
    call_check(&c, SD_OK, sd_mem_move(c.mem, CLIENT, c.sid[CLIENT], SERVER), "move");
    call_talk(&c, CLIENT, 3);
    call_talk(&c, SERVER, 2);
    call_check_heard(&c, SERVER, 3);
    call_check_heard(&c, CLIENT, 2);
    call_end(&c);
}

/* -- several streams, and padding -- */

static void test_streams(void **state)
{
    (void)state;
    struct call c;
    uint8_t byte = 1;
    call_begin(&c, &(struct call_options){0});
    for (uint64_t stream = 0; stream < SR_STREAMS; stream++)
        sd_mem_send(c.mem, CLIENT, c.sid[CLIENT], stream, &byte, 1, stream % 2);
    call_run(&c, RTT);
    call_check(&c, SR_STREAMS, call_session(&c, SERVER)->theirs_count, "sources");
    for (uint64_t stream = 0; stream < SR_STREAMS; stream++)
        call_check(&c, stream, sd_mem_find(c.mem, SERVER, SD_EV_DATA, stream)->stream, "stream");
    call_end(&c);
}

/* -- reports: RFC 3550 6.4 -- */

static void test_reports(void **state)
{
    (void)state;
    struct call c;
    static const uint32_t lost[] = {5, 6, 7, 8, 0}; /* two datagrams of the handshake before */
    call_begin(&c, &(struct call_options){0});
    sd_mem_drop(c.mem, CLIENT, lost);
    call_talk(&c, CLIENT, 700);
    const struct sd_mem_event *note = NULL;
    for (size_t n = 0; n < sd_mem_count(c.mem, CLIENT, SD_EV_NOTE); n++)
        note = sd_mem_find(c.mem, CLIENT, SD_EV_NOTE, n);
    assert_non_null(note);
    if (!strstr(note->detail, "4 lost") || !strstr(note->detail, "round trip 20 ms") ||
        !strstr(note->detail, "jitter 0 ms"))
        fail_msg("expected a report of 4 lost and a round trip of 20 ms, found '%s'", note->detail);
    call_check(&c, 700 - 4, call_session(&c, SERVER)->theirs->packets, "packets received");
    call_end(&c);
}

/* An idle call stays; one whose peer is gone does not. */
static void test_silence(void **state)
{
    (void)state;
    for (int gone = 0; gone < 2; gone++) {
        struct call c;
        call_begin(&c, &(struct call_options){0});
        if (gone)
            sd_mem_link(c.mem)->loss_ppm = SD_PPM;
        call_run(&c, 120 * SD_SECOND);
        for (int seat = 0; seat < 2; seat++)
            call_check(&c, gone, sd_mem_count(c.mem, seat, SD_EV_CLOSED), "closed");
        call_end(&c);
    }
}

/* -- descriptions -- */

static void test_descriptions(void **state)
{
    (void)state;
#define PRINT "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"
    static const struct {
        const char *what, *text;
        bool good;
    } rows[] = {
        {"the least", "v=0\nm=audio 9 UDP/TLS/RTP/SAVP 96\na=fingerprint:sha-256 " PRINT "\n",
         true},
        {"CR LF", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=fingerprint:sha-256 " PRINT "\r\n",
         true},
        {"unknown lines",
         "v=0\nx=1\nm=audio 9 UDP/TLS/RTP/SAVP 96\na=sendrecv\na=foo:bar\n"
         "a=fingerprint:sha-256 " PRINT,
         true},
        {"no fingerprint", "v=0\nm=audio 9 UDP/TLS/RTP/SAVP 96\n", false},
        {"no media", "v=0\na=fingerprint:sha-256 " PRINT "\n", false},
        {"media without DTLS", "m=audio 9 RTP/AVP 96\na=fingerprint:sha-256 " PRINT "\n", false},
        {"a short fingerprint", "m=audio 9 UDP/TLS/RTP/SAVP 96\na=fingerprint:sha-256 AB\n", false},
        {"another hash", "m=audio 9 UDP/TLS/RTP/SAVP 96\na=fingerprint:sha-1 " PRINT "\n", false},
        {"a role that is none", "m=audio 9 UDP/TLS/RTP/SAVP 96\na=setup:both\na=fingerprint:" PRINT,
         false},
        {"a port that is none", "m=audio 99999 UDP/TLS/RTP/SAVP 96\na=fingerprint:" PRINT, false},
        {"an unknown parameter",
         "m=audio 9 UDP/TLS/RTP/SAVP 96\na=x-srtp:KDR=0 FEC=1\na=fingerprint:" PRINT, false},
        {"no equals sign", "m audio\n", false},
        {"nothing", "", false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sr_description d;
        if (sr_description_read(rows[i].text, strlen(rows[i].text), &d) != rows[i].good)
            fail_msg("%s: expected it %s", rows[i].what, rows[i].good ? "taken" : "refused");
    }
    struct sr_description out = {.call = 7,
                                 .address = sd_ipv4(10, 0, 0, 2, 5004),
                                 .setup = SR_ACTIVE,
                                 .fingerprint = {1, 2, 3},
                                 .rate = 16,
                                 .policy = {.mki_len = 2, .unencrypted_rtcp = true}},
                          in;
    char text[SR_DESCRIPTION_MAX];
    size_t len = sr_description_write(&out, text, sizeof text);
    assert_true(len > 0);
    assert_true(sr_description_read(text, len, &in));
    assert_int_equal(in.call, 7);
    assert_true(sd_addr_equal(&in.address, &out.address));
    assert_int_equal(in.setup, SR_ACTIVE);
    assert_memory_equal(in.fingerprint, out.fingerprint, sizeof in.fingerprint);
    assert_int_equal(in.rate, 16);
    assert_int_equal(in.policy.mki_len, 2);
    assert_true(in.policy.unencrypted_rtcp && !in.policy.unencrypted_rtp);
    for (size_t cap = 0; cap <= len; cap++)
        assert_int_equal(sr_description_write(&out, text, cap), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),      cmocka_unit_test(test_untagged),
        cmocka_unit_test(test_changed_bits), cmocka_unit_test(test_demultiplexing),
        cmocka_unit_test(test_rebinding),    cmocka_unit_test(test_move),
        cmocka_unit_test(test_streams),      cmocka_unit_test(test_reports),
        cmocka_unit_test(test_silence),      cmocka_unit_test(test_descriptions),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
