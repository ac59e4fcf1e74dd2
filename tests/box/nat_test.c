/* nat_test.c - a NAT between two inside hosts and two outside ones: mappings, filters, timeouts,
 * rebinding, TCP, ESP, ICMP errors, fragments. */
#include <string.h>

#include "sim/box/attacker.h"
#include "sim/box/ip.h"
#include "sim/box/nat.h"
#include "tests/net/topology.h"

/*  A 10.0.1.1 --0                              0-- 203.0.113.1 S
 *                 nat 2 -- 198.51.100/24 -- router
 *  B 10.0.2.1 --1                              1-- 203.0.114.1 T   */
#define A_IP        0x0a000101u
#define B_IP        0x0a000201u
#define EXTERNAL    0xc6336401u
#define OTHER       0xc6336402u
#define S_IP        0xcb007101u
#define T_IP        0xcb007201u
#define INSIDE_PORT 5000

struct house {
    struct sd_net *net;
    int a, b, nat_node, router, s, t;
    struct sd_nat *nat;
    struct sd_chain *chain;
};

static int join(struct house *h, int node, uint32_t ip, int gateway, uint32_t gateway_ip,
                uint16_t mtu)
{
    struct sd_net_link link = {.a = {.node = node, .ip = ip},
                               .b = {.node = gateway, .ip = gateway_ip},
                               .prefix = 24,
                               .delay = 5 * SD_MS,
                               .mtu = mtu};
    assert_true(sd_net_link(h->net, &link) >= 0);
    assert_int_equal(sd_net_route(h->net, node, 0, 0, gateway_ip, link.a.ifindex), SD_OK);
    return link.b.ifindex;
}

/* far_mtu: of T's link; 0: 1500 */
static void build(struct house *h, struct sd_nat_settings settings, uint16_t far_mtu)
{
    struct topology t; /* only to create and to be cleaned up by the next test if this one fails */
    topology_make(&t, (struct topology_options){0});
    memset(h, 0, sizeof *h);
    h->net = t.net;
    h->a = sd_net_node(h->net);
    h->b = sd_net_node(h->net);
    h->nat_node = sd_net_node(h->net);
    h->router = sd_net_node(h->net);
    h->s = sd_net_node(h->net);
    h->t = sd_net_node(h->net);
    assert_int_equal(join(h, h->a, A_IP, h->nat_node, 0x0a0001fe, 0), 0);
    assert_int_equal(join(h, h->b, B_IP, h->nat_node, 0x0a0002fe, 0), 1);
    join(h, h->nat_node, EXTERNAL, h->router, 0xc63364fe, 0);
    join(h, h->s, S_IP, h->router, 0xcb0071fe, 0);
    join(h, h->t, T_IP, h->router, 0xcb0072fe, far_mtu);
    settings.external_ip = EXTERNAL;
    settings.outside = 2;
    h->nat = sd_nat_new(&settings);
    assert_non_null(h->nat);
    assert_int_equal(sd_chain_create(&h->chain, h->net, h->nat_node), SD_OK);
    assert_int_equal(sd_chain_add(h->chain, -1, SD_IN, sd_nat_pass, h->nat), SD_OK);
    assert_int_equal(sd_chain_add(h->chain, -1, SD_OUT, sd_nat_pass, h->nat), SD_OK);
}

static void tear_down(struct house *h)
{
    struct topology t = {.net = h->net};
    sd_chain_destroy(h->chain);
    sd_nat_free(h->nat);
    topology_free(&t);
}

static void pass(struct house *h, sd_time duration)
{
    assert_int_equal(sd_net_run(h->net, sd_net_now(h->net) + duration), SD_OK);
}

/* -- UDP: stories -- */

enum who { A, B, S1, S2, T1, PLACES };
static const char *const who_names[] = {"A", "B", "S1", "S2", "T1"};

struct place {
    struct house *house;
    struct sd_udp *udp;
    struct sd_addr addr;
    int heard;
    struct sd_addr from;
};

