/* test_wireguard_routing.c - cryptokey routing (whitepaper section 2) with several peers: whom a
 * packet goes to, and from whom it is believed. */
#include "protocols/wireguard/wireguard.h"
#include "sim/core/settle.h"
#include "tests/wireguard/pair.h"
#include <string.h>

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* Peer i has network[i]; a later peer takes over what an earlier one had. */
static const struct {
    uint32_t net;
    uint8_t prefix;
} network[] = {
    {IP(0, 0, 0, 0), 0},
    {IP(10, 0, 0, 0), 8},
    {IP(10, 1, 0, 0), 16},
    {IP(10, 1, 2, 0), 24},
    {IP(10, 1, 2, 3), 32},
    {IP(10, 1, 2, 128), 25},
    {IP(192, 168, 1, 77), 24} /* host bits do not count */,
    {IP(10, 1, 0, 0), 16},
};
#define PEERS SD_ROWS(network)

static void peers_of(struct sd_peer peer[PEERS], struct sd_identity *own)
{
    sd_identity_x25519("own", own->x25519_private, own->x25519_public);
    for (size_t i = 0; i < PEERS; i++) {
        uint8_t private_key[32];
        char name[] = {'p', (char)('0' + i), 0};
        peer[i] = (struct sd_peer){.inner_net = network[i].net, .inner_prefix = network[i].prefix};
        sd_identity_x25519(name, private_key, peer[i].public_key);
    }
}

static void test_longest_prefix(void **state)
{
    (void)state;
    static const struct {
        uint32_t address;
        int peer; /* index; -1: nobody */
    } rows[] = {
        {IP(8, 8, 8, 8), 0},     {IP(10, 200, 0, 1), 1},  {IP(10, 1, 9, 9), 7},
        {IP(10, 1, 2, 9), 3},    {IP(10, 1, 2, 3), 4},    {IP(10, 1, 2, 4), 3},
        {IP(10, 1, 2, 127), 3},  {IP(10, 1, 2, 128), 5},  {IP(10, 1, 2, 255), 5},
        {IP(192, 168, 1, 1), 6}, {IP(192, 168, 2, 1), 0}, {IP(255, 255, 255, 255), 0},
    };
    struct sd_peer peer[PEERS];
    struct sd_identity own = {0};
    struct sd_env env;
    struct sd_seat seat;
    static const struct sd_sink sink = {0};
    struct sd_error error;
    peers_of(peer, &own);
    for (size_t without = 0; without < 2; without++) { /* with and without the default route */
        const struct sd_config config = {.role = SD_ROLE_BOTH,
                                         .identity = &own,
                                         .peers = peer + without,
                                         .peer_count = PEERS - without};
        assert_int_equal(sd_env_init(&env, 1), SD_OK);
        assert_int_equal(
            sd_seat_init(&seat, &sd_wireguard_agent, &config, &env, &sink, NULL, 0, &error), SD_OK);
        for (size_t i = 0; i < SD_ROWS(rows); i++) {
            const struct wg_peer *found =
                wg_route_find((struct wireguard *)seat.agent, rows[i].address);
            int expected = rows[i].peer - (int)without;
            if ((found ? (int)found->id : -1) != expected)
                fail_msg("row %zu: expected peer %d, found %d", i, expected,
                         found ? (int)found->id : -1);
        }
        sd_seat_fini(&seat);
        sd_env_fini(&env);
    }
}

/* Two clients and a server in memory: no client may speak with the other's address, and the
 * server's packets go to whoever has the address, and to nobody else. */
static void test_two_clients(void **state)
{
    (void)state;
    struct sd_mem *m = sd_mem_new(1);
    struct sd_identity identity[3] = {0}; /* 0, 1: clients; 2: the server */
    struct sd_peer to_server[2] = {0}, of_server[2] = {0};
    int seat[3];
    for (int i = 0; i < 3; i++) {
        char name[] = {'c', (char)('0' + i), 0};
        sd_identity_x25519(name, identity[i].x25519_private, identity[i].x25519_public);
    }
    for (int i = 0; i < 2; i++) {
        memcpy(to_server[i].public_key, identity[2].x25519_public, 32);
        memcpy(of_server[i].public_key, identity[i].x25519_public, 32);
        of_server[i].inner_net = INNER(i);
        of_server[i].inner_prefix = 32;
        struct sd_config c = {.role = SD_ROLE_CLIENT,
                              .identity = &identity[i],
                              .peers = &to_server[i],
                              .peer_count = 1};
        seat[i] = sd_mem_add(m, &sd_wireguard_agent, &c, (uint64_t)i + 5);
    }
    struct sd_config s = {
        .role = SD_ROLE_SERVER, .identity = &identity[2], .peers = of_server, .peer_count = 2};
    seat[2] = sd_mem_add(m, &sd_wireguard_agent, &s, 9);
    for (int i = 0; i < 2; i++)
        sd_mem_connect(m, seat[i], seat[2]);
    sd_mem_run(m, SD_SECOND);
    assert_int_equal(sd_mem_count(m, seat[2], SD_EV_READY), 2);

    static const struct {
        int from;
        uint32_t source, destination;
        int receiver; /* -1: nobody */
        int refused;  /* who drops it by policy; -1: nobody */
    } rows[] = {
        {0, INNER(0), INNER(2), 2, -1}, {1, INNER(1), INNER(2), 2, -1},
        {0, INNER(1), INNER(2), -1, 2}, {1, INNER(0), INNER(2), -1, 2},
        {2, INNER(2), INNER(0), 0, -1}, {2, INNER(2), INNER(1), 1, -1},
        {2, INNER(2), INNER(3), -1, 2},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        size_t before[3];
        uint64_t refused[3];
        struct sd_stats stats;
        for (int k = 0; k < 3; k++) {
            sd_seat_stats(sd_mem_seat(m, seat[k]), &stats);
            before[k] = sd_mem_count(m, seat[k], SD_EV_DATA);
            refused[k] = stats.dropped[SD_DROP_POLICY];
        }
        sd_mem_send(m, seat[rows[i].from], 0, 0,
                    inner_packet(rows[i].source, rows[i].destination, 60), 60, false);
        sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
        for (int k = 0; k < 3; k++) {
            sd_seat_stats(sd_mem_seat(m, seat[k]), &stats);
            if (sd_mem_count(m, seat[k], SD_EV_DATA) != before[k] + (rows[i].receiver == k) ||
                stats.dropped[SD_DROP_POLICY] != refused[k] + (rows[i].refused == k))
                fail_msg("row %zu: expected delivery to %d and refusal by %d, not so at seat %d", i,
                         rows[i].receiver, rows[i].refused, k);
        }
    }
    assert_int_equal(sd_mem_free(m), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longest_prefix),
        cmocka_unit_test(test_two_clients),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
