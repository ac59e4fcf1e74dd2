/* test_dtls13_parts.c - the replay window, the numbers that records hide, what of a message is
 * there, names of datagrams. */
#include "protocols/dtls13/dtls.h"
#include "tests/core/unit.h"

#include <string.h>

static void test_window(void **state)
{
    (void)state;
    static const struct {
        uint64_t sequence;
        bool accepted;
    } rows[] = {
        {0, true},
        {0, false},
        {1, true},
        {5, true},
        {3, true},
        {3, false},
        {2, true},
        {68, true},
        {5, false},
        {4, false},
        {6, true},
        {67, true},
        {67, false},
        {1000, true},
        {936, false},
        {937, true},
        {937, false},
        {999, true},
        {1063, true},
        {1064, true},
        {1000, false},
        {1001, true},
        {UINT64_MAX >> 16, true},
        {1065, false},
    };
    struct dtls_window w = {0};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        bool found = dtls_window_accept(&w, rows[i].sequence);
        if (found != rows[i].accepted)
            fail_msg("row %zu, number %llu: expected %s, found %s", i,
                     (unsigned long long)rows[i].sequence, rows[i].accepted ? "new" : "refused",
                     found ? "new" : "refused");
    }
}

/* -- records: sealed by one session, opened by another -- */

static struct dtls_session sender, receiver;
static struct dtls13 agent;

static void pair(const struct sd_e13_suite *suite, uint64_t epoch, uint8_t cid_len)
{
    static const uint8_t secret[SD_HASH_MAX] = {1, 2, 3};
    struct dtls_keys *to = &sender.writing[epoch & 3], *from = &receiver.reading[epoch & 3];
    sender = receiver = (struct dtls_session){.agent = &agent, .phase = DTLS_OPEN};
    agent.cid_len = cid_len;
    sender.cids = receiver.cids = cid_len > 0;
    sender.peer_cids = cid_len > 0;
    sender.peer_cid[0].len = cid_len;
    memset(sender.peer_cid[0].bytes, 0xcd, cid_len);
    receiver.reading_epoch = sender.writing_epoch = epoch;
    dtls_keys_set(to, epoch, suite, secret);
    dtls_keys_set(from, epoch, suite, secret);
}

static int pass(uint8_t *bytes, size_t len, struct dtls_record *r)
{
    struct dtls_datagram d = {.at = bytes, .end = bytes + len};
    return dtls_record_open(&receiver, &d, r);
}

static void test_records(void **state)
{
    (void)state;
    static const struct sd_e13_suite suites[] = {
        {TLS_AES_128_GCM_SHA256, "", SD_SHA256, SD_E13_AES_GCM, 16},
        {TLS_AES_256_GCM_SHA384, "", SD_SHA384, SD_E13_AES_GCM, 32},
        {TLS_CHACHA20_POLY1305_SHA256, "", SD_SHA256, SD_E13_CHACHA20_POLY1305, 32},
    };
    static const uint64_t epochs[] = {1, 2, 3, 4, 7, UINT64_C(1) << 40};
    static const uint64_t numbers[] = {0,      1,       0xff,    0x7fff,  0x8000,
                                       0xffff, 0x10000, 0x17fff, 0x123456};
    for (size_t s = 0; s < SD_ROWS(suites); s++)
        for (size_t e = 0; e < SD_ROWS(epochs); e++)
            for (uint8_t cid_len = 0; cid_len <= 20; cid_len += 4) {
                pair(&suites[s], epochs[e], cid_len);
                for (size_t n = 0; n < SD_ROWS(numbers); n++) {
                    uint8_t bytes[128];
                    uint64_t number;
                    struct dtls_record r;
                    sender.writing[epochs[e] & 3].next = numbers[n];
                    /* 4.2.2: within half of what 16 bits can tell apart. */
                    receiver.reading[epochs[e] & 3].window = (struct dtls_window){numbers[n], 0};
                    size_t len = dtls_record_seal(&sender, epochs[e], TLS_APPLICATION_DATA, "text",
                                                  4, n % 2, bytes, &number);
                    assert_int_equal(len, 4 + dtls_record_overhead(&sender, epochs[e], n % 2));
                    assert_int_equal(number, numbers[n]);
                    assert_int_equal(pass(bytes, len, &r), SD_OK);
                    assert_int_equal(r.sequence, numbers[n]);
                    assert_int_equal(r.epoch, epochs[e]);
                    assert_int_equal(r.type, TLS_APPLICATION_DATA);
                    assert_int_equal(r.len, 4);
                    assert_memory_equal(r.data, "text", 4);
                }
            }
}