static void hear(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                 const struct sd_addr *from, const struct sd_addr *to)
{
    struct place *p = ctx;
    (void)udp, (void)data, (void)len, (void)to;
    p->heard++;
    p->from = *from;
}

enum action { END, OUT, BACK, WAIT, REBIND };

/* OUT: from inside to outside, where the sender looks like `label`: one label, one address and
 * port; another label, another.  BACK: from outside to what is known as `label`. */
struct step {
    enum action action;
    enum who from, to;
    char label;
    bool lost;
    sd_time wait;
    unsigned what;
};
struct story {
    const char *name;
    enum sd_nat_mapping mapping;
    sd_time udp_timeout;
    struct step step[12];
    uint64_t bindings, filtered;
};
static const struct story stories[] = {
    {.name = "endpoint-independent: one port towards everyone, and everyone may answer",
     .mapping = SD_NAT_ENDPOINT_INDEPENDENT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {OUT, A, S2, 'a', .lost = false},
              {OUT, A, T1, 'a', .lost = false},
              {BACK, S1, A, 'a', .lost = false},
              {BACK, T1, A, 'a', .lost = false}},
     .bindings = 1},
    {.name = "endpoint-independent: strangers get in too",
     .mapping = SD_NAT_ENDPOINT_INDEPENDENT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {BACK, S2, A, 'a', .lost = false},
              {BACK, T1, A, 'a', .lost = false}},
     .bindings = 1},
    {.name = "address-dependent: one port per host, whose other ports may answer",
     .mapping = SD_NAT_ADDRESS,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {OUT, A, S2, 'a', .lost = false},
              {BACK, S2, A, 'a', .lost = false},
              {BACK, T1, A, 'a', .lost = true},
              {OUT, A, T1, 'b', .lost = false},
              {BACK, T1, A, 'b', .lost = false},
              {BACK, S1, A, 'b', .lost = true}},
     .bindings = 2,
     .filtered = 2},
    {.name = "address-dependent: a port never spoken to may answer",
     .mapping = SD_NAT_ADDRESS,
     .step = {{OUT, A, S1, 'a', .lost = false}, {BACK, S2, A, 'a', .lost = false}},
     .bindings = 1},
    {.name = "address-and-port-dependent: one port per peer, who alone may answer",
     .mapping = SD_NAT_ADDRESS_PORT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {OUT, A, S2, 'b', .lost = false},
              {OUT, A, T1, 'c', .lost = false},
              {BACK, S1, A, 'a', .lost = false},
              {BACK, S2, A, 'b', .lost = false},
              {BACK, S2, A, 'a', .lost = true},
              {BACK, S1, A, 'b', .lost = true},
              {BACK, T1, A, 'a', .lost = true}},
     .bindings = 3,
     .filtered = 3},
    {.name = "two hosts with the same port look different",
     .mapping = SD_NAT_ENDPOINT_INDEPENDENT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {OUT, B, S1, 'b', .lost = false},
              {BACK, S1, A, 'a', .lost = false},
              {BACK, S1, B, 'b', .lost = false}},
     .bindings = 2},

    {.name = "30 s idle is not too long",
     .mapping = SD_NAT_ADDRESS_PORT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {WAIT, .wait = 29 * SD_SECOND},
              {BACK, S1, A, 'a', .lost = false},
              {WAIT, .wait = 29 * SD_SECOND}, /* what comes in refreshes too */
              {OUT, A, S1, 'a', .lost = false}},
     .bindings = 1},
    {.name = "more than 30 s is",
     .mapping = SD_NAT_ENDPOINT_INDEPENDENT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {WAIT, .wait = 31 * SD_SECOND},
              {BACK, S1, A, 'a', .lost = true},
              {OUT, A, S1, 'b', .lost = false},
              {BACK, S1, A, 'b', .lost = false},
              {BACK, S1, A, 'a', .lost = true}},
     .bindings = 2,
     .filtered = 2},
    {.name = "another timeout",
     .mapping = SD_NAT_ENDPOINT_INDEPENDENT,
     .udp_timeout = 5 * SD_SECOND,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {WAIT, .wait = 4800 * SD_MS},
              {OUT, A, S1, 'a', .lost = false},
              {WAIT, .wait = 5100 * SD_MS},
              {OUT, A, S1, 'b', .lost = false}},
     .bindings = 2},

    {.name = "rebinding of the port",
     .mapping = SD_NAT_ENDPOINT_INDEPENDENT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {REBIND, .what = SD_REBIND_PORT},
              {BACK, S1, A, 'a', .lost = true},
              {OUT, A, S1, 'b', .lost = false},
              {BACK, S1, A, 'b', .lost = false},
              {BACK, S1, A, 'a', .lost = true}},
     .bindings = 1,
     .filtered = 2},
    {.name = "rebinding of the address",
     .mapping = SD_NAT_ADDRESS,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {OUT, B, T1, 'b', .lost = false},
              {REBIND, .what = SD_REBIND_ADDRESS},
              {BACK, S1, A, 'a', .lost = true},
              {BACK, T1, B, 'b', .lost = true},
              {OUT, A, S1, 'c', .lost = false},
              {OUT, B, T1, 'd', .lost = false},
              {BACK, S1, A, 'c', .lost = false},
              {BACK, T1, B, 'd', .lost = false}},
     .bindings = 2,
     .filtered = 2},
    {.name = "rebinding of both",
     .mapping = SD_NAT_ADDRESS_PORT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {REBIND, .what = SD_REBIND_PORT | SD_REBIND_ADDRESS},
              {BACK, S1, A, 'a', .lost = true},
              {OUT, A, S1, 'b', .lost = false},
              {BACK, S1, A, 'b', .lost = false}},
     .bindings = 1,
     .filtered = 1},
    {.name = "the server may speak first after a rebinding, if it knows where",
     .mapping = SD_NAT_ADDRESS_PORT,
     .step = {{OUT, A, S1, 'a', .lost = false},
              {OUT, A, S2, 'b', .lost = false},
              {REBIND, .what = SD_REBIND_PORT},
              {OUT, A, S2, 'c', .lost = false},
              {BACK, S2, A, 'c', .lost = false},
              {BACK, S1, A, 'c', .lost = true}},
     .bindings = 2,
     .filtered = 1},
};

