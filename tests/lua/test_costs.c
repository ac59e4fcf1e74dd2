/* Cost tables: the good, and what each bad one is told. */
#include "lua/scenario.h"
#include "sim/core/root.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64] = "/tmp/sd_costs_XXXXXX";

static int setup(void **state)
{
    (void)state;
    char path[128];
    if (!mkdtemp(folder))
        return -1;
    static const char *const folders[] = {"scenarios", "lua", "lua/costs"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        if (mkdir(path, 0700) < 0)
            return -1;
    }
    return setenv("SHAKEDOWN_ROOT", folder, 1);
}

static int teardown(void **state)
{
    (void)state;
    char line[160];
    snprintf(line, sizeof line, "rm -r '%s'", folder);
    return system(line);
}

static void write_table(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/lua/costs/%s.lua", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#define HEAD "return { name = \"bad\", machine = \"m\", version = 1, unit_in_ns = 5, "
#define ROW  "{ op = \"sign\", alg = \"P-256\", base_ns = 10, per_kib_ns = 0 }"

/* Of a file bad.lua. */
static const struct {
    const char *text, *message;
} rows[] = {
    {"return 5", "the file: expected return { name = ..., ops = { ... } }, found 5"},
    {"", "the file: expected return { name = ..., ops = { ... } }, found nothing"},
    {"return {", "1: unexpected symbol near <eof>"},
    {"return os.time()", "1: attempt to index a nil value (global 'os')"},
    {"while true do end", "1: the script did not come to an end in 20 million steps; does a loop "
                          "never end?"},
    {"return { }", "name: expected a text of 1 to 39 bytes, found nothing"},
    {"return { name = \"other\" }", "name: expected 'bad' as the file says, found 'other'"},
    {"return { name = \"bad\", machin = \"m\" }",
     "unknown field 'machin'; did you mean 'machine'?"},
    {"return { name = \"bad\", machine = 5 }",
     "machine: expected a text of 1 to 95 bytes, found 5"},
    {"return { name = \"bad\", machine = \"m\", version = 1.5 }",
     "version: expected a whole number from 0 to 4294967295, found 1.5"},
    {"return { name = \"bad\", machine = \"m\", version = 1, unit_in_ns = -1 }",
     "unit_in_ns: expected a whole number from 0 to 1000000000, found -1"},
    {HEAD "}", "ops: expected a list of rows, found nothing"},
    {HEAD "ops = {} }", "ops: expected 1 to 96 rows, found 0"},
    {HEAD "ops = { 5 } }",
     "ops[1]: expected { op = ..., alg = ..., base_ns = ..., per_kib_ns = ... }, found 5"},
    {HEAD "ops = { " ROW ", " ROW " } }", "ops[2]: sign P-256 has a row already, ops[1]"},
    {HEAD "ops = { { op = \"sgin\" } } }",
     "ops[1].op: expected an operation such as keygen or seal, found 'sgin'; did you mean 'sign'?"},
    {HEAD "ops = { { op = \"sign\", alg = \"\" } } }",
     "ops[1].alg: expected a text of 1 to 23 bytes, found "},
    {HEAD "ops = { { op = \"sign\", alg = \"*\", base_ns = \"5\" } } }",
     "ops[1].base_ns: expected a whole number from 0 to 1000000000, found 5"},
    {HEAD "ops = { { op = \"sign\", alg = \"*\", base_ns = 5, per_kb_ns = 1 } } }",
     "ops[1]: unknown field 'per_kb_ns'; did you mean 'per_kib_ns'?"},
};

static void refusals(void **state)
{
    (void)state;
    char prefix[128];
    snprintf(prefix, sizeof prefix, "%s/lua/costs/bad.lua:", folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_error error = {0};
        write_table("bad", rows[i].text);
        assert_null(sd_costs_load("bad", &error));
        const char *found = error.text;
        if (!strncmp(found, prefix, strlen(prefix)))
            found += strlen(prefix) + (found[strlen(prefix)] == ' ');
        if (strcmp(found, rows[i].message) != 0)
            fail_msg("%s\nexpected: %s\nfound:    %s", rows[i].text, rows[i].message, error.text);
    }
}

static void names(void **state)
{
    (void)state;
    struct sd_error error = {0};
    write_table("good-one", "return { name = \"good-one\", machine = \"m\", version = 3,\n"
                            "  unit_in_ns = 7, ops = { " ROW " } }");
    assert_null(sd_costs_load("good-on", &error));
    assert_string_equal(error.text, "no cost table 'good-on'; did you mean 'good-one'?");
    assert_null(sd_costs_load("../../etc/passwd", &error));
    assert_int_equal(error.code, SD_E_ARG);
    const struct sd_cost_table *table = sd_costs_load("good-one", &error);
    if (!table)
        fail_msg("%s", error.text);
    assert_int_equal(table->version, 3);
    assert_int_equal(table->unit_in_ns, 7);
    assert_int_equal(table->rows, 1);
    assert_int_equal(table->row[0].op, SD_OP_SIGN);
    assert_string_equal(table->row[0].alg, "P-256");
    assert_int_equal(table->row[0].base_ns, 10);
    assert_ptr_equal(sd_costs_load("good-one", &error), table);
}

/* Every table of the source tree. */
static void tables_of_the_tree(void **state)
{
    (void)state;
    unsetenv("SHAKEDOWN_ROOT");
    struct sd_error error = {0};
    char path[4096];
    const char *root = sd_root(&error);
    if (!root)
        fail_msg("%s", error.text);
    snprintf(path, sizeof path, "%s/lua/costs", root);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    struct dirent *entry;
    int found = 0;
    while ((entry = readdir(dir))) {
        char *end = strstr(entry->d_name, ".lua");
        if (!end)
            continue;
        *end = '\0';
        if (!sd_costs_load(entry->d_name, &error))
            fail_msg("%s", error.text);
        found++;
    }
    closedir(dir);
    assert_true(found >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(names),
        cmocka_unit_test(tables_of_the_tree),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
