/* test_srtp_vectors.c - every published vector: RFC 3711 B.2 and B.3, RFC 7714 16 and 17, both
 * ways, and that no changed bit of a packet passes. */
#include "protocols/srtp/transform.h"
#include "tests/core/unit.h"
#include "tests/crypto/hex.h"

#include <stdlib.h>

static struct sd_env env;

#define RTP_PACKET                                                                                 \
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976697361"                       \
    "20696e207061727465732074726573"
#define RTCP_PACKET                                                                                \
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeef"     \
    "deadbeefdeadbeef"

/* RFC 7714's keys are session keys; its salt is "Quid pro quo". */
static const struct row {
    const char *source;
    uint16_t profile;
    enum sr_use use;
    bool clear; /* tagged only */
    const char *packet, *protected;
} rows[] = {
    {"RFC 7714 16.1.1, 16.1.2", 0x0007, SR_RTP, false, RTP_PACKET,
     "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b"
     "36de3adf8833899d7f27beb16a9152cf765ee4390cce"},
    {"RFC 7714 16.1.3, 16.1.4", 0x0007, SR_RTP, true, RTP_PACKET,
     RTP_PACKET "22493f82d2bce397e9d79e3b19aa4216"},
    {"RFC 7714 16.2.1, 16.2.2", 0x0008, SR_RTP, false, RTP_PACKET,
     "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f"
     "1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13"},
    {"RFC 7714 16.2.3, 16.2.4", 0x0008, SR_RTP, true, RTP_PACKET,
     RTP_PACKET "a866d5910f887463067ceefec45215d4"},
    {"RFC 7714 17.1", 0x0007, SR_RTCP, false, RTCP_PACKET,
     "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b46"
     "86303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"},
    {"RFC 7714 17.2", 0x0008, SR_RTCP, false, RTCP_PACKET,
     "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658"
     "c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4"},
    {"RFC 7714 17.3", 0x0007, SR_RTCP, true, RTCP_PACKET,
     RTCP_PACKET "841dd9683dd78ec92ae58790125f62b3000005d4"},
    {"RFC 7714 17.4", 0x0008, SR_RTCP, true, RTCP_PACKET,
     RTCP_PACKET "91db4afbfeee5a978fab4393ed2615fe000005d4"},
};

static struct sr_policy policy_of(const struct row *row)
{
    return (struct sr_policy){
        .window = SR_WINDOW_LEAST, .unencrypted_rtp = row->clear, .unencrypted_rtcp = row->clear};
}

/* A context whose session keys are given, not derived. */
static void begin(const struct row *row, struct sr_context *c, struct sr_master *m)
{
    struct sr_policy policy = policy_of(row);
    *m = (struct sr_master){.profile = sr_profile_of(row->profile), .mki = 1};
    assert_true(sr_context_init(c, &env, 0, &policy, true));
    for (int use = 0; use < SR_USES; use++) {
        c->cache[use].mki = 1;
        for (size_t i = 0; i < SR_KEY_MAX; i++)
            c->cache[use].keys.cipher[i] = (uint8_t)i;
        memcpy(c->cache[use].keys.salt, "Quid pro quo", SR_SALT_AEAD);
    }
    c->rtcp_index = 0x5d4;
}

static void test_protect(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex packet = hex_of(rows[i].packet);
        struct sr_policy policy = policy_of(&rows[i]);
        struct sr_context c;
        struct sr_master m;
        begin(&rows[i], &c, &m);
        size_t len = (rows[i].use == SR_RTP ? sr_protect_rtp : sr_protect_rtcp)(
            &c, &m, &policy, packet.data, packet.len);
        hex_check(rows[i].source, rows[i].protected, packet.data, len);
        sr_context_fini(&c);
    }
}

static int unprotect(const struct row *row, const uint8_t *data, size_t len, uint8_t *out,
                     size_t *out_len)
{
    struct sr_policy policy = policy_of(row);
    struct sr_context c;
    struct sr_master m;
    begin(row, &c, &m);
    int result = (row->use == SR_RTP ? sr_unprotect_rtp : sr_unprotect_rtcp)(&c, &m, &policy, data,
                                                                             len, out, out_len);
    sr_context_fini(&c);
    return result;
}

