/* argument_test.c - every call of net.h with every wrong argument: an answer, never an abort. */
#include <string.h>

#include "sim/box/ip.h"
#include "tests/net/topology.h"

static struct topology t;

static int set_up(void **state)
{
    (void)state;
    topology_make(&t, (struct topology_options){0});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    topology_free(&t);
    return 0;
}

static void expect(int found, int expected, const char *name)
{
    if (found != expected)
        fail_msg("%s: expected %d, found %d", name, expected, found);
}

/* -- networks -- */

static void networks(void **state)
{
    (void)state;
    struct sd_net *net = NULL;
    struct sd_net_config config = {.checksums = true};
    struct sd_error error = {0};
    expect(sd_net_create(NULL, &config, &error), SD_E_ARG, "nowhere to put it");
    expect(sd_net_create(&net, NULL, &error), SD_E_ARG, "no configuration");
    expect(sd_net_create(&net, &config, &error), SD_E_STATE, "a second network");
    assert_true(strlen(error.text) > 0);
    assert_null(net);
    expect(sd_net_create(&net, &config, NULL), SD_E_STATE, "a second network, no error wanted");
    sd_net_destroy(NULL);
}

/* -- time -- */

static void fired(void *ctx)
{
    ++*(int *)ctx;
}

static void again(void *ctx)
{
    int *left = ctx;
    if (--*left > 0)
        sd_net_after(t.net, 0, again, left);
}

static void from_inside(void *ctx)
{
    *(int *)ctx = sd_net_run(t.net, SD_NEVER); /* a run does not nest */
}

static void times(void **state)
{
    (void)state;
    int count = 0;
    expect(sd_net_run(NULL, 1), SD_E_ARG, "run without a network");
    expect(sd_net_run(t.net, 5 * SD_SECOND), SD_OK, "run");
    expect(sd_net_run(t.net, 4 * SD_SECOND), SD_E_ARG, "run into the past");
    expect(sd_net_run(t.net, 5 * SD_SECOND), SD_OK, "run to now");
    assert_int_equal(sd_net_now(t.net), 5 * SD_SECOND);
    assert_int_equal(sd_net_now(NULL), 0);
    assert_int_equal(sd_net_events(NULL), 0);
    sd_net_stop(NULL);

    assert_int_equal(sd_net_after(NULL, 1, fired, &count), 0);
    assert_int_equal(sd_net_after(t.net, 1, NULL, &count), 0);
    assert_int_equal(sd_net_after(t.net, SD_NEVER, fired, &count), 0);
    sd_timer timer = sd_net_after(t.net, SD_SECOND, fired, &count);
    assert_int_not_equal(timer, 0);
    sd_net_cancel(NULL, timer);
    sd_net_cancel(t.net, 0);
    sd_net_cancel(t.net, UINT64_MAX);
    sd_net_cancel(t.net, timer);
    sd_net_cancel(t.net, timer);
    run_for(&t, 2 * SD_SECOND);
    assert_int_equal(count, 0);
    /* The slot goes to the next timer, which the old handle must not touch. */
    sd_timer next = sd_net_after(t.net, SD_SECOND, fired, &count);
    assert_int_not_equal(next, timer);
    sd_net_cancel(t.net, timer);
    run_for(&t, 2 * SD_SECOND);
    assert_int_equal(count, 1);
    sd_net_cancel(t.net, next);

    int left = 1000, nested = 0;
    again(&left);
    sd_net_after(t.net, 0, from_inside, &nested);
    expect(sd_net_run(t.net, sd_net_now(t.net)), SD_OK, "what is due now");
    assert_true(left > 0); /* timers without delay, one after another, do not hold up the end */
    run_for(&t, 1);
    assert_int_equal(left, 0);
    assert_int_equal(nested, SD_E_STATE);
    expect(sd_net_run(t.net, SD_NEVER), SD_OK, "run to the end of time, nothing left");
}

/* -- links -- */

