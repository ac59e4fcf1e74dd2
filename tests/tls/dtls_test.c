/* DTLS 1.2: what loss, small paths, replays, forgers and spoofed sources do to it. */
#include "tests/tls/talk.h"

#include "protocols/dtls12/wire.h"

/* -- RFC 6347 4.2.4: retransmission of flights, 1 s doubling -- */

static const struct loss_row {
    const char *what, *mode;
    bool server;                         /* who loses */
    uint32_t numbers[8];                 /* which of its datagrams */
    sd_time added;                       /* to the client's READY */
    unsigned client_again, server_again; /* flights sent again */
} losses[] = {
    {"ClientHello", "fresh", false, {1}, 1 * SD_SECOND, 1, 0},
    {"ClientHello twice", "fresh", false, {1, 2}, 3 * SD_SECOND, 2, 0},
    {"ClientHello four times", "fresh", false, {1, 2, 3, 4}, 15 * SD_SECOND, 4, 0},
    {"HelloVerifyRequest", "cookie", true, {1}, 1 * SD_SECOND, 1, 0},
    {"ClientHello with cookie", "cookie", false, {2}, 1 * SD_SECOND, 1, 0},
    {"the server's Finished", "fresh", true, {2}, 1 * SD_SECOND, 1, 1},
};

static void test_loss(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        const struct loss_row *row = &losses[i];
        struct talk t;
        talk_modes(&t, "dtls12", row->mode, 3);
        sd_mem_drop(t.mem, row->server ? t.server : t.client, row->numbers);
        talk_start(&t);
        talk_run(&t, 40 * SD_SECOND);
        sd_time expected = (strcmp(row->mode, "cookie") == 0 ? 3 : 2) * RTT + row->added;
        struct sd_stats client = talk_stats(&t, t.client), server = talk_stats(&t, t.server);
        if (t.ready != expected || client.retransmits != row->client_again ||
            server.retransmits != row->server_again) {
            sd_mem_print(t.mem);
            fail_msg(
                "%s lost: expected READY at %.3f ms and %u, %u flights again; found %.3f ms and "
                "%u, %u",
                row->what, (double)expected / SD_MS, row->client_again, row->server_again,
                (double)t.ready / SD_MS, (unsigned)client.retransmits,
                (unsigned)server.retransmits);
        }
        talk_close(&t);
        talk_fini(&t);
    }
}

/* Nobody answers: libssl gives up in the end, and says so. */
static void test_no_answer(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls12", "fresh", 3);
    sd_mem_link(t.mem)->loss_ppm = SD_PPM;
    talk_start(&t);
    talk_run(&t, 2000 * SD_SECOND);
    const struct sd_mem_event *e = sd_mem_find(t.mem, t.client, SD_EV_ERROR, 0);
    assert_non_null(e);
    assert_non_null(strstr(e->detail, "does not answer"));
    /* 1 + 2 + 4 + 8 + 16 + 32 s, then 60 s each until the 13th time-out */
    assert_int_equal(e->at / SD_SECOND, 63 + 7 * 60);
    assert_int_equal(talk_stats(&t, t.client).sessions, 0);
    talk_fini(&t);
}

static size_t longest_datagram(struct talk *t)
{
    size_t longest = 0;
    for (size_t i = 0; i < sd_mem_units(t->mem); i++)
        if (sd_mem_unit(t->mem, i)->len > longest)
            longest = sd_mem_unit(t->mem, i)->len;
    return longest;
}

static void test_small_path(void **state)
{
    (void)state;
    struct talk t;
    struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
    struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
    client.path_mtu = server.path_mtu = 300;
    server.mutual = true;
    talk_init(&t, "dtls12", &client, &server, 4);
    talk_connect(&t);
    assert_int_equal(t.ready, 2 * RTT);
    assert_in_range(longest_datagram(&t), 200, 300 - 28);
    /* a message that does not fit is refused, not cut */
    uint8_t big[300] = {0};
    sd_sid sid = sd_mem_sid(t.mem, t.conversation);
    assert_int_equal(sd_mem_send(t.mem, t.client, sid, 0, big, sizeof big, false), SD_E_ARG);
    talk_close(&t);
    talk_fini(&t);
}

