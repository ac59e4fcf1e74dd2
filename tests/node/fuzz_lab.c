/* fuzz_lab.c - any script: bytes choose the protocol, the network, the weather, and what is done
 * when.  Whatever it is, the run ends, and the same bytes give the same run. */
#include "sim/node/lab.h"
#include "tests/fuzz/fuzz.h"

#include "sim/core/reader.h"

#include <stdlib.h>
#include <string.h>

enum { HOSTS = 3, ACTIONS_MAX = 24 };

struct script {
    struct sd_lab *lab;
    sd_machine host[HOSTS], middle; /* host[0]: the server; host[2]: an attacker, too */
    int link[HOSTS];
    struct sd_lab_link set[HOSTS];
    sd_conn conns;
    int taps;
};

struct action {
    struct script *script;
    uint8_t what, who, a, b;
};

static void must(bool good)
{
    if (!good)
        abort();
}

static struct sd_weather weather_of(struct sd_reader *r)
{
    return (struct sd_weather){.loss_ppm = sd_get8(r) * 1000u,
                               .duplicate_ppm = sd_get8(r) * 1000u,
                               .reorder_ppm = sd_get8(r) * 1000u,
                               .corrupt_ppm = sd_get8(r) * 500u,
                               .jitter = sd_get8(r) * SD_MS / 16,
                               .burst_mean = sd_get8(r) % 4u};
}

static void connect_as(struct script *s, const struct action *a)
{
    struct sd_lab_connect with = {.client = s->host[1 + a->who % 2],
                                  .server = s->host[0],
                                  .request_len = a->a == 0 ? 0 : 36 + a->a * 40u,
                                  .reply_len = a->b == 0 ? 0 : 36 + a->b * 200u,
                                  .close = a->a & 1,
                                  .inner_datagram = a->b & 1};
    sd_conn id = sd_lab_connect(s->lab, &with);
    if (id != 0)
        s->conns = id;
}

static void flood(struct script *s, const struct action *a)
{
    sd_time now = sd_lab_now(s->lab);
    struct sd_flood f = {.from = s->host[2],
                         .to = s->host[0],
                         .rate_pps = 1 + a->a * 4u,
                         .source_net = a->b & 1 ? 0xc6336400 : 0,
                         .source_prefix = 24,
                         .start = now,
                         .end = now + a->b * 4 * SD_MS,
                         .fresh = a->b & 2};
    sd_lab_flood(s->lab, &f, NULL);
}

static void tap_or_replay(struct script *s, const struct action *a)
{
    sd_machine at = a->a & 1 ? s->middle : s->host[0];
    if (s->taps < 3 && a->a & 2) {
        s->taps +=
            sd_lab_tap(s->lab, &(struct sd_tap){
                                   .at = at, .from = -1, .to = s->host[0], .data = a->b & 1}) >= 0;
        return;
    }
    sd_lab_replay(s->lab, &(struct sd_replay){.tap = a->who % 3,
                                              .from = s->host[2],
                                              .index = a->a & 4 ? -1 : a->b % 8,
                                              .own_source = a->a & 8,
                                              .copies = a->a >> 6,
                                              .spacing = a->b * SD_US});
}

static void change_link(struct script *s, const struct action *a)
{
    struct sd_lab_link *l = &s->set[a->who % HOSTS];
    l->delay = a->a * SD_MS / 4;
    l->forth.loss_ppm = a->b * 2000u;
    sd_lab_set_link(s->lab, s->link[a->who % HOSTS], l);
}

/* What somebody on the path does, and what sessions are asked besides. */
static void look_and_meddle(struct script *s, const struct action *a, sd_conn conn)
{
    sd_machine at = a->a & 1 ? s->middle : s->host[0];
    struct sd_meddle meddle = {
        .which = {.at = at, .from = -1, .to = -1, .data = a->b & 1},
        .nth = a->a >> 5,
        .count = a->b >> 5,
        .how = a->a & 2 ? SD_CORRUPT : SD_DELAY,
        .delay = a->b * SD_MS,
    };
    switch (a->b % 5) {
    case 0:
        sd_lab_eavesdrop(s->lab, at);
        break;
    case 1:
        sd_lab_meddle(s->lab, &meddle);
        break;
    case 2:
        sd_lab_cut(s->lab, a->who % 3, s->host[2], a->a & 4 ? SD_CUT_RST : SD_CUT_FIN);
        break;
    case 3:
        sd_lab_export(s->lab, conn, s->host[a->who % HOSTS]);
        break;
    case 4:
        sd_lab_send_beside(s->lab, conn, s->host[a->who % HOSTS], a->a % 8, a->b * 8u);
        break;
    }
}

static void act(void *ctx)
{
    struct action *a = ctx;
    struct script *s = a->script;
    sd_machine who = s->host[a->who % HOSTS];
    sd_conn conn = s->conns == 0 ? 0 : 1 + a->who % s->conns;
    switch (a->what % 11) {
    case 0:
    case 1:
        connect_as(s, a);
        break;
    case 2:
        sd_lab_send(s->lab, conn, who, 36 + a->a * 256u);
        break;
    case 3:
        sd_lab_stream(s->lab, conn, who, 36 + a->a * 4u, SD_MS + a->b * SD_MS / 8, 1 + a->b % 50u);
        break;
    case 4:
        sd_lab_close(s->lab, conn, who);
        break;
    case 5:
        sd_lab_rekey(s->lab, conn, who);
        break;
    case 6:
        sd_lab_move(s->lab, who);
        break;
    case 7:
        sd_lab_rebind(s->lab, s->middle, a->a % 4u);
        change_link(s, a);
        break;
    case 8:
        flood(s, a);
        break;
    case 9:
        tap_or_replay(s, a);
        break;
    case 10:
        look_and_meddle(s, a, conn);
        break;
    }
}