static void test_unprotect(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex in = hex_of(rows[i].protected);
        uint8_t out[HEX_MAX];
        size_t len = 0;
        assert_int_equal(unprotect(&rows[i], in.data, in.len, out, &len), SD_OK);
        hex_check(rows[i].source, rows[i].packet, out, len);
        for (size_t bit = 0; bit < 8 * in.len; bit++) {
            in.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (unprotect(&rows[i], in.data, in.len, out, &len) == SD_OK)
                fail_msg("%s: passes with bit %zu changed", rows[i].source, bit);
            in.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t cut = 0; cut < in.len; cut++)
            if (unprotect(&rows[i], in.data, cut, out, &len) == SD_OK)
                fail_msg("%s: passes cut to %zu bytes", rows[i].source, cut);
    }
}

/* RFC 3711 B.2: a payload of zeros shows the key stream. */
static void test_key_stream(void **state)
{
    (void)state;
    enum { LEN = 1044512 };
    uint8_t *packet = calloc(1, SR_RTP_HEADER + LEN + SR_TRAILER_MAX);
    struct sr_master m = {.profile = sr_profile_of(0x0001), .mki = 1};
    struct sr_policy policy = {.window = SR_WINDOW_LEAST};
    struct sr_context c;
    assert_non_null(packet);
    assert_true(sr_context_init(&c, &env, 0, &policy, false));
    c.cache[SR_RTP].mki = 1;
    memcpy(c.cache[SR_RTP].keys.cipher, hex_of("2b7e151628aed2a6abf7158809cf4f3c").data, 16);
    memcpy(c.cache[SR_RTP].keys.salt, hex_of("f0f1f2f3f4f5f6f7f8f9fafbfcfd").data, 14);
    packet[0] = 2 << 6;
    assert_int_equal(sr_protect_rtp(&c, &m, &policy, packet, SR_RTP_HEADER + LEN),
                     SR_RTP_HEADER + LEN + 10);
    hex_check("RFC 3711 B.2, first",
              "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f"
              "97ab41e95b3bb0a2e8dd477901e4fca894c0",
              packet + SR_RTP_HEADER, 48);
    hex_check("RFC 3711 B.2, last",
              "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc50"
              "73ae6a2cc3787889374fbeb4c81b17ba6c44",
              packet + SR_RTP_HEADER + LEN - 48, 48);
    sr_context_fini(&c);
    free(packet);
}

/* RFC 3711 B.3, and that derivations and uses differ where they should. */
static void test_derivation(void **state)
{
    (void)state;
    struct sr_master m = {.profile = sr_profile_of(0x0001), .mki = 1};
    struct sr_session_keys keys, other;
    memcpy(m.key, hex_of("e1f97a0d3e018be0d64fa32c06de4139").data, 16);
    memcpy(m.salt, hex_of("0ec675ad498afeebb6960b3aabe6").data, 14);
    sr_derive(&m, SR_RTP, 0, &keys);
    hex_check("RFC 3711 B.3, cipher key", "c61e7a93744f39ee10734afe3ff7a087", keys.cipher, 16);
    hex_check("RFC 3711 B.3, cipher salt", "30cbbc08863d8c85d49db34a9ae1", keys.salt, 14);
    hex_check("RFC 3711 B.3, auth key", "cebe321f6ff7716b6fd4ab49af256a156d38baa4", keys.auth, 20);
    sr_derive(&m, SR_RTP, 1, &other);
    assert_memory_not_equal(keys.cipher, other.cipher, 16);
    sr_derive(&m, SR_RTCP, 0, &other);
    assert_memory_not_equal(keys.cipher, other.cipher, 16);
    static const struct {
        uint32_t rate;
        uint64_t index, derivation;
    } steps[] = {
        {0, UINT64_C(1) << 47, 0},   {1, 77, 77}, {16, 15, 0}, {16, 16, 1}, {1 << 24, 1 << 24, 1},
        {1 << 24, (1 << 24) - 1, 0},
    };
    for (size_t i = 0; i < SD_ROWS(steps); i++) {
        m.rate = steps[i].rate;
        assert_int_equal(sr_derivation(&m, steps[i].index), steps[i].derivation);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protect),
        cmocka_unit_test(test_unprotect),
        cmocka_unit_test(test_key_stream),
        cmocka_unit_test(test_derivation),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK)
        return 3;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bool clean = sd_heap_bytes(&env) == 0;
    sd_env_fini(&env);
    return failed ? failed : !clean;
}
