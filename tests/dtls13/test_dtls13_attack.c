/* test_dtls13_attack.c - strangers: floods with and without cookies, forgeries, copies, plain
 * records where there are keys, ClientHellos that would end a session. */
#include "tests/dtls13/check.h"

static struct sd_addr spoofed(uint32_t i)
{
    return sd_ipv4_word(0x0b000000 + i, (uint16_t)(1024 + i % 60000));
}

static uint64_t dropped(struct talk *t, int seat, int reason)
{
    return talk_stats(t, seat).dropped[reason];
}

/* The nth datagram of the seat, copies left out. */
static size_t unit_of(struct talk *t, int from, size_t nth)
{
    for (size_t i = 0; i < sd_mem_units(t->mem); i++)
        if (sd_mem_unit(t->mem, i)->from == from && !sd_mem_unit(t->mem, i)->copy && nth-- == 0)
            return i;
    fail_msg("expected one more datagram of seat %d, found none", from);
    return 0;
}

static size_t last_of(struct talk *t, int from)
{
    size_t i = sd_mem_units(t->mem);
    while (i-- > 0)
        if (sd_mem_unit(t->mem, i)->from == from && !sd_mem_unit(t->mem, i)->copy)
            return i;
    fail_msg("expected a datagram of seat %d, found none", from);
    return 0;
}

/* -- floods -- */

static void test_floods(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum sd_validation validation;
        uint64_t half_open_peak; /* after 3000 spoofed hellos; the table takes 1024 */
        bool amplifies, honest_gets_in;
    } rows[] = {
        {"always", SD_VALIDATE_ALWAYS, 0, false, true},
        {"by default", SD_VALIDATE_DEFAULT, 512, true, true},
        {"never", SD_VALIDATE_NEVER, 1024, true, false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct talk t;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
        struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
        server.validation = rows[i].validation;
        talk_init(&t, "dtls13", &client, &server, 1);
        talk_connect(&t);
        size_t hello = unit_of(&t, t.client, 0);
        talk_close(&t);
        struct sd_stats before = talk_stats(&t, t.server);
        for (uint32_t n = 0; n < 3000; n++) {
            struct sd_addr from = spoofed(n);
            assert_int_equal(sd_mem_replay(t.mem, hello, &from), SD_OK);
        }
        talk_run(&t, 100 * SD_MS);
        struct sd_stats s = talk_stats(&t, t.server);
        check(&t, rows[i].name, "half open", rows[i].half_open_peak, s.half_open);
        uint64_t out = s.bytes_to_unvalidated - before.bytes_to_unvalidated;
        uint64_t in = s.bytes_from_unvalidated - before.bytes_from_unvalidated;
        if (rows[i].validation == SD_VALIDATE_ALWAYS) {
            assert_true(out <= in);
            check(&t, rows[i].name, "unvalidated", 3001, s.dropped[SD_DROP_UNVALIDATED]);
        }
        check(&t, rows[i].name, "amplifies", rows[i].amplifies, out > in);
        sd_mem_forget(t.mem);
        talk_start(&t);
        talk_run(&t, SD_SECOND);
        check(&t, rows[i].name, "an honest client gets in", rows[i].honest_gets_in,
              talk_count(&t, t.client, SD_EV_DATA));
        talk_fini(&t);
    }
}

/* -- cookies -- */

static void test_cookies(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sd_time later;     /* the second ClientHello again, so much later */
        bool elsewhere;    /* from another address */
        uint64_t accepted; /* sessions half open afterwards */
    } rows[] = {
        {"again", 0, false, 1},
        {"within its minute and the next", 59 * SD_SECOND, false, 1},
        {"too late", 121 * SD_SECOND, false, 0},
        {"from another address", 0, true, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct talk t;
        struct sd_addr other = spoofed(7);
        talk_modes(&t, "dtls13", "cookie", 1);
        talk_connect(&t);
        size_t hello = unit_of(&t, t.client, 1);
        talk_close(&t);
        talk_run(&t, rows[i].later > 20 * SD_SECOND ? rows[i].later - 20 * SD_SECOND : 0);
        sd_mem_replay(t.mem, hello, rows[i].elsewhere ? &other : NULL);
        talk_run(&t, SD_SECOND / 2);
        check(&t, rows[i].name, "half open", rows[i].accepted, talk_stats(&t, t.server).half_open);
        talk_fini(&t);
    }
}

/* -- who would end a session -- */

static void test_hellos_at_a_session(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls13", "fresh", 1);
    talk_connect(&t);
    talk_close(&t);
    size_t old_hello = unit_of(&t, t.client, 0); /* of the session before: another random */
    talk_connect(&t);
    struct sd_addr client = sd_mem_unit(t.mem, last_of(&t, t.client))->path.remote;
    sd_mem_replay(t.mem, old_hello, &client);
    talk_run(&t, SD_SECOND);
    check(&t, "a stranger's hello", "asked for a cookie", 1,
          dropped(&t, t.server, SD_DROP_UNVALIDATED));
    check(&t, "a stranger's hello", "sessions", 1, talk_stats(&t, t.server).sessions);
    sd_mem_send(t.mem, t.client, sd_mem_sid(t.mem, t.conversation), 0, REQUEST, strlen(REQUEST),
                false);
    talk_run(&t, SD_SECOND);
    check(&t, "a stranger's hello", "replies", 3, talk_count(&t, t.client, SD_EV_DATA));
    talk_fini(&t);
}