struct link_row {
    const char *name;
    int a, b;
    uint32_t a_ip, b_ip;
    uint8_t prefix;
    sd_time delay;
    uint16_t mtu;
    int result; /* 0: a link */
};
#define X 0x0a010101u
#define Y 0x0a010102u
static const struct link_row link_rows[] = {
    {"fine", 0, 2, X, Y, 24, 0, 0, 0},
    {"narrowest", 0, 2, X, Y, 24, 0, 68, 0},
    {"widest", 0, 2, X, Y, 24, 0, 65535, 0},
    {"prefix 1", 0, 2, X, Y, 1, 0, 0, 0},
    {"prefix 32", 0, 2, X, Y, 32, 0, 0, 0},
    {"long delay", 0, 2, X, Y, 24, 86400 * SD_SECOND, 0, 0},
    {"no such node", -1, 2, X, Y, 24, 0, 0, SD_E_ARG},
    {"no such node either", 0, 3, X, Y, 24, 0, 0, SD_E_ARG},
    {"with itself", 2, 2, X, Y, 24, 0, 0, SD_E_ARG},
    {"prefix 0", 0, 2, X, Y, 0, 0, 0, SD_E_ARG},
    {"prefix 33", 0, 2, X, Y, 33, 0, 0, SD_E_ARG},
    {"no address", 0, 2, 0, Y, 24, 0, 0, SD_E_ARG},
    {"no other address", 0, 2, X, 0, 24, 0, 0, SD_E_ARG},
    {"same address", 0, 2, X, X, 24, 0, 0, SD_E_ARG},
    {"loopback", 0, 2, 0x7f000001, Y, 24, 0, 0, SD_E_ARG},
    {"multicast", 0, 2, X, 0xe0000001, 24, 0, 0, SD_E_ARG},
    {"broadcast", 0, 2, X, 0xffffffff, 24, 0, 0, SD_E_ARG},
    {"an address that the node has", 0, 2, CLIENT_IP, Y, 24, 0, 0, SD_E_ARG},
    {"MTU 67", 0, 2, X, Y, 24, 0, 67, SD_E_ARG},
    {"delay beyond time", 0, 2, X, Y, 24, SD_NEVER, 0, SD_E_ARG},
};

static void links(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof link_rows / sizeof *link_rows; i++) {
        const struct link_row *row = &link_rows[i];
        topology_free(&t);
        topology_make(&t, (struct topology_options){0});
        struct sd_net_link link = {.a = {.node = row->a, .ip = row->a_ip},
                                   .b = {.node = row->b, .ip = row->b_ip},
                                   .prefix = row->prefix,
                                   .delay = row->delay,
                                   .mtu = row->mtu};
        int id = sd_net_link(t.net, &link);
        expect(id < 0 ? id : 0, row->result, row->name);
        if (id >= 0)
            assert_int_equal(link.a.ifindex + link.b.ifindex, 2);
    }
    struct sd_net_link link = {0};
    expect(sd_net_link(NULL, &link), SD_E_ARG, "no network");
    expect(sd_net_link(t.net, NULL), SD_E_ARG, "no link");
    expect(sd_net_set_link(NULL, t.near, 0, 0, 0), SD_E_ARG, "set: no network");
    expect(sd_net_set_link(t.net, -1, 0, 0, 0), SD_E_ARG, "set: link -1");
    expect(sd_net_set_link(t.net, 99, 0, 0, 0), SD_E_ARG, "set: link 99");
    expect(sd_net_set_link(t.net, t.near, 1, SD_NEVER, 0), SD_E_ARG, "set: delay");
    expect(sd_net_set_link(t.net, t.near, UINT64_MAX, 0, UINT32_MAX), SD_OK, "set: extremes");
    expect(sd_net_set_link(t.net, t.near, 1, 0, 1), SD_OK, "set: one bit a second");
}

struct route_row {
    const char *name;
    int node, ifindex;
    uint8_t prefix;
    uint32_t gateway;
    int result;
};
static const struct route_row route_rows[] = {
    {"fine", 1, 1, 8, SERVER_IP, SD_OK},
    {"on the link", 1, 1, 24, 0, SD_OK},
    {"everything", 1, 0, 0, CLIENT_IP, SD_OK},
    {"no such node", 7, 0, 8, SERVER_IP, SD_E_ARG},
    {"node -1", -1, 0, 8, SERVER_IP, SD_E_ARG},
    {"no such interface", 1, 2, 8, SERVER_IP, SD_E_ARG},
    {"interface -1", 1, -1, 8, SERVER_IP, SD_E_ARG},
    {"prefix 33", 1, 1, 33, SERVER_IP, SD_E_ARG},
};

