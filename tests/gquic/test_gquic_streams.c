/* test_gquic_streams.c - streams over good and bad networks, flow control, ends. */
#include "tests/gquic/pair.h"
#include <string.h>

/* -- one stream each way -- */

static void test_transfers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *mode;
        uint32_t loss_ppm, duplicate_ppm;
        size_t up, down;
        sd_time within;
    } rows[] = {
        {"nothing lost", "fresh", 0, 0, 1 << 20, 1 << 20, 2 * SD_SECOND},
        {"4 MiB down", "fresh", 0, 0, 100, 4 << 20, 3 * SD_SECOND},
        {"Q046", "q046", 0, 0, 1 << 20, 1 << 20, 2 * SD_SECOND},
        {"1 % lost", "fresh", 10000, 0, 300000, 300000, 10 * SD_SECOND},
        {"5 % lost, 5 % doubled", "fresh", 50000, 50000, 100000, 100000, 20 * SD_SECOND},
        {"Q046, 5 % lost, 5 % doubled", "q046", 50000, 50000, 100000, 100000, 20 * SD_SECOND},
        {"20 % lost", "fresh", 200000, 0, 20000, 20000, 60 * SD_SECOND},
        {"everything doubled", "fresh", 0, SD_PPM, 100000, 100000, 5 * SD_SECOND},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        for (uint64_t seed = 1; seed <= (rows[i].loss_ppm ? 4 : 1); seed++) {
            struct pair p;
            const struct pair_options o = {
                .mode = rows[i].mode, .reply = rows[i].down, .seed = seed};
            print_message("          %s, seed %llu\n", rows[i].name, (unsigned long long)seed);
            pair_make(&p, &o);
            sd_mem_link(p.mem)->loss_ppm = rows[i].loss_ppm;
            sd_mem_link(p.mem)->duplicate_ppm = rows[i].duplicate_ppm;
            p.request = rows[i].up;
            pair_open(&p, NULL);
            pair_run(&p, rows[i].within);
            pair_received(&p, p.server, 0, rows[i].up);
            pair_received(&p, p.client, 0, rows[i].down);
            if (!rows[i].loss_ppm && !rows[i].duplicate_ppm) {
                pair_check(&p, 0, pair_stats(&p, p.client).retransmits, "sent again by the client");
                pair_check(&p, 0, pair_stats(&p, p.server).retransmits, "sent again by the server");
            }
            pair_end(&p);
        }
    }
}

/* -- many streams -- */

#define OBJECTS 40

static void answer(void *ctx, const struct sd_mem_event *e)
{
    struct pair *p = ctx;
    if (e->kind == SD_EV_READY && e->seat == p->server)
        p->server_sid = e->sid;
    if (e->kind == SD_EV_DATA && e->seat == p->server && e->fin)
        pair_send(p, p->server, e->stream, 20000, true);
}

/* Each request on a stream of its own, answered there; streams are over afterwards. */
static void test_many_streams(void **state)
{
    (void)state;
    for (uint32_t loss = 0; loss <= 30000; loss += 30000) {
        struct pair p;
        const struct pair_options o = {.mode = "fresh"};
        pair_make(&p, &o);
        sd_mem_link(p.mem)->loss_ppm = loss;
        sd_mem_watch(p.mem, answer, &p);
        pair_open(&p, NULL);
        for (uint64_t n = 0; n < OBJECTS; n++)
            pair_check(&p, SD_OK, pair_send(&p, p.client, n, 100 + n, true), "result of app_in");
        pair_run(&p, 20 * SD_SECOND);
        size_t ends = 0;
        for (uint64_t n = 0; n < OBJECTS; n++) {
            pair_received(&p, p.server, n, 100 + n);
            pair_received(&p, p.client, n, 20000);
        }
        for (size_t i = 0; i < sd_mem_events(p.mem); i++)
            ends += sd_mem_event(p.mem, i)->seat == p.client && sd_mem_event(p.mem, i)->fin;
        pair_check(&p, OBJECTS, ends, "ends of streams at the client");
        pair_check(&p, 0, pair_connection(&p, p.client)->stream_count, "streams of the client");
        pair_check(&p, 0, pair_connection(&p, p.server)->stream_count, "streams of the server");
        pair_end(&p);
    }
}

/* What is lost of one stream does not hold up another. */
static bool lose_third(void *ctx, struct sd_mem_unit *u)
{
    const struct pair *p = ctx;
    return u->from != p->server || u->number != 3;
}

