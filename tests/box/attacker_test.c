/* attacker_test.c - stored packets, spoofed sources, and floods to the packet. */
#include <string.h>

#include "sim/box/attacker.h"
#include "sim/box/guard.h"
#include "sim/box/ip.h"
#include "tests/net/topology.h"

#define PORT 4433

struct heard {
    struct sd_net *net;
    uint64_t count;
    struct sd_addr from;
    sd_time first, last;
    size_t len;
    uint8_t byte;
};

static void hear(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                 const struct sd_addr *from, const struct sd_addr *to)
{
    struct heard *h = ctx;
    (void)udp, (void)to;
    if (h->count++ == 0)
        h->first = sd_net_now(h->net);
    h->last = sd_net_now(h->net);
    h->from = *from;
    h->len = len;
    h->byte = len > 0 ? data[0] : 0;
}

static struct sd_addr udp_addr(uint32_t ip, uint16_t port)
{
    struct sd_addr a = sd_ipv4_word(ip, port);
    a.proto = SD_PROTO_UDP;
    return a;
}

/* -- sources -- */

struct source_row {
    const char *name;
    bool own;
    uint32_t ip;
    uint16_t port;
    uint32_t seen_ip; /* 0: it is not heard */
    uint16_t seen_port;
};
static const struct source_row source_rows[] = {
    {"as it is", true, 0, 0, CLIENT_IP, 1111},
    {"another address", false, 0xc6336405, 0, 0xc6336405, 1111},
    {"another address and port", false, 0xc6336405, 53, 0xc6336405, 53},
    {"the victim's own address", false, SERVER_IP, PORT, 0, 0},
};

static void sources(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof source_rows / sizeof *source_rows; i++) {
        const struct source_row *row = &source_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct heard h = {.net = t.net};
        sd_net_udp(t.net, t.server, 0, PORT, hear, &h);
        uint8_t packet[100];
        struct sd_addr from = udp_addr(CLIENT_IP, 1111), to = udp_addr(SERVER_IP, PORT);
        size_t len =
            sd_attack_packet(packet, sizeof packet, &from, &to, SD_PROTO_UDP, (uint8_t *)"abc", 3);
        assert_int_equal(len, 31);
        struct sd_addr source = udp_addr(row->ip, row->port);
        assert_int_equal(
            sd_attack_send(t.net, t.router, 1, packet, len, row->own ? NULL : &source, 7 * SD_MS),
            SD_OK);
        run_for(&t, SD_SECOND);
        /* It arrives at all: its checksums are right. */
        bool heard = h.count == 1 && h.len == 3 && h.byte == 'a' && h.first == 17 * SD_MS;
        if (heard != (row->seen_ip != 0) || sd_addr_ipv4(&h.from) != row->seen_ip ||
            h.from.port != row->seen_port)
            fail_msg("%s: expected %08x:%u, found %llu, from %08x:%u", row->name, row->seen_ip,
                     row->seen_port, (unsigned long long)h.count, sd_addr_ipv4(&h.from),
                     h.from.port);
        topology_free(&t);
    }
}

struct packet_row {
    const char *name;
    uint8_t proto;
    size_t payload, cap;
    size_t len; /* 0: does not fit */
};
static const struct packet_row packet_rows[] = {
    {"UDP", SD_PROTO_UDP, 100, 128, 128},
    {"UDP without room", SD_PROTO_UDP, 100, 127, 0},
    {"UDP, empty", SD_PROTO_UDP, 0, 128, 28},
    {"ESP", SD_PROTO_ESP, 100, 120, 120},
    {"ESP without room", SD_PROTO_ESP, 100, 119, 0},
    {"largest", SD_PROTO_ESP, 65515, 65536, 65535},
    {"too large", SD_PROTO_ESP, 65516, 70000, 0},
};