static void routes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof route_rows / sizeof *route_rows; i++) {
        const struct route_row *row = &route_rows[i];
        expect(sd_net_route(t.net, row->node, 0x0b000000, row->prefix, row->gateway, row->ifindex),
               row->result, row->name);
    }
    expect(sd_net_route(NULL, 0, 0, 0, 0, 0), SD_E_ARG, "no network");
    expect(sd_net_forwarding(NULL, 0, true), SD_E_ARG, "forwarding: no network");
    expect(sd_net_forwarding(t.net, 3, true), SD_E_ARG, "forwarding: no node");
    expect(sd_net_node(NULL), SD_E_ARG, "node: no network");
}

struct readdress_row {
    const char *name;
    int node, ifindex;
    uint32_t ip;
    uint8_t prefix;
    int result;
};
static const struct readdress_row readdress_rows[] = {
    {"fine", 0, 0, 0x0a000107, 24, SD_OK},
    {"the one it has", 0, 0, 0x0a000107, 24, SD_OK},
    {"no such node", 3, 0, 0x0a000107, 24, SD_E_ARG},
    {"no such interface", 0, 1, 0x0a000107, 24, SD_E_ARG},
    {"interface -1", 0, -1, 0x0a000107, 24, SD_E_ARG},
    {"address 0", 0, 0, 0, 24, SD_E_ARG},
    {"loopback", 0, 0, 0x7f000001, 24, SD_E_ARG},
    {"multicast", 0, 0, 0xe0000001, 24, SD_E_ARG},
    {"another interface's", 1, 0, ROUTER_IP_OUT, 24, SD_E_ARG},
    {"prefix 0", 0, 0, 0x0a000107, 0, SD_E_ARG},
    {"prefix 33", 0, 0, 0x0a000107, 33, SD_E_ARG},
};

static void addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readdress_rows / sizeof *readdress_rows; i++) {
        const struct readdress_row *row = &readdress_rows[i];
        expect(sd_net_readdress(t.net, row->node, row->ifindex, row->ip, row->prefix), row->result,
               row->name);
    }
    expect(sd_net_readdress(NULL, 0, 0, 1, 24), SD_E_ARG, "no network");
}

/* -- hooks and packets -- */

static enum sd_verdict odd(void *ctx, struct sd_packet *packet)
{
    (void)packet;
    return *(enum sd_verdict *)ctx;
}

/* A hook that answers nonsense, or makes nonsense of the packet, stops it there. */
static enum sd_verdict overlong(void *ctx, struct sd_packet *packet)
{
    packet->len = *(size_t *)ctx;
    return SD_CHANGED;
}

static void count_datagrams(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                            const struct sd_addr *from, const struct sd_addr *to)
{
    (void)udp, (void)data, (void)len, (void)from, (void)to;
    ++*(int *)ctx;
}

static void hooks(void **state)
{
    (void)state;
    enum sd_verdict verdict = (enum sd_verdict)99;
    size_t length[] = {0, 19, 27, 29, 65536, SIZE_MAX};
    int heard = 0;
    expect(sd_net_hook(NULL, 0, odd, NULL), SD_E_ARG, "no network");
    expect(sd_net_hook(t.net, 3, odd, NULL), SD_E_ARG, "no node");
    expect(sd_net_hook(t.net, -1, odd, NULL), SD_E_ARG, "node -1");
    sd_net_udp(t.net, t.server, 0, 4433, count_datagrams, &heard);
    struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 0, NULL, NULL);
    struct sd_addr to = server_addr(4433);
    expect(sd_net_hook(t.net, t.router, odd, &verdict), SD_OK, "fine");
    sd_udp_send(udp, &to, NULL, 0, false);
    run_for(&t, SD_SECOND);
    for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
        expect(sd_net_hook(t.net, t.router, overlong, &length[i]), SD_OK, "fine");
        sd_udp_send(udp, &to, NULL, 0, false);
        run_for(&t, SD_SECOND);
    }
    assert_int_equal(heard, 0);
    expect(sd_net_hook(t.net, t.router, NULL, NULL), SD_OK, "none");
    sd_udp_send(udp, &to, NULL, 0, false);
    run_for(&t, SD_SECOND);
    assert_int_equal(heard, 1);
    expect(sd_net_on_queue_drop(NULL, NULL, NULL), SD_E_ARG, "queue drops: no network");
    expect(sd_net_on_queue_drop(t.net, NULL, NULL), SD_OK, "queue drops: nobody");
}

