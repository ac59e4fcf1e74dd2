/* tls13.c - a TLS 1.3 handshake of the lab against the same one on bare libssl: with a simulation
 * of its own, among many in one simulation, and in memory, without a network. */
#include <stdio.h>

#include "cmd/bench/bare_libssl.h"
#include "cmd/bench/bench.h"
#include "cmd/bench/crowd.h"
#include "cmd/stopwatch.h"
#include "sim/mem/mem.h"
#include "sim/ns3/bare.h"

enum { CLIENT, SERVER, BATCH = 20, SHARED = 100, FLOORS = 10 };

static double bare_ns(void *ctx, struct sd_error *error)
{
    return bare_libssl_handshakes(ctx, BATCH, error);
}

static double alone_ns(void *ctx, struct sd_error *error)
{
    const struct bench_crowd one = {
        .protocol = "tls13", .clients = 1, .connections = 1, .linger = SD_SECOND};
    struct bench_crowd_cost cost;
    double sum = 0;
    (void)ctx;
    for (int i = 0; i < BATCH; i++) {
        if (bench_crowd_run(&one, &cost, error) != SD_OK)
            return -1;
        sum += cost.cpu_ns;
    }
    return sum / BATCH;
}

static double shared_ns(void *ctx, struct sd_error *error)
{
    const struct bench_crowd many = {.protocol = "tls13",
                                     .clients = 1,
                                     .connections = SHARED,
                                     .interval = 100 * SD_MS,
                                     .linger = SD_SECOND};
    struct bench_crowd_cost cost;
    (void)ctx;
    return bench_crowd_run(&many, &cost, error) == SD_OK ? cost.cpu_ns / many.connections : -1;
}

/* One pair of agents, one connection after the other. */
static double memory_ns(void *ctx, struct sd_error *error)
{
    (void)ctx;
    const struct sd_agent_ops *tls13 = sd_agent_find("tls13");
    const struct sd_config client = {.role = SD_ROLE_CLIENT, .server_name = "server.example"},
                           server = {.role = SD_ROLE_SERVER,
                                     .identity = sd_identity("server.example")};
    struct sd_mem *m = sd_mem_new(1);
    size_t ready = 0;
    double ns = -1;
    if (sd_mem_add(m, tls13, &client, 2) == CLIENT && sd_mem_add(m, tls13, &server, 3) == SERVER) {
        double start = sd_cpu_ns();
        for (int i = 0; i < BATCH; i++) {
            int talk = sd_mem_connect(m, CLIENT, SERVER);
            sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
            ready += sd_mem_count(m, SERVER, SD_EV_READY);
            sd_mem_close(m, CLIENT, sd_mem_sid(m, talk));
            sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
            sd_mem_forget(m);
        }
        ns = (sd_cpu_ns() - start) / BATCH;
    }
    sd_mem_free(m);
    if (ready == BATCH)
        return ns;
    sd_fail(error, SD_E_INTERNAL, "bench: expected %d TLS 1.3 handshakes in memory, found %zu",
            BATCH, ready);
    return -1;
}

/* What plain ns-3 and libssl come to without anything of ours: TCP connections, one of so many. */
static void tell_floor(struct bench_row *row, uint32_t connections, double libssl_ns)
{
    double best = 0;
    for (int i = 0; i < FLOORS; i++) {
        double ns = sd_bare_connection_ns(connections);
        best = i == 0 || ns < best ? ns : best;
    }
    snprintf(row->beside, sizeof row->beside,
             "floor, (plain ns-3 TCP + bare libssl) / bare libssl: %.2f",
             (best + libssl_ns) / libssl_ns);
}

int bench_tls13(struct bench_run *run, bool quick, struct sd_error *error)
{
    static const struct {
        bench_cost cost;
        uint32_t connections; /* in a simulation; 0: there is none */
        struct bench_row row;
    } lab[] = {
        {alone_ns,
         1,
         {.name = "tls13-alone",
          .what = "CPU of a TLS 1.3 handshake in a simulation of its own / on bare libssl",
          .at_most = 1.7}},
        {shared_ns,
         SHARED,
         {.name = "tls13-shared",
          .what = "the same, one of many in a simulation",
          .at_most = 1.45}},
        {memory_ns, 0, {.name = "tls13-memory", .what = "the same in memory, without a network"}},
    };
    int result = SD_OK;
    struct bare_libssl *libssl = bare_libssl_new(error);
    if (libssl == NULL)
        return error->code;
    for (size_t i = 0; i < sizeof lab / sizeof *lab && result == SD_OK; i++) {
        struct bench_side simulated = {.cost = lab[i].cost},
                          bare = {.cost = bare_ns, .ctx = libssl};
        struct bench_row row = lab[i].row;
        result = bench_in_turns(&simulated, &bare, quick ? 3 : 30, error);
        if (result != SD_OK)
            break;
        bench_ratio(&row, &simulated, &bare);
        if (lab[i].connections > 0)
            tell_floor(&row, lab[i].connections, bare.best_ns);
        bench_report(run, &row);
    }
    bare_libssl_free(libssl);
    return result;
}
