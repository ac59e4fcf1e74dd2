/* test_minimalt_puzzles.c - puzzles: when they are posed, what they cost, who solves them, and what
 * a server remembers of them. */
#include "protocols/crypto/puzzle.h"
#include "tests/minimalt/pair.h"
#include "tests/minimalt/spec.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint64_t tries(struct pair *p, int seat)
{
    return sd_account_calls(&sd_mem_seat(p->mem, seat)->env->account, SD_OP_PUZZLE);
}

static uint64_t derives(struct pair *p, int seat)
{
    return sd_account_calls(&sd_mem_seat(p->mem, seat)->env->account, SD_OP_DERIVE);
}

/* The puzzle's search by itself: the bits that were cleared come back. */
static void test_search(void **state)
{
    (void)state;
    static const unsigned bits[] = {0, 1, 2, 7, 8, 9, 12, 16};
    for (size_t i = 0; i < SD_ROWS(bits); i++) {
        uint8_t r[80], q[80], hash[64];
        memset(r, 0xa7, sizeof r);
        r[79] = 0x5b;
        crypto_hash_sha512(hash, r, sizeof r);
        memcpy(q, r, sizeof q);
        sd_puzzle_clear(q, sizeof q, bits[i]);
        for (unsigned b = 0; b < 16; b++) {
            unsigned set = q[79 - b / 8] >> b % 8 & 1, was = r[79 - b / 8] >> b % 8 & 1;
            assert_int_equal(set, b < bits[i] ? 0 : was);
        }
        assert_true(sd_puzzle_search(q, sizeof q, bits[i], hash));
        assert_memory_equal(q, r, sizeof r);
        hash[0] ^= 1;
        assert_false(sd_puzzle_search(q, sizeof q, bits[i] < 9 ? bits[i] : 8, hash));
    }
}

/* What is on the wire, by the second derivation: q, H(r), w; then r and n'. */
static void test_puzzle_and_solution(void **state)
{
    (void)state;
    struct pair p;
    struct spec_packet puzzle, first, again;
    uint8_t nonce[24] = "mLT-puzz", keys[64], hash[64];
    size_t box;
    pair_cached(&p, &(struct pair_options){.server_mode = "cookie"});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 10, false);
    pair_run(&p, SD_SECOND);
    const struct minimalt *server = pair_agent(&p, p.server);
    const struct sd_mem_unit *posed = pair_unit(&p, p.server, 'P', 0);
    assert_true(spec_read(&first, pair_unit(&p, p.client, 'F', 0)->data, 392, &box));
    assert_true(spec_read(&puzzle, posed->data, posed->len, &box));
    assert_int_equal(posed->len, 164);
    assert_int_equal(box, 164);
    const struct sd_mem_unit *solved = pair_unit(&p, p.client, 'S', 0);
    assert_true(spec_read(&again, solved->data, solved->len, &box));
    assert_int_equal(solved->len, 392 + 148);
    assert_true(puzzle.tid == first.tid && again.tid == first.tid);
    assert_memory_equal(again.key, first.key, 32);
    /* r opens to S' and C' */
    memcpy(nonce + 8, posed->data, 16);
    nonce[8] &= 0x3f;
    assert_true(spec_unbox(keys, again.puzzle, 80, nonce, server->puzzle_key));
    assert_memory_equal(keys, server->ephemeral[0].public_key, 32);
    assert_memory_equal(keys + 32, first.key, 32);
    crypto_hash_sha512(hash, again.puzzle, 80);
    assert_memory_equal(puzzle.puzzle + 80, hash, 64);
    assert_memory_equal(puzzle.puzzle + 144, "\0\0\0\x0c", 4);
    assert_memory_equal(again.puzzle, puzzle.puzzle, 78);
    assert_int_equal(puzzle.puzzle[79], 0);
    assert_int_equal(puzzle.puzzle[78] & 0x0f, 0);
    assert_memory_equal(again.puzzle + 80, posed->data + 8, 8);
    pair_received(&p, p.server, 10);
    pair_end(&p);
}

