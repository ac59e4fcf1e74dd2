/* test_esp_data.c - the data path: which child a packet leaves through and who may send what, both
 * modes, padding that hides lengths, rekeying without a lost packet, lifetimes. */
#include "protocols/ipsec/esp.h"
#include "sim/core/reader.h"
#include "tests/core/unit.h"
#include <string.h>

#define NET(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define LEFT            NET(10, 0, 0, 1)
#define RIGHT           NET(10, 0, 1, 1)

static const struct cipher_suite gcm = {CIPHER_AES_GCM_16, 128, CIPHER_NO_INTEGRITY};
static const uint8_t keys[2][CIPHER_KEY_MAX] = {"towards the right", "towards the left"};

/* One end: an agent's share of it. */
struct end {
    struct sd_env env;
    struct sd_outbox outbox;
    struct sd_stats stats;
    struct esp_sad sad;
    struct sd_path path;
};
static struct end left, right;
static uint8_t wire[70000];
static size_t wire_len;

static int setup(void **state)
{
    struct end *const ends[] = {&left, &right};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct end *e = ends[i];
        memset(e, 0, sizeof *e);
        assert_int_equal(sd_env_init(&e->env, 1 + i), SD_OK);
        sd_outbox_init(&e->outbox, &e->env);
        esp_sad_init(&e->sad, &e->env, &e->outbox, &e->stats);
        e->path.remote = sd_ipv4(192, 0, 2, (uint8_t)(1 + i), 4500);
        e->path.remote.proto = SD_PROTO_UDP;
    }
    return 0;
}

static int teardown(void **state)
{
    struct end *const ends[] = {&left, &right};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        esp_sad_fini(&ends[i]->sad);
        sd_outbox_fini(&ends[i]->outbox);
        assert_int_equal(sd_heap_bytes(&ends[i]->env), 0);
        sd_env_fini(&ends[i]->env);
    }
    return 0;
}

static struct esp_selectors only(struct esp_selector s)
{
    return (struct esp_selectors){.at = {s}, .count = 1};
}

/* The pair's n-th child, from the left's point of view; what is not given is as below. */
static struct esp_child_config config(uint32_t n, struct esp_selector near, struct esp_selector far)
{
    return (struct esp_child_config){.suite = gcm,
                                     .spi_in = 0x1000 + n,
                                     .spi_out = 0x2000 + n,
                                     .key_in = keys[1],
                                     .key_out = keys[0],
                                     .local = only(near),
                                     .remote = only(far),
                                     .path = &left.path,
                                     .sid = 7};
}

static struct esp_child *add_left(const struct esp_child_config *c, sd_time now)
{
    return esp_child_add(&left.sad, now, c);
}

static struct esp_child *add_right(struct esp_child_config c, sd_time now)
{
    uint32_t spi = c.spi_in;
    struct esp_selectors near = c.local;
    c.spi_in = c.spi_out;
    c.spi_out = spi;
    c.key_in = keys[0];
    c.key_out = keys[1];
    c.local = c.remote;
    c.remote = near;
    c.path = &right.path;
    return esp_child_add(&right.sad, now, &c);
}

static void add_both(const struct esp_child_config *c, sd_time now)
{
    assert_non_null(add_left(c, now));
    assert_non_null(add_right(*c, now));
}

/* A UDP datagram with len bytes of data. */
static size_t inner(uint8_t *ip, uint32_t from, uint32_t to, uint8_t proto, uint16_t to_port,
                    size_t len)
{
    struct sd_writer w = sd_writer_of(ip, 28 + len);
    sd_put16(&w, 0x4500);
    sd_put16(&w, (uint16_t)(28 + len));
    sd_put32(&w, 0);
    sd_put8(&w, 64);
    sd_put8(&w, proto);
    sd_put16(&w, 0);
    sd_put32(&w, from);
    sd_put32(&w, to);
    sd_put16(&w, 1024);
    sd_put16(&w, to_port);
    sd_put32(&w, (uint32_t)(8 + len) << 16);
    for (size_t i = 0; i < len; i++)
        sd_put8(&w, (uint8_t)i);
    return 28 + len;
}

