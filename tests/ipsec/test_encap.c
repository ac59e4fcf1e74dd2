/* test_encap.c - what stands on port 4500 and in a TCP stream, one for the other's bytes. */
#include "protocols/ipsec/encap.h"
#include "tests/core/unit.h"
#include <string.h>

static struct sd_env env;

static void test_classify(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        enum encap_kind kind;
        size_t left;
    } rows[] = {
        {"\xff", 1, ENCAP_KEEPALIVE_BYTE, 1},  {"\xfe", 1, ENCAP_MALFORMED, 1},
        {"", 0, ENCAP_MALFORMED, 0},           {"\xff\xff\xff", 3, ENCAP_MALFORMED, 3},
        {"\0\0\0\0ike", 7, ENCAP_IKE, 3},      {"\0\0\0\0", 4, ENCAP_IKE, 0},
        {"\0\0\1\0\0\0\0\1", 8, ENCAP_ESP, 8}, {"\xff\xff\xff\xff\0\0\0\1", 8, ENCAP_ESP, 8},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t bytes[16], *data = bytes;
        size_t len = rows[i].len;
        memcpy(bytes, rows[i].bytes, len);
        enum encap_kind kind = encap_classify(&data, &len);
        if (kind != rows[i].kind || len != rows[i].left)
            fail_msg("row %zu: expected kind %d, found %d", i + 1, rows[i].kind, kind);
    }
}

static void test_units(void **state)
{
    (void)state;
    static const struct {
        uint8_t proto;
        uint16_t local, remote;
        const char *ike, *esp;
        size_t ike_len, esp_len;
    } rows[] = {
        {SD_PROTO_UDP, 500, 500, "msg", "msg", 3, 3},
        {SD_PROTO_UDP, 500, 61000, "msg", "msg", 3, 3}, /* a NAT moved its port */
        {SD_PROTO_UDP, 4500, 4500, "\0\0\0\0msg", "msg", 7, 3},
        {SD_PROTO_UDP, 4500, 61000, "\0\0\0\0msg", "msg", 7, 3},
        {SD_PROTO_TCP, 50000, 4500, "\0\x09\0\0\0\0msg", "\0\x05msg", 9, 5},
        {SD_PROTO_ESP, 0, 0, NULL, "msg", 0, 3},
    };
    struct sd_outbox out;
    sd_outbox_init(&out, &env);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_path path = {.local = {.port = rows[i].local},
                               .remote = {.proto = rows[i].proto, .port = rows[i].remote}};
        uint8_t buffer[64];
        struct sd_unit u = {.data = buffer, .cap = sizeof buffer};
        if (rows[i].ike) {
            memcpy(encap_ike(&out, &path, 3), "msg", 3);
            assert_int_equal(sd_outbox_pull_unit(&out, &u), 1);
            assert_int_equal(u.len, rows[i].ike_len);
            assert_memory_equal(buffer, rows[i].ike, u.len);
        }
        memcpy(encap_esp(&out, &path, 3), "msg", 3);
        assert_int_equal(sd_outbox_pull_unit(&out, &u), 1);
        assert_int_equal(u.len, rows[i].esp_len);
        assert_memory_equal(buffer, rows[i].esp, u.len);
    }
    struct sd_path tcp = {.remote = {.proto = SD_PROTO_TCP}};
    assert_null(encap_esp(&out, &tcp, 65534)); /* its length has 16 bits */
    sd_outbox_fini(&out);
}

/* The same stream in pieces of every size. */
static void test_stream(void **state)
{
    (void)state;
    static const char bytes[] = ENCAP_PREFIX "\0\x05one"
                                             "\0\x02"
                                             "\0\x0b"
                                             "threefour"
                                             "\0\x04";
    static const char *const messages[] = {"one", "", "threefour"};
    for (size_t piece = 1; piece < sizeof bytes; piece++) {
        struct encap_stream s = {.expect_prefix = true};
        size_t found = 0;
        for (size_t at = 0; at < sizeof bytes - 1; at += piece) {
            size_t len = sizeof bytes - 1 - at < piece ? sizeof bytes - 1 - at : piece;
            uint8_t *data;
            assert_int_equal(encap_stream_feed(&s, &env, (const uint8_t *)bytes + at, len), SD_OK);
            while (encap_stream_next(&s, &data, &len)) {
                assert_true(found < SD_ROWS(messages));
                assert_int_equal(len, strlen(messages[found]));
                assert_memory_equal(data, messages[found], len);
                found++;
            }
        }
        assert_int_equal(found, SD_ROWS(messages));
        assert_false(s.broken);
        encap_stream_fini(&s);
    }
    assert_int_equal(sd_heap_bytes(&env), 0);
}

static void test_broken_streams(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool prefix;
    } rows[] = {
        {"IKEUDP", 6, true}, {"GET / HTTP/1.1", 14, true}, {"X", 1, true},
        {"\0\0", 2, false},  {"\0\1", 2, false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct encap_stream s = {.expect_prefix = rows[i].prefix};
        uint8_t *data;
        size_t len;
        encap_stream_feed(&s, &env, (const uint8_t *)rows[i].bytes, rows[i].len);
        assert_false(encap_stream_next(&s, &data, &len));
        assert_true(s.broken);
        assert_int_equal(encap_stream_feed(&s, &env, (const uint8_t *)"\0\4ab", 4),
                         SD_DROP_MALFORMED);
        assert_false(encap_stream_next(&s, &data, &len));
        encap_stream_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classify),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_broken_streams),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
