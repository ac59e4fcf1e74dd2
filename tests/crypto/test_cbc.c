/* test_cbc.c - AES-CBC against NIST's examples, and that each call counts once. */
#include "protocols/crypto/cbc.h"
#include "sim/core/env.h"
#include "tests/core/unit.h"
#include "tests/crypto/hex.h"

/* SP 800-38A F.2 */
static const char iv[] = "0..16";
static const char text[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                           "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
static const struct {
    const char *source, *alg, *key, *sealed;
} rows[] = {
    {"F.2.1, 128 bits", "AES-128-CBC", "2b7e151628aed2a6abf7158809cf4f3c",
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
     "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"},
    {"F.2.5, 256 bits", "AES-256-CBC",
     "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
     "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex key = hex_of(rows[i].key), plain = hex_of(text);
        uint8_t out[64];
        sd_aes_cbc_seal(out, plain.data, 64, hex_of(iv).data, key.data, key.len);
        hex_check(rows[i].source, rows[i].sealed, out, 64);
        sd_aes_cbc_open(out, out, 64, hex_of(iv).data, key.data, key.len);
        hex_check("opened in place", text, out, 64);
    }
}

static void test_counting(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex key = hex_of(rows[i].key);
        uint8_t block[32] = {0};
        struct sd_env env;
        assert_int_equal(sd_env_init(&env, 1), 0);
        struct sd_env *before = sd_enter(&env);
        sd_aes_cbc_seal(block, block, 32, block, key.data, key.len);
        sd_aes_cbc_open(block, block, 16, block, key.data, key.len);
        sd_leave(before);
        assert_int_equal(env.account.rows, 2);
        assert_int_equal(env.account.row[0].op, SD_OP_SEAL);
        assert_int_equal(env.account.row[0].bytes, 32);
        assert_int_equal(env.account.row[1].op, SD_OP_OPEN);
        assert_int_equal(env.account.row[1].bytes, 16);
        assert_string_equal(env.account.row[0].alg, rows[i].alg);
        assert_int_equal(sd_heap_bytes(&env), 0);
        sd_env_fini(&env);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_counting),
    };
    if (sd_core_init() != 0)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