struct inject_row {
    const char *name;
    int node, ifindex, direction;
    size_t len; /* of a UDP packet; 0: NULL */
    sd_time delay;
    int result;
};
static const struct inject_row inject_rows[] = {
    {"in", 0, 0, SD_IN, 28, 0, SD_OK},
    {"out", 0, 0, SD_OUT, 28, 0, SD_OK},
    {"late", 0, 0, SD_IN, 28, 3600 * SD_SECOND, SD_OK},
    {"as large as the interface takes", 0, 0, SD_OUT, 1500, 0, SD_OK},
    {"larger", 0, 0, SD_OUT, 1501, 0, SD_E_ARG},
    {"larger, coming in", 0, 0, SD_IN, 1501, 0, SD_OK},
    {"largest", 0, 0, SD_IN, 65535, 0, SD_OK},
    {"nothing", 0, 0, SD_IN, 0, 0, SD_E_ARG},
    {"no such node", 3, 0, SD_IN, 28, 0, SD_E_ARG},
    {"no such interface", 0, 1, SD_IN, 28, 0, SD_E_ARG},
    {"interface -1", 0, -1, SD_IN, 28, 0, SD_E_ARG},
    {"no direction", 0, 0, 2, 28, 0, SD_E_ARG},
    {"beyond time", 0, 0, SD_IN, 28, SD_NEVER, SD_E_ARG},
};

static void injections(void **state)
{
    (void)state;
    static uint8_t packet[65535];
    for (size_t i = 0; i < sizeof inject_rows / sizeof *inject_rows; i++) {
        const struct inject_row *row = &inject_rows[i];
        if (row->len != 0) {
            sd_ip_write_header(packet, row->len, SD_PROTO_UDP, 1, SERVER_IP, CLIENT_IP);
            sd_write16(packet + 24, (uint16_t)(row->len - 20));
        }
        expect(sd_net_inject(t.net, row->node, row->ifindex, (enum sd_direction)row->direction,
                             row->len != 0 ? packet : NULL, row->len, row->delay),
               row->result, row->name);
    }
    expect(sd_net_inject(NULL, 0, 0, SD_IN, packet, 28, 0), SD_E_ARG, "no network");
    run_for(&t, 7200 * SD_SECOND);
}

/* -- UDP -- */

static void no_datagram(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                        const struct sd_addr *from, const struct sd_addr *to)
{
    (void)ctx, (void)udp, (void)data, (void)len, (void)from, (void)to;
}

static void udp_sockets(void **state)
{
    (void)state;
    assert_null(sd_net_udp(NULL, 0, 0, 1, no_datagram, NULL));
    assert_null(sd_net_udp(t.net, 3, 0, 1, no_datagram, NULL));
    struct sd_udp *udp = sd_net_udp(t.net, 0, 0, 1, no_datagram, NULL);
    assert_non_null(udp);
    assert_null(sd_net_udp(t.net, 0, 0, 1, no_datagram, NULL)); /* in use */
    assert_non_null(sd_net_udp(t.net, 0, CLIENT_IP, 1, no_datagram, NULL));
    assert_non_null(sd_net_udp(t.net, 1, 0, 1, no_datagram, NULL));
    for (int proto = 0; proto < 256; proto++) {
        bool taken =
            proto == 0 || proto == SD_PROTO_ICMP || proto == SD_PROTO_TCP || proto == SD_PROTO_UDP;
        struct sd_udp *raw = sd_net_raw(t.net, 0, (uint8_t)proto, no_datagram, NULL);
        if ((raw == NULL) != taken)
            fail_msg("IP protocol %d: expected %s", proto, taken ? "a refusal" : "a socket");
    }
    assert_null(sd_net_raw(t.net, 0, SD_PROTO_ESP, no_datagram, NULL));
    assert_null(sd_net_raw(NULL, 0, SD_PROTO_ESP, no_datagram, NULL));
    assert_null(sd_net_raw(t.net, -1, SD_PROTO_ESP, no_datagram, NULL));
    sd_udp_close(udp);
    sd_udp_close(NULL);
    assert_int_equal(sd_udp_port(NULL), 0);
    assert_non_null(sd_net_udp(t.net, 0, 0, 1, no_datagram, NULL));

    int opened = 0; /* ephemeral ports run out, and say so */
    while (sd_net_udp(t.net, 2, 0, 0, NULL, NULL) != NULL)
        opened++;
    assert_int_equal(opened, 60999 - 32768 + 1);
}