/* An honest client's work: half of 2^w tries on average; the server's: none on the curve until
 * then. */
static void test_work(void **state)
{
    (void)state;
    static const char *const bits[] = {"0", "4", "8", "10"};
    for (size_t i = 0; i < SD_ROWS(bits); i++) {
        enum { TIMES = 24 };
        const struct sd_option option[] = {{"puzzle_bits", bits[i]}, {0}};
        uint64_t sum = 0, most = UINT64_C(1) << atoi(bits[i]);
        for (uint64_t k = 0; k < TIMES; k++) {
            struct pair p;
            pair_cached(&p, &(struct pair_options){
                                .server_mode = "cookie", .server_options = option, .seed = k + 1});
            uint64_t before = tries(&p, p.client), server = derives(&p, p.server);
            pair_open(&p, &(struct pair_options){0});
            pair_send(&p, p.client, 10, false);
            pair_run(&p, WAY + SD_MS);
            pair_check(&p, server, derives(&p, p.server), "agreements before the solution");
            pair_run(&p, SD_SECOND);
            pair_check(&p, server + 2, derives(&p, p.server), "agreements: tunnel and user");
            uint64_t work = tries(&p, p.client) - before;
            if (work < 1 || work > most)
                fail_msg("%s bits: expected 1 to %llu tries, found %llu", bits[i],
                         (unsigned long long)most, (unsigned long long)work);
            sum += work;
            pair_end(&p);
        }
        double mean = (double)sum / TIMES, expected = ((double)most + 1) / 2;
        print_message("          %s bits: %.1f tries of %.1f expected\n", bits[i], mean, expected);
        if (mean < 0.6 * expected || mean > 1.4 * expected)
            fail_msg("%s bits: expected about %g tries, found %g", bits[i], expected, mean);
    }
}

/* When a server asks for work. */
static void test_load(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum sd_validation validation;
        uint32_t strangers; /* before the client comes; the server holds 10 */
        size_t puzzles;
        bool served;
    } rows[] = {
        {"nobody there", SD_VALIDATE_DEFAULT, 0, 0, true},
        {"room for one", SD_VALIDATE_DEFAULT, 9, 0, true},
        {"full", SD_VALIDATE_DEFAULT, 10, 1, true},
        {"always", SD_VALIDATE_ALWAYS, 0, 1, true},
        {"never, room for one", SD_VALIDATE_NEVER, 9, 0, true},
        {"never, full", SD_VALIDATE_NEVER, 10, 0, false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_cached(&p,
                    &(struct pair_options){.validation = rows[i].validation, .half_open_max = 10});
        struct minimalt *server = pair_agent(&p, p.server);
        server->strangers += rows[i].strangers; /* as if they had come */
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 10, false);
        pair_run(&p, SD_SECOND / 2);
        print_message("          %s\n", rows[i].name);
        pair_check(&p, rows[i].puzzles, pair_sent(&p, p.server, 'P'), "puzzles");
        pair_received(&p, p.server, rows[i].served ? 10 : 0);
        pair_check(&p, !rows[i].served, pair_dropped(&p, p.server, SD_DROP_FULL), "full");
        server->strangers -= rows[i].strangers;
        pair_end(&p);
    }
}

/* -- solutions that are none -- */

struct change {
    struct pair *p;
    size_t byte; /* of the solution */
};

static bool change_solution(void *ctx, struct sd_mem_unit *u)
{
    struct change *c = ctx;
    if (u->from == c->p->client && pair_letter(u->data, u->len) == 'S')
        u->data[48 + c->byte] ^= 0x20;
    return true;
}

