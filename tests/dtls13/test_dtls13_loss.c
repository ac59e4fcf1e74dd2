/* test_dtls13_loss.c - each datagram lost, doubled, delayed: flights sent again to the millisecond,
 * acknowledgments of parts, and handshakes over very bad paths. */
#include "tests/dtls13/check.h"

static void test_first_losses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *mode;
        bool mutual;
        uint16_t mtu;
        uint32_t client_drops[8], server_drops[8];
        sd_time client_ready, server_ready; /* after the first packet */
    } rows[] = {
        {"nothing", "fresh", .client_ready = RTT, .server_ready = 3 * RTT / 2},
        {"ClientHello", "fresh", .client_drops = {1}, .client_ready = SD_SECOND + RTT,
         .server_ready = SD_SECOND + 3 * RTT / 2},
        {"ClientHello twice", "fresh", .client_drops = {1, 2}, .client_ready = 3 * SD_SECOND + RTT,
         .server_ready = 3 * SD_SECOND + 3 * RTT / 2},
        {"the server's flight", "fresh", .server_drops = {1}, .client_ready = SD_SECOND + RTT,
         .server_ready = SD_SECOND + 3 * RTT / 2},
        /* It is not repeated for want of an ACK of its own before a second is over. */
        {"the client's Finished", "fresh", .client_drops = {2}, .client_ready = RTT,
         .server_ready = RTT + SD_SECOND + RTT / 2},
        {"HelloRetryRequest", "cookie", .server_drops = {1}, .client_ready = SD_SECOND + 2 * RTT,
         .server_ready = SD_SECOND + 5 * RTT / 2},
        {"the second ClientHello", "cookie", .client_drops = {2},
         .client_ready = SD_SECOND + 2 * RTT, .server_ready = SD_SECOND + 5 * RTT / 2},
        /* 7.1: after a quarter of the timer an ACK says what is here, and the rest comes. */
        {"the end of the server's flight", "fresh", .mtu = 576, .server_drops = {2},
         .client_ready = RTT + SD_SECOND / 4 + RTT,
         .server_ready = RTT + SD_SECOND / 4 + 3 * RTT / 2},
        /* The records of its first datagram were held until the keys came. */
        {"the beginning of the server's flight", "fresh", .mtu = 576, .server_drops = {1},
         .client_ready = SD_SECOND + RTT, .server_ready = SD_SECOND + 3 * RTT / 2},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct talk t;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, rows[i].mode);
        struct sd_config server = talk_config(SD_ROLE_SERVER, rows[i].mode);
        client.path_mtu = server.path_mtu = rows[i].mtu;
        talk_init(&t, "dtls13", &client, &server, 1);
        t.quiet = true;
        sd_mem_drop(t.mem, t.client, rows[i].client_drops);
        sd_mem_drop(t.mem, t.server, rows[i].server_drops);
        talk_connect(&t);
        const struct sd_mem_event *e = sd_mem_find(t.mem, t.server, SD_EV_READY, 0);
        check(&t, rows[i].name, "client ready", rows[i].client_ready, t.ready);
        check(&t, rows[i].name, "server ready", rows[i].server_ready,
              e ? e->at - t.begun : SD_NEVER);
        talk_fini(&t);
    }
}

static void test_bad_paths(void **state)
{
    (void)state;
    static const char *const modes[] = {"fresh", "cookie", "psk", "cid", "resumed", "early"};
    for (size_t m = 0; m < SD_ROWS(modes); m++)
        for (uint64_t seed = 1; seed <= 25; seed++) {
            struct talk t;
            struct sd_config client = talk_config(SD_ROLE_CLIENT, modes[m]);
            struct sd_config server = talk_config(SD_ROLE_SERVER, modes[m]);
            client.path_mtu = server.path_mtu = seed % 2 ? 0 : 300;
            server.mutual = seed % 3 == 0 && m != 2;
            talk_init(&t, "dtls13", &client, &server, seed);
            sd_mem_link(t.mem)->loss_ppm = 250000;
            sd_mem_link(t.mem)->duplicate_ppm = 200000;
            for (int session = 0; session < 2; session++) {
                t.quiet = true;
                t.early = session == 1 && m == 5;
                talk_start(&t);
                talk_run(&t, 300 * SD_SECOND);
                check(&t, modes[m], "client ready", session + 1u,
                      talk_count(&t, t.client, SD_EV_READY));
                check(&t, modes[m], "server ready", session + 1u,
                      talk_count(&t, t.server, SD_EV_READY));
                talk_close(&t);
            }
            check(&t, modes[m], "errors", 0, talk_count(&t, -1, SD_EV_ERROR));
            talk_fini(&t);
        }
}

