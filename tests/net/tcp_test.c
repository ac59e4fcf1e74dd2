/* tcp_test.c - opening, loss, refusal, resets, closing, options and SYN cookies of TCP. */
#include "sim/box/attacker.h"
#include "sim/box/chain.h"
#include "sim/box/ip.h"
#include "sim/box/weather.h"
#include "tests/net/topology.h"

#include <stdio.h>
#include <string.h>

#define PORT 443

/* -- what happens when the n-th packet towards the server or the client is lost -- */

struct loss_row {
    const char *name;
    struct sd_weather to_server, to_client;
    uint64_t request, reply;
    bool client_closes_first;
    sd_time connected_at, done_by; /* last reply byte by; round trip 40 ms */
    uint64_t retransmits_min;
};
static const struct loss_row loss_rows[] = {
    {.name = "nothing lost",
     .request = 1000,
     .reply = 1000,
     .connected_at = 40 * SD_MS,
     .done_by = 81 * SD_MS},
    {.name = "first SYN costs 1 s",
     .to_server = {.drop = {1}},
     .request = 1000,
     .reply = 1000,
     .connected_at = 1040 * SD_MS,
     .done_by = 1081 * SD_MS,
     .retransmits_min = 1},
    {.name = "two SYNs cost 3 s",
     .to_server = {.drop = {1, 2}},
     .request = 1000,
     .reply = 1000,
     .connected_at = 3040 * SD_MS,
     .done_by = 3081 * SD_MS,
     .retransmits_min = 2},
    {.name = "SYN-ACK costs 1 s",
     .to_client = {.drop = {1}},
     .request = 1000,
     .reply = 1000,
     .connected_at = 1040 * SD_MS,
     .done_by = 1081 * SD_MS},
    {.name = "ACK of the handshake lost, data carries it",
     .to_server = {.drop = {2}},
     .request = 1000,
     .reply = 1000,
     .connected_at = 40 * SD_MS,
     .done_by = 81 * SD_MS},
    {.name = "only data segment lost",
     .to_server = {.drop = {3}},
     .request = 1000,
     .reply = 1000,
     .connected_at = 40 * SD_MS,
     .done_by = 330 * SD_MS,
     .retransmits_min = 1},
    {.name = "SACK repairs a hole at once",
     .to_server = {.drop = {4}},
     .request = 14480,
     .reply = 1000,
     .connected_at = 40 * SD_MS,
     .done_by = 125 * SD_MS,
     .retransmits_min = 1},
    {.name = "server's FIN lost",
     .to_client = {.drop = {4}},
     .request = 1000,
     .reply = 1000,
     .connected_at = 40 * SD_MS,
     .done_by = 81 * SD_MS},
    {.name = "client closes first, its FIN lost",
     .to_server = {.drop = {4}},
     .request = 1000,
     .reply = 1000,
     .client_closes_first = true,
     .connected_at = 40 * SD_MS,
     .done_by = 81 * SD_MS},
    {.name = "heavy loss both ways",
     .to_server = {.loss_ppm = 200000},
     .to_client = {.loss_ppm = 200000},
     .request = 20000,
     .reply = 20000,
     .connected_at = SD_NEVER,
     .done_by = 200 * SD_SECOND,
     .retransmits_min = 1},
};

