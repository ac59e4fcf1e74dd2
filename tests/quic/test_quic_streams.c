/* test_quic_streams.c - what applications say: many streams, their ends, messages that may be lost,
 * bulk over bad networks, and downloads that outlive their path. */
#include <string.h>

#include "tests/quic/pair.h"

#define BULK (4u << 20)

/* -- streams -- */

/* The client's third packet after the handshake carries stream 0 alone: its loss delays no other.
 */
static void test_no_head_of_line_blocking(void **state)
{
    (void)state;
    enum { STREAMS = 8, SIZE = 1000 };
    struct pair p;
    pair_make(&p, &(struct pair_options){.reply = 10});
    pair_request(&p);
    uint32_t next = 0;
    for (size_t i = 0; i < sd_mem_units(p.mem); i++)
        next += sd_mem_unit(p.mem, i)->from == p.client;
    sd_mem_drop(p.mem, p.client, (const uint32_t[]){next + 1, 0});
    sd_time start = sd_mem_now(p.mem);
    for (uint64_t n = 1; n <= STREAMS; n++)
        pair_send(&p, p.client, n, SIZE, true);
    pair_run(&p, SD_SECOND);
    sd_time whole[STREAMS + 1] = {0};
    const struct sd_mem_event *e;
    for (size_t i = 0; (e = sd_mem_find(p.mem, p.server, SD_EV_DATA, i)); i++)
        if (e->fin)
            whole[e->stream] = e->at - start;
    for (uint64_t n = 1; n <= STREAMS; n++) {
        pair_check(&p, SIZE, pair_heard(&p, p.server, n), "bytes of a stream");
        if (n == 1)
            pair_check(&p, true, whole[n] >= WAY + RTT, "the stream whose packet was lost waits");
        else
            pair_check(&p, WAY, whole[n], "the others do not");
    }
    pair_end(&p);
}

static void test_who_begins(void **state)
{
    (void)state;
    /* Numbers are the application's, whoever begins and in whatever order. */
    static const struct {
        bool server;
        uint64_t stream;
    } rows[] = {{false, 5}, {true, 3}, {false, 3}, {true, 5}, {false, 0}, {true, 1}, {true, 7}};
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_request(&p);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        int from = rows[i].server ? p.server : p.client;
        size_t before = pair_heard(&p, !from, rows[i].stream);
        pair_check(&p, SD_OK, pair_send(&p, from, rows[i].stream, 500, false), "app_in");
        pair_run(&p, SD_SECOND);
        pair_check(&p, before + 500, pair_heard(&p, !from, rows[i].stream), "heard");
    }
    pair_end(&p);
}

static void test_more_streams_than_allowed_at_once(void **state)
{
    (void)state;
    enum { STREAMS = 500 };
    struct pair p;
    pair_make(&p, &(struct pair_options){.reply = 10});
    pair_request(&p);
    for (uint64_t n = 1; n <= STREAMS; n++) {
        pair_send(&p, p.client, n, 100, true);
        pair_send(&p, p.server, n, 100, true);
    }
    pair_run(&p, 10 * SD_SECOND);
    size_t ends[2] = {0};
    const struct sd_mem_event *e;
    for (size_t i = 0; i < sd_mem_events(p.mem); i++)
        if ((e = sd_mem_event(p.mem, i))->kind == SD_EV_DATA && e->fin)
            ends[e->seat]++;
    pair_check(&p, STREAMS, ends[p.server], "the client's");
    pair_check(&p, STREAMS, ends[p.client], "the server's");
    pair_end(&p);
}

static void test_fin(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_request(&p);
    pair_check(&p, SD_OK, pair_send(&p, p.client, 1, 10, true), "the last words");
    pair_check(&p, SD_E_STATE, (int64_t)pair_send(&p, p.client, 1, 10, false), "more of them");
    pair_run(&p, SD_SECOND);
    pair_send(&p, p.server, 1, 20, true);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 20, pair_heard(&p, p.client, 1), "the other direction is open still");
    pair_end(&p);
}

/* -- messages (RFC 9221) -- */

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        bool fits;
    } rows[] = {{1, true}, {1000, true}, {1350, true}, {1444, false}};
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_request(&p);
    size_t heard = 0;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        int r = pair_send(&p, p.server, SD_STREAM_MESSAGES, rows[i].len, false);
        pair_check(&p, rows[i].fits ? SD_OK : SD_E_ARG, (int64_t)r, "app_in");
        heard += rows[i].fits ? rows[i].len : 0;
        pair_run(&p, SD_SECOND);
        pair_check(&p, heard, pair_heard(&p, p.client, SD_STREAM_MESSAGES), "heard");
    }
    sd_mem_link(p.mem)->loss_ppm = SD_PPM;
    pair_send(&p, p.server, SD_STREAM_MESSAGES, 100, false);
    pair_run(&p, RTT);
    sd_mem_link(p.mem)->loss_ppm = 0;
    pair_run(&p, 10 * SD_SECOND);
    pair_check(&p, heard, pair_heard(&p, p.client, SD_STREAM_MESSAGES), "what is lost stays lost");
    pair_end(&p);
}

