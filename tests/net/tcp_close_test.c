/* tcp_close_test.c - how connections end: who closes first, what is lost on the way, and what is
 * answered when they are over. */
#include "sim/box/attacker.h"
#include "sim/box/ip.h"
#include "sim/box/weather.h"
#include "tests/net/topology.h"

#define PORT 443

static void close_now(void *ctx)
{
    struct tcp_peer *p = ctx;
    sd_tcp_close(p->tcp);
}

/* -- orderly ends -- */

struct close_row {
    const char *name;
    struct sd_weather to_server, to_client;
    bool at_once;                      /* the reply begins with the first byte of the request */
    uint64_t request, reply;           /* the reply begins when the request is whole */
    sd_time client_at, server_at;      /* when each closes by itself; 0: not by itself */
    bool client_echoes, server_echoes; /* closes when it hears that the other has */
    bool server_when_sent;             /* closes behind its reply */
    sd_time both_by;                   /* both know by then; round trip 40 ms */
};
/* Packets to the server: 1 SYN, 2 ACK, 3 request, then what closing needs; to the client: 1
 * SYN-ACK, 2 ACK, 3 reply. */
static const struct close_row close_rows[] = {
    {.name = "client first",
     .request = 1000,
     .reply = 1000,
     .client_at = 200 * SD_MS,
     .server_echoes = true,
     .both_by = 241 * SD_MS},
    {.name = "server first",
     .request = 1000,
     .reply = 1000,
     .server_at = 200 * SD_MS,
     .client_echoes = true,
     .both_by = 241 * SD_MS},
    {.name = "both at once",
     .request = 1000,
     .reply = 1000,
     .client_at = 200 * SD_MS,
     .server_at = 200 * SD_MS,
     .both_by = 221 * SD_MS},
    {.name = "both at once, one FIN lost",
     .to_server = {.drop = {5}},
     .request = 1000,
     .reply = 1000,
     .client_at = 200 * SD_MS,
     .server_at = 200 * SD_MS,
     .both_by = 700 * SD_MS},
    {.name = "both at once, both FINs lost",
     .to_server = {.drop = {5}},
     .to_client = {.drop = {4}},
     .request = 1000,
     .reply = 1000,
     .client_at = 200 * SD_MS,
     .server_at = 200 * SD_MS,
     .both_by = 700 * SD_MS},
    {.name = "client's FIN lost twice",
     .to_server = {.drop = {5, 6}},
     .request = 1000,
     .reply = 1000,
     .client_at = 200 * SD_MS,
     .server_echoes = true,
     .both_by = 1100 * SD_MS},
    {.name = "server's FIN and everything else for a while lost",
     .to_client = {.black_from = 210 * SD_MS, .black_to = 3000 * SD_MS},
     .request = 1000,
     .reply = 1000,
     .server_at = 200 * SD_MS,
     .client_echoes = true,
     .both_by = 6 * SD_SECOND},
    {.name = "last ACK lost",
     .to_server = {.black_from = 250 * SD_MS, .black_to = 1000 * SD_MS},
     .request = 1000,
     .reply = 1000,
     .client_at = 200 * SD_MS,
     .server_echoes = true,
     .both_by = 300 * SD_MS},
    {.name = "half-closed: the reply comes after the client's FIN",
     .request = 1000,
     .reply = 100000,
     .client_at = 50 * SD_MS,
     .server_when_sent = true,
     .both_by = 400 * SD_MS},
    {.name = "half-closed under loss",
     .to_server = {.loss_ppm = 50000},
     .to_client = {.loss_ppm = 50000},
     .request = 20000,
     .reply = 100000,
     .client_at = 50 * SD_MS,
     .server_when_sent = true,
     .both_by = 20 * SD_SECOND},
    {.name = "closed right behind a lot of data",
     .request = 300000,
     .reply = 0,
     .client_at = 41 * SD_MS,
     .server_echoes = true,
     .both_by = 600 * SD_MS},
    {.name = "nothing said",
     .client_at = 200 * SD_MS,
     .server_echoes = true,
     .both_by = 250 * SD_MS},
    {.name = "both still have data under way, a tenth is lost",
     .to_server = {.loss_ppm = 100000},
     .to_client = {.loss_ppm = 100000},
     .request = 300000,
     .reply = 100000,
     .client_at = 100 * SD_MS,
     .server_when_sent = true,
     .server_echoes = true,
     .at_once = true,
     .both_by = 60 * SD_SECOND},
    {.name = "a fifth lost both ways",
     .to_server = {.loss_ppm = 200000},
     .to_client = {.loss_ppm = 200000},
     .request = 5000,
     .reply = 5000,
     .client_at = 10 * SD_SECOND,
     .server_echoes = true,
     .both_by = 60 * SD_SECOND},
};

static uint64_t packets_seen(struct topology *t)
{
    struct sd_net_counters c;
    sd_net_counters(t->net, t->router, &c);
    return c.packets_in;
}