static void tell(const struct story *story, int number, const struct step *step, const char *what)
{
    fail_msg("%s, step %d (%s to %s): %s", story->name, number + 1, who_names[step->from],
             who_names[step->to], what);
}

static void run_story(const struct story *story, struct house *h, struct place *place)
{
    struct sd_addr label[128] = {{0}};
    for (int i = 0; i < 12 && story->step[i].action != END; i++) {
        const struct step *step = &story->step[i];
        struct place *from = &place[step->from], *to = &place[step->to];
        struct sd_addr *known = &label[(int)step->label];
        int before = to->heard;
        switch (step->action) {
        case OUT:
            assert_int_equal(sd_udp_send(from->udp, &to->addr, "x", 1, false), SD_OK);
            break;
        case BACK:
            assert_int_equal(sd_udp_send(from->udp, known, "x", 1, false), SD_OK);
            break;
        case WAIT:
            pass(h, step->wait);
            continue;
        case REBIND:
            assert_int_equal(
                sd_nat_rebind(h->nat, step->what, step->what & SD_REBIND_ADDRESS ? OTHER : 0),
                SD_OK);
            continue;
        default:
            continue;
        }
        pass(h, 40 * SD_MS);
        if ((to->heard == before) != step->lost)
            tell(story, i, step, step->lost ? "expected to be lost" : "did not arrive");
        if (step->action == BACK && !step->lost && !sd_addr_equal(&to->from, &from->addr))
            tell(story, i, step, "comes from another address");
        if (step->action != OUT || step->lost)
            continue;
        struct sd_addr seen = to->from, asked;
        if (known->family == 0) {
            for (int k = 'a'; k <= 'z'; k++)
                if (sd_addr_equal(&label[k], &seen))
                    tell(story, i, step, "looks like an older one");
            *known = seen;
        }
        if (!sd_addr_equal(known, &seen))
            tell(story, i, step, "looks different from before");
        if (!sd_nat_external(h->nat, SD_PROTO_UDP, &from->addr, &to->addr, &asked) ||
            !sd_addr_equal(&asked, &seen))
            tell(story, i, step, "sd_nat_external() says otherwise");
    }
}

