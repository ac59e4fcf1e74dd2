/* test_gquic_crypto.c - hashes, keys, sealed packets, compressed chains, server configs and their
 * proof, tokens, the strike register.  What was computed elsewhere is Python's (hashlib, hmac,
 * zlib, cryptography), from the formulas of QUIC Crypto. */
#include "protocols/gquic/certs.h"
#include "protocols/gquic/config.h"
#include "protocols/gquic/fnv.h"
#include "protocols/gquic/strike.h"
#include "protocols/gquic/token.h"
#include "sim/core/config.h"
#include "tests/crypto/hex.h"

static struct sd_env env;

static void test_fnv(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t h64, high, low; /* as their authors publish them */
    } rows[] = {
        {"", 0xcbf29ce484222325, 0x6c62272e07bb0142, 0x62b821756295c58d},
        {"a", 0xaf63dc4c8601ec8c, 0xd228cb696f1a8caf, 0x78912b704e4a8964},
        {"foobar", 0x85944171f73967e8, 0x343e1662793c64bf, 0x6f0d3597ba446f18},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct gq_fnv128 h = gq_fnv128_begin();
        gq_fnv128_add(&h, rows[i].text, strlen(rows[i].text));
        assert_true(h.high == rows[i].high && h.low == rows[i].low);
        assert_true(gq_fnv64(rows[i].text, strlen(rows[i].text)) == rows[i].h64);
    }
}

/* -- keys -- */

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *name, *label;
        enum gq_aead aead;
        bool server_nonce;
        const char *client, *server, *client_iv, *server_iv, *diversified, *diversified_iv;
    } rows[] = {
        {"initial, AESG", GQ_LABEL_INITIAL, GQ_AEAD_AESG, false, "c73cabfd1c346233cbd84728c601fdda",
         "744dff5a36860354a793dcedcda640cc", "719e7bee", "c66ce12c",
         "813161d32e8e9c295107dc047e187865", "fa2d563b"},
        {"initial, after a REJ with a nonce", GQ_LABEL_INITIAL, GQ_AEAD_AESG, true,
         "b8f4729191d4d274f68bb7a074c39b7a", "5bae891c65a5a3a49e74c9c6f137fd4e", "1b63d346",
         "7f695080", "7306ed8bba45eaf8ff7574ea244d4f28", "2e4af0bb"},
        {"forward secure, AESG", GQ_LABEL_FORWARD_SECURE, GQ_AEAD_AESG, true,
         "2fa0a1990cfda2e9b0dbb748868959bf", "f8fb30c5f6589c370ebe95889995fcef", "a2638d7f",
         "0340729e", "d1dfc5934e2e24c3a5fb6fc6cd747504", "355e74f8"},
        {"forward secure, CC20", GQ_LABEL_FORWARD_SECURE, GQ_AEAD_CC20, true,
         "2fa0a1990cfda2e9b0dbb748868959bff8fb30c5f6589c370ebe95889995fcef",
         "a2638d7f0340729e33110258e0c66d207400cc9b46d0ebbf7a3e5c3cbeb79622", "25dbb413", "3fe68af8",
         "80148a98e307dc0279cace1acb6ec01a61f21d5a9d1e72685660db4020319fab", "334a7da5"},
    };
    const struct hex premaster = hex_of("0..32"), client = hex_of("32..64");
    const struct hex server = hex_of("64..96"), diversification = hex_of("96..128");
    struct hex chlo = {.data = "CHLO", .len = 24}, scfg = {.data = "SCFG", .len = 14};
    const struct hex leaf = hex_of("15*30");
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct gq_keys k;
        const struct gq_key_input in = {.aead = rows[i].aead,
                                        .label = rows[i].label,
                                        .premaster = premaster.data,
                                        .client_nonce = client.data,
                                        .server_nonce = rows[i].server_nonce ? server.data : NULL,
                                        .cid = 0x0123456789abcdef,
                                        .chlo = chlo.data,
                                        .chlo_len = chlo.len,
                                        .scfg = scfg.data,
                                        .scfg_len = scfg.len,
                                        .leaf = leaf.data,
                                        .leaf_len = leaf.len};
        size_t n = rows[i].aead == GQ_AEAD_AESG ? 16 : 32;
        assert_true(gq_keys_derive(&k, &env, &in));
        hex_check(rows[i].name, rows[i].client, k.client.key, n);
        hex_check(rows[i].name, rows[i].server, k.server.key, n);
        hex_check(rows[i].name, rows[i].client_iv, k.client.iv, 4);
        hex_check(rows[i].name, rows[i].server_iv, k.server.iv, 4);
        gq_key_diversify(&k.server, diversification.data);
        hex_check(rows[i].name, rows[i].diversified, k.server.key, n);
        hex_check(rows[i].name, rows[i].diversified_iv, k.server.iv, 4);
    }
}

