/* wireguard.c - a WireGuard handshake in memory against the cryptography that it is made of. */
#include <stdio.h>
#include <string.h>

#include "cmd/bench/bench.h"
#include "cmd/bench/primitives.h"
#include "cmd/stopwatch.h"
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
    for (int i = 0; i < SEATS; i++)
        bench_booked(&p->booked[i], &sd_mem_seat(p->mem, i)->env->account);
    return ns;
}

static double primitives_ns(void *ctx, struct sd_error *error)
{
    const struct pair *p = ctx;
    double ns = bench_primitives_ns(p->booked, SEATS, "WireGuard", error);
    return ns < 0 ? ns : ns / p->handshakes;
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