static void loss(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof loss_rows / sizeof *loss_rows; i++) {
        const struct loss_row *row = &loss_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *server_chain, *client_chain;
        assert_int_equal(sd_chain_create(&server_chain, t.net, t.server), SD_OK);
        assert_int_equal(sd_chain_create(&client_chain, t.net, t.client), SD_OK);
        struct sd_weather_box *to_server = sd_weather_box_new(&row->to_server, 1);
        struct sd_weather_box *to_client = sd_weather_box_new(&row->to_client, 2);
        sd_chain_add(server_chain, 0, SD_IN, sd_weather_box_pass, to_server);
        sd_chain_add(client_chain, 0, SD_IN, sd_weather_box_pass, to_client);

        struct tcp_peer listener = {0};
        struct tcp_peer child = {.to_send = row->reply,
                                 .reply_after = row->request,
                                 .close_when_sent = !row->client_closes_first,
                                 .echo_close = true};
        struct tcp_peer client = {.echo_close = true,
                                  .close_after = row->client_closes_first ? row->reply : 0};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, row->request);
        run_for(&t, 400 * SD_SECOND);

        struct sd_tcp_counters c, s;
        sd_tcp_stats(client.tcp, &c);
        sd_tcp_stats(child.tcp, &s);
        if (child.received != row->request || client.received != row->reply ||
            client.peer_closed != 1 || child.peer_closed != 1 || client.reset + child.reset != 0)
            fail_msg("%s: expected %llu and %llu bytes and an orderly end, found %llu and %llu, "
                     "closed %d %d, reset %d %d",
                     row->name, (unsigned long long)row->request, (unsigned long long)row->reply,
                     (unsigned long long)child.received, (unsigned long long)client.received,
                     client.peer_closed, child.peer_closed, client.reset, child.reset);
        if (row->connected_at != SD_NEVER && client.connected_at != row->connected_at)
            fail_msg("%s: expected to be connected at %llu us, found %llu", row->name,
                     (unsigned long long)(row->connected_at / 1000),
                     (unsigned long long)(client.connected_at / 1000));
        if (client.last_byte_at > row->done_by)
            fail_msg("%s: expected the reply by %llu us, found %llu", row->name,
                     (unsigned long long)(row->done_by / 1000),
                     (unsigned long long)(client.last_byte_at / 1000));
        if (c.retransmits + s.retransmits < row->retransmits_min)
            fail_msg("%s: expected at least %llu retransmissions, found %llu", row->name,
                     (unsigned long long)row->retransmits_min,
                     (unsigned long long)(c.retransmits + s.retransmits));
        sd_chain_destroy(server_chain);
        sd_chain_destroy(client_chain);
        sd_weather_box_free(to_server);
        sd_weather_box_free(to_client);
        topology_free(&t);
    }
}

/* -- how a connection ends that does not close -- */

static void no_answer(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct tcp_peer client = {0};
    struct sd_addr nobody = sd_ipv4_word(0x0a000209, PORT); /* routed, but no such host */
    client.net = t.net;
    client.tcp = sd_net_connect(t.net, t.client, &nobody, tcp_peer_event, &client);
    run_for(&t, 300 * SD_SECOND);
    assert_int_equal(client.failed, 1);
    assert_int_equal(client.failed_at, 127 * SD_SECOND); /* Linux: 7 SYNs, 1+2+...+64 s */
    topology_free(&t);
}

static void aborted(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct tcp_peer listener = {0}, child = {0}, client = {0};
    tcp_serve(&t, PORT, &listener, &child);
    tcp_call(&t, PORT, &client, 100);
    run_for(&t, SD_SECOND);
    assert_int_equal(child.received, 100);
    sd_tcp_abort(client.tcp);
    run_for(&t, SD_SECOND);
    assert_int_equal(child.reset, 1);
    assert_int_equal(client.reset, 0); /* who aborts is not told */
    assert_int_equal(sd_tcp_send(client.tcp, "x", 1), 0);
    topology_free(&t);
}

/* ICMP refuses a connection that is being opened, and does no harm to one that is open. */
static void refused_by_icmp(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *chain;
        sd_chain_create(&chain, t.net, t.client);
        struct sd_packet_store *store = sd_packet_store_new(1, NULL, NULL);
        sd_chain_add(chain, 0, SD_OUT, sd_packet_store_pass, store);
        struct tcp_peer listener = {0}, child = {0}, client = {0};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, 100);
        run_for(&t, open ? SD_SECOND : 5 * SD_MS);
        size_t len;
        uint8_t error[56];
        const uint8_t *syn = sd_packet_store_get(store, 0, &len, NULL);
        len = sd_icmp_error(error, SD_ICMP_UNREACHABLE, SD_ICMP_PORT, 0, ROUTER_IP_IN, syn, len);
        assert_int_equal(sd_attack_send(t.net, t.router, 0, error, len, NULL, 0), SD_OK);
        run_for(&t, SD_SECOND);
        assert_int_equal(client.failed, open ? 0 : 1);
        assert_int_equal(client.failed_at, open ? 0 : 15 * SD_MS);
        assert_int_equal(client.reset, 0);
        assert_int_equal(child.received, open ? 100 : 0);
        sd_chain_destroy(chain);
        sd_packet_store_free(store);
        topology_free(&t);
    }
}

