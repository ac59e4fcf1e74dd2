/* test_x509.c - chains against the lab's authority, and signatures with the keys of its
 * certificates. */
#include "protocols/crypto/x509.h"
#include "sim/core/config.h"
#include "tests/core/unit.h"
#include <stdio.h>
#include <string.h>

static struct sd_env env;

static void test_chains(void **state)
{
    (void)state;
    static const struct {
        const char *what, *leaf, *host;
        uint64_t epoch_s;
        int expected;
    } rows[] = {
        {"a P-256 leaf", "server.example", "server.example", SD_EPOCH_S, SD_OK},
        {"an RSA leaf", "server.rsa.example", "server.rsa.example", SD_EPOCH_S, SD_OK},
        {"an Ed25519 leaf", "server.ed25519.example", "server.ed25519.example", SD_EPOCH_S, SD_OK},
        {"no name asked for", "server.example", NULL, SD_EPOCH_S, SD_OK},
        {"another name", "server.example", "mallory.example", SD_EPOCH_S, SD_DROP_AUTH},
        {"not valid yet", "server.example", "server.example", 1000000000, SD_DROP_AUTH},
        {"not valid any more", "server.example", "server.example", 4000000000, SD_DROP_AUTH},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_chain chain;
        const char *why = "";
        env.epoch_s = rows[i].epoch_s;
        struct sd_env *before = sd_enter(&env);
        int made = sd_chain_from_pem(&chain, &env, sd_identity(rows[i].leaf)->certificate);
        int found = sd_chain_verify(&chain, sd_identity_ca(), rows[i].host, &why);
        sd_chain_free(&chain);
        sd_leave(before);
        assert_int_equal(made, SD_OK);
        if (found != rows[i].expected)
            fail_msg("%s: expected %s, found %s (%s)", rows[i].what,
                     sd_result_name(rows[i].expected), sd_result_name(found), why);
    }
    env.epoch_s = SD_EPOCH_S;
}

static void test_refused(void **state)
{
    (void)state;
    struct sd_chain chain;
    const char *why;
    assert_int_equal(sd_chain_from_pem(&chain, &env, "no certificate"), SD_E_ARG);
    assert_int_equal(sd_chain_verify(&chain, sd_identity_ca(), NULL, &why), SD_DROP_MALFORMED);
    assert_int_equal(sd_chain_append(&chain, &env, "junk", 4), SD_OK);
    assert_int_equal(sd_chain_verify(&chain, sd_identity_ca(), NULL, &why), SD_DROP_MALFORMED);
    while (chain.count < SD_CHAIN_MAX)
        assert_int_equal(sd_chain_append(&chain, &env, "junk", 4), SD_OK);
    assert_int_equal(sd_chain_append(&chain, &env, "junk", 4), SD_DROP_FULL);
    sd_chain_free(&chain);
    /* Somebody else's authority: a leaf is none. */
    assert_int_equal(sd_chain_from_pem(&chain, &env, sd_identity("server.example")->certificate),
                     SD_OK);
    assert_int_equal(
        sd_chain_verify(&chain, sd_identity("server.rsa.example")->certificate, NULL, &why),
        SD_DROP_AUTH);
    sd_chain_free(&chain);
}

static void test_signatures(void **state)
{
    (void)state;
    static const char text[] = "what is signed";
    static const char *const names[] = {"server.example", "server.rsa.example",
                                        "server.ed25519.example"};
    for (size_t i = 0; i < SD_ROWS(names); i++) {
        const struct sd_identity *identity = sd_identity(names[i]);
        struct sd_chain chain;
        uint8_t signature[SD_SIGNATURE_MAX];
        assert_int_equal(sd_chain_from_pem(&chain, &env, identity->certificate), SD_OK);
        struct sd_env *before = sd_enter(&env);
        size_t len =
            sd_sign_with_pem(signature, sizeof signature, identity->private_key, text, sizeof text);
        bool good =
            sd_verify_with_certificate(&chain.certificate[0], signature, len, text, sizeof text);
        sd_leave(before);
        assert_true(len > 0 && good);
        assert_false(sd_verify_with_certificate(&chain.certificate[0], signature, len, text,
                                                sizeof text - 1));
        assert_false(sd_verify_with_certificate(&chain.certificate[0], signature, len - 1, text,
                                                sizeof text));
        signature[len / 2] ^= 1;
        assert_false(
            sd_verify_with_certificate(&chain.certificate[0], signature, len, text, sizeof text));
        sd_chain_free(&chain);
    }
    uint8_t small[8];
    assert_int_equal(sd_sign_with_pem(small, sizeof small,
                                      sd_identity("server.rsa.example")->private_key, text, 1),
                     0);
    assert_int_equal(sd_sign_with_pem(small, sizeof small, "no key", text, 1), 0);
    assert_int_equal(sd_account_calls(&env.account, SD_OP_SIGN), SD_ROWS(names));
}

/* What the first agent of a process holds, the second holds too: nothing that libcrypto keeps for
 * itself is booked on who came first. */
static uint64_t peak_of(const char *name)
{
    static const char text[] = "what is signed";
    const struct sd_identity *identity = sd_identity(name);
    struct sd_env agent;
    struct sd_chain chain;
    uint8_t signature[SD_SIGNATURE_MAX];
    const char *why;
    assert_int_equal(sd_env_init(&agent, 1), SD_OK);
    struct sd_env *before = sd_enter(&agent);
    sd_chain_from_pem(&chain, &agent, identity->certificate);
    sd_chain_verify(&chain, sd_identity_ca(), name, &why);
    size_t len =
        sd_sign_with_pem(signature, sizeof signature, identity->private_key, text, sizeof text);
    sd_verify_with_certificate(&chain.certificate[0], signature, len, text, sizeof text);
    sd_chain_free(&chain);
    sd_leave(before);
    uint64_t peak = sd_heap_peak(&agent);
    sd_env_fini(&agent);
    return peak;
}

static void test_no_one_is_first(void **state)
{
    (void)state;
    static const char *const names[] = {"server.example", "server.rsa.example",
                                        "server.ed25519.example"};
    for (size_t i = 0; i < SD_ROWS(names); i++) {
        uint64_t first = peak_of(names[i]), second = peak_of(names[i]);
        if (first != second)
            fail_msg("%s: expected the second agent to hold as much as the first, %llu B, found "
                     "%llu B",
                     names[i], (unsigned long long)first, (unsigned long long)second);
    }
}

static int end(void **state)
{
    (void)state;
    return sd_heap_bytes(&env) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_one_is_first), /* the first in this process */
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_signatures),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK)
        return 3;
    int failed = cmocka_run_group_tests(tests, NULL, end);
    sd_env_fini(&env);
    return failed;
}