/* Wrong in any place: another puzzle, and after three the client has done enough. */
static void test_wrong_solutions(void **state)
{
    (void)state;
    static const struct {
        size_t byte;
        bool served;
    } rows[] = {{0, false}, {40, false}, {79, false}, {80, false}, {87, false}, {88, true}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        struct change c = {&p, rows[i].byte};
        pair_cached(&p, &(struct pair_options){.server_mode = "cookie"});
        sd_mem_on_unit(p.mem, change_solution, &c);
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 10, false);
        pair_run(&p, 100 * SD_SECOND);
        pair_received(&p, p.server, rows[i].served ? 10 : 0);
        pair_check(&p, !rows[i].served, sd_mem_count(p.mem, p.client, SD_EV_ERROR), "given up");
        pair_end(&p);
    }
}

/* P: a solution is good for 300 s.  The client's packet that brings it is held back. */
static void test_age(void **state)
{
    (void)state;
    static const struct {
        sd_time age;
        int result;
    } rows[] = {{SD_SECOND, SD_OK},
                {30 * SD_SECOND, SD_OK},
                {MT_PUZZLE_LIFE - SD_SECOND, SD_OK},
                {MT_PUZZLE_LIFE + SD_SECOND, SD_DROP_REPLAY}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_cached(&p, &(struct pair_options){.server_mode = "cookie"});
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 10, false);
        pair_run(&p, 3 * WAY - SD_MS);
        struct mt_packet packet;
        struct minimalt *server = pair_agent(&p, p.server);
        const struct sd_mem_unit *u = pair_unit(&p, p.client, 'S', 0);
        assert_true(mt_packet_parse(&packet, u->data, u->len));
        server->now = u->sent - WAY + rows[i].age;
        int found = mt_puzzle_check(server, &packet);
        if (found != rows[i].result)
            fail_msg("a solution of %g s: expected %s, found %s", (double)rows[i].age / 1e9,
                     sd_result_name(rows[i].result), sd_result_name(found));
        server->now = sd_mem_now(p.mem);
        pair_end(&p);
    }
}

/* A puzzle is for one tunnel: its solution is of no use to another, nor at another server. */
static void test_solution_of_another_tunnel(void **state)
{
    (void)state;
    struct pair p;
    struct mt_packet packet, other;
    pair_cached(&p, &(struct pair_options){.server_mode = "cookie"});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 10, false);
    pair_run(&p, SD_SECOND);
    const struct sd_mem_unit *u = pair_unit(&p, p.client, 'S', 0);
    assert_true(mt_packet_parse(&packet, u->data, u->len));
    struct minimalt *server = pair_agent(&p, p.server);
    assert_int_equal(mt_puzzle_check(server, &packet), SD_OK);
    uint8_t key[32];
    memcpy(key, packet.key, 32);
    key[31] ^= 1;
    other = packet;
    other.key = key;
    assert_int_equal(mt_puzzle_check(server, &other), SD_DROP_AUTH);
    other = packet;
    other.tid ^= 1;
    assert_int_equal(mt_puzzle_check(server, &other), SD_DROP_AUTH);
    server->puzzle_key[0] ^= 1;
    assert_int_equal(mt_puzzle_check(server, &packet), SD_DROP_AUTH);
    pair_end(&p);
}

