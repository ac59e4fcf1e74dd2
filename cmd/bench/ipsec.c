/* ipsec.c - an IKE SA with its first child in memory, by shared key, and its deletion, against the
 * cryptography that they are made of. */
#include "cmd/bench/bench.h"
#include "cmd/bench/primitives.h"
#include "cmd/stopwatch.h"
#include "sim/mem/mem.h"

enum { CLIENT, SERVER, SEATS };
#define INNER_NET (UINT32_C(10) << 24 | UINT32_C(99) << 16)

struct pair {
    struct sd_mem *mem;
    struct sd_peer peer[SEATS]; /* as the other side knows it */
    int handshakes;             /* of one measurement */
    struct sd_account booked[SEATS];
};

static int make_pair(struct pair *p, struct sd_error *error)
{
    static const char *const name[SEATS] = {"client.example", "server.example"};
    static const uint8_t psk[32] = {1};
    const struct sd_agent_ops *ipsec = sd_agent_find("ipsec");
    p->mem = sd_mem_new(1);
    if (ipsec == NULL)
        return sd_fail(error, SD_E_UNSUPPORTED, "bench: this build has no IPsec");
    for (uint32_t i = 0; i < SEATS; i++)
        p->peer[i] = (struct sd_peer){.inner_net = INNER_NET + i, .inner_prefix = 32};
    for (uint32_t i = 0; i < SEATS; i++) {
        struct sd_config c = {.role = i == CLIENT ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                              .mode = "psk",
                              .identity = sd_identity(name[i]),
                              .server_name = name[SERVER],
                              .psk = psk,
                              .psk_len = sizeof psk,
                              .inner_net = INNER_NET + i,
                              .inner_prefix = 32,
                              .peers = &p->peer[!i],
                              .peer_count = 1};
        if (sd_mem_add(p->mem, ipsec, &c, i + 2) < 0)
            return sd_fail(error, SD_E_INTERNAL, "bench: %s", sd_mem_error(p->mem));
    }
    return SD_OK;
}

static double handshake_ns(void *ctx, struct sd_error *error)
{
    struct pair *p = ctx;
    for (int i = 0; i < SEATS; i++)
        p->booked[i] = sd_mem_seat(p->mem, i)->env->account;
    sd_mem_forget(p->mem);
    double start = sd_cpu_ns();
    for (int i = 0; i < p->handshakes; i++) {
        int talk = sd_mem_connect(p->mem, CLIENT, SERVER);
        sd_mem_run(p->mem, sd_mem_now(p->mem) + SD_SECOND);
        sd_mem_close(p->mem, CLIENT, sd_mem_sid(p->mem, talk));
        sd_mem_run(p->mem, sd_mem_now(p->mem) + SD_SECOND);
    }
    double ns = (sd_cpu_ns() - start) / p->handshakes;
    size_t ready = sd_mem_count(p->mem, CLIENT, SD_EV_READY);
    if (ready != (size_t)p->handshakes) {
        sd_fail(error, SD_E_INTERNAL, "bench: expected %d IPsec handshakes, found %zu",
                p->handshakes, ready);
        return -1;
    }
    for (int i = 0; i < SEATS; i++)
        bench_booked(&p->booked[i], &sd_mem_seat(p->mem, i)->env->account);
    return ns;
}

static double primitives_ns(void *ctx, struct sd_error *error)
{
    const struct pair *p = ctx;
    double ns = bench_primitives_ns(p->booked, SEATS, "IPsec", error);
    return ns < 0 ? ns : ns / p->handshakes;
}

int bench_ipsec(struct bench_run *run, bool quick, struct sd_error *error)
{
    struct pair pair = {.handshakes = quick ? 5 : 40};
    struct bench_side lab = {.cost = handshake_ns, .ctx = &pair},
                      alone = {.cost = primitives_ns, .ctx = &pair};
    int result = make_pair(&pair, error);
    if (result == SD_OK)
        result = bench_in_turns(&lab, &alone, quick ? 5 : 40, error);
    sd_mem_free(pair.mem);
    if (result != SD_OK)
        return result;
    struct bench_row row = {.name = "ipsec-memory",
                            .what = "CPU of an IPsec handshake and its end in memory / sum of its "
                                    "cryptography",
                            .at_most = 1.3};
    bench_ratio(&row, &lab, &alone);
    bench_report(run, &row);
    return SD_OK;
}