/* -- acknowledgements: at once for the first segment, then every second one, or after 40 ms -- */

struct delay_row {
    const char *name;
    size_t segments; /* the second time, after one that was acknowledged at once */
    sd_time acknowledged_after;
};
static const struct delay_row delay_rows[] = {
    {"one waits", 1, 40 * SD_MS},
    {"two do not", 2, 0},
    {"the third of three waits", 3, 40 * SD_MS},
};

struct last_ack {
    sd_time at;
    uint32_t ack;
};

static void note_ack(void *ctx, const struct sd_packet *packet)
{
    struct last_ack *last = ctx;
    struct sd_ip v;
    if (!sd_ip_view(&v, packet->data, packet->len) || v.proto != SD_PROTO_TCP)
        return;
    last->at = packet->now;
    last->ack = sd_read32(v.payload + SD_TCP_ACK_NUMBER);
}

static void delayed_acks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof delay_rows / sizeof *delay_rows; i++) {
        const struct delay_row *row = &delay_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *chain;
        sd_chain_create(&chain, t.net, t.server);
        struct last_ack last = {0};
        struct sd_tap_box tap = {note_ack, &last};
        sd_chain_add(chain, 0, SD_OUT, sd_tap_box_pass, &tap);
        struct tcp_peer listener = {0}, child = {0}, client = {0};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, 1448);
        run_for(&t, SD_SECOND);
        /* ns-3 sends 1 ns after it was told to. */
        assert_in_range(last.at, 60 * SD_MS, 60 * SD_MS + 1);
        uint32_t before = last.ack;
        client.to_send = row->segments * 1448;
        tcp_peer_event(&client, client.tcp, SD_TCP_WRITABLE, NULL);
        run_for(&t, SD_SECOND);
        assert_int_equal(last.ack - before, row->segments * 1448);
        sd_time after = last.at - SD_SECOND - 20 * SD_MS;
        if (after < row->acknowledged_after || after > row->acknowledged_after + 1)
            fail_msg("%s: expected the last ACK %llu ms after the segment, found %llu us after",
                     row->name, (unsigned long long)(row->acknowledged_after / SD_MS),
                     (unsigned long long)(after / SD_US));
        sd_chain_destroy(chain);
        topology_free(&t);
    }
}

/* Packets of a stranger who knows the four names but not the sequence. */
struct stray_row {
    const char *name;
    uint8_t flags;
    uint32_t seq;      /* counted from the client's first, which was 0 */
    uint16_t port;     /* source port; 0: the live connection's */
    int resets, alive; /* answers with RST; whether the connection lives on */
    int acks;          /* challenge ACKs */
};
static const struct stray_row stray_rows[] = {
    {"RST with the expected number", SD_TCP_RST, 101, 0, 0, 0, 0},
    {"RST inside the window is challenged", SD_TCP_RST, 5000, 0, 0, 1, 1},
    {"RST outside the window is ignored", SD_TCP_RST, 0xf0000000, 0, 0, 1, 0},
    {"SYN in a connection is challenged", SD_TCP_SYN, 101, 0, 0, 1, 1},
    {"SYN with FIN is challenged", SD_TCP_SYN | SD_TCP_FIN, 101, 0, 0, 1, 1},
    {"nothing set is dropped", 0, 101, 0, 0, 1, 0},
    {"FIN without ACK is dropped", SD_TCP_FIN, 101, 0, 0, 1, 0},
    {"ACK to a listener", SD_TCP_ACK, 7, 999, 1, 1, 0},
    {"FIN to a listener", SD_TCP_FIN, 7, 999, 1, 1, 0},
    {"RST to a listener", SD_TCP_RST, 7, 999, 0, 1, 0},
};

