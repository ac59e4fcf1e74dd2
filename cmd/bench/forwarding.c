/* forwarding.c - a datagram from client through router to server, with all that the lab adds: a
 * chain of boxes at every node, checksums, counters; against ns-3 as it comes. */
#include <stdio.h>

#include "cmd/bench/bench.h"
#include "cmd/stopwatch.h"
#include "sim/box/chain.h"
#include "sim/box/weather.h"
#include "sim/ns3/bare.h"

/* As in bare.cc. */
#define RATE     UINT64_C(100000000000)
#define DELAY    (10 * SD_MS)
#define INTERVAL (10 * SD_US)
#define PORT     7000
enum { CLIENT, ROUTER, SERVER, NODES, LINKS = 2, QUICK_PACKETS = 500, PACKETS = 5000 };

struct path {
    struct sd_net *net;
    struct sd_chain *chain[NODES];
    struct sd_weather_box *weather[LINKS][2];
    struct sd_udp *from;
    struct sd_addr to;
    uint64_t left, arrived;
    uint64_t seen_bytes[NODES];
};

static void count(void *ctx, const struct sd_packet *packet)
{
    struct path *p = ctx;
    p->seen_bytes[packet->node] += packet->len;
}

/* What a machine of a run with losses and a capture has: weather where packets arrive, and somebody
 * who looks at what comes and goes. */
static bool furnish(struct path *p, struct sd_tap_box *tap, const struct sd_net_link *link)
{
    static const struct sd_weather fair;
    bool ok = true;
    for (int node = 0; node < NODES && ok; node++)
        ok = sd_chain_create(&p->chain[node], p->net, node) == SD_OK;
    for (int l = 0; l < LINKS && ok; l++)
        for (int end = 0; end < 2 && ok; end++) {
            const struct sd_net_end *e = end == 0 ? &link[l].a : &link[l].b;
            p->weather[l][end] = sd_weather_box_new(&fair, 1);
            ok = p->weather[l][end] != NULL &&
                 sd_chain_add(p->chain[e->node], e->ifindex, SD_IN, sd_weather_box_pass,
                              p->weather[l][end]) == SD_OK;
        }
    for (int node = 0; node < NODES && ok; node++)
        ok = sd_chain_add(p->chain[node], -1, SD_IN, sd_tap_box_pass, tap) == SD_OK &&
             sd_chain_add(p->chain[node], -1, SD_OUT, sd_tap_box_pass, tap) == SD_OK;
    return ok;
}

static void dismantle(struct path *p)
{
    for (int node = 0; node < NODES; node++)
        sd_chain_destroy(p->chain[node]);
    sd_net_destroy(p->net);
    for (int l = 0; l < LINKS; l++)
        for (int end = 0; end < 2; end++)
            sd_weather_box_free(p->weather[l][end]);
}

static void receive(void *ctx, struct sd_udp *socket, const uint8_t *data, size_t len,
                    const struct sd_addr *from, const struct sd_addr *to)
{
    (void)socket, (void)data, (void)len, (void)from, (void)to;
    ((struct path *)ctx)->arrived++;
}

static void send_next(void *ctx)
{
    static const uint8_t payload[SD_BARE_DATAGRAM];
    struct path *p = ctx;
    sd_udp_send(p->from, &p->to, payload, sizeof payload, false);
    if (--p->left > 0)
        sd_net_after(p->net, INTERVAL, send_next, p);
}

static bool lay_out(struct path *p, struct sd_tap_box *tap)
{
    struct sd_net_link link[LINKS] = {
        {.a = {.node = CLIENT, .ip = 0x0a000101}, .b = {.node = ROUTER, .ip = 0x0a000102}},
        {.a = {.node = ROUTER, .ip = 0x0a000201}, .b = {.node = SERVER, .ip = 0x0a000202}}};
    for (int node = 0; node < NODES; node++)
        if (sd_net_node(p->net) != node)
            return false;
    for (int l = 0; l < LINKS; l++) {
        link[l].prefix = 24;
        link[l].rate_bps = RATE;
        link[l].delay = DELAY;
        if (sd_net_link(p->net, &link[l]) < 0)
            return false;
    }
    p->from = sd_net_udp(p->net, CLIENT, 0, 0, receive, p);
    p->to = sd_ipv4_word(link[1].b.ip, PORT);
    return sd_net_route(p->net, CLIENT, 0, 0, link[0].b.ip, link[0].a.ifindex) == SD_OK &&
           sd_net_udp(p->net, SERVER, 0, PORT, receive, p) != NULL && p->from != NULL &&
           furnish(p, tap, link) && sd_net_after(p->net, SD_SECOND, send_next, p) != 0;
}

static double lab_ns(void *ctx, struct sd_error *error)
{
    uint64_t packets = *(const uint64_t *)ctx;
    struct path p = {.left = packets};
    struct sd_tap_box tap = {.see = count, .ctx = &p};
    double ns = -1;
    if (sd_net_create(&p.net, &(struct sd_net_config){.checksums = true}, error) != SD_OK)
        return -1;
    if (lay_out(&p, &tap)) {
        double start = sd_cpu_ns();
        sd_net_run(p.net, SD_NEVER);
        ns = (sd_cpu_ns() - start) / (double)packets;
    }
    if (ns < 0 || p.arrived != packets) {
        sd_fail(error, SD_E_INTERNAL, "bench: expected %llu datagrams to arrive, found %llu",
                (unsigned long long)packets, (unsigned long long)p.arrived);
        ns = -1;
    }
    dismantle(&p);
    return ns;
}

static double bare_ns(void *ctx, struct sd_error *error)
{
    double ns = sd_bare_packet_ns(*(const uint64_t *)ctx);
    if (ns < 0)
        sd_fail(error, SD_E_INTERNAL, "bench: plain ns-3 does not run");
    return ns;
}

int bench_forwarding(struct bench_run *run, bool quick, struct sd_error *error)
{
    uint64_t packets = quick ? QUICK_PACKETS : PACKETS;
    struct bench_side lab = {.cost = lab_ns, .ctx = &packets},
                      bare = {.cost = bare_ns, .ctx = &packets};
    int result = bench_in_turns(&lab, &bare, quick ? 5 : 30, error);
    if (result != SD_OK)
        return result;
    struct bench_row row = {.name = "forwarding",
                            .what = "CPU of a datagram through a router, with boxes, checksums, "
                                    "counters / plain ns-3",
                            .at_most = 1.25};
    bench_ratio(&row, &lab, &bare);
    bench_report(run, &row);
    return SD_OK;
}
