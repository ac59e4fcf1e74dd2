/* test_ipsec_lab.c - a download inside the tunnel, over the simulated network: NATs that rebind, a
 * client that moves, new keys on either side, loss; replayed packets. */
#include "sim/node/lab.h"
#include "tests/core/unit.h"

#include <stdio.h>
#include <string.h>

#define DOWNLOAD (4u << 20)

enum middle { DIRECT, NAT, NAT_WITHOUT_ESP, NO_UDP };

struct row {
    const char *what;
    const char *mode; /* NULL: fresh */
    enum middle middle;
    unsigned rebind;   /* SD_REBIND_*, once in the middle */
    bool move;         /* the client, likewise */
    bool rekeys[2];    /* by the client, by the server, likewise */
    uint32_t loss_ppm; /* each way */
    const char *option, *value;
    uint64_t at_least, at_most; /* IP bytes that leave the server; at_most 0: whatever */
    const char *saw[3];         /* events that must be there */
};

static const struct row rows[] = {
    {.what = "nothing happens", .at_least = 4530000, .at_most = 4560000},
    {.what = "through a NAT", .middle = NAT},
    {.what = "through a NAT that knows only ports", .middle = NAT_WITHOUT_ESP},
    {.what = "where UDP is dropped", .middle = NO_UDP},
    /* 3111 packets: 20 bytes less in each; segments that are not full are as long as the others. */
    {.what = "in transport mode",
     .option = "transport",
     .value = "yes",
     .at_least = 4470000,
     .at_most = 4500000},
    {.what = "padded",
     .option = "pad_to",
     .value = "1300",
     .at_least = 4565000,
     .at_most = 4580000},
    {.what = "a new port", .middle = NAT, .rebind = SD_REBIND_PORT, .saw = {"server:migrated"}},
    {.what = "a new address",
     .middle = NAT,
     .rebind = SD_REBIND_ADDRESS,
     .saw = {"server:migrated"}},
    {.what = "both new",
     .middle = NAT,
     .rebind = SD_REBIND_PORT | SD_REBIND_ADDRESS,
     .saw = {"server:migrated"}},
    {.what = "the client moves", .move = true, .saw = {"server:migrated"}},
    {.what = "the client moves behind its NAT", .middle = NAT, .move = true},
    {.what = "the client rekeys",
     .rekeys = {true, false},
     .saw = {"client:key update", "server:key update"}},
    {.what = "the server rekeys",
     .rekeys = {false, true},
     .saw = {"client:key update", "server:key update"}},
    {.what = "both rekey at once", .rekeys = {true, true}, .saw = {"client:key update"}},
    {.what = "children and IKE SAs grow old",
     .option = "rekey_s",
     .value = "10",
     .saw = {"client:key update"}},
    {.what = "a child is old",
     .option = "child_rekey_s",
     .value = "10",
     .saw = {"client:key update", "server:key update"}},
    {.what = "a child is full",
     .option = "child_rekey_kib",
     .value = "1024",
     .saw = {"client:key update", "server:key update"}},
    {.what = "2 % are lost", .loss_ppm = 20000},
    {.what = "everything at once",
     .middle = NAT,
     .rebind = SD_REBIND_PORT | SD_REBIND_ADDRESS,
     .rekeys = {true, true},
     .loss_ppm = 20000,
     .saw = {"server:migrated", "client:key update"}},
    {.what = "moving and losing", .move = true, .loss_ppm = 20000, .saw = {"server:migrated"}},
};

static const struct row *row;
static struct sd_lab *lab;
static sd_machine client, server, middle, attacker;
static sd_conn conn;
static char seen[4096];

static void in_the_middle(void *ctx)
{
    (void)ctx;
    if (row->rebind)
        assert_int_equal(sd_lab_rebind(lab, middle, row->rebind), SD_OK);
    if (row->move)
        assert_int_equal(sd_lab_move(lab, client), SD_OK);
    if (row->rekeys[0])
        sd_lab_rekey(lab, conn, client);
    if (row->rekeys[1])
        sd_lab_rekey(lab, conn, server);
}

