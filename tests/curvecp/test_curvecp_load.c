/* test_curvecp_load.c - many clients on one server, and floods: what they cost in memory and in
 * operations.  Units go from hand to hand, without a network. */
#include "protocols/curvecp/agent.h"
#include "protocols/curvecp/wire.h"
#include "sim/core/settle.h"
#include "tests/core/unit.h"
#include <stdlib.h>
#include <string.h>

#define UNITS 8

/* An agent and what it has said since it was last asked. */
struct end {
    struct sd_env env;
    struct sd_seat seat;
    struct sd_addr address;
    uint8_t unit[UNITS][1184];
    size_t len[UNITS], units;
    size_t ready, data, closed;
    sd_sid sid; /* of the last event */
};

static void keep_unit(void *ctx, const struct sd_unit *u)
{
    struct end *e = ctx;
    assert_true(e->units < UNITS && u->len <= sizeof e->unit[0]);
    memcpy(e->unit[e->units], u->data, u->len);
    e->len[e->units++] = u->len;
}

static void keep_event(void *ctx, const struct sd_event *event)
{
    struct end *e = ctx;
    e->ready += event->kind == SD_EV_READY;
    e->data += event->kind == SD_EV_DATA ? event->len : 0;
    e->closed += event->kind == SD_EV_CLOSED;
    e->sid = event->sid;
}

static const struct sd_sink sink = {.unit = keep_unit, .event = keep_event};

static void start(struct end *e, const struct sd_config *config, struct sd_addr address,
                  uint64_t seed)
{
    struct sd_error error;
    memset(e, 0, sizeof *e);
    e->address = address;
    e->address.proto = SD_PROTO_UDP;
    assert_int_equal(sd_env_init(&e->env, seed), SD_OK);
    if (sd_seat_init(&e->seat, &sd_curvecp_agent, config, &e->env, &sink, e, 0, &error) != SD_OK)
        fail_msg("expected an agent, found: %s", error.text);
}

static void stop(struct end *e)
{
    sd_seat_fini(&e->seat);
    assert_int_equal(sd_heap_bytes(&e->env), 0);
    sd_env_fini(&e->env);
}

/* Hands over everything that `from` has said; the last result. */
static int hand_over(struct end *from, struct end *to, sd_time now)
{
    int result = SD_OK;
    size_t n = from->units;
    from->units = 0;
    for (size_t i = 0; i < n; i++) {
        struct sd_unit u = {.path = {.remote = from->address, .local = to->address},
                            .data = from->unit[i],
                            .len = from->len[i]};
        result = sd_seat_net_in(&to->seat, now, &u);
    }
    return result;
}

static const struct sd_config client_config = {.role = SD_ROLE_CLIENT,
                                               .server_name = "server.example"};

static void start_server(struct end *server, const struct sd_option *options)
{
    const struct sd_config config = {
        .role = SD_ROLE_SERVER, .identity = sd_identity("server.example"), .options = options};
    start(server, &config, sd_ipv4(10, 0, 0, 1, CP_PORT), 1);
}

static struct sd_addr client_address(uint32_t i)
{
    return sd_ipv4_word(UINT32_C(0x0b000000) + i, 40000);
}

/* Hello, Cookie, Initiate with a request of 100 bytes, acknowledgment: the Initiate's result. */
static int converse(struct end *client, struct end *server, sd_time now, sd_sid *sid)
{
    static const uint8_t request[100];
    const struct sd_open open = {.path = {.remote = server->address, .local = client->address}};
    assert_int_equal(sd_seat_open(&client->seat, now, &open, sid), SD_OK);
    assert_int_equal(hand_over(client, server, now), SD_OK);
    assert_int_equal(hand_over(server, client, now), SD_OK);
    assert_int_equal(sd_seat_app_in(&client->seat, now, *sid, 0, request, sizeof request, false),
                     sizeof request);
    int result = hand_over(client, server, now);
    hand_over(server, client, now);
    return result;
}

