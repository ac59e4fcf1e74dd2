/* scale.c - what a connection or client more costs where there are many already. */
#include <stdio.h>

#include "cmd/bench/bench.h"
#include "cmd/bench/crowd.h"
#include "sim/ns3/bare.h"

/* A side is `times` simulations: both sides of a ratio go on equally long, so that disturbances hit
 * them alike. */
struct side {
    struct bench_crowd crowd;
    uint32_t size, times;
    double heap_bytes; /* for each client; out */
};

static double crowd_ns(void *ctx, struct sd_error *error)
{
    struct side *s = ctx;
    double sum_ns = 0;
    for (uint32_t i = 0; i < s->times; i++) {
        struct bench_crowd_cost cost;
        if (bench_crowd_run(&s->crowd, &cost, error) != SD_OK)
            return -1;
        s->heap_bytes = (double)cost.heap_bytes / s->crowd.clients;
        sum_ns += cost.cpu_ns;
    }
    return sum_ns / s->times / s->size;
}

static double bare_ns(void *ctx, struct sd_error *error)
{
    const struct side *s = ctx;
    double sum_ns = 0;
    for (uint32_t i = 0; i < s->times; i++) {
        double ns = sd_bare_connection_ns(s->size);
        if (ns < 0) {
            sd_fail(error, SD_E_INTERNAL, "bench: plain ns-3 does not run");
            return -1;
        }
        sum_ns += ns;
    }
    return sum_ns / s->times;
}

static struct side side_of(const struct bench_crowd *crowd, uint32_t size, uint32_t total)
{
    struct side s = {.crowd = *crowd, .size = size, .times = total / size};
    s.crowd.connections = size;
    if (crowd->clients == 0)
        s.crowd.clients = size;
    return s;
}

int bench_tls13_scale(struct bench_run *run, bool quick, struct sd_error *error)
{
    const struct bench_crowd crowd = {
        .protocol = "tls13", .clients = 1, .interval = SD_MS, .stay = true, .linger = SD_SECOND};
    uint32_t size = quick ? 400 : 8000;
    struct side many = side_of(&crowd, size, size), few = side_of(&crowd, quick ? 50 : 100, size);
    struct bench_side large = {.cost = crowd_ns, .ctx = &many},
                      small = {.cost = crowd_ns, .ctx = &few},
                      bare_large = {.cost = bare_ns, .ctx = &many},
                      bare_small = {.cost = bare_ns, .ctx = &few};
    int result = bench_in_turns(&large, &small, quick ? 1 : 3, error);
    if (result == SD_OK)
        result = bench_in_turns(&bare_large, &bare_small, 1, error);
    if (result != SD_OK)
        return result;
    struct bench_row row = {.name = "tls13-scale", .at_most = 1.3};
    snprintf(row.what, sizeof row.what,
             "CPU of each of %u TLS 1.3 connections in a simulation / of %u", many.size, few.size);
    bench_ratio(&row, &large, &small);
    snprintf(row.beside, sizeof row.beside, "plain ns-3, TCP without TLS: %.2f",
             bare_large.best_ns / bare_small.best_ns);
    bench_report(run, &row);
    return SD_OK;
}

int bench_wireguard_scale(struct bench_run *run, bool quick, struct sd_error *error)
{
    const struct bench_crowd crowd = {.protocol = "wireguard",
                                      .interval = SD_MS,
                                      .message = 100,
                                      .stay = true,
                                      .linger = SD_SECOND};
    uint32_t size = quick ? 300 : 10000;
    struct side many = side_of(&crowd, size, size), few = side_of(&crowd, quick ? 50 : 1000, size);
    struct bench_side large = {.cost = crowd_ns, .ctx = &many},
                      small = {.cost = crowd_ns, .ctx = &few};
    int result = bench_in_turns(&large, &small, quick ? 1 : 3, error);
    if (result != SD_OK)
        return result;

    struct bench_row cpu = {.name = "wireguard-scale-cpu", .at_most = 1.3};
    snprintf(cpu.what, sizeof cpu.what,
             "CPU of each of %u WireGuard clients in a simulation / of %u", many.size, few.size);
    bench_ratio(&cpu, &large, &small);
    bench_report(run, &cpu);

    struct bench_row heap = {.name = "wireguard-scale-memory",
                             .what = "the same for its memory",
                             .value = many.heap_bytes / few.heap_bytes,
                             .at_most = 1.3};
    snprintf(heap.detail, sizeof heap.detail, "%.1f KiB / %.1f KiB", many.heap_bytes / 1024,
             few.heap_bytes / 1024);
    bench_report(run, &heap);
    return SD_OK;
}
