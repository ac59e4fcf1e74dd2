/* test_box.c - boxes against the vector that NaCl itself publishes ("Cryptography in NaCl",
 * sections 7 and 10), and what they refuse. */
#include "protocols/crypto/box.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "tests/crypto/hex.h"

static const char alice_private[] =
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
static const char alice_public[] =
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
static const char bob_private[] =
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
static const char bob_public[] = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
static const char key_text[] = "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389";
static const char nonce_text[] = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37";
static const char message_text[] =
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61"
    "296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af"
    "1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705";
static const char sealed_text[] =
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a118"
    "6ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e5"
    "26ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654c"
    "b45a74e355a5";

static void test_vector(void **state)
{
    (void)state;
    uint8_t key[SD_BOX_KEY], out[HEX_MAX];
    struct hex message = hex_of(message_text), sealed = hex_of(sealed_text);

    assert_true(sd_box_key(key, hex_of(bob_public).data, hex_of(alice_private).data));
    hex_check("key, Alice's view", key_text, key, sizeof key);
    assert_true(sd_box_key(key, hex_of(alice_public).data, hex_of(bob_private).data));
    hex_check("key, Bob's view", key_text, key, sizeof key);

    sd_box_seal(out, message.data, message.len, hex_of(nonce_text).data, key);
    hex_check("sealed", sealed_text, out, message.len + SD_BOX_TAG);
    memcpy(out, message.data, message.len);
    sd_box_seal(out, out, message.len, hex_of(nonce_text).data, key);
    hex_check("sealed in place", sealed_text, out, message.len + SD_BOX_TAG);
    assert_true(sd_box_open(out, out, sealed.len, hex_of(nonce_text).data, key));
    hex_check("opened in place", message_text, out, message.len);
}

static void test_refusals(void **state)
{
    (void)state;
    uint8_t key[SD_BOX_KEY], out[HEX_MAX];
    const struct hex good = hex_of(sealed_text);
    memset(key, 1, sizeof key);
    assert_false(sd_box_key(key, hex_of("32*00").data, hex_of(bob_private).data));
    hex_check("key with a point of small order", "32*00", key, sizeof key);

    memcpy(key, hex_of(key_text).data, sizeof key);
    for (size_t i = 0; i < good.len; i++) {
        struct hex bad = good;
        bad.data[i] ^= 0x40;
        assert_false(sd_box_open(out, bad.data, bad.len, hex_of(nonce_text).data, key));
    }
    for (size_t len = 0; len < good.len; len++)
        assert_false(sd_box_open(out, good.data, len, hex_of(nonce_text).data, key));
}

static void test_counts(void **state)
{
    (void)state;
    static const struct {
        enum sd_op op;
        const char *alg;
        uint64_t bytes;
    } rows[] = {{SD_OP_DERIVE, "X25519", 32},
                {SD_OP_SEAL, "XSalsa20-Poly1305", 100},
                {SD_OP_OPEN, "XSalsa20-Poly1305", 100}};
    uint8_t key[SD_BOX_KEY], text[100 + SD_BOX_TAG] = {0};
    struct sd_env env;
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    struct sd_env *before = sd_enter(&env);
    sd_box_key(key, hex_of(bob_public).data, hex_of(alice_private).data);
    sd_box_seal(text, text, 100, hex_of(nonce_text).data, key);
    sd_box_open(text, text, sizeof text, hex_of(nonce_text).data, key);
    sd_leave(before);
    assert_int_equal(env.account.rows, SD_ROWS(rows));
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        assert_int_equal(env.account.row[i].op, rows[i].op);
        assert_string_equal(env.account.row[i].alg, rows[i].alg);
        assert_int_equal(env.account.row[i].calls, 1);
        assert_int_equal(env.account.row[i].bytes, rows[i].bytes);
    }
    sd_env_fini(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_counts),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
