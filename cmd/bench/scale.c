/* scale.c - what a connection or client more costs where there are many already. */
#include <stdio.h>

#include "cmd/bench/bench.h"
#include "cmd/bench/crowd.h"
#include "sim/ns3/bare.h"

/* Sizes of the two sides, and how often each is run. */
struct scale {
    uint32_t many, few;
    int rounds;
};

struct side {
    struct bench_crowd crowd;
    double heap_bytes; /* for each client */
};

static double crowd_ns(void *ctx, struct sd_error *error)
{
    struct side *s = ctx;
    struct bench_crowd_cost cost;
    if (bench_crowd_run(&s->crowd, &cost, error) != SD_OK)
        return -1;
    s->heap_bytes = (double)cost.heap_bytes / s->crowd.clients;
    return cost.cpu_ns / s->crowd.connections;
}

static double bare_ns(void *ctx, struct sd_error *error)
{
    double ns = sd_bare_connection_ns(*(const uint32_t *)ctx);
    if (ns < 0)
        sd_fail(error, SD_E_INTERNAL, "bench: plain ns-3 does not run");
    return ns;
}

/* Plain ns-3's own factor, without cryptography. */
static int bare_factor(const struct scale *scale, char *text, size_t cap, struct sd_error *error)
{
    uint32_t many = scale->many, few = scale->few;
    struct bench_side large = {.cost = bare_ns, .ctx = &many},
                      small = {.cost = bare_ns, .ctx = &few};
    int result = bench_in_turns(&large, &small, 1, error);
    snprintf(text, cap, "plain ns-3 TCP, without TLS: %.1f", large.best_ns / small.best_ns);
    return result;
}

int bench_tls13_scale(struct bench_run *run, bool quick, struct sd_error *error)
{
    static char what[96], beside[64];
    struct scale scale = quick ? (struct scale){400, 50, 1} : (struct scale){8000, 100, 3};
    struct side many = {.crowd = {.protocol = "tls13",
                                  .clients = 1,
                                  .interval = SD_MS,
                                  .stay = true,
                                  .linger = SD_SECOND}},
                few = many;
    many.crowd.connections = scale.many;
    few.crowd.connections = scale.few;
    struct bench_side large = {.cost = crowd_ns, .ctx = &many},
                      small = {.cost = crowd_ns, .ctx = &few};
    int result = bench_in_turns(&large, &small, scale.rounds, error);
    if (result == SD_OK)
        result = bare_factor(&scale, beside, sizeof beside, error);
    if (result != SD_OK)
        return result;
    snprintf(what, sizeof what, "CPU of each of %u TLS 1.3 connections in a simulation / of %u",
             scale.many, scale.few);
    struct bench_row row = {.name = "tls13-scale", .what = what, .at_most = 1.3, .beside = beside};
    bench_ratio(&row, &large, &small);
    bench_report(run, &row);
    return SD_OK;
}

int bench_wireguard_scale(struct bench_run *run, bool quick, struct sd_error *error)
{
    static char what_cpu[96], what_heap[96];
    struct scale scale = quick ? (struct scale){300, 50, 1} : (struct scale){10000, 1000, 3};
    struct side many = {.crowd = {.protocol = "wireguard",
                                  .interval = SD_MS,
                                  .message = 100,
                                  .stay = true,
                                  .linger = SD_SECOND}},
                few = many;
    many.crowd.clients = many.crowd.connections = scale.many;
    few.crowd.clients = few.crowd.connections = scale.few;
    struct bench_side large = {.cost = crowd_ns, .ctx = &many},
                      small = {.cost = crowd_ns, .ctx = &few};
    int result = bench_in_turns(&large, &small, scale.rounds, error);
    if (result != SD_OK)
        return result;
    snprintf(what_cpu, sizeof what_cpu,
             "CPU of each of %u WireGuard clients in a simulation / of %u", scale.many, scale.few);
    struct bench_row cpu = {.name = "wireguard-scale-cpu", .what = what_cpu, .at_most = 1.3};
    bench_ratio(&cpu, &large, &small);
    bench_report(run, &cpu);
    snprintf(what_heap, sizeof what_heap, "memory of each of %u / of %u", scale.many, scale.few);
    struct bench_row heap = {.name = "wireguard-scale-memory",
                             .what = what_heap,
                             .value = many.heap_bytes / few.heap_bytes,
                             .at_most = 1.3};
    snprintf(heap.detail, sizeof heap.detail, "%.1f KiB / %.1f KiB", many.heap_bytes / 1024,
             few.heap_bytes / 1024);
    bench_report(run, &heap);
    return SD_OK;
}
