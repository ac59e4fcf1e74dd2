/* rtt_test.c - round trips before data and before the reply, of every protocol and mode. */
#include "tests/node/world.h"

#include <inttypes.h>
#include <stdio.h>

#define RTT (50 * SD_MS)

/* send: round trips until the client may send; reply: until the first byte of the reply. */
struct row {
    const char *protocol, *mode;
    double send, reply;
};
static const struct row rows[] = {
    {"tls13", "fresh", 2, 3},
    {"tls13", "resumed", 2, 3},
    {"tls13", "early", 1, 2},
    {"tls13", "cookie", 3, 4},
    {"tls13", "hrr", 3, 4},
    {"tls13", "stateful", 2, 3},
    {"tls13", "psk", 2, 3},
    {"tls12", "fresh", 3, 4},
    {"tls12", "resumed", 2, 3},
    {"tls12", "psk", 3, 4},
    {"dtls12", "fresh", 2, 3},
    {"dtls12", "resumed", 1, 2},
    {"dtls12", "cookie", 3, 4},
    {"dtls12", "psk", 2, 3},
    {"dtls13", "fresh", 1, 2},
    {"dtls13", "resumed", 1, 2},
    {"dtls13", "early", 0, 1},
    {"dtls13", "cookie", 2, 3},
    {"dtls13", "psk", 1, 2},
    {"dtls13", "cid", 1, 2},
    {"wireguard", "fresh", 1, 2},
    {"wireguard", "psk", 1, 2},
    {"tcpcrypt", "fresh", 2, 3},
    {"tcpcrypt", "resumed", 1, 2},
    {"tcpcrypt", "p256", 2, 3},
    {"tcpcrypt", "plain", 1, 2},
    {"srtp", "fresh", 2, 3},
    {"srtp", "resumed", 1, 2},
    {"srtp", "cookie", 3, 4},
    {"srtp", "dtls13", 1, 2},
    {"srtp", "dtls13-resumed", 1, 2},
    {"srtp", "dtls13-cookie", 2, 3},
    {"srtp", "dtls13-cid", 1, 2},
    {"ipsec", "fresh", 2, 3},
    {"ipsec", "psk", 2, 3},
    {"ipsec", "cookie", 3, 4},
    {"ipsec", "puzzle", 3, 4},
    {"ipsec", "resumed", 2, 3},
    {"ipsec", "eap", 5, 6},
    {"ipsec", "cbc", 2, 3},
    {"ipsec", "tcp", 3, 4},
    {"minimalt", "fresh", 0, 1},
    {"minimalt", "lookup", 1, 2},
    {"minimalt", "boot", 1, 2},
    {"minimalt", "cookie", 0, 2},
    /* QUIC */
    {"quic", "fresh", 1, 2},
    {"quic", "resumed", 1, 2},
    {"quic", "early", 0, 1},
    {"quic", "cookie", 2, 3},
    {"quic", "token", 1, 2},
    {"quic", "psk", 1, 2},
    {"gquic", "fresh", 1, 2},
    {"gquic", "resumed", 1, 2},
    {"gquic", "early", 0, 1},
    {"gquic", "cookie", 2, 3},
    {"gquic", "q046", 1, 2},
};

static void check(const struct world *w, const struct row *row, const char *name, double rtts)
{
    uint64_t found = world_metric(w, name);
    double off = (double)found / RTT - rtts;
    if (found == UINT64_MAX || off < -0.05 || off > 0.05)
        fail_msg("%s %s: %s: expected %.2f round trips, found %.3f\n  events: %s", row->protocol,
                 row->mode, name, rtts, found == UINT64_MAX ? -1 : (double)found / RTT, w->seen);
}

static void round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct world w;
        world_make(&w, &(struct world_options){.protocol = rows[i].protocol, .mode = rows[i].mode});
        world_connect(&w);
        world_run(&w, 10 * SD_SECOND);
        check(&w, &rows[i], "handshake.time", rows[i].send);
        check(&w, &rows[i], "first_byte.time", rows[i].reply - 0.5);
        check(&w, &rows[i], "reply.time", rows[i].reply);
        printf("%-9s %-8s bytes %4" PRIu64 " %4" PRIu64 "  packets %" PRIu64 " %" PRIu64
               "  flights %" PRIu64 "\n",
               rows[i].protocol, rows[i].mode, world_metric(&w, "handshake.bytes.client"),
               world_metric(&w, "handshake.bytes.server"),
               world_metric(&w, "handshake.packets.client"),
               world_metric(&w, "handshake.packets.server"), world_metric(&w, "handshake.flights"));
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {world_test(round_trips)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
