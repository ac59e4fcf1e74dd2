/* test_legacy.c - old hashes and DES against RFC 1320, RFC 1321, FIPS 180-4 and RFC 2759. */
#include "protocols/crypto/hash.h"
#include "protocols/crypto/legacy.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "tests/crypto/hex.h"

static void md4(uint8_t *out, const char *text)
{
    sd_md4(out, text, strlen(text));
}

static void md5(uint8_t *out, const char *text)
{
    sd_md5(out, text, strlen(text));
}

static void sha1(uint8_t *out, const char *text)
{
    sd_sha1(out, text, strlen(text));
}

static const struct {
    void (*hash)(uint8_t *out, const char *text);
    size_t len;
    const char *text, *expected;
} rows[] = {
    {md4, SD_MD4_LEN, "", "31d6cfe0d16ae931b73c59d7e0c089c0"},
    {md4, SD_MD4_LEN, "message digest", "d9130a8164549fe818874806e1c7014b"},
    {md5, SD_MD5_LEN, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {md5, SD_MD5_LEN, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {sha1, SD_SHA1_LEN, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
};

static void hashes(void **state)
{
    (void)state;
    uint8_t out[SD_SHA1_LEN];
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        rows[i].hash(out, rows[i].text);
        hex_check(rows[i].text, rows[i].expected, out, rows[i].len);
    }
}

/* RFC 2759 9.2: the challenge under the three parts of the password's hash. */
static void des(void **state)
{
    (void)state;
    const struct hex keys = hex_of("44ebba8d5312b8d611474411f56989ae0000000000");
    uint8_t out[3 * SD_DES_BLOCK];
    for (size_t i = 0; i < 3; i++)
        sd_des(out + i * SD_DES_BLOCK, hex_of("d02e4386bce91226").data, keys.data + i * SD_DES_KEY);
    hex_check("NT response", "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df", out, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hashes), cmocka_unit_test(des)};
    assert_int_equal(sd_core_init(), SD_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