struct send_row {
    const char *name;
    uint32_t to;
    uint16_t port;
    uint8_t family;
    size_t len;
    bool no_data;
    int result;
};
static const struct send_row send_rows[] = {
    {"fine", SERVER_IP, 1, 4, 10, false, SD_OK},
    {"empty", SERVER_IP, 1, 4, 0, true, SD_OK},
    {"largest", SERVER_IP, 1, 4, 65507, false, SD_OK},
    {"too large", SERVER_IP, 1, 4, 65508, false, SD_E_ARG},
    {"far too large", SERVER_IP, 1, 4, SIZE_MAX, false, SD_E_ARG},
    {"no data", SERVER_IP, 1, 4, 10, true, SD_E_ARG},
    {"port 0", SERVER_IP, 0, 4, 10, false, SD_E_ARG},
    {"address 0", 0, 1, 4, 10, false, SD_E_ARG},
    {"no family", SERVER_IP, 1, 0, 10, false, SD_E_ARG},
    {"IPv6", SERVER_IP, 1, 6, 10, false, SD_E_ARG},
    {"multicast", 0xe0000001, 1, 4, 10, false, SD_E_ARG},
    {"broadcast", 0xffffffff, 1, 4, 10, false, SD_E_ARG},
    {"loopback", 0x7f000001, 1, 4, 10, false, SD_E_ARG},
};

static void udp_sends(void **state)
{
    (void)state;
    static uint8_t data[65536];
    struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 0, no_datagram, NULL);
    for (size_t i = 0; i < sizeof send_rows / sizeof *send_rows; i++) {
        const struct send_row *row = &send_rows[i];
        struct sd_addr to = sd_ipv4_word(row->to, row->port);
        to.family = row->family;
        expect(sd_udp_send(udp, &to, row->no_data ? NULL : data, row->len, false), row->result,
               row->name);
    }
    struct sd_addr to = server_addr(1);
    expect(sd_udp_send(NULL, &to, data, 1, false), SD_E_ARG, "no socket");
    expect(sd_udp_send(udp, NULL, data, 1, false), SD_E_ARG, "nobody");
    int lonely = sd_net_node(t.net);
    struct sd_udp *cut_off = sd_net_udp(t.net, lonely, 0, 0, no_datagram, NULL);
    expect(sd_udp_send(cut_off, &to, data, 1, false), SD_DROP_UNKNOWN, "no route");
    run_for(&t, SD_SECOND);
    expect(sd_net_icmp(NULL, 0, NULL, NULL), SD_E_ARG, "ICMP: no network");
    expect(sd_net_icmp(t.net, 9, NULL, NULL), SD_E_ARG, "ICMP: no node");
}

/* -- TCP -- */

static void no_event(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event, struct sd_tcp *child)
{
    (void)ctx, (void)tcp, (void)event, (void)child;
}