static void on_event(void *ctx, const struct sd_lab_event *e)
{
    (void)ctx;
    size_t len = strlen(seen);
    const char *who = e->machine == client ? "client" : e->machine == server ? "server" : "middle";
    snprintf(seen + len, sizeof seen - len, "%s:%s%s%s, ", who, e->name, e->detail ? ": " : "",
             strcmp(e->name, "error") == 0 && e->detail ? e->detail : "");
    if (e->machine == client && strcmp(e->name, "ready") == 0 && e->conn == conn) {
        sd_lab_send(lab, conn, server, DOWNLOAD);
        sd_lab_at(lab, e->at + 5 * SD_SECOND, in_the_middle, NULL);
    }
    if (strcmp(e->name, "received all") == 0)
        sd_lab_stop(lab);
}

static void must(int result, const struct sd_error *error)
{
    if (result < 0)
        fail_msg("%s: %s", row->what, error->text);
}

static void build(uint32_t reorder_ppm)
{
    struct sd_error error = {0};
    struct sd_option option[2] = {{row->option, row->value}};
    assert_int_equal(sd_lab_create(&lab, &(struct sd_lab_config){.seed = 1, .weather = 1}, &error),
                     SD_OK);
    must(client = sd_lab_host(lab, &(struct sd_machine_config){.name = "client"}, &error), &error);
    must(server = sd_lab_host(lab, &(struct sd_machine_config){.name = "server"}, &error), &error);
    struct sd_nat_config nat = {.name = "middle", .mapping = SD_NAT_ADDRESS};
    middle = row->middle == NAT || row->middle == NAT_WITHOUT_ESP
                 ? sd_lab_nat(lab, &nat, &error)
                 : sd_lab_router(lab, "middle", &error);
    must(middle, &error);
    unsigned blocks = row->middle == NAT_WITHOUT_ESP ? SD_BLOCK_ESP
                      : row->middle == NO_UDP        ? SD_BLOCK_UDP
                                                     : 0;
    must(sd_lab_block(lab, middle, blocks, &error), &error);
    struct sd_weather weather = {.loss_ppm = row->loss_ppm, .reorder_ppm = reorder_ppm};
    struct sd_lab_link near = {.a = client, .b = middle, .delay = 5 * SD_MS},
                       far = {.a = middle,
                              .b = server,
                              .delay = 15 * SD_MS,
                              .rate_bps = 2000000,
                              .queue_bytes = 65536,
                              .forth = weather,
                              .back = weather};
    must(sd_lab_link(lab, &near, &error), &error);
    must(sd_lab_link(lab, &far, &error), &error);
    must(attacker = sd_lab_host(lab, &(struct sd_machine_config){.name = "attacker"}, &error),
         &error);
    struct sd_lab_link side = {.a = attacker, .b = middle, .delay = 5 * SD_MS};
    if (row->middle == DIRECT)
        must(sd_lab_link(lab, &side, &error), &error);
    struct sd_lab_agent agent = {.protocol = "ipsec",
                                 .mode = row->mode,
                                 .role = SD_ROLE_CLIENT,
                                 .options = row->option ? option : NULL};
    must(sd_lab_agent(lab, client, &agent, &error), &error);
    agent.role = SD_ROLE_SERVER;
    must(sd_lab_agent(lab, server, &agent, &error), &error);
    sd_lab_on_event(lab, on_event, NULL);
    must(sd_lab_start(lab, &error), &error);
}

static uint64_t metric(const char *name, sd_machine machine)
{
    uint64_t value = UINT64_MAX;
    for (const struct sd_metric *m = sd_metrics; m->name; m++)
        if (strcmp(m->name, name) == 0)
            sd_lab_metric(lab, m, machine, &value);
    return value;
}

static int teardown(void **state)
{
    (void)state;
    sd_lab_destroy(lab);
    lab = NULL;
    return 0;
}

