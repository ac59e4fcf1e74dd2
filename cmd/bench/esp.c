/* esp.c - a packet through ESP, sealed by one agent and opened by the other, against the
 * cryptography that it is made of.  Nothing is between the two: what one says the other hears. */
#include <stdio.h>
#include <string.h>

#include "cmd/bench/bench.h"
#include "cmd/bench/primitives.h"
#include "cmd/stopwatch.h"
#include "sim/core/reader.h"
#include "sim/core/settle.h"

enum { CLIENT, SERVER, SIDES };
enum { INNER = 1400, UNIT_MAX = 2048, UNITS = 16 };
#define INNER_NET (UINT32_C(10) << 24 | UINT32_C(99) << 16)

/* What is said to one side and not yet heard. */
struct unit {
    struct sd_path path;
    size_t len;
    uint8_t data[UNIT_MAX];
};

struct side {
    struct side *other;
    struct sd_env env;
    struct sd_seat seat;
    struct sd_config config;
    struct sd_peer peer; /* the other one, as this one knows it */
    struct unit unit[UNITS];
    unsigned said, heard;
    bool seated, ready;
    uint64_t delivered; /* inner packets */
};

struct pair {
    struct side side[SIDES];
    uint8_t packet[INNER]; /* from the client to the server */
    int packets;           /* of one measurement */
    sd_time now;
    struct sd_account booked[SIDES];
};

static void on_unit(void *ctx, const struct sd_unit *u)
{
    struct side *to = ((struct side *)ctx)->other;
    struct unit *unit = &to->unit[to->said % UNITS];
    if (u->len > UNIT_MAX || to->said - to->heard == UNITS)
        return; /* lost: somebody misses it */
    to->said++;
    unit->path = (struct sd_path){.local = u->path.remote, .remote = u->path.local};
    unit->path.remote.proto = unit->path.local.proto;
    unit->len = u->len;
    memcpy(unit->data, u->data, u->len);
}

static void on_event(void *ctx, const struct sd_event *e)
{
    struct side *s = ctx;
    s->ready |= e->kind == SD_EV_READY;
    s->delivered += e->kind == SD_EV_DATA;
}

static const struct sd_sink sink = {on_unit, on_event};

/* Until both are quiet. */
static void talk(struct pair *p)
{
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < SIDES; i++) {
            struct side *s = &p->side[i];
            for (; s->heard != s->said; s->heard++) {
                struct unit *unit = &s->unit[s->heard % UNITS];
                struct sd_unit u = {
                    .path = unit->path, .data = unit->data, .len = unit->len, .cap = UNIT_MAX};
                sd_seat_net_in(&s->seat, p->now, &u);
                more = true;
            }
        }
    }
}

static int seat(struct pair *p, int i, const struct sd_agent_ops *ipsec, struct sd_error *error)
{
    static const char *const name[SIDES] = {"client.example", "server.example"};
    struct side *s = &p->side[i];
    int result = sd_env_init(&s->env, (uint64_t)i + 1);
    if (result != SD_OK)
        return sd_fail(error, result, "bench: no memory");
    s->other = &p->side[!i];
    s->peer = (struct sd_peer){.inner_net = INNER_NET + 1 + (uint32_t)!i, .inner_prefix = 32};
    s->config = (struct sd_config){.role = i == CLIENT ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                                   .identity = sd_identity(name[i]),
                                   .server_name = name[SERVER],
                                   .inner_net = INNER_NET + 1 + (uint32_t)i,
                                   .inner_prefix = 32,
                                   .peers = &s->peer,
                                   .peer_count = 1};
    s->seated = true;
    return sd_seat_init(&s->seat, ipsec, &s->config, &s->env, &sink, s, p->now, error);
}

static int open_pair(struct pair *p, struct sd_error *error)
{
    const struct sd_agent_ops *ipsec = sd_agent_find("ipsec");
    struct sd_open open = {
        .path = {.local = sd_ipv4(192, 0, 2, 1, 500), .remote = sd_ipv4(192, 0, 2, 2, 500)}};
    sd_sid sid;
    if (ipsec == NULL)
        return sd_fail(error, SD_E_UNSUPPORTED, "bench: this build has no IPsec");
    open.path.local.proto = open.path.remote.proto = SD_PROTO_UDP;
    for (int i = 0; i < SIDES; i++) {
        int result = seat(p, i, ipsec, error);
        if (result != SD_OK)
            return result;
    }
    sd_seat_open(&p->side[CLIENT].seat, p->now, &open, &sid);
    talk(p);

    struct sd_writer w = sd_writer_of(p->packet, INNER);
    sd_put16(&w, 0x4500);
    sd_put16(&w, INNER);
    sd_put32(&w, 0);
    sd_put32(&w, 64u << 24 | SD_PROTO_UDP << 16);
    sd_put32(&w, INNER_NET + 1 + CLIENT);
    sd_put32(&w, INNER_NET + 1 + SERVER);
    sd_put_space(&w, INNER - 20);
    return p->side[CLIENT].ready ? SD_OK
                                 : sd_fail(error, SD_E_INTERNAL, "bench: IPsec does not get ready");
}

static void close_pair(struct pair *p)
{
    for (int i = 0; i < SIDES; i++) {
        if (!p->side[i].seated)
            continue;
        sd_seat_fini(&p->side[i].seat);
        sd_env_fini(&p->side[i].env);
    }
}

static double packet_ns(void *ctx, struct sd_error *error)
{
    struct pair *p = ctx;
    uint64_t before = p->side[SERVER].delivered;
    for (int i = 0; i < SIDES; i++)
        p->booked[i] = p->side[i].env.account;
    double start = sd_cpu_ns();
    for (int i = 0; i < p->packets; i++) {
        sd_seat_app_in(&p->side[CLIENT].seat, p->now, 0, 0, p->packet, INNER, false);
        talk(p);
    }
    double ns = (sd_cpu_ns() - start) / p->packets;
    uint64_t delivered = p->side[SERVER].delivered - before;
    if (delivered != (uint64_t)p->packets) {
        sd_fail(error, SD_E_INTERNAL, "bench: expected %d packets through ESP, found %llu",
                p->packets, (unsigned long long)delivered);
        return -1;
    }
    for (int i = 0; i < SIDES; i++)
        bench_booked(&p->booked[i], &p->side[i].env.account);
    return ns;
}

static double primitives_ns(void *ctx, struct sd_error *error)
{
    const struct pair *p = ctx;
    double ns = bench_primitives_ns(p->booked, SIDES, "ESP", error);
    return ns < 0 ? ns : ns / p->packets;
}

int bench_esp(struct bench_run *run, bool quick, struct sd_error *error)
{
    static struct pair pair; /* its units are too large for the stack */
    struct bench_side lab = {.cost = packet_ns, .ctx = &pair},
                      alone = {.cost = primitives_ns, .ctx = &pair};
    pair = (struct pair){.packets = quick ? 200 : 2000, .now = SD_SECOND};
    int result = open_pair(&pair, error);
    if (result == SD_OK)
        result = bench_in_turns(&lab, &alone, quick ? 5 : 40, error);
    close_pair(&pair);
    if (result != SD_OK)
        return result;
    struct bench_row row = {.name = "esp",
                            .what = "CPU of 1400 B sealed by one ESP agent and opened by another / "
                                    "its cryptography",
                            .at_most = 2};
    bench_ratio(&row, &lab, &alone);
    snprintf(row.beside, sizeof row.beside, "%.0f MB of inner packets per CPU second",
             INNER * 1e3 / lab.best_ns);
    bench_report(run, &row);
    return SD_OK;
}
