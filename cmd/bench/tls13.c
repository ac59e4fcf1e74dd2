/* tls13.c - a TLS 1.3 handshake of the lab against the same one on bare libssl. */
#include <stdio.h>

#include "cmd/bench/bare_libssl.h"
#include "cmd/bench/bench.h"
#include "cmd/stopwatch.h"
#include "sim/mem/mem.h"

enum { CLIENT, SERVER, BATCH = 20 };

static double bare_ns(void *ctx, struct sd_error *error)
{
    return bare_libssl_handshakes(ctx, BATCH, error);
}

/* One pair of agents, one connection after the other, without a network. */
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

int bench_tls13(struct bench_run *run, bool quick, struct sd_error *error)
{
    struct bare_libssl *libssl = bare_libssl_new(error);
    if (libssl == NULL)
        return error->code;
    struct bench_side memory = {.cost = memory_ns}, bare = {.cost = bare_ns, .ctx = libssl};
    int result = bench_in_turns(&memory, &bare, quick ? 3 : 30, error);
    bare_libssl_free(libssl);
    if (result != SD_OK)
        return result;
    struct bench_row row = {
        .name = "tls13-memory",
        .what = "CPU of a TLS 1.3 handshake of two agents in memory / on bare libssl"};
    bench_ratio(&row, &memory, &bare);
    bench_report(run, &row);
    return SD_OK;
}