/* What left one end arrives at the other. */
static int carry(struct end *from, struct end *to, sd_time now, struct esp_received *received)
{
    struct sd_unit u = {.data = wire, .cap = sizeof wire};
    assert_int_equal(sd_outbox_pull_unit(&from->outbox, &u), 1);
    wire_len = u.len;
    uint8_t copy[4096];
    memcpy(copy, wire, wire_len);
    return esp_in(&to->sad, now, wire, wire_len, received);
}

static void expect_delivered(struct end *at, const uint8_t *ip, size_t len)
{
    struct sd_event e;
    assert_int_equal(sd_outbox_pull_event(&at->outbox, &e), 1);
    assert_int_equal(e.kind, SD_EV_DATA);
    assert_int_equal(e.sid, 7);
    assert_int_equal(e.len, len);
    assert_memory_equal(e.data, ip, len);
}

static void expect_nothing(struct end *at)
{
    struct sd_event e;
    assert_int_equal(sd_outbox_pull_event(&at->outbox, &e), 0);
}

/* RFC 4301 4.4.1: the selectors say through which child a packet leaves, if through any. */
static void test_selectors(void **state)
{
    (void)state;
    struct esp_selector web = esp_selector_of(RIGHT, 32), net = esp_selector_of(RIGHT, 24),
                        here = esp_selector_of(LEFT, 32);
    web.proto = SD_PROTO_TCP;
    web.first_port = web.last_port = 80;
    net.proto = SD_PROTO_UDP;
    struct esp_child_config a = config(1, here, web), b = config(2, here, net);
    struct esp_child *children[3] = {NULL, add_left(&a, 0), add_left(&b, 0)};
    static const struct {
        uint32_t from, to;
        uint8_t proto;
        uint16_t port;
        int child; /* 0: none */
    } rows[] = {
        {LEFT, RIGHT, SD_PROTO_TCP, 80, 1},     {LEFT, RIGHT, SD_PROTO_TCP, 81, 0},
        {LEFT, RIGHT, SD_PROTO_UDP, 80, 2},     {LEFT, RIGHT + 5, SD_PROTO_UDP, 9, 2},
        {LEFT, RIGHT + 5, SD_PROTO_TCP, 80, 0}, {LEFT, RIGHT + 256, SD_PROTO_UDP, 9, 0},
        {LEFT + 1, RIGHT, SD_PROTO_UDP, 9, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t ip[64];
        struct esp_child *used;
        size_t len = inner(ip, rows[i].from, rows[i].to, rows[i].proto, rows[i].port, 8);
        int result = esp_out(&left.sad, 0, ip, len, &used);
        if (used != children[rows[i].child] || result != (rows[i].child ? SD_OK : SD_DROP_POLICY))
            fail_msg("row %zu: expected child %d, found SPI %x", i + 1, rows[i].child,
                     used ? used->set.spi_in : 0);
    }
    assert_int_equal(left.stats.dropped[SD_DROP_POLICY], 4);
}

/* 5.2: a peer may send only what its child is for. */
static void test_policy_in(void **state)
{
    (void)state;
    struct esp_child_config wide = config(1, esp_selector_of(0, 0), esp_selector_of(0, 0));
    struct esp_child_config narrow =
        config(1, esp_selector_of(LEFT, 32), esp_selector_of(RIGHT, 32));
    struct esp_received r;
    struct esp_child *used;
    uint8_t ip[64];
    add_left(&wide, 0);
    add_right(narrow, 0);
    size_t len = inner(ip, LEFT + 1, RIGHT, SD_PROTO_UDP, 9, 8);
    assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_OK);
    assert_int_equal(carry(&left, &right, 0, &r), SD_DROP_POLICY);
    expect_nothing(&right);
    len = inner(ip, LEFT, RIGHT, SD_PROTO_UDP, 9, 8);
    assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_OK);
    assert_int_equal(carry(&left, &right, 0, &r), SD_OK);
    expect_delivered(&right, ip, len);
}

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        bool transport;
        uint16_t pad_to;
        size_t data, wire;
    } rows[] = {
        {false, 0, 10, 8 + 8 + 40 + 16}, /* 38 of inner packet, 2 of trailer */
        {false, 0, 11, 8 + 8 + 44 + 16},
        {false, 1000, 10, 8 + 8 + 1004 + 16}, /* RFC 4303 2.7 */
        {false, 1000, 900, 8 + 8 + 1004 + 16},
        {true, 0, 10, 8 + 8 + 20 + 16},    /* without the 20 of the IP header */
        {true, 1000, 10, 8 + 8 + 20 + 16}, /* nothing but IP could tell where it ends */
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct esp_child_config c =
            config((uint32_t)i, esp_selector_of(LEFT, 32), esp_selector_of(RIGHT, 32));
        struct esp_received r;
        struct esp_child *used;
        uint8_t ip[1000];
        struct sd_event e;
        c.transport = rows[i].transport;
        c.pad_to = rows[i].pad_to;
        add_both(&c, 0);
        size_t len = inner(ip, LEFT, RIGHT, SD_PROTO_UDP, 9, rows[i].data);
        assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_OK);
        assert_int_equal(carry(&left, &right, 0, &r), SD_OK);
        assert_int_equal(wire_len, rows[i].wire);
        assert_int_equal(sd_outbox_pull_event(&right.outbox, &e), 1);
        assert_int_equal(e.len, len);
        assert_memory_equal(e.data + 20, ip + 20, len - 20);
        assert_memory_equal(e.data + 12, ip + 12, 8); /* both addresses */
        assert_int_equal(e.data[9], SD_PROTO_UDP);
    }
}

