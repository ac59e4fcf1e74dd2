/* test_tcpcrypt_lab.c - tcpcrypt over the simulated network: a middlebox that strips TCP options,
 * SYN cookies, loss, a path that dies. */
#include "protocols/tcpcrypt/wire.h"
#include "sim/box/guard.h"
#include "sim/box/ip.h"
#include "sim/net.h"
#include "tests/node/world.h"
#include <stdio.h>
#include <string.h>

static struct {
    struct world world;
    char ready[2][120], note[2][120];
    sd_time error_at, broken_at;
    bool resumed, reply;
    bool strip[2]; /* of the client's segments, of the server's */
    uint32_t stripped;
} lab;

static void watch(void *ctx, const struct sd_lab_event *e)
{
    (void)ctx;
    int side = e->machine == lab.world.server;
    const char *detail = e->detail ? e->detail : "";
    if (strcmp(e->name, "ready") == 0)
        snprintf(lab.ready[side], sizeof lab.ready[side], "%s", detail);
    else if (strcmp(e->name, "note") == 0)
        snprintf(lab.note[side], sizeof lab.note[side], "%s", detail);
    else if (strcmp(e->name, "error") == 0 && !side)
        lab.error_at = e->at;
    else if (strcmp(e->name, "reset") == 0 && !side)
        lab.broken_at = e->at;
    else if (strcmp(e->name, "resumed") == 0)
        lab.resumed = true;
    else if (strcmp(e->name, "reply") == 0)
        lab.reply = true;
}

/* The middlebox: an option that it does not know becomes padding. */
static enum sd_verdict strip(void *ctx, struct sd_packet *p)
{
    (void)ctx;
    struct sd_ip ip;
    if (p->direction != SD_IN || !sd_ip_view(&ip, p->data, p->len) || ip.proto != SD_PROTO_TCP)
        return SD_PASS;
    if (!lab.strip[ip.source_port == TC_PORT])
        return SD_PASS;
    size_t len = (size_t)(ip.payload[SD_TCP_OFFSET] >> 4) * 4 - SD_TCP_HEADER, at = 0;
    uint8_t *options = ip.payload + SD_TCP_HEADER;
    const uint8_t *option;
    bool changed = false;
    while ((option = sd_tcp_option_next(options, len, &at)))
        if (option[0] == TC_ENO_KIND) {
            memset(options + (option - options), SD_TCP_OPTION_NOP, option[1]);
            changed = true;
        }
    if (!changed)
        return SD_PASS;
    lab.stripped++;
    sd_ip_fix_checksums(p->data, p->len);
    return SD_CHANGED;
}

static void make(const struct world_options *o)
{
    memset(&lab, 0, sizeof lab);
    world_make(&lab.world, o);
    sd_lab_on_event(lab.world.lab, watch, NULL);
    if (o->middle == WORLD_ROUTER)
        assert_int_equal(sd_net_hook(sd_lab_net(lab.world.lab), lab.world.middle, strip, NULL),
                         SD_OK);
}

static void has(const char *what, const char *expected, const char *found)
{
    if (!strstr(found, expected))
        fail_msg("%s: expected '%s', found '%s'", what, expected, found);
}

