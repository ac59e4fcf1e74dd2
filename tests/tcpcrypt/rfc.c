#include "tests/tcpcrypt/rfc.h"
#include "tests/core/unit.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <string.h>

static void hmac(uint8_t out[32], const uint8_t *key, size_t key_len, const uint8_t *value,
                 size_t len)
{
    unsigned n = 32;
    assert_non_null(HMAC(EVP_sha256(), key, (int)key_len, value, len, out, &n));
}

void rfc_extract(uint8_t prk[32], const uint8_t *salt, size_t salt_len, const uint8_t *ikm,
                 size_t ikm_len)
{
    hmac(prk, salt, salt_len, ikm, ikm_len);
}

void rfc_cprf(uint8_t *out, size_t l, const uint8_t k[32], const uint8_t *constant, size_t len)
{
    uint8_t t[32], value[32 + 64 + 1];
    size_t before = 0;
    for (uint8_t n = 1; l > 0; n++) {
        memcpy(value, t, before);
        memcpy(value + before, constant, len);
        value[before + len] = n;
        hmac(t, k, 32, value, before + len + 1);
        before = 32;
        size_t take = l < 32 ? l : 32;
        memcpy(out, t, take);
        out += take;
        l -= take;
    }
}

/* A constant and what is concatenated to it. */
static void cprf(uint8_t *out, size_t l, const uint8_t k[32], uint8_t constant, const uint8_t *sn,
                 size_t sn_len)
{
    uint8_t value[1 + 16] = {constant};
    if (sn_len)
        memcpy(value + 1, sn, sn_len);
    rfc_cprf(out, l, k, value, 1 + sn_len);
}

/* -- 5 -- */

static EVP_PKEY *point_key(const char *group, const uint8_t *private_key, size_t private_len,
                           const uint8_t *public_key, size_t len)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *d = private_key ? BN_bin2bn(private_key, (int)private_len, NULL) : NULL;
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD_push_utf8_string(build, "group", group, 0);
    if (d)
        OSSL_PARAM_BLD_push_BN(build, "priv", d);
    else
        OSSL_PARAM_BLD_push_octet_string(build, "pub", public_key, len);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(c), 1);
    assert_int_equal(EVP_PKEY_fromdata(c, &key, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params),
                     1);
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(d);
    return key;
}

/* Table 4 of section 7, and what section 5 says of each. */
static const struct scheme {
    int tep, type; /* type: of EVP; 0: a curve of points */
    const char *group;
    size_t private_len, pub_len, shared_len;
} schemes[] = {
    {0x21, 0, "prime256v1", 32, 35, 32},
    {0x22, 0, "secp521r1", 66, 69, 66},
    {0x23, EVP_PKEY_X25519, NULL, 32, 32, 32},
    {0x24, EVP_PKEY_X448, NULL, 56, 56, 56},
};

static const struct scheme *scheme_of(int tep)
{
    const struct scheme *s = schemes;
    while (s->tep != tep)
        s++;
    return s;
}

size_t rfc_shared(uint8_t es[RFC_SHARED_MAX], int tep, const uint8_t *private_key,
                  const uint8_t *pub, size_t pub_len)
{
    const struct scheme *s = scheme_of(tep);
    EVP_PKEY *own, *peer;
    size_t n = RFC_SHARED_MAX;
    if (s->group) {
        assert_int_equal(pub[0] << 8 | pub[1], pub_len);
        own = point_key(s->group, private_key, s->private_len, NULL, 0);
        peer = point_key(s->group, NULL, 0, pub + 2, pub_len - 2);
    } else {
        own = EVP_PKEY_new_raw_private_key(s->type, NULL, private_key, s->private_len);
        peer = EVP_PKEY_new_raw_public_key(s->type, NULL, pub, pub_len);
    }
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(own, NULL);
    assert_int_equal(EVP_PKEY_derive_init(c), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(c, peer), 1);
    assert_int_equal(EVP_PKEY_derive(c, es, &n), 1);
    assert_int_equal(n, s->shared_len);
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
    return n;
}