static void test_transport_refuses(void **state)
{
    (void)state;
    struct esp_child_config c = config(1, esp_selector_of(LEFT, 32), esp_selector_of(RIGHT, 24));
    struct esp_child *used;
    uint8_t ip[64];
    c.transport = true;
    assert_null(add_left(&c, 0)); /* whose packets would they be? */
    c = config(1, esp_selector_of(LEFT, 32), esp_selector_of(RIGHT, 32));
    c.transport = true;
    assert_non_null(add_left(&c, 0));
    size_t len = inner(ip, LEFT, RIGHT, SD_PROTO_UDP, 9, 8);
    ip[6] = 0x20; /* more fragments */
    assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_DROP_POLICY);
}

/* RFC 4303 2.6 */
static void test_dummy(void **state)
{
    (void)state;
    struct esp_child_config c = config(1, esp_selector_of(LEFT, 32), esp_selector_of(RIGHT, 32));
    struct esp_received r;
    add_both(&c, 0);
    assert_int_equal(esp_out_dummy(&left.sad, 0, left.sad.newest, 500), SD_OK);
    assert_int_equal(carry(&left, &right, 0, &r), SD_OK);
    assert_true(wire_len > 500);
    assert_non_null(r.child);
    expect_nothing(&right);
}

static void send_one(sd_time now, uint32_t spi, int expected)
{
    struct esp_received r;
    struct esp_child *used;
    uint8_t ip[64];
    size_t len = inner(ip, LEFT, RIGHT, SD_PROTO_UDP, 9, 8);
    assert_int_equal(esp_out(&left.sad, now, ip, len, &used), SD_OK);
    assert_int_equal(carry(&left, &right, now, &r), expected);
    struct sd_reader reader = sd_reader_of(wire, 4);
    assert_int_equal(sd_get32(&reader), spi);
    if (expected == SD_OK)
        expect_delivered(&right, ip, len);
}

/* RFC 7296 2.8: the old child is there until it is deleted; who answered the rekey waits with the
 * new one until the peer has used it, or until it is the only one. */
