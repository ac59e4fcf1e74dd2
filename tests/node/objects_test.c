/* objects_test.c - several objects at once: on streams of their own, or one after the other. */
#include "tests/node/world.h"

#define OBJECTS 8
#define SIZE    1000

static void ask(void *ctx)
{
    struct world *w = ctx;
    struct sd_lab_connect with = {.client = w->client,
                                  .server = w->server,
                                  .request_len = 100,
                                  .reply_len = SIZE,
                                  .objects = OBJECTS};
    w->conn = sd_lab_connect(w->lab, &with);
}

static void run_with(struct world *w, const struct world_options *o)
{
    world_make(w, o);
    sd_lab_at(w->lab, 0, ask, w);
    world_run(w, 20 * SD_SECOND);
}

static void every_object_comes(void **state)
{
    (void)state;
    /* reply: round trips until the first byte of the first object (rtt_test.c). */
    static const struct {
        const char *protocol;
        unsigned reply;
    } rows[] = {{"quic", 2}, {"tls13", 3}, {"tls12", 4}, {"tcpcrypt", 3}, {"wireguard", 3}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct world w;
        run_with(&w, &(struct world_options){.protocol = rows[i].protocol});
        uint64_t first = world_metric(&w, "object.first"), last = world_metric(&w, "object.last");
        uint64_t half = world_metric(&w, "object.median");
        world_check(&w, true, world_saw(&w, "client", "reply"), rows[i].protocol);
        world_check(&w, 1, world_metric(&w, "replies"), "replies");
        world_check_time(&w, rows[i].reply * 50 * SD_MS, world_metric(&w, "reply.time"),
                         rows[i].protocol);
        world_check(&w, true, first <= half && half <= last && last != UINT64_MAX, "in order");
        world_check(&w, 0, world_machine_metric(&w, w.client, "garbled"), "client garbled");
        world_check(&w, 0, world_machine_metric(&w, w.server, "garbled"), "server garbled");
        world_free(&w);
    }
}

/* The server's packets of one object are lost once: on streams the others do not wait. */
static void one_waits_or_all(void **state)
{
    (void)state;
    static const struct {
        const char *protocol;
        uint32_t drop; /* the server's nth packet, which carries an object */
        bool all;      /* wait for it */
    } rows[] = {{"quic", 8, false}, {"tls13", 5, true}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct world calm, w;
        run_with(&calm, &(struct world_options){.protocol = rows[i].protocol});
        uint64_t half = world_metric(&calm, "object.median");
        uint64_t last = world_metric(&calm, "object.last");
        world_free(&calm);
        struct sd_weather loses_one = {.drop = {rows[i].drop}};
        run_with(&w, &(struct world_options){.protocol = rows[i].protocol, .back = loses_one});
        world_check(&w, true, world_metric(&w, "object.last") > last + 20 * SD_MS, "one waits");
        world_check(&w, rows[i].all, world_metric(&w, "object.median") > half + 20 * SD_MS,
                    "half of them wait");
        world_free(&w);
    }
}

static void datagrams_are_refused(void **state)
{
    (void)state;
    struct world w;
    run_with(&w, &(struct world_options){.protocol = "dtls12"});
    world_check(&w, true, world_saw(&w, "client", "refused"), "refused");
    world_check(&w, UINT64_MAX, world_metric(&w, "object.last"), "no value");
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(every_object_comes),
        world_test(one_waits_or_all),
        world_test(datagrams_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
