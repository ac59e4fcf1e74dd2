#include "cmd/bench/primitives.h"
#include <string.h>

#include "cmd/stopwatch.h"
#include "protocols/crypto/aead.h"
#include "protocols/crypto/box.h"
#include "protocols/crypto/dh.h"
#include "protocols/crypto/hash.h"
#include "protocols/crypto/kdf.h"
#include "protocols/crypto/mask.h"
#include "protocols/crypto/sign.h"
#include "protocols/crypto/x509.h"
#include "sim/core/config.h"

enum { BYTES_MAX = 2048, TAG = 16 };
static uint8_t in[BYTES_MAX] = {9}, out[BYTES_MAX + TAG], key[SD_X25519_LEN] = {8};
static uint8_t sealed[BYTES_MAX + TAG]; /* what the next primitive opens */

static void x25519_keygen(size_t len)
{
    (void)len;
    sd_x25519_public(out, key);
}

static void x25519_derive(size_t len)
{
    (void)len;
    sd_x25519(out, key, in);
}

static void blake2s(size_t len)
{
    sd_blake2s(out, in, len, NULL, 0);
}

static void sha512(size_t len)
{
    sd_sha512(out, in, len, NULL, 0);
}

static void sha256(size_t len)
{
    sd_sha256(out, in, len, NULL, 0);
}

static void sha1(size_t len)
{
    sd_sha1(out, in, len);
}

static void hmac_sha256(size_t len)
{
    sd_hmac(SD_SHA256, out, key, sizeof key, in, len);
}

static void blake2s_mac(size_t len)
{
    sd_blake2s_mac(out, SD_BLAKE2S_MAC_LEN, key, sizeof key, in, len);
}

static void hkdf_blake2s(size_t len)
{
    sd_hkdf_blake2s(out, out + SD_KDF_LEN, NULL, key, in, len);
}

static void chachapoly_seal(size_t len)
{
    sd_chachapoly_seal(out, in, len, NULL, 0, in, key);
}

static void chachapoly_open(size_t len)
{
    sd_chachapoly_open(out, sealed, len + SD_AEAD_TAG, NULL, 0, in, key);
}

static void box_seal(size_t len)
{
    sd_box_seal(out, in, len, in, key);
}

static void box_open(size_t len)
{
    sd_box_open(out, sealed, len + SD_BOX_TAG, in, key);
}

static void hkdf_sha256(size_t len)
{
    sd_hkdf_sha256_expand(out, len, key, in, SD_KDF_LEN);
}

static void tls13_kdf(size_t len)
{
    const struct sd_expand_label e = {.hash = SD_SHA256,
                                      .prefix = "dtls13",
                                      .label = "c hs traffic",
                                      .secret = key,
                                      .context = in,
                                      .context_len = SD_SHA256_LEN};
    sd_hkdf_expand_label(out, len, &e);
}

static void aes_block(size_t len)
{
    (void)len;
    sd_aes_mask(out, in, key, 16);
}

static const struct sd_aes_gcm aes_128_gcm = {.key = key, .key_len = 16, .tag_len = SD_AEAD_TAG};

static void gcm_seal(size_t len)
{
    sd_aes_gcm_seal(&aes_128_gcm, out, in, len, NULL, 0, in);
}

static void gcm_open(size_t len)
{
    sd_aes_gcm_open(&aes_128_gcm, out, sealed, len + SD_AEAD_TAG, NULL, 0, in);
}

static uint8_t verify_key[SD_ED25519_PUBLIC], signature[SD_ED25519_SIGNATURE];

static void ed25519_sign(size_t len)
{
    sd_ed25519_sign(signature, in, len, key, verify_key);
}

static void ed25519_verify(size_t len)
{
    sd_ed25519_verify(signature, in, len, verify_key);
}

static void ed25519_keygen(size_t len)
{
    (void)len;
    sd_ed25519_public(verify_key, key);
}

static void ed25519_prepare(size_t len)
{
    ed25519_keygen(len);
    ed25519_sign(len);
}

/* -- ECDSA with the key of a certificate -- */

static uint8_t ecdsa[SD_SIGNATURE_MAX];
static size_t ecdsa_len;

static void p256_sign(size_t len)
{
    const struct sd_identity *server = sd_identity("server.example");
    ecdsa_len = sd_sign_with_pem(ecdsa, sizeof ecdsa, server->private_key, in, len);
}

static struct sd_chain leaf;

