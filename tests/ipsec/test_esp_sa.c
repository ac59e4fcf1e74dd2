/* test_esp_sa.c - ESP packets: published ones open, every suite goes round, what was changed or
 * came before is refused, extended numbers go over 2^32. */
#include "protocols/ipsec/esp_sa.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"
#include "tests/crypto/hex.h"

#define G (UINT64_C(1) << 32)

static const struct suite_row {
    struct cipher_suite suite;
    size_t key_len, empty; /* bytes of a packet without payload */
} suites[] = {
    {{CIPHER_AES_GCM_16, 128, CIPHER_NO_INTEGRITY}, 20, 8 + 8 + 4 + 16},
    {{CIPHER_AES_GCM_16, 256, CIPHER_NO_INTEGRITY}, 36, 8 + 8 + 4 + 16},
    {{CIPHER_CHACHA20_POLY1305, 256, CIPHER_NO_INTEGRITY}, 36, 8 + 8 + 4 + 16},
    {{CIPHER_AES_CBC, 128, CIPHER_HMAC_SHA2_256_128}, 48, 8 + 16 + 16 + 16},
    {{CIPHER_AES_CBC, 256, CIPHER_HMAC_SHA2_256_128}, 64, 8 + 16 + 16 + 16},
};

static struct sd_env env;
static const uint8_t nothing[64]; /* a payload */
static const uint8_t key[CIPHER_KEY_MAX] =
    "one key for both sides of it, and as long as the longest";

static void pair(const struct cipher_suite *suite, bool esn, uint32_t window, struct esp_sa *out,
                 struct esp_sa *in)
{
    assert_int_equal(esp_sa_init(out, &env, suite, esn, 0x1234, key, 0), SD_OK);
    assert_int_equal(esp_sa_init(in, &env, suite, esn, 0x1234, key, window), SD_OK);
}

static void end(struct esp_sa *out, struct esp_sa *in)
{
    esp_sa_fini(out);
    esp_sa_fini(in);
    assert_int_equal(sd_heap_bytes(&env), 0);
}

/* Packets made by others. */
static void test_published(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        struct cipher_suite suite;
        const char *key; /* and salt */
        bool esn;
        uint64_t top; /* of the window */
        const char *packet, *payload;
        uint8_t next_header;
    } rows[] = {
        {"RFC 7634 A",
         {CIPHER_CHACHA20_POLY1305, 256, CIPHER_NO_INTEGRITY},
         "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3",
         false,
         4,
         "01020304000000051011121314151617"
         "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
         "14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
         "cbec163fac469b502773f6fb94e664da9165b82829f641e0"
         "76aaa8266b7fb0f7b11b369907e1ad43",
         "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10"
         "0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
         "2425262728292a2b2c2d2e2f3031323334353637",
         ESP_NEXT_IPV4},
        {"draft-mcgrew-gcm-test-01 section 4, extended numbers",
         {CIPHER_AES_GCM_16, 128, CIPHER_NO_INTEGRITY},
         "4c80cdefbb5d10da906ac73c3613a6342e443b68",
         true,
         UINT64_C(0x87654320ffffffff),
         "00004321000000004956ed7e3b244cfe"
         "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34"
         "cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
         "61bc17d768fd9732459018148f6cbe722fd04796562dfdb4",
         "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000"
         "00000000045f736970045f756470037369700963796265726369747902646b00"
         "00210001",
         1},
        {"draft-mcgrew-gcm-test-01 section 6",
         {CIPHER_AES_GCM_16, 256, CIPHER_NO_INTEGRITY},
         "abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344",
         false,
         0,
         "4a2cbfe3000000020102030405060708"
         "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763"
         "748a637985771d347f0545659f14e99def842d8eb335f4eecfdbf831824b4c49"
         "15956c96",
         "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee000000000"
         "7002400020bf0000020405b401010402",
         1},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct esp_sa sa;
        struct esp_opened o;
        struct hex packet = hex_of(rows[i].packet);
        uint32_t spi = (uint32_t)packet.data[0] << 24 | (uint32_t)packet.data[1] << 16 |
                       (uint32_t)packet.data[2] << 8 | packet.data[3];
        assert_int_equal(
            esp_sa_init(&sa, &env, &rows[i].suite, rows[i].esn, spi, hex_of(rows[i].key).data, 64),
            SD_OK);
        sa.window.top = rows[i].top;
        int result = esp_open(&sa, packet.data, packet.len, &o);
        if (result != SD_OK)
            fail_msg("%s: expected it to open, found %s", rows[i].source, sd_result_name(result));
        hex_check(rows[i].source, rows[i].payload, o.payload, o.len);
        assert_int_equal(o.next_header, rows[i].next_header);
        esp_sa_fini(&sa);
    }
}