/* Key updates from both sides while datagrams get lost: what is read late has its old keys. */
static void test_updates_on_bad_paths(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct talk t;
        talk_modes(&t, "dtls13", "fresh", seed);
        talk_connect(&t);
        sd_mem_link(t.mem)->loss_ppm = 300000;
        for (unsigned round = 1; round <= 6; round++) {
            struct sd_control c = {.verb = SD_REKEY};
            bool by_client = round % 2;
            sd_sid sid = by_client ? sd_mem_sid(t.mem, t.conversation) : talk_server_sid(&t);
            sd_mem_control(t.mem, by_client ? t.client : t.server, sid, &c);
            talk_run(&t, 300 * SD_SECOND);
            for (int seat = 0; seat < 2; seat++)
                check(&t, "updates", "sending and receiving", 2 * round,
                      talk_count(&t, seat, SD_EV_KEY_UPDATE));
        }
        sd_mem_link(t.mem)->loss_ppm = 0;
        sd_mem_send(t.mem, t.client, sd_mem_sid(t.mem, t.conversation), 0, REQUEST, strlen(REQUEST),
                    false);
        talk_run(&t, SD_SECOND);
        check(&t, "updates", "replies", 2, talk_count(&t, t.client, SD_EV_DATA));
        check(&t, "updates", "errors", 0, talk_count(&t, -1, SD_EV_ERROR));
        talk_fini(&t);
    }
}

/* Nobody is there: the client gives up after 12 retransmissions, and holds nothing. */
static void test_silence(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls13", "fresh", 1);
    sd_mem_link(t.mem)->loss_ppm = SD_PPM;
    talk_start(&t);
    sd_mem_run(t.mem, SD_NEVER);
    check(&t, "silence", "retransmissions", 12, talk_stats(&t, t.client).retransmits);
    check(&t, "silence", "errors", 1, talk_count(&t, t.client, SD_EV_ERROR));
    check(&t, "silence", "half open", 0, talk_stats(&t, t.client).half_open);
    talk_fini(&t);
}

/* ICMP says that the path got narrower: what is sent again fits. */
static void test_narrower_path(void **state)
{
    (void)state;
    struct talk t;
    static const uint32_t first[] = {1, 0};
    talk_modes(&t, "dtls13", "fresh", 1);
    sd_mem_drop(t.mem, t.server, first);
    talk_start(&t);
    talk_run(&t, 500 * SD_MS);
    struct sd_control c = {.verb = SD_PATH_MTU, .mtu = 400};
    c.path.remote = sd_mem_address(t.mem, t.client, SD_PROTO_UDP, 0);
    for (size_t i = 0; i < sd_mem_units(t.mem); i++)
        if (sd_mem_unit(t.mem, i)->from == t.server)
            c.path = sd_mem_unit(t.mem, i)->path;
    struct sd_addr swap = c.path.local; /* as the server sees it */
    c.path.local = c.path.remote;
    c.path.remote = swap;
    check(&t, "narrower path", "control", SD_OK, sd_mem_control(t.mem, t.server, 0, &c));
    size_t before = sd_mem_units(t.mem);
    talk_run(&t, 5 * SD_SECOND);
    for (size_t i = before; i < sd_mem_units(t.mem); i++)
        if (sd_mem_unit(t.mem, i)->from == t.server)
            assert_true(sd_mem_unit(t.mem, i)->len <= 400 - 28);
    check(&t, "narrower path", "replies", 1, talk_count(&t, t.client, SD_EV_DATA));
    talk_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_losses),         cmocka_unit_test(test_bad_paths),
        cmocka_unit_test(test_updates_on_bad_paths), cmocka_unit_test(test_silence),
        cmocka_unit_test(test_narrower_path),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
