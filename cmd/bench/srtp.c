/* srtp.c - a packet of a call, from one agent's application to the other's, against the
 * cryptography that it is made of.  The agents sit face to face: nothing is kept of what passes. */
#include "cmd/bench/bench.h"
#include "cmd/bench/primitives.h"
#include "cmd/stopwatch.h"
#include "sim/core/signalling.h"
#include <string.h>

enum { CALLER, CALLEE, SEATS, AUDIO = 160, QUEUE = 16, UNIT_MAX = 2048 };

struct call {
    struct end {
        struct call *call;
        struct sd_env env;
        struct sd_config config;
        struct sd_seat seat;
        sd_sid sid; /* of its session, once ready */
        uint64_t heard;
    } end[SEATS];
    /* Units on their way: to whom, and their bytes. */
    struct {
        int to;
        struct sd_path path;
        size_t len;
        uint8_t data[UNIT_MAX];
    } queue[QUEUE];
    size_t queued;
    sd_time now;
    uint64_t packets; /* of one measurement */
    struct sd_account booked[SEATS];
};

static void on_unit(void *ctx, const struct sd_unit *u)
{
    struct end *from = ctx;
    struct call *c = from->call;
    if (c->queued == QUEUE || u->len > UNIT_MAX)
        return;
    c->queue[c->queued].to = from == &c->end[CALLER] ? CALLEE : CALLER;
    c->queue[c->queued].path = (struct sd_path){.local = u->path.remote, .remote = u->path.local};
    c->queue[c->queued].len = u->len;
    memcpy(c->queue[c->queued++].data, u->data, u->len);
}

static void on_event(void *ctx, const struct sd_event *e)
{
    struct end *end = ctx;
    if (e->kind == SD_EV_READY)
        end->sid = e->sid;
    end->heard += e->kind == SD_EV_DATA;
}

static const struct sd_sink sink = {on_unit, on_event};

static void pass(struct call *c)
{
    for (size_t i = 0; i < c->queued; i++) {
        struct sd_unit u = {.path = c->queue[i].path,
                            .data = c->queue[i].data,
                            .len = c->queue[i].len,
                            .cap = UNIT_MAX};
        sd_seat_net_in(&c->end[c->queue[i].to].seat, c->now, &u);
    }
    c->queued = 0;
}

static int sit_down(struct call *c, int i, struct sd_error *error)
{
    static const char *const names[SEATS] = {"client.example", "server.example"};
    struct end *end = &c->end[i];
    end->call = c;
    end->config = (struct sd_config){.role = i == CALLER ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                                     .identity = sd_identity(names[i]),
                                     .server_name = names[CALLEE]};
    const struct sd_agent_ops *ops = sd_agent_find("srtp");
    if (ops == NULL)
        return sd_fail(error, SD_E_UNSUPPORTED, "bench: this build has no SRTP");
    if (sd_env_init(&end->env, (uint64_t)i + 1) != SD_OK)
        return sd_fail(error, SD_E_NOMEM, "bench: no memory for an agent");
    return sd_seat_init(&end->seat, ops, &end->config, &end->env, &sink, end, c->now, error);
}

static int begin(struct call *c, struct sd_error *error)
{
    struct sd_open open = {
        .path = {.local = sd_ipv4(10, 0, 0, 1, 5000), .remote = sd_ipv4(10, 0, 0, 2, 5004)}};
    for (int i = 0; i < SEATS; i++) {
        int result = sit_down(c, i, error);
        if (result != SD_OK)
            return result;
    }
    struct sd_signalled caller = {&c->end[CALLER].seat, open.path.local};
    struct sd_signalled callee = {&c->end[CALLEE].seat, open.path.remote};
    sd_sid sid;
    if (sd_signal(&caller, &callee, c->now) != SD_OK ||
        sd_seat_open(&c->end[CALLER].seat, c->now, &open, &sid) != SD_OK)
        return sd_fail(error, SD_E_INTERNAL, "bench: an SRTP call did not begin");
    while (c->queued > 0)
        pass(c);
    if (!c->end[CALLER].sid || !c->end[CALLEE].sid)
        return sd_fail(error, SD_E_INTERNAL, "bench: an SRTP call got no keys");
    return SD_OK;
}

static void end_call(struct call *c)
{
    for (int i = 0; i < SEATS; i++)
        if (c->end[i].env.heap != NULL) {
            sd_seat_fini(&c->end[i].seat);
            sd_env_fini(&c->end[i].env);
        }
}

static double packet_ns(void *ctx, struct sd_error *error)
{
    static const uint8_t audio[AUDIO];
    struct call *c = ctx;
    uint64_t before = c->end[CALLEE].heard;
    for (int i = 0; i < SEATS; i++)
        c->booked[i] = c->end[i].env.account;
    double start = sd_cpu_ns();
    for (uint64_t n = 0; n < c->packets; n++) {
        sd_seat_app_in(&c->end[CALLER].seat, c->now, c->end[CALLER].sid, 0, audio, AUDIO, false);
        pass(c);
    }
    double ns = (sd_cpu_ns() - start) / (double)c->packets;
    if (c->end[CALLEE].heard - before != c->packets) {
        sd_fail(error, SD_E_INTERNAL, "bench: expected %llu packets heard, found %llu",
                (unsigned long long)c->packets,
                (unsigned long long)(c->end[CALLEE].heard - before));
        return -1;
    }
    for (int i = 0; i < SEATS; i++)
        bench_booked(&c->booked[i], &c->end[i].env.account);
    return ns;
}

static double primitives_ns(void *ctx, struct sd_error *error)
{
    const struct call *c = ctx;
    double ns = bench_primitives_ns(c->booked, SEATS, "SRTP", error);
    return ns < 0 ? ns : ns / (double)c->packets;
}

int bench_srtp(struct bench_run *run, bool quick, struct sd_error *error)
{
    static struct call c;
    memset(&c, 0, sizeof c);
    c.packets = quick ? 2000 : 20000;
    struct bench_side lab = {.cost = packet_ns, .ctx = &c},
                      alone = {.cost = primitives_ns, .ctx = &c};
    int result = begin(&c, error);
    if (result == SD_OK && packet_ns(&c, error) < 0) /* and once before: session keys are derived */
        result = SD_E_INTERNAL;
    if (result == SD_OK)
        result = bench_in_turns(&lab, &alone, quick ? 5 : 20, error);
    end_call(&c);
    if (result != SD_OK)
        return result;
    struct bench_row row = {.name = "srtp-packet",
                            .what =
                                "CPU of 160 B of audio, agent to agent / sum of its cryptography",
                            .at_most = 2.0};
    bench_ratio(&row, &lab, &alone);
    bench_report(run, &row);
    return SD_OK;
}