/* -- many clients -- */

static void test_many_clients(void **state)
{
    (void)state;
    static const uint32_t counts[] = {100, 1500};
    uint64_t each[2];
    for (size_t i = 0; i < SD_ROWS(counts); i++) {
        struct end server, *client = calloc(1, sizeof *client);
        struct sd_stats s;
        uint64_t client_bytes = 0;
        start_server(&server, NULL);
        for (uint32_t n = 0; n < counts[i]; n++) {
            sd_sid sid;
            start(client, &client_config, client_address(n), 2 + n);
            assert_int_equal(converse(client, &server, n * SD_US, &sid), SD_OK);
            client_bytes = sd_heap_bytes(&client->env);
            stop(client); /* it vanishes: the server keeps its connection */
        }
        sd_seat_stats(&server.seat, &s);
        assert_int_equal(s.sessions, counts[i]);
        assert_int_equal(s.handshakes, counts[i]);
        assert_int_equal(s.half_open_peak, 0);
        assert_int_equal(server.ready, counts[i]);
        assert_int_equal(server.data, 100 * counts[i]);
        assert_int_equal(sd_account_calls(&server.env.account, SD_OP_DERIVE), 3 * counts[i]);
        assert_int_equal(sd_account_calls(&server.env.account, SD_OP_KEYGEN), counts[i]);
        each[i] = sd_heap_bytes(&server.env) / counts[i];
        print_message("          %u clients: %llu bytes each on the server, %llu on a client\n",
                      counts[i], (unsigned long long)each[i], (unsigned long long)client_bytes);
        /* Nobody answers any more: after five minutes nothing is left of them, cookies and all. */
        sd_time deadline, last = 0;
        while ((deadline = sd_seat_deadline(&server.seat)) != SD_NEVER) {
            assert_true(deadline >= last);
            last = deadline;
            sd_seat_expire(&server.seat, deadline);
            server.units = 0;
        }
        assert_in_range(last, CP_SILENCE_MAX, CP_SILENCE_MAX + counts[i] * SD_US);
        sd_seat_stats(&server.seat, &s);
        assert_int_equal(s.sessions, 0);
        stop(&server);
        free(client);
    }
    assert_in_range(each[1] * 10, each[0] * 6, each[0] * 14);
}

/* Many connections of one client, to one server, from one port: each gets its own. */
static void test_many_connections_of_one_client(void **state)
{
    (void)state;
    enum { CONNECTIONS = 50 };
    struct end *server = calloc(1, sizeof *server), *client = calloc(1, sizeof *client);
    sd_sid sid[CONNECTIONS], server_sid[CONNECTIONS];
    start_server(server, NULL);
    start(client, &client_config, client_address(0), 2);
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(converse(client, server, i * SD_MS, &sid[i]), SD_OK);
        server_sid[i] = server->sid;
    }
    for (int i = CONNECTIONS - 1; i >= 0; i--) {
        size_t before = client->data;
        sd_time now = SD_SECOND + (sd_time)i * SD_MS;
        sd_seat_app_in(&server->seat, now, server_sid[i], 0, (const uint8_t *)"hello", 5, false);
        assert_int_equal(hand_over(server, client, now), SD_OK);
        assert_int_equal(client->sid, sid[i]);
        assert_int_equal(client->data, before + 5);
        client->units = 0;
    }
    stop(client);
    stop(server);
    free(client);
    free(server);
}

/* A server that is full refuses the Initiate before it computes anything, and takes another client
 * once one has gone. */