struct seen_flags {
    int rst, ack, all;
    uint16_t client_port;
    uint32_t client_next, server_next; /* sequence numbers */
};
static void count_flags(void *ctx, const struct sd_packet *packet)
{
    struct seen_flags *seen = ctx;
    struct sd_ip v;
    if (!sd_ip_view(&v, packet->data, packet->len) || !v.has_ports)
        return;
    seen->all++;
    seen->client_port = v.destination_port;
    seen->rst += (v.payload[SD_TCP_FLAGS] & SD_TCP_RST) != 0;
    seen->ack += v.payload[SD_TCP_FLAGS] == SD_TCP_ACK;
    seen->client_next = sd_read32(v.payload + SD_TCP_ACK_NUMBER);
    seen->server_next = sd_read32(v.payload + SD_TCP_SEQ);
}

static void strays(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stray_rows / sizeof *stray_rows; i++) {
        const struct stray_row *row = &stray_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *chain;
        sd_chain_create(&chain, t.net, t.server);
        struct seen_flags seen = {0};
        struct sd_tap_box tap = {count_flags, &seen};
        sd_chain_add(chain, 0, SD_OUT, sd_tap_box_pass, &tap);
        struct tcp_peer listener = {0}, child = {0}, client = {0};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, 100);
        run_for(&t, SD_SECOND);
        struct seen_flags live = seen;
        seen = (struct seen_flags){0};

        uint8_t tcp[SD_TCP_HEADER] = {0}, packet[64];
        struct sd_addr from =
            sd_ipv4_word(CLIENT_IP, row->port != 0 ? row->port : live.client_port);
        struct sd_addr to = server_addr(PORT);
        sd_write16(tcp, from.port);
        sd_write16(tcp + 2, to.port);
        sd_write32(tcp + SD_TCP_SEQ, live.client_next - 101 + row->seq);
        sd_write32(tcp + SD_TCP_ACK_NUMBER, live.server_next);
        tcp[SD_TCP_OFFSET] = 5 << 4;
        tcp[SD_TCP_FLAGS] = row->flags;
        size_t len =
            sd_attack_packet(packet, sizeof packet, &from, &to, SD_PROTO_TCP, tcp, sizeof tcp);
        assert_int_equal(sd_attack_send(t.net, t.router, 1, packet, len, NULL, 0), SD_OK);
        run_for(&t, SD_SECOND);
        if (seen.rst != row->resets || seen.ack != row->acks || (child.reset == 0) != row->alive)
            fail_msg("%s: expected %d RST, %d ACK, alive %d; found %d, %d, %d", row->name,
                     row->resets, row->acks, row->alive, seen.rst, seen.ack, child.reset == 0);
        sd_chain_destroy(chain);
        topology_free(&t);
    }
}

/* -- options of agents -- */

struct option_log {
    char calls[256];
    uint8_t kind;
    bool server;
};

static size_t eno(void *ctx, const struct sd_path *path, enum sd_segment segment,
                  const uint8_t *received, size_t received_len, uint8_t *out, size_t cap)
{
    static const char *const names[] = {"SYN", "SYN-ACK", "ACK"};
    struct option_log *log = ctx;
    char *end = log->calls + strlen(log->calls);
    bool found = false;
    for (size_t at = 0; received != NULL && at < received_len;) {
        if (received[at] == 69)
            found = true;
        if (received[at] == 0)
            break;
        at += received[at] == 1 ? 1 : received[at + 1];
    }
    assert_true(path->conn > 0);
    snprintf(end, (size_t)(log->calls + sizeof log->calls - end), "%s%s%s ",
             received == NULL ? "+" : "-", names[segment], found ? "*" : "");
    static const uint8_t option[] = {69, 5, 0x21, 0x22, 0x23};
    if (received != NULL || cap < sizeof option)
        return 0;
    memcpy(out, option, sizeof option);
    return sizeof option;
}