static void udp_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const struct story *story = &stories[i];
        struct house h;
        build(&h,
              (struct sd_nat_settings){
                  .mapping = story->mapping, .udp_timeout = story->udp_timeout, .seed = i},
              0);
        struct place place[PLACES];
        const struct {
            int node;
            uint32_t ip;
            uint16_t port;
        } at[PLACES] = {{h.a, A_IP, INSIDE_PORT},
                        {h.b, B_IP, INSIDE_PORT},
                        {h.s, S_IP, 7001},
                        {h.s, S_IP, 7002},
                        {h.t, T_IP, 7001}};
        for (int k = 0; k < PLACES; k++) {
            place[k] = (struct place){.house = &h, .addr = sd_ipv4_word(at[k].ip, at[k].port)};
            place[k].udp = sd_net_udp(h.net, at[k].node, 0, at[k].port, hear, &place[k]);
            assert_non_null(place[k].udp);
        }
        run_story(story, &h, place);
        const struct sd_nat_counters *c = sd_nat_counters_of(h.nat);
        if (c->bindings != story->bindings || c->filtered != story->filtered)
            fail_msg("%s: expected %llu bindings, %llu filtered; found %llu, %llu", story->name,
                     (unsigned long long)story->bindings, (unsigned long long)story->filtered,
                     (unsigned long long)c->bindings, (unsigned long long)c->filtered);
        tear_down(&h);
    }
}

/* -- TCP -- */

struct tcp_row {
    const char *name;
    enum sd_nat_mapping mapping;
    sd_time tcp_timeout;
    unsigned rebind; /* after the first exchange */
    sd_time idle;    /* between the two exchanges */
    bool survives;
};
static const struct tcp_row tcp_rows[] = {
    {"endpoint-independent", SD_NAT_ENDPOINT_INDEPENDENT, 0, 0, SD_SECOND, true},
    {"address-dependent", SD_NAT_ADDRESS, 0, 0, SD_SECOND, true},
    {"address-and-port-dependent", SD_NAT_ADDRESS_PORT, 0, 0, SD_SECOND, true},
    {"two hours idle (RFC 5382 REQ-5)", SD_NAT_ADDRESS_PORT, 0, 0, 7439 * SD_SECOND, true},
    {"longer than that", SD_NAT_ADDRESS_PORT, 0, 0, 7450 * SD_SECOND, false},
    {"a short timeout", SD_NAT_ADDRESS_PORT, 60 * SD_SECOND, 0, 70 * SD_SECOND, false},
    {"port rebound", SD_NAT_ENDPOINT_INDEPENDENT, 0, SD_REBIND_PORT, SD_SECOND, false},
    {"address rebound", SD_NAT_ADDRESS, 0, SD_REBIND_ADDRESS, SD_SECOND, false},
    {"both rebound", SD_NAT_ADDRESS_PORT, 0, SD_REBIND_PORT | SD_REBIND_ADDRESS, SD_SECOND, false},
};