/* Every bit of a record matters: its header is authenticated, its number in the nonce. */
static void test_changed_bits(void **state)
{
    (void)state;
    static const struct sd_e13_suite suite = {TLS_AES_128_GCM_SHA256, "", SD_SHA256, SD_E13_AES_GCM,
                                              16};
    uint8_t sealed[64], bytes[64];
    uint64_t number;
    struct dtls_record r;
    pair(&suite, 3, 2);
    size_t len = dtls_record_seal(&sender, 3, TLS_HANDSHAKE, "text", 4, true, sealed, &number);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        memcpy(bytes, sealed, len);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bit / 8 == 1 || bit / 8 == 2)
            continue; /* the connection id is the agent's to look up; as such it is authenticated */
        assert_int_not_equal(pass(bytes, len, &r), SD_OK);
    }
    for (size_t cut = 1; cut <= len; cut++) {
        memcpy(bytes, sealed, len);
        assert_int_not_equal(pass(bytes, len - cut, &r), SD_OK);
    }
    memcpy(bytes, sealed, len);
    assert_int_equal(pass(bytes, len, &r), SD_OK);
    memcpy(bytes, sealed, len);
    assert_int_equal(pass(bytes, len, &r), SD_DROP_REPLAY);
}

static void test_coverage(void **state)
{
    (void)state;
    static const struct {
        size_t at, len, count, gap_from, gap_len;
    } rows[] = {
        {5, 5, 5, 0, 5},
        {0, 2, 7, 2, 3},
        {1, 3, 9, 4, 1},
        {4, 100, 20, 20, 0},
    };
    struct sd_env env;
    struct dtls_coverage c;
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    assert_true(dtls_coverage_init(&c, &env, 20));
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        size_t from, len;
        dtls_coverage_mark(&c, rows[i].at, rows[i].len);
        assert_int_equal(c.count, rows[i].count);
        assert_int_equal(dtls_coverage_gap(&c, 0, &from, &len), rows[i].gap_len > 0);
        assert_int_equal(len, rows[i].gap_len);
        if (len > 0)
            assert_int_equal(from, rows[i].gap_from);
    }
    assert_true(dtls_coverage_full(&c));
    dtls_coverage_fini(&c);
    sd_env_fini(&env);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *name;
    } rows[] = {
#define ROW(bytes, name) {bytes, sizeof bytes - 1, name}
        ROW("\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\2\2\x28", "Alert (handshake_failure)"),
        ROW("\x1a\xfe\xfd\0\0\0\0\0\0\0\0\0\2\0\0", "ACK of nothing"),
        ROW("\x2e\x12\x34\0\5hello", "[5 B of handshake encrypted]"),
        ROW("\x2e\x12\x34\0\5hello\x2b\0\0ab",
            "[5 B of handshake encrypted], [2 B of epoch 3, 7, ... encrypted]"),
        ROW("\x3bsome", "[4 B of epoch 3, 7, ... encrypted, connection id]"),
        ROW("\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x10\1\0\0\x30\0\0\0\0\x20\0\0\4more",
            "ClientHello [bytes 32 to 36 of 48]"),
        ROW("hello", "not DTLS 1.3 [5 B]"),
        ROW("", ""),
#undef ROW
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        char text[200];
        dtls_describe((const uint8_t *)rows[i].bytes, rows[i].len, true, text, sizeof text);
        assert_string_equal(text, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),       cmocka_unit_test(test_records),
        cmocka_unit_test(test_changed_bits), cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_names),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