static void p256_prepare(size_t len)
{
    static struct sd_env env;
    if (leaf.count == 0 && sd_env_init(&env, 1) == SD_OK)
        sd_chain_from_pem(&leaf, &env, sd_identity("server.example")->certificate);
    p256_sign(len);
}

static void p256_verify(size_t len)
{
    sd_verify_with_certificate(&leaf.certificate[0], ecdsa, ecdsa_len, in, len);
}

static const struct primitive {
    enum sd_op op;
    const char *alg;
    void (*once)(size_t len);
    void (*prepare)(size_t len); /* leaves in `out` what `once` opens; NULL: nothing */
} primitives[] = {
    {SD_OP_KEYGEN, "X25519", x25519_keygen, NULL},
    {SD_OP_SIGN, "ED25519", ed25519_sign, ed25519_keygen},
    {SD_OP_VERIFY, "ED25519", ed25519_verify, ed25519_prepare},
    {SD_OP_DERIVE, "X25519", x25519_derive, NULL},
    {SD_OP_SIGN, "P-256", p256_sign, NULL},
    {SD_OP_VERIFY, "P-256", p256_verify, p256_prepare},
    {SD_OP_HASH, "SHA2-256", sha256, NULL},
    {SD_OP_KDF, "TLS13-KDF", tls13_kdf, NULL},
    {SD_OP_SEAL, "AES-128-ECB", aes_block, NULL},
    {SD_OP_HASH, "BLAKE2S-256", blake2s, NULL},
    {SD_OP_HASH, "SHA2-512", sha512, NULL},
    {SD_OP_HASH, "SHA1", sha1, NULL},
    {SD_OP_MAC, "HMAC-SHA2-256", hmac_sha256, NULL},
    {SD_OP_MAC, "BLAKE2SMAC", blake2s_mac, NULL},
    {SD_OP_KDF, "HKDF-BLAKE2S", hkdf_blake2s, NULL},
    {SD_OP_SEAL, "ChaCha20-Poly1305", chachapoly_seal, NULL},
    {SD_OP_OPEN, "ChaCha20-Poly1305", chachapoly_open, chachapoly_seal},
    {SD_OP_KDF, "HKDF-SHA2-256", hkdf_sha256, NULL},
    {SD_OP_SEAL, "AES-128-GCM", gcm_seal, NULL},
    {SD_OP_OPEN, "AES-128-GCM", gcm_open, gcm_seal},
    {SD_OP_SEAL, "XSalsa20-Poly1305", box_seal, NULL},
    {SD_OP_OPEN, "XSalsa20-Poly1305", box_open, box_seal},
};
#define PRIMITIVES (sizeof primitives / sizeof *primitives)

static const struct primitive *primitive_of(const struct sd_account_row *row)
{
    for (size_t i = 0; i < PRIMITIVES; i++)
        if (primitives[i].op == row->op && strcmp(primitives[i].alg, row->alg) == 0)
            return &primitives[i];
    return NULL;
}

void bench_booked(struct sd_account *before, const struct sd_account *now)
{
    for (uint32_t r = 0; r < now->rows; r++) {
        uint64_t calls = r < before->rows ? before->row[r].calls : 0;
        uint64_t bytes = r < before->rows ? before->row[r].bytes : 0;
        before->row[r] = now->row[r];
        before->row[r].calls -= calls;
        before->row[r].bytes -= bytes;
    }
    before->rows = now->rows;
}

double bench_primitives_ns(const struct sd_account *booked, size_t accounts, const char *protocol,
                           struct sd_error *error)
{
    double start = sd_cpu_ns();
    for (size_t i = 0; i < accounts; i++)
        for (uint32_t r = 0; r < booked[i].rows; r++) {
            const struct sd_account_row *row = &booked[i].row[r];
            const struct primitive *primitive = primitive_of(row);
            size_t len = row->calls > 0 ? row->bytes / row->calls : 0;
            if (row->calls == 0)
                continue;
            if (primitive == NULL || len > BYTES_MAX) {
                sd_fail(error, SD_E_INTERNAL,
                        "bench: %s booked %s %s of %zu bytes, which is no primitive of its "
                        "handshake",
                        protocol, sd_op_name(row->op), row->alg, len);
                return -1;
            }
            if (primitive->prepare != NULL) {
                primitive->prepare(len);
                memcpy(sealed, out, len + TAG);
            }
            for (uint64_t n = 0; n < row->calls; n++)
                primitive->once(len);
        }
    return sd_cpu_ns() - start;
}