static void tcp_connections(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tcp_rows / sizeof *tcp_rows; i++) {
        const struct tcp_row *row = &tcp_rows[i];
        struct house h;
        build(&h,
              (struct sd_nat_settings){
                  .mapping = row->mapping, .tcp_timeout = row->tcp_timeout, .seed = i},
              0);
        struct tcp_peer child = {.to_send = 3000}, client = {.net = h.net, .to_send = 3000};
        struct tcp_peer listener = {.net = h.net, .child_peer = &child};
        sd_net_listen(h.net, h.s, &(struct sd_listen){.port = 443}, tcp_peer_event, &listener);
        struct sd_addr to = sd_ipv4_word(S_IP, 443);
        client.tcp = sd_net_connect(h.net, h.a, &to, tcp_peer_event, &client);
        pass(&h, SD_SECOND);
        assert_int_equal(child.received, 3000);
        assert_int_equal(client.received, 3000);
        struct sd_path outside = sd_tcp_path(child.tcp);
        assert_int_equal(sd_addr_ipv4(&outside.remote), EXTERNAL);

        if (row->rebind != 0)
            assert_int_equal(
                sd_nat_rebind(h.nat, row->rebind, row->rebind & SD_REBIND_ADDRESS ? OTHER : 0),
                SD_OK);
        pass(&h, row->idle);
        uint8_t more[100];
        for (size_t k = 0; k < sizeof more; k++)
            more[k] = (uint8_t)((3000 + k) * 167 >> 4); /* the pattern goes on */
        assert_int_equal(sd_tcp_send(client.tcp, more, sizeof more), sizeof more);
        pass(&h, 10 * SD_SECOND);
        bool survived = child.received == 3100;
        if (survived != row->survives || (client.reset == 1) == row->survives)
            fail_msg("%s: expected the connection %s, found %llu of 3100 bytes, %d resets",
                     row->name, row->survives ? "to live" : "to be reset",
                     (unsigned long long)child.received, client.reset);
        tear_down(&h);
    }
}

/* Bindings of connections that were never answered, or are closed, go after four minutes. */
static void tcp_transitory(void **state)
{
    (void)state;
    struct house h;
    build(&h, (struct sd_nat_settings){.mapping = SD_NAT_ADDRESS_PORT}, 0);
    struct tcp_peer child = {.to_send = 10, .close_when_sent = true};
    struct tcp_peer listener = {.net = h.net, .child_peer = &child};
    struct tcp_peer client = {.net = h.net, .to_send = 10, .echo_close = true};
    sd_net_listen(h.net, h.s, &(struct sd_listen){.port = 443}, tcp_peer_event, &listener);
    struct sd_addr to = sd_ipv4_word(S_IP, 443), seen;
    client.tcp = sd_net_connect(h.net, h.a, &to, tcp_peer_event, &client);
    pass(&h, SD_SECOND);
    struct sd_path path = sd_tcp_path(client.tcp);
    assert_int_equal(child.peer_closed, 1);
    pass(&h, 230 * SD_SECOND);
    assert_true(sd_nat_external(h.nat, SD_PROTO_TCP, &path.local, &path.remote, &seen));
    struct sd_addr from = sd_ipv4_word(S_IP, 443);
    uint8_t ack[SD_TCP_HEADER] = {0}, packet[64];
    sd_write16(ack, 443);
    sd_write16(ack + 2, seen.port);
    ack[SD_TCP_OFFSET] = 0x50;
    ack[SD_TCP_FLAGS] = SD_TCP_ACK;
    size_t len =
        sd_attack_packet(packet, sizeof packet, &from, &seen, SD_PROTO_TCP, ack, sizeof ack);
    pass(&h, 11 * SD_SECOND);
    assert_int_equal(sd_attack_send(h.net, h.s, 0, packet, len, NULL, 0), SD_OK);
    pass(&h, SD_SECOND);
    assert_int_equal(sd_nat_counters_of(h.nat)->filtered, 1);
    assert_false(sd_nat_external(h.nat, SD_PROTO_TCP, &path.local, &path.remote, &seen));
    tear_down(&h);
}

/* -- hairpins, and packets for the NAT itself -- */

