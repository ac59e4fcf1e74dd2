/* mtu_test.c - narrow links: fragments, and ICMP to those who forbid them. */
#include <string.h>

#include "sim/box/chain.h"
#include "sim/box/ip.h"
#include "sim/box/weather.h"
#include "tests/net/topology.h"

#define PORT 4433

struct heard {
    int count;
    size_t len;
    bool intact;
};

static void hear(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                 const struct sd_addr *from, const struct sd_addr *to)
{
    struct heard *h = ctx;
    (void)udp, (void)from, (void)to;
    h->count++;
    h->len = len;
    h->intact = true;
    for (size_t i = 0; i < len; i++)
        h->intact &= data[i] == (uint8_t)(i * 7 >> 3);
}

struct told {
    int count;
    uint8_t type, code;
    uint16_t mtu;
    struct sd_addr local, remote;
};

static void on_icmp(void *ctx, int node, uint8_t type, uint8_t code, uint16_t mtu,
                    const struct sd_addr *local, const struct sd_addr *remote)
{
    struct told *told = ctx;
    (void)node;
    *told = (struct told){told->count + 1, type, code, mtu, *local, *remote};
}

/* Of the packets that reach the server. */
struct pieces {
    int count;
    size_t largest;
};

static void count_pieces(void *ctx, const struct sd_packet *packet)
{
    struct pieces *p = ctx;
    p->count++;
    p->largest = packet->len > p->largest ? packet->len : p->largest;
}

struct mtu_row {
    const char *name;
    bool from_server; /* whose own interface is the narrow one */
    uint16_t far_mtu; /* between router and server */
    size_t len;       /* UDP payload */
    bool dont_fragment;
    uint32_t lose; /* the n-th packet that reaches the receiver */
    int result;    /* of sd_udp_send() */
    int arrived;   /* datagrams */
    int pieces;    /* packets at the receiver */
    size_t largest;
    uint16_t told_mtu; /* by ICMP; 0: nothing */
    bool told_timeout; /* by ICMP: fragments did not come together */
};
static const struct mtu_row mtu_rows[] = {
    {"fits", false, 1500, 1472, false, 0, SD_OK, 1, 1, 1500, 0, false},
    {"fits, DF", false, 1500, 1472, true, 0, SD_OK, 1, 1, 1500, 0, false},
    {"one byte more", false, 1500, 1473, false, 0, SD_OK, 1, 2, 1500, 0, false},
    {"one byte more, DF", false, 1500, 1473, true, 0, SD_DROP_POLICY, 0, 0, 0, 1500, false},
    {"fits a narrow link", false, 1280, 1252, true, 0, SD_OK, 1, 1, 1280, 0, false},
    {"too large for a narrow link", false, 1280, 1253, false, 0, SD_OK, 1, 2, 1276, 0, false},
    {"too large for a narrow link, DF", false, 1280, 1253, true, 0, SD_OK, 0, 0, 0, 1280, false},
    {"fragments in fragments", false, 576, 4000, false, 0, SD_OK, 1, 8, 572, 0, false},
    {"narrowest link", false, 68, 1472, false, 0, SD_OK, 1, 31, 68, 0, false},
    {"narrowest link, DF", false, 68, 41, true, 0, SD_OK, 0, 0, 0, 68, false},
    {"largest datagram", false, 1500, 65507, false, 0, SD_OK, 1, 45, 1500, 0, false},
    {"a jumbo link", false, 9000, 8972, true, 0, SD_DROP_POLICY, 0, 0, 0, 1500, false},
    {"own interface narrow", true, 1280, 1253, false, 0, SD_OK, 1, 2, 1276, 0, false},
    {"own interface narrow, DF", true, 1280, 1253, true, 0, SD_DROP_POLICY, 0, 0, 0, 1280, false},
    {"a fragment lost", false, 576, 1400, false, 2, SD_OK, 0, 2, 572, 0, true},
    {"the last fragment lost", false, 576, 1400, false, 3, SD_OK, 0, 2, 572, 0, true},
    {"the first fragment lost", false, 576, 1400, false, 1, SD_OK, 0, 2, 572, 0, false},
};