static void tcp_calls(void **state)
{
    (void)state;
    struct sd_listen config = {.port = 443};
    assert_null(sd_net_listen(NULL, 0, &config, no_event, NULL));
    assert_null(sd_net_listen(t.net, 3, &config, no_event, NULL));
    assert_null(sd_net_listen(t.net, t.server, NULL, no_event, NULL));
    assert_null(sd_net_listen(t.net, t.server, &(struct sd_listen){.port = 0}, no_event, NULL));
    assert_null(sd_net_listen(t.net, t.server,
                              &(struct sd_listen){.port = 1, .cookies = (enum sd_validation)9},
                              no_event, NULL));
    struct sd_tcp *listener = sd_net_listen(t.net, t.server, &config, no_event, NULL);
    assert_non_null(listener);
    assert_null(sd_net_listen(t.net, t.server, &config, no_event, NULL)); /* in use */

    const struct {
        const char *name;
        uint32_t ip;
        uint16_t port;
        uint8_t family;
    } nobody[] = {{"address 0", 0, 443, 4},         {"port 0", SERVER_IP, 0, 4},
                  {"IPv6", SERVER_IP, 443, 6},      {"multicast", 0xe0000001, 443, 4},
                  {"loopback", 0x7f000001, 443, 4}, {"broadcast", 0xffffffff, 443, 4}};
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        struct sd_addr to = sd_ipv4_word(nobody[i].ip, nobody[i].port);
        to.family = nobody[i].family;
        if (sd_net_connect(t.net, t.client, &to, no_event, NULL) != NULL)
            fail_msg("%s: expected a refusal", nobody[i].name);
    }
    struct sd_addr to = server_addr(443);
    assert_null(sd_net_connect(NULL, t.client, &to, no_event, NULL));
    assert_null(sd_net_connect(t.net, 3, &to, no_event, NULL));
    assert_null(sd_net_connect(t.net, t.client, NULL, no_event, NULL));
    assert_null(sd_net_connect(t.net, sd_net_node(t.net), &to, no_event, NULL)); /* no route */

    /* What a listener is not, and what no handle is. */
    uint8_t byte = 0;
    struct sd_tcp *calls[] = {listener, NULL};
    for (int i = 0; i < 2; i++) {
        struct sd_tcp *tcp = calls[i];
        struct sd_tcp_counters counters;
        assert_int_equal(sd_tcp_room(tcp), 0);
        assert_int_equal(sd_tcp_send(tcp, &byte, 1), 0);
        assert_int_equal(sd_tcp_receive(tcp, &byte, 1), 0);
        sd_tcp_close(tcp);
        sd_tcp_abort(tcp);
        sd_tcp_stats(tcp, &counters);
        assert_int_equal(counters.segments_in, 0);
        assert_int_equal(sd_tcp_id(tcp) == 0, tcp == NULL);
        assert_int_equal(sd_tcp_path(tcp).conn, sd_tcp_id(tcp));
        sd_tcp_on(tcp, no_event, NULL);
    }
    sd_tcp_free(NULL);

    struct sd_tcp *tcp = sd_net_connect(t.net, t.client, &to, NULL, NULL); /* nobody listens */
    assert_non_null(tcp);
    run_for(&t, SD_SECOND);
    assert_int_equal(sd_tcp_send(tcp, NULL, 10), 0);
    assert_int_equal(sd_tcp_send(tcp, &byte, 0), 0);
    assert_int_equal(sd_tcp_receive(tcp, NULL, 10), 0);
    assert_int_equal(sd_tcp_receive(tcp, &byte, 0), 0);
    assert_true(sd_tcp_room(tcp) > 0);
    sd_tcp_close(tcp);
    sd_tcp_close(tcp);
    assert_int_equal(sd_tcp_room(tcp), 0);
    assert_int_equal(sd_tcp_send(tcp, &byte, 1), 0);
    sd_tcp_abort(tcp);
    sd_tcp_abort(tcp);
    sd_tcp_free(tcp);
    sd_tcp_free(listener);
    run_for(&t, SD_SECOND);
    expect(sd_net_tcp_options(NULL, 0, 1, NULL, NULL), SD_E_ARG, "options: no network");
    expect(sd_net_tcp_options(t.net, 9, 1, NULL, NULL), SD_E_ARG, "options: no node");
    expect(sd_net_tcp_options(t.net, 0, 0, NULL, NULL), SD_E_ARG, "options: port 0");
    expect(sd_net_tcp_options(t.net, 0, 1, NULL, NULL), SD_OK, "options: none");
}

/* What an agent writes as options is checked like any packet. */
static size_t bad_options(void *ctx, const struct sd_path *path, enum sd_segment segment,
                          const uint8_t *received, size_t received_len, uint8_t *out, size_t cap)
{
    (void)path, (void)segment, (void)received_len;
    int kind = *(int *)ctx;
    if (received != NULL || cap < 4)
        return 0;
    memset(out, 0, cap);
    out[0] = (uint8_t)(kind == 3 ? 2 : 69);
    out[1] = (uint8_t)(kind == 0 ? 0 : kind == 1 ? 1 : kind == 2 ? 200 : 3);
    return kind == 4 ? cap + 1 : kind == 5 ? SIZE_MAX : 4;
}