static void test_seal(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key, *iv, *text, *sealed;
        enum gq_aead aead;
        bool by_client;
    } rows[] = {
        {"unencrypted, a client's", NULL, NULL, "07", "8e4eff23ae4a8f3cb210c04f07", 0, true},
        {"unencrypted, a server's", NULL, NULL, "07", "d2bd4ce6d256c83cb210c05507", 0, false},
        {"AES-128-GCM", "2fa0a1990cfda2e9b0dbb748868959bf", "a2638d7f", "07616263",
         "f9e9fcb82803d941f0a618857d0ce847", GQ_AEAD_AESG, true},
        {"ChaCha20-Poly1305", "a2638d7f0340729e33110258e0c66d207400cc9b46d0ebbf7a3e5c3cbeb79622",
         "3fe68af8", "07616263", "e96fc755147ae781718d1ebded9c950a", GQ_AEAD_CC20, false},
    };
    const struct hex header = hex_of("080123456789abcdef07");
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex text = hex_of(rows[i].text), sealed = hex_of(rows[i].sealed);
        struct gq_key k = {.aead = rows[i].aead};
        uint8_t out[64];
        if (rows[i].key) {
            memcpy(k.key, hex_of(rows[i].key).data, sizeof k.key);
            memcpy(k.iv, hex_of(rows[i].iv).data, sizeof k.iv);
        }
        const struct gq_key *key = rows[i].key ? &k : NULL;
        bool by_client = rows[i].by_client;
        gq_seal(out, key, by_client, 7, header.data, header.len, text.data, text.len);
        hex_check(rows[i].name, rows[i].sealed, out, text.len + GQ_TAG_LEN);
        assert_true(
            gq_open(out, key, by_client, 7, header.data, header.len, sealed.data, sealed.len));
        hex_check(rows[i].name, rows[i].text, out, text.len);
        assert_false(gq_open(out, key, by_client, 7, header.data, header.len, sealed.data, 11));
        assert_false(
            gq_open(out, key, by_client, 7, header.data, header.len - 1, sealed.data, sealed.len));
        if (key)
            assert_false(
                gq_open(out, key, by_client, 8, header.data, header.len, sealed.data, sealed.len));
        else
            assert_false(
                gq_open(out, key, !by_client, 7, header.data, header.len, sealed.data, sealed.len));
        for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
            sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(
                gq_open(out, key, by_client, 7, header.data, header.len, sealed.data, sealed.len));
            sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* -- chains -- */

static const char first[] = "first certificate http://crl.verisign.com/pca3.crl";
static const char second[] = "second certificate";

