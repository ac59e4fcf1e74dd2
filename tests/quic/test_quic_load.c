/* test_quic_load.c - crowds and strangers: amplification, places for handshakes, tokens, early data
 * that comes twice or not at all, many clients; and the same seed twice. */
#include <string.h>

#include "tests/quic/pair.h"

static struct sd_addr stranger(uint32_t n)
{
    struct sd_addr a = sd_ipv4_word(0x0a800000 + n, (uint16_t)(1024 + n % 60000));
    a.proto = SD_PROTO_UDP;
    return a;
}

/* The first datagram gets lost. */
static void open_unheard(struct pair *p)
{
    sd_mem_link(p->mem)->loss_ppm = SD_PPM;
    pair_open(p, NULL);
    sd_mem_link(p->mem)->loss_ppm = 0;
}

/* A datagram of the client, before anything that is under way, as if a stranger had sent it. */
static void knock(struct pair *p, size_t unit, uint32_t n)
{
    struct sd_mem_unit u = *sd_mem_unit(p->mem, unit);
    struct sd_path path = {.local = u.path.local, .remote = stranger(n)};
    sd_mem_inject(p->mem, p->server, &path, u.data, u.len);
}

/* -- amplification (RFC 9000 8.1) -- */

static void test_amplification(void **state)
{
    (void)state;
    static const struct {
        enum sd_validation validation;
        const char *identity;
        uint64_t most; /* percent */
    } rows[] = {
        {SD_VALIDATE_NEVER, "server.example", 300},
        {SD_VALIDATE_NEVER, "server.rsa.example", 300},
        {SD_VALIDATE_ALWAYS, "server.example", 20},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){.identity = rows[i].identity,
                                             .name = rows[i].identity,
                                             .validation = rows[i].validation});
        sd_mem_link(p.mem)->loss_ppm = SD_PPM; /* the honest one is not heard */
        pair_open(&p, NULL);
        knock(&p, 0, 1);
        pair_run(&p, 60 * SD_SECOND);
        struct sd_stats s = pair_stats(&p, p.server);
        uint64_t percent = 100 * s.bytes_to_unvalidated / s.bytes_from_unvalidated;
        print_message("          %llu bytes for %llu\n", (unsigned long long)s.bytes_to_unvalidated,
                      (unsigned long long)s.bytes_from_unvalidated);
        pair_check(&p, 1200, s.bytes_from_unvalidated, "bytes from");
        pair_check(&p, true, percent > 0 && percent <= rows[i].most, "answers in their bounds");
        pair_check(&p, 0, s.half_open, "half open, once it was silent for long");
        pair_end(&p);
    }
}

/* -- places -- */

static void test_places(void **state)
{
    (void)state;
    enum { PLACES = 20, CLIENTS = 50 };
    static const struct {
        enum sd_validation validation;
        uint64_t peak;
        size_t retries, refused;
    } rows[] = {
        {SD_VALIDATE_NEVER, PLACES, 0, CLIENTS - PLACES},
        {SD_VALIDATE_DEFAULT, PLACES / 2, CLIENTS - PLACES / 2, 0},
        {SD_VALIDATE_ALWAYS, 0, CLIENTS, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_make(
            &p, &(struct pair_options){.validation = rows[i].validation, .half_open_max = PLACES});
        for (uint32_t n = 0; n < CLIENTS; n++)
            open_unheard(&p);
        for (uint32_t n = 0; n < CLIENTS; n++)
            knock(&p, n, n);
        pair_run(&p, SD_MS);
        struct sd_stats s = pair_stats(&p, p.server);
        pair_check(&p, rows[i].peak, s.half_open_peak, "half open at once");
        pair_check(&p, rows[i].retries, s.dropped[SD_DROP_UNVALIDATED], "asked for a token");
        pair_check(&p, rows[i].refused, s.dropped[SD_DROP_FULL], "refused");
        pair_run(&p, 60 * SD_SECOND);
        pair_check(&p, 0, pair_stats(&p, p.server).half_open, "left after a minute");
        pair_check(&p, true, pair_stats(&p, p.server).state_bytes < 32768, "state after a minute");
        pair_end(&p);
    }
}

static void test_many_clients(void **state)
{
    (void)state;
    enum { CLIENTS = 200 };
    struct pair p;
    pair_make(&p, &(struct pair_options){.reply = 100});
    for (uint64_t n = 0; n < CLIENTS; n++) {
        int client = sd_mem_add(p.mem, &sd_quic_agent, &p.config[0], 1000 + n);
        int talk = sd_mem_connect(p.mem, client, p.server);
        sd_mem_send(p.mem, client, sd_mem_sid(p.mem, talk), 0, pair_bytes(64), 64, false);
    }
    pair_run(&p, SD_SECOND);
    pair_check(&p, CLIENTS, pair_stats(&p, p.server).sessions, "sessions");
    pair_check(&p, CLIENTS * 64, pair_heard(&p, p.server, 0), "bytes of requests");
    pair_end(&p);
}

/* -- tokens -- */

static void test_a_token_is_of_an_address(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        int reason; /* why it is of no use elsewhere */
    } rows[] = {{"cookie", SD_DROP_AUTH}, {"token", SD_DROP_UNVALIDATED}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_make_known(&p, &(struct pair_options){.mode = rows[i].mode});
        pair_open(&p, NULL);
        if (strcmp(rows[i].mode, "cookie") == 0)
            pair_run(&p, RTT);
        size_t last = sd_mem_units(p.mem) - 1;
        uint64_t before = pair_stats(&p, p.server).dropped[rows[i].reason];
        knock(&p, last, 1); /* it gets there before the honest one */
        pair_run(&p, 0);
        pair_check(&p, before + 1, pair_stats(&p, p.server).dropped[rows[i].reason], "dropped");
        pair_run(&p, SD_SECOND);
        pair_check(&p, 1, pair_count(&p, p.client, SD_EV_READY), "the honest one is ready");
        pair_end(&p);
    }
}

