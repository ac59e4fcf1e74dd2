/* test_srtp_call.c - calls from offer to BYE: keys, who may call, rekeying, the end. */
#include "tests/srtp/call.h"

#include <string.h>

static const char zeros[] = "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
                            "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00";

/* -- a whole call: modes, profiles, and what else packets may be like -- */

static void test_calls(void **state)
{
    (void)state;
    static const struct {
        const char *what, *mode, *option, *value;
        uint16_t profile;
        double rtts;
    } rows[] = {
        {"by default", "fresh", NULL, NULL, 0x0007, 2},
        {"HelloVerifyRequest", "cookie", NULL, NULL, 0x0007, 3},
        {"DTLS 1.3", "dtls13", NULL, NULL, 0x0007, 1},
        {"HelloRetryRequest", "dtls13-cookie", NULL, NULL, 0x0007, 2},
        {"connection identifiers", "dtls13-cid", NULL, NULL, 0x0007, 1},
        {"SHA1-32 over DTLS 1.3", "dtls13", "profiles", "SRTP_AES128_CM_HMAC_SHA1_32", 0x0002, 1},
        {"AES-256-GCM over DTLS 1.3", "dtls13", "profiles", "SRTP_AEAD_AES_256_GCM", 0x0008, 1},
        {"SHA1-80", "fresh", "profiles", "SRTP_AES128_CM_HMAC_SHA1_80", 0x0001, 2},
        {"SHA1-32", "fresh", "profiles", "SRTP_AES128_CM_HMAC_SHA1_32", 0x0002, 2},
        {"AES-128-GCM", "fresh", "profiles", "SRTP_AEAD_AES_128_GCM", 0x0007, 2},
        {"AES-256-GCM", "fresh", "profiles", "SRTP_AEAD_AES_256_GCM", 0x0008, 2},
        {"by preference", "fresh", "profiles", "SRTP_AES128_CM_HMAC_SHA1_32:SRTP_AEAD_AES_256_GCM",
         0x0002, 2},
        {"an MKI", "fresh", "mki", "4", 0x0007, 2},
        {"a derivation for each packet", "fresh", "kdr", "1", 0x0007, 2},
        {"a derivation for each 16 packets", "fresh", "kdr", "16", 0x0007, 2},
        {"RTP without a tag", "fresh", "rtp_tag", "off", 0x0001, 2},
        {"RTP in the clear", "fresh", "rtp_cipher", "off", 0x0007, 2},
        {"RTCP in the clear", "fresh", "rtcp_cipher", "off", 0x0007, 2},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_option option[] = {{rows[i].option, rows[i].value}, {0}};
        struct call c;
        call_begin(&c, &(struct call_options){.mode = rows[i].mode, .options = {option, option}});
        for (int seat = 0; seat < 2; seat++) {
            const struct sd_mem_event *ready = sd_mem_find(c.mem, seat, SD_EV_READY, 0);
            call_check(&c, rows[i].profile, ready->code, rows[i].what);
            if (seat == CLIENT)
                call_check(&c, (uint64_t)(rows[i].rtts * RTT), ready->at, "until ready");
            call_check(&c, 1, sd_mem_count(c.mem, seat, SD_EV_PEER_AUTH), "authentications");
        }
        call_talk(&c, CLIENT, 60);
        call_talk(&c, SERVER, 40);
        call_check_heard(&c, SERVER, 60);
        call_check_heard(&c, CLIENT, 40);
        sd_mem_close(c.mem, CLIENT, c.sid[CLIENT]);
        call_run(&c, 4 * RTT);
        for (int seat = 0; seat < 2; seat++) {
            call_check(&c, 1, sd_mem_count(c.mem, seat, SD_EV_CLOSED), "closed");
            call_check(&c, 0, sd_mem_count(c.mem, seat, SD_EV_ERROR), "errors");
            call_check(&c, 0, call_stats(&c, seat).sessions, "sessions left");
            call_check(&c, 1, call_stats(&c, seat).handshakes, "handshakes");
        }
        call_end(&c);
    }
}