static void test_full_server(void **state)
{
    (void)state;
    static const struct sd_option three[] = {{"clients", "3"}, {0}};
    struct end *client = calloc(4, sizeof *client), *server = calloc(1, sizeof *server);
    struct sd_stats s;
    sd_sid sid[4];
    start_server(server, three);
    for (uint32_t i = 0; i < 4; i++) {
        start(&client[i], &client_config, client_address(i), 2 + i);
        int expected = i < 3 ? SD_OK : SD_DROP_FULL;
        assert_int_equal(converse(&client[i], server, 0, &sid[i]), expected);
    }
    sd_seat_stats(&server->seat, &s);
    assert_int_equal(s.sessions, 3);
    assert_int_equal(s.dropped[SD_DROP_FULL], 1);
    assert_int_equal(sd_account_calls(&server->env.account, SD_OP_DERIVE), 3 * 3 + 1);

    /* Client 2 and the server close; the connection lingers ten seconds. */
    struct sd_control close = {.verb = SD_CLOSE};
    sd_seat_control(&client[2].seat, SD_SECOND, sid[2], &close);
    hand_over(&client[2], server, SD_SECOND);
    sd_seat_control(&server->seat, SD_SECOND, server->sid, &close);
    for (int i = 0; i < 3; i++) {
        hand_over(server, &client[2], SD_SECOND);
        hand_over(&client[2], server, SD_SECOND);
    }
    assert_int_equal(server->closed, 1);
    for (sd_time t; (t = sd_seat_deadline(&server->seat)) <= SD_SECOND + CP_LINGER;) {
        sd_seat_expire(&server->seat, t);
        server->units = 0;
    }
    sd_time again = sd_seat_deadline(&client[3].seat);
    sd_seat_expire(&client[3].seat, again); /* the Initiate, once more */
    assert_int_equal(hand_over(&client[3], server, SD_SECOND + CP_LINGER), SD_OK);
    sd_seat_stats(&server->seat, &s);
    assert_int_equal(s.sessions, 3);
    for (uint32_t i = 0; i < 4; i++)
        stop(&client[i]);
    stop(server);
    free(client);
    free(server);
}

/* The reference holds a hundred. */
static void test_full_reference(void **state)
{
    (void)state;
    struct end *client = calloc(1, sizeof *client), *server = calloc(1, sizeof *server);
    const struct sd_config config = {
        .role = SD_ROLE_SERVER, .mode = "reference", .identity = sd_identity("server.example")};
    start(server, &config, sd_ipv4(10, 0, 0, 1, CP_PORT), 1);
    for (uint32_t i = 0; i < 101; i++) {
        sd_sid sid;
        start(client, &client_config, client_address(i), 2 + i);
        assert_int_equal(converse(client, server, 0, &sid), i < 100 ? SD_OK : SD_DROP_FULL);
        stop(client);
    }
    stop(server);
    free(client);
    free(server);
}

/* -- floods -- */

/* A well-made first packet of a stranger, again and again, each time from another address: the
 * server keeps nothing of it, so that the same bytes serve. */
static void test_hello_flood(void **state)
{
    (void)state;
    enum { WARM = 100, FLOOD = 100000 };
    struct end *stranger = calloc(1, sizeof *stranger), *server = calloc(1, sizeof *server);
    struct sd_stats s;
    sd_sid sid;
    start_server(server, NULL);
    start(stranger, &client_config, client_address(0), 2);
    const struct sd_open open = {.path = {.remote = server->address}};
    assert_int_equal(sd_seat_open(&stranger->seat, SD_SECOND, &open, &sid), SD_OK);
    assert_int_equal(stranger->len[0], sizeof(struct cp_hello));

    uint64_t bytes = 0, most = 0;
    for (uint32_t n = 0; n < WARM + FLOOD; n++) {
        struct sd_unit u = {
            .path = {.remote = sd_ipv4_word(UINT32_C(0x20000000) + n, (uint16_t)(1024 + n % 50000)),
                     .local = server->address},
            .data = stranger->unit[0],
            .len = stranger->len[0]};
        assert_int_equal(sd_seat_net_in(&server->seat, SD_SECOND + n * (SD_SECOND / 1000), &u),
                         SD_OK);
        assert_int_equal(server->units, 1);
        assert_int_equal(server->len[0], sizeof(struct cp_cookie_packet));
        server->units = 0;
        sd_time deadline = sd_seat_deadline(&server->seat);
        if (deadline <= SD_SECOND + n * (SD_SECOND / 1000)) /* minutes go by */
            sd_seat_expire(&server->seat, deadline);
        uint64_t now = sd_heap_bytes(&server->env);
        if (n == WARM)
            bytes = now;
        if (n >= WARM && now > most)
            most = now;
    }
    sd_seat_stats(&server->seat, &s);
    print_message("          %d Hellos: %llu bytes of state before, at most %llu during\n", FLOOD,
                  (unsigned long long)bytes, (unsigned long long)most);
    assert_int_equal(most, bytes);
    assert_int_equal(s.sessions + s.half_open_peak, 0);
    assert_int_equal(s.bytes_from_unvalidated, 224u * (WARM + FLOOD));
    assert_int_equal(s.bytes_to_unvalidated, 200u * (WARM + FLOOD)); /* 0.89 */
    /* What it does cost: an agreement and a key pair for each. */
    assert_int_equal(sd_account_calls(&server->env.account, SD_OP_DERIVE), WARM + FLOOD);
    assert_int_equal(sd_account_calls(&server->env.account, SD_OP_KEYGEN), WARM + FLOOD);
    stop(stranger);
    stop(server);
    free(stranger);
    free(server);
}

