/* test_bench.c - `shakedown bench` runs everything and prints a number in every row.  How large the
 * numbers are is for people to judge, on a machine that does nothing else. */
#include <jansson.h>
#include <string.h>

#include "tests/cmd/program.h"
#include "tests/core/unit.h"

static struct program_said said;

static const char *const rows[] = {
    "tls13-alone",
    "tls13-shared",
    "tls13-memory",
    "wireguard-memory",
    "forwarding",
    "tls13-scale",
    "wireguard-scale-cpu",
    "wireguard-scale-memory",
    "quic-alone",
    "quic-shared",
    "quic-memory",
    "quic-bulk",
    "flood-wireguard",
    "flood-dtls12",
    "loss-sweep",
    "curvecp-memory",
    "minimalt-memory",
    "tcpcrypt-memory",
    "dtls13-memory",
    "gquic-memory",
    "esp",
    "ipsec-memory",
    "srtp-packet",
};

static void check_status(int expected)
{
    if (said.status != expected)
        fail_msg("expected status %d, found %d: %s", expected, said.status, said.err);
}

static const json_t *row_of(const json_t *all, const char *name)
{
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *row = json_array_get(all, i);
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
            return row;
    }
    return NULL;
}

static void every_row_has_a_number(void **state)
{
    (void)state;
    program_run(&said, "/", SHAKEDOWN " bench --quick --json");
    check_status(0);
    json_error_t why;
    json_t *all = json_loads(said.out, 0, &why);
    if (all == NULL)
        fail_msg("expected JSON, found (%s) %s", why.text, said.out);
    assert_int_equal(json_array_size(all), SD_ROWS(rows));
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const json_t *row = row_of(all, rows[i]);
        double value = json_real_value(json_object_get(row, "value"));
        if (!(value > 0))
            fail_msg("%s: expected a number above 0, found %g", rows[i], value);
    }
    json_decref(all);
}

static void one_alone_prints_a_table(void **state)
{
    (void)state;
    program_run(&said, "/", SHAKEDOWN " bench wireguard --quick");
    check_status(0);
    assert_non_null(strstr(said.err, "bench: wireguard: "));
    assert_null(strstr(said.err, "tls13"));
    assert_non_null(strstr(said.out, "\nwireguard-memory "));
    assert_non_null(strstr(said.out, "<= 1.10"));
    assert_null(strstr(said.out, "tls13"));
}

static void a_wrong_name_is_refused(void **state)
{
    (void)state;
    program_run(&said, "/", SHAKEDOWN " bench wiregaurd");
    check_status(2);
    assert_non_null(strstr(said.err, "did you mean wireguard"));
}

static void help_names_them_all(void **state)
{
    (void)state;
    static const char *const names[] = {"tls13",           "wireguard", "forwarding", "tls13-scale",
                                        "wireguard-scale", "flood",     "loss-sweep", "curvecp",
                                        "minimalt",        "tcpcrypt",  "ipsec"};
    program_run(&said, "/", SHAKEDOWN " bench --help");
    check_status(0);
    for (size_t i = 0; i < SD_ROWS(names); i++)
        if (strstr(said.out, names[i]) == NULL)
            fail_msg("expected the benchmark %s in the help, found: %s", names[i], said.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_number),
        cmocka_unit_test(one_alone_prints_a_table),
        cmocka_unit_test(a_wrong_name_is_refused),
        cmocka_unit_test(help_names_them_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
