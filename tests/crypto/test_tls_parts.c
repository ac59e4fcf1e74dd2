/* test_tls_parts.c - what TLS 1.3 and its kin are made of: points of P-256, transcripts, the KDF
 * and record number masks, against published vectors. */
#include "protocols/crypto/hash.h"
#include "protocols/crypto/kdf.h"
#include "protocols/crypto/mask.h"
#include "protocols/crypto/p256.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "tests/crypto/hex.h"

static const char *const private_key[] = {
    "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
    "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"};
static const char *const point[] = {
    "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
    "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
    "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
    "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"};

static void test_points(void **state)
{
    (void)state;
    static const char shared[] = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
    uint8_t out[SD_P256_POINT];
    for (int i = 0; i < 2; i++) {
        assert_true(sd_p256_public_point(out, hex_of(private_key[i]).data));
        hex_check("RFC 5903 8.1, public key", point[i], out, SD_P256_POINT);
        assert_true(sd_p256_point(out, hex_of(private_key[i]).data, hex_of(point[!i]).data));
        hex_check("RFC 5903 8.1, shared", shared, out, SD_P256_SHARED);
    }
    static const struct {
        const char *what;
        int at, becomes;
    } refused[] = {
        {"hybrid form", 0, 6}, {"compressed form", 0, 2}, {"not on the curve", 64, 0xb2}};
    for (size_t i = 0; i < SD_ROWS(refused); i++) {
        struct hex bad = hex_of(point[0]);
        bad.data[refused[i].at] = (uint8_t)refused[i].becomes;
        assert_false(sd_p256_point(out, hex_of(private_key[1]).data, bad.data));
        hex_check(refused[i].what, "32*00", out, SD_P256_SHARED);
    }
}

static void test_hashing(void **state)
{
    (void)state;
    static const struct {
        enum sd_hash hash;
        const char *empty, *abc;
    } rows[] = {
        {SD_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {SD_SHA384,
         "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14"
         "8"
         "98b95b",
         "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca13"
         "4"
         "c825a7"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_hashing h;
        uint8_t out[SD_HASH_MAX];
        size_t len = sd_hash_len(rows[i].hash);
        assert_true(sd_hashing_begin(&h, rows[i].hash));
        sd_hashing_peek(&h, out);
        hex_check("FIPS 180-4, empty", rows[i].empty, out, len);
        sd_hashing_add(&h, "a", 1);
        sd_hashing_peek(&h, out);
        sd_hashing_add(&h, "bc", 2);
        for (int twice = 0; twice < 2; twice++) {
            sd_hashing_peek(&h, out);
            hex_check("FIPS 180-4, \"abc\"", rows[i].abc, out, len);
        }
        sd_hashing_end(&h);
        sd_hashing_end(&h);
    }
}

static void test_hmac_sha384(void **state)
{
    (void)state;
    uint8_t out[SD_SHA384_LEN];
    static const char data[] = "what do ya want for nothing?";
    sd_hmac(SD_SHA384, out, "Jefe", 4, data, sizeof data - 1);
    hex_check("RFC 4231 4.3",
              "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b32"
              "39ecfab21649",
              out, sizeof out);
}

static void test_expand_label(void **state)
{
    (void)state;
    /* RFC 8448 section 3: of the server's handshake traffic secret. */
    static const char secret[] = "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38";
    static const struct {
        const char *prefix, *label, *out;
    } rows[] = {
        {"tls13 ", "key", "3fce516009c21727d0f2e4e86ee403bc"},
        {"tls13 ", "iv", "5d313eb2671276ee13000b30"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t out[16];
        struct hex s = hex_of(secret);
        const struct sd_expand_label e = {
            .hash = SD_SHA256, .prefix = rows[i].prefix, .label = rows[i].label, .secret = s.data};
        size_t len = strlen(rows[i].out) / 2;
        sd_hkdf_expand_label(out, len, &e);
        hex_check(rows[i].label, rows[i].out, out, len);
    }
}

static void test_masks(void **state)
{
    (void)state;
    uint8_t mask[SD_MASK_LEN];
    sd_aes_mask(mask, hex_of("d1b1c98dd7689fb8ec11d242b123dc9b").data,
                hex_of("9f50449e04a0e810283a1e9933adedd2").data, 16);
    hex_check("RFC 9001 A.2", "437b9aec36", mask, 5);
    sd_chacha20_mask(
        mask, hex_of("5e5cd55c41f69080575d7999c25a5bfb").data,
        hex_of("25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4").data);
    hex_check("RFC 9001 A.5", "aefefe7d03", mask, 5);
    sd_aes_mask(mask, hex_of("00112233445566778899aabbccddeeff").data, hex_of("0..32").data, 32);
    hex_check("FIPS 197 C.3", "8ea2b7ca516745bfeafc49904b496089", mask, SD_MASK_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),      cmocka_unit_test(test_hashing),
        cmocka_unit_test(test_hmac_sha384), cmocka_unit_test(test_expand_label),
        cmocka_unit_test(test_masks),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
