/* net_test.c - nodes, links, time, UDP and TCP of the network. */
#include "sim/box/chain.h"
#include "sim/box/weather.h"
#include "sim/core/random.h"
#include "tests/net/topology.h"

#include <string.h>

/* -- UDP -- */

struct datagrams {
    struct sd_net *net;
    uint32_t count;
    size_t last_len;
    sd_time last_at;
    struct sd_addr last_from;
    bool answer;
};

static void on_datagram(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                        const struct sd_addr *from, const struct sd_addr *to)
{
    struct datagrams *d = ctx;
    (void)to;
    d->count++;
    d->last_len = len;
    d->last_at = sd_net_now(d->net);
    d->last_from = *from;
    if (d->answer)
        assert_int_equal(sd_udp_send(udp, from, data, len, false), SD_OK);
}

struct udp_row {
    const char *name;
    size_t len;
    uint64_t rate_bps;
    sd_time round_trip; /* with 10 ms a link: 40 ms, and serialisation */
};
static const struct udp_row udp_rows[] = {
    {.name = "empty", .len = 0, .rate_bps = 0, .round_trip = 40 * SD_MS},
    {.name = "no rate", .len = 1200, .rate_bps = 0, .round_trip = 40 * SD_MS},
    /* 1228 bytes at 10 Mbit/s take 982.4 us on each of four links */
    {.name = "10 Mbit/s", .len = 1200, .rate_bps = 10000000, .round_trip = 43929600},
    /* fragments of 1500 and 1000 bytes: pipelined over two links */
    {.name = "fragments", .len = 2452, .rate_bps = 0, .round_trip = 40 * SD_MS},
};

static void udp_echo(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof udp_rows / sizeof *udp_rows; i++) {
        const struct udp_row *row = &udp_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){.rate_bps = row->rate_bps});
        struct datagrams at_server = {.net = t.net, .answer = true}, at_client = {.net = t.net};
        assert_non_null(sd_net_udp(t.net, t.server, 0, 4433, on_datagram, &at_server));
        struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 0, on_datagram, &at_client);
        struct sd_addr to = server_addr(4433);
        static uint8_t payload[4096];
        assert_int_equal(sd_udp_send(udp, &to, payload, row->len, false), SD_OK);
        run_for(&t, SD_SECOND);
        if (at_client.count != 1 || at_client.last_len != row->len ||
            at_client.last_at != row->round_trip)
            fail_msg("%s: expected one answer of %zu bytes at %llu ns, found %u of %zu at %llu",
                     row->name, row->len, (unsigned long long)row->round_trip, at_client.count,
                     at_client.last_len, (unsigned long long)at_client.last_at);
        topology_free(&t);
    }
}

/* -- TCP -- */

static void tcp_transfer(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){.rate_bps = 100000000});
    struct tcp_peer listener = {0}, child = {.to_send = 300000, .close_when_sent = true};
    struct tcp_peer client = {.echo_close = true};
    tcp_serve(&t, 443, &listener, &child);
    tcp_call(&t, 443, &client, 4 << 20);
    run_for(&t, 100 * SD_SECOND);
    assert_int_equal(listener.accepted, 1);
    assert_int_equal(client.connected, 1);
    assert_in_range(client.connected_at, 40 * SD_MS, 41 * SD_MS);
    assert_int_equal(child.received, 4 << 20);
    assert_int_equal(client.received, 300000);
    assert_int_equal(client.peer_closed, 1);
    assert_int_equal(child.peer_closed, 1);
    assert_int_equal(child.reset + client.reset, 0);
    topology_free(&t);
}

static void tcp_refused(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct tcp_peer client = {0};
    tcp_call(&t, 443, &client, 0);
    run_for(&t, 100 * SD_SECOND);
    assert_int_equal(client.failed, 1);
    assert_int_equal(client.failed_at, 40 * SD_MS);
    assert_int_equal(client.connected, 0);
    topology_free(&t);
}

/* -- the same calls, the same bytes, whatever ran before in the process -- */

static enum sd_verdict hash_packet(void *ctx, struct sd_passage *passage)
{
    uint64_t *hash = ctx;
    const struct sd_packet *packet = passage->packet;
    *hash = sd_hash_u64(*hash, packet->now);
    *hash = sd_hash(*hash, packet->data, packet->len);
    return SD_PASS;
}

/* Hash over every packet that passes the router: times, ports, sequence numbers, checksums. */
static uint64_t everything(uint32_t loss_ppm)
{
    struct topology t;
    topology_make(&t, (struct topology_options){.rate_bps = 20000000});
    struct sd_chain *chain;
    sd_chain_create(&chain, t.net, t.router);
    struct sd_weather weather = {.loss_ppm = loss_ppm, .jitter = SD_MS, .duplicate_ppm = loss_ppm};
    struct sd_weather_box *box = sd_weather_box_new(&weather, 5);
    uint64_t hash = 0;
    sd_chain_add(chain, -1, SD_IN, hash_packet, &hash);
    sd_chain_add(chain, 0, SD_IN, sd_weather_box_pass, box);
    struct tcp_peer listener = {0}, child = {.to_send = 100000, .close_when_sent = true};
    struct tcp_peer client = {.echo_close = true}, second = {.echo_close = true};
    struct tcp_peer second_listener = {0}, second_child = {.to_send = 10};
    struct datagrams d = {.net = t.net, .answer = true};
    tcp_serve(&t, 443, &listener, &child);
    tcp_call(&t, 443, &client, 300000);
    run_for(&t, 30 * SD_SECOND);
    tcp_serve(&t, 444, &second_listener, &second_child);
    tcp_call(&t, 444, &second, 100);
    sd_net_udp(t.net, t.server, 0, 4433, on_datagram, &d);
    struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 0, NULL, NULL);
    struct sd_addr to = server_addr(4433);
    static const uint8_t payload[3000];
    sd_udp_send(udp, &to, payload, sizeof payload, false);
    run_for(&t, 100 * SD_SECOND);
    assert_int_equal(child.peer_closed, 1);
    assert_int_equal(second_child.received, 100);
    sd_chain_destroy(chain);
    sd_weather_box_free(box);
    topology_free(&t);
    return hash;
}

static void same_bytes(void **state)
{
    (void)state;
    uint64_t first = everything(20000);
    uint64_t other = everything(100000);
    assert_true(first != other);
    assert_true(everything(20000) == first);
    assert_true(everything(100000) == other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_echo),
        cmocka_unit_test(tcp_transfer),
        cmocka_unit_test(tcp_refused),
        cmocka_unit_test(same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