/* The path narrows during the handshake: the flight sent again fits. */
static bool narrow(void *ctx, struct sd_mem_unit *u)
{
    struct talk *t = ctx;
    return u->from != t->server || u->len <= 500 - 28;
}

static void tell_mtu(void *ctx)
{
    struct talk *t = ctx;
    struct sd_control c = {.verb = SD_PATH_MTU, .mtu = 500};
    c.path.remote = sd_mem_address(t->mem, t->client, SD_PROTO_UDP, 49152);
    for (size_t i = 0; i < sd_mem_units(t->mem); i++)
        if (sd_mem_unit(t->mem, i)->to == t->server)
            c.path.remote = sd_mem_unit(t->mem, i)->path.remote;
    assert_int_equal(sd_mem_control(t->mem, t->server, 0, &c), SD_OK);
}

static void test_path_narrows(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls12", "fresh", 4);
    sd_mem_on_unit(t.mem, narrow, &t);
    sd_mem_at(t.mem, 100 * SD_MS, tell_mtu, &t);
    talk_connect(&t);
    assert_int_equal(t.ready, 2 * RTT + 1 * SD_SECOND);
    talk_close(&t);
    talk_fini(&t);
}

/* -- RFC 6347 4.1.2.6, 4.1.2.7: what is dropped, and counted -- */

/* Index of the nth datagram that reached the seat. */
static size_t nth_to(struct talk *t, int seat, size_t n)
{
    for (size_t i = 0; i < sd_mem_units(t->mem); i++)
        if (sd_mem_unit(t->mem, i)->to == seat && !sd_mem_unit(t->mem, i)->copy && n-- == 0)
            return i;
    fail_msg("there are not enough datagrams to seat %d", seat);
    return 0;
}

static void test_replays(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls12", "cookie", 5);
    talk_connect(&t);
    size_t before = talk_count(&t, t.server, SD_EV_DATA), units = sd_mem_units(t.mem);
    size_t copies = 0;
    for (size_t i = 0; i < units; i++)
        if (sd_mem_unit(t.mem, i)->to == t.server) {
            assert_int_equal(sd_mem_replay(t.mem, i, NULL), SD_OK);
            copies++;
        }
    talk_run(&t, 5 * SD_SECOND);
    assert_int_equal(copies, 4); /* hello, hello with cookie, Finished, request */
    assert_int_equal(talk_count(&t, t.server, SD_EV_DATA), before);
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_REPLAY], copies);
    assert_int_equal(talk_stats(&t, t.server).sessions, 1);
    /* and the session lives */
    sd_sid sid = sd_mem_sid(t.mem, t.conversation);
    sd_mem_send(t.mem, t.client, sid, 0, "again", 5, false);
    talk_run(&t, 5 * SD_SECOND);
    assert_int_equal(talk_count(&t, t.server, SD_EV_DATA), before + 1);
    talk_close(&t);
    talk_fini(&t);
}

static void inject(struct talk *t, const struct sd_mem_unit *like, uint8_t *bytes, size_t len)
{
    struct sd_path path = like->path;
    sd_mem_inject(t->mem, t->server, &path, bytes, len);
    talk_run(t, 1 * SD_SECOND);
}

static void test_forgeries(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls12", "fresh", 6);
    talk_connect(&t);
    struct sd_mem_unit last = *sd_mem_unit(t.mem, nth_to(&t, t.server, 2)); /* the request */
    uint8_t bytes[256];
    assert_in_range(last.len, DTLS_RECORD_HEADER + 1, sizeof bytes);
    memcpy(bytes, last.data, last.len);
    bytes[10] += 5; /* a new sequence number, so the tag is wrong */
    inject(&t, &last, bytes, last.len);
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_AUTH], 1);
    bytes[12] += 50; /* longer than the datagram */
    inject(&t, &last, bytes, last.len);
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_MALFORMED], 1);
    bytes[12] -= 50;
    bytes[4] = 7; /* an epoch that never was */
    inject(&t, &last, bytes, last.len);
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_STATE], 1);
    /* the same record, genuine, from another source */
    last.path.remote.port++;
    inject(&t, &last, last.data, last.len);
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_UNKNOWN], 1);
    assert_int_equal(talk_count(&t, t.server, SD_EV_DATA), 1);
    assert_int_equal(talk_stats(&t, t.server).sessions, 1);
    talk_close(&t);
    talk_fini(&t);
}