static void agents_options(void **state)
{
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        topology_free(&t);
        topology_make(&t, (struct topology_options){0});
        struct tcp_peer listener = {0}, child = {.to_send = 5000}, client = {0};
        sd_net_tcp_options(t.net, t.client, 443, bad_options, &kind);
        sd_net_tcp_options(t.net, t.server, 443, bad_options, &kind);
        tcp_serve(&t, 443, &listener, &child);
        tcp_call(&t, 443, &client, 5000);
        run_for(&t, 10 * SD_SECOND);
        /* left out, and the connection goes on without */
        if (client.received != 5000 || child.received != 5000)
            fail_msg("kind %d: expected the connection to do without, found %llu and %llu bytes",
                     kind, (unsigned long long)child.received, (unsigned long long)client.received);
    }
}

/* -- tunnels -- */

static void swallow(void *ctx, const uint8_t *ip, size_t len)
{
    (void)ip;
    *(size_t *)ctx += len;
}

struct tun_row {
    const char *name;
    int node;
    uint32_t ip;
    uint8_t prefix;
    uint16_t mtu;
    bool nobody;
    int result; /* or the interface */
};
static const struct tun_row tun_rows[] = {
    {"fine", 0, 0x0a090001, 24, 1420, false, 1},
    {"narrowest", 0, 0x0a0a0001, 24, 68, false, 2},
    {"no such node", 3, 0x0a090001, 24, 1420, false, SD_E_ARG},
    {"address 0", 0, 0, 24, 1420, false, SD_E_ARG},
    {"loopback", 0, 0x7f000002, 24, 1420, false, SD_E_ARG},
    {"an address that the node has", 0, CLIENT_IP, 24, 1420, false, SD_E_ARG},
    {"prefix 0", 0, 0x0a0b0001, 0, 1420, false, SD_E_ARG},
    {"prefix 33", 0, 0x0a0b0001, 33, 1420, false, SD_E_ARG},
    {"MTU 67", 0, 0x0a0b0001, 24, 67, false, SD_E_ARG},
    {"MTU 0", 0, 0x0a0b0001, 24, 0, false, SD_E_ARG},
    {"nobody takes packets", 0, 0x0a0b0001, 24, 1420, true, SD_E_ARG},
};

static void tunnels(void **state)
{
    (void)state;
    size_t swallowed = 0;
    for (size_t i = 0; i < sizeof tun_rows / sizeof *tun_rows; i++) {
        const struct tun_row *row = &tun_rows[i];
        expect(sd_net_tun(t.net, row->node, row->ip, row->prefix, row->mtu,
                          row->nobody ? NULL : swallow, &swallowed),
               row->result, row->name);
    }
    expect(sd_net_tun(NULL, 0, 0x0a0b0001, 24, 1420, swallow, NULL), SD_E_ARG, "no network");
    uint8_t packet[28];
    sd_ip_write_header(packet, sizeof packet, SD_PROTO_ESP, 1, 0x0a090002, 0x0a090001);
    expect(sd_net_tun_in(t.net, 0, 1, packet, sizeof packet), SD_OK, "in: fine");
    expect(sd_net_tun_in(NULL, 0, 1, packet, sizeof packet), SD_E_ARG, "in: no network");
    expect(sd_net_tun_in(t.net, 5, 1, packet, sizeof packet), SD_E_ARG, "in: no node");
    expect(sd_net_tun_in(t.net, 0, 3, packet, sizeof packet), SD_E_ARG, "in: no interface");
    expect(sd_net_tun_in(t.net, 0, 0, packet, sizeof packet), SD_E_ARG, "in: a link");
    expect(sd_net_tun_in(t.net, 0, 1, NULL, 28), SD_E_ARG, "in: no packet");
    expect(sd_net_tun_in(t.net, 0, 1, packet, 27), SD_DROP_MALFORMED, "in: cut");
    expect(sd_net_tun_in(t.net, 0, 1, packet, 0), SD_DROP_MALFORMED, "in: empty");
    struct sd_net_counters c;
    sd_net_counters(t.net, 0, &c);
    assert_int_equal(c.refused, 2);
    sd_net_counters(t.net, 99, &c);
    assert_int_equal(c.refused, 0);
    sd_net_counters(NULL, 0, &c);
    assert_int_equal(c.packets_in, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(networks),  CASE(times),     CASE(links),          CASE(routes),
        CASE(addresses), CASE(hooks),     CASE(injections),     CASE(udp_sockets),
        CASE(udp_sends), CASE(tcp_calls), CASE(agents_options), CASE(tunnels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