/* Every suite, with and without extended numbers, every length about the paddings' edges. */
static void test_round(void **state)
{
    (void)state;
    static uint8_t payload[1500], packet[2000];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    for (size_t s = 0; s < 2 * SD_ROWS(suites); s++) {
        const struct suite_row *row = &suites[s / 2];
        struct esp_sa out, in;
        struct esp_opened o;
        pair(&row->suite, s % 2, 64, &out, &in);
        assert_int_equal(cipher_key_len(&row->suite), row->key_len);
        assert_int_equal(esp_sealed_len(&row->suite, 0, 0), row->empty);
        for (size_t len = 0; len <= 40; len++) {
            for (size_t pad_to = 0; pad_to <= 1400; pad_to += 700) {
                size_t sealed = esp_sealed_len(&row->suite, len, pad_to);
                packet[sealed] = 0x5a;
                assert_int_equal(esp_seal(&out, &env, packet, payload, len, pad_to, 4), SD_OK);
                assert_int_equal(packet[sealed], 0x5a);
                assert_int_equal(esp_open(&in, packet, sealed, &o), SD_OK);
                assert_int_equal(o.len, len > pad_to ? len : pad_to);
                assert_memory_equal(o.payload, payload, len);
                assert_int_equal(o.next_header, 4);
                assert_true(o.newest);
            }
        }
        assert_int_equal(out.packets, in.packets);
        end(&out, &in);
    }
}

/* One bit anywhere. */
static void test_changed(void **state)
{
    (void)state;
    for (size_t s = 0; s < 2 * SD_ROWS(suites); s++) {
        struct esp_sa out, in;
        struct esp_opened o;
        uint8_t packet[200], copy[200];
        pair(&suites[s / 2].suite, s % 2, 64, &out, &in);
        size_t len = esp_sealed_len(&out.suite, 50, 0);
        esp_seal(&out, &env, packet, nothing, 50, 0, 4);
        for (size_t bit = 8 * 4; bit < 8 * len; bit++) { /* the SPI says which SA it is */
            memcpy(copy, packet, len);
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            int result = esp_open(&in, copy, len, &o);
            if (result == SD_OK)
                fail_msg("suite %zu, bit %zu changed: expected a refusal", s / 2, bit);
        }
        for (size_t cut = 0; cut < len; cut++) {
            memcpy(copy, packet, len);
            assert_int_not_equal(esp_open(&in, copy, cut, &o), SD_OK);
        }
        assert_int_equal(esp_open(&in, packet, len, &o), SD_OK); /* none of them moved the window */
        end(&out, &in);
    }
}

