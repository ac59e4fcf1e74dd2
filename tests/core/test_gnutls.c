/* test_gnutls.c - GnuTLS in an agent's world: its time, its randomness, its memory, its work. */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/config.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"

static struct sd_env env;

static int enter(void **state)
{
    (void)state;
    assert_int_equal(sd_env_init(&env, 7), SD_OK);
    sd_enter(&env);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    sd_leave(NULL);
    sd_env_fini(&env);
    return 0;
}

static uint64_t calls(enum sd_op op, const char *alg, uint64_t *bytes)
{
    for (uint32_t i = 0; i < env.account.rows; i++)
        if (env.account.row[i].op == op && strcmp(env.account.row[i].alg, alg) == 0) {
            *bytes = env.account.row[i].bytes;
            return env.account.row[i].calls;
        }
    *bytes = 0;
    return 0;
}

/* -- work, under the names that libcrypto's has -- */

static uint8_t buffer[2048];

static void hash(void)
{
    gnutls_hash_fast(GNUTLS_DIG_SHA384, buffer, 1000, buffer);
}
static void mac(void)
{
    gnutls_hmac_fast(GNUTLS_MAC_SHA256, "key", 3, buffer, 1000, buffer);
}
static void expand(void)
{
    const gnutls_datum_t key = {buffer, 32}, info = {buffer, 20};
    gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &key, &info, buffer + 64, 48);
}
static void seal_with(gnutls_cipher_algorithm_t algorithm)
{
    gnutls_aead_cipher_hd_t cipher;
    const gnutls_datum_t key = {buffer, (unsigned)gnutls_cipher_get_key_size(algorithm)};
    size_t len = sizeof buffer;
    assert_int_equal(gnutls_aead_cipher_init(&cipher, algorithm, &key), 0);
    gnutls_aead_cipher_encrypt(cipher, buffer, 12, buffer, 20, 16, buffer, 1000, buffer, &len);
    gnutls_aead_cipher_deinit(cipher);
}
static void seal_aes128(void)
{
    seal_with(GNUTLS_CIPHER_AES_128_GCM);
}
static void seal_aes256(void)
{
    seal_with(GNUTLS_CIPHER_AES_256_GCM);
}
static void seal_chacha(void)
{
    seal_with(GNUTLS_CIPHER_CHACHA20_POLY1305);
}
static void make_key(void)
{
    gnutls_privkey_t key;
    gnutls_privkey_init(&key);
    gnutls_privkey_generate2(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
                             0, NULL, 0);
    gnutls_privkey_deinit(key);
}

static void work_is_counted(void **state)
{
    (void)state;
    static const struct {
        void (*work)(void);
        enum sd_op op;
        const char *alg;
        uint64_t calls, bytes;
    } rows[] = {
        {mac, SD_OP_MAC, "HMAC", 1, 1000},
        {expand, SD_OP_KDF, "HKDF", 1, 48},
        {seal_aes128, SD_OP_SEAL, "AES-128-GCM", 1, 1000},
        {seal_aes256, SD_OP_SEAL, "AES-256-GCM", 1, 1000},
        {seal_chacha, SD_OP_SEAL, "ChaCha20-Poly1305", 1, 1000},
        {make_key, SD_OP_KEYGEN, "P-256", 1, 0},
        {hash, SD_OP_HASH, "SHA2-384", 1, 0}, /* its bytes are SHA-512's, whose update it uses */
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint64_t bytes, found;
        memset(&env.account, 0, sizeof env.account);
        rows[i].work();
        found = calls(rows[i].op, rows[i].alg, &bytes);
        if (found != rows[i].calls || bytes != rows[i].bytes)
            fail_msg("%s %s: expected %llu of %llu bytes, found %llu of %llu",
                     sd_op_name(rows[i].op), rows[i].alg, (unsigned long long)rows[i].calls,
                     (unsigned long long)rows[i].bytes, (unsigned long long)found,
                     (unsigned long long)bytes);
        /* Nothing that it is made of counts beside it. */
        uint64_t others = 0;
        for (uint32_t k = 0; k < env.account.rows; k++)
            others += env.account.row[k].calls;
        assert_int_equal(others, rows[i].calls);
    }
}

/* -- randomness and memory -- */

static void the_same_seed_draws_the_same(void **state)
{
    (void)state;
    uint8_t drawn[2][40];
    for (int i = 0; i < 2; i++) {
        sd_rng_seed(&env.rng, 99);
        assert_int_equal(gnutls_rnd(GNUTLS_RND_KEY, drawn[i], sizeof drawn[i]), 0);
    }
    assert_memory_equal(drawn[0], drawn[1], sizeof drawn[0]);
    sd_leave(NULL);
    assert_int_equal(gnutls_rnd(GNUTLS_RND_KEY, drawn[1], sizeof drawn[1]), 0);
    assert_memory_not_equal(drawn[0], drawn[1], sizeof drawn[0]);
}

static void memory_is_the_agents(void **state)
{
    (void)state;
    gnutls_session_t session;
    uint64_t before = sd_heap_bytes(&env);
    assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT), 0);
    assert_true(sd_heap_bytes(&env) > before + 1000);
    gnutls_deinit(session);
    assert_int_equal(sd_heap_bytes(&env), before);
}

/* -- time: a certificate of the lab is valid from 2018 to 2048 -- */

static void certificates_live_in_virtual_time(void **state)
{
    (void)state;
    static const struct {
        uint64_t epoch_s;
        unsigned status;
    } rows[] = {
        {SD_EPOCH_S, 0},
        {SD_EPOCH_S - 86400 * 365, GNUTLS_CERT_INVALID | GNUTLS_CERT_NOT_ACTIVATED},
        {SD_EPOCH_S + UINT64_C(86400) * 366 * 31, GNUTLS_CERT_INVALID | GNUTLS_CERT_EXPIRED},
    };
    const char *pem[2] = {sd_identity("server.example")->certificate, sd_identity_ca()};
    gnutls_x509_crt_t chain[2];
    for (int i = 0; i < 2; i++) {
        gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem[i], (unsigned)strlen(pem[i])};
        gnutls_x509_crt_init(&chain[i]);
        assert_int_equal(gnutls_x509_crt_import(chain[i], &text, GNUTLS_X509_FMT_PEM), 0);
    }
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        unsigned status = 0;
        env.epoch_s = rows[i].epoch_s;
        gnutls_x509_crt_list_verify(chain, 1, &chain[1], 1, NULL, 0, 0, &status);
        assert_int_equal(status, rows[i].status);
    }
    for (int i = 0; i < 2; i++)
        gnutls_x509_crt_deinit(chain[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(work_is_counted, enter, leave),
        cmocka_unit_test_setup_teardown(the_same_seed_draws_the_same, enter, leave),
        cmocka_unit_test_setup_teardown(memory_is_the_agents, enter, leave),
        cmocka_unit_test_setup_teardown(certificates_live_in_virtual_time, enter, leave),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