static void ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof close_rows / sizeof *close_rows; i++) {
        const struct close_row *row = &close_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *chain[2];
        sd_chain_create(&chain[0], t.net, t.server);
        sd_chain_create(&chain[1], t.net, t.client);
        struct sd_weather_box *box[2] = {sd_weather_box_new(&row->to_server, 11),
                                         sd_weather_box_new(&row->to_client, 12)};
        for (int k = 0; k < 2; k++)
            sd_chain_add(chain[k], 0, SD_IN, sd_weather_box_pass, box[k]);
        struct tcp_peer listener = {0}, client = {.echo_close = row->client_echoes};
        struct tcp_peer child = {.to_send = row->reply,
                                 .reply_after = row->at_once ? 0 : row->request,
                                 .close_when_sent = row->server_when_sent,
                                 .echo_close = row->server_echoes};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, row->request);
        if (row->client_at != 0)
            sd_net_after(t.net, row->client_at, close_now, &client);
        if (row->server_at != 0)
            sd_net_after(t.net, row->server_at, close_now, &child);
        run_for(&t, row->both_by);
        bool known = client.peer_closed == 1 && child.peer_closed == 1;
        run_for(&t, 200 * SD_SECOND);
        uint64_t packets = packets_seen(&t);
        run_for(&t, 1000 * SD_SECOND);
        if (child.received != row->request || client.received != row->reply || !known ||
            client.reset + child.reset != 0 || client.peer_closed != 1 || child.peer_closed != 1)
            fail_msg("%s: expected %llu and %llu bytes and an orderly end by %llu ms, found %llu "
                     "and %llu, closed %d %d (in time: %d), reset %d %d",
                     row->name, (unsigned long long)row->request, (unsigned long long)row->reply,
                     (unsigned long long)(row->both_by / SD_MS), (unsigned long long)child.received,
                     (unsigned long long)client.received, client.peer_closed, child.peer_closed,
                     known, client.reset, child.reset);
        if (packets_seen(&t) != packets)
            fail_msg("%s: expected silence, found %llu more packets", row->name,
                     (unsigned long long)(packets_seen(&t) - packets));
        for (int k = 0; k < 2; k++) {
            sd_chain_destroy(chain[k]);
            sd_weather_box_free(box[k]);
        }
        topology_free(&t);
    }
}

/* Closed while connecting: what was queued still goes, and nothing else happens. */
static void closed_before_open(void **state)
{
    (void)state;
    for (int queued = 0; queued < 2; queued++) {
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct tcp_peer listener = {0}, child = {.echo_close = true}, client = {0};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, 0);
        run_for(&t, 5 * SD_MS);
        uint8_t zero = 0; /* as the pattern begins */
        if (queued)
            assert_int_equal(sd_tcp_send(client.tcp, &zero, 1), 1);
        sd_tcp_close(client.tcp);
        run_for(&t, 300 * SD_SECOND);
        assert_int_equal(listener.accepted, queued);
        assert_int_equal(child.received, queued);
        assert_int_equal(child.peer_closed, queued);
        assert_int_equal(client.peer_closed, queued);
        assert_int_equal(client.reset + child.reset, 0);
        struct sd_tcp_counters c;
        sd_tcp_stats(listener.tcp, &c);
        assert_int_equal(c.half_open, 0);
        topology_free(&t);
    }
}

/* -- after the end -- */

/* What the client, who closed first, answers to segments from the server's address.  seq is
 * counted from what it expects next, FIN included. */
struct late_row {
    const char *name;
    sd_time after; /* since the connection ended */
    uint8_t flags;
    int32_t seq;
    bool data;
    sd_time first_fin; /* 0: none; a FIN before the segment */
    int acks, resets;
};
static const struct late_row late_rows[] = {
    {"FIN again", SD_SECOND, SD_TCP_FIN | SD_TCP_ACK, -1, false, 0, 1, 0},
    {"FIN again, late", 55 * SD_SECOND, SD_TCP_FIN | SD_TCP_ACK, -1, false, 0, 1, 0},
    {"FIN again, too late", 61 * SD_SECOND, SD_TCP_FIN | SD_TCP_ACK, -1, false, 0, 0, 1},
    {"FIN after a FIN", 100 * SD_SECOND, SD_TCP_FIN | SD_TCP_ACK, -1, false, 50 * SD_SECOND, 2, 0},
    {"data again", SD_SECOND, SD_TCP_ACK, -101, true, 0, 1, 0},
    {"ACK again", SD_SECOND, SD_TCP_ACK, 0, false, 0, 0, 0},
    {"RST ends nothing", SD_SECOND, SD_TCP_RST, 0, false, 0, 0, 0},
    {"old SYN", SD_SECOND, SD_TCP_SYN, -5000, false, 0, 1, 0},
    {"new SYN to who does not listen", SD_SECOND, SD_TCP_SYN, 5000, false, 0, 0, 1},
};

struct watched {
    int acks, resets;
    uint16_t client_port;
    uint32_t client_expects, client_next;
};