/* -- 4.1 -- */

static uint32_t number(const uint8_t *p, int bytes)
{
    uint32_t v = 0;
    while (bytes-- > 0)
        v = v << 8 | *p++;
    return v;
}

static void init_at(struct rfc_init *init, const uint8_t *stream, size_t len, int tep, size_t nonce)
{
    init->len = number(stream + 4, 4);
    init->nonce = stream + nonce;
    init->pub = stream + nonce + 32;
    init->pub_len = scheme_of(tep)->pub_len;
    assert_true(init->len <= len);
    assert_int_equal(init->len, nonce + 32 + init->pub_len); /* nothing is to be ignored */
}

void rfc_init1(struct rfc_init *init, const uint8_t *stream, size_t len, int tep)
{
    assert_int_equal(number(stream, 4), 0x15101a0e);
    init_at(init, stream, len, tep, 9 + 2u * stream[8]);
}

void rfc_init2(struct rfc_init *init, const uint8_t *stream, size_t len, int tep)
{
    assert_int_equal(number(stream, 4), 0x097105e0);
    init->cipher = number(stream + 8, 2);
    init_at(init, stream, len, tep, 10);
}

/* -- 3.3, 3.6, 3.8, 4.2 -- */

static bool open_frame(uint8_t *plain, unsigned cipher, const uint8_t *key, const uint8_t *nonce,
                       const uint8_t *frame, size_t clen)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *is = cipher == 1   ? EVP_aes_128_gcm()
                           : cipher == 2 ? EVP_aes_256_gcm()
                                         : EVP_chacha20_poly1305();
    int n;
    assert_int_equal(EVP_DecryptInit_ex(c, is, NULL, key, nonce), 1);
    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, (void *)(uintptr_t)(frame + 3 + clen - 16));
    EVP_DecryptUpdate(c, NULL, &n, frame, 3);
    EVP_DecryptUpdate(c, plain, &n, frame + 3, (int)(clen - 16));
    bool good = EVP_DecryptFinal_ex(c, plain + n, &n) == 1;
    EVP_CIPHER_CTX_free(c);
    return good;
}

void rfc_decrypt(struct rfc_text *text, const uint8_t ss[32], const uint8_t *sn, size_t sn_len,
                 unsigned cipher, int host, const uint8_t *stream, size_t len, size_t offset)
{
    static uint8_t plain[1 << 16];
    uint8_t mk[32], key[32 + 12], nonce[12];
    size_t key_len = cipher == 1 ? 16 : 32;
    *text = (struct rfc_text){0};
    cprf(mk, 32, ss, 0x03, sn, sn_len);
    while (offset < len) {
        const uint8_t *frame = stream + offset;
        size_t clen = number(frame + 1, 2);
        assert_true(offset + 3 + clen <= len);
        if (frame[0] & 1) {
            uint8_t next[32];
            cprf(next, 32, mk, 0x03, NULL, 0);
            memcpy(mk, next, 32);
            text->rekeys++;
        }
        cprf(key, key_len + 12, mk, host ? 0x05 : 0x04, NULL, 0);
        for (int i = 0; i < 12; i++)
            nonce[i] = key[key_len + (size_t)i] ^
                       (i < 4 ? 0 : (uint8_t)((uint64_t)offset >> 8 * (11 - i)));
        if (!open_frame(plain, cipher, key, nonce, frame, clen)) {
            text->broken = true;
            return;
        }
        size_t before = plain[0] & 2 ? 3 : 1, n = clen - 16 - before;
        memcpy(text->data + text->len, plain + before, n);
        text->len += n;
        text->frames++;
        text->fins += plain[0] & 1;
        text->fin_last = plain[0] & 1;
        offset += 3 + clen;
    }
}

void rfc_session_id(uint8_t id[33], uint8_t tep_byte, const uint8_t ss[32], const uint8_t *sn,
                    size_t sn_len)
{
    id[0] = tep_byte;
    cprf(id + 1, 32, ss, 0x02, sn, sn_len);
}