/* -- early data -- */

static void test_early_refused(void **state)
{
    (void)state;
    struct pair p;
    struct sd_error error;
    pair_make_known(&p, &(struct pair_options){.mode = "early", .reply = 100});
    /* A server that has lost its ticket key. */
    struct sd_seat *seat = sd_mem_seat(p.mem, p.server), before = *seat;
    sd_seat_fini(seat);
    assert_int_equal(sd_seat_init(seat, &sd_quic_agent, &p.config[1], before.env, before.sink,
                                  before.ctx, sd_mem_now(p.mem), &error),
                     SD_OK);
    pair_open(&p, "a request in the first flight");
    pair_run(&p, SD_SECOND);
    pair_check(&p, 1, pair_count(&p, p.client, SD_EV_EARLY_REFUSED), "EARLY_REFUSED");
    pair_check(&p, 0, pair_count(&p, p.client, SD_EV_EARLY_OK), "EARLY_OK");
    pair_check(&p, 0, pair_heard(&p, p.server, 0), "heard");
    pair_send(&p, p.client, 0, 64, false); /* the application says it again */
    pair_run(&p, SD_SECOND);
    pair_check(&p, 64, pair_heard(&p, p.server, 0), "heard");
    pair_check(&p, 100, pair_heard(&p, p.client, 0), "reply");
    pair_end(&p);
}

static void test_early_again(void **state)
{
    (void)state;
    static const struct {
        sd_time after;
        bool ok; /* the server takes replays */
        size_t heard, accepted;
    } rows[] = {
        {2 * SD_SECOND, false, 1, 0},
        {9 * SD_SECOND, false, 1, 0}, /* GnuTLS's window begins anew in between */
        {60 * SD_SECOND, false, 1, 0},
        {2 * SD_SECOND, true, 2, 1},
    };
    static const char request[] = "a request in the first flight";
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        struct sd_addr from = stranger(1);
        pair_make_known(&p, &(struct pair_options){.mode = "early", .early_replay_ok = rows[i].ok});
        pair_open(&p, request);
        pair_run(&p, SD_SECOND);
        pair_control(&p, p.client, SD_CLOSE);
        pair_run(&p, rows[i].after);
        sd_mem_replay(p.mem, 0, &from);
        pair_run(&p, SD_SECOND);
        pair_check(&p, rows[i].heard * strlen(request), pair_heard(&p, p.server, 0), "heard");
        pair_check(&p, rows[i].accepted, pair_stats(&p, p.server).replays_accepted, "accepted");
        pair_end(&p);
    }
}

/* -- the same seed, the same bytes -- */

static uint64_t digest(uint64_t seed)
{
    struct pair p;
    uint64_t hash = 0;
    pair_make_known(&p, &(struct pair_options){.mode = "early", .seed = seed, .reply = 1000});
    sd_mem_link(p.mem)->loss_ppm = 50000;
    pair_open(&p, "a request in the first flight");
    pair_run(&p, 20 * SD_SECOND);
    for (size_t i = 0; i < sd_mem_units(p.mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
        hash = sd_hash(sd_hash_u64(hash, u->sent), u->data, u->len);
    }
    hash = sd_hash_u64(hash, pair_stats(&p, p.server).state_bytes_peak);
    pair_end(&p);
    return hash;
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    uint64_t one = digest(1), two = digest(2);
    assert_true(one == digest(1));
    assert_true(two == digest(2));
    assert_true(one != two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_many_clients),
        cmocka_unit_test(test_a_token_is_of_an_address),
        cmocka_unit_test(test_early_refused),
        cmocka_unit_test(test_early_again),
        cmocka_unit_test(test_same_seed_same_bytes),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
