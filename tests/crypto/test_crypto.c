/* test_crypto.c - the counted wrappers against published vectors, and that each counts once. */
#include "protocols/crypto/aead.h"
#include "protocols/crypto/dh.h"
#include "protocols/crypto/hash.h"
#include "protocols/crypto/kdf.h"
#include "protocols/crypto/p256.h"
#include "protocols/crypto/p521.h"
#include "protocols/crypto/sign.h"
#include "protocols/crypto/x448.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"
#include "tests/crypto/hex.h"

static void test_x25519(void **state)
{
    (void)state;
    static const struct {
        const char *source, *private_key, *public_key, *shared;
    } rows[] = {
        {"RFC 7748 5.2, first", "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
         "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
        {"RFC 7748 5.2, second", "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
         "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
         "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
        {"RFC 7748 6.1, Alice", "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
         "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
        {"RFC 7748 6.1, Bob", "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
         "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
         "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
        {"the point of order 1 is refused",
         "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", "32*00", "32*00"},
    };
    uint8_t out[32];
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        bool good =
            sd_x25519(out, hex_of(rows[i].private_key).data, hex_of(rows[i].public_key).data);
        hex_check(rows[i].source, rows[i].shared, out, 32);
        assert_int_equal(good, i < 4);
    }
    sd_x25519_public(out, hex_of(rows[2].private_key).data);
    hex_check("RFC 7748 6.1, Alice's public key", rows[3].public_key, out, 32);
}

static void test_p256(void **state)
{
    (void)state;
    /* RFC 5903 8.1: i, r; their points, compressed; the x coordinate of what they share. */
    static const char *const private_key[] = {
        "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
        "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"};
    static const char *const public_key[] = {
        "03dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180",
        "03d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"};
    static const char shared[] = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
    static const struct {
        const char *what, *public_key;
    } refused[] = {
        {"no y for this x", "020000000000000000000000000000000000000000000000000000000000000001"},
        {"x is not below p", "02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"},
        {"not compressed", "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"},
        {"infinity", "33*00"},
    };
    uint8_t out[SD_P256_PUBLIC];
    for (int i = 0; i < 2; i++) {
        assert_true(sd_p256_public(out, hex_of(private_key[i]).data));
        hex_check("RFC 5903 8.1, public key", public_key[i], out, SD_P256_PUBLIC);
        assert_true(sd_p256(out, hex_of(private_key[i]).data, hex_of(public_key[!i]).data));
        hex_check("RFC 5903 8.1, shared", shared, out, SD_P256_SHARED);
    }
    for (size_t i = 0; i < SD_ROWS(refused); i++) {
        assert_false(sd_p256(out, hex_of(private_key[0]).data, hex_of(refused[i].public_key).data));
        hex_check(refused[i].what, "32*00", out, SD_P256_SHARED);
    }
    assert_false(sd_p256_public(out, hex_of("32*00").data));
    assert_false(sd_p256_public(out, hex_of("32*ff").data));
}

static void test_p521(void **state)
{
    (void)state;
    /* RFC 5903 8.3: i, r; their points, compressed; the x coordinate of what they share. */
    static const char *const private_key[] = {
        "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937"
        "ba9777f5957b2639bab072462f68c27a57382d4a52",
        "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757a3bdbf2a31"
        "63e4c2f869cca7458aa4a4effc311f5cb151685eb9"};
    static const char *const public_key[] = {
        "020015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e380aeae57c"
        "2d107564941885942af5a7f4601723c4195d176ced3e",
        "0200d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e95bb0352"
        "f6be64a6c2912d4ef2d0433ced2b6171640012d9460f"};
    static const char shared[] =
        "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859"
        "810c06b3c715a3a8cc3151f2bee417996d19f3ddea";
    static const char *const refused[] = {"67*00", "67*ff", "67*02", "67*04"};
    uint8_t out[SD_P521_PUBLIC];
    for (int i = 0; i < 2; i++) {
        assert_true(sd_p521_public(out, hex_of(private_key[i]).data));
        hex_check("RFC 5903 8.3, public key", public_key[i], out, SD_P521_PUBLIC);
        assert_true(sd_p521(out, hex_of(private_key[i]).data, hex_of(public_key[!i]).data));
        hex_check("RFC 5903 8.3, shared", shared, out, SD_P521_SHARED);
    }
    for (size_t i = 0; i < SD_ROWS(refused); i++) {
        assert_false(sd_p521(out, hex_of(private_key[0]).data, hex_of(refused[i]).data));
        hex_check(refused[i], "66*00", out, SD_P521_SHARED);
    }
    assert_false(sd_p521_public(out, hex_of("66*00").data));
    assert_false(sd_p521_public(out, hex_of("66*ff").data));
}

static void test_x448(void **state)
{
    (void)state;
    /* RFC 7748 6.2 */
    static const char *const private_key[] = {
        "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
        "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
        "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d"
        "6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d"};
    static const char *const public_key[] = {
        "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
        "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
        "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
        "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609"};
    static const char shared[] = "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
                                 "b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d";
    uint8_t out[SD_X448_LEN];
    for (int i = 0; i < 2; i++) {
        sd_x448_public(out, hex_of(private_key[i]).data);
        hex_check("RFC 7748 6.2, public key", public_key[i], out, SD_X448_LEN);
        assert_true(sd_x448(out, hex_of(private_key[i]).data, hex_of(public_key[!i]).data));
        hex_check("RFC 7748 6.2, shared", shared, out, SD_X448_LEN);
    }
    assert_false(sd_x448(out, hex_of(private_key[0]).data, hex_of("56*00").data));
    hex_check("the point of order 1 is refused", "56*00", out, SD_X448_LEN);
}

static void test_hashes(void **state)
{
    (void)state;
    enum { BLAKE2S, BLAKE2S_MAC, SHA256, HMAC_BLAKE2S, HMAC_SHA256 };
    static const struct {
        const char *source;
        int function;
        const char *key, *data, *out;
    } rows[] = {
        {"RFC 7693 B, \"abc\"", BLAKE2S, "", "616263",
         "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"},
        {"BLAKE2 reference vectors, keyed, empty", BLAKE2S_MAC, "0..32", "",
         "48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49"},
        {"Python's hashlib, 16 bytes out", BLAKE2S_MAC, "0..32", "0..116",
         "072e94ffbfc684bd8ab2a1b9dade2fd5"},
        {"FIPS 180-4, \"abc\"", SHA256, "", "616263",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"Python's hmac, empty", HMAC_BLAKE2S, "0..32", "",
         "e2641d24dfa8dd89e8cb77f1cdc77d8c006e5bebdfc4d6a3a3a6f8d5b7586fb0"},
        {"Python's hmac, key longer than a block", HMAC_BLAKE2S, "0..100", "0..70",
         "673e0d5acf76590d4863bd3bea0d6ce85d93a96ea4f76dcb2e48c3e0635d5017"},
        {"RFC 4231 4.2", HMAC_SHA256, "20*0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex key = hex_of(rows[i].key), data = hex_of(rows[i].data);
        size_t len = hex_of(rows[i].out).len, half = data.len / 3;
        uint8_t out[32];
        switch (rows[i].function) {
        case BLAKE2S:
            sd_blake2s(out, data.data, half, data.data + half, data.len - half);
            break;
        case BLAKE2S_MAC:
            sd_blake2s_mac(out, len, key.data, key.len, data.data, data.len);
            break;
        case SHA256:
            sd_sha256(out, data.data, half, data.data + half, data.len - half);
            break;
        case HMAC_BLAKE2S:
            sd_hmac_blake2s(out, key.data, key.len, data.data, data.len);
            break;
        case HMAC_SHA256:
            sd_hmac_sha256(out, key.data, key.len, data.data, data.len);
            break;
        }
        hex_check(rows[i].source, rows[i].out, out, len);
    }
}

static void test_hkdf(void **state)
{
    (void)state;
    static const struct {
        const char *source, *input, *salt, *info, *prk, *out;
    } rows[] = {
        {"RFC 5869 A.1", "22*0b", "0..13", "f0f1f2f3f4f5f6f7f8f9",
         "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {"RFC 5869 A.2", "0..80", "96..176", "176..256",
         "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
         "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {"RFC 5869 A.3", "22*0b", "", "",
         "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    uint8_t prk[32], out[128];
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex input = hex_of(rows[i].input), salt = hex_of(rows[i].salt),
                   info = hex_of(rows[i].info);
        size_t len = hex_of(rows[i].out).len;
        sd_hkdf_sha256_extract(prk, salt.data, salt.len, input.data, input.len);
        hex_check(rows[i].source, rows[i].prk, prk, sizeof prk);
        sd_hkdf_sha256_expand(out, len, prk, info.data, info.len);
        hex_check(rows[i].source, rows[i].out, out, len);
    }

    /* WireGuard's KDF1, KDF2 and KDF3 give the same first blocks; values by Python's hmac. */
    static const char *const block[] = {
        "6a96444e20e8d4c1cee974416acae1c10b3c92886010e54ed94dafb2c3b80ea0",
        "57af120b0de7acbe7907ec149c5ae870a2dbb74232b65777ba4123f1f7f888f5",
        "0926c7caabb6e8d73beda759e6f4f0d324ce5b5000bcf8cd784b26db3049faa9"};
    for (int n = 1; n <= 3; n++) {
        uint8_t chain[32], second[32], third[32];
        memcpy(chain, hex_of("0..32").data, 32);
        sd_hkdf_blake2s(chain, n > 1 ? second : NULL, n > 2 ? third : NULL, chain,
                        hex_of("32..64").data, 32);
        hex_check("KDFn, first", block[0], chain, 32);
        if (n > 1)
            hex_check("KDFn, second", block[1], second, 32);
        if (n > 2)
            hex_check("KDFn, third", block[2], third, 32);
    }
}

#define LADIES                                                                                     \
    "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a2049662049" \
    "20"                                                                                           \
    "636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073" \
    "75"                                                                                           \
    "6e73637265656e20776f756c642062652069742e"
#define GCM_TEXT                                                                                   \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6" \
    "b5"                                                                                           \
    "25b16aedf5aa0de657ba637b39"

struct aead_row {
    const char *source;
    enum { CHACHA, CHACHA12, XCHACHA, GCM } cipher;
    size_t tag;
    const char *key, *nonce, *aad, *text, *sealed;
};
static const struct aead_row aeads[] = {
    {"RFC 8439 2.8.2", CHACHA, 16, "128..160", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7", LADIES,
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
     "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
     "4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"},
    {"the same, tag of 12 bytes", CHACHA12, 12, "128..160", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7", LADIES,
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
     "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
     "4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecb"},
    {"draft-irtf-cfrg-xchacha A.3.1", XCHACHA, 16, "128..160", "64..88", "50515253c0c1c2c3c4c5c6c7",
     LADIES,
     "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda"
     "7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b23835"
     "65d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49"},
    {"GCM specification, case 4", GCM, 16, "feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", GCM_TEXT,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
     "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
    {"the same, tag of 12 bytes", GCM, 12, "feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", GCM_TEXT,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
     "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95a"},
    {"GCM specification, case 16", GCM, 16,
     "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2", GCM_TEXT,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
     "8838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

static void seal(const struct aead_row *row, uint8_t *out, const struct hex *text)
{
    struct hex key = hex_of(row->key), nonce = hex_of(row->nonce), aad = hex_of(row->aad);
    const struct sd_aes_gcm gcm = {.key = key.data, .key_len = key.len, .tag_len = row->tag};
    if (row->cipher == CHACHA)
        sd_chachapoly_seal(out, text->data, text->len, aad.data, aad.len, nonce.data, key.data);
    else if (row->cipher == CHACHA12)
        sd_chachapoly12_seal(out, text->data, text->len, aad.data, aad.len, nonce.data, key.data);
    else if (row->cipher == XCHACHA)
        sd_xchachapoly_seal(out, text->data, text->len, aad.data, aad.len, nonce.data, key.data);
    else
        sd_aes_gcm_seal(&gcm, out, text->data, text->len, aad.data, aad.len, nonce.data);
}

static bool unseal(const struct aead_row *row, uint8_t *out, const uint8_t *sealed, size_t len)
{
    struct hex key = hex_of(row->key), nonce = hex_of(row->nonce), aad = hex_of(row->aad);
    const struct sd_aes_gcm gcm = {.key = key.data, .key_len = key.len, .tag_len = row->tag};
    if (row->cipher == CHACHA)
        return sd_chachapoly_open(out, sealed, len, aad.data, aad.len, nonce.data, key.data);
    if (row->cipher == CHACHA12)
        return sd_chachapoly12_open(out, sealed, len, aad.data, aad.len, nonce.data, key.data);
    if (row->cipher == XCHACHA)
        return sd_xchachapoly_open(out, sealed, len, aad.data, aad.len, nonce.data, key.data);
    return sd_aes_gcm_open(&gcm, out, sealed, len, aad.data, aad.len, nonce.data);
}

static void test_aead(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(aeads); i++) {
        const struct aead_row *row = &aeads[i];
        struct hex text = hex_of(row->text), sealed = hex_of(row->sealed);
        uint8_t out[HEX_MAX];
        seal(row, out, &text);
        hex_check(row->source, row->sealed, out, text.len + row->tag);
        assert_true(unseal(row, out, sealed.data, sealed.len));
        hex_check(row->source, row->text, out, text.len);
        /* In place, as agents do. */
        struct hex place = text;
        seal(row, place.data, &place);
        hex_check(row->source, row->sealed, place.data, text.len + row->tag);
        assert_true(unseal(row, place.data, place.data, sealed.len));
        hex_check(row->source, row->text, place.data, text.len);
        /* One bit changed anywhere, or a byte less, is refused. */
        for (size_t bit = 0; bit < 8 * sealed.len; bit += 37) {
            sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(unseal(row, out, sealed.data, sealed.len));
            sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_false(unseal(row, out, sealed.data, sealed.len - 1));
        assert_false(unseal(row, out, sealed.data, row->tag - 1));
    }
}

static void test_ed25519(void **state)
{
    (void)state;
    static const struct {
        const char *source, *seed, *public_key, *data, *signature;
    } rows[] = {
        {"RFC 8032 7.1, test 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9"
         "b46bd25bf5f0595bbe24655141438e7a100b"},
        {"RFC 8032 7.1, test 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0f1"
         "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex seed = hex_of(rows[i].seed), data = hex_of(rows[i].data);
        uint8_t public_key[32], signature[64];
        sd_ed25519_public(public_key, seed.data);
        hex_check(rows[i].source, rows[i].public_key, public_key, 32);
        sd_ed25519_sign(signature, data.data, data.len, seed.data, public_key);
        hex_check(rows[i].source, rows[i].signature, signature, 64);
        assert_true(sd_ed25519_verify(signature, data.data, data.len, public_key));
        signature[5] ^= 1;
        assert_false(sd_ed25519_verify(signature, data.data, data.len, public_key));
    }
}

/* -- counting: every wrapper books one call on the entered agent, and no memory -- */

static uint8_t a[64], b[64], c[128];

static void do_keygen(struct sd_env *env)
{
    sd_x25519_keygen(env, a, b);
}
static void do_derive(struct sd_env *env)
{
    (void)env;
    uint8_t nine[32] = {9};
    sd_x25519(a, b, nine);
}
static void do_hash(struct sd_env *env)
{
    (void)env;
    sd_blake2s(a, b, 10, c, 20);
}
static void do_sha256(struct sd_env *env)
{
    (void)env;
    sd_sha256(a, b, 10, c, 20);
}
static void do_mac(struct sd_env *env)
{
    (void)env;
    sd_blake2s_mac(a, 16, b, 32, c, 100);
}
static void do_hmac(struct sd_env *env)
{
    (void)env;
    sd_hmac_blake2s(a, b, 32, c, 100);
}
static void do_kdf(struct sd_env *env)
{
    (void)env;
    sd_hkdf_blake2s(a, b, c, a, b, 32);
}
static void do_expand(struct sd_env *env)
{
    (void)env;
    sd_hkdf_sha256_expand(c, 100, a, b, 8);
}
static void do_seal(struct sd_env *env)
{
    (void)env;
    sd_chachapoly_seal(c, c, 100, a, 20, b, b);
}
static void do_xopen(struct sd_env *env)
{
    (void)env;
    sd_xchachapoly_open(c, c, 116, a, 20, b, b);
}
static void do_gcm(struct sd_env *env)
{
    (void)env;
    const struct sd_aes_gcm gcm = {.key = a, .key_len = 16, .tag_len = 16};
    sd_aes_gcm_seal(&gcm, c, c, 100, a, 20, b);
}
static void do_sign(struct sd_env *env)
{
    (void)env;
    sd_ed25519_sign(c, a, 50, a, b);
}
static void do_verify(struct sd_env *env)
{
    (void)env;
    sd_ed25519_verify(c, a, 50, b);
}

static void test_counting(void **state)
{
    (void)state;
    static const struct {
        void (*run)(struct sd_env *);
        enum sd_op op;
        const char *alg;
        uint64_t bytes;
    } rows[] = {
        {do_keygen, SD_OP_KEYGEN, "X25519", 32},
        {do_derive, SD_OP_DERIVE, "X25519", 32},
        {do_hash, SD_OP_HASH, "BLAKE2S-256", 30},
        {do_sha256, SD_OP_HASH, "SHA2-256", 30},
        {do_mac, SD_OP_MAC, "BLAKE2SMAC", 100},
        {do_hmac, SD_OP_MAC, "HMAC-BLAKE2S", 100},
        {do_kdf, SD_OP_KDF, "HKDF-BLAKE2S", 32},
        {do_expand, SD_OP_KDF, "HKDF-SHA2-256", 100},
        {do_seal, SD_OP_SEAL, "ChaCha20-Poly1305", 120},
        {do_xopen, SD_OP_OPEN, "XChaCha20-Poly1305", 120},
        {do_gcm, SD_OP_SEAL, "AES-128-GCM", 120},
        {do_sign, SD_OP_SIGN, "ED25519", 50},
        {do_verify, SD_OP_VERIFY, "ED25519", 50},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_env env;
        assert_int_equal(sd_env_init(&env, 1), SD_OK);
        struct sd_env *before = sd_enter(&env);
        rows[i].run(&env);
        sd_leave(before);
        assert_int_equal(env.account.rows, 1);
        assert_int_equal(env.account.row[0].op, rows[i].op);
        assert_string_equal(env.account.row[0].alg, rows[i].alg);
        assert_int_equal(env.account.row[0].calls, 1);
        assert_int_equal(env.account.row[0].bytes, rows[i].bytes);
        assert_int_equal(sd_heap_bytes(&env), 0);
        assert_int_equal(sd_count_depth, 0);
        sd_env_fini(&env);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x25519),   cmocka_unit_test(test_p256),
        cmocka_unit_test(test_p521),     cmocka_unit_test(test_x448),
        cmocka_unit_test(test_hashes),   cmocka_unit_test(test_hkdf),
        cmocka_unit_test(test_aead),     cmocka_unit_test(test_ed25519),
        cmocka_unit_test(test_counting),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