static void test_no_head_of_line(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh"};
    pair_make(&p, &o);
    pair_open(&p, NULL);
    pair_run(&p, SD_SECOND);
    sd_mem_on_unit(p.mem, lose_third, &p);
    /* REJ and SHLO were 1 and 2: the next packet is the whole of stream 0. */
    p.server_sid = pair_connection(&p, p.server)->sid;
    sd_time start = sd_mem_now(p.mem);
    for (uint64_t n = 0; n < 3; n++)
        pair_send(&p, p.server, n, 500, true);
    pair_run(&p, 5 * SD_SECOND);
    sd_time at[3] = {0};
    for (size_t i = 0; i < sd_mem_events(p.mem); i++) {
        const struct sd_mem_event *e = sd_mem_event(p.mem, i);
        if (e->seat == p.client && e->kind == SD_EV_DATA && e->fin)
            at[e->stream] = e->at - start;
    }
    pair_check(&p, WAY, at[1], "stream 1");
    pair_check(&p, WAY, at[2], "stream 2");
    assert_true(at[0] > RTT);
    pair_received(&p, p.client, 0, 500);
    pair_end(&p);
}

/* Who speaks first: a server's words on a stream that the client has not opened. */
static void test_server_first(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh"};
    pair_make(&p, &o);
    pair_open(&p, NULL);
    pair_run(&p, SD_SECOND);
    p.server_sid = pair_connection(&p, p.server)->sid;
    pair_send(&p, p.server, 0, 5000, false);
    pair_run(&p, SD_SECOND);
    pair_send(&p, p.client, 0, 700, false);
    pair_run(&p, SD_SECOND);
    pair_received(&p, p.client, 0, 5000);
    pair_received(&p, p.server, 0, 700);
    assert_non_null(gq_stream_find(pair_connection(&p, p.server), 2));
    assert_non_null(gq_stream_find(pair_connection(&p, p.server), 3));
    pair_end(&p);
}

/* -- flow control -- */

/* Who breaks the limits is thrown out; who keeps them waits for more. */
static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct gq_frame frame;
        uint32_t expected;
    } rows[] = {
        {"within the stream's window",
         {.kind = GQ_STREAM, .stream = 5, .offset = GQ_STREAM_WINDOW - 1, .len = 1},
         GQ_NO_ERROR},
        {"one byte more",
         {.kind = GQ_STREAM, .stream = 5, .offset = GQ_STREAM_WINDOW, .len = 1},
         GQ_FLOW_CONTROL_TOO_MUCH},
        {"a reset beyond it",
         {.kind = GQ_RST_STREAM, .stream = 5, .offset = GQ_STREAM_WINDOW + 1},
         GQ_FLOW_CONTROL_TOO_MUCH},
        {"a stream of ours that we never opened",
         {.kind = GQ_STREAM, .stream = 2, .len = 1},
         GQ_INVALID_STREAM_ID},
        {"stream 0", {.kind = GQ_STREAM, .stream = 0, .len = 1}, GQ_INVALID_STREAM_ID},
        {"too many at once",
         {.kind = GQ_STREAM, .stream = 3 + 2 * (GQ_STREAMS_MAX + 10), .len = 1},
         GQ_TOO_MANY_OPEN_STREAMS},
        {"as many as may be",
         {.kind = GQ_STREAM, .stream = 3 + 2 * (GQ_STREAMS_MAX - 1), .len = 1},
         GQ_NO_ERROR},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        const struct pair_options o = {.mode = "fresh"};
        pair_make(&p, &o);
        pair_open(&p, NULL);
        pair_run(&p, SD_SECOND);
        struct gquic *gq = pair_agent(&p, p.server);
        struct gq_connection *c = pair_connection(&p, p.server);
        struct gq_frame f = rows[i].frame;
        f.data = (const uint8_t *)"x";
        struct sd_env *before = sd_enter(sd_mem_seat(p.mem, p.server)->env);
        uint32_t found = f.kind == GQ_STREAM ? gq_stream_frame(gq, c, &f, false, true)
                                             : gq_stream_rst(gq, c, &f);
        sd_leave(before);
        pair_check(&p, rows[i].expected, found, rows[i].name);
        pair_end(&p);
    }
}

/* Both windows together: two streams share the connection's. */
static void test_connection_window(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh"};
    pair_make(&p, &o);
    pair_open(&p, NULL);
    pair_run(&p, SD_SECOND);
    p.server_sid = pair_connection(&p, p.server)->sid;
    for (uint64_t n = 1; n <= 4; n++) /* stream 0 is outside */
        pair_send(&p, p.server, n, 1 << 20, true);
    pair_run(&p, 20 * SD_SECOND);
    for (uint64_t n = 1; n <= 4; n++)
        pair_received(&p, p.client, n, 1 << 20);
    const struct gq_connection *c = pair_connection(&p, p.server);
    pair_check(&p, 4 << 20, c->out_sent, "bytes in the connection's flow control");
    assert_true(c->out_limit >= 4 << 20);
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transfers),       cmocka_unit_test(test_many_streams),
        cmocka_unit_test(test_no_head_of_line), cmocka_unit_test(test_server_first),
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_connection_window),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
