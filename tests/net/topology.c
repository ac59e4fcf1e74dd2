/* topology.c - builds the network of most tests, and TCP applications for it. */
#include "tests/net/topology.h"

#include <string.h>

/* Of a test that failed half-way: the next one must not fail because of it. */
static struct sd_net *left_over;

void topology_make(struct topology *t, struct topology_options o)
{
    memset(t, 0, sizeof *t);
    sd_net_destroy(left_over);
    left_over = NULL;
    struct sd_net_config config = {.checksums = !o.no_checksums};
    assert_int_equal(sd_net_create(&t->net, &config, NULL), SD_OK);
    left_over = t->net;
    t->client = sd_net_node(t->net);
    t->router = sd_net_node(t->net);
    t->server = sd_net_node(t->net);
    struct sd_net_link near = {.a = {.node = t->client, .ip = CLIENT_IP},
                               .b = {.node = t->router, .ip = ROUTER_IP_IN},
                               .prefix = 24,
                               .rate_bps = o.rate_bps,
                               .delay = o.delay != 0 ? o.delay : 10 * SD_MS,
                               .queue_bytes = o.queue_bytes};
    struct sd_net_link far = {.a = {.node = t->router, .ip = ROUTER_IP_OUT},
                              .b = {.node = t->server, .ip = SERVER_IP},
                              .prefix = 24,
                              .rate_bps = o.rate_bps,
                              .delay = near.delay,
                              .queue_bytes = o.queue_bytes,
                              .mtu = o.far_mtu};
    t->near = sd_net_link(t->net, &near);
    t->far = sd_net_link(t->net, &far);
    assert_true(t->near >= 0 && t->far >= 0);
    sd_net_route(t->net, t->client, 0, 0, ROUTER_IP_IN, 0);
    sd_net_route(t->net, t->server, 0, 0, ROUTER_IP_OUT, 0);
}

void topology_free(struct topology *t)
{
    sd_net_destroy(t->net);
    t->net = left_over = NULL;
}

struct sd_addr server_addr(uint16_t port)
{
    return sd_ipv4_word(SERVER_IP, port);
}

void run_for(struct topology *t, sd_time duration)
{
    assert_int_equal(sd_net_run(t->net, sd_net_now(t->net) + duration), SD_OK);
}

/* Byte `at` of every stream. */
static uint8_t pattern(uint64_t at)
{
    return (uint8_t)(at * 167 >> 4);
}

static void send_more(struct tcp_peer *p)
{
    uint8_t bytes[16384];
    while (p->to_send > 0) {
        size_t want = p->to_send < sizeof bytes ? p->to_send : sizeof bytes;
        for (size_t i = 0; i < want; i++)
            bytes[i] = pattern(p->sent + i);
        size_t taken = sd_tcp_send(p->tcp, bytes, want);
        p->sent += taken;
        p->to_send -= taken;
        if (taken < want)
            return;
    }
    if (p->close_when_sent) {
        p->close_when_sent = false;
        sd_tcp_close(p->tcp);
    }
}

void tcp_peer_event(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event, struct sd_tcp *child)
{
    struct tcp_peer *p = ctx;
    sd_time now = sd_net_now(p->net);
    uint8_t buffer[16384];
    size_t n;
    switch (event) {
    case SD_TCP_ACCEPTED:
        p->accepted++;
        if (p->child_peer != NULL) {
            p->child_peer->net = p->net;
            p->child_peer->tcp = child;
            sd_tcp_on(child, tcp_peer_event, p->child_peer);
        }
        break;
    case SD_TCP_CONNECTED:
        p->connected++;
        p->connected_at = now;
        send_more(p);
        break;
    case SD_TCP_READABLE:
        p->readable++;
        while ((n = sd_tcp_receive(tcp, buffer, sizeof buffer)) > 0) {
            for (size_t i = 0; i < n; i++)
                if (buffer[i] != pattern(p->received + i))
                    fail_msg("byte %llu of the stream: expected %u, found %u",
                             (unsigned long long)(p->received + i), pattern(p->received + i),
                             buffer[i]);
            p->received += n;
            p->last_byte_at = now;
        }
        if (p->received > 0 && p->received >= p->reply_after)
            send_more(p);
        if (p->close_after != 0 && p->received >= p->close_after)
            sd_tcp_close(tcp);
        break;
    case SD_TCP_WRITABLE:
        send_more(p);
        break;
    case SD_TCP_PEER_CLOSED:
        p->peer_closed++;
        if (p->echo_close)
            sd_tcp_close(tcp);
        break;
    case SD_TCP_FAILED:
        p->failed++;
        p->failed_at = now;
        break;
    case SD_TCP_RESET:
        p->reset++;
        p->reset_at = now;
        break;
    }
}

struct sd_tcp *tcp_serve(struct topology *t, uint16_t port, struct tcp_peer *listener,
                         struct tcp_peer *child)
{
    struct sd_listen config = {.port = port};
    listener->net = t->net;
    listener->child_peer = child;
    listener->tcp = sd_net_listen(t->net, t->server, &config, tcp_peer_event, listener);
    return listener->tcp;
}

void tcp_call(struct topology *t, uint16_t port, struct tcp_peer *p, uint64_t bytes)
{
    struct sd_addr to = server_addr(port);
    p->net = t->net;
    p->to_send = bytes;
    p->tcp = sd_net_connect(t->net, t->client, &to, tcp_peer_event, p);
}