static bool nothing_of(void *ctx, struct sd_mem_unit *u)
{
    return u->from != *(const int *)ctx;
}

/* What the seat sent last comes to `to` as if on that path. */
static void hand_over(struct talk *t, int from, int to, const struct sd_path *path)
{
    const struct sd_mem_unit *u = sd_mem_unit(t->mem, last_of(t, from));
    sd_mem_inject(t->mem, to, path, u->data, u->len);
    talk_run(t, SD_MS);
}

/* A client that lost its memory begins anew from the same address: it shows a cookie, and the old
 * session ends. */
static void test_client_begins_anew(void **state)
{
    (void)state;
    struct talk t;
    struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
    struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
    talk_init(&t, "dtls13", &client, &server, 1);
    talk_connect(&t);
    const struct sd_path at_server = sd_mem_unit(t.mem, unit_of(&t, t.client, 0))->path;
    int again = sd_mem_add(t.mem, sd_agent_find("dtls13"), &client, 99);
    assert_true(again >= 0);
    sd_mem_on_unit(t.mem, nothing_of, &again); /* it is the first client's address that it has */
    int talk = sd_mem_connect(t.mem, again, t.server);
    struct sd_path at_client = sd_mem_unit(t.mem, last_of(&t, again))->path;
    at_client = (struct sd_path){.local = at_client.remote, .remote = at_client.local};
    assert_true(talk >= 0);
    hand_over(&t, again, t.server, &at_server);
    hand_over(&t, t.server, again, &at_client);
    check(&t, "begins anew", "the old session is still there", 0,
          talk_count(&t, t.server, SD_EV_CLOSED));
    hand_over(&t, again, t.server, &at_server);
    check(&t, "begins anew", "the old session is there until the new one is", 0,
          talk_count(&t, t.server, SD_EV_CLOSED));
    check(&t, "begins anew", "half open", 1, talk_stats(&t, t.server).half_open);
    hand_over(&t, t.server, again, &at_client);
    hand_over(&t, again, t.server, &at_server);
    check(&t, "begins anew", "cookie shown", 1,
          strstr(talk_detail(&t, t.server, SD_EV_VALIDATED), "cookie") != NULL);
    check(&t, "begins anew", "the old session ends", 1, talk_count(&t, t.server, SD_EV_CLOSED));
    check(&t, "begins anew", "ready", 2, talk_count(&t, t.server, SD_EV_READY));
    check(&t, "begins anew", "sessions", 1, talk_stats(&t, t.server).sessions);
    talk_fini(&t);
}

/* -- forgeries -- */

static bool change_last(void *ctx, struct sd_mem_unit *u)
{
    const int *from = ctx;
    if (u->from == *from && u->len > 0)
        u->data[u->len - 1] ^= 1;
    return true;
}

static void test_forgeries(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        int reason; /* the server counts */
    } rows[] = {
#define ROW(name, bytes, reason) {name, bytes, sizeof bytes - 1, reason}
        ROW("plain close_notify", "\x15\xfe\xfd\0\0\0\0\0\0\0\7\0\2\1\0", SD_DROP_AUTH),
        ROW("plain fatal alert", "\x15\xfe\xfd\0\0\0\0\0\0\0\7\0\2\2\x28", SD_DROP_AUTH),
        ROW("plain application data", "\x17\xfe\xfd\0\0\0\0\0\0\0\7\0\2hi", SD_DROP_STATE),
        ROW("plain message to come",
            "\x16\xfe\xfd\0\0\0\0\0\0\0\7\0\x0d\x14\0\0\x20\0\2\0\0\0\0\0\1x", SD_DROP_AUTH),
        ROW("another epoch in clear", "\x16\xfe\xfd\0\1\0\0\0\0\0\7\0\2hi", SD_DROP_UNKNOWN),
        ROW("shorter than a tag", "\x2f\0\0\0\3abc", SD_DROP_MALFORMED),
        ROW("shorter than it says", "\x2f\0\0\0\x30 0123456789abcdef", SD_DROP_MALFORMED),
        ROW("not sealed", "\x2f\0\0\0\x14 0123456789abcdefghi", SD_DROP_AUTH),
        ROW("of an epoch without keys", "\x2c\0\0\0\x14 0123456789abcdefghi", SD_DROP_STATE),
        ROW("with a connection id", "\x3f\0\0\0\x14 0123456789abcdefghi", SD_DROP_UNKNOWN),
        ROW("not DTLS", "\x99 whatever it is", SD_DROP_UNKNOWN),
        ROW("nothing", "", SD_DROP_MALFORMED),
#undef ROW
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct talk t;
        talk_modes(&t, "dtls13", "fresh", 1);
        talk_connect(&t);
        struct sd_path path = sd_mem_unit(t.mem, unit_of(&t, t.client, 0))->path;
        sd_mem_inject(t.mem, t.server, &path, rows[i].bytes, rows[i].len);
        talk_run(&t, SD_SECOND);
        check(&t, rows[i].name, sd_result_name(rows[i].reason), 1,
              dropped(&t, t.server, rows[i].reason));
        sd_mem_send(t.mem, t.client, sd_mem_sid(t.mem, t.conversation), 0, REQUEST, strlen(REQUEST),
                    false);
        talk_run(&t, SD_SECOND);
        check(&t, rows[i].name, "replies", 2, talk_count(&t, t.client, SD_EV_DATA));
        talk_fini(&t);
    }
}