static void test_chains(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        bool held;
    } foreign[] = {
        {"two certificates",
         "0101004c00000078f922517eb13362606048cb2c022628247b1590320d4aca29484e3"
         "40685be1050173082f2f35290b50100ce8919ef",
         false},
        {"the first is cached, and in the dictionary",
         "02ec31420ead39f62e01001600000078f9892f913c136260600006757e5e0a7215000044d70732", true},
    };
    struct sd_chain chain = {0}, held = {0}, back;
    sd_chain_append(&chain, &env, first, strlen(first));
    sd_chain_append(&chain, &env, second, strlen(second));
    sd_chain_append(&held, &env, first, strlen(first));
    for (size_t i = 0; i < SD_ROWS(foreign); i++) {
        struct hex h = hex_of(foreign[i].bytes);
        print_message("          %s\n", foreign[i].name);
        assert_int_equal(
            gq_certs_decompress(&back, &env, h.data, h.len, foreign[i].held ? &held : NULL), SD_OK);
        assert_int_equal(back.count, 2);
        assert_memory_equal(back.certificate[0].der, first, strlen(first));
        assert_memory_equal(back.certificate[1].der, second, strlen(second));
        sd_chain_free(&back);
        for (size_t len = 0; len < h.len; len++)
            assert_int_equal(gq_certs_decompress(&back, &env, h.data, len, &held),
                             SD_DROP_MALFORMED);
    }
    assert_int_equal(gq_certs_decompress(&back, &env, hex_of(foreign[1].bytes).data, 39, NULL),
                     SD_DROP_MALFORMED); /* cached, but not here */
    /* Ours, for a client that holds neither, the first, both. */
    for (size_t holds = 0; holds <= 2; holds++) {
        uint8_t hashes[16], *packed;
        size_t len;
        for (size_t i = 0; i < holds; i++)
            for (int k = 0; k < 8; k++)
                hashes[8 * i + k] =
                    (uint8_t)(gq_fnv64(chain.certificate[i].der, chain.certificate[i].len) >>
                              8 * k);
        assert_int_equal(gq_certs_compress(&packed, &len, &env, &chain, hashes, 8 * holds), SD_OK);
        assert_int_equal(gq_certs_decompress(&back, &env, packed, len, &chain), SD_OK);
        assert_int_equal(back.count, 2);
        assert_memory_equal(back.certificate[1].der, second, strlen(second));
        assert_true(holds < 2 || len == 19);
        sd_chain_free(&back);
        sd_free(packed);
    }
    sd_chain_free(&chain);
    sd_chain_free(&held);
}

/* -- server configs -- */

static void test_configs(void **state)
{
    (void)state;
    static const uint8_t orbit[GQ_ORBIT_LEN] = "orbit...";
    struct gq_own_config own, other;
    struct gq_config read;
    gq_config_make(&own, &env, orbit, 1234567890);
    gq_config_make(&other, &env, orbit, 1234567890);
    assert_int_equal(gq_config_parse(&read, own.config.raw, own.config.len), 0);
    assert_memory_equal(read.id, own.config.id, GQ_SCID_LEN);
    assert_memory_equal(read.orbit, orbit, GQ_ORBIT_LEN);
    assert_memory_equal(read.public_value, own.config.public_value, 32);
    assert_int_equal(read.expiry_s, 1234567890);
    assert_true(read.aead[GQ_AEAD_AESG] && read.aead[GQ_AEAD_CC20]);
    for (size_t len = 0; len < own.config.len; len++)
        assert_int_not_equal(gq_config_parse(&read, own.config.raw, len), 0);

    static const char *const names[] = {"server.example", "server.rsa.example"};
    for (size_t i = 0; i < SD_ROWS(names); i++) {
        struct sd_chain chain;
        uint8_t signature[SD_SIGNATURE_MAX], hash[32] = {1};
        const struct sd_identity *identity = sd_identity(names[i]);
        sd_chain_from_pem(&chain, &env, identity->certificate);
        size_t len =
            gq_proof_sign(signature, sizeof signature, identity->private_key, hash, &own.config);
        const struct sd_certificate *leaf = &chain.certificate[0];
        assert_true(gq_proof_verify(leaf, signature, len, hash, &own.config));
        assert_false(gq_proof_verify(leaf, signature, len, hash, &other.config));
        hash[0] ^= 1; /* another CHLO */
        assert_false(gq_proof_verify(leaf, signature, len, hash, &own.config));
        sd_chain_free(&chain);
    }
}

