/* curvecp.c - a CurveCP handshake in memory against the cryptography that it is made of. */
#include "cmd/bench/bench.h"
#include "cmd/bench/primitives.h"
#include "cmd/stopwatch.h"
#include "sim/mem/mem.h"

enum { CLIENT, SERVER, SEATS };

struct pair {
    struct sd_mem *mem;
    sd_sid server_sid;               /* of the last connection */
    int handshakes;                  /* of one measurement */
    struct sd_account booked[SEATS]; /* by `handshakes` handshakes */
};

static void on_event(void *ctx, const struct sd_mem_event *e)
{
    struct pair *p = ctx;
    if (e->seat == SERVER && e->kind == SD_EV_READY)
        p->server_sid = e->sid;
}

static int open_pair(struct pair *p, struct sd_error *error)
{
    static const char *const name[SEATS] = {"client.example", "server.example"};
    const struct sd_agent_ops *curvecp = sd_agent_find("curvecp");
    p->mem = sd_mem_new(1);
    if (curvecp == NULL)
        return sd_fail(error, SD_E_UNSUPPORTED, "bench: this build has no CurveCP");
    sd_mem_watch(p->mem, on_event, p);
    for (int i = 0; i < SEATS; i++) {
        struct sd_config c = {.role = i == CLIENT ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                              .identity = sd_identity(name[i]),
                              .server_name = name[SERVER]};
        if (sd_mem_add(p->mem, curvecp, &c, (uint64_t)i + 2) < 0)
            return sd_fail(error, SD_E_INTERNAL, "bench: %s", sd_mem_error(p->mem));
    }
    return SD_OK;
}

/* Hello, Cookie, Initiate with a request, acknowledgment; and both ends close. */
static double handshake_ns(void *ctx, struct sd_error *error)
{
    struct pair *p = ctx;
    struct sd_stats before, after;
    for (int i = 0; i < SEATS; i++)
        p->booked[i] = sd_mem_seat(p->mem, i)->env->account;
    sd_seat_stats(sd_mem_seat(p->mem, SERVER), &before);
    sd_mem_forget(p->mem);
    double start = sd_cpu_ns();
    for (int i = 0; i < p->handshakes; i++) {
        int talk = sd_mem_connect(p->mem, CLIENT, SERVER);
        sd_mem_send(p->mem, CLIENT, sd_mem_sid(p->mem, talk), 0, "request", 7, false);
        sd_mem_run(p->mem, sd_mem_now(p->mem) + 150 * SD_MS);
        sd_mem_close(p->mem, CLIENT, sd_mem_sid(p->mem, talk));
        sd_mem_close(p->mem, SERVER, p->server_sid);
        sd_mem_run(p->mem, sd_mem_now(p->mem) + 20 * SD_SECOND);
    }
    double ns = (sd_cpu_ns() - start) / p->handshakes;
    sd_seat_stats(sd_mem_seat(p->mem, SERVER), &after);
    if (after.handshakes - before.handshakes != (uint64_t)p->handshakes) {
        sd_fail(error, SD_E_INTERNAL, "bench: expected %d CurveCP handshakes, found %llu",
                p->handshakes, (unsigned long long)(after.handshakes - before.handshakes));
        return -1;
    }
    for (int i = 0; i < SEATS; i++)
        bench_booked(&p->booked[i], &sd_mem_seat(p->mem, i)->env->account);
    return ns;
}

static double primitives_ns(void *ctx, struct sd_error *error)
{
    const struct pair *p = ctx;
    double ns = bench_primitives_ns(p->booked, SEATS, "CurveCP", error);
    return ns < 0 ? ns : ns / p->handshakes;
}

int bench_curvecp(struct bench_run *run, bool quick, struct sd_error *error)
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
    struct bench_row row = {.name = "curvecp-memory",
                            .what = "CPU of a CurveCP handshake in memory / sum of its "
                                    "cryptography",
                            .at_most = 1.1};
    bench_ratio(&row, &lab, &alone);
    bench_report(run, &row);
    return SD_OK;
}