static void built(void **state)
{
    (void)state;
    static uint8_t out[70000], payload[70000];
    for (size_t i = 0; i < sizeof packet_rows / sizeof *packet_rows; i++) {
        const struct packet_row *row = &packet_rows[i];
        struct sd_addr from = udp_addr(1, 2), to = udp_addr(3, 4);
        memset(payload, 0xa5, sizeof payload);
        size_t len = sd_attack_packet(out, row->cap, &from, &to, row->proto, payload, row->payload);
        if (len != row->len)
            fail_msg("%s: expected %zu bytes, found %zu", row->name, row->len, len);
        if (len != 0)
            assert_int_equal(sd_guard_packet(out, len), SD_GUARD_GOOD);
    }
}

static void syn(void **state)
{
    (void)state;
    uint8_t out[100];
    struct sd_addr from = udp_addr(CLIENT_IP, 2222), to = udp_addr(SERVER_IP, 443);
    size_t len = sd_attack_syn(out, sizeof out, &from, &to, 0x01020304);
    assert_int_equal(len, 60); /* as long as Linux's */
    assert_int_equal(sd_guard_packet(out, len), SD_GUARD_GOOD);
    struct sd_ip v;
    assert_true(sd_ip_view(&v, out, len));
    assert_int_equal(v.source, CLIENT_IP);
    assert_int_equal(v.destination_port, 443);
    assert_int_equal(v.payload[SD_TCP_FLAGS], SD_TCP_SYN);
    assert_int_equal(sd_read32(v.payload + SD_TCP_SEQ), 0x01020304);
    assert_true(sd_transport_checksum_good(v.source, v.destination, v.proto, v.payload, 40));
    char kinds[8] = "";
    size_t at = 0, n = 0;
    const uint8_t *option;
    while ((option = sd_tcp_option_next(v.payload + SD_TCP_HEADER, 20, &at)) != NULL)
        kinds[n++] = (char)('0' + option[0]);
    assert_string_equal(kinds, "2483"); /* MSS, SACK permitted, timestamps, window scale */
    assert_int_equal(sd_attack_syn(out, 59, &from, &to, 1), 0);
}

/* -- floods -- */

struct spread {
    uint64_t packets, calls;
    bool skip_odd, junk;
    uint64_t sum; /* over sources: the same seed, the same flood */
    uint32_t least, most;
    bool low_port;
};

static size_t next_packet(void *ctx, uint64_t n, const struct sd_addr *source, uint8_t *packet,
                          size_t cap)
{
    struct spread *s = ctx;
    assert_int_equal(n, s->calls);
    s->calls++;
    uint32_t ip = sd_addr_ipv4(source);
    s->sum = s->sum * 31 + ip + source->port;
    s->least = s->calls == 1 || ip < s->least ? ip : s->least;
    s->most = ip > s->most ? ip : s->most;
    s->low_port |= source->port < 1024;
    if (s->skip_odd && n % 2 == 1)
        return 0;
    if (s->junk) {
        memset(packet, 0xee, 40);
        return 40;
    }
    struct sd_addr to = udp_addr(SERVER_IP, PORT);
    return sd_attack_packet(packet, cap, source, &to, SD_PROTO_UDP, (uint8_t *)"flood", 5);
}

struct flood_row {
    const char *name;
    uint64_t rate_pps;
    sd_time start, end;
    uint32_t net;
    uint8_t prefix;
    bool skip_odd, junk;
    uint64_t sent;
    sd_time first, last; /* arrivals, 10 ms after they were sent */
};
static const struct flood_row flood_rows[] = {
    {"a thousand a second", 1000, 0, 2 * SD_SECOND, 0xc6120000, 15, false, false, 2000, 10 * SD_MS,
     2009 * SD_MS},
    {"from the middle", 100, 500 * SD_MS, 1500 * SD_MS, 0xc6120000, 15, false, false, 100,
     510 * SD_MS, 1500 * SD_MS},
    {"seven a second keep their mean", 7, 0, 10 * SD_SECOND, 0xc6120000, 15, false, false, 70,
     10 * SD_MS, 9867142857},
    {"a million a second", 1000000, 0, 10 * SD_MS, 0xc6120000, 15, false, false, 10000, 10 * SD_MS,
     19999 * SD_US},
    {"one", 1, 0, 1, 0xc6120000, 15, false, false, 1, 10 * SD_MS, 10 * SD_MS},
    {"none", 1000, 5, 5, 0xc6120000, 15, false, false, 0, 0, 0},
    {"one source", 50, 0, SD_SECOND, 0x0a000105, 32, false, false, 50, 10 * SD_MS, 990 * SD_MS},
    {"now and then nothing", 100, 0, SD_SECOND, 0xc6120000, 15, true, false, 50, 10 * SD_MS,
     990 * SD_MS},
    {"junk is kept from the network", 100, 0, SD_SECOND, 0xc6120000, 15, false, true, 0, 0, 0},
};