/* A config in the form that other servers give it: one value more, or one that is not right. */
static void test_foreign_config(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t tag; /* is given another value */
        const char *value;
        uint32_t expected;
    } rows[] = {
        {"as it is", 0, NULL, GQ_NO_ERROR},
        {"P256 before C255", GQ_KEXS, "P256C255", GQ_NO_ERROR},
        {"no key exchange of ours", GQ_KEXS, "P256", GQ_CRYPTO_NO_SUPPORT},
        {"no cipher of ours", GQ_AEAD, "S20P", GQ_CRYPTO_NO_SUPPORT},
        {"an id that is too short", GQ_SCID, "short", GQ_CRYPTO_PARAMETER_NOT_FOUND},
        {"an orbit that is too short", GQ_OBIT, "short", GQ_CRYPTO_PARAMETER_NOT_FOUND},
        {"public values cut short", GQ_PUBS, "\x20", GQ_CRYPTO_PARAMETER},
    };
    uint8_t pubs[3 + 65 + 3 + 32] = {65}, expiry[8];
    pubs[68] = 32;
    memset(pubs + 71, 7, 32);
    memset(expiry, 0xff, 8);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct gq_message m;
        struct gq_config c;
        uint8_t raw[512];
        bool two = rows[i].tag == GQ_KEXS && strlen(rows[i].value) == 8;
        gq_message_init(&m, GQ_SCFG);
        gq_message_put(&m, GQ_SCID, "0123456789abcdef", 16);
        gq_message_put(&m, GQ_KEXS, "C255", 4);
        gq_message_put(&m, GQ_AEAD, "AESG", 4);
        gq_message_put(&m, GQ_PUBS, two ? pubs : pubs + 68, two ? sizeof pubs : 35);
        gq_message_put(&m, GQ_OBIT, "01234567", 8);
        gq_message_put(&m, GQ_EXPY, expiry, 8);
        if (rows[i].tag)
            gq_message_put(&m, rows[i].tag, rows[i].value, strlen(rows[i].value));
        print_message("          %s\n", rows[i].name);
        assert_int_equal(gq_config_parse(&c, raw, gq_message_write(&m, raw, sizeof raw)),
                         rows[i].expected);
        if (rows[i].expected == GQ_NO_ERROR)
            hex_check(rows[i].name, "32*07", c.public_value, 32);
    }
}

/* -- tokens -- */

static void test_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t host;
        uint16_t port;
        int64_t later_s;
        size_t flip; /* which bit; 0: none */
        uint32_t expected;
    } rows[] = {
        {"the same host", 1, 1000, 0, 0, 0},
        {"another port", 1, 2000, 0, 0, 0},
        {"another host", 2, 1000, 0, 0, GQ_REJECT_TOKEN_ADDRESS},
        {"a day later", 1, 1000, GQ_TOKEN_LIFE_S, 0, 0},
        {"a second more", 1, 1000, GQ_TOKEN_LIFE_S + 1, 0, GQ_REJECT_TOKEN_EXPIRED},
        {"from the future, a little", 1, 1000, -(int64_t)GQ_TOKEN_FUTURE_S, 0, 0},
        {"from the future", 1, 1000, -(int64_t)GQ_TOKEN_FUTURE_S - 1, 0, GQ_REJECT_TOKEN_EXPIRED},
        {"a bit changed", 1, 1000, 0, 200, GQ_REJECT_TOKEN_INVALID},
    };
    const struct gq_returning out = {
        .chlo_number = 7, .chlo_len = 1024, .rej_len = 300, .packets = 1};
    const uint8_t key[32] = {1}, other[32] = {2};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t token[GQ_TOKEN_LEN];
        struct sd_addr from = sd_ipv4(10, 0, 0, 1, 1000);
        struct sd_addr to = sd_ipv4(10, 0, 0, rows[i].host, rows[i].port);
        struct gq_returning in;
        gq_token_make(token, &env, key, &from, 1000000, &out);
        token[rows[i].flip / 8] ^= rows[i].flip ? 1 : 0;
        uint32_t now_s = (uint32_t)(1000000 + rows[i].later_s);
        print_message("          %s\n", rows[i].name);
        assert_int_equal(gq_token_check(token, sizeof token, key, &to, now_s, &in),
                         rows[i].expected);
        if (!rows[i].expected) {
            assert_int_equal(in.chlo_number, 7);
            assert_int_equal(in.chlo_len, 1024);
            assert_int_equal(in.rej_len, 300);
            assert_int_equal(in.packets, 1);
        }
        assert_int_equal(gq_token_check(token, sizeof token, other, &to, now_s, &in),
                         GQ_REJECT_TOKEN_INVALID);
        assert_int_equal(gq_token_check(token, sizeof token - 1, key, &to, now_s, &in),
                         GQ_REJECT_TOKEN_INVALID);
        assert_int_equal(in.chlo_number, 0);
    }
}

