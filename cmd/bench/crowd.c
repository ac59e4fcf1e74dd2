#include "cmd/bench/crowd.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/stopwatch.h"
#include "sim/node/lab.h"

#define DELAY       (10 * SD_MS)
#define RATE        UINT64_C(1000000000)
#define CLOSE_AFTER (100 * SD_MS) /* ready: what the server still sends has come by then */

struct crowd;
struct connection {
    struct crowd *crowd;
    sd_conn id;
    sd_machine client;
    bool ready;
};

struct crowd {
    const struct bench_crowd *set;
    struct sd_lab *lab;
    sd_machine server, first_client;
    struct connection *connection;
    uint32_t begun, ready, replies;
};

static void close_session(void *ctx)
{
    struct connection *c = ctx;
    sd_lab_close(c->crowd->lab, c->id, c->client);
}

static void on_event(void *ctx, const struct sd_lab_event *e)
{
    struct crowd *c = ctx;
    c->replies += strcmp(e->name, "reply") == 0;
    if (c->set->download > 0 && c->replies == c->set->connections)
        sd_lab_stop(c->lab);
    if (e->conn == 0 || e->conn > c->begun || e->machine == c->server ||
        strcmp(e->name, "ready") != 0 || c->connection[e->conn - 1].ready)
        return;
    c->connection[e->conn - 1].ready = true;
    c->ready++;
    if (!c->set->stay && c->set->download == 0)
        sd_lab_at(c->lab, e->at + CLOSE_AFTER, close_session, &c->connection[e->conn - 1]);
}

static void begin_next(void *ctx)
{
    struct crowd *c = ctx;
    struct sd_lab_connect with = {
        .client = c->first_client + (sd_machine)(c->begun % c->set->clients),
        .server = c->server,
        .request_len = c->set->download > 0 ? SD_LAB_MESSAGE_MIN : c->set->message,
        .reply_len = c->set->download > 0 ? c->set->download : c->set->message,
        .inner_datagram = c->set->download == 0,
    };
    struct connection *connection = &c->connection[c->begun++];
    *connection = (struct connection){.crowd = c, .client = with.client};
    connection->id = sd_lab_connect(c->lab, &with);
    if (c->begun < c->set->connections)
        sd_lab_at(c->lab, sd_lab_now(c->lab) + c->set->interval, begin_next, c);
}

static int join(struct crowd *c, sd_machine a, sd_machine b, struct sd_error *error)
{
    int id = sd_lab_link(
        c->lab, &(struct sd_lab_link){.a = a, .b = b, .delay = DELAY, .rate_bps = RATE}, error);
    return id < 0 ? id : SD_OK;
}

static sd_machine host(struct crowd *c, const char *name, enum sd_role role, struct sd_error *error)
{
    sd_machine m = sd_lab_host(c->lab, &(struct sd_machine_config){.name = name}, error);
    struct sd_lab_agent agent = {.protocol = c->set->protocol, .role = role};
    int result = m < 0 ? m : sd_lab_agent(c->lab, m, &agent, error);
    return result == SD_OK ? m : result;
}

static int lay_out(struct crowd *c, struct sd_error *error)
{
    bool routed = c->set->clients > 1;
    c->server = host(c, "server", SD_ROLE_SERVER, error);
    sd_machine router = routed ? sd_lab_router(c->lab, "router", error) : c->server;
    if (c->server < 0 || router < 0)
        return c->server < 0 ? c->server : router;
    int result = routed ? join(c, c->server, router, error) : SD_OK;
    for (uint32_t i = 0; i < c->set->clients && result == SD_OK; i++) {
        char name[24];
        snprintf(name, sizeof name, "client%u", i + 1);
        sd_machine m = host(c, name, SD_ROLE_CLIENT, error);
        if (i == 0)
            c->first_client = m;
        result = m < 0 ? m : join(c, m, router, error);
    }
    return result == SD_OK ? sd_lab_start(c->lab, error) : result;
}

static uint64_t heap_in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static int run(struct crowd *c, uint64_t *heap_bytes, struct sd_error *error)
{
    int result = lay_out(c, error);
    if (result != SD_OK)
        return result;
    sd_lab_on_event(c->lab, on_event, c);
    sd_lab_at(c->lab, 0, begin_next, c);
    sd_lab_run(c->lab, (c->set->connections - 1) * c->set->interval + c->set->linger);
    *heap_bytes = heap_in_use();
    bool whole = c->set->download == 0 || c->replies == c->set->connections;
    return c->ready == c->set->connections && whole
               ? SD_OK
               : sd_fail(error, SD_E_INTERNAL,
                         "bench: expected %u of %u sessions to be ready, found %u",
                         c->set->connections, c->set->connections, c->ready);
}

int bench_crowd_run(const struct bench_crowd *set, struct bench_crowd_cost *cost,
                    struct sd_error *error)
{
    struct crowd c = {.set = set};
    double start = sd_cpu_ns();
    uint64_t heap_before = heap_in_use();
    c.connection = calloc(set->connections, sizeof *c.connection);
    int result = c.connection != NULL
                     ? sd_lab_create(&c.lab, &(struct sd_lab_config){.seed = 1}, error)
                     : sd_fail(error, SD_E_NOMEM, "bench: no memory");
    if (result == SD_OK) {
        result = run(&c, &cost->heap_bytes, error);
        cost->heap_bytes -= heap_before;
        sd_lab_destroy(c.lab);
    }
    free(c.connection);
    cost->cpu_ns = sd_cpu_ns() - start;
    return result;
}