static void no_hairpins(void **state)
{
    (void)state;
    struct house h;
    build(&h, (struct sd_nat_settings){.mapping = SD_NAT_ENDPOINT_INDEPENDENT}, 0);
    struct place a = {.house = &h}, b = {.house = &h}, s = {.house = &h};
    a.udp = sd_net_udp(h.net, h.a, 0, INSIDE_PORT, hear, &a);
    b.udp = sd_net_udp(h.net, h.b, 0, INSIDE_PORT, hear, &b);
    sd_net_udp(h.net, h.s, 0, 7001, hear, &s);
    struct sd_addr server = sd_ipv4_word(S_IP, 7001);
    sd_udp_send(a.udp, &server, "x", 1, false);
    pass(&h, SD_SECOND);
    struct sd_addr a_outside = s.from;
    sd_udp_send(b.udp, &a_outside, "x", 1, false);
    pass(&h, SD_SECOND);
    assert_int_equal(a.heard, 0);
    assert_int_equal(sd_nat_counters_of(h.nat)->hairpins, 1);
    /* while inside hosts reach each other as ever */
    struct sd_addr a_inside = sd_ipv4_word(A_IP, INSIDE_PORT);
    sd_udp_send(b.udp, &a_inside, "x", 1, false);
    pass(&h, SD_SECOND);
    assert_int_equal(a.heard, 1);
    assert_int_equal(sd_addr_ipv4(&a.from), B_IP);
    tear_down(&h);
}

/* -- a protocol without ports -- */

static void esp(void **state)
{
    (void)state;
    struct house h;
    build(&h, (struct sd_nat_settings){.mapping = SD_NAT_ENDPOINT_INDEPENDENT}, 0);
    struct place a = {0}, b = {0}, s = {0}, t = {0};
    a.udp = sd_net_raw(h.net, h.a, SD_PROTO_ESP, hear, &a);
    b.udp = sd_net_raw(h.net, h.b, SD_PROTO_ESP, hear, &b);
    s.udp = sd_net_raw(h.net, h.s, SD_PROTO_ESP, hear, &s);
    t.udp = sd_net_raw(h.net, h.t, SD_PROTO_ESP, hear, &t);
    struct sd_addr to_s = sd_ipv4_word(S_IP, 0), to_t = sd_ipv4_word(T_IP, 0);
    sd_udp_send(a.udp, &to_s, "12345678", 8, false);
    pass(&h, 100 * SD_MS);
    assert_int_equal(s.heard, 1);
    assert_int_equal(sd_addr_ipv4(&s.from), EXTERNAL);
    sd_udp_send(s.udp, &s.from, "12345678", 8, false);
    sd_udp_send(t.udp, &s.from, "12345678", 8, false); /* a stranger */
    pass(&h, 100 * SD_MS);
    assert_int_equal(a.heard, 1);
    assert_int_equal(b.heard, 0);
    /* Nothing would tell the answers to B from those to A. */
    sd_udp_send(b.udp, &to_s, "12345678", 8, false);
    sd_udp_send(b.udp, &to_t, "12345678", 8, false);
    pass(&h, 100 * SD_MS);
    assert_int_equal(s.heard, 1);
    assert_int_equal(t.heard, 1);
    assert_int_equal(sd_nat_counters_of(h.nat)->exhausted, 1);
    tear_down(&h);
}

/* -- ICMP errors -- */

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