struct option_row {
    const char *name;
    struct sd_weather to_server, to_client;
    const char *client, *server;
};
static const struct option_row option_rows[] = {
    {.name = "all three segments",
     .client = "+SYN -SYN-ACK* +ACK ",
     .server = "-SYN* +SYN-ACK -ACK* "},
    {.name = "SYN lost: asked once",
     .to_server = {.drop = {1}},
     .client = "+SYN -SYN-ACK* +ACK ",
     .server = "-SYN* +SYN-ACK -ACK* "},
    {.name = "SYN-ACK lost: asked once",
     .to_client = {.drop = {1}},
     .client = "+SYN -SYN-ACK* +ACK ",
     .server = "-SYN* +SYN-ACK -ACK* "},
    {.name = "ACK lost: the data segment repeats the option",
     .to_server = {.drop = {2}},
     .client = "+SYN -SYN-ACK* +ACK ",
     .server = "-SYN* +SYN-ACK -ACK* "},
};

static void options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof option_rows / sizeof *option_rows; i++) {
        const struct option_row *row = &option_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){.rate_bps = 10000000});
        struct sd_chain *chain[2];
        sd_chain_create(&chain[0], t.net, t.server);
        sd_chain_create(&chain[1], t.net, t.client);
        struct sd_weather_box *box[2] = {sd_weather_box_new(&row->to_server, 1),
                                         sd_weather_box_new(&row->to_client, 1)};
        for (int k = 0; k < 2; k++)
            sd_chain_add(chain[k], 0, SD_IN, sd_weather_box_pass, box[k]);
        struct option_log client_log = {0}, server_log = {0};
        sd_net_tcp_options(t.net, t.client, PORT, eno, &client_log);
        sd_net_tcp_options(t.net, t.server, PORT, eno, &server_log);
        struct tcp_peer listener = {0}, child = {.to_send = 100000}, client = {0};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, 100000);
        run_for(&t, 20 * SD_SECOND);
        if (strcmp(client_log.calls, row->client) != 0 ||
            strcmp(server_log.calls, row->server) != 0)
            fail_msg("%s: expected [%s] [%s], found [%s] [%s]", row->name, row->client, row->server,
                     client_log.calls, server_log.calls);
        assert_int_equal(child.received, 100000);
        assert_int_equal(client.received, 100000);
        for (int k = 0; k < 2; k++) {
            sd_chain_destroy(chain[k]);
            sd_weather_box_free(box[k]);
        }
        topology_free(&t);
    }
}

/* -- SYN floods -- */

struct flood_row {
    const char *name;
    enum sd_validation cookies;
    uint32_t backlog;
    bool served;        /* the honest client, while the flood lasts */
    uint64_t half_open; /* at most */
    bool sends_cookies, drops;
};
static const struct flood_row flood_rows[] = {
    {"cookies when full", SD_VALIDATE_DEFAULT, 16, true, 16, true, false},
    {"cookies always", SD_VALIDATE_ALWAYS, 16, true, 0, true, false},
    {"no cookies", SD_VALIDATE_NEVER, 16, false, 16, false, true},
};

static size_t next_syn(void *ctx, uint64_t n, const struct sd_addr *source, uint8_t *packet,
                       size_t cap)
{
    (void)ctx;
    struct sd_addr to = server_addr(PORT);
    return sd_attack_syn(packet, cap, source, &to, (uint32_t)n * 7919);
}