/* A puzzle that is too hard, or that has no solution, costs no more than it may. */
static void test_hostile_puzzles(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t bits, hash; /* flips of the hash */
        int reason;
        uint64_t tries;
    } rows[] = {
        {"too hard", 21, 0, SD_DROP_POLICY, 0},
        {"as hard as can be", 255, 0, SD_DROP_POLICY, 0},
        {"no solution", 8, 1, SD_DROP_AUTH, 256},
        {"none of none", 0, 1, SD_DROP_AUTH, 1},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_cached(&p, &(struct pair_options){.server_mode = "cookie"});
        uint64_t before = tries(&p, p.client);
        uint32_t all[40] = {0};
        for (uint32_t k = 0; k < 39; k++)
            all[k] = k + 1 + (uint32_t)pair_agent(&p, p.server)->stats.units_out;
        sd_mem_drop(p.mem, p.server, all);
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 10, false);
        pair_run(&p, 2 * WAY);
        const struct sd_mem_unit *u = pair_unit(&p, p.server, 'P', 0);
        uint8_t puzzle[164];
        memcpy(puzzle, u->data, sizeof puzzle);
        puzzle[16 + 80] ^= rows[i].hash;
        puzzle[163] = rows[i].bits;
        struct sd_path path = {.local = u->path.local, .remote = u->path.remote};
        for (int k = 0; k < 5; k++) {
            sd_mem_inject(p.mem, p.client, &path, puzzle, sizeof puzzle);
            pair_run(&p, SD_MS);
        }
        print_message("          %s\n", rows[i].name);
        pair_check(&p, MT_PUZZLE_TRIES, pair_dropped(&p, p.client, rows[i].reason), "refused");
        pair_check(&p, 2, pair_dropped(&p, p.client, SD_DROP_STATE), "not even looked at");
        pair_check(&p, MT_PUZZLE_TRIES * rows[i].tries, tries(&p, p.client) - before, "tries");
        pair_end(&p);
    }
}

/* -- inside a tunnel -- */

/* Further connections of a server that wants work are held until their puzzle is solved; what they
 * said meanwhile comes with them. */
static void test_held_connections(void **state)
{
    (void)state;
    struct pair p;
    pair_cached(&p, &(struct pair_options){.server_mode = "cookie"});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 10, false);
    pair_run(&p, SD_SECOND);
    uint64_t server = derives(&p, p.server), client = tries(&p, p.client);
    sd_time start = sd_mem_now(p.mem);
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 5000, true);
    pair_run(&p, WAY + SD_MS);
    pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_READY), "held");
    pair_check(&p, server, derives(&p, p.server), "its user was not even looked at");
    pair_run(&p, SD_SECOND);
    const struct sd_mem_event *ready = sd_mem_find(p.mem, p.server, SD_EV_READY, 1);
    assert_non_null(ready);
    pair_check(&p, start + 3 * WAY, ready->at, "READY with the solution");
    pair_check(&p, server + 1, derives(&p, p.server), "its user");
    pair_check(&p, true, tries(&p, p.client) > client, "the client worked");
    size_t received;
    sd_mem_received(p.mem, p.server, &received);
    pair_check(&p, 10 + 5000, received, "bytes");
    pair_end(&p);
}

/* A tunnel holds eight at most. */
static void test_too_many_held(void **state)
{
    (void)state;
    struct pair p;
    pair_cached(&p, &(struct pair_options){.server_mode = "cookie"});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 10, false);
    pair_run(&p, SD_SECOND);
    for (size_t i = 0; i < MT_HELD + 2; i++)
        pair_open(&p, &(struct pair_options){0});
    pair_run(&p, 5 * SD_SECOND);
    pair_check(&p, 1 + MT_HELD, sd_mem_count(p.mem, p.server, SD_EV_READY), "READY");
    pair_check(&p, 2, sd_mem_count(p.mem, p.client, SD_EV_ERROR), "refused");
    pair_end(&p);
}

/* Closed while it is held: the application still gets what was said. */
static void test_held_and_closed(void **state)
{
    (void)state;
    struct pair p;
    size_t received;
    pair_cached(&p, &(struct pair_options){.server_mode = "cookie"});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 10, false);
    pair_run(&p, SD_SECOND);
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 500, false);
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 2, sd_mem_count(p.mem, p.server, SD_EV_READY), "READY");
    pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_CLOSED), "CLOSED");
    sd_mem_received(p.mem, p.server, &received);
    pair_check(&p, 10 + 500, received, "bytes");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_puzzle_and_solution),
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_wrong_solutions),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_solution_of_another_tunnel),
        cmocka_unit_test(test_hostile_puzzles),
        cmocka_unit_test(test_held_connections),
        cmocka_unit_test(test_too_many_held),
        cmocka_unit_test(test_held_and_closed),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