/* -- bulk -- */

static void check_bulk(struct pair *p, size_t before)
{
    size_t len;
    const uint8_t *found = sd_mem_received(p->mem, p->client, &len);
    pair_check(p, before + BULK, len, "bytes of the download");
    assert_memory_equal(found + before, pair_bytes(BULK), BULK);
}

static void test_bulk(void **state)
{
    (void)state;
    static const struct {
        uint32_t loss, duplicate;
        const char *pacing;
    } rows[] = {{0, 0, "off"}, {30000, 30000, "off"}, {30000, 0, "on"}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        const struct sd_option options[] = {{"pacing", rows[i].pacing}, {0}};
        print_message("          loss %u ppm, pacing %s\n", rows[i].loss, rows[i].pacing);
        pair_make(&p, &(struct pair_options){.server_options = options});
        pair_request(&p);
        sd_mem_link(p.mem)->loss_ppm = rows[i].loss;
        sd_mem_link(p.mem)->duplicate_ppm = rows[i].duplicate;
        pair_send(&p, p.server, 0, BULK, false);
        pair_run(&p, 60 * SD_SECOND);
        check_bulk(&p, 0);
        pair_end(&p);
    }
}

/* -- paths that change under a download -- */

static void stay(struct pair *p)
{
    (void)p;
}
static void rebind_port(struct pair *p)
{
    sd_mem_rebind(p->mem, p->client, SD_MEM_PORT);
}
static void rebind_address(struct pair *p)
{
    sd_mem_rebind(p->mem, p->client, SD_MEM_ADDRESS);
}
static void rebind_both(struct pair *p)
{
    sd_mem_rebind(p->mem, p->client, SD_MEM_PORT | SD_MEM_ADDRESS);
}
static void move(struct pair *p)
{
    sd_mem_move(p->mem, p->client, p->client_sid, p->server);
}
static void move_twice(struct pair *p)
{
    move(p);
    pair_run(p, 3 * RTT);
    move(p);
}

static void test_a_download_outlives_its_path(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        void (*change)(struct pair *);
        unsigned server, client; /* MIGRATED */
    } rows[] = {
        {"nothing", stay, 0, 0},
        {"another port", rebind_port, 1, 0},
        {"another address", rebind_address, 1, 0},
        {"both", rebind_both, 1, 0},
        {"the client moves", move, 1, 1},
        {"twice", move_twice, 2, 2},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].what);
        pair_make(&p, &(struct pair_options){0});
        pair_request(&p);
        sd_mem_link(p.mem)->loss_ppm = 10000; /* so that it lasts */
        pair_send(&p, p.server, 0, BULK, false);
        pair_run(&p, 3 * RTT);
        rows[i].change(&p);
        pair_run(&p, 60 * SD_SECOND);
        check_bulk(&p, 0);
        pair_check(&p, rows[i].server, pair_count(&p, p.server, SD_EV_MIGRATED), "server MIGRATED");
        pair_check(&p, rows[i].client, pair_count(&p, p.client, SD_EV_MIGRATED), "client MIGRATED");
        for (int seat = 0; seat < 2; seat++)
            pair_check(&p, 1, pair_stats(&p, seat).handshakes, "handshakes");
        pair_end(&p);
    }
}

/* Whoever copies a packet and sends it from elsewhere gets at most a probe: the path that it does
 * not hold is not validated (RFC 9000 9.3.1). */
static void test_a_thief_of_packets_gets_nothing(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_request(&p);
    struct sd_addr thief = sd_ipv4(10, 9, 9, 9, 999);
    thief.proto = SD_PROTO_UDP;
    uint32_t last = 0;
    for (size_t i = 0; i < sd_mem_units(p.mem); i++)
        last += sd_mem_unit(p.mem, i)->from == p.client;
    sd_mem_drop(p.mem, p.client, (const uint32_t[]){last + 1, 0});
    size_t index = sd_mem_units(p.mem);
    pair_send(&p, p.client, 0, 64, false);
    sd_mem_replay(p.mem, index, &thief);
    pair_run(&p, SD_SECOND);
    size_t to_thief = 0;
    for (size_t i = 0; i < sd_mem_units(p.mem); i++)
        if (sd_addr_equal(&sd_mem_unit(p.mem, i)->path.local, &thief))
            to_thief += sd_mem_unit(p.mem, i)->len;
    pair_check(&p, 0, pair_count(&p, p.server, SD_EV_MIGRATED), "MIGRATED");
    pair_check(&p, true, to_thief <= 3 * sd_mem_unit(p.mem, index)->len + 1200, "bytes for it");
    pair_send(&p, p.server, 0, 1000, false);
    pair_run(&p, 5 * SD_SECOND);
    pair_check(&p, 1000, pair_heard(&p, p.client, 0), "the honest one hears on");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_head_of_line_blocking),
        cmocka_unit_test(test_who_begins),
        cmocka_unit_test(test_more_streams_than_allowed_at_once),
        cmocka_unit_test(test_fin),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_a_download_outlives_its_path),
        cmocka_unit_test(test_a_thief_of_packets_gets_nothing),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
