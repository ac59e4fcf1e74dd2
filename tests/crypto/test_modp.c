/* test_modp.c - the 2048-bit MODP group against numbers that were made with Python's integers from
 * RFC 3526's formula for the prime, and public keys that are none. */
#include "protocols/crypto/modp.h"
#include "sim/core/error.h"
#include "tests/crypto/hex.h"

static const char ours[] =
    "212cdf8c27dc1e3cce923fe05a8cc9d88698bd9d4084ac879eba98845406f5b732ac3f465b7563ac43616d90"
    "bede4cfb4678a97c6c353526c4b326b380373410af0bfb8c613595c452e55a7600ac8268280b732e6dda777d"
    "bdc0932cf0cb74108e71143f02a00aa1e648ae90dfd0313d7f74bd2d6c925505f31add70afa0f3baf3833657"
    "794eb3ba70d4699c9a8aabe6dfe03b35cf124b98713867e622b6228f522708bf1ffc71572dba8d3de9e7e2d2"
    "8b7c2937dde7126b4a531dd6b03b228f93d14ac3af3a6f3c9407d05db715e39111f1e815126cce6b8f47db55"
    "75cf6140ed8dd52bfa49a3282bd3fdd460d62797c5a7aa4e78d77bb8866fd4d19251fdfd";
static const char theirs[] =
    "b929c9932280e4e71493a1ffc3000c3be50c7f280d616ffc6fb55bcbefdad67f9cce693dc8f804da608fb6e6"
    "8a703135578ab5ac555ea42439dccfb2e9a22b64e01484761decb1e041bc4d18c7085210586f9feda311d315"
    "76e9f52d7fd11e692036457dda55628e469dc8494774dc16308432ef6bf117ad051fe9b12001b964ed1e4fd7"
    "634edaa3279b5dcf9b6fbb9fa7f50f50d1c4f59b0a5c23efe07ad95ae8f8d7fc64e7053c27bebc14cdf3db5e"
    "2889f59f8621477e8ad4f5a18a0b3beefedc68c75135b44afbfbe4839c6dd8b2e7144187b55f29c42e0628f8"
    "1b68d78f10f6494d0977f4c23451d702a537cb47e71fe3c0377b7700b49ae5566120441e";
static const char shared[] =
    "a21230e1798d69a3b414d9f54c58664daf718db47a860ace68399b7b470e2b194be0952ce76cba7fd8a937dc"
    "a72c0f2d675bb16b7004372bc9c3b50606150dfed98a78023380b956cf52e9b548e37c6003c687fad7dd565a"
    "8ae0c3628a92e21a2ebc37e38628c4893ea0c6dea689bd1ca8c93de93c7b2ee9b1745055d712f5ea9e4b27d5"
    "052d64dbd984925390e0731f723a9dcfc543839a06478370fd62a1a6043316ab48a1a04b1cba825a9f6acf17"
    "9d61cfe75a0e1a85f039ed6c720b225623a9a0e80cf7112179bd2c4b5313d91e4cb9a924c56f7a1c9dd7335d"
    "69951e6bc7941f294358570394ce779222e98edf38cf5efb1eabdd087876ffa3cf1f4c22";
static const char prime[] =
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a0879"
    "8e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b"
    "0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da4836"
    "1c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804"
    "f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6"
    "955817183995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";

/* 01 02 03 ...: with the first bit set the exponent is 81 02 03 ... */
static void counting(struct sd_env *env, void *buf, size_t len)
{
    (void)env;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = (uint8_t)(i + 1);
}

static void known_numbers(void **state)
{
    (void)state;
    struct sd_env env = {.random = counting};
    uint8_t private_key[SD_MODP2048_PRIVATE], out[SD_MODP2048_LEN];
    sd_modp2048_keygen(&env, private_key, out);
    hex_check("public key", ours, out, sizeof out);
    assert_true(sd_modp2048(out, private_key, hex_of(theirs).data));
    hex_check("shared secret", shared, out, sizeof out);
}

/* RFC 6989 2.1: not 0, 1, p - 1, p or more. */
static void no_public_keys(void **state)
{
    (void)state;
    uint8_t private_key[SD_MODP2048_PRIVATE] = {0x80}, out[SD_MODP2048_LEN];
    for (int i = 0; i < 5; i++) {
        struct hex key = hex_of(i < 2 ? "256*00" : prime);
        key.data[255] = (uint8_t)(key.data[255] + (int[]){0, 1, -1, 0, 0}[i]);
        if (i == 4)
            memset(key.data, 0xff, key.len);
        assert_false(sd_modp2048(out, private_key, key.data));
        hex_check("secret", "256*00", out, sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_numbers),
                                       cmocka_unit_test(no_public_keys)};
    assert_int_equal(sd_core_init(), SD_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
