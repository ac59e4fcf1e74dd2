/* test_minimalt_moves.c - rekeys, and hosts that move: the same connections go on. */
#include "tests/minimalt/pair.h"
#include "tests/minimalt/spec.h"
#include <string.h>

static size_t count(struct pair *p, int seat, enum sd_event_kind kind)
{
    return sd_mem_count(p->mem, seat, kind);
}

enum move { PORT, ADDRESS, BOTH, HOST };

static void move(struct pair *p, enum move how)
{
    if (how == HOST) /* the client knows */
        sd_mem_move(p->mem, p->client, p->client_sid, p->server);
    else /* a NAT's new binding: nobody knows */
        sd_mem_rebind(p->mem, p->client,
                      how == PORT      ? SD_MEM_PORT
                      : how == ADDRESS ? SD_MEM_ADDRESS
                                       : SD_MEM_PORT | SD_MEM_ADDRESS);
}

/* A transfer under way, either direction, is whole in the end, in the same connection. */
static void test_moves(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum move how;
        bool up;
    } rows[] = {
        {"port, upload", PORT, true},       {"port, download", PORT, false},
        {"address, upload", ADDRESS, true}, {"address, download", ADDRESS, false},
        {"both, upload", BOTH, true},       {"both, download", BOTH, false},
        {"host, upload", HOST, true},       {"host, download", HOST, false},
    };
    enum { LEN = 2000000 };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        size_t before, after, skip = rows[i].up ? 1 : 0;
        pair_request(&p, &(struct pair_options){0}, 1);
        pair_run(&p, 500 * SD_MS);
        int from = rows[i].up ? p.client : p.server, to = rows[i].up ? p.server : p.client;
        sd_mem_send(p.mem, from, rows[i].up ? p.client_sid : p.server_sid, 0,
                    pair_bytes(LEN) + skip, LEN - skip, false);
        for (before = 0; before < 50000; sd_mem_received(p.mem, to, &before))
            pair_run(&p, 5 * SD_MS);
        sd_time moved = sd_mem_now(p.mem);
        move(&p, rows[i].how);
        pair_run(&p, 60 * SD_SECOND);
        sd_mem_received(p.mem, to, &after);
        print_message("          %s: %zu of %d B before, %zu after\n", rows[i].name, before, LEN,
                      after);
        pair_check(&p, true, before < LEN, "moved under way");
        pair_received(&p, to, LEN);
        pair_check(&p, 1, count(&p, p.server, SD_EV_MIGRATED), "MIGRATED");
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.server, SD_EV_MIGRATED, 0);
        pair_check(&p, p.server_sid, e->sid, "session");
        struct sd_addr now = sd_mem_address(p.mem, p.client, SD_PROTO_UDP, 49152);
        pair_check(&p, true, sd_addr_equal(&now, &e->path.remote), "its new address");
        /* A host that knows it says so at once; who sends does by its timer, because the
         * acknowledgments go astray; who only listens asks after a second. */
        sd_time most = rows[i].how == HOST ? WAY + SD_MS
                       : rows[i].up        ? MT_TIMEOUT_LEAST + 2 * RTT
                                           : SD_SECOND + 2 * RTT;
        if (e->at - moved > most)
            fail_msg("%s: expected the server to follow within %g s, found %g s", rows[i].name,
                     (double)most / 1e9, (double)(e->at - moved) / 1e9);
        pair_check(&p, 0, count(&p, -1, SD_EV_ERROR), "ERROR");
        pair_end(&p);
    }
}

/* The window of a tunnel that has moved is two packets: a move may be an attacker's doing. */
static void test_window_after_a_move(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 1);
    pair_run(&p, 500 * SD_MS);
    pair_send(&p, p.server, 2000000, false);
    pair_run(&p, 200 * SD_MS);
    uint32_t before = pair_tunnel(&p, p.server)->transport.window;
    assert_true(before > 20);
    move(&p, HOST);
    sd_time moved = sd_mem_now(p.mem);
    while (count(&p, p.server, SD_EV_MIGRATED) == 0 && sd_mem_now(p.mem) < moved + SD_SECOND)
        pair_run(&p, 100 * SD_US);
    pair_check(&p, MT_WINDOW, pair_tunnel(&p, p.server)->transport.window, "window");
    pair_end(&p);
}

