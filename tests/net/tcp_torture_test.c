/* tcp_torture_test.c - conversations drawn at random over paths drawn at random: every byte arrives
 * in its place, and both ends close in order.  `tcp_torture_test N` runs round N alone. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/box/weather.h"
#include "sim/core/random.h"
#include "tests/net/topology.h"

#define PORT   443
#define ROUNDS 1500

struct round {
    struct topology_options path;
    struct sd_weather to_server, to_client;
    uint64_t request, reply;
    bool at_once;          /* the reply does not wait for the whole request */
    bool client_when_sent; /* closes behind its request; else when the reply is whole */
    bool server_when_sent; /* closes behind its reply; else when the client has closed */
    enum sd_validation cookies;
};

static uint32_t up_to(struct sd_rng *rng, uint32_t most)
{
    return (uint32_t)sd_rng_below(rng, (uint64_t)most + 1);
}

static struct sd_weather draw_weather(struct sd_rng *rng)
{
    struct sd_weather w = {0};
    if (sd_rng_below(rng, 4) == 0)
        return w;
    w.loss_ppm = up_to(rng, 100000);
    w.burst_mean = up_to(rng, 2); /* longer ones outlast the retries of a FIN now and then */
    w.duplicate_ppm = up_to(rng, 50000);
    w.reorder_ppm = up_to(rng, 100000);
    w.reorder_delay = up_to(rng, 20000) * SD_US;
    w.corrupt_ppm = up_to(rng, 20000);
    w.jitter = up_to(rng, 5000) * SD_US;
    return w;
}

static struct round draw_round(uint64_t number)
{
    struct sd_rng rng;
    sd_rng_seed(&rng, number);
    struct round r = {
        .path = {.rate_bps = sd_rng_below(&rng, 2) ? 0 : 1000000 + up_to(&rng, 50000000),
                 .delay = 1 + up_to(&rng, 60000) * SD_US,
                 .queue_bytes = sd_rng_below(&rng, 2) ? 0 : 20000 + up_to(&rng, 200000),
                 .far_mtu = (uint16_t)(sd_rng_below(&rng, 4) ? 0 : 300 + up_to(&rng, 1200))},
        .to_server = draw_weather(&rng),
        .to_client = draw_weather(&rng),
        .request = 1 + up_to(&rng, sd_rng_below(&rng, 4) ? 3000 : 100000),
        .reply = up_to(&rng, sd_rng_below(&rng, 4) ? 3000 : 100000),
        .at_once = sd_rng_below(&rng, 2),
        .client_when_sent = sd_rng_below(&rng, 2),
        .server_when_sent = sd_rng_below(&rng, 2),
    };
    /* A cookie needs its ACK or the first data: else the server answers with RST, as Linux does. */
    bool fair = r.to_server.loss_ppm + r.to_server.corrupt_ppm == 0;
    r.cookies = fair ? SD_VALIDATE_ALWAYS : SD_VALIDATE_DEFAULT;
    return r;
}

static void converse(uint64_t number)
{
    struct round r = draw_round(number);
    struct topology t;
    topology_make(&t, r.path);
    struct sd_chain *chain[2];
    sd_chain_create(&chain[0], t.net, t.server);
    sd_chain_create(&chain[1], t.net, t.client);
    struct sd_weather_box *box[2] = {sd_weather_box_new(&r.to_server, number * 2),
                                     sd_weather_box_new(&r.to_client, number * 2 + 1)};
    for (int k = 0; k < 2; k++)
        sd_chain_add(chain[k], 0, SD_IN, sd_weather_box_pass, box[k]);

    bool client_closes_last = r.server_when_sent && !r.client_when_sent;
    struct tcp_peer child = {.to_send = r.reply,
                             .reply_after = r.at_once ? 0 : r.request,
                             .close_when_sent = r.server_when_sent,
                             .echo_close = !r.server_when_sent};
    struct tcp_peer client = {.close_when_sent = r.client_when_sent,
                              .close_after = r.client_when_sent ? 0 : r.reply,
                              .echo_close = client_closes_last || r.reply == 0};
    struct tcp_peer listener = {.net = t.net, .child_peer = &child};
    struct sd_listen config = {.port = PORT, .cookies = r.cookies};
    listener.tcp = sd_net_listen(t.net, t.server, &config, tcp_peer_event, &listener);
    tcp_call(&t, PORT, &client, r.request);
    if (!r.client_when_sent && !r.server_when_sent && r.reply == 0)
        child.echo_close = client.close_when_sent = true;
    run_for(&t, 1200 * SD_SECOND);
    if (client.failed == 0 && /* a seventh SYN may be lost as well */
        (child.received != r.request || client.received != r.reply || client.peer_closed != 1 ||
         child.peer_closed != 1 || client.reset + child.reset != 0))
        fail_msg("round %llu: expected %llu and %llu bytes and an orderly end, found %llu and "
                 "%llu, closed %d and %d, reset %d and %d",
                 (unsigned long long)number, (unsigned long long)r.request,
                 (unsigned long long)r.reply, (unsigned long long)child.received,
                 (unsigned long long)client.received, client.peer_closed, child.peer_closed,
                 client.reset, child.reset);
    for (int k = 0; k < 2; k++) {
        sd_chain_destroy(chain[k]);
        sd_weather_box_free(box[k]);
    }
    topology_free(&t);
}

static uint64_t first, rounds = ROUNDS;

static void torture(void **state)
{
    (void)state;
    for (uint64_t i = first; i < first + rounds; i++)
        converse(i);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(torture)};
    if (argc > 1) {
        first = strtoull(argv[1], NULL, 10);
        rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