/* -- RFC 6347 4.2.1: the cookie holds no state -- */

static void test_spoofed_hellos(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls12", "cookie", 8);
    talk_connect(&t);
    struct sd_mem_unit hello = *sd_mem_unit(t.mem, nth_to(&t, t.server, 0));
    uint8_t bytes[512];
    assert_in_range(hello.len, DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER, sizeof bytes);
    memcpy(bytes, hello.data, hello.len);
    uint64_t heap = talk_stats(&t, t.server).state_bytes;
    uint64_t drops = talk_stats(&t, t.server).dropped[SD_DROP_UNVALIDATED];
    for (uint32_t i = 0; i < 10000; i++) {
        struct sd_unit u = {.path = hello.path, .data = bytes, .len = hello.len};
        u.path.remote = sd_ipv4_word(0xc6120000u + i, (uint16_t)(1024 + i));
        u.path.remote.proto = SD_PROTO_UDP;
        memcpy(bytes + DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER + 2, &i, sizeof i);
        int result = sd_seat_net_in(sd_mem_seat(t.mem, t.server), sd_mem_now(t.mem), &u);
        assert_int_equal(result, SD_DROP_UNVALIDATED);
    }
    struct sd_stats after = talk_stats(&t, t.server);
    assert_int_equal(after.state_bytes, heap);
    assert_int_equal(after.sessions, 1);
    assert_int_equal(after.dropped[SD_DROP_UNVALIDATED], drops + 10000);
    assert_true(after.bytes_to_unvalidated < after.bytes_from_unvalidated);
    talk_close(&t);
    talk_fini(&t);
}

/* A cookie is good at the address that it was sent to, for one to two minutes. */
static void test_cookies(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sd_time later;
        uint16_t other_port;
        bool other_random, good;
    } rows[] = {
        {"again, at once", .good = true},
        {"after 59 s", .later = 59 * SD_SECOND, .good = true},
        {"after two minutes", .later = 121 * SD_SECOND},
        {"from another port", .other_port = 1},
        {"with another hello", .other_random = true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct talk t;
        talk_modes(&t, "dtls12", "cookie", 8);
        talk_connect(&t);
        talk_close(&t); /* no session of this address is left */
        struct sd_mem_unit hello = *sd_mem_unit(t.mem, nth_to(&t, t.server, 1));
        sd_mem_run(t.mem, hello.sent + rows[i].later > sd_mem_now(t.mem)
                              ? hello.sent + rows[i].later
                              : sd_mem_now(t.mem));
        uint64_t refused = talk_stats(&t, t.server).dropped[SD_DROP_UNVALIDATED];
        hello.path.remote.port = (uint16_t)(hello.path.remote.port + rows[i].other_port);
        uint8_t bytes[512];
        assert_in_range(hello.len, DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER, sizeof bytes);
        memcpy(bytes, hello.data, hello.len);
        bytes[DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER + 2] ^= rows[i].other_random;
        inject(&t, &hello, bytes, hello.len);
        struct sd_stats after = talk_stats(&t, t.server);
        if (after.half_open != rows[i].good ||
            after.dropped[SD_DROP_UNVALIDATED] != refused + !rows[i].good)
            fail_msg("%s: expected the cookie to be %s", rows[i].name,
                     rows[i].good ? "good" : "refused");
        talk_fini(&t);
    }
}

/* What a server sends to an address that may be somebody else's, for each byte from there: with a
 * cookie less than it got, without one its certificate. */
static void test_amplification(void **state)
{
    (void)state;
    static const char *const modes[] = {"cookie", "fresh"};
    for (int i = 0; i < 2; i++) {
        struct talk t;
        talk_modes(&t, "dtls12", modes[i], 8);
        talk_connect(&t);
        struct sd_stats server = talk_stats(&t, t.server), client = talk_stats(&t, t.client);
        assert_true(server.bytes_from_unvalidated > 0);
        assert_int_equal(server.bytes_to_unvalidated > server.bytes_from_unvalidated, i == 1);
        assert_int_equal(client.bytes_to_unvalidated, 0); /* a client chooses whom it calls */
        talk_close(&t);
        talk_fini(&t);
    }
}

/* Without a cookie each spoofed hello costs a session, until the table is full; by default cookies
 * begin when half of it is. */
