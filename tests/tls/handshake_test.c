/* Every protocol in every mode: round trips, what is told, data both ways, nothing left behind. */
#include "tests/tls/talk.h"

struct row {
    const char *protocol, *mode;
    bool earlier;  /* a session before it */
    unsigned a, b; /* facts: RTTs until the client may send; until the reply's first byte */
};

static const struct row rows[] = {
    {"tls13", "fresh", false, 2, 3},   {"tls13", "resumed", true, 2, 3},
    {"tls13", "stateful", true, 2, 3}, {"tls13", "early", true, 2, 2},
    {"tls13", "cookie", false, 3, 4},  {"tls13", "hrr", false, 3, 4},
    {"tls13", "psk", false, 2, 3},     {"tls12", "fresh", false, 3, 4},
    {"tls12", "resumed", true, 2, 3},  {"tls12", "stateful", true, 2, 3},
    {"tls12", "psk", false, 3, 4},     {"dtls12", "fresh", false, 2, 3},
    {"dtls12", "resumed", true, 1, 2}, {"dtls12", "cookie", false, 3, 4},
    {"dtls12", "psk", false, 2, 3},
};

static void check_row(const struct row *row)
{
    struct talk t;
    talk_modes(&t, row->protocol, row->mode, 1);
    if (row->earlier) {
        talk_connect(&t);
        assert_int_equal(talk_count(&t, t.client, SD_EV_RESUMED), 0);
        talk_close(&t);
        sd_mem_forget(t.mem);
    }
    t.early = strcmp(row->mode, "early") == 0;
    talk_connect(&t);
    if (t.ready != row->a * RTT || t.reply != row->b * RTT) {
        sd_mem_print(t.mem);
        fail_msg("%s %s: expected A %u, B %u; found %.3f, %.3f", row->protocol, row->mode, row->a,
                 row->b, (double)t.ready / RTT, (double)t.reply / RTT);
    }
    assert_int_equal(talk_count(&t, t.client, SD_EV_RESUMED), row->earlier);
    assert_int_equal(talk_count(&t, t.server, SD_EV_RESUMED), row->earlier);
    assert_int_equal(talk_count(&t, t.server, SD_EV_READY), 1);
    assert_int_equal(talk_count(&t, t.client, SD_EV_PEER_AUTH), 1);
    assert_int_equal(talk_count(&t, t.client, SD_EV_EARLY_OK), t.early);
    assert_int_equal(talk_count(&t, t.server, SD_EV_VALIDATED),
                     strcmp(row->mode, "cookie") == 0 || strcmp(row->protocol, "dtls12") == 0);
    size_t len;
    const uint8_t *bytes = sd_mem_received(t.mem, t.server, &len);
    assert_true(len >= strlen(REQUEST));
    assert_memory_equal(bytes + len - strlen(REQUEST), REQUEST, strlen(REQUEST));
    assert_int_equal(talk_stats(&t, t.server).half_open, 0);
    talk_close(&t);
    assert_int_equal(talk_count(&t, t.client, SD_EV_CLOSED), 1);
    assert_int_equal(talk_count(&t, t.server, SD_EV_CLOSED), 1);
    assert_int_equal(talk_count(&t, t.client, SD_EV_ERROR), 0);
    assert_int_equal(talk_count(&t, t.server, SD_EV_ERROR), 0);
    assert_int_equal(talk_stats(&t, t.server).sessions, 0);
    assert_int_equal(talk_stats(&t, t.client).sessions, 0);
    talk_fini(&t);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
    };
    if (sd_core_init() != SD_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
