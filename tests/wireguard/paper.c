#include "tests/wireguard/paper.h"
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* HASH(a || b) */
static void hash(uint8_t out[32], const void *a, size_t a_len, const void *b, size_t b_len)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    EVP_DigestInit(c, EVP_blake2s256());
    EVP_DigestUpdate(c, a, a_len);
    EVP_DigestUpdate(c, b, b_len);
    EVP_DigestFinal(c, out, NULL);
    EVP_MD_CTX_free(c);
}

/* HMAC by RFC 2104, for keys of 32 bytes. */
static void hmac(uint8_t out[32], const uint8_t key[32], const void *data, size_t len)
{
    uint8_t pad[64], inner[32];
    for (int outer = 0; outer < 2; outer++) {
        memset(pad, 0, sizeof pad);
        memcpy(pad, key, 32);
        for (int i = 0; i < 64; i++)
            pad[i] ^= outer ? 0x5c : 0x36;
        if (outer)
            hash(out, pad, 64, inner, 32);
        else
            hash(inner, pad, 64, data, len);
    }
}

/* KDF_n(key, input): n outputs of 32 bytes. */
static void kdf(int n, uint8_t (*out)[32], const uint8_t key[32], const void *input, size_t len)
{
    uint8_t t0[32], data[33];
    hmac(t0, key, input, len);
    for (int i = 0; i < n; i++) {
        size_t have = i ? 32 : 0;
        if (i)
            memcpy(data, out[i - 1], 32);
        data[have] = (uint8_t)(i + 1);
        hmac(out[i], t0, data, have + 1);
    }
}

static bool mac(const uint8_t key[32], const uint8_t *message, size_t len, const uint8_t tag[16])
{
    EVP_MAC *m = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
    EVP_MAC_CTX *c = EVP_MAC_CTX_new(m);
    size_t size = 16;
    uint8_t out[32];
    OSSL_PARAM set[] = {OSSL_PARAM_construct_size_t("size", &size), OSSL_PARAM_construct_end()};
    if (EVP_MAC_init(c, key, 32, set) != 1 || EVP_MAC_update(c, message, len) != 1 ||
        EVP_MAC_final(c, out, &size, sizeof out) != 1 || size != 16)
        abort();
    EVP_MAC_CTX_free(c);
    EVP_MAC_free(m);
    return memcmp(out, tag, 16) == 0;
}

static bool open_aead(uint8_t *out, const uint8_t key[32], uint64_t counter, const uint8_t *sealed,
                      size_t len, const uint8_t *aad, size_t aad_len)
{
    uint8_t nonce[12] = {0};
    for (int i = 0; i < 8; i++)
        nonce[4 + i] = (uint8_t)(counter >> (8 * i));
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, len, aad, aad_len,
                                                     nonce, key) == 0;
}

static void agree(uint8_t out[32], const uint8_t private_key[32], const uint8_t public_key[32])
{
    if (crypto_scalarmult_curve25519(out, private_key, public_key) != 0)
        abort();
}

void paper_handshake(const struct paper_view *v, struct paper_result *r)
{
    static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
    static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";
    const uint8_t *i = v->initiation, *m = v->response;
    const uint8_t *responder = v->initiator ? v->remote_static : v->static_public;
    const uint8_t *initiator = v->initiator ? v->static_public : v->remote_static;
    uint8_t C[32], H[32], out[3][32], dh[32], key[32];
    memset(r, 0, sizeof *r);

    /* 5.4.2, first message; offsets: sender 4, ephemeral 8, static 40, timestamp 88, mac1 116 */
    hash(C, construction, sizeof construction - 1, NULL, 0);
    hash(H, C, 32, identifier, sizeof identifier - 1);
    hash(H, H, 32, responder, 32);
    hash(H, H, 32, i + 8, 32);
    kdf(1, out, C, i + 8, 32);
    memcpy(C, out[0], 32);
    if (v->initiator)
        agree(dh, v->ephemeral_private, v->remote_static);
    else
        agree(dh, v->static_private, i + 8);
    kdf(2, out, C, dh, 32);
    memcpy(C, out[0], 32);
    if (!open_aead(r->static_key, out[1], 0, i + 40, 48, H, 32))
        return;
    hash(H, H, 32, i + 40, 48);
    agree(dh, v->static_private, v->remote_static);
    kdf(2, out, C, dh, 32);
    memcpy(C, out[0], 32);
    if (!open_aead(r->timestamp, out[1], 0, i + 88, 28, H, 32))
        return;
    hash(H, H, 32, i + 88, 28);
    hash(key, "mac1----", 8, responder, 32);
    r->mac1_initiation = mac(key, i, 116, i + 116);

    /* 5.4.3, second message; offsets: sender 4, receiver 8, ephemeral 12, empty 44, mac1 60 */
    kdf(1, out, C, m + 12, 32);
    memcpy(C, out[0], 32);
    hash(H, H, 32, m + 12, 32);
    agree(dh, v->ephemeral_private, v->initiator ? m + 12 : i + 8);
    kdf(1, out, C, dh, 32);
    memcpy(C, out[0], 32);
    if (v->initiator)
        agree(dh, v->static_private, m + 12);
    else
        agree(dh, v->ephemeral_private, v->remote_static);
    kdf(1, out, C, dh, 32);
    memcpy(C, out[0], 32);
    kdf(3, out, C, v->psk, 32);
    memcpy(C, out[0], 32);
    hash(H, H, 32, out[1], 32);
    uint8_t nothing[1];
    r->empty = open_aead(nothing, out[2], 0, m + 44, 16, H, 32);
    hash(key, "mac1----", 8, initiator, 32);
    r->mac1_response = mac(key, m, 60, m + 60);

    /* 5.4.5 */
    kdf(2, out, C, NULL, 0);
    memcpy(r->initiator_to_responder, out[0], 32);
    memcpy(r->responder_to_initiator, out[1], 32);
}

long paper_open(const uint8_t key[32], const uint8_t *message, size_t len, uint8_t *out)
{
    uint64_t counter = 0;
    if (len < 32 || message[0] != 4)
        return -1;
    for (int i = 8; i-- > 0;)
        counter = counter << 8 | message[8 + i];
    return open_aead(out, key, counter, message + 16, len - 16, NULL, 0) ? (long)len - 32 : -1;
}