static const struct sd_cost_table costs = {
    .unit_in_ns = 20000, .rows = 1, .row = {{SD_OP_DERIVE, "*", 100000, 0}}};

static void build(struct script *s, struct sd_reader *r)
{
    static const char *const names[HOSTS] = {"server", "client", "attacker"};
    struct sd_error error = {0};
    size_t protocols = 0;
    while (sd_agents[protocols] != NULL)
        protocols++;
    const struct sd_agent_ops *ops = sd_agents[sd_get8(r) % protocols];
    size_t modes = 0;
    while (ops->modes[modes].name != NULL)
        modes++;
    uint8_t how = sd_get8(r), both = sd_get8(r);
    struct sd_lab_config config = {.seed = 1, .weather = 2, .trace = how & 1, .checksums = true};
    must(sd_lab_create(&s->lab, &config, &error) == SD_OK);
    for (int i = 0; i < HOSTS; i++) {
        struct sd_machine_config host = {.name = names[i],
                                         .cores = 1 + (how >> 4 & 3u),
                                         .costs = how & 2 && i == 0 ? &costs : NULL,
                                         .input_queue_bytes = how & 4 ? 2000 : 0};
        s->host[i] = sd_lab_host(s->lab, &host, &error);
    }
    struct sd_nat_config nat = {.name = "middle", .mapping = how >> 6 & 1u};
    s->middle =
        how & 8 ? sd_lab_nat(s->lab, &nat, &error) : sd_lab_router(s->lab, "middle", &error);
    for (int i = HOSTS - 1; i >= 0; i--) { /* the server's last: a NAT's outside */
        s->set[i] = (struct sd_lab_link){.a = s->host[i],
                                         .b = s->middle,
                                         .delay = sd_get8(r) * SD_MS / 8,
                                         .rate_bps = sd_get8(r) * 100000u,
                                         .queue_bytes = 4000,
                                         .mtu = sd_get8(r) % 2 ? 0 : 700};
        s->set[i].forth = weather_of(r);
        s->set[i].back = weather_of(r);
        s->link[i] = sd_lab_link(s->lab, &s->set[i], &error);
        must(s->link[i] >= 0);
    }
    for (int i = 0; i < HOSTS; i++) {
        struct sd_lab_agent agent = {.protocol = ops->name,
                                     .mode = ops->modes[both % modes].name,
                                     .role = both & 0x80 ? SD_ROLE_BOTH
                                             : i == 0    ? SD_ROLE_SERVER
                                                         : SD_ROLE_CLIENT,
                                     .backlog = 1 + (both >> 5 & 1u) * 20,
                                     .validation = (enum sd_validation)(how % 3),
                                     .recorded = how & 0x10,
                                     .impostor = i == 1 && (how & 0x20),
                                     .other_psk = i == 2 && (how & 0x40)};
        must(sd_lab_agent(s->lab, s->host[i], &agent, &error) == SD_OK);
    }
}

/* A hash of all metrics. */
static uint64_t run(const uint8_t *data, size_t len)
{
    static struct action action[ACTIONS_MAX];
    static struct script s;
    struct sd_reader r = sd_reader_of(data, len);
    memset(&s, 0, sizeof s);
    build(&s, &r);
    uint64_t hash = 0;
    if (sd_lab_start(s.lab, NULL) == SD_OK) {
        for (int i = 0; i < ACTIONS_MAX && sd_left(&r) > 0; i++) {
            sd_time when = sd_get8(&r) * 20 * SD_MS;
            action[i] = (struct action){&s, sd_get8(&r), sd_get8(&r), sd_get8(&r), sd_get8(&r)};
            must(sd_lab_at(s.lab, when, act, &action[i]) == SD_OK);
        }
        must(sd_lab_run(s.lab, 8 * SD_SECOND) == SD_OK);
        must(sd_lab_now(s.lab) == 8 * SD_SECOND);
        for (const struct sd_metric *m = sd_metrics; m->name != NULL; m++)
            for (sd_machine id = 0; id <= s.middle; id++) {
                uint64_t value;
                bool has = sd_lab_metric(s.lab, m, id, &value);
                hash = hash * 31 + value * 2 + has;
            }
    }
    sd_lab_destroy(s.lab);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    must(run(data, len) == run(data, len));
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    /* protocol, how, mode; links: delay, rate, mtu, weather both ways; then actions */
    for (uint8_t protocol = 0; sd_agents[protocol] != NULL; protocol++)
        for (uint8_t how = 0; how < 128; how += 21) {
            uint8_t seed[3 + HOSTS * 15 + 5 * 13] = {protocol, how, protocol};
            for (int i = 0; i < HOSTS; i++)
                memcpy(seed + 3 + i * 15, (const uint8_t[]){40, 100, 1}, 3);
            const uint8_t actions[][5] = {
                {0, 0, 1, 20, 20}, {30, 1, 2, 9, 30},  {50, 2, 0, 200, 0}, {60, 3, 1, 50, 50},
                {70, 7, 1, 1, 10}, {75, 9, 0, 2, 0},   {80, 8, 0, 50, 60}, {150, 9, 0, 12, 9},
                {5, 10, 0, 1, 0},  {55, 10, 0, 35, 1}, {56, 10, 0, 33, 6}, {90, 10, 1, 0, 3},
                {95, 10, 1, 4, 9}};
            memcpy(seed + 3 + HOSTS * 15, actions, sizeof actions);
            add(seed, sizeof seed);
        }
}
