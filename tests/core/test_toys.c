/* test_toys.c - the memory host, seen through agents on each kind of carrier. */
#include <stdio.h>
#include <string.h>

#include "sim/mem/mem.h"
#include "tests/core/toys/toys.h"
#include "tests/core/unit.h"

static const struct sd_config client_config = {.role = SD_ROLE_CLIENT};
static const struct sd_config server_config = {.role = SD_ROLE_SERVER};

static int add(struct sd_mem *m, const struct sd_agent_ops *ops, const struct sd_config *config,
               uint64_t seed)
{
    int seat = sd_mem_add(m, ops, config, seed);
    if (seat < 0)
        fail_msg("%s: %s", ops->name, sd_mem_error(m));
    return seat;
}

/* The bytes that arrived at a seat, all told, must be those. */
static void assert_received(struct sd_mem *m, int seat, const char *expected)
{
    size_t len;
    const uint8_t *found = sd_mem_received(m, seat, &len);
    if (len != strlen(expected) || memcmp(found, expected, len) != 0) {
        sd_mem_print(m);
        fail_msg("seat %d: expected \"%s\", found \"%.*s\"", seat, expected, (int)len,
                 (const char *)found);
    }
}

/* -- every carrier: both ready, data both ways, closed, nothing leaks -- */

struct carrier_row {
    const char *name;
    const struct sd_agent_ops *ops;
    int carrier;
    sd_time ready_client, ready_server; /* with 10 ms one way */
};
static const struct carrier_row carriers[] = {
    {"TCP with options", &sd_toy_option, 0, 20 * SD_MS, 30 * SD_MS},
    {"IP protocol 50", &sd_toy_ip, 0, 20 * SD_MS, 10 * SD_MS},
    {"UDP 500", &sd_toy_two, 0, 20 * SD_MS, 10 * SD_MS},
    {"TCP 4500", &sd_toy_two, 1, 40 * SD_MS, 30 * SD_MS},
};

static void talk_over(const struct carrier_row *row, uint32_t chunk)
{
    struct sd_mem *m = sd_mem_new(1);
    sd_mem_link(m)->delay = 10 * SD_MS;
    sd_mem_link(m)->stream_chunk = chunk;
    int client = add(m, row->ops, &client_config, 2), server = add(m, row->ops, &server_config, 3);
    int talk = sd_mem_connect_with(
        m, &(struct sd_mem_connect){.client = client, .server = server, .carrier = row->carrier});
    sd_mem_run(m, SD_NEVER);

    const struct sd_mem_event *c = sd_mem_find(m, client, SD_EV_READY, 0),
                              *s = sd_mem_find(m, server, SD_EV_READY, 0);
    if (c == NULL || s == NULL || c->at != row->ready_client || s->at != row->ready_server) {
        sd_mem_print(m);
        fail_msg("%s: expected ready at %lu and %lu ns", row->name,
                 (unsigned long)row->ready_client, (unsigned long)row->ready_server);
    }
    assert_int_equal(sd_mem_opened(m, talk), SD_OK);
    sd_sid server_sid = s->sid;
    assert_int_equal(sd_mem_send(m, client, sd_mem_sid(m, talk), 0, "ask", 3, false), SD_OK);
    sd_mem_run(m, SD_NEVER);
    assert_received(m, server, "ask");
    assert_int_equal(sd_mem_send(m, server, server_sid, 0, "answer", 6, false), SD_OK);
    sd_mem_run(m, SD_NEVER);
    assert_received(m, client, "answer");

    assert_int_equal(sd_mem_close(m, client, sd_mem_sid(m, talk)), SD_OK);
    sd_mem_run(m, SD_NEVER);
    assert_int_equal(sd_mem_count(m, client, SD_EV_CLOSED), 1);
    assert_int_equal(sd_mem_count(m, server, SD_EV_CLOSED), 1);
    struct sd_stats stats;
    sd_seat_stats(sd_mem_seat(m, server), &stats);
    assert_int_equal(stats.sessions, 0);
    assert_int_equal(stats.handshakes, 1);
    assert_true(stats.state_bytes_peak > stats.state_bytes);
    assert_int_equal(sd_mem_free(m), 0);
}

