/* test_costs.c - cost tables: calibrate writes one that loads again, and the committed ones price
 * every operation that a protocol books under its own name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/probe.h"
#include "lua/scenario.h"
#include "sim/core/cost.h"
#include "sim/core/env.h"
#include "tests/bench/booked.h"
#include "tests/cmd/program.h"
#include "tests/core/unit.h"

/* -- what protocols book -- */

struct tally {
    const struct sd_cost_table *table;
    const struct booked *what;
    size_t rows, unknown;
};

static bool has_own_row(const struct sd_cost_table *t, const struct sd_account_row *row)
{
    const struct sd_cost_row *cost = sd_cost_find(t, row->op, row->alg);
    return cost != NULL && strcmp(cost->alg, "*") != 0;
}

static void check_row(void *ctx, const struct sd_account_row *row)
{
    struct tally *t = ctx;
    t->rows++;
    if (has_own_row(t->table, row))
        return;
    t->unknown++;
    print_error("%s %s, %s: expected a price for %s %s in the table %s, found none\n",
                t->what->protocol->name, t->what->mode, t->what->server, sd_op_name(row->op),
                row->alg, t->table->name);
}

static void every_booked_operation_has_a_price(void **state)
{
    struct sd_error error;
    struct tally t = {.table = sd_costs_load("reference", &error)};
    (void)state;
    if (t.table == NULL)
        fail_msg("%s", error.text);
    for (const struct sd_agent_ops *const *a = sd_agents; *a != NULL; a++)
        for (const struct sd_mode *mode = (*a)->modes; mode->name != NULL; mode++) {
            struct booked what = {.protocol = *a, .mode = mode->name, .server = "server.example"};
            t.what = &what;
            if (!booked_rows(&what, check_row, &t))
                fail_msg("%s %s: expected two sessions, found the above", (*a)->name, mode->name);
        }
    assert_true(t.rows > 0);
    assert_int_equal(t.unknown, 0);
}

/* Whoever takes the one for the other gets the same results. */
static void the_stand_in_has_the_same_prices(void **state)
{
    (void)state;
    const struct sd_cost_table *t = sd_costs_load("reference", NULL),
                               *stand_in = sd_costs_load("laptop-2020", NULL);
    assert_non_null(t);
    assert_non_null(stand_in);
    assert_int_equal(t->unit_in_ns, stand_in->unit_in_ns);
    assert_int_equal(t->rows, stand_in->rows);
    assert_memory_equal(t->row, stand_in->row, t->rows * sizeof *t->row);
}

static void other_identities_have_prices(void **state)
{
    static const struct {
        const char *protocol, *server;
        bool mutual;
    } rows[] = {
        {.protocol = "tls12", .server = "server.rsa.example", .mutual = true},
        {.protocol = "tls13", .server = "server.rsa.example"},
        {.protocol = "tls13", .server = "server.example", .mutual = true},
        {.protocol = "tls13", .server = "server.ed25519.example"},
        {.protocol = "dtls12", .server = "server.rsa.example"},
    };
    (void)state;
    struct tally t = {.table = sd_costs_load("reference", NULL)};
    assert_non_null(t.table);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct booked what = {.protocol = sd_agent_find(rows[i].protocol),
                              .mode = "fresh",
                              .server = rows[i].server,
                              .mutual = rows[i].mutual};
        t.what = &what;
        if (!booked_rows(&what, check_row, &t))
            fail_msg("%s with %s: expected two sessions, found the above", rows[i].protocol,
                     rows[i].server);
    }
    assert_int_equal(t.unknown, 0);
}

/* -- calibrate -- */

static void calibrate(struct program_said *said, const char *in, const char *flags)
{
    char line[512];
    snprintf(line, sizeof line, "%s calibrate --quick %s", SHAKEDOWN, flags);
    program_run(said, in, line);
}

static void a_written_table_loads(void **state)
{
    static struct program_said said;
    char tree[256], path[320];
    (void)state;
    program_mktree(tree, sizeof tree);
    for (size_t i = 0; i < 3; i++) {
        static const char *const folders[] = {"scenarios", "lua", "lua/costs"};
        snprintf(path, sizeof path, "%s/%s", tree, folders[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    calibrate(&said, tree, "--name here --machine a-test --out lua/costs/here.lua");
    if (said.status != 0)
        fail_msg("expected status 0, found %d: %s", said.status, said.err);

    struct sd_error error;
    setenv("SHAKEDOWN_ROOT", tree, 1);
    const struct sd_cost_table *t = sd_costs_load("here", &error);
    unsetenv("SHAKEDOWN_ROOT");
    if (t == NULL)
        fail_msg("%s", error.text);
    assert_string_equal(t->name, "here");
    assert_string_equal(t->machine, "a-test");
    assert_true(t->version > 0);
    for (const struct probe *p = probes; p->alg != NULL; p++) {
        const struct sd_cost_row *row = sd_cost_find(t, p->op, p->alg);
        if (row == NULL || strcmp(row->alg, p->alg) != 0 || row->base_ns + row->per_kib_ns == 0 ||
            (p->bulk && row->per_kib_ns == 0))
            fail_msg("expected a price for %s %s, found %s", sd_op_name(p->op), p->alg,
                     row == NULL ? "none" : "0");
    }
    for (const struct probe_alias *a = probe_aliases; a->alg != NULL; a++) {
        const struct sd_cost_row *row = sd_cost_find(t, a->op, a->alg),
                                 *as = sd_cost_find(t, a->as_op, a->as);
        assert_non_null(row);
        assert_non_null(as);
        assert_int_equal(row->base_ns, as->base_ns);
        assert_int_equal(row->per_kib_ns, as->per_kib_ns);
    }
    program_rmtree(tree);
}

static void wrong_flags_are_refused(void **state)
{
    static const struct {
        const char *flags, *says;
    } rows[] = {
        {"--name My_Laptop", "found 'My_Laptop'"},
        {"--name=", "found ''"},
        {"--name a-name-of-more-letters-than-a-table-of-costs-can-have", "1 to 39"},
        {"--machine say-\"no\"", "without quotes"},
        {"--out no/such/folder/here.lua", "No such file or directory"},
    };
    static struct program_said said;
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        calibrate(&said, "/", rows[i].flags);
        if (said.status != 2 || strstr(said.err, rows[i].says) == NULL)
            fail_msg("%s: expected status 2 and '%s', found %d: %s", rows[i].flags, rows[i].says,
                     said.status, said.err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_booked_operation_has_a_price),
        cmocka_unit_test(the_stand_in_has_the_same_prices),
        cmocka_unit_test(other_identities_have_prices),
        cmocka_unit_test(a_written_table_loads),
        cmocka_unit_test(wrong_flags_are_refused),
    };
    if (sd_core_init() != SD_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
