/* quic.c - a QUIC handshake of the lab, and a download, against the same on bare ngtcp2 and GnuTLS
 * in memory; the download beside plain ns-3's datagrams as well. */
#include <stdio.h>

#include "cmd/bench/bare_ngtcp2.h"
#include "cmd/bench/bench.h"
#include "cmd/bench/crowd.h"
#include "cmd/bench/handshakes.h"
#include "sim/ns3/bare.h"

#define MIB (UINT64_C(1) << 20)

struct both {
    struct bare_ngtcp2 *ngtcp2;
    uint64_t bytes;
};

static double bare_handshake_ns(void *ctx, struct sd_error *error)
{
    return bare_ngtcp2_handshakes(((struct both *)ctx)->ngtcp2, BENCH_BATCH, error);
}

static double bare_bulk_ns(void *ctx, struct sd_error *error)
{
    struct both *b = ctx;
    return bare_ngtcp2_bulk(b->ngtcp2, b->bytes, error);
}

static double lab_bulk_ns(void *ctx, struct sd_error *error)
{
    const struct bench_crowd one = {.protocol = "quic",
                                    .clients = 1,
                                    .connections = 1,
                                    .download = ((struct both *)ctx)->bytes,
                                    .linger = 60 * SD_SECOND};
    struct bench_crowd_cost cost;
    return bench_crowd_run(&one, &cost, error) == SD_OK ? cost.cpu_ns : -1;
}

static int compare_handshakes(struct bench_run *run, struct both *both, bool quick,
                              struct sd_error *error)
{
    static char protocol[] = "quic";
    static const struct {
        bench_cost cost;
        struct bench_row row;
    } lab[] = {
        {bench_alone_ns,
         {.name = "quic-alone",
          .what = "CPU of a QUIC handshake in a simulation of its own / on bare ngtcp2",
          .at_most = 1.6}},
        {bench_shared_ns,
         {.name = "quic-shared", .what = "the same, one of many in a simulation", .at_most = 1.15}},
        {bench_memory_ns, {.name = "quic-memory", .what = "the same in memory, without a network"}},
    };
    int result = SD_OK;
    for (size_t i = 0; i < sizeof lab / sizeof *lab && result == SD_OK; i++) {
        struct bench_side simulated = {.cost = lab[i].cost, .ctx = protocol},
                          bare = {.cost = bare_handshake_ns, .ctx = both};
        struct bench_row row = lab[i].row;
        result = bench_in_turns(&simulated, &bare, quick ? 3 : 30, error);
        if (result != SD_OK)
            break;
        bench_ratio(&row, &simulated, &bare);
        bench_report(run, &row);
    }
    return result;
}

static double rate(uint64_t bytes, double ns)
{
    return (double)bytes / 1e6 / (ns / 1e9);
}

static int compare_bulk(struct bench_run *run, struct both *both, bool quick,
                        struct sd_error *error)
{
    struct bench_side simulated = {.cost = lab_bulk_ns, .ctx = both},
                      bare = {.cost = bare_bulk_ns, .ctx = both};
    struct bench_row row = {.name = "quic-bulk",
                            .unit = "MB/s",
                            .what = "bytes of a download in a simulation per second of CPU"};
    int result = bench_in_turns(&simulated, &bare, quick ? 2 : 10, error);
    if (result != SD_OK)
        return result;
    double packet_ns = sd_bare_packet_ns(quick ? 1000 : 10000);
    row.value = rate(both->bytes, simulated.best_ns);
    snprintf(row.detail, sizeof row.detail, "bare ngtcp2 in memory: %.0f MB/s",
             rate(both->bytes, bare.best_ns));
    snprintf(row.beside, sizeof row.beside, "plain ns-3 datagrams over two links: %.0f MB/s",
             rate(SD_BARE_DATAGRAM, packet_ns));
    bench_report(run, &row);
    return SD_OK;
}

int bench_quic(struct bench_run *run, bool quick, struct sd_error *error)
{
    struct both both = {.ngtcp2 = bare_ngtcp2_new(error), .bytes = (quick ? 4 : 32) * MIB};
    if (both.ngtcp2 == NULL)
        return error->code;
    int result = compare_handshakes(run, &both, quick, error);
    if (result == SD_OK)
        result = compare_bulk(run, &both, quick, error);
    bare_ngtcp2_free(both.ngtcp2);
    return result;
}
