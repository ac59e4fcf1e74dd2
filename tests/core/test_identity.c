/* test_identity.c - the lab's certificates hold against its CA in the lab's years, and keys by
 * name are what they have been. */
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <sodium.h>
#include <string.h>

#include "sim/core/config.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"

static X509 *certificate(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return x;
}

static int verify(X509 *leaf, X509 *ca, const char *name, uint64_t unix_s)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_add_cert(store, ca);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE_CTX_init(ctx, store, leaf, NULL);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set1_host(param, name, 0);
    X509_VERIFY_PARAM_set_time(param, (time_t)unix_s);
    int error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return error;
}

static void identities_verify(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int type;
    } rows[] = {
        {"server.example", EVP_PKEY_EC},
        {"client.example", EVP_PKEY_EC},
        {"server.ed25519.example", EVP_PKEY_ED25519},
        {"client.ed25519.example", EVP_PKEY_ED25519},
        {"server.rsa.example", EVP_PKEY_RSA},
    };
    const uint64_t year_2017 = 1483228800, year_2049 = UINT64_C(2493072000);
    X509 *ca = certificate(sd_identity_ca());
    assert_non_null(ca);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct sd_identity *id = sd_identity(rows[i].name);
        assert_non_null(id);
        assert_string_equal(id->name, rows[i].name);
        X509 *leaf = certificate(id->certificate);
        BIO *bio = BIO_new_mem_buf(id->private_key, -1);
        EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
        assert_non_null(leaf);
        assert_int_equal(EVP_PKEY_get_base_id(key), rows[i].type);
        assert_int_equal(X509_check_private_key(leaf, key), 1);
        assert_int_equal(verify(leaf, ca, rows[i].name, SD_EPOCH_S), X509_V_OK);
        assert_int_equal(verify(leaf, ca, "other.example", SD_EPOCH_S),
                         X509_V_ERR_HOSTNAME_MISMATCH);
        assert_int_equal(verify(leaf, ca, rows[i].name, year_2017), X509_V_ERR_CERT_NOT_YET_VALID);
        assert_int_equal(verify(leaf, ca, rows[i].name, year_2049), X509_V_ERR_CERT_HAS_EXPIRED);
        X509_free(leaf);
        EVP_PKEY_free(key);
    }
    X509_free(ca);
    assert_null(sd_identity("nobody.example"));
}

static void x25519_keys_follow_names(void **state)
{
    (void)state;
    uint8_t key[2][32], public[2][32], shared[2][32];
    const struct sd_identity *id = sd_identity("server.example");
    for (int again = 0; again < 2; again++) {
        sd_identity_x25519("server.example", key[0], public[0]);
        sd_identity_x25519("client-17", key[1], public[1]);
        assert_memory_equal(key[0], id->x25519_private, 32);
        assert_memory_equal(public[0], id -> x25519_public, 32);
        assert_memory_not_equal(public[0], public[1], 32);
        /* Both come to the same secret: the public keys belong to the private ones. */
        assert_int_equal(crypto_scalarmult(shared[0], key[0], public[1]), 0);
        assert_int_equal(crypto_scalarmult(shared[1], key[1], public[0]), 0);
        assert_memory_equal(shared[0], shared[1], 32);
        assert_int_equal(key[0][0] & 7, 0);
        assert_int_equal(key[0][31] & 0xc0, 0x40);
    }
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities_verify),
        cmocka_unit_test(x25519_keys_follow_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
