#include "cmd/bench/handshakes.h"

#include "cmd/bench/crowd.h"
#include "cmd/stopwatch.h"
#include "sim/mem/mem.h"

enum { CLIENT, SERVER };

double bench_alone_ns(void *protocol, struct sd_error *error)
{
    const struct bench_crowd one = {
        .protocol = protocol, .clients = 1, .connections = 1, .linger = SD_SECOND};
    struct bench_crowd_cost cost;
    double sum = 0;
    for (int i = 0; i < BENCH_BATCH; i++) {
        if (bench_crowd_run(&one, &cost, error) != SD_OK)
            return -1;
        sum += cost.cpu_ns;
    }
    return sum / BENCH_BATCH;
}

double bench_shared_ns(void *protocol, struct sd_error *error)
{
    const struct bench_crowd many = {.protocol = protocol,
                                     .clients = 1,
                                     .connections = BENCH_SHARED,
                                     .interval = 100 * SD_MS,
                                     .linger = SD_SECOND};
    struct bench_crowd_cost cost;
    return bench_crowd_run(&many, &cost, error) == SD_OK ? cost.cpu_ns / many.connections : -1;
}

/* One pair of agents, one connection after the other. */
double bench_memory_ns(void *protocol, struct sd_error *error)
{
    const struct sd_agent_ops *ops = sd_agent_find(protocol);
    const struct sd_config client = {.role = SD_ROLE_CLIENT, .server_name = "server.example"},
                           server = {.role = SD_ROLE_SERVER,
                                     .identity = sd_identity("server.example")};
    struct sd_mem *m = sd_mem_new(1);
    size_t ready = 0;
    double ns = -1;
    if (sd_mem_add(m, ops, &client, 2) == CLIENT && sd_mem_add(m, ops, &server, 3) == SERVER) {
        double start = sd_cpu_ns();
        for (int i = 0; i < BENCH_BATCH; i++) {
            int talk = sd_mem_connect(m, CLIENT, SERVER);
            sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
            ready += sd_mem_count(m, SERVER, SD_EV_READY);
            sd_mem_close(m, CLIENT, sd_mem_sid(m, talk));
            sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
            sd_mem_forget(m);
        }
        ns = (sd_cpu_ns() - start) / BENCH_BATCH;
    }
    sd_mem_free(m);
    if (ready == BENCH_BATCH)
        return ns;
    sd_fail(error, SD_E_INTERNAL, "bench: expected %d handshakes of %s in memory, found %zu",
            BENCH_BATCH, (const char *)protocol, ready);
    return -1;
}
