/* test_ctr.c - what SRTP needs of libcrypto: AES in counter mode, its key derivation, HMAC-SHA1 and
 * fingerprints, against published vectors; and that each counts once. */
#include "protocols/crypto/certificate.h"
#include "protocols/crypto/ctr.h"
#include "protocols/crypto/kdf.h"
#include "sim/core/config.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"
#include "tests/crypto/hex.h"

static const char key_b2[] = "2b7e151628aed2a6abf7158809cf4f3c";

static void test_key_stream(void **state)
{
    (void)state;
    static const struct {
        const char *source, *key, *first, *stream;
    } rows[] = {
        {"RFC 3711 B.2, first blocks", key_b2, "f0f1f2f3f4f5f6f7f8f9fafbfcfd0000",
         "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
         "41e95b3bb0a2e8dd477901e4fca894c0"},
        {"RFC 3711 B.2, last blocks", key_b2, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae"
         "6a2cc3787889374fbeb4c81b17ba6c44"},
        {"SP 800-38A F.5.5, its key stream",
         "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
         "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "0bdf7df1591716335e9a8b15c860c502"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex key = hex_of(rows[i].key), first = hex_of(rows[i].first);
        size_t len = hex_of(rows[i].stream).len;
        uint8_t out[64] = {0};
        sd_aes_ctr_seal(out, out, len, first.data, key.data, key.len);
        hex_check(rows[i].source, rows[i].stream, out, len);
        sd_aes_ctr_open(out, out, len, first.data, key.data, key.len);
        for (size_t n = 0; n < len; n++)
            assert_int_equal(out[n], 0);
    }
}

/* The stream is long enough for the counter's carry. */
static void test_whole_stream(void **state)
{
    (void)state;
    static uint8_t out[1044512];
    struct hex key = hex_of(key_b2), first = hex_of("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000");
    sd_aes_ctr_seal(out, out, sizeof out, first.data, key.data, key.len);
    hex_check("RFC 3711 B.2, block 65282 of the segment", "6a2cc3787889374fbeb4c81b17ba6c44",
              out + sizeof out - 16, 16);
}

static void test_key_derivation(void **state)
{
    (void)state;
    static const char short_key[] = "e1f97a0d3e018be0d64fa32c06de4139";
    static const char long_key[] =
        "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6";
    static const struct {
        const char *source, *key, *x, *out;
    } rows[] = {
        {"RFC 3711 B.3, cipher key", short_key, "0ec675ad498afeebb6960b3aabe6",
         "c61e7a93744f39ee10734afe3ff7a087"},
        {"RFC 3711 B.3, cipher salt", short_key, "0ec675ad498afee9b6960b3aabe6",
         "30cbbc08863d8c85d49db34a9ae1"},
        {"RFC 3711 B.3, auth key", short_key, "0ec675ad498afeeab6960b3aabe6",
         "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbce"
         "e049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc25"
         "6d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2"},
        {"RFC 6188 7.3, cipher key", long_key, "3b04803de51ee7c96423ab5b78d2",
         "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"},
        {"RFC 6188 7.3, cipher salt", long_key, "3b04803de51ee7cb6423ab5b78d2",
         "fa31791685ca444a9e07c6c64e93"},
        {"RFC 6188 7.3, auth key", long_key, "3b04803de51ee7c86423ab5b78d2",
         "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex key = hex_of(rows[i].key), x = hex_of(rows[i].x);
        size_t len = hex_of(rows[i].out).len;
        uint8_t out[128];
        sd_aes_cm_prf(out, len, x.data, key.data, key.len);
        hex_check(rows[i].source, rows[i].out, out, len);
    }
}

static void test_hmac_sha1(void **state)
{
    (void)state;
    static const struct {
        const char *source, *key, *data, *mac;
    } rows[] = {
        {"RFC 2202 3, case 1", "20*0b", "4869205468657265",
         "b617318655057264e28bc0b6fb378c8ef146be00"},
        {"RFC 2202 3, case 2", "4a656665",
         "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
        {"RFC 2202 3, case 3", "20*aa", "50*dd", "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
        {"RFC 2202 3, case 6: a long key", "80*aa",
         "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368"
         "204b6579204669727374",
         "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex key = hex_of(rows[i].key), data = hex_of(rows[i].data);
        uint8_t out[SD_SHA1_LEN];
        for (size_t cut = 0; cut <= data.len; cut++) {
            sd_hmac_sha1(out, key.data, key.len, data.data, cut, data.data + cut, data.len - cut);
            hex_check(rows[i].source, rows[i].mac, out, sizeof out);
        }
    }
}

static void test_fingerprint(void **state)
{
    (void)state;
    /* openssl x509 -noout -fingerprint -sha256 */
    static const struct {
        const char *name, *fingerprint;
    } rows[] = {
        {"server.example", "0ce5d76bbfe90a2cb1c5884f112304f1de651799a885154de220d229f2c3dbed"},
        {"client.example", "dfc430187f91e05e40d5fa1df6b4172d36856fae77cc0ea1b81c91fc435d5bd3"},
    };
    uint8_t out[SD_FINGERPRINT_LEN];
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        assert_true(sd_certificate_fingerprint(sd_identity(rows[i].name)->certificate, out));
        hex_check(rows[i].name, rows[i].fingerprint, out, sizeof out);
    }
    assert_false(sd_certificate_fingerprint("no certificate", out));
    assert_false(sd_certificate_fingerprint(sd_identity("server.example")->private_key, out));
}

static void test_counts(void **state)
{
    (void)state;
    static const struct {
        enum sd_op op;
        const char *alg;
        uint64_t bytes;
    } rows[] = {
        {SD_OP_SEAL, "AES-128-CTR", 100},
        {SD_OP_OPEN, "AES-256-CTR", 90},
        {SD_OP_KDF, "AES-128-CM-PRF", 20},
        {SD_OP_MAC, "HMAC-SHA1", 70},
    };
    uint8_t out[100] = {0}, key[32] = {1};
    struct sd_env env;
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    struct sd_env *before = sd_enter(&env);
    sd_aes_ctr_seal(out, out, 100, key, key, 16);
    sd_aes_ctr_open(out, out, 90, key, key, 32);
    sd_aes_cm_prf(out, 20, key, key, 16);
    sd_hmac_sha1(out, key, 20, out, 50, out, 20);
    sd_leave(before);
    assert_int_equal(env.account.rows, SD_ROWS(rows));
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        assert_int_equal(env.account.row[i].op, rows[i].op);
        assert_string_equal(env.account.row[i].alg, rows[i].alg);
        assert_int_equal(env.account.row[i].calls, 1);
        assert_int_equal(env.account.row[i].bytes, rows[i].bytes);
    }
    assert_int_equal(sd_heap_bytes(&env), 0);
    sd_env_fini(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_stream),     cmocka_unit_test(test_whole_stream),
        cmocka_unit_test(test_key_derivation), cmocka_unit_test(test_hmac_sha1),
        cmocka_unit_test(test_fingerprint),    cmocka_unit_test(test_counts),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