static void fragments_or_icmp(void **state)
{
    (void)state;
    static uint8_t data[65536];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 >> 3);
    for (size_t i = 0; i < sizeof mtu_rows / sizeof *mtu_rows; i++) {
        const struct mtu_row *row = &mtu_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){.far_mtu = row->far_mtu});
        int from = row->from_server ? t.server : t.client, to = t.client + t.server - from;
        struct heard h = {0};
        struct told told = {0};
        struct pieces pieces = {0};
        struct sd_tap_box tap = {count_pieces, &pieces};
        struct sd_weather weather = {.drop = {row->lose}};
        struct sd_weather_box *box = sd_weather_box_new(&weather, 1);
        struct sd_chain *chain;
        sd_chain_create(&chain, t.net, to);
        sd_chain_add(chain, 0, SD_IN, sd_weather_box_pass, box);
        sd_chain_add(chain, 0, SD_IN, sd_tap_box_pass, &tap);
        sd_net_udp(t.net, to, 0, PORT, hear, &h);
        sd_net_icmp(t.net, from, on_icmp, &told);
        struct sd_udp *udp = sd_net_udp(t.net, from, 0, 1111, NULL, NULL);
        struct sd_addr peer = sd_ipv4_word(row->from_server ? CLIENT_IP : SERVER_IP, PORT);
        int result = sd_udp_send(udp, &peer, data, row->len, row->dont_fragment);
        run_for(&t, 60 * SD_SECOND);
        if (result != row->result || h.count != row->arrived || pieces.count != row->pieces ||
            pieces.largest != row->largest || told.mtu != row->told_mtu ||
            told.count != (row->told_mtu != 0 || row->told_timeout))
            fail_msg("%s: expected result %d, %d datagrams in %d pieces up to %zu bytes, MTU %u; "
                     "found %d, %d in %d up to %zu, MTU %u",
                     row->name, row->result, row->arrived, row->pieces, row->largest, row->told_mtu,
                     result, h.count, pieces.count, pieces.largest, told.mtu);
        if (h.count == 1 && (h.len != row->len || !h.intact))
            fail_msg("%s: expected %zu bytes as they were sent, found %zu", row->name, row->len,
                     h.len);
        if (told.count == 1) {
            assert_int_equal(told.type,
                             row->told_timeout ? SD_ICMP_TIME_EXCEEDED : SD_ICMP_UNREACHABLE);
            assert_int_equal(told.code,
                             row->told_timeout ? SD_ICMP_REASSEMBLY : SD_ICMP_FRAGMENTATION_NEEDED);
            assert_int_equal(told.local.port, 1111);
            assert_true(sd_addr_equal(&told.remote, &peer));
        }
        sd_chain_destroy(chain);
        sd_weather_box_free(box);
        topology_free(&t);
    }
}

/* -- ICMP about other things -- */

static void unreachable(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct told told = {0};
    sd_net_icmp(t.net, t.client, on_icmp, &told);
    struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 1111, NULL, NULL);
    struct sd_udp *esp = sd_net_raw(t.net, t.client, SD_PROTO_ESP, NULL, NULL);
    struct sd_addr closed = sd_ipv4_word(SERVER_IP, 9);
    sd_udp_send(udp, &closed, "x", 1, false);
    run_for(&t, SD_SECOND);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.code, SD_ICMP_PORT);
    assert_true(sd_addr_equal(&told.remote, &closed));
    sd_udp_send(esp, &closed, "12345678", 8, false); /* nobody there speaks it: silence */
    run_for(&t, SD_SECOND);
    assert_int_equal(told.count, 1);
    topology_free(&t);
}

/* A datagram to an address of the node itself never meets its interfaces. */
static void to_itself(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct heard h = {0};
    sd_net_udp(t.net, t.client, 0, PORT, hear, &h);
    struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 1111, NULL, NULL);
    struct sd_addr own = sd_ipv4_word(CLIENT_IP, PORT);
    uint8_t zero = 0;
    assert_int_equal(sd_udp_send(udp, &own, &zero, 1, false), SD_OK);
    run_for(&t, SD_SECOND);
    assert_int_equal(h.count, 1);
    struct sd_net_counters c;
    sd_net_counters(t.net, t.client, &c);
    assert_int_equal(c.packets_out, 0);
    topology_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_or_icmp),
        cmocka_unit_test(unreachable),
        cmocka_unit_test(to_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