/* One connection from beginning to end, whatever happens beneath. */
static void test_downloads(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        row = &rows[i];
        seen[0] = '\0';
        build(0);
        conn = sd_lab_connect(lab, &(struct sd_lab_connect){.client = client, .server = server});
        assert_int_not_equal(conn, 0);
        sd_lab_run(lab, 300 * SD_SECOND);
        if (!strstr(seen, "client:received all"))
            fail_msg("%s: the download is not whole: %s", row->what, seen);
        if (strstr(seen, "error") || strstr(seen, "reset") || strstr(seen, "closed"))
            fail_msg("%s: a connection was lost: %s", row->what, seen);
        for (size_t s = 0; s < SD_ROWS(row->saw) && row->saw[s]; s++)
            if (!strstr(seen, row->saw[s]))
                fail_msg("%s: expected %s, found %s", row->what, row->saw[s], seen);
        uint64_t bytes = metric("bytes_out", server);
        if (row->at_most != 0 && (bytes < row->at_least || bytes > row->at_most))
            fail_msg("%s: expected %llu to %llu bytes, found %llu", row->what,
                     (unsigned long long)row->at_least, (unsigned long long)row->at_most,
                     (unsigned long long)bytes);
        assert_int_equal(metric("garbled", client), 0);
        assert_int_equal(metric("delivered_twice", client), 0);
        teardown(NULL);
    }
}

/* Whatever the window's size: packets that overtake one another, then all of them again, twice. */
static const struct row windows[] = {
    {.what = "a window of 1", .option = "window", .value = "1"},
    {.what = "32", .option = "window", .value = "32"},
    {.what = "64", .option = "window", .value = "64"},
    {.what = "100", .option = "window", .value = "100"},
    {.what = "1024", .option = "window", .value = "1024"},
    {.what = "65536", .option = "window", .value = "65536"},
    {.what = "64, extended numbers", .option = "esp", .value = "aes128gcm16-esn"},
    {.what = "64, ChaCha20-Poly1305", .option = "esp", .value = "chacha20poly1305-noesn"},
    {.what = "64, AES-CBC with HMAC", .option = "esp", .value = "aes256-sha256-esn"},
};

static int tape;

static void replay_all(void *ctx)
{
    (void)ctx;
    struct sd_replay again = {
        .tap = tape, .from = attacker, .index = -1, .copies = 2, .spacing = SD_MS};
    assert_true(sd_lab_replay(lab, &again) >= 400);
}

static void stream(void *ctx)
{
    (void)ctx;
    assert_int_equal(sd_lab_stream(lab, conn, client, 200, 5 * SD_MS, 200), SD_OK);
}

static void test_replays(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(windows); i++) {
        row = &windows[i];
        build(200000);
        sd_lab_on_event(lab, NULL, NULL);
        tape = sd_lab_tap(
            lab, &(struct sd_tap){.at = middle, .from = client, .to = server, .data = true});
        conn = sd_lab_connect(lab, &(struct sd_lab_connect){.client = client, .server = server});
        sd_lab_at(lab, SD_SECOND, stream, NULL);
        sd_lab_at(lab, 3 * SD_SECOND, replay_all, NULL);
        sd_lab_run(lab, 10 * SD_SECOND);
        uint64_t received = metric("stream.received", server),
                 twice = metric("delivered_twice", server);
        /* An extended number below the window is taken for one far above: its tag is wrong. */
        uint64_t refused = metric("drops.replay", server) + metric("drops.auth", server);
        bool wide = i > 0; /* who was overtaken is too old for a window of 1 */
        if (twice != 0 || refused < 400 || received < (wide ? 200u : 100u))
            fail_msg("%s: %llu of 200 delivered, %llu twice, %llu refused", row->what,
                     (unsigned long long)received, (unsigned long long)twice,
                     (unsigned long long)refused);
        teardown(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_downloads, teardown),
        cmocka_unit_test_teardown(test_replays, teardown),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
