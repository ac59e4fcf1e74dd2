/* world.c - makes the lab of most tests. */
#include "tests/node/world.h"

#include "sim/core/env.h"

#include <stdio.h>
#include <string.h>

static struct sd_lab *standing; /* of the test that runs */

static const struct sd_metric *find(const char *name)
{
    for (const struct sd_metric *m = sd_metrics; m->name != NULL; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    fail_msg("there is no metric '%s'", name);
    return NULL;
}

static void watch(void *ctx, const struct sd_lab_event *e)
{
    struct world *w = ctx;
    const char *who = e->machine == w->client ? "client" : e->machine == w->server ? "server" : "?";
    size_t len = strlen(w->seen);
    snprintf(w->seen + len, sizeof w->seen - len, "%s:%s ", who, e->name);
    if (w->events < sizeof w->seen_at / sizeof *w->seen_at)
        w->seen_at[w->events] = e->at;
    w->events++;
}

static void must(int result, const struct sd_error *error)
{
    if (result < 0)
        fail_msg("%s", error->text);
}

static sd_machine middle(struct world *w, const struct world_options *o, struct sd_error *error)
{
    struct sd_nat_config nat = {.name = "nat", .mapping = o->mapping};
    return o->middle == WORLD_NAT ? sd_lab_nat(w->lab, &nat, error)
                                  : sd_lab_router(w->lab, "router", error);
}

void world_make(struct world *w, const struct world_options *o)
{
    struct sd_error error = {0};
    struct sd_lab_config config = {.seed = o->seed != 0 ? o->seed : 1,
                                   .weather = o->weather != 0 ? o->weather : 1,
                                   .trace = o->trace,
                                   .capture = o->capture};
    memset(w, 0, sizeof *w);
    w->middle = w->attacker = -1;
    assert_int_equal(sd_core_init(), SD_OK);
    must(sd_lab_create(&w->lab, &config, &error), &error);
    standing = w->lab;
    must(w->client = sd_lab_host(w->lab, &(struct sd_machine_config){.name = "client"}, &error),
         &error);
    struct sd_machine_config server = {.name = "server", .costs = o->costs, .cores = o->cores};
    must(w->server = sd_lab_host(w->lab, &server, &error), &error);
    struct sd_lab_link link = {.a = w->client,
                               .b = w->server,
                               .delay = o->delay != 0 ? o->delay : 25 * SD_MS,
                               .rate_bps = o->rate_bps,
                               .queue_bytes = o->queue_bytes,
                               .mtu = o->mtu,
                               .forth = o->forth,
                               .back = o->back};
    if (o->middle != WORLD_DIRECT) {
        must(link.b = w->middle = middle(w, o, &error), &error);
        must(sd_lab_block(w->lab, w->middle, o->blocks, &error), &error);
    }
    must(w->link = w->far_link = sd_lab_link(w->lab, &link, &error), &error);
    if (o->middle != WORLD_DIRECT) {
        struct sd_lab_link far = {
            .a = w->middle, .b = w->server, .delay = link.delay, .rate_bps = o->rate_bps};
        must(w->far_link = sd_lab_link(w->lab, &far, &error), &error);
    }
    if (o->attacker) {
        must(w->attacker =
                 sd_lab_host(w->lab, &(struct sd_machine_config){.name = "attacker"}, &error),
             &error);
        struct sd_lab_link near = {.a = w->attacker, .b = w->middle, .delay = link.delay};
        must(sd_lab_link(w->lab, &near, &error), &error);
    }
    struct sd_lab_agent agent = {.protocol = o->protocol,
                                 .mode = o->mode,
                                 .role = o->role != 0 ? o->role : SD_ROLE_CLIENT,
                                 .validation = o->validation,
                                 .backlog = o->backlog,
                                 .mutual = o->mutual,
                                 .early_replay_ok = o->early_replay_ok};
    must(sd_lab_agent(w->lab, w->client, &agent, &error), &error);
    w->crowd = o->crowd;
    for (int i = 0; i < o->crowd_size; i++) {
        char name[32];
        snprintf(name, sizeof name, "crowd%d", i);
        must(o->crowd[i] = sd_lab_host(w->lab, &(struct sd_machine_config){.name = name}, &error),
             &error);
        struct sd_lab_link near = {.a = o->crowd[i],
                                   .b = w->middle,
                                   .delay = link.delay,
                                   .forth = o->forth,
                                   .back = o->back};
        must(sd_lab_link(w->lab, &near, &error), &error);
        must(sd_lab_agent(w->lab, o->crowd[i], &agent, &error), &error);
    }
    agent.role = o->role != 0 ? o->role : SD_ROLE_SERVER;
    must(sd_lab_agent(w->lab, w->server, &agent, &error), &error);
    sd_lab_on_event(w->lab, watch, w);
    must(sd_lab_start(w->lab, &error), &error);
}

void world_free(struct world *w)
{
    sd_lab_destroy(w->lab);
    w->lab = standing = NULL;
}

int world_teardown(void **state)
{
    (void)state;
    sd_lab_destroy(standing);
    standing = NULL;
    return 0;
}

static void connect_now(void *ctx)
{
    struct world *w = ctx;
    struct sd_lab_connect with = {.client = w->client,
                                  .server = w->server,
                                  .request_len = 100,
                                  .reply_len = 200,
                                  .inner_datagram = true};
    w->conn = sd_lab_connect(w->lab, &with);
    assert_true(w->conn != 0);
}

void world_connect(struct world *w)
{
    assert_int_equal(sd_lab_at(w->lab, sd_lab_now(w->lab), connect_now, w), SD_OK);
}

void world_run(struct world *w, sd_time until)
{
    assert_int_equal(sd_lab_run(w->lab, until), SD_OK);
}

uint64_t world_machine_metric(const struct world *w, sd_machine m, const char *name)
{
    uint64_t value;
    return sd_lab_metric(w->lab, find(name), m, &value) ? value : UINT64_MAX;
}

uint64_t world_metric(const struct world *w, const char *name)
{
    return world_machine_metric(w, -1, name);
}

bool world_saw(const struct world *w, const char *machine, const char *event)
{
    char text[64];
    snprintf(text, sizeof text, "%s:%s ", machine, event);
    return strstr(w->seen, text) != NULL;
}

void world_check_at(const struct world *w, uint64_t expected, uint64_t found, const char *what,
                    const char *file, int line)
{
    if (expected == found)
        return;
    fprintf(stderr, "%s:%d: %s: expected %llu, found %lld\n  events: %s\n", file, line, what,
            (unsigned long long)expected, (long long)found, w->seen);
    _fail(file, line);
}

void world_check_time(const struct world *w, sd_time expected, sd_time found, const char *what)
{
    if (found + 10 < expected || found > expected + 10)
        world_check(w, expected, found, what);
}

void world_stream(void *ctx)
{
    struct world *w = ctx;
    assert_int_equal(sd_lab_stream(w->lab, w->conn, w->client, 200, 20 * SD_MS, 200), SD_OK);
}

uint64_t world_handshake_time(const char *protocol, const char *mode, uint32_t drop)
{
    struct world w;
    world_make(
        &w, &(struct world_options){.protocol = protocol, .mode = mode, .forth = {.drop = {drop}}});
    world_connect(&w);
    world_run(&w, 20 * SD_SECOND);
    uint64_t time = world_metric(&w, "handshake.time");
    if (time == UINT64_MAX)
        fail_msg("%s %s: no handshake; events: %s", protocol, mode, w.seen);
    world_free(&w);
    return time;
}