/* An old packet from elsewhere moves nobody, nor does one that nobody could have made. */
static void test_nobody_else_moves_it(void **state)
{
    (void)state;
    const struct sd_addr elsewhere = sd_ipv4(192, 0, 2, 66, 666);
    struct pair p;
    pair_cached(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 100, false);
    pair_run(&p, 500 * SD_MS);
    pair_send(&p, p.client, 100, false);
    pair_run(&p, 500 * SD_MS);
    size_t units = sd_mem_units(p.mem), replayed = 0;
    for (size_t i = 0; i < units; i++)
        if (sd_mem_unit(p.mem, i)->from == p.client)
            replayed += sd_mem_replay(p.mem, i, &elsewhere) == SD_OK;
    pair_run(&p, 100 * SD_MS);
    pair_check(&p, replayed, pair_dropped(&p, p.server, SD_DROP_REPLAY), "dropped as replays");
    /* The same with a greater nonce, which its box does not have. */
    const struct sd_mem_unit *u = pair_unit(&p, p.client, 'T', 0);
    uint8_t forged[2000];
    struct sd_path path = u->path;
    memcpy(forged, u->data, u->len);
    forged[9] ^= 0x40;
    path.remote = elsewhere;
    path.remote.proto = SD_PROTO_UDP;
    sd_mem_inject(p.mem, p.server, &path, forged, u->len);
    pair_run(&p, 100 * SD_MS);
    pair_check(&p, 1, pair_dropped(&p, p.server, SD_DROP_AUTH), "dropped as forged");
    pair_check(&p, 0, count(&p, p.server, SD_EV_MIGRATED), "MIGRATED");
    pair_end(&p);
}

/* -- rekeys -- */

static uint64_t tid_of(const struct sd_mem_unit *u)
{
    struct spec_packet s;
    size_t box;
    assert_true(spec_read(&s, u->data, u->len, &box));
    return s.tid;
}

/* Asked for by either side, and by the clock: another TID and key on both, nothing lost, and the
 * first packet under it looks like that of a new tunnel. */
static void test_rekeys(void **state)
{
    (void)state;
    enum who { CLIENT, SERVER, CLOCK };
    static const struct {
        const char *name;
        enum who who;
    } rows[] = {{"the client", CLIENT}, {"the server", SERVER}, {"after 600 to 620 s", CLOCK}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        struct sd_control rekey = {.verb = SD_REKEY};
        uint8_t secret[32];
        pair_request(&p, &(struct pair_options){0}, 100);
        pair_run(&p, SD_SECOND);
        struct mt_tunnel *client = pair_tunnel(&p, p.client), *server = pair_tunnel(&p, p.server);
        uint64_t before = client->tid;
        memcpy(secret, client->secret, 32);
        print_message("          %s\n", rows[i].name);
        if (rows[i].who == CLIENT)
            sd_mem_control(p.mem, p.client, p.client_sid, &rekey);
        else if (rows[i].who == SERVER)
            sd_mem_control(p.mem, p.server, p.server_sid, &rekey);
        else
            pair_run(&p, MT_REKEY + MT_REKEY_LATER);
        pair_run(&p, SD_SECOND);
        spec_rekey(secret);
        assert_memory_equal(client->secret, secret, 32);
        assert_memory_equal(server->secret, secret, 32);
        assert_true(client->tid == server->tid && client->tid != before);
        assert_true(client->old_tid == 0);
        pair_check(&p, 1, count(&p, p.client, SD_EV_KEY_UPDATE), "client KEY_UPDATE");
        pair_check(&p, 1, count(&p, p.server, SD_EV_KEY_UPDATE), "server KEY_UPDATE");
        size_t shown = 0;
        for (size_t k = 0; k < sd_mem_units(p.mem); k++) {
            const struct sd_mem_unit *u = sd_mem_unit(p.mem, k);
            if (tid_of(u) != client->tid)
                continue;
            if (u->from == p.client && shown++ == 0) {
                pair_check(&p, 'F', pair_letter(u->data, u->len), "the first packet");
                pair_check(&p, 392, u->len, "its length");
            }
        }
        pair_check(&p, true, shown > 0, "packets under the new TID");
        sd_mem_send(p.mem, p.client, p.client_sid, 0, pair_bytes(1000) + 100, 900, false);
        pair_run(&p, SD_SECOND);
        pair_received(&p, p.server, 1000);
        pair_end(&p);
    }
}

/* Again and again under load, with losses: nothing is lost for good. */
static void test_rekeys_under_load(void **state)
{
    (void)state;
    struct pair p;
    struct sd_control rekey = {.verb = SD_REKEY};
    enum { LEN = 500000, TIMES = 20 };
    pair_request(&p, &(struct pair_options){.seed = 3}, 0);
    pair_run(&p, 500 * SD_MS);
    sd_mem_link(p.mem)->loss_ppm = 30000;
    pair_send(&p, p.client, LEN, false);
    pair_send(&p, p.server, LEN, false);
    for (int i = 0; i < TIMES; i++) {
        sd_mem_control(p.mem, i % 2 ? p.client : p.server, i % 2 ? p.client_sid : p.server_sid,
                       &rekey);
        pair_run(&p, 300 * SD_MS);
    }
    sd_mem_link(p.mem)->loss_ppm = 0;
    pair_run(&p, 100 * SD_SECOND);
    pair_received(&p, p.client, LEN);
    pair_received(&p, p.server, LEN);
    size_t updates = count(&p, p.client, SD_EV_KEY_UPDATE);
    print_message("          %zu rekeys\n", updates);
    assert_true(updates > TIMES / 2);
    pair_check(&p, updates, count(&p, p.server, SD_EV_KEY_UPDATE), "KEY_UPDATE on both sides");
    pair_check(&p, 0, count(&p, -1, SD_EV_ERROR), "ERROR");
    pair_end(&p);
}

