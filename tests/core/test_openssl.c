/* test_openssl.c - libssl in an agent's world: virtual time, seeded randomness, counted work and
 * memory, the same whenever in a process it happens. */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/error.h"
#include "tests/core/handshake.h"
#include "tests/core/unit.h"

static uint64_t calls(const struct sd_account *a, enum sd_op op, const char *alg)
{
    for (uint32_t i = 0; i < a->rows; i++)
        if (a->row[i].op == op && strcmp(a->row[i].alg, alg) == 0)
            return a->row[i].calls;
    return 0;
}

static void print_account(const char *who, const struct sd_account *a)
{
    fprintf(stderr, "  %s:", who);
    for (uint32_t i = 0; i < a->rows; i++)
        fprintf(stderr, " %s %s %lu/%lu B,", sd_op_name(a->row[i].op), a->row[i].alg,
                (unsigned long)a->row[i].calls, (unsigned long)a->row[i].bytes);
    fputc('\n', stderr);
}

/* -- a full handshake costs what its algorithms say -- */

struct count_row {
    struct hs_config config;
    struct {
        enum sd_op op;
        const char *alg;
        uint64_t client, server;
    } expected[6];
};
static const struct count_row counts[] = {
    {{.version = TLS1_3_VERSION, .identity = "server.example"},
     {{SD_OP_KEYGEN, "X25519", 1, 1},
      {SD_OP_DERIVE, "X25519", 1, 1},
      {SD_OP_SIGN, "P-256", 0, 1},
      {SD_OP_VERIFY, "P-256", 2, 0}}},
    {{.version = TLS1_3_VERSION, .identity = "server.example", .groups = "P-256"},
     {{SD_OP_KEYGEN, "P-256", 1, 1},
      {SD_OP_DERIVE, "P-256", 1, 1},
      {SD_OP_SIGN, "P-256", 0, 1},
      {SD_OP_VERIFY, "P-256", 2, 0}}},
    {{.version = TLS1_3_VERSION,
      .identity = "server.ed25519.example",
      .client = "client.ed25519.example"},
     {{SD_OP_KEYGEN, "X25519", 1, 1},
      {SD_OP_DERIVE, "X25519", 1, 1},
      {SD_OP_SIGN, "Ed25519", 1, 1},
      {SD_OP_VERIFY, "Ed25519", 1, 1},
      {SD_OP_VERIFY, "P-256", 1, 1}}},
    {{.version = TLS1_3_VERSION, .identity = "server.rsa.example"},
     {{SD_OP_SIGN, "RSA-2048", 0, 1},
      {SD_OP_VERIFY, "RSA-2048", 1, 0},
      {SD_OP_VERIFY, "P-256", 1, 0}}},
    {{.version = TLS1_2_VERSION, .identity = "server.example", .groups = "X25519:P-256"},
     {{SD_OP_KEYGEN, "X25519", 1, 1},
      {SD_OP_DERIVE, "X25519", 1, 1},
      {SD_OP_SIGN, "P-256", 0, 1},
      {SD_OP_VERIFY, "P-256", 2, 0}}},
};

static void work_is_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(counts); i++) {
        struct hs_result r = hs_run(&counts[i].config);
        assert_true(r.done);
        for (size_t j = 0; j < 6 && counts[i].expected[j].alg != NULL; j++) {
            uint64_t c =
                calls(&r.client.account, counts[i].expected[j].op, counts[i].expected[j].alg);
            uint64_t s =
                calls(&r.server.account, counts[i].expected[j].op, counts[i].expected[j].alg);
            if (c == counts[i].expected[j].client && s == counts[i].expected[j].server)
                continue;
            print_account("client", &r.client.account);
            print_account("server", &r.server.account);
            fail_msg("row %zu: %s %s: expected %lu and %lu, found %lu and %lu", i,
                     sd_op_name(counts[i].expected[j].op), counts[i].expected[j].alg,
                     (unsigned long)counts[i].expected[j].client,
                     (unsigned long)counts[i].expected[j].server, (unsigned long)c,
                     (unsigned long)s);
        }
        /* Nothing else asymmetric happened. */
        if (i == 0) {
            assert_int_equal(sd_account_calls(&r.client.account, SD_OP_KEYGEN), 1);
            assert_int_equal(sd_account_calls(&r.client.account, SD_OP_VERIFY), 2);
            assert_int_equal(sd_account_calls(&r.client.account, SD_OP_SIGN), 0);
            assert_int_equal(sd_account_calls(&r.server.account, SD_OP_KEYGEN), 1);
            assert_int_equal(sd_account_calls(&r.server.account, SD_OP_SIGN), 1);
            assert_int_equal(sd_account_calls(&r.server.account, SD_OP_VERIFY), 0);
            assert_int_equal(sd_account_calls(&r.client.account, SD_OP_KDF), 20);
        }
    }
}

/* -- the first, second and third time -- */

static void assert_same(const char *what, const struct hs_end *a, const struct hs_end *b)
{
    if (memcmp(&a->account, &b->account, sizeof a->account) != 0) {
        print_account(what, &a->account);
        print_account(what, &b->account);
        fail_msg("%s: the account differs", what);
    }
    if (a->heap_peak != b->heap_peak || a->heap_ready != b->heap_ready)
        fail_msg("%s: heap peak %lu and %lu, when ready %lu and %lu", what,
                 (unsigned long)a->heap_peak, (unsigned long)b->heap_peak,
                 (unsigned long)a->heap_ready, (unsigned long)b->heap_ready);
}

static void runs_repeat(void **state)
{
    (void)state;
    static const struct hs_config configs[] = {
        {.version = TLS1_3_VERSION, .identity = "server.example", .seed = 5},
        {.version = TLS1_2_VERSION,
         .identity = "server.example",
         .groups = "X25519:P-256",
         .seed = 5},
        {.version = TLS1_3_VERSION,
         .identity = "server.ed25519.example",
         .client = "client.ed25519.example",
         .seed = 5},
        {.version = TLS1_3_VERSION, .identity = "server.rsa.example", .seed = 5},
    };
    for (size_t i = 0; i < SD_ROWS(configs); i++) {
        struct hs_result first = hs_run(&configs[i]);
        assert_true(first.done);
        assert_int_equal(first.session_time, SD_EPOCH_S + 1000);
        assert_int_equal(first.client.heap_left, 0);
        assert_int_equal(first.server.heap_left, 0);
        assert_true(first.server.heap_ready > 20000);
        for (int again = 0; again < 2; again++) {
            struct hs_result r = hs_run(&configs[i]);
            assert_int_equal(r.wire_bytes, first.wire_bytes);
            assert_int_equal(r.wire_hash, first.wire_hash);
            assert_same("client", &first.client, &r.client);
            assert_same("server", &first.server, &r.server);
        }
        struct hs_config other = configs[i];
        other.seed = 6;
        assert_int_not_equal(hs_run(&other).wire_hash, first.wire_hash);
    }
}

int main(int argc, char **argv)
{
    if (sd_core_init() != SD_OK)
        return 1;
    (void)argc, (void)argv;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_repeat), /* first: its first run fills the process's caches */
        cmocka_unit_test(work_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
