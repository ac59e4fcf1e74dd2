/* tls13.c - a TLS 1.3 handshake of the lab against the same one on bare libssl: with a simulation
 * of its own, among many in one simulation, and in memory, without a network. */
#include <stdio.h>

#include "cmd/bench/bare_libssl.h"
#include "cmd/bench/bench.h"
#include "cmd/bench/handshakes.h"
#include "sim/ns3/bare.h"

enum { FLOORS = 10 };

static double bare_ns(void *ctx, struct sd_error *error)
{
    return bare_libssl_handshakes(ctx, BENCH_BATCH, error);
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
        {bench_alone_ns,
         1,
         {.name = "tls13-alone",
          .what = "CPU of a TLS 1.3 handshake in a simulation of its own / on bare libssl",
          .at_most = 1.7}},
        {bench_shared_ns,
         BENCH_SHARED,
         {.name = "tls13-shared",
          .what = "the same, one of many in a simulation",
          .at_most = 1.45}},
        {bench_memory_ns,
         0,
         {.name = "tls13-memory", .what = "the same in memory, without a network"}},
    };
    static char protocol[] = "tls13";
    int result = SD_OK;
    struct bare_libssl *libssl = bare_libssl_new(error);
    if (libssl == NULL)
        return error->code;
    for (size_t i = 0; i < sizeof lab / sizeof *lab && result == SD_OK; i++) {
        struct bench_side simulated = {.cost = lab[i].cost, .ctx = protocol},
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
