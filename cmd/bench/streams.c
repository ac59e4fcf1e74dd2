/* streams.c - a handshake in memory of the agents of our own that carry byte streams or datagrams,
 * against the cryptography that it is made of: CurveCP, MinimaLT, tcpcrypt, DTLS 1.3, gQUIC. */
#include "cmd/bench/bench.h"
#include <stdio.h>

#include "cmd/bench/primitives.h"
#include "cmd/stopwatch.h"
#include "sim/mem/mem.h"

enum { CLIENT, SERVER, SEATS };

/* Every session is a whole handshake, a request, and both ends' close; `calm` later nothing of it
 * is left. */
struct protocol {
    const char *name, *title, *row;
    sd_time calm;
    double at_most;
};

struct pair {
    const struct protocol *protocol;
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
    const struct sd_agent_ops *ops = sd_agent_find(p->protocol->name);
    p->mem = sd_mem_new(1);
    if (ops == NULL)
        return sd_fail(error, SD_E_UNSUPPORTED, "bench: this build has no %s", p->protocol->title);
    sd_mem_watch(p->mem, on_event, p);
    for (int i = 0; i < SEATS; i++) {
        struct sd_config c = {.role = i == CLIENT ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                              .identity = sd_identity(name[i]),
                              .server_name = name[SERVER]};
        if (sd_mem_add(p->mem, ops, &c, (uint64_t)i + 2) < 0)
            return sd_fail(error, SD_E_INTERNAL, "bench: %s", sd_mem_error(p->mem));
    }
    return SD_OK;
}

static void handshake(struct pair *p)
{
    int talk = sd_mem_connect(p->mem, CLIENT, SERVER);
    sd_mem_run(p->mem, sd_mem_now(p->mem) + 75 * SD_MS); /* TCP's handshake, where there is one */
    sd_sid client_sid = sd_mem_sid(p->mem, talk);
    sd_mem_send(p->mem, CLIENT, client_sid, 0, "request", 7, false);
    sd_mem_run(p->mem, sd_mem_now(p->mem) + 225 * SD_MS);
    sd_mem_close(p->mem, CLIENT, client_sid);
    sd_mem_close(p->mem, SERVER, p->server_sid);
    sd_mem_run(p->mem, sd_mem_now(p->mem) + p->protocol->calm);
}

static double handshake_ns(void *ctx, struct sd_error *error)
{
    struct pair *p = ctx;
    struct sd_stats before, after;
    for (int i = 0; i < SEATS; i++)
        p->booked[i] = sd_mem_seat(p->mem, i)->env->account;
    sd_seat_stats(sd_mem_seat(p->mem, SERVER), &before);
    sd_mem_forget(p->mem);
    double start = sd_cpu_ns();
    for (int i = 0; i < p->handshakes; i++)
        handshake(p);
    double ns = (sd_cpu_ns() - start) / p->handshakes;
    sd_seat_stats(sd_mem_seat(p->mem, SERVER), &after);
    if (after.handshakes - before.handshakes != (uint64_t)p->handshakes) {
        sd_fail(error, SD_E_INTERNAL, "bench: expected %d %s handshakes, found %llu", p->handshakes,
                p->protocol->title, (unsigned long long)(after.handshakes - before.handshakes));
        return -1;
    }
    for (int i = 0; i < SEATS; i++)
        bench_booked(&p->booked[i], &sd_mem_seat(p->mem, i)->env->account);
    return ns;
}

static double primitives_ns(void *ctx, struct sd_error *error)
{
    const struct pair *p = ctx;
    double ns = bench_primitives_ns(p->booked, SEATS, p->protocol->title, error);
    return ns < 0 ? ns : ns / p->handshakes;
}

static int bench(const struct protocol *protocol, struct bench_run *run, bool quick,
                 struct sd_error *error)
{
    struct pair pair = {.protocol = protocol, .handshakes = quick ? 5 : 40};
    struct bench_side lab = {.cost = handshake_ns, .ctx = &pair},
                      alone = {.cost = primitives_ns, .ctx = &pair};
    int result = open_pair(&pair, error);
    if (result == SD_OK) {
        handshake(&pair); /* what is known from now on: a directory's record, a session to resume */
        result = bench_in_turns(&lab, &alone, quick ? 5 : 40, error);
    }
    sd_mem_free(pair.mem);
    if (result != SD_OK)
        return result;
    struct bench_row row = {.name = protocol->row, .at_most = protocol->at_most};
    snprintf(row.what, sizeof row.what, "CPU of a %s handshake in memory / sum of its cryptography",
             protocol->title);
    bench_ratio(&row, &lab, &alone);
    bench_report(run, &row);
    return SD_OK;
}

int bench_curvecp(struct bench_run *run, bool quick, struct sd_error *error)
{
    static const struct protocol curvecp = {.name = "curvecp",
                                            .title = "CurveCP",
                                            .row = "curvecp-memory",
                                            .calm = 20 * SD_SECOND,
                                            .at_most = 1.1};
    return bench(&curvecp, run, quick, error);
}

int bench_minimalt(struct bench_run *run, bool quick, struct sd_error *error)
{
    static const struct protocol minimalt = {.name = "minimalt",
                                             .title = "MinimaLT",
                                             .row = "minimalt-memory",
                                             .calm = 10 * SD_SECOND,
                                             .at_most = 1.1};
    return bench(&minimalt, run, quick, error);
}

int bench_tcpcrypt(struct bench_run *run, bool quick, struct sd_error *error)
{
    static const struct protocol tcpcrypt = {.name = "tcpcrypt",
                                             .title = "tcpcrypt",
                                             .row = "tcpcrypt-memory",
                                             .calm = 10 * SD_SECOND,
                                             .at_most = 1.1};
    return bench(&tcpcrypt, run, quick, error);
}

int bench_dtls13(struct bench_run *run, bool quick, struct sd_error *error)
{
    static const struct protocol dtls13 = {.name = "dtls13",
                                           .title = "DTLS 1.3",
                                           .row = "dtls13-memory",
                                           .calm = 10 * SD_SECOND,
                                           .at_most = 1.5};
    return bench(&dtls13, run, quick, error);
}

int bench_gquic(struct bench_run *run, bool quick, struct sd_error *error)
{
    static const struct protocol gquic = {.name = "gquic",
                                          .title = "gQUIC",
                                          .row = "gquic-memory",
                                          .calm = 10 * SD_SECOND,
                                          .at_most = 1.5};
    return bench(&gquic, run, quick, error);
}