static void test_rekey(void **state)
{
    (void)state;
    struct esp_child_config old = config(1, esp_selector_of(LEFT, 32), esp_selector_of(RIGHT, 32));
    struct esp_child_config young = config(2, old.local.at[0], old.remote.at[0]);
    struct esp_received r;
    struct esp_child *used;
    uint8_t ip[64], late[4096];
    add_both(&old, 0);
    send_one(0, 0x2001, SD_OK);

    size_t len = inner(ip, LEFT, RIGHT, SD_PROTO_UDP, 9, 8);
    struct sd_unit u = {.data = late, .cap = sizeof late};
    assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_OK); /* under way on the old one */
    assert_int_equal(sd_outbox_pull_unit(&left.outbox, &u), 1);

    add_left(&young, 0);
    young.hold = true;
    add_right(young, 0);
    size_t back = inner(ip, RIGHT, LEFT, SD_PROTO_UDP, 9, 8);
    assert_int_equal(esp_out(&right.sad, 0, ip, back, &used), SD_OK);
    assert_int_equal(used->set.spi_in, 0x2001); /* the held one waits */
    assert_int_equal(carry(&right, &left, 0, &r), SD_OK);
    expect_delivered(&left, ip, back);

    send_one(0, 0x2002, SD_OK); /* the left has begun with the new one */
    assert_int_equal(esp_out(&right.sad, 0, ip, back, &used), SD_OK);
    assert_int_equal(used->set.spi_in, 0x2002); /* and so has the right */
    assert_int_equal(carry(&right, &left, 0, &r), SD_OK);
    expect_delivered(&left, ip, back);

    assert_int_equal(esp_in(&right.sad, 0, late, u.len, &r), SD_OK); /* late, and not lost */
    len = inner(ip, LEFT, RIGHT, SD_PROTO_UDP, 9, 8);
    expect_delivered(&right, ip, len);
    esp_child_remove(&right.sad, esp_child_find(&right.sad, 0x2001));
    assert_int_equal(esp_in(&right.sad, 0, late, u.len, &r), SD_DROP_UNKNOWN);
}

static void test_only_held(void **state)
{
    (void)state;
    struct esp_child_config c = config(1, esp_selector_of(LEFT, 32), esp_selector_of(RIGHT, 32));
    c.hold = true;
    add_both(&c, 0);
    send_one(0, 0x2001, SD_OK);
}

static void expect_due(sd_time now, uint32_t spi, enum esp_due what)
{
    enum esp_due found;
    struct esp_child *c = esp_due(&left.sad, now, &found);
    if (!c || c->set.spi_in != spi || found != what)
        fail_msg("at %llu s: expected SPI %x %s, found SPI %x",
                 (unsigned long long)(now / SD_SECOND), spi, what == ESP_DUE_SOFT ? "soft" : "hard",
                 c ? c->set.spi_in : 0);
}

static void expect_none_due(sd_time now)
{
    enum esp_due what;
    assert_null(esp_due(&left.sad, now, &what));
}

