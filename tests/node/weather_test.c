/* weather_test.c - loss costs what a closed form says, and every protocol meets the same weather.
 */
#include "tests/node/world.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* -- WireGuard's mean handshake time under loss -- */

/* An initiation, or its response, is lost with q = 1 - (1 - p)^2; each costs 5 s and up to 333 ms:
 * mean = RTT + 5.1665 s * q / (1 - q). */
#define CLIENTS 600
#define RTT     (100 * SD_MS)

static void connect_all(void *ctx)
{
    struct world *w = ctx;
    for (int i = 0; i < CLIENTS; i++)
        assert_true(sd_lab_connect(w->lab, &(struct sd_lab_connect){.client = w->crowd[i],
                                                                    .server = w->server}) != 0);
}

static void wireguards_closed_form(void **state)
{
    (void)state;
    static sd_machine crowd[CLIENTS];
    static const uint32_t losses[] = {0, 100000, 200000};
    for (size_t i = 0; i < SD_ROWS(losses); i++) {
        struct world w;
        double p = losses[i] / 1e6, q = 1 - (1 - p) * (1 - p);
        double expected = (double)RTT / 1e9 + 5.1665 * q / (1 - q);
        struct sd_weather loss = {.loss_ppm = losses[i]};
        world_make(&w, &(struct world_options){.protocol = "wireguard",
                                               .middle = WORLD_ROUTER,
                                               .validation = SD_VALIDATE_NEVER, /* no cookies */
                                               .forth = loss,
                                               .back = loss,
                                               .crowd = crowd,
                                               .crowd_size = CLIENTS});
        sd_lab_at(w.lab, 0, connect_all, &w);
        world_run(&w, 200 * SD_SECOND);
        world_check(&w, SD_PPM, world_metric(&w, "success"), "success");
        double found = (double)world_metric(&w, "handshake.time.mean") / 1e9;
        /* Three standard errors of the mean, and the jitter's. */
        double error = 3 * (5.1665 * sqrt(q) / (1 - q) + 0.1) / sqrt(CLIENTS);
        if (found < expected - error || found > expected + error)
            fail_msg("loss of %u ppm: expected a mean of %.3f s, found %.3f s", losses[i], expected,
                     found);
        world_free(&w);
    }
}

/* -- the same packets are lost, whoever sends them -- */

/* A letter a packet that the client sent, in order: 'l' for lost, 'a' for arrived. */
static void fates(const char *protocol, uint64_t seed, uint64_t weather, char *out, size_t cap)
{
    struct world w;
    char path[] = "/tmp/shakedown-weather-XXXXXX", line[4096];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    world_make(&w, &(struct world_options){.protocol = protocol,
                                           .seed = seed,
                                           .weather = weather,
                                           .forth = {.loss_ppm = 250000},
                                           .trace = true});
    world_connect(&w);
    sd_lab_at(w.lab, SD_SECOND, world_stream, &w);
    world_run(&w, 20 * SD_SECOND);
    assert_int_equal(sd_lab_save_trace(w.lab, path, NULL), SD_OK);
    world_free(&w);
    FILE *f = fopen(path, "r");
    size_t n = 0;
    while (fgets(line, sizeof line, f) != NULL && n + 1 < cap) {
        json_t *j = json_loads(line, 0, NULL);
        const char *from = json_string_value(json_object_get(j, "from"));
        const char *fate = json_string_value(json_object_get(j, "fate"));
        if (from != NULL && strcmp(from, "client") == 0)
            out[n++] = *fate;
        json_decref(j);
    }
    out[n] = '\0';
    fclose(f);
    remove(path);
}

static void everybody_meets_the_same_weather(void **state)
{
    (void)state;
    static const char *const protocols[] = {"tls13", "tls12", "dtls12", "quic", "wireguard"};
    enum { PACKETS = 12 };
    char first[PACKETS + 1] = "", other[PACKETS + 1];
    for (size_t i = 0; i < SD_ROWS(protocols); i++) {
        char found[PACKETS + 1];
        fates(protocols[i], 10 + i, 7, found, sizeof found);
        assert_int_equal(strlen(found), PACKETS);
        if (i == 0)
            memcpy(first, found, sizeof first);
        if (strcmp(first, found) != 0)
            fail_msg("%s: expected the fates %s, as %s met them, found %s", protocols[i], first,
                     protocols[0], found);
    }
    assert_non_null(strchr(first, 'l'));
    fates("tls13", 10, 8, other, sizeof other);
    assert_string_not_equal(first, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(wireguards_closed_form),
        world_test(everybody_meets_the_same_weather),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
