/* test_wireguard_load.c - many peers on one server, and floods: what they cost in memory and in
 * operations.  Units go from hand to hand, without a network. */
#include "protocols/wireguard/agent.h"
#include "protocols/wireguard/wire.h"
#include "sim/core/settle.h"
#include "tests/core/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNITS 8

/* An agent and what it has said since it was last asked. */
struct end {
    struct sd_env env;
    struct sd_seat seat;
    struct sd_addr address;
    uint8_t unit[UNITS][256];
    size_t len[UNITS], units;
    size_t ready;
};

static void keep_unit(void *ctx, const struct sd_unit *u)
{
    struct end *e = ctx;
    assert_true(e->units < UNITS && u->len <= sizeof e->unit[0]);
    memcpy(e->unit[e->units], u->data, u->len);
    e->len[e->units++] = u->len;
}

static void keep_event(void *ctx, const struct sd_event *event)
{
    struct end *e = ctx;
    e->ready += event->kind == SD_EV_READY;
}

static const struct sd_sink sink = {.unit = keep_unit, .event = keep_event};

static void start(struct end *e, const struct sd_config *config, uint64_t seed)
{
    struct sd_error error;
    memset(e, 0, sizeof *e);
    assert_int_equal(sd_env_init(&e->env, seed), SD_OK);
    if (sd_seat_init(&e->seat, &sd_wireguard_agent, config, &e->env, &sink, e, 0, &error) != SD_OK)
        fail_msg("expected an agent, found: %s", error.text);
}

static void stop(struct end *e)
{
    sd_seat_fini(&e->seat);
    assert_int_equal(sd_heap_bytes(&e->env), 0);
    sd_env_fini(&e->env);
}

/* Hands over everything that `from` has said; the last result. */
static int hand_over(struct end *from, struct end *to, sd_time now)
{
    int result = SD_OK;
    size_t n = from->units;
    from->units = 0;
    for (size_t i = 0; i < n; i++) {
        struct sd_unit u = {.path = {.remote = from->address, .local = to->address},
                            .data = from->unit[i],
                            .len = from->len[i]};
        result = sd_seat_net_in(&to->seat, now, &u);
    }
    return result;
}

/* -- many peers -- */

struct crowd {
    uint32_t count;
    struct sd_identity server_identity, *identity;
    struct sd_peer *peer;     /* the server's */
    struct sd_peer to_server; /* every client's */
    struct end server, *client;
    uint64_t server_bytes, client_bytes;
};

static void gather(struct crowd *c, uint32_t count, enum sd_validation validation)
{
    memset(c, 0, sizeof *c);
    c->count = count;
    c->identity = calloc(count, sizeof *c->identity);
    c->peer = calloc(count, sizeof *c->peer);
    c->client = calloc(count, sizeof *c->client);
    assert_true(c->identity && c->peer && c->client);
    sd_identity_x25519("server", c->server_identity.x25519_private,
                       c->server_identity.x25519_public);
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "client %u", i);
        sd_identity_x25519(name, c->identity[i].x25519_private, c->identity[i].x25519_public);
        memcpy(c->peer[i].public_key, c->identity[i].x25519_public, 32);
        c->peer[i].inner_net = UINT32_C(0x0a800000) + i;
        c->peer[i].inner_prefix = 32;
    }
    memcpy(c->to_server.public_key, c->server_identity.x25519_public, 32);
    const struct sd_config server = {.role = SD_ROLE_SERVER,
                                     .identity = &c->server_identity,
                                     .peers = c->peer,
                                     .peer_count = count,
                                     .validation = validation};
    start(&c->server, &server, 1);
    c->server.address = sd_ipv4(10, 0, 0, 1, WG_PORT);
    for (uint32_t i = 0; i < count; i++) {
        const struct sd_config client = {.role = SD_ROLE_CLIENT,
                                         .identity = &c->identity[i],
                                         .peers = &c->to_server,
                                         .peer_count = 1};
        start(&c->client[i], &client, 2 + i);
        c->client[i].address = sd_ipv4_word(UINT32_C(0x0b000000) + i, 40000);
    }
}

static void all_open(struct crowd *c)
{
    const struct sd_open open = {.path.remote = c->server.address};
    for (uint32_t i = 0; i < c->count; i++) {
        sd_time now = (sd_time)i * SD_MS;
        sd_sid sid;
        assert_int_equal(sd_seat_open(&c->client[i].seat, now, &open, &sid), SD_OK);
        hand_over(&c->client[i], &c->server, now);
        hand_over(&c->server, &c->client[i], now);
        assert_int_equal(hand_over(&c->client[i], &c->server, now), SD_OK);
    }
    c->server_bytes = sd_heap_bytes(&c->server.env);
    c->client_bytes = sd_heap_bytes(&c->client[0].env);
}

