/* test_minimalt_load.c - many clients on one server, and floods: what they cost in memory and in
 * operations.  Units go from hand to hand, without a network. */
#include "protocols/minimalt/agent.h"
#include "protocols/minimalt/packet.h"
#include "sim/core/settle.h"
#include "tests/core/unit.h"
#include <stdlib.h>
#include <string.h>

#define UNITS 16

/* An agent and what it has said since it was last asked. */
struct end {
    struct sd_env env;
    struct sd_seat seat;
    struct sd_addr address;
    uint8_t unit[UNITS][1500];
    size_t len[UNITS], units;
    size_t ready, data, closed;
    uint64_t sent_bytes;
};

static void keep_unit(void *ctx, const struct sd_unit *u)
{
    struct end *e = ctx;
    assert_true(e->units < UNITS && u->len <= sizeof e->unit[0]);
    memcpy(e->unit[e->units], u->data, u->len);
    e->len[e->units++] = u->len;
    e->sent_bytes += u->len;
}

static void keep_event(void *ctx, const struct sd_event *event)
{
    struct end *e = ctx;
    e->ready += event->kind == SD_EV_READY;
    e->data += event->kind == SD_EV_DATA ? event->len : 0;
    e->closed += event->kind == SD_EV_CLOSED;
}

static const struct sd_sink sink = {.unit = keep_unit, .event = keep_event};

static struct end *start(const struct sd_config *config, struct sd_addr address, uint64_t seed)
{
    struct end *e = calloc(1, sizeof *e);
    struct sd_error error;
    e->address = address;
    e->address.proto = SD_PROTO_UDP;
    assert_int_equal(sd_env_init(&e->env, seed), SD_OK);
    if (sd_seat_init(&e->seat, &sd_minimalt_agent, config, &e->env, &sink, e, 0, &error) != SD_OK)
        fail_msg("expected an agent, found: %s", error.text);
    return e;
}

static void stop(struct end *e)
{
    sd_seat_fini(&e->seat);
    assert_int_equal(sd_heap_bytes(&e->env), 0);
    sd_env_fini(&e->env);
    free(e);
}

static struct end *start_server(enum sd_validation validation)
{
    const struct sd_config config = {.role = SD_ROLE_SERVER,
                                     .identity = sd_identity("server.example"),
                                     .validation = validation};
    return start(&config, sd_ipv4(10, 0, 0, 1, MT_PORT), 1);
}

static struct end *start_client(uint32_t i)
{
    const struct sd_config config = {.role = SD_ROLE_CLIENT,
                                     .identity = sd_identity("client.example"),
                                     .server_name = "server.example"};
    return start(&config, sd_ipv4_word(UINT32_C(0x0b000000) + i, 40000), 2 + i);
}

/* Hands over everything that each has said until nobody says anything; the last result. */
static int converse(struct end *a, struct end *b, sd_time now)
{
    int result = SD_OK;
    for (struct end *from = a, *to = b, *other; a->units + b->units > 0;
         other = from, from = to, to = other) {
        size_t n = from->units;
        uint8_t copy[UNITS][1500];
        memcpy(copy, from->unit, sizeof copy);
        from->units = 0;
        for (size_t i = 0; i < n; i++) {
            struct sd_unit u = {.path = {.remote = from->address, .local = to->address},
                                .data = copy[i],
                                .len = from->len[i]};
            result = sd_seat_net_in(&to->seat, now, &u);
        }
    }
    return result;
}

static sd_sid open_at(struct end *client, const struct end *server, sd_time now)
{
    const struct sd_open open = {.path = {.remote = server->address, .local = client->address}};
    sd_sid sid;
    assert_int_equal(sd_seat_open(&client->seat, now, &open, &sid), SD_OK);
    return sid;
}

static void say(struct end *client, sd_sid sid, sd_time now, size_t len)
{
    static const uint8_t bytes[4096];
    assert_int_equal(sd_seat_app_in(&client->seat, now, sid, 0, bytes, len, false), len);
}

/* -- honest clients -- */