/* Nothing is delivered twice, whatever the window's size and the order of arrival. */
static void test_replayed(void **state)
{
    (void)state;
    static const uint32_t windows[] = {1, 32, 64, 100, 1024, 65536};
    enum { PACKETS = 300, LEN = 200 };
    static uint8_t packets[PACKETS][LEN];
    for (size_t s = 0; s < SD_ROWS(suites); s++) {
        for (size_t n = 0; n < SD_ROWS(windows); n++) {
            struct esp_sa out, in;
            struct esp_opened o;
            uint8_t copy[LEN], delivered[PACKETS] = {0};
            pair(&suites[s].suite, n % 2, windows[n], &out, &in);
            size_t len = esp_sealed_len(&out.suite, 60, 0);
            for (size_t i = 0; i < PACKETS; i++)
                esp_seal(&out, &env, packets[i], nothing, 60, 0, 4);
            for (size_t round = 0; round < 4; round++) {
                for (size_t i = 0; i < PACKETS; i++) {
                    size_t which = round ? (i * 7 * round + 13) % PACKETS : i ^ 3u;
                    memcpy(copy, packets[which], len);
                    delivered[which] += esp_open(&in, copy, len, &o) == SD_OK;
                }
            }
            for (size_t i = 0; i < PACKETS; i++)
                if (delivered[i] > 1 || (windows[n] >= 4 && delivered[i] != 1))
                    fail_msg("suite %zu, window %u, packet %zu: delivered %u times", s, windows[n],
                             i + 1, delivered[i]);
            end(&out, &in);
        }
    }
}

/* 2.2.1: only the lower half travels. */
static void test_extended(void **state)
{
    (void)state;
    for (size_t s = 0; s < SD_ROWS(suites); s++) {
        struct esp_sa out, in;
        struct esp_opened o;
        uint8_t packet[64][200];
        pair(&suites[s].suite, true, 64, &out, &in);
        out.sequence = in.window.top = G - 20;
        size_t len = esp_sealed_len(&out.suite, 40, 0);
        for (size_t i = 0; i < 40; i++)
            esp_seal(&out, &env, packet[i], nothing, 40, 0, 4);
        for (size_t i = 40; i-- > 0;) { /* the last first: back over the wrap */
            uint8_t copy[200];
            memcpy(copy, packet[i], len);
            assert_int_equal(esp_open(&in, copy, len, &o), SD_OK);
            assert_int_equal(o.newest, i == 39);
            assert_int_equal(esp_open(&in, packet[i], len, &o), SD_DROP_REPLAY);
        }
        assert_true(in.window.top == G + 20);
        /* The same lower half, 2^32 later, is another packet. */
        out.sequence = in.window.top = 2 * G + 19;
        esp_seal(&out, &env, packet[0], nothing, 40, 0, 4);
        assert_int_equal(esp_open(&in, packet[0], len, &o), SD_OK);
        end(&out, &in);
    }
}

/* 3.3.3: a counter that would begin again ends the SA instead. */
static void test_used_up(void **state)
{
    (void)state;
    struct esp_sa out, in;
    uint8_t packet[100];
    pair(&suites[0].suite, false, 64, &out, &in);
    out.sequence = UINT32_MAX - 1;
    assert_int_equal(esp_seal(&out, &env, packet, nothing, 10, 0, 4), SD_OK);
    assert_int_equal(esp_seal(&out, &env, packet, nothing, 10, 0, 4), SD_DROP_STATE);
    end(&out, &in);
}

static void test_unknown(void **state)
{
    (void)state;
    static const struct cipher_suite rows[] = {
        {CIPHER_AES_CBC, 128, CIPHER_NO_INTEGRITY}, /* 3.1.1: never without a MAC */
        {CIPHER_AES_GCM_16, 128, CIPHER_HMAC_SHA2_256_128},
        {CIPHER_AES_GCM_16, 192, CIPHER_NO_INTEGRITY},
        {CIPHER_CHACHA20_POLY1305, 128, CIPHER_NO_INTEGRITY},
        {0, 0, 0},
    };
    struct esp_sa sa;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        assert_int_equal(esp_sa_init(&sa, &env, &rows[i], false, 256, key, 64), SD_E_ARG);
        assert_int_equal(cipher_key_len(&rows[i]), 0);
        assert_int_equal(esp_sealed_len(&rows[i], 10, 0), 0);
        assert_string_equal(cipher_name(&rows[i]), "unknown");
    }
    assert_int_equal(esp_sealed_len(&suites[0].suite, 65500, 0), 0); /* no IP packet holds it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_round),
        cmocka_unit_test(test_changed),   cmocka_unit_test(test_replayed),
        cmocka_unit_test(test_extended),  cmocka_unit_test(test_used_up),
        cmocka_unit_test(test_unknown),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