/* Packets of strangers that know nothing: dropped for one agreement at most. */
static void test_garbage_flood(void **state)
{
    (void)state;
    static const struct {
        const char *magic;
        size_t len;
        int reason;
        uint64_t derives; /* each */
    } rows[] = {
        {CP_MAGIC_HELLO, 224, SD_DROP_AUTH, 1},
        {CP_MAGIC_HELLO, 223, SD_DROP_MALFORMED, 0},
        {CP_MAGIC_INITIATE, 736, SD_DROP_AUTH, 0},
        {CP_MAGIC_INITIATE, 544, SD_DROP_MALFORMED, 0},
        {CP_MAGIC_INITIATE, 1200, SD_DROP_MALFORMED, 0},
        {CP_MAGIC_CLIENT_MESSAGE, 288, SD_DROP_UNKNOWN, 0},
        {CP_MAGIC_CLIENT_MESSAGE, 96, SD_DROP_MALFORMED, 0},
        {CP_MAGIC_SERVER_MESSAGE, 256, SD_DROP_UNKNOWN, 0},
        {CP_MAGIC_COOKIE, 200, SD_DROP_UNKNOWN, 0},
        {"QvnQ5XlX", 224, SD_DROP_UNKNOWN, 0},
        {"garbage!", 63, SD_DROP_MALFORMED, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct end *server = calloc(1, sizeof *server);
        uint8_t packet[1200];
        start_server(server, NULL);
        uint64_t bytes = sd_heap_bytes(&server->env);
        for (uint32_t n = 0; n < 100; n++) {
            memset(packet, (int)n + 1, sizeof packet);
            memcpy(packet, rows[i].magic, 8);
            memset(packet + 8, 0, 32); /* no extensions */
            struct sd_unit u = {.path = {.remote = client_address(n), .local = server->address},
                                .data = packet,
                                .len = rows[i].len};
            int found = sd_seat_net_in(&server->seat, n * SD_MS, &u);
            if (found != rows[i].reason)
                fail_msg("%.8s of %zu bytes: expected %s, found %s", rows[i].magic, rows[i].len,
                         sd_result_name(rows[i].reason), sd_result_name(found));
        }
        assert_int_equal(server->units, 0);
        assert_int_equal(sd_heap_bytes(&server->env), bytes);
        assert_int_equal(sd_account_calls(&server->env.account, SD_OP_DERIVE),
                         100 * rows[i].derives);
        stop(server);
        free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_clients), cmocka_unit_test(test_many_connections_of_one_client),
        cmocka_unit_test(test_full_server),  cmocka_unit_test(test_full_reference),
        cmocka_unit_test(test_hello_flood),  cmocka_unit_test(test_garbage_flood),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