/* P: a host that moves goes on under a name that nobody outside has seen. */
static void test_a_move_is_unlinkable(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 100);
    pair_run(&p, SD_SECOND);
    size_t before = sd_mem_units(p.mem);
    move(&p, HOST);
    sd_mem_send(p.mem, p.client, p.client_sid, 0, pair_bytes(1000) + 100, 900, false);
    pair_run(&p, SD_SECOND);
    pair_received(&p, p.server, 1000);
    for (size_t i = before; i < sd_mem_units(p.mem); i++)
        for (size_t k = 0; k < before; k++)
            if (tid_of(sd_mem_unit(p.mem, i)) == tid_of(sd_mem_unit(p.mem, k)))
                fail_msg("expected TIDs that nobody has seen, found one of before in unit %zu", i);
    pair_end(&p);
}

/* The server's packets under the old name still arrive while the client uses the new one; a third
 * name does not. */
static void test_old_names(void **state)
{
    (void)state;
    struct pair p;
    struct sd_control rekey = {.verb = SD_REKEY};
    pair_request(&p, &(struct pair_options){0}, 100);
    pair_run(&p, SD_SECOND);
    pair_send(&p, p.server, 100, false);
    sd_mem_control(p.mem, p.client, p.client_sid, &rekey);
    pair_run(&p, SD_SECOND);
    pair_received(&p, p.client, 100);
    pair_check(&p, 0, pair_dropped(&p, p.client, SD_DROP_UNKNOWN), "unknown to the client");
    /* The first packet of the first tunnel: its TID is nobody's any more, but remembered. */
    uint64_t replays = pair_dropped(&p, p.server, SD_DROP_REPLAY);
    sd_mem_replay(p.mem, pair_index(&p, p.client, 'F', 1), NULL);
    pair_run(&p, SD_SECOND);
    pair_check(&p, replays + 1, pair_dropped(&p, p.server, SD_DROP_REPLAY), "replays");
    pair_check(&p, 1, count(&p, p.server, SD_EV_READY), "connections");
    pair_end(&p);
}

/* -- first packets that come again -- */

static void test_replayed_first_packet(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool closed;
        sd_time after;
        int reason;
    } rows[] = {
        {"alive", false, SD_SECOND, SD_DROP_REPLAY},
        {"over", true, 20 * SD_SECOND, SD_DROP_REPLAY},
        {"over, almost forgotten", true, 59 * SD_SECOND, SD_DROP_REPLAY},
        {"of another time", true, 100 * SD_SECOND, SD_DROP_REPLAY},
        {"of another hour", true, 4000 * SD_SECOND, SD_DROP_REPLAY},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_cached(&p, &(struct pair_options){0});
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 100, false);
        pair_run(&p, SD_SECOND);
        if (rows[i].closed)
            sd_mem_close(p.mem, p.client, p.client_sid);
        pair_run(&p, rows[i].after - SD_SECOND);
        uint64_t dropped = pair_dropped(&p, p.server, rows[i].reason);
        uint64_t handshakes = pair_stats(&p, p.server).handshakes;
        const struct sd_addr elsewhere = sd_ipv4(192, 0, 2, 66, 666);
        sd_mem_replay(p.mem, pair_index(&p, p.client, 'F', 0), &elsewhere);
        sd_mem_replay(p.mem, pair_index(&p, p.client, 'F', 0), NULL);
        pair_run(&p, 100 * SD_MS);
        pair_check(&p, dropped + 2, pair_dropped(&p, p.server, rows[i].reason), "drops");
        pair_check(&p, handshakes, pair_stats(&p, p.server).handshakes, "handshakes");
        pair_received(&p, p.server, 100);
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_window_after_a_move),
        cmocka_unit_test(test_nobody_else_moves_it),
        cmocka_unit_test(test_rekeys),
        cmocka_unit_test(test_rekeys_under_load),
        cmocka_unit_test(test_a_move_is_unlinkable),
        cmocka_unit_test(test_old_names),
        cmocka_unit_test(test_replayed_first_packet),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