static void disperse(struct crowd *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        stop(&c->client[i]);
    stop(&c->server);
    free(c->identity);
    free(c->peer);
    free(c->client);
}

static void test_many_peers(void **state)
{
    (void)state;
    static const uint32_t counts[] = {200, 4000};
    uint64_t each[2];
    for (size_t i = 0; i < SD_ROWS(counts); i++) {
        struct crowd c;
        struct sd_stats s;
        gather(&c, counts[i], SD_VALIDATE_DEFAULT);
        all_open(&c);
        sd_seat_stats(&c.server.seat, &s);
        assert_int_equal(s.sessions, counts[i]);
        assert_int_equal(s.half_open, 0);
        assert_int_equal(s.half_open_peak, 1);
        assert_int_equal(s.handshakes, counts[i]);
        assert_int_equal(c.server.ready, counts[i]);
        /* Per peer on the server: keygen, four agreements, and nothing that grows. */
        assert_int_equal(sd_account_calls(&c.server.env.account, SD_OP_DERIVE), 4 * counts[i]);
        assert_int_equal(sd_account_calls(&c.server.env.account, SD_OP_KEYGEN), counts[i]);
        each[i] = c.server_bytes / counts[i];
        print_message("          %u peers: %llu bytes each on the server, %llu on a client\n",
                      counts[i], (unsigned long long)each[i], (unsigned long long)c.client_bytes);
        /* Everybody's keys end at their own time, one after the other. */
        sd_time deadline, last = 0;
        size_t fired = 0;
        while ((deadline = sd_seat_deadline(&c.server.seat)) != SD_NEVER) {
            assert_true(deadline >= last);
            last = deadline;
            sd_seat_expire(&c.server.seat, deadline);
            fired++;
        }
        assert_int_equal(fired, counts[i]);
        sd_seat_stats(&c.server.seat, &s);
        assert_int_equal(s.sessions, 0);
        disperse(&c);
    }
    assert_in_range(each[1] * 10, each[0] * 7, each[0] * 13);
}

/* -- floods -- */

/* A stranger's initiation, well made but for its static key, which the server does not know.  The
 * server keeps nothing of it, so that the same bytes serve for the whole flood. */
struct flood {
    struct end *server;
    uint8_t message[sizeof(struct wg_initiation)];
    uint32_t sent; /* every copy comes from a source of its own */
};

static void flood_prepare(struct flood *f, struct crowd *c)
{
    struct sd_identity nobody;
    struct end stranger;
    sd_sid sid;
    sd_identity_x25519("nobody", nobody.x25519_private, nobody.x25519_public);
    const struct sd_config config = {
        .role = SD_ROLE_CLIENT, .identity = &nobody, .peers = &c->to_server, .peer_count = 1};
    const struct sd_open open = {.path.remote = c->server.address};
    start(&stranger, &config, 77);
    assert_int_equal(sd_seat_open(&stranger.seat, SD_MS, &open, &sid), SD_OK);
    assert_int_equal(stranger.units, 1);
    assert_int_equal(stranger.len[0], sizeof f->message);
    *f = (struct flood){.server = &c->server};
    memcpy(f->message, stranger.unit[0], sizeof f->message);
    stop(&stranger);
}

/* One copy.  What the server answers goes to nobody; *answers counts it. */
static int flood_one(struct flood *f, sd_time now, uint64_t *answers)
{
    struct sd_addr source =
        sd_ipv4_word(UINT32_C(0x20000000) + f->sent, (uint16_t)(1024 + f->sent % 50000));
    struct sd_unit u = {.path = {.remote = source, .local = f->server->address},
                        .data = f->message,
                        .len = sizeof f->message};
    f->sent++;
    f->server->units = 0;
    int result = sd_seat_net_in(&f->server->seat, now, &u);
    *answers += f->server->units;
    f->server->units = 0;
    return result;
}