/* -- who may call -- */

static void check_fingerprints(const char *mode)
{
    uint8_t own[2][SD_FINGERPRINT_LEN];
    char text[2][SR_FINGERPRINT_TEXT];
    static const char *const names[] = {"client.example", "server.example"};
    for (int i = 0; i < 2; i++) {
        assert_true(sd_certificate_fingerprint(sd_identity(names[i])->certificate, own[i]));
        sr_fingerprint_text(own[i], text[i]);
    }
    const struct {
        const char *what;
        bool signalled;
        struct sd_option option[2]; /* of client, server */
        bool refused[2];            /* an error, and no readiness, at client, server */
    } rows[] = {
        {"as signalled", true, {{0}, {0}}, {false, false}},
        {"the server says another than it shows", true, {{0}, {"announce", zeros}}, {true, false}},
        {"the client says another than it shows", true, {{"announce", zeros}, {0}}, {false, true}},
        {"both do", true, {{"announce", zeros}, {"announce", zeros}}, {true, true}},
        {"nothing was signalled", false, {{0}, {0}}, {true, true}},
        {"known beforehand",
         false,
         {{"fingerprint", text[SERVER]}, {"fingerprint", text[CLIENT]}},
         {false, false}},
        {"another server is known",
         false,
         {{"fingerprint", zeros}, {"fingerprint", text[CLIENT]}},
         {true, false}},
        {"another client is known",
         false,
         {{"fingerprint", text[SERVER]}, {"fingerprint", zeros}},
         {false, true}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_option option[2][2] = {{rows[i].option[0], {0}}, {rows[i].option[1], {0}}};
        struct call c;
        call_make(&c, &(struct call_options){.mode = mode, .options = {option[0], option[1]}});
        if (rows[i].signalled)
            call_check(&c, SD_OK, call_signal(&c), "signalling");
        call_open(&c);
        for (int seat = 0; seat < 2; seat++) {
            call_check(&c, rows[i].refused[seat], sd_mem_count(c.mem, seat, SD_EV_ERROR),
                       rows[i].what);
            call_check(&c, !rows[i].refused[seat], sd_mem_count(c.mem, seat, SD_EV_READY),
                       rows[i].what);
            call_check(&c, rows[i].refused[seat], call_dropped(&c, seat, SD_DROP_AUTH),
                       "drops for authentication");
        }
        /* The one that was satisfied learns that the other is not. */
        call_run(&c, 20 * SD_SECOND);
        bool anybody = rows[i].refused[0] || rows[i].refused[1];
        for (int seat = 0; seat < 2; seat++)
            call_check(&c, !anybody, call_stats(&c, seat).sessions, rows[i].what);
        call_end(&c);
    }
}

static void test_fingerprints(void **state)
{
    (void)state;
    check_fingerprints("fresh");
    check_fingerprints("dtls13");
}

/* What signalling says beside the fingerprint must be the same on both sides. */
static void test_terms(void **state)
{
    (void)state;
    static const struct sd_option rows[] = {
        {"kdr", "16"},         {"mki", "2"},           {"rtp_tag", "off"},
        {"rtp_cipher", "off"}, {"rtcp_cipher", "off"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++)
        for (int seat = 0; seat < 2; seat++) {
            struct sd_option option[] = {rows[i], {0}};
            struct call_options o = {.options = {seat == 0 ? option : NULL, seat ? option : NULL}};
            struct call c;
            call_make(&c, &o);
            call_check(&c, (uint64_t)SD_E_UNSUPPORTED, (uint64_t)call_signal(&c), rows[i].name);
            call_end(&c);
        }
}

static void test_no_common_profile(void **state)
{
    (void)state;
    struct sd_option cm[] = {{"profiles", "SRTP_AES128_CM_HMAC_SHA1_80"}, {0}};
    struct sd_option gcm[] = {{"profiles", "SRTP_AEAD_AES_128_GCM"}, {0}};
    struct call c;
    call_make(&c, &(struct call_options){.options = {cm, gcm}});
    call_check(&c, SD_OK, call_signal(&c), "signalling");
    call_open(&c);
    for (int seat = 0; seat < 2; seat++) {
        call_check(&c, 0, sd_mem_count(c.mem, seat, SD_EV_READY), "ready");
        call_check(&c, 1, sd_mem_count(c.mem, seat, SD_EV_ERROR), "errors");
    }
    call_end(&c);
}

/* -- rekeying: no packet is lost, whatever the keys on the way -- */

static void test_rekey(void **state)
{
    (void)state;
    static const struct {
        const char *what, *mode;
        struct sd_option option;
    } rows[] = {
        {"by trial", "fresh", {0}},
        {"by MKI", "fresh", {"mki", "1"}},
        {"a derivation for each packet", "fresh", {"kdr", "1"}},
        {"SHA1-80", "fresh", {"profiles", "SRTP_AES128_CM_HMAC_SHA1_80"}},
        {"DTLS 1.3", "dtls13", {0}},
        {"DTLS 1.3 by MKI", "dtls13", {"mki", "4"}},
        {"connection identifiers", "dtls13-cid", {0}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_option option[] = {rows[i].option, {0}};
        struct sd_control rekey = {.verb = SD_REKEY};
        uint8_t bytes[100];
        struct call c;
        call_begin(&c, &(struct call_options){.mode = rows[i].mode, .options = {option, option}});
        uint32_t roc = 7;
        call_talk(&c, CLIENT, 5);
        call_session(&c, CLIENT)->ours->context.roc = roc;
        call_session(&c, SERVER)->theirs->context.roc = roc;
        call_check(&c, SD_OK, sd_mem_control(c.mem, CLIENT, c.sid[CLIENT], &rekey), rows[i].what);
        for (uint8_t n = 0; n < 100; n++) {
            memset(bytes, n, sizeof bytes);
            for (int seat = 0; seat < 2; seat++)
                sd_mem_send(c.mem, seat, c.sid[seat], 0, bytes, sizeof bytes, false);
            call_run(&c, SD_MS);
        }
        call_run(&c, RTT);
        size_t len;
        sd_mem_received(c.mem, CLIENT, &len);
        call_check(&c, 100 * sizeof bytes, len, "bytes that the client heard");
        sd_mem_received(c.mem, SERVER, &len);
        call_check(&c, 5 * 160 + 100 * sizeof bytes, len, "bytes that the server heard");
        for (int seat = 0; seat < 2; seat++) {
            call_check(&c, 1, sd_mem_count(c.mem, seat, SD_EV_KEY_UPDATE), "key updates");
            call_check(&c, 1, sd_mem_count(c.mem, seat, SD_EV_READY), "calls");
            call_check(&c, 0, sd_mem_count(c.mem, seat, SD_EV_CLOSED), "closed");
            call_check(&c, 2, call_session(&c, seat)->now.ours.mki, "keys");
        }
        /* RFC 3711 3.3.1: the rollover counter goes on. */
        call_check(&c, roc, call_session(&c, SERVER)->theirs->context.roc, "rollover counter");
        call_run(&c, SR_MSL);
        call_check(&c, false, call_session(&c, SERVER)->old.there, "old keys");
        sd_mem_close(c.mem, CLIENT, c.sid[CLIENT]);
        call_run(&c, 4 * RTT);
        call_end(&c);
    }
}

/* A handshake of somebody else in the place of the peer's brings no keys, and does not end the
 * call. */
static void test_rekey_by_a_stranger(void **state)
{
    (void)state;
    struct sd_control rekey = {.verb = SD_REKEY};
    struct call c;
    call_begin(&c, &(struct call_options){0});
    call_session(&c, SERVER)->fingerprint[0] ^= 1; /* the client's is another from now on */
    call_check(&c, SD_OK, sd_mem_control(c.mem, CLIENT, c.sid[CLIENT], &rekey), "rekey");
    call_run(&c, 4 * RTT);
    call_check(&c, 0, sd_mem_count(c.mem, SERVER, SD_EV_KEY_UPDATE), "key updates");
    call_check(&c, 0, sd_mem_count(c.mem, SERVER, SD_EV_ERROR), "errors");
    call_check(&c, 1, call_session(&c, SERVER)->now.ours.mki, "keys");
    call_check(&c, 1, call_dropped(&c, SERVER, SD_DROP_AUTH), "handshakes refused");
    call_talk(&c, SERVER, 3); /* under the keys there are */
    call_check_heard(&c, CLIENT, 3);
    call_run(&c, SR_LINGER);
    call_check(&c, 1, sd_mem_count(c.mem, SERVER, SD_EV_CLOSED), "closed");
    call_end(&c);
}

static void test_rekey_refused(void **state)
{
    (void)state;
    struct sd_control rekey = {.verb = SD_REKEY};
    struct call c;
    call_begin(&c, &(struct call_options){0});
    call_check(&c, (uint64_t)SD_E_UNSUPPORTED,
               (uint64_t)sd_mem_control(c.mem, SERVER, c.sid[SERVER], &rekey), "by the server");
    call_check(&c, SD_OK, sd_mem_control(c.mem, CLIENT, c.sid[CLIENT], &rekey), "first");
    call_check(&c, (uint64_t)SD_E_STATE,
               (uint64_t)sd_mem_control(c.mem, CLIENT, c.sid[CLIENT], &rekey), "second");
    call_end(&c);
}

/* -- the end -- */

static bool lose_all(void *ctx, struct sd_mem_unit *u)
{
    return u->from != *(const int *)ctx;
}

static bool lose_rtcp(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx;
    return u->len < 2 || u->data[0] < SR_RTP_FIRST || u->data[1] < SR_RTCP_TYPE_FIRST;
}

static void test_end(void **state)
{
    (void)state;
    int client = CLIENT;
    const struct {
        const char *what;
        sd_mem_hook hook;
        sd_time closed_by; /* at the server, after the client closes */
    } rows[] = {
        {"BYE and close_notify", NULL, WAY},
        {"BYE is lost", lose_rtcp, WAY + SR_LINGER},
        {"both are lost", lose_all, SR_SILENCE - 20 * SD_MS - WAY},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct call c;
        call_begin(&c, &(struct call_options){0});
        call_talk(&c, CLIENT, 3);
        sd_mem_on_unit(c.mem, rows[i].hook, &client);
        sd_time before = sd_mem_now(c.mem);
        sd_mem_close(c.mem, CLIENT, c.sid[CLIENT]);
        call_run(&c, 60 * SD_SECOND);
        const struct sd_mem_event *closed = sd_mem_find(c.mem, SERVER, SD_EV_CLOSED, 0);
        call_check(&c, rows[i].closed_by, closed ? closed->at - before : 0, rows[i].what);
        call_check(&c, 1, sd_mem_count(c.mem, CLIENT, SD_EV_CLOSED), "closed at the client");
        sd_mem_on_unit(c.mem, NULL, NULL);
        call_end(&c);
    }
}

/* A client that begins anew from the same address: signalling says that it is another call. */
static void test_call_after_call(void **state)
{
    (void)state;
    int client = CLIENT;
    for (int lost = 0; lost < 2; lost++) {
        struct call c;
        call_begin(&c, &(struct call_options){0});
        sd_sid first = c.sid[SERVER], second;
        struct sd_open open = {.path = sd_mem_find(c.mem, CLIENT, SD_EV_READY, 0)->path};
        if (lost)
            sd_mem_on_unit(c.mem, lose_all, &client);
        sd_mem_close(c.mem, CLIENT, c.sid[CLIENT]);
        call_run(&c, 5 * SD_SECOND);
        sd_mem_on_unit(c.mem, NULL, NULL);
        call_check(&c, SD_OK, call_signal(&c), "signalling");
        call_check(&c, SD_OK,
                   sd_seat_open(sd_mem_seat(c.mem, CLIENT), sd_mem_now(c.mem), &open, &second),
                   "result of open");
        call_run(&c, 8 * RTT);
        call_check(&c, true, c.sid[SERVER] != first, "another session");
        call_check(&c, 1, sd_mem_count(c.mem, SERVER, SD_EV_CLOSED), "the old one is closed");
        call_check(&c, 1, call_stats(&c, SERVER).sessions, "sessions");
        call_talk(&c, CLIENT, 3);
        call_check_heard(&c, SERVER, 3);
        call_end(&c);
    }
}

static void test_limits(void **state)
{
    (void)state;
    static uint8_t bytes[2000];
    struct call c;
    struct sd_control export = {.verb = SD_EXPORT, .text = "EXPERIMENTAL", .out = bytes};
    call_make(&c, &(struct call_options){.path_mtu = 1000});
    call_signal(&c);
    c.talk = sd_mem_connect(c.mem, CLIENT, SERVER);
    call_run(&c, 4 * RTT);
    size_t most = 1000 - 28 - SR_RTP_HEADER - 16;
    call_check(&c, SD_OK, sd_mem_send(c.mem, CLIENT, c.sid[CLIENT], 0, bytes, most, false), "fits");
    call_check(&c, (uint64_t)SD_E_ARG,
               (uint64_t)sd_mem_send(c.mem, CLIENT, c.sid[CLIENT], 0, bytes, most + 1, false),
               "does not");
    call_check(&c, (uint64_t)SD_E_ARG,
               (uint64_t)sd_mem_send(c.mem, CLIENT, c.sid[CLIENT], SR_STREAMS, bytes, 10, false),
               "a stream too many");
    export.out_len = 32;
    call_check(&c, SD_OK, sd_mem_control(c.mem, CLIENT, c.sid[CLIENT], &export), "exporter");
    call_end(&c);
}

static void check_refused(const struct sd_option *options)
{
    struct sd_config config = {
        .role = SD_ROLE_CLIENT, .identity = sd_identity("client.example"), .options = options};
    struct sd_mem *m = sd_mem_new(1);
    if (sd_mem_add(m, &sd_srtp_agent, &config, 1) != SD_E_ARG)
        fail_msg("option %s %s: expected a refusal, found none", options->name, options->value);
    assert_non_null(strstr(sd_mem_error(m), options->name));
    assert_int_equal(sd_mem_free(m), 0);
}

static void test_options(void **state)
{
    (void)state;
    static const struct sd_option rows[] = {
        {"window", "63"},      {"window", "32769"},     {"kdr", "3"},         {"kdr", "33554432"},
        {"mki", "5"},          {"rtp_tag", "maybe"},    {"profiles", "SRTP"}, {"profiles", ""},
        {"fingerprint", "AB"}, {"announce", "sha-1 A"}, {"timer", "0"},       {"windows", "64"},
        {"latch", NULL},
    };
    static const struct sd_option pairs[][3] = {
        {{"rtp_tag", "off"}, {"latch", "on"}},
        {{"rtp_tag", "off"}, {"profiles", "SRTP_AEAD_AES_128_GCM"}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_option option[] = {rows[i], {0}};
        check_refused(option);
    }
    for (size_t i = 0; i < SD_ROWS(pairs); i++)
        check_refused(pairs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),           cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_terms),           cmocka_unit_test(test_no_common_profile),
        cmocka_unit_test(test_rekey),           cmocka_unit_test(test_rekey_by_a_stranger),
        cmocka_unit_test(test_rekey_refused),   cmocka_unit_test(test_end),
        cmocka_unit_test(test_call_after_call), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_options),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