/* What an idle connection and its tunnel cost the server, and what they leave behind. */
static void test_many_clients(void **state)
{
    (void)state;
    enum { CLIENTS = 500 };
    struct end *server = start_server(SD_VALIDATE_DEFAULT), *client[CLIENTS];
    sd_sid sid[CLIENTS];
    struct sd_stats s;
    uint64_t before = sd_heap_bytes(&server->env);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        client[i] = start_client(i);
        sid[i] = open_at(client[i], server, i * SD_MS);
        say(client[i], sid[i], i * SD_MS, 100);
        converse(client[i], server, i * SD_MS);
    }
    sd_seat_stats(&server->seat, &s);
    uint64_t each = (sd_heap_bytes(&server->env) - before) / CLIENTS;
    print_message("          %d clients: %llu bytes each, its resolver's tunnel included\n",
                  CLIENTS, (unsigned long long)each);
    assert_int_equal(server->ready, CLIENTS);
    assert_int_equal(server->data, CLIENTS * 100);
    assert_int_equal(s.sessions, 2 * CLIENTS);
    assert_int_equal(s.half_open, 0);
    assert_true(each < 2500);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct sd_control close = {.verb = SD_CLOSE};
        assert_int_equal(sd_seat_control(&client[i]->seat, SD_SECOND, sid[i], &close), SD_OK);
        converse(client[i], server, SD_SECOND);
        stop(client[i]);
    }
    assert_int_equal(server->closed, CLIENTS);
    for (sd_time t; (t = sd_seat_deadline(&server->seat)) <= 20 * SD_SECOND;)
        sd_seat_expire(&server->seat, t);
    sd_seat_stats(&server->seat, &s);
    assert_int_equal(s.sessions, CLIENTS); /* the resolvers' */
    stop(server);
}

/* -- floods -- */

/* A first packet that nobody ever sent: its TID and C' are new, its nonce is of this time. */
static size_t first_packet(uint8_t packet[392], struct sd_rng *rng, sd_time now)
{
    uint8_t key[32];
    sd_rng_fill(rng, packet, 392);
    sd_rng_fill(rng, key, sizeof key);
    mt_packet_head(packet, sd_rng_next(rng) & MT_TID_BITS,
                   2 * (SD_EPOCH_S * SD_SECOND + now) | MT_FROM_INITIATOR, key, NULL);
    return 392;
}

static int deliver(struct end *server, uint8_t *packet, size_t len, uint32_t n, sd_time now)
{
    struct sd_unit u = {
        .path = {.remote = sd_ipv4_word(UINT32_C(0x20000000) + n, (uint16_t)(1024 + n % 50000)),
                 .local = server->address},
        .data = packet,
        .len = len};
    return sd_seat_net_in(&server->seat, now, &u);
}

/* Strangers who know the server's key and have begun a tunnel each, without ever answering. */
static void fill(struct end *server, uint32_t strangers, sd_time now)
{
    for (uint32_t i = 0; i < strangers; i++) {
        struct end *stranger = start_client(i);
        open_at(stranger, server, now);
        assert_int_equal(deliver(server, stranger->unit[0], stranger->len[0], i, now), SD_OK);
        server->units = 0;
        stop(stranger);
    }
}

/* 100,000 first packets from as many addresses, at a server that is full: each gets a puzzle, or
 * nothing, and the server keeps nothing and computes nothing on the curve. */