/* By time, by bytes, by packets; each limit is told once. */
static void test_lifetimes(void **state)
{
    (void)state;
    struct esp_selector l = esp_selector_of(LEFT, 32), r = esp_selector_of(RIGHT, 32);
    struct esp_child_config c = config(1, l, r);
    struct esp_child *used;
    uint8_t ip[64];
    size_t len = inner(ip, LEFT, RIGHT, SD_PROTO_UDP, 9, 8);

    c.soft.age = 10 * SD_SECOND;
    c.hard.age = 12 * SD_SECOND;
    add_left(&c, SD_SECOND);
    assert_true(esp_deadline(&left.sad) == 11 * SD_SECOND);
    expect_none_due(10 * SD_SECOND);
    expect_due(11 * SD_SECOND, 0x1001, ESP_DUE_SOFT);
    expect_none_due(11 * SD_SECOND);
    assert_true(esp_deadline(&left.sad) == 13 * SD_SECOND);
    expect_due(13 * SD_SECOND, 0x1001, ESP_DUE_HARD);
    expect_none_due(14 * SD_SECOND);
    assert_int_equal(esp_out(&left.sad, 13 * SD_SECOND, ip, len, &used), SD_DROP_STATE);
    assert_true(esp_deadline(&left.sad) == SD_NEVER);
    esp_child_remove(&left.sad, left.sad.newest);

    c = config(2, l, r);
    c.soft.packets = 3;
    c.hard.bytes = 5 * len;
    add_left(&c, 0);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_OK);
        if (i == 3)
            expect_due(0, 0x1002, ESP_DUE_SOFT);
        if (i < 5)
            expect_none_due(0);
    }
    expect_due(0, 0x1002, ESP_DUE_HARD);
    expect_none_due(0);
    assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_DROP_STATE);
    assert_null(used);

    /* Without extended numbers a child asks to be replaced before they are used up. */
    c = config(3, l, r);
    add_left(&c, 0);
    left.sad.newest->out.packets = left.sad.newest->out.sequence = UINT32_MAX - (1u << 24);
    assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_OK);
    expect_due(0, 0x1003, ESP_DUE_SOFT);
}

/* Many children: SPIs are found, are never given twice, and go. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 500 };
    static uint32_t spis[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        struct esp_child_config c =
            config(i, esp_selector_of(LEFT, 32), esp_selector_of(RIGHT + i, i % 3 ? 32 : 30));
        spis[i] = c.spi_in = esp_spi_new(&left.sad);
        assert_true(c.spi_in >= ESP_SPI_MIN);
        assert_non_null(add_left(&c, 0));
    }
    for (uint32_t i = 0; i < MANY; i++) {
        struct esp_child *used;
        uint8_t ip[64];
        size_t len = inner(ip, LEFT, RIGHT + i, SD_PROTO_UDP, 9, 8);
        assert_int_equal(esp_child_find(&left.sad, spis[i])->set.spi_in, spis[i]);
        assert_int_equal(esp_out(&left.sad, 0, ip, len, &used), SD_OK);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        esp_child_remove(&left.sad, esp_child_find(&left.sad, spis[i]));
        assert_null(esp_child_find(&left.sad, spis[i]));
    }
    assert_null(left.sad.newest);
    assert_null(left.sad.oldest);
}

/* RFC 7296 2.9 */
static void test_narrowing(void **state)
{
    (void)state;
    struct esp_selector tcp = esp_selector_of(NET(10, 0, 0, 0), 8);
    tcp.proto = SD_PROTO_TCP;
    tcp.first_port = 80;
    tcp.last_port = 90;
    struct esp_selectors mine = {.at = {tcp, esp_selector_of(NET(10, 1, 0, 0), 16)}, .count = 2};
    struct esp_selectors theirs = only(esp_selector_of(NET(10, 1, 2, 0), 24));
    struct esp_selectors both = esp_selectors_narrow(&mine, &theirs);
    assert_int_equal(both.count, 2);
    assert_int_equal(both.at[0].proto, SD_PROTO_TCP);
    assert_int_equal(both.at[0].first_port, 80);
    assert_int_equal(both.at[0].first_ip, NET(10, 1, 2, 0));
    assert_int_equal(both.at[1].last_ip, NET(10, 1, 2, 255));
    assert_int_equal(both.at[1].proto, 0);
    theirs = only(esp_selector_of(NET(11, 0, 0, 0), 8));
    assert_int_equal(esp_selectors_narrow(&mine, &theirs).count, 0);
}

#define data_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(test_selectors),         data_test(test_policy_in), data_test(test_modes),
        data_test(test_transport_refuses), data_test(test_dummy),     data_test(test_rekey),
        data_test(test_only_held),         data_test(test_lifetimes), data_test(test_many),
        cmocka_unit_test(test_narrowing),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