static void carriers_work(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(carriers); i++) {
        talk_over(&carriers[i], 0);
        talk_over(&carriers[i], 1); /* a stream may arrive byte by byte */
    }
}

/* -- options of SYN, SYN-ACK and ACK -- */

static bool strip_options(void *segments, struct sd_mem_unit *u)
{
    if (u->segment != 0 && *(unsigned *)segments >> u->segment & 1)
        u->len = 0;
    return true;
}

static void options_pass(void **state)
{
    (void)state;
    static const struct {
        unsigned stripped; /* bit enum sd_segment + 1 */
        size_t len[3];     /* of the options that left */
        const char *client, *server;
    } rows[] = {
        {0, {6, 6, 6}, "option", "option"},
        {1u << (SD_SEGMENT_SYN + 1), {6, 0, 0}, "plain", "plain"},
        {1u << (SD_SEGMENT_SYN_ACK + 1), {6, 6, 0}, "plain", "plain"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_mem *m = sd_mem_new(1);
        unsigned stripped = rows[i].stripped;
        sd_mem_on_unit(m, strip_options, &stripped);
        int client = add(m, &sd_toy_option, &client_config, 2),
            server = add(m, &sd_toy_option, &server_config, 3);
        sd_mem_connect(m, client, server);
        sd_mem_run(m, SD_NEVER);
        assert_string_equal(sd_mem_find(m, client, SD_EV_READY, 0)->detail, rows[i].client);
        assert_string_equal(sd_mem_find(m, server, SD_EV_READY, 0)->detail, rows[i].server);
        size_t segments = 0;
        for (size_t u = 0; u < sd_mem_units(m); u++) {
            const struct sd_mem_unit *unit = sd_mem_unit(m, u);
            if (unit->segment == 0)
                continue;
            segments++;
            bool cut = rows[i].stripped >> unit->segment & 1;
            assert_int_equal(unit->len, cut ? 0 : rows[i].len[unit->segment - 1]);
        }
        assert_int_equal(segments, 3);
        assert_int_equal(sd_mem_free(m), 0);
    }
}

/* -- loss: exact and seeded -- */

static void losses_hit(void **state)
{
    (void)state;
    static const struct {
        uint32_t drop_client[4], drop_server[4];
        sd_time ready; /* of the client: 1 s, 2 s, ... after the first hello, and one round trip */
        uint64_t retransmits;
    } rows[] = {
        {{0}, {0}, 50 * SD_MS, 0},
        {{1, 0}, {0}, SD_SECOND + 50 * SD_MS, 1},
        {{0}, {1, 0}, SD_SECOND + 50 * SD_MS, 1},
        {{2, 1, 0}, {0}, 3 * SD_SECOND + 50 * SD_MS, 2},
        {{1, 0}, {1, 0}, 3 * SD_SECOND + 50 * SD_MS, 2},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_mem *m = sd_mem_new(1);
        int client = add(m, &sd_toy_ip, &client_config, 2),
            server = add(m, &sd_toy_ip, &server_config, 3);
        sd_mem_drop(m, client, rows[i].drop_client);
        sd_mem_drop(m, server, rows[i].drop_server);
        sd_mem_connect(m, client, server);
        sd_mem_run(m, SD_NEVER);
        const struct sd_mem_event *e = sd_mem_find(m, client, SD_EV_READY, 0);
        if (e == NULL || e->at != rows[i].ready) {
            sd_mem_print(m);
            fail_msg("row %zu: expected ready at %lu ns, found %lu", i,
                     (unsigned long)rows[i].ready, e != NULL ? (unsigned long)e->at : 0);
        }
        struct sd_stats stats;
        sd_seat_stats(sd_mem_seat(m, client), &stats);
        assert_int_equal(stats.retransmits, rows[i].retransmits);
        assert_int_equal(sd_mem_free(m), 0);
    }
}

/* How many of 1000 datagrams arrive, and how many twice. */
static void weather(uint64_t seed, uint32_t loss, uint32_t duplicate, size_t *arrived,
                    size_t *copies)
{
    struct sd_mem *m = sd_mem_new(seed);
    int client = add(m, &sd_toy_ip, &client_config, 2),
        server = add(m, &sd_toy_ip, &server_config, 3);
    int talk = sd_mem_connect(m, client, server);
    sd_mem_run(m, SD_SECOND);
    sd_mem_link(m)->loss_ppm = loss;
    sd_mem_link(m)->duplicate_ppm = duplicate;
    for (int i = 0; i < 1000; i++)
        sd_mem_send(m, client, sd_mem_sid(m, talk), 0, "x", 1, false);
    sd_mem_run(m, SD_NEVER);
    *arrived = sd_mem_count(m, server, SD_EV_DATA);
    *copies = 0;
    for (size_t i = 0; i < sd_mem_units(m); i++)
        *copies += sd_mem_unit(m, i)->copy;
    assert_int_equal(sd_mem_free(m), 0);
}

static void weather_is_seeded(void **state)
{
    (void)state;
    size_t a[2], b[2], c[2];
    weather(7, 200000, 100000, &a[0], &a[1]);
    weather(7, 200000, 100000, &b[0], &b[1]);
    weather(8, 200000, 100000, &c[0], &c[1]);
    assert_memory_equal(a, b, sizeof a);
    assert_true(a[0] != c[0] || a[1] != c[1]);
    /* 800 expected to pass and 80 of them twice; four standard deviations are 51 and 35. */
    assert_in_range(a[0] - a[1], 749, 851);
    assert_in_range(a[1], 45, 115);
}

/* -- replay, injection, another address -- */

static void captured_units_replay(void **state)
{
    (void)state;
    struct sd_mem *m = sd_mem_new(1);
    int client = add(m, &sd_toy_two, &client_config, 2),
        server = add(m, &sd_toy_two, &server_config, 3);
    sd_mem_connect(m, client, server);
    sd_mem_run(m, SD_SECOND);
    assert_int_equal(sd_mem_units(m), 2);
    /* The answer again: the client has it already. */
    assert_int_equal(sd_mem_replay(m, 1, NULL), SD_OK);
    sd_mem_run(m, 2 * SD_SECOND);
    assert_true(sd_mem_unit(m, 2)->copy);
    assert_int_equal(sd_mem_unit(m, 2)->to, client);
    assert_int_equal(sd_mem_unit(m, 2)->result, SD_DROP_REPLAY);
    /* The hello from elsewhere: the toy believes it and answers there. */
    struct sd_addr elsewhere = sd_ipv4(192, 0, 2, 9, 9);
    assert_int_equal(sd_mem_replay(m, 0, &elsewhere), SD_OK);
    sd_mem_run(m, 3 * SD_SECOND);
    assert_int_equal(sd_mem_count(m, server, SD_EV_MIGRATED), 1);
    const struct sd_mem_unit *last = sd_mem_unit(m, sd_mem_units(m) - 1);
    assert_int_equal(last->fate, SD_MEM_NOBODY);

    struct sd_path path = {.local = sd_mem_address(m, server, SD_PROTO_UDP, 500),
                           .remote = elsewhere};
    sd_mem_inject(m, server, &path, "\x07junk", 5);
    sd_mem_run(m, 4 * SD_SECOND);
    assert_int_equal(sd_mem_unit(m, sd_mem_units(m) - 1)->result, SD_DROP_MALFORMED);
    assert_int_equal(sd_mem_free(m), 0);
}

static void peers_move(void **state)
{
    (void)state;
    struct sd_mem *m = sd_mem_new(1);
    int client = add(m, &sd_toy_two, &client_config, 2),
        server = add(m, &sd_toy_two, &server_config, 3);
    int talk = sd_mem_connect(m, client, server);
    sd_sid sid = sd_mem_sid(m, talk);
    sd_mem_run(m, SD_SECOND);
    struct sd_addr seen[4];
    for (size_t i = 0; i < 4; i++) {
        if (i == 1)
            sd_mem_rebind(m, client, SD_MEM_PORT);
        else if (i == 2)
            sd_mem_rebind(m, client, SD_MEM_ADDRESS);
        else if (i == 3)
            assert_int_equal(sd_mem_move(m, client, sid, server), SD_OK);
        sd_mem_send(m, client, sid, 0, "x", 1, false);
        sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
        seen[i] = sd_mem_find(m, server, SD_EV_DATA, i)->path.remote;
        assert_int_equal(sd_mem_count(m, server, SD_EV_MIGRATED), i);
        /* Back to where it is now. */
        sd_mem_send(m, server, 1, 0, "y", 1, false);
        sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
        assert_int_equal(sd_mem_count(m, client, SD_EV_DATA), i + 1);
    }
    assert_true(seen[0].port != seen[1].port);
    assert_int_equal(sd_addr_ipv4(&seen[0]), sd_addr_ipv4(&seen[1]));
    assert_int_not_equal(sd_addr_ipv4(&seen[1]), sd_addr_ipv4(&seen[2]));
    assert_int_not_equal(sd_addr_ipv4(&seen[2]), sd_addr_ipv4(&seen[3]));
    assert_int_equal(sd_mem_free(m), 0);
}

/* -- a carrier that the agent asks for -- */

static bool lose_udp(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx;
    return u->path.local.proto != SD_PROTO_UDP;
}

/* Datagrams are lost: a connection that the agent asks its host for, where somebody listens. */
static void stream_instead_of_datagrams(void **state)
{
    (void)state;
    for (int listening = 0; listening < 2; listening++) {
        struct sd_mem *m = sd_mem_new(1);
        int client = add(m, &sd_toy_two, &client_config, 2);
        int server = add(m, listening ? &sd_toy_two : &sd_toy_ip, &server_config, 3);
        sd_mem_on_unit(m, lose_udp, NULL);
        struct sd_path to = {.local = sd_mem_address(m, client, SD_PROTO_UDP, 500),
                             .remote = sd_mem_address(m, server, SD_PROTO_UDP, 500)};
        sd_sid sid;
        sd_seat_open(sd_mem_seat(m, client), 0, &(struct sd_open){.path = to}, &sid);
        sd_mem_run(m, 100 * SD_SECOND);
        const struct sd_mem_event *ready = sd_mem_find(m, client, SD_EV_READY, 0);
        assert_int_equal(ready != NULL, listening);
        if (listening) { /* hello, and one more a second later, then three ways and an answer */
            assert_int_equal(ready->path.remote.proto, SD_PROTO_TCP);
            assert_int_equal(ready->path.remote.port, 4500);
            assert_true(ready->at > 3 * SD_SECOND && ready->at < 4 * SD_SECOND);
        } else {
            assert_int_equal(sd_mem_count(m, client, SD_EV_ERROR), 1);
        }
        assert_int_equal(sd_mem_free(m), 0);
    }
}

/* -- one agent, both carriers at once; a connection that breaks -- */

static void carriers_side_by_side(void **state)
{
    (void)state;
    struct sd_mem *m = sd_mem_new(1);
    int client = add(m, &sd_toy_two, &client_config, 2),
        server = add(m, &sd_toy_two, &server_config, 3);
    int udp = sd_mem_connect(m, client, server);
    int tcp = sd_mem_connect_with(
        m, &(struct sd_mem_connect){.client = client, .server = server, .carrier = 1});
    sd_mem_run(m, SD_NEVER);
    assert_int_not_equal(sd_mem_sid(m, udp), sd_mem_sid(m, tcp));
    sd_mem_send(m, client, sd_mem_sid(m, udp), 0, "u", 1, false);
    sd_mem_run(m, SD_NEVER);
    sd_mem_send(m, client, sd_mem_sid(m, tcp), 0, "t", 1, false);
    sd_mem_run(m, SD_NEVER);
    assert_received(m, server, "ut");
    assert_int_equal(sd_mem_find(m, server, SD_EV_DATA, 0)->path.local.proto, SD_PROTO_UDP);
    assert_int_equal(sd_mem_find(m, server, SD_EV_DATA, 1)->path.local.proto, SD_PROTO_TCP);
    assert_int_equal(
        sd_mem_connect_with(
            m, &(struct sd_mem_connect){.client = client, .server = server, .carrier = 2}),
        SD_E_ARG);
    assert_int_equal(sd_mem_free(m), 0);
}

static void connections_break(void **state)
{
    (void)state;
    struct sd_mem *m = sd_mem_new(1);
    int client = add(m, &sd_toy_option, &client_config, 2),
        server = add(m, &sd_toy_option, &server_config, 3);
    int talk = sd_mem_connect(m, client, server);
    sd_mem_run(m, SD_NEVER);
    sd_mem_break(m, talk);
    assert_int_equal(sd_mem_count(m, client, SD_EV_ERROR), 1);
    assert_int_equal(sd_mem_count(m, server, SD_EV_ERROR), 1);
    /* Nobody listens at a client. */
    int back = sd_mem_connect(m, server, client);
    sd_mem_run(m, SD_NEVER);
    assert_int_equal(sd_mem_opened(m, back), SD_E_PEER);
    assert_int_equal(sd_mem_free(m), 0);
}

/* -- inner IP -- */

static size_t inner_packet(uint8_t packet[24], uint32_t from, uint32_t to)
{
    memset(packet, 0, 24);
    packet[0] = 0x45;
    for (int i = 0; i < 4; i++) {
        packet[12 + i] = (uint8_t)(from >> (24 - 8 * i));
        packet[16 + i] = (uint8_t)(to >> (24 - 8 * i));
    }
    return 24;
}

static void tunnel_carries_ip(void **state)
{
    (void)state;
    enum { LEFT = 0x0aff0001, RIGHT = 0x0aff0002, STRANGER = 0x0aff0909 };
    struct sd_peer right = {.inner_net = RIGHT, .inner_prefix = 32},
                   left = {.inner_net = LEFT, .inner_prefix = 32};
    right.endpoint = sd_ipv4(10, 0, 0, 2, 4998);
    struct sd_config configs[2] = {{.role = SD_ROLE_BOTH, .peers = &right, .peer_count = 1},
                                   {.role = SD_ROLE_BOTH, .peers = &left, .peer_count = 1}};
    struct sd_mem *m = sd_mem_new(1);
    add(m, &sd_toy_tunnel, &configs[0], 2);
    add(m, &sd_toy_tunnel, &configs[1], 3);
    uint8_t packet[24];
    size_t len = inner_packet(packet, LEFT, RIGHT);
    assert_int_equal(sd_mem_send(m, 0, 0, 0, packet, len, false), SD_OK);
    sd_mem_run(m, SD_NEVER);
    const struct sd_mem_event *e = sd_mem_find(m, 1, SD_EV_DATA, 0);
    assert_non_null(e);
    assert_int_equal(e->len, len);
    assert_memory_equal(e->data, packet, len);
    assert_int_equal(sd_mem_count(m, 1, SD_EV_READY), 1);
    /* The right has learnt where the left is. */
    len = inner_packet(packet, RIGHT, LEFT);
    sd_mem_send(m, 1, 0, 0, packet, len, false);
    sd_mem_run(m, SD_NEVER);
    assert_int_equal(sd_mem_count(m, 0, SD_EV_DATA), 1);
    /* Cryptokey routing, both ways round. */
    len = inner_packet(packet, STRANGER, RIGHT);
    sd_mem_send(m, 0, 0, 0, packet, len, false);
    len = inner_packet(packet, LEFT, STRANGER);
    sd_mem_send(m, 0, 0, 0, packet, len, false);
    sd_mem_run(m, SD_NEVER);
    struct sd_stats stats[2];
    sd_seat_stats(sd_mem_seat(m, 0), &stats[0]);
    sd_seat_stats(sd_mem_seat(m, 1), &stats[1]);
    assert_int_equal(stats[0].dropped[SD_DROP_POLICY], 1);
    assert_int_equal(stats[1].dropped[SD_DROP_POLICY], 1);
    assert_int_equal(sd_mem_free(m), 0);
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carriers_work),
        cmocka_unit_test(options_pass),
        cmocka_unit_test(losses_hit),
        cmocka_unit_test(weather_is_seeded),
        cmocka_unit_test(captured_units_replay),
        cmocka_unit_test(peers_move),
        cmocka_unit_test(stream_instead_of_datagrams),
        cmocka_unit_test(carriers_side_by_side),
        cmocka_unit_test(connections_break),
        cmocka_unit_test(tunnel_carries_ip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