static void test_flood(void **state)
{
    (void)state;
    enum { FLOOD = 100000 };
    static const struct {
        const char *name;
        enum sd_validation validation;
        uint32_t strangers;
        int result;
        size_t answer;
    } rows[] = {
        {"full", SD_VALIDATE_DEFAULT, MT_HALF_OPEN, SD_DROP_UNVALIDATED, 164},
        {"always", SD_VALIDATE_ALWAYS, 0, SD_DROP_UNVALIDATED, 164},
        {"never", SD_VALIDATE_NEVER, MT_HALF_OPEN, SD_DROP_FULL, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct end *server = start_server(rows[i].validation);
        struct sd_stats s;
        struct sd_rng rng;
        uint8_t packet[392];
        sd_rng_seed(&rng, 5);
        fill(server, rows[i].strangers, SD_SECOND);
        deliver(server, packet, first_packet(packet, &rng, SD_SECOND), 0, SD_SECOND);
        server->units = 0;
        server->sent_bytes = 0;
        uint64_t before = sd_heap_bytes(&server->env), most = 0;
        uint64_t curve = sd_account_calls(&server->env.account, SD_OP_DERIVE);
        for (uint32_t n = 0; n < FLOOD; n++) {
            sd_time now = SD_SECOND + n * (SD_SECOND / 10000);
            int result = deliver(server, packet, first_packet(packet, &rng, now), n, now);
            if (result != rows[i].result)
                fail_msg("%s, packet %u: expected %s, found %s", rows[i].name, n,
                         sd_result_name(rows[i].result), sd_result_name(result));
            assert_int_equal(server->units, rows[i].answer ? 1 : 0);
            assert_int_equal(server->units ? server->len[0] : 0, rows[i].answer);
            server->units = 0;
            uint64_t held = sd_heap_bytes(&server->env);
            most = held > most ? held : most;
        }
        sd_seat_stats(&server->seat, &s);
        print_message("          %s: %d first packets: %llu bytes of state before, at most %llu "
                      "during; %.2f bytes sent for each received\n",
                      rows[i].name, FLOOD, (unsigned long long)before, (unsigned long long)most,
                      (double)server->sent_bytes / (392.0 * FLOOD));
        assert_int_equal(most, before);
        assert_int_equal(sd_account_calls(&server->env.account, SD_OP_DERIVE), curve);
        assert_int_equal(s.half_open, rows[i].strangers);
        stop(server);
    }
}

/* Strangers who never answer are forgotten after a while, and then there is room again. */
static void test_strangers_are_forgotten(void **state)
{
    (void)state;
    struct end *server = start_server(SD_VALIDATE_DEFAULT);
    struct sd_stats s;
    uint64_t before = sd_heap_bytes(&server->env);
    fill(server, MT_HALF_OPEN, SD_SECOND);
    sd_seat_stats(&server->seat, &s);
    assert_int_equal(s.half_open, MT_HALF_OPEN);
    print_message("          %u strangers: %llu bytes each\n", MT_HALF_OPEN,
                  (unsigned long long)(sd_heap_bytes(&server->env) - before) / MT_HALF_OPEN);
    server->sent_bytes = 0;
    for (sd_time t; (t = sd_seat_deadline(&server->seat)) <= SD_SECOND + MT_PROOF;)
        sd_seat_expire(&server->seat, t);
    sd_seat_stats(&server->seat, &s);
    assert_int_equal(s.half_open, 0);
    assert_int_equal(server->sent_bytes, 0); /* nothing was sent again */
    stop(server);
}

/* What one address may get for one packet, whatever the application has to say. */
static void test_amplification(void **state)
{
    (void)state;
    struct end *server = start_server(SD_VALIDATE_DEFAULT), *client = start_client(1);
    sd_sid sid = open_at(client, server, 0);
    converse(client, server, 0);
    say(client, sid, 0, 100);
    server->sent_bytes = 0;
    assert_int_equal(client->units, 1);
    assert_int_equal(deliver(server, client->unit[0], client->len[0], 7, 0), SD_OK);
    sd_sid of_server = 1;
    static const uint8_t much[65536];
    assert_int_equal(sd_seat_app_in(&server->seat, 0, of_server, 0, much, sizeof much, false),
                     sizeof much);
    print_message("          %zu bytes from a stranger, %llu to it\n", client->len[0],
                  (unsigned long long)server->sent_bytes);
    assert_true(server->sent_bytes <= MT_AMPLIFICATION * client->len[0]);
    assert_true(server->sent_bytes > 100);
    stop(client);
    stop(server);
}

/* Packets of strangers that know nothing: dropped for two agreements at most, three once there was
 * an earlier S'. */
static void test_garbage(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sd_time at;
        uint64_t derives;
    } rows[] = {{"one S'", SD_SECOND, 2}, {"two", MT_EPHEMERAL_EVERY + SD_SECOND, 3}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct end *server = start_server(SD_VALIDATE_DEFAULT);
        struct sd_rng rng;
        uint8_t packet[392];
        sd_rng_seed(&rng, 5);
        for (sd_time t; (t = sd_seat_deadline(&server->seat)) <= rows[i].at;)
            sd_seat_expire(&server->seat, t);
        uint64_t before = sd_heap_bytes(&server->env);
        for (uint32_t n = 0; n < 100; n++)
            assert_int_equal(
                deliver(server, packet, first_packet(packet, &rng, rows[i].at), n, rows[i].at),
                SD_DROP_AUTH);
        assert_int_equal(sd_account_calls(&server->env.account, SD_OP_DERIVE),
                         100 * rows[i].derives);
        assert_int_equal(server->units, 0);
        assert_int_equal(sd_heap_bytes(&server->env), before);
        stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_clients),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_strangers_are_forgotten),
        cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_garbage),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