static void syn_flood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof flood_rows / sizeof *flood_rows; i++) {
        const struct flood_row *row = &flood_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){.rate_bps = 100000000});
        struct tcp_peer listener = {.net = t.net}, child = {.to_send = 400000}, client = {0};
        listener.child_peer = &child;
        struct sd_listen config = {.port = PORT, .backlog = row->backlog, .cookies = row->cookies};
        listener.tcp = sd_net_listen(t.net, t.server, &config, tcp_peer_event, &listener);
        struct sd_paced_flood_settings flood = {.node = t.router,
                                                .ifindex = 1,
                                                .rate_pps = 1000,
                                                .end = 2 * SD_SECOND,
                                                .source_net = 0xc6120000, /* 198.18/15 */
                                                .source_prefix = 15,
                                                .seed = 3,
                                                .next = next_syn};
        struct sd_paced_flood *f = sd_paced_flood_new(t.net, &flood);
        run_for(&t, SD_SECOND);
        tcp_call(&t, PORT, &client, 50000);
        run_for(&t, 900 * SD_MS);
        struct sd_tcp_counters c;
        sd_tcp_stats(listener.tcp, &c);
        if ((client.received == 400000) != row->served || c.half_open_peak > row->half_open ||
            (c.cookies_sent > 0) != row->sends_cookies || (c.backlog_drops > 0) != row->drops)
            fail_msg("%s: served %d, half open at most %llu, cookies %llu, drops %llu", row->name,
                     client.received == 400000, (unsigned long long)c.half_open_peak,
                     (unsigned long long)c.cookies_sent, (unsigned long long)c.backlog_drops);
        run_for(&t, SD_SECOND);
        assert_int_equal(sd_paced_flood_sent(f), 2000);
        sd_paced_flood_free(f);
        topology_free(&t);
    }
}

/* A client that never answers the SYN-ACK is forgotten after six of them, as in Linux. */
static void half_open_ends(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct sd_chain *chain;
    sd_chain_create(&chain, t.net, t.server);
    struct seen_flags seen = {0};
    struct sd_tap_box tap = {count_flags, &seen};
    sd_chain_add(chain, 0, SD_OUT, sd_tap_box_pass, &tap);
    struct tcp_peer listener = {0};
    tcp_serve(&t, PORT, &listener, NULL);
    uint8_t syn[100];
    struct sd_addr from = sd_ipv4_word(0xc6120001, 1), to = server_addr(PORT);
    size_t len = sd_attack_syn(syn, sizeof syn, &from, &to, 1);
    assert_int_equal(sd_attack_send(t.net, t.router, 1, syn, len, NULL, 0), SD_OK);
    run_for(&t, 62 * SD_SECOND);
    struct sd_tcp_counters c;
    sd_tcp_stats(listener.tcp, &c);
    assert_int_equal(seen.all, 6); /* after 0, 1, 3, 7, 15 and 31 s */
    assert_int_equal(c.half_open, 1);
    run_for(&t, 2 * SD_SECOND);
    sd_tcp_stats(listener.tcp, &c);
    assert_int_equal(seen.all, 6);
    assert_int_equal(c.half_open, 0);
    assert_int_equal(listener.accepted, 0);
    sd_chain_destroy(chain);
    topology_free(&t);
}

/* -- freeing at any moment -- */

static void freed_early(void **state)
{
    (void)state;
    for (sd_time when = 0; when < 200 * SD_MS; when += 7 * SD_MS) {
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct tcp_peer listener = {0}, child = {.to_send = 1000}, client = {0};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, 1000);
        run_for(&t, when);
        sd_tcp_free(client.tcp);
        run_for(&t, 5 * SD_SECOND);
        if (child.tcp != NULL)
            sd_tcp_free(child.tcp);
        sd_tcp_free(listener.tcp);
        run_for(&t, 200 * SD_SECOND);
        topology_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss),           cmocka_unit_test(no_answer),
        cmocka_unit_test(aborted),        cmocka_unit_test(refused_by_icmp),
        cmocka_unit_test(delayed_acks),   cmocka_unit_test(strays),
        cmocka_unit_test(options),        cmocka_unit_test(syn_flood),
        cmocka_unit_test(half_open_ends), cmocka_unit_test(freed_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
