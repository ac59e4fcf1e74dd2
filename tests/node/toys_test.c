/* toys_test.c - carriers that the first protocols do not use: a TCP option in the segments that
 * open a connection, IP protocol 50, two carriers of one agent, a tunnel without a handshake. */
#include "tests/core/toys/toys.h"
#include "tests/node/world.h"

#include <stdio.h>
#include <string.h>

/* This program's registry: it stands in for protocols/registry.c. */
const struct sd_agent_ops *const sd_agents[] = {&sd_toy_option, &sd_toy_ip, &sd_toy_two,
                                                &sd_toy_tunnel, NULL};

const struct sd_agent_ops *sd_agent_find(const char *name)
{
    for (size_t i = 0; sd_agents[i] != NULL; i++)
        if (strcmp(sd_agents[i]->name, name) == 0)
            return sd_agents[i];
    return NULL;
}

struct row {
    const char *protocol;
    enum world_middle middle;
    double reply; /* round trips */
};
static const struct row rows[] = {
    {"toy-option", WORLD_DIRECT, 2}, {"toy-option", WORLD_NAT, 2}, {"toy-ip", WORLD_DIRECT, 2},
    {"toy-ip", WORLD_NAT, 2},        {"toy-two", WORLD_DIRECT, 2}, {"toy-two", WORLD_ROUTER, 2},
    {"toy-tunnel", WORLD_DIRECT, 1},
};

/* The option's toy says in READY whether the option passed. */
static void note_option(void *ctx, const struct sd_lab_event *e)
{
    int *passed = ctx;
    *passed += strcmp(e->name, "ready") == 0 && strcmp(e->detail, "option") == 0;
}

static void every_carrier(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct row *row = &rows[i];
        struct world w;
        int passed = 0;
        world_make(&w, &(struct world_options){
                           .protocol = row->protocol, .middle = row->middle, .trace = true});
        if (strcmp(row->protocol, "toy-option") == 0)
            sd_lab_on_event(w.lab, note_option, &passed);
        world_connect(&w);
        world_run(&w, 10 * SD_SECOND);
        sd_time rtt = (row->middle == WORLD_DIRECT ? 1 : 2) * 50 * SD_MS;
        double found = (double)world_metric(&w, "reply.time") / (double)rtt;
        if (found < row->reply - 0.01 || found > row->reply + 0.01)
            fail_msg("%s: reply: expected %.1f round trips, found %.3f; events: %s", row->protocol,
                     row->reply, found, w.seen);
        world_check(&w, SD_PPM, world_metric(&w, "success"), row->protocol);
        if (strcmp(row->protocol, "toy-option") == 0)
            world_check(&w, 2, (uint64_t)passed, "sides that saw the option");
        world_free(&w);
    }
}

/* Behind a firewall: who has a carrier that passes finds it, after its own patience. */
static void behind_a_firewall(void **state)
{
    (void)state;
    static const struct {
        const char *protocol;
        unsigned blocks;
        bool answered;
        sd_time earliest, latest; /* the reply */
    } firewalls[] = {
        {"toy-two", 0, true, 200 * SD_MS, 201 * SD_MS},
        {"toy-two", SD_BLOCK_UDP, true, 3300 * SD_MS, 3310 * SD_MS},
        {"toy-ip", SD_BLOCK_UDP, true, 200 * SD_MS, 201 * SD_MS},
        {"toy-ip", SD_BLOCK_ESP, false, 0, 0},
        {"toy-tunnel", SD_BLOCK_UDP, false, 0, 0},
    };
    for (size_t i = 0; i < SD_ROWS(firewalls); i++) {
        struct world w;
        world_make(&w, &(struct world_options){.protocol = firewalls[i].protocol,
                                               .middle = WORLD_ROUTER,
                                               .blocks = firewalls[i].blocks});
        world_connect(&w);
        world_run(&w, 30 * SD_SECOND);
        world_check(&w, firewalls[i].answered ? SD_PPM : 0, world_metric(&w, "success"),
                    firewalls[i].protocol);
        if (firewalls[i].answered) {
            sd_time reply = world_metric(&w, "reply.time");
            if (reply < firewalls[i].earliest || reply > firewalls[i].latest)
                fail_msg("%s, row %zu: reply after %llu ns; events: %s", firewalls[i].protocol,
                         i + 1, (unsigned long long)reply, w.seen);
        }
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {world_test(every_carrier), world_test(behind_a_firewall)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