static void floods(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof flood_rows / sizeof *flood_rows; i++) {
        const struct flood_row *row = &flood_rows[i];
        uint64_t sum[2];
        for (int round = 0; round < 2; round++) {
            struct topology t;
            topology_make(&t, (struct topology_options){0});
            struct heard h = {.net = t.net};
            sd_net_udp(t.net, t.server, 0, PORT, hear, &h);
            struct spread spread = {.skip_odd = row->skip_odd, .junk = row->junk};
            struct sd_paced_flood_settings settings = {.node = t.router,
                                                       .ifindex = 1,
                                                       .rate_pps = row->rate_pps,
                                                       .start = row->start,
                                                       .end = row->end,
                                                       .source_net = row->net,
                                                       .source_prefix = row->prefix,
                                                       .seed = 9,
                                                       .next = next_packet,
                                                       .ctx = &spread};
            struct sd_paced_flood *f = sd_paced_flood_new(t.net, &settings);
            assert_non_null(f);
            run_for(&t, 20 * SD_SECOND);
            if (sd_paced_flood_sent(f) != row->sent || h.count != row->sent ||
                h.first != row->first || h.last != row->last)
                fail_msg("%s: expected %llu from %llu to %llu ns, found %llu sent, %llu heard "
                         "from %llu to %llu",
                         row->name, (unsigned long long)row->sent, (unsigned long long)row->first,
                         (unsigned long long)row->last, (unsigned long long)sd_paced_flood_sent(f),
                         (unsigned long long)h.count, (unsigned long long)h.first,
                         (unsigned long long)h.last);
            uint32_t mask = row->prefix == 32 ? UINT32_MAX : ~(UINT32_MAX >> row->prefix);
            if (spread.calls > 0) {
                assert_int_equal(spread.least & mask, row->net & mask);
                assert_int_equal(spread.most & mask, row->net & mask);
                assert_false(spread.low_port);
            }
            if (row->sent >= 1000 && row->prefix < 32)
                assert_true(spread.most - spread.least > (~mask >> 1));
            sum[round] = spread.sum;
            sd_paced_flood_free(f);
            topology_free(&t);
        }
        assert_int_equal(sum[0], sum[1]);
    }
}

static void stopped(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct heard h = {.net = t.net};
    sd_net_udp(t.net, t.server, 0, PORT, hear, &h);
    struct spread spread = {0};
    struct sd_paced_flood_settings settings = {.node = t.router,
                                               .ifindex = 1,
                                               .rate_pps = 1000,
                                               .end = SD_NEVER,
                                               .source_prefix = 8,
                                               .next = next_packet,
                                               .ctx = &spread};
    struct sd_paced_flood *f = sd_paced_flood_new(t.net, &settings);
    run_for(&t, SD_SECOND);
    sd_paced_flood_free(f);
    run_for(&t, 5 * SD_SECOND);
    assert_in_range(h.count, 1000, 1001);
    sd_paced_flood_free(NULL);
    topology_free(&t);
}