/* A plain fragment of a message that is to come under keys does not stand in its way. */
static void test_forgery_in_a_handshake(void **state)
{
    (void)state;
    static const uint8_t finished[] =
        "\x16\xfe\xfd\0\0\0\0\0\0\0\7\0\x0d\x14\0\0\x20\0\1\0\0\0\0\0\1x";
    struct talk t;
    talk_modes(&t, "dtls13", "fresh", 1);
    talk_start(&t);
    talk_run(&t, RTT / 2);
    struct sd_path path = sd_mem_unit(t.mem, unit_of(&t, t.client, 0))->path;
    sd_mem_inject(t.mem, t.server, &path, finished, sizeof finished - 1);
    talk_run(&t, 5 * SD_SECOND);
    check(&t, "plain Finished", "auth", 1, dropped(&t, t.server, SD_DROP_AUTH));
    check(&t, "plain Finished", "reply", 2 * RTT, t.reply);
    talk_fini(&t);
}

static void test_changed_and_copied(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls13", "fresh", 1);
    talk_connect(&t);
    sd_sid sid = sd_mem_sid(t.mem, t.conversation);
    int from = t.client;
    sd_mem_on_unit(t.mem, change_last, &from);
    sd_mem_send(t.mem, t.client, sid, 0, REQUEST, strlen(REQUEST), false);
    talk_run(&t, SD_SECOND);
    sd_mem_on_unit(t.mem, NULL, NULL);
    check(&t, "changed", "auth", 1, dropped(&t, t.server, SD_DROP_AUTH));
    size_t before = sd_mem_units(t.mem);
    sd_mem_send(t.mem, t.client, sid, 0, REQUEST, strlen(REQUEST), false);
    talk_run(&t, SD_SECOND);
    for (int copies = 0; copies < 3; copies++)
        assert_int_equal(sd_mem_replay(t.mem, before, NULL), SD_OK);
    talk_run(&t, SD_SECOND);
    check(&t, "copied", "replay", 3, dropped(&t, t.server, SD_DROP_REPLAY));
    check(&t, "copied", "requests", 2, talk_count(&t, t.server, SD_EV_DATA));
    talk_fini(&t);
}

/* -- early data -- */

static void test_early_copies(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool ok;            /* the server's configuration allows it */
        sd_time later;      /* when the copy of the first flight comes */
        uint64_t delivered; /* requests, of two sessions */
        uint64_t counted;
    } rows[] = {
        {"refused", false, 2 * SD_SECOND, 2, 0},
        {"allowed", true, 2 * SD_SECOND, 3, 1},
        {"allowed, but too late", true, 30 * SD_SECOND, 2, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct talk t;
        struct sd_addr other = spoofed(3);
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "early");
        struct sd_config server = talk_config(SD_ROLE_SERVER, "early");
        server.early_replay_ok = rows[i].ok;
        talk_init(&t, "dtls13", &client, &server, 1);
        talk_connect(&t);
        talk_close(&t);
        t.early = true;
        size_t first = sd_mem_units(t.mem);
        talk_start(&t);
        talk_run(&t, rows[i].later);
        for (size_t n = 0; n < 2; n++) /* ClientHello, early data */
            assert_int_equal(sd_mem_replay(t.mem, first + n, &other), SD_OK);
        talk_run(&t, SD_SECOND / 2);
        check(&t, rows[i].name, "early ok", 1, talk_count(&t, t.client, SD_EV_EARLY_OK));
        check(&t, rows[i].name, "requests", rows[i].delivered,
              talk_count(&t, t.server, SD_EV_DATA));
        check(&t, rows[i].name, "replays accepted", rows[i].counted,
              talk_stats(&t, t.server).replays_accepted);
        talk_fini(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_hellos_at_a_session),
        cmocka_unit_test(test_client_begins_anew),
        cmocka_unit_test(test_forgeries),
        cmocka_unit_test(test_forgery_in_a_handshake),
        cmocka_unit_test(test_changed_and_copied),
        cmocka_unit_test(test_early_copies),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