static void icmp_errors(void **state)
{
    (void)state;
    struct house h;
    build(&h, (struct sd_nat_settings){.mapping = SD_NAT_ADDRESS_PORT}, 1000);
    struct told a = {0}, s = {0};
    sd_net_icmp(h.net, h.a, on_icmp, &a);
    sd_net_icmp(h.net, h.s, on_icmp, &s);
    struct sd_udp *udp = sd_net_udp(h.net, h.a, 0, INSIDE_PORT, NULL, NULL);

    /* from a server's closed port, about what came through the NAT */
    struct sd_addr closed = sd_ipv4_word(S_IP, 9);
    sd_udp_send(udp, &closed, "x", 1, false);
    pass(&h, SD_SECOND);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.type, SD_ICMP_UNREACHABLE);
    assert_int_equal(a.code, SD_ICMP_PORT);
    assert_int_equal(sd_addr_ipv4(&a.local), A_IP);
    assert_int_equal(a.local.port, INSIDE_PORT);
    assert_true(sd_addr_equal(&a.remote, &closed));

    /* from a router on the way */
    struct sd_addr far = sd_ipv4_word(T_IP, 7001);
    uint8_t large[1200] = {0};
    sd_udp_send(udp, &far, large, sizeof large, true);
    pass(&h, SD_SECOND);
    assert_int_equal(a.count, 2);
    assert_int_equal(a.code, SD_ICMP_FRAGMENTATION_NEEDED);
    assert_int_equal(a.mtu, 1000);
    assert_int_equal(a.local.port, INSIDE_PORT);
    assert_true(sd_addr_equal(&a.remote, &far));

    /* from an inside host that has closed, about what the NAT let in */
    struct place at_s = {.house = &h};
    at_s.udp = sd_net_udp(h.net, h.s, 0, 7001, hear, &at_s);
    struct sd_addr server = sd_ipv4_word(S_IP, 7001);
    sd_udp_send(udp, &server, "x", 1, false);
    pass(&h, SD_SECOND);
    sd_udp_close(udp);
    sd_udp_send(at_s.udp, &at_s.from, "x", 1, false);
    pass(&h, SD_SECOND);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.code, SD_ICMP_PORT);
    assert_int_equal(sd_addr_ipv4(&s.local), S_IP);
    assert_true(sd_addr_equal(&s.remote, &at_s.from)); /* as it knows it: the external address */
    tear_down(&h);
}

/* -- fragments -- */

static void echo(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                 const struct sd_addr *from, const struct sd_addr *to)
{
    (void)ctx, (void)to;
    assert_int_equal(sd_udp_send(udp, from, data, len, false), SD_OK);
}

static void fragments(void **state)
{
    (void)state;
    struct house h;
    build(&h, (struct sd_nat_settings){.mapping = SD_NAT_ADDRESS_PORT}, 0);
    struct place a = {0}, b = {0};
    a.udp = sd_net_udp(h.net, h.a, 0, INSIDE_PORT, hear, &a);
    b.udp = sd_net_udp(h.net, h.b, 0, INSIDE_PORT, hear, &b);
    sd_net_udp(h.net, h.s, 0, 7001, echo, NULL);
    struct sd_addr server = sd_ipv4_word(S_IP, 7001);
    static uint8_t large[9000];
    for (int i = 0; i < 100; i++) {
        sd_udp_send(a.udp, &server, large, 1600 + (size_t)i * 70, false);
        sd_udp_send(b.udp, &server, large, 1600 + (size_t)i * 70, false);
        pass(&h, SD_SECOND);
    }
    assert_int_equal(a.heard, 100);
    assert_int_equal(b.heard, 100);

    /* A later fragment whose first never came goes nowhere. */
    uint8_t packet[64];
    struct sd_addr from = sd_ipv4_word(A_IP, 0);
    size_t len = sd_attack_packet(packet, sizeof packet, &from, &server, SD_PROTO_ESP, large, 24);
    packet[SD_IP_PROTO] = SD_PROTO_UDP;
    sd_write16(packet + SD_IP_FRAGMENT, 10);
    sd_write16(packet + SD_IP_CHECKSUM, sd_ip_checksum(packet));
    struct sd_net_counters before, after;
    sd_net_counters(h.net, h.router, &before);
    assert_int_equal(sd_attack_send(h.net, h.a, 0, packet, len, NULL, 0), SD_OK);
    pass(&h, SD_SECOND);
    sd_net_counters(h.net, h.router, &after);
    assert_int_equal(after.packets_in, before.packets_in);
    tear_down(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_stories),
        cmocka_unit_test(tcp_connections),
        cmocka_unit_test(tcp_transitory),
        cmocka_unit_test(no_hairpins),
        cmocka_unit_test(esp),
        cmocka_unit_test(icmp_errors),
        cmocka_unit_test(fragments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