struct refused_row {
    const char *name;
    int node, ifindex;
    uint64_t rate_pps;
    sd_time start, end;
    uint8_t prefix;
    bool no_maker;
};
static const struct refused_row refused_rows[] = {
    {"no rate", 1, 1, 0, 0, 1, 8, false},
    {"ends before it starts", 1, 1, 10, 2, 1, 8, false},
    {"prefix", 1, 1, 10, 0, 1, 33, false},
    {"nobody makes packets", 1, 1, 10, 0, 1, 8, true},
};

static void refused(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    for (size_t i = 0; i < sizeof refused_rows / sizeof *refused_rows; i++) {
        const struct refused_row *row = &refused_rows[i];
        struct sd_paced_flood_settings settings = {.node = row->node,
                                                   .ifindex = row->ifindex,
                                                   .rate_pps = row->rate_pps,
                                                   .start = row->start,
                                                   .end = row->end,
                                                   .source_prefix = row->prefix,
                                                   .next = row->no_maker ? NULL : next_packet};
        if (sd_paced_flood_new(t.net, &settings) != NULL)
            fail_msg("%s: expected a refusal", row->name);
    }
    uint8_t junk[40];
    struct sd_addr source = udp_addr(5, 6);
    memset(junk, 0xff, sizeof junk);
    for (size_t len = 0; len <= sizeof junk; len++) {
        assert_int_equal(sd_attack_send(t.net, t.router, 1, junk, len, NULL, 0), SD_E_ARG);
        assert_int_equal(sd_attack_send(t.net, t.router, 1, junk, len, &source, 0), SD_E_ARG);
    }
    topology_free(&t);
}

/* -- stores -- */

static bool to_the_server(void *ctx, const struct sd_packet *packet)
{
    (void)ctx;
    return sd_read32(packet->data + SD_IP_DESTINATION) == SERVER_IP;
}

struct store_row {
    const char *name;
    uint32_t limit;
    bool choosy;
    uint32_t kept;
};
static const struct store_row store_rows[] = {
    {"everything", 1000, false, 20},
    {"what matches", 1000, true, 10},
    {"no more than the limit", 7, false, 7},
    {"nothing", 0, false, 0},
};

static void answer(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                   const struct sd_addr *from, const struct sd_addr *to)
{
    (void)ctx, (void)to;
    sd_udp_send(udp, from, data, len, false);
}

static void stores(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof store_rows / sizeof *store_rows; i++) {
        const struct store_row *row = &store_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *chain;
        sd_chain_create(&chain, t.net, t.router);
        struct sd_packet_store *store =
            sd_packet_store_new(row->limit, row->choosy ? to_the_server : NULL, NULL);
        sd_chain_add(chain, -1, SD_IN, sd_packet_store_pass, store);
        sd_net_udp(t.net, t.server, 0, PORT, answer, NULL);
        struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 0, NULL, NULL);
        struct sd_addr to = udp_addr(SERVER_IP, PORT);
        for (uint8_t n = 0; n < 10; n++) {
            sd_udp_send(udp, &to, &n, 1, false);
            run_for(&t, 100 * SD_MS);
        }
        if (sd_packet_store_count(store) != row->kept)
            fail_msg("%s: expected %u kept, found %u", row->name, row->kept,
                     sd_packet_store_count(store));
        for (uint32_t k = 0; k < row->kept; k++) {
            size_t len;
            sd_time seen;
            const uint8_t *packet = sd_packet_store_get(store, k, &len, &seen);
            assert_int_equal(len, 29);
            uint32_t number = row->choosy ? k : k / 2;
            assert_int_equal(packet[28], number);
            sd_time passed = row->choosy || k % 2 == 0 ? 10 * SD_MS : 30 * SD_MS;
            assert_int_equal(seen, number * 100 * SD_MS + passed);
        }
        size_t len;
        assert_null(sd_packet_store_get(store, row->kept, &len, NULL));
        sd_chain_destroy(chain);
        sd_packet_store_free(store);
        topology_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources), cmocka_unit_test(built),   cmocka_unit_test(syn),
        cmocka_unit_test(floods),  cmocka_unit_test(stopped), cmocka_unit_test(refused),
        cmocka_unit_test(stores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