static void a_middlebox_strips_options(void **state)
{
    (void)state;
    static const struct {
        const char *what, *mode;
        bool client, server;
        const char *ready, *client_note, *server_note;
    } rows[] = {
        {"nothing", "fresh", false, false, "X25519", "", ""},
        {"nothing, resumed", "resumed", false, false, "resumed", "", ""},
        {"the client's", "fresh", true, false, "plain TCP", "SYN-ACK has no ENO", "no ENO option"},
        {"the server's", "fresh", false, true, "plain TCP", "SYN-ACK has no ENO", "ACK has no ENO"},
        {"both, resumed", "resumed", true, true, "plain TCP", "SYN-ACK has no ENO",
         "no ENO option"},
        {"the server's, resumed", "resumed", false, true, "plain TCP", "SYN-ACK has no ENO",
         "ACK has no ENO"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        make(&(struct world_options){
            .protocol = "tcpcrypt", .mode = rows[i].mode, .middle = WORLD_ROUTER});
        lab.strip[0] = rows[i].client;
        lab.strip[1] = rows[i].server;
        world_connect(&lab.world);
        world_run(&lab.world, 10 * SD_SECOND);
        has(rows[i].what, rows[i].ready, lab.ready[0]);
        has(rows[i].what, rows[i].ready, lab.ready[1]);
        has(rows[i].what, rows[i].client_note, lab.note[0]);
        has(rows[i].what, rows[i].server_note, lab.note[1]);
        assert_true(lab.reply);
        assert_int_equal(lab.stripped > 0, rows[i].client || rows[i].server);
        world_free(&lab.world);
    }
}

/* A cookie has no room for ENO: the server cannot know what the SYN said. */
static void syn_cookies_cost_the_encryption(void **state)
{
    (void)state;
    make(&(struct world_options){.protocol = "tcpcrypt", .validation = SD_VALIDATE_ALWAYS});
    world_connect(&lab.world);
    world_run(&lab.world, 10 * SD_SECOND);
    has("client", "plain TCP", lab.ready[0]);
    has("server", "no ENO option", lab.note[1]);
    assert_true(lab.reply);
    world_free(&lab.world);
}

static void send_both_ways(void *ctx)
{
    struct world *w = ctx;
    assert_int_equal(sd_lab_send(w->lab, w->conn, w->server, 1 << 20), SD_OK);
}

static void loss_loses_nothing(void **state)
{
    (void)state;
    static const char *const modes[] = {"fresh", "resumed", "p256", "plain"};
    for (size_t i = 0; i < SD_ROWS(modes); i++) {
        struct sd_weather storm = {
            .loss_ppm = 50000, .reorder_ppm = 50000, .duplicate_ppm = 50000, .jitter = SD_MS};
        make(&(struct world_options){.protocol = "tcpcrypt",
                                     .mode = modes[i],
                                     .rate_bps = 100000000,
                                     .delay = 5 * SD_MS,
                                     .forth = storm,
                                     .back = storm});
        world_connect(&lab.world);
        sd_lab_at(lab.world.lab, 5 * SD_SECOND, send_both_ways, &lab.world);
        world_run(&lab.world, 120 * SD_SECOND);
        assert_int_equal(world_metric(&lab.world, "transfer.bytes"), 1 << 20);
        assert_int_equal(world_machine_metric(&lab.world, lab.world.client, "garbled"), 0);
        assert_int_equal(lab.error_at, 0);
        assert_int_equal(lab.resumed, strcmp(modes[i], "resumed") == 0);
        world_free(&lab.world);
    }
}

static void kill_path(void *ctx)
{
    struct world *w = ctx;
    struct sd_lab_link link = {.a = w->client,
                               .b = w->server,
                               .delay = 25 * SD_MS,
                               .forth = {.loss_ppm = SD_PPM},
                               .back = {.loss_ppm = SD_PPM}};
    assert_int_equal(sd_lab_set_link(w->lab, w->link, &link), SD_OK);
    assert_int_equal(sd_lab_rekey(w->lab, w->conn, w->client), SD_OK);
}

/* 3.9: a new generation is the probe of liveness.  It ends when TCP does, neither sooner nor later:
 * after fifteen retransmissions that back off. */
static void a_dead_peer_is_noticed_when_tcp_gives_up(void **state)
{
    (void)state;
    make(&(struct world_options){.protocol = "tcpcrypt"});
    world_connect(&lab.world);
    sd_lab_at(lab.world.lab, 5 * SD_SECOND, kill_path, &lab.world);
    world_run(&lab.world, 2000 * SD_SECOND);
    sd_time noticed = lab.error_at - 5 * SD_SECOND;
    print_message("noticed after %llu ms\n", (unsigned long long)(noticed / SD_MS));
    assert_true(lab.error_at > 0 && noticed > 300 * SD_SECOND);
    assert_int_equal(lab.error_at, lab.broken_at);
    world_free(&lab.world);
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        world_test(a_middlebox_strips_options),
        world_test(syn_cookies_cost_the_encryption),
        world_test(loss_loses_nothing),
        world_test(a_dead_peer_is_noticed_when_tcp_gives_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