static void flood(enum sd_validation validation, uint64_t expected_half_open,
                  enum sd_result expected_drop)
{
    struct talk t;
    struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
    struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
    server.validation = validation;
    server.half_open_max = 20;
    t.quiet = true;
    talk_init(&t, "dtls12", &client, &server, 9);
    talk_connect(&t);
    struct sd_mem_unit hello = *sd_mem_unit(t.mem, nth_to(&t, t.server, 0));
    uint8_t bytes[512];
    memcpy(bytes, hello.data, hello.len);
    for (uint32_t i = 0; i < 100; i++) {
        struct sd_unit u = {.path = hello.path, .data = bytes, .len = hello.len};
        u.path.remote = sd_ipv4_word(0xc6120000u + i, 4000);
        u.path.remote.proto = SD_PROTO_UDP;
        memcpy(bytes + DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER + 2, &i, sizeof i);
        sd_seat_net_in(sd_mem_seat(t.mem, t.server), sd_mem_now(t.mem), &u);
    }
    struct sd_stats after = talk_stats(&t, t.server);
    assert_int_equal(after.half_open, expected_half_open);
    assert_int_equal(after.dropped[expected_drop], 100 - expected_half_open);
    talk_fini(&t);
}

static void test_flood(void **state)
{
    (void)state;
    flood(SD_VALIDATE_NEVER, 20, SD_DROP_FULL);
    flood(SD_VALIDATE_DEFAULT, 10, SD_DROP_UNVALIDATED);
}

/* RFC 6347 4.2.8: from the address of a session comes another ClientHello.  Somebody may have sent
 * it who is not there: the session lives until a cookie has come back. */
static void test_hello_over_a_session(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls12", "fresh", 10);
    talk_connect(&t);
    struct sd_mem_unit hello = *sd_mem_unit(t.mem, nth_to(&t, t.server, 0));
    uint8_t bytes[512];
    assert_in_range(hello.len, DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER, sizeof bytes);
    memcpy(bytes, hello.data, hello.len);
    bytes[DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER + 2] ^= 1; /* another random: another hello */
    inject(&t, &hello, bytes, hello.len);
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_UNVALIDATED], 1);
    assert_int_equal(talk_stats(&t, t.server).sessions, 1);
    assert_int_equal(talk_count(&t, t.server, SD_EV_CLOSED), 0);
    talk_close(&t);
    talk_fini(&t);
}

/* The client itself comes back, from the same port, having lost its state: its cookie ends the old
 * session. */
static bool mute(void *ctx, struct sd_mem_unit *u)
{
    const struct talk *t = ctx;
    return u->from != t->client;
}

static void test_client_begins_anew(void **state)
{
    (void)state;
    struct talk t;
    struct sd_config client = talk_config(SD_ROLE_BOTH, "fresh"); /* speaks from where it listens */
    struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
    client.server_name = "server.example";
    talk_init(&t, "dtls12", &client, &server, 10);
    talk_connect(&t);
    sd_mem_on_unit(t.mem, mute, &t); /* its goodbye is lost */
    talk_close(&t);
    assert_int_equal(talk_stats(&t, t.client).sessions, 0);
    assert_int_equal(talk_stats(&t, t.server).sessions, 1);
    sd_mem_on_unit(t.mem, NULL, NULL);
    talk_connect(&t);
    assert_int_equal(t.ready, 3 * RTT);
    assert_string_equal(talk_detail(&t, t.server, SD_EV_CLOSED), "the client began anew");
    assert_int_equal(talk_stats(&t, t.server).dropped[SD_DROP_UNVALIDATED], 1);
    assert_int_equal(talk_stats(&t, t.server).sessions, 1);
    assert_int_equal(talk_count(&t, t.server, SD_EV_DATA), 2);
    talk_close(&t);
    assert_int_equal(talk_stats(&t, t.server).sessions, 0);
    talk_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_small_path),
        cmocka_unit_test(test_path_narrows),
        cmocka_unit_test(test_replays),
        cmocka_unit_test(test_forgeries),
        cmocka_unit_test(test_spoofed_hellos),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_hello_over_a_session),
        cmocka_unit_test(test_client_begins_anew),
    };
    if (sd_core_init() != SD_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