static void watch(void *ctx, const struct sd_packet *packet)
{
    struct watched *w = ctx;
    struct sd_ip v;
    if (!sd_ip_view(&v, packet->data, packet->len) || !v.has_ports)
        return;
    uint8_t flags = v.payload[SD_TCP_FLAGS];
    w->acks += flags == SD_TCP_ACK;
    w->resets += (flags & SD_TCP_RST) != 0;
    w->client_port = v.source_port;
    w->client_expects = sd_read32(v.payload + SD_TCP_ACK_NUMBER);
    w->client_next = sd_read32(v.payload + SD_TCP_SEQ);
}

static void send_late(struct topology *t, const struct watched *ended, uint8_t flags, int32_t seq,
                      bool data)
{
    uint8_t tcp[SD_TCP_HEADER + 100] = {0}, packet[200];
    struct sd_addr from = sd_ipv4_word(SERVER_IP, PORT);
    struct sd_addr to = sd_ipv4_word(CLIENT_IP, ended->client_port);
    sd_write16(tcp, PORT);
    sd_write16(tcp + 2, ended->client_port);
    sd_write32(tcp + SD_TCP_SEQ, ended->client_expects + (uint32_t)seq);
    sd_write32(tcp + SD_TCP_ACK_NUMBER, ended->client_next);
    tcp[SD_TCP_OFFSET] = 5 << 4;
    tcp[SD_TCP_FLAGS] = flags;
    size_t len = sd_attack_packet(packet, sizeof packet, &from, &to, SD_PROTO_TCP, tcp,
                                  data ? sizeof tcp : SD_TCP_HEADER);
    assert_int_equal(sd_attack_send(t->net, t->router, 0, packet, len, NULL, 0), SD_OK);
}

static void after_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof late_rows / sizeof *late_rows; i++) {
        const struct late_row *row = &late_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *chain;
        sd_chain_create(&chain, t.net, t.client);
        struct watched w = {0};
        struct sd_tap_box tap = {watch, &w};
        sd_chain_add(chain, 0, SD_OUT, sd_tap_box_pass, &tap);
        struct tcp_peer listener = {0}, child = {.to_send = 100, .echo_close = true};
        struct tcp_peer client = {.close_after = 100};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, 100);
        run_for(&t, 500 * SD_MS); /* it ended at 120 ms */
        assert_int_equal(client.peer_closed, 1);
        if (i % 2 == 0) {
            sd_tcp_free(client.tcp); /* whether or not somebody still holds it */
            client.tcp = NULL;
        }
        struct watched ended = w;
        w.acks = w.resets = 0;
        if (row->first_fin != 0) {
            run_for(&t, row->first_fin);
            send_late(&t, &ended, SD_TCP_FIN | SD_TCP_ACK, -1, false);
        }
        run_for(&t, row->after - row->first_fin);
        send_late(&t, &ended, row->flags, row->seq, row->data);
        run_for(&t, SD_SECOND);
        if (w.acks != row->acks || w.resets != row->resets)
            fail_msg("%s: expected %d ACK and %d RST, found %d and %d", row->name, row->acks,
                     row->resets, w.acks, w.resets);
        if (row->acks > 0 &&
            (w.client_expects != ended.client_expects || w.client_next != ended.client_next))
            fail_msg("%s: the ACK's numbers are not those of the connection", row->name);
        if (client.tcp != NULL && client.reset != 0)
            fail_msg("%s: expected no more news of the connection", row->name);
        sd_chain_destroy(chain);
        topology_free(&t);
    }
}

/* A server that closed first takes the same client port again, if the SYN is a new one. */
static void same_names_again(void **state)
{
    (void)state;
    for (int older = 0; older < 2; older++) {
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *chain;
        sd_chain_create(&chain, t.net, t.client);
        struct watched w = {0};
        struct sd_tap_box tap = {watch, &w};
        sd_chain_add(chain, 0, SD_OUT, sd_tap_box_pass, &tap);
        struct tcp_peer listener = {0}, client = {.echo_close = true};
        struct tcp_peer child = {.to_send = 100, .close_when_sent = true};
        tcp_serve(&t, PORT, &listener, &child);
        tcp_call(&t, PORT, &client, 100);
        run_for(&t, SD_SECOND);
        assert_int_equal(child.peer_closed, 1);
        uint8_t syn[100];
        struct sd_addr from = sd_ipv4_word(CLIENT_IP, w.client_port), to = server_addr(PORT);
        size_t len =
            sd_attack_syn(syn, sizeof syn, &from, &to, w.client_next + (older ? -5000u : 5000u));
        assert_int_equal(sd_attack_send(t.net, t.router, 1, syn, len, NULL, 0), SD_OK);
        run_for(&t, 11 * SD_MS);
        struct sd_tcp_counters c;
        sd_tcp_stats(listener.tcp, &c);
        assert_int_equal(c.half_open, older ? 0 : 1);
        sd_chain_destroy(chain);
        topology_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends),
        cmocka_unit_test(closed_before_open),
        cmocka_unit_test(after_the_end),
        cmocka_unit_test(same_names_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
