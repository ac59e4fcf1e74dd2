/* wireguard.c - a WireGuard handshake in memory against the cryptography that it is made of. */
#include <stdio.h>
#include <string.h>

#include "cmd/bench/bench.h"
#include "cmd/stopwatch.h"
#include "protocols/crypto/aead.h"
#include "protocols/crypto/dh.h"
#include "protocols/crypto/hash.h"
#include "protocols/crypto/kdf.h"
#include "sim/mem/mem.h"

enum { CLIENT, SERVER, SEATS };
#define BETWEEN (10 * SD_SECOND) /* handshakes: two within 5 s would be one */

struct pair {
    struct sd_mem *mem;
    struct sd_identity identity[SEATS];
    struct sd_peer peer[SEATS]; /* peer[SERVER]: the server, as the client knows it */
    sd_sid sid;
    int handshakes;                  /* of one measurement */
    struct sd_account booked[SEATS]; /* by `handshakes` handshakes */
};

static int open_pair(struct pair *p, struct sd_error *error)
{
    static const char *const name[SEATS] = {"client.example", "server.example"};
    const struct sd_agent_ops *wireguard = sd_agent_find("wireguard");
    p->mem = sd_mem_new(1);
    if (wireguard == NULL)
        return sd_fail(error, SD_E_UNSUPPORTED, "bench: this build has no WireGuard");
    for (int i = 0; i < SEATS; i++) {
        sd_identity_x25519(name[i], p->identity[i].x25519_private, p->identity[i].x25519_public);
        memcpy(p->peer[i].public_key, p->identity[i].x25519_public, sizeof p->peer[i].public_key);
        p->peer[i].inner_net = (uint32_t)i + 1;
        p->peer[i].inner_prefix = 32;
    }
    for (int i = 0; i < SEATS; i++) {
        struct sd_config c = {.role = i == CLIENT ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                              .identity = &p->identity[i],
                              .peers = &p->peer[!i],
                              .peer_count = 1};
        if (sd_mem_add(p->mem, wireguard, &c, (uint64_t)i + 2) < 0)
            return sd_fail(error, SD_E_INTERNAL, "bench: %s", sd_mem_error(p->mem));
    }
    int talk = sd_mem_connect(p->mem, CLIENT, SERVER);
    sd_mem_run(p->mem, BETWEEN);
    p->sid = sd_mem_sid(p->mem, talk);
    return sd_mem_count(p->mem, CLIENT, SD_EV_READY) == 1
               ? SD_OK
               : sd_fail(error, SD_E_INTERNAL, "bench: WireGuard in memory does not get ready");
}

static double handshake_ns(void *ctx, struct sd_error *error)
{
    struct pair *p = ctx;
    for (int i = 0; i < SEATS; i++)
        p->booked[i] = sd_mem_seat(p->mem, i)->env->account;
    sd_mem_forget(p->mem);
    double start = sd_cpu_ns();
    for (int i = 0; i < p->handshakes; i++) {
        struct sd_control rekey = {.verb = SD_REKEY};
        sd_mem_control(p->mem, CLIENT, p->sid, &rekey);
        sd_mem_run(p->mem, sd_mem_now(p->mem) + BETWEEN);
    }
    double ns = (sd_cpu_ns() - start) / p->handshakes;
    if (sd_mem_count(p->mem, CLIENT, SD_EV_KEY_UPDATE) != (size_t)p->handshakes) {
        sd_fail(error, SD_E_INTERNAL, "bench: expected %d WireGuard handshakes, found %zu",
                p->handshakes, sd_mem_count(p->mem, CLIENT, SD_EV_KEY_UPDATE));
        return -1;
    }
    for (int i = 0; i < SEATS; i++) {
        const struct sd_account *now = &sd_mem_seat(p->mem, i)->env->account;
        struct sd_account *before = &p->booked[i];
        for (uint32_t r = 0; r < now->rows; r++) {
            before->row[r].calls = now->row[r].calls - before->row[r].calls;
            before->row[r].bytes = now->row[r].bytes - before->row[r].bytes;
        }
    }
    return ns;
}

/* -- the same cryptography alone -- */

static uint8_t in[256] = {9}, out[256 + SD_AEAD_TAG], key[SD_X25519_LEN] = {8}, sealed[256];

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

static const struct primitive {
    enum sd_op op;
    const char *alg;
    void (*once)(size_t len);
} primitives[] = {
    {SD_OP_KEYGEN, "X25519", x25519_keygen},
    {SD_OP_DERIVE, "X25519", x25519_derive},
    {SD_OP_HASH, "BLAKE2S-256", blake2s},
    {SD_OP_MAC, "BLAKE2SMAC", blake2s_mac},
    {SD_OP_KDF, "HKDF-BLAKE2S", hkdf_blake2s},
    {SD_OP_SEAL, "ChaCha20-Poly1305", chachapoly_seal},
    {SD_OP_OPEN, "ChaCha20-Poly1305", chachapoly_open},
};
#define PRIMITIVES (sizeof primitives / sizeof *primitives)

static const struct primitive *primitive_of(const struct sd_account_row *row)
{
    for (size_t i = 0; i < PRIMITIVES; i++)
        if (primitives[i].op == row->op && strcmp(primitives[i].alg, row->alg) == 0)
            return &primitives[i];
    return NULL;
}

/* As many calls as the handshakes made, of the mean number of bytes. */
static double primitives_ns(void *ctx, struct sd_error *error)
{
    struct pair *p = ctx;
    double start = sd_cpu_ns();
    for (int i = 0; i < SEATS; i++)
        for (uint32_t r = 0; r < p->booked[i].rows; r++) {
            const struct sd_account_row *row = &p->booked[i].row[r];
            const struct primitive *primitive = primitive_of(row);
            size_t len = row->calls > 0 ? row->bytes / row->calls : 0;
            if (primitive == NULL || len > sizeof in) {
                sd_fail(error, SD_E_INTERNAL,
                        "bench: WireGuard booked %s %s of %zu bytes, which "
                        "is no primitive of its handshake",
                        sd_op_name(row->op), row->alg, len);
                return -1;
            }
            sd_chachapoly_seal(sealed, in, len < 128 ? len : 0, NULL, 0, in, key);
            for (uint64_t n = 0; n < row->calls; n++)
                primitive->once(len);
        }
    return (sd_cpu_ns() - start) / p->handshakes;
}

int bench_wireguard(struct bench_run *run, bool quick, struct sd_error *error)
{
    struct pair pair = {.handshakes = quick ? 5 : 40};
    struct bench_side lab = {.cost = handshake_ns, .ctx = &pair},
                      alone = {.cost = primitives_ns, .ctx = &pair};
    int result = open_pair(&pair, error);
    if (result == SD_OK)
        result = bench_in_turns(&lab, &alone, quick ? 5 : 40, error);
    sd_mem_free(pair.mem);
    if (result != SD_OK)
        return result;
    struct bench_row row = {.name = "wireguard-memory",
                            .what = "CPU of a WireGuard handshake in memory / sum of its "
                                    "cryptography",
                            .at_most = 1.1};
    bench_ratio(&row, &lab, &alone);
    bench_report(run, &row);
    return SD_OK;
}