static void test_server_nonces(void **state)
{
    (void)state;
    const uint8_t key[32] = {1}, other[32] = {2};
    uint8_t nonce[GQ_NONCE_LEN];
    gq_server_nonce_make(nonce, &env, key, 1000);
    assert_true(gq_server_nonce_check(nonce, sizeof nonce, key, 1000));
    assert_true(gq_server_nonce_check(nonce, sizeof nonce, key, 1000 + GQ_STRIKE_WINDOW_S));
    assert_false(gq_server_nonce_check(nonce, sizeof nonce, key, 1001 + GQ_STRIKE_WINDOW_S));
    assert_false(gq_server_nonce_check(nonce, sizeof nonce, key, 999));
    assert_false(gq_server_nonce_check(nonce, sizeof nonce, other, 1000));
    assert_false(gq_server_nonce_check(nonce, sizeof nonce - 1, key, 1000));
}

/* -- the strike register -- */

static void make_nonce(uint8_t nonce[GQ_NONCE_LEN], const struct gq_strike *s, uint32_t at,
                       uint32_t which)
{
    memset(nonce, 0, GQ_NONCE_LEN);
    for (int i = 0; i < 4; i++) {
        nonce[i] = (uint8_t)(at >> (24 - 8 * i));
        nonce[28 + i] = (uint8_t)(which >> 8 * i);
    }
    memcpy(nonce + 4, s->orbit, GQ_ORBIT_LEN);
}

static void test_strike_register(void **state)
{
    (void)state;
    struct gq_strike s = {0};
    uint8_t nonce[GQ_NONCE_LEN];
    const uint32_t born = 1000000, w = GQ_STRIKE_WINDOW_S;
    gq_strike_init(&s, &env, born);
    const struct {
        const char *name;
        uint32_t at, which, now;
        bool other_orbit, fresh;
        uint32_t expected;
    } rows[] = {
        {"now", born, 1, born, false, false, 0},
        {"again", born, 1, born, false, false, GQ_REJECT_NONCE_NOT_UNIQUE},
        {"another", born, 2, born, false, false, 0},
        {"before the register was", born - 1, 3, born, false, false, GQ_REJECT_NONCE_TIME},
        {"but vouched for", born - 1, 3, born, false, true, 0},
        {"again, vouched for or not", born - 1, 3, born, false, true, GQ_REJECT_NONCE_NOT_UNIQUE},
        {"another orbit", born, 4, born, true, false, GQ_REJECT_NONCE_ORBIT},
        {"as late as may be", born + w, 5, born + 2 * w, false, false, 0},
        {"too late", born + w, 6, born + 2 * w + 1, false, false, GQ_REJECT_NONCE_TIME},
        {"as early as may be", born + 3 * w, 7, born + 2 * w, false, false, 0},
        {"too early", born + 3 * w + 1, 8, born + 2 * w, false, false, GQ_REJECT_NONCE_TIME},
        {"early, again at its last moment", born + 3 * w, 7, born + 4 * w, false, false,
         GQ_REJECT_NONCE_NOT_UNIQUE},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        make_nonce(nonce, &s, rows[i].at, rows[i].which);
        nonce[4] ^= rows[i].other_orbit;
        print_message("          %s\n", rows[i].name);
        assert_int_equal(gq_strike_take(&s, &env, nonce, rows[i].fresh, rows[i].now),
                         rows[i].expected);
    }
    /* Many, and what is over is forgotten. */
    for (uint32_t n = 100; n < 5100; n++) {
        make_nonce(nonce, &s, born + 5 * w, n);
        assert_int_equal(gq_strike_take(&s, &env, nonce, false, born + 5 * w), 0);
        assert_int_equal(gq_strike_take(&s, &env, nonce, false, born + 5 * w),
                         GQ_REJECT_NONCE_NOT_UNIQUE);
    }
    assert_true(s.set[0].used + s.set[1].used >= 5000);
    make_nonce(nonce, &s, born + 12 * w, 9);
    assert_int_equal(gq_strike_take(&s, &env, nonce, false, born + 12 * w), 0);
    assert_int_equal(s.set[0].used + s.set[1].used, 1);
    gq_strike_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fnv),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_configs),
        cmocka_unit_test(test_foreign_config),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_server_nonces),
        cmocka_unit_test(test_strike_register),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK)
        return 3;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += sd_heap_bytes(&env) != 0;
    sd_env_fini(&env);
    return failed;
}