static void test_floods(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum sd_validation validation;
        uint32_t rate; /* per second */
        int reason;    /* for the last of them */
        bool computes; /* an agreement for each */
        bool replies;
    } rows[] = {
        {"no validation", SD_VALIDATE_NEVER, 10000, SD_DROP_UNKNOWN, true, false},
        {"below the threshold", SD_VALIDATE_DEFAULT, 1000, SD_DROP_UNKNOWN, true, false},
        {"above the threshold", SD_VALIDATE_DEFAULT, 10000, SD_DROP_UNVALIDATED, false, true},
        {"always validated", SD_VALIDATE_ALWAYS, 10000, SD_DROP_UNVALIDATED, false, true},
    };
    enum { WARM = 1000, FLOOD = 4000 };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct crowd c;
        struct flood f;
        struct sd_stats s;
        int result = SD_OK;
        gather(&c, 10, rows[i].validation);
        flood_prepare(&f, &c);
        uint64_t bytes = 0, derived = 0, answers = 0;
        for (uint32_t n = 0; n < WARM + FLOOD; n++) {
            if (n == WARM) {
                bytes = sd_heap_bytes(&c.server.env);
                derived = sd_account_calls(&c.server.env.account, SD_OP_DERIVE);
                answers = 0;
            }
            result = flood_one(&f, SD_SECOND + n * (SD_SECOND / rows[i].rate), &answers);
        }
        print_message("          %s\n", rows[i].name);
        assert_int_equal(result, rows[i].reason);
        assert_int_equal(answers, rows[i].replies ? FLOOD : 0);
        assert_int_equal(sd_heap_bytes(&c.server.env), bytes);
        derived = sd_account_calls(&c.server.env.account, SD_OP_DERIVE) - derived;
        assert_int_equal(derived, rows[i].computes ? FLOOD : 0);
        sd_seat_stats(&c.server.seat, &s);
        assert_int_equal(s.half_open_peak, 0);
        assert_int_equal(s.bytes_from_unvalidated, 148u * (WARM + FLOOD));
        assert_true(s.bytes_to_unvalidated <= 64u * (WARM + FLOOD)); /* 0.43 at most */
        disperse(&c);
    }
}

#define FLOOD_GAP (SD_SECOND / 10000)

static sd_time flood_until(struct flood *f, sd_time now, sd_time until)
{
    uint64_t answers = 0;
    for (; now < until; now += FLOOD_GAP)
        flood_one(f, now, &answers);
    return now;
}

/* An honest client beside a flood: refused once, then let in by its cookie. */
static void test_honest_client_in_a_flood(void **state)
{
    (void)state;
    struct crowd c;
    struct flood f;
    struct sd_stats s;
    sd_sid sid;
    gather(&c, 1, SD_VALIDATE_DEFAULT);
    flood_prepare(&f, &c);
    struct end *client = &c.client[0], *server = &c.server;
    const struct sd_open open = {.path.remote = server->address};
    struct sd_control close = {.verb = SD_CLOSE};

    sd_time now = flood_until(&f, SD_SECOND, 1300 * SD_MS);
    assert_int_equal(sd_seat_open(&client->seat, now, &open, &sid), SD_OK);
    assert_int_equal(hand_over(client, server, now), SD_DROP_UNVALIDATED);
    assert_int_equal(hand_over(server, client, now), SD_OK);
    assert_int_equal(client->units, 0); /* it waits for its timer */

    sd_time retry = sd_seat_deadline(&client->seat);
    assert_in_range(retry - now, WG_REKEY_TIMEOUT, WG_REKEY_TIMEOUT + WG_REKEY_JITTER);
    now = flood_until(&f, now, retry);
    sd_seat_expire(&client->seat, now);
    assert_int_equal(hand_over(client, server, now), SD_OK);
    assert_int_equal(hand_over(server, client, now), SD_OK);
    assert_int_equal(hand_over(client, server, now), SD_OK);
    sd_seat_stats(&server->seat, &s);
    assert_int_equal(s.sessions, 1);
    assert_int_equal(client->ready, 1);

    /* Even a good cookie buys five handshakes at once, then twenty a second (the peer's own limit
     * of one in 20 ms is wider): at one in 25 ms, the ninth is too fast, and then every other. */
    for (int i = 1; i <= 20; i++) {
        int expected = i >= 9 && i % 2 == 1 ? SD_DROP_RATE : SD_OK;
        now = flood_until(&f, now, now + 25 * SD_MS);
        sd_seat_control(&client->seat, now, sid, &close);
        assert_int_equal(sd_seat_open(&client->seat, now, &open, &sid), SD_OK);
        int found = hand_over(client, server, now);
        if (found != expected)
            fail_msg("handshake %d: expected %s, found %s", i, sd_result_name(expected),
                     sd_result_name(found));
    }
    disperse(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_peers),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_honest_client_in_a_flood),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
