/* The sentence that answers a scenario's question, from few runs and from those of many protocols.
 */
#include "plots/report_parts.h"
#include "tests/cmd/program.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[4096];

static int setup(void **state)
{
    (void)state;
    program_mktree(folder, sizeof folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_rmtree(folder);
    return 0;
}

static void write_file(const char *name, const char *text)
{
    char path[4600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        fail_msg("cannot write %s", path);
}

struct row {
    const char *answer; /* JSON */
    const char *column, *dim;
    const char *runs; /* "protocol,mode,loss_ppm,outcome,value", with spaces between */
    const char *says;
};

static void write_results(const struct row *row)
{
    char manifest[2048], runs[4096], list[2048], *save = NULL;
    snprintf(manifest, sizeof manifest,
             "{\"shakedown_results\":1,\"scenarios\":[{\"name\":\"s\",\"title\":\"S\","
             "\"columns\":[\"protocol\",\"mode\",\"loss_ppm\",\"rtt_us\"],"
             "\"sweep\":{\"loss_ppm\":[\"0\",\"50000\"],\"mode\":[\"fresh\"]},"
             "\"metrics\":[\"%s\"],\"measure\":["
             "{\"name\":\"%s\",\"column\":\"%s\",\"dim\":\"%s\",\"what\":\"\"}],"
             "\"plots\":[{\"name\":\"s\",\"title\":\"S\",\"kind\":\"bars\",\"x\":\"protocol\","
             "\"y\":\"%s\",\"by\":\"protocol\"}],\"answer\":%s}]}",
             row->column, row->column, row->column, row->dim, row->column, row->answer);
    size_t len = (size_t)snprintf(
        runs, sizeof runs, "protocol,mode,scenario,loss_ppm,rtt_us,repeat,seed,outcome,detail,%s\n",
        row->column);
    snprintf(list, sizeof list, "%s", row->runs);
    size_t repeat = 0;
    for (char *run = strtok_r(list, " ", &save); run; run = strtok_r(NULL, " ", &save)) {
        char *rest = NULL;
        const char *protocol = strtok_r(run, ",", &rest), *mode = strtok_r(NULL, ",", &rest);
        const char *loss = strtok_r(NULL, ",", &rest), *outcome = strtok_r(NULL, ",", &rest);
        const char *value = strtok_r(NULL, ",", &rest);
        len += (size_t)snprintf(runs + len, sizeof runs - len, "%s,%s,s,%s,100000,%zu,1,%s,,%s\n",
                                protocol, mode, loss, repeat++, outcome, value ? value : "");
        assert_true(len < sizeof runs);
    }
    write_file("manifest.json", manifest);
    write_file("runs.csv", runs);
}

/* What each of twelve protocols does. */
#define TWELVE(a, b, c, d, e, f, g, h, i, j, k, l)                                                 \
    "tls12,fresh,0,ok," a " tls13,fresh,0,ok," b " dtls12,fresh,0,ok," c " dtls13,fresh,0,ok," d   \
    " quic,fresh,0,ok," e " gquic,fresh,0,ok," f " wireguard,fresh,0,ok," g " ipsec,fresh,0,ok," h \
    " srtp,fresh,0,ok," i " curvecp,fresh,0,ok," j " minimalt,fresh,0,ok," k                       \
    " tcpcrypt,fresh,0,ok," l

static const struct row rows[] = {
    /* true or false */
    {"{\"y\":\"survives\",\"when\":{}}", "survives", "flag",
     "tls12,fresh,0,ok,0 tls13,fresh,0,ok,0 wireguard,fresh,0,ok,1",
     "<strong>WireGuard</strong> survives; <strong>TLS 1.2 and TLS 1.3</strong> do not."},
    {"{\"y\":\"survives\",\"say\":\"survives a new port\"}", "survives", "flag",
     "tls12,fresh,0,ok,1 quic,fresh,0,ok,1 wireguard,fresh,0,unfinished",
     "<strong>TLS 1.2 and QUIC</strong> survive a new port; <strong>WireGuard</strong> does not. "
     "Unfinished: 1 of 1 run of WireGuard."},
    {"{\"y\":\"survives\",\"say\":\"carries on\"}", "survives", "flag",
     TWELVE("1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1"),
     "<strong>All 12 protocols</strong> carry on."},
    {"{\"y\":\"survives\",\"say\":\"passes\"}", "survives", "flag",
     TWELVE("0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0"),
     "<strong>None</strong> of the 12 protocols passes."},
    {"{\"y\":\"survives\",\"say\":\"is delivered twice\"}", "survives", "flag",
     "tls12,fresh,0,ok,0", "<strong>TLS 1.2</strong> is not delivered twice."},
    {"{\"y\":\"survives\",\"say\":\"survives it\"}", "survives", "flag", "tls12,fresh,0,ok,0",
     "<strong>TLS 1.2</strong> does not survive it."},
    {"{\"y\":\"survives\"}", "survives", "flag",
     "tls12,fresh,0,ok,1 tls12,fresh,0,ok,0 tls12,fresh,0,ok,0 quic,fresh,0,ok,1",
     "<strong>QUIC</strong> survives; <strong>TLS 1.2</strong> in 1 of 3 runs."},
    {"{\"y\":\"accepted\"}", "accepted", "flag", "tls12,fresh,0,ok,1 quic,fresh,0,ok,0",
     "Accepted: <strong>yes</strong> for TLS 1.2; <strong>no</strong> for QUIC."},
    {"{\"y\":\"survives\"}", "survives", "flag",
     "curvecp,fresh,0,ok,1 curvecp,reference,0,ok,0 tls12,fresh,0,ok,0 tls12,resumed,0,ok,0",
     "<strong>CurveCP fresh</strong> survives; <strong>CurveCP reference and TLS 1.2</strong> do "
     "not."},
    /* how much */
    {"{\"y\":\"time_ns\",\"when\":{\"loss_ppm\":[\"0\"]},\"per\":\"rtt_us\",\"say\":\"until the "
     "reply\"}",
     "time_ns", "time",
     "tls12,fresh,0,ok,300040000 tls12,fresh,50000,ok,900000000 tls13,fresh,0,ok,200000000 "
     "quic,fresh,0,ok,200000400",
     "Until the reply: <strong>2.00 round trips</strong> for TLS 1.3 and QUIC; <strong>3.00 round "
     "trips</strong> for TLS 1.2."},
    {"{\"y\":\"time_ns\",\"when\":{\"loss_ppm\":[\"50000\"]}}", "time_ns", "time",
     "tls12,fresh,50000,ok,300000000 tls12,fresh,50000,ok,300000000 tls13,fresh,50000,unfinished "
     "tls13,fresh,50000,failed",
     "At loss 5%, the median time: <strong>300 ms</strong> for TLS 1.2; <strong>never</strong> for "
     "TLS 1.3. Unfinished: 1 of 2 runs of TLS 1.3. Failed: 1 of 2 runs of TLS 1.3."},
    {"{\"y\":\"twice\",\"say\":\"delivered twice\"}", "twice", "count",
     "tls12,fresh,0,ok,0 tls12,fresh,50000,ok,1 quic,fresh,0,ok,0 quic,fresh,50000,ok,0",
     "Delivered twice: <strong>none</strong> for TLS 1.2 with loss 0% and QUIC; "
     "<strong>1</strong> for TLS 1.2 with loss 5%."},
    {"{\"y\":\"twice\",\"say\":\"delivered twice\"}", "twice", "count",
     "tls12,fresh,0,ok,0 quic,fresh,0,ok,",
     "Delivered twice: <strong>none</strong> for TLS 1.2; <strong>not measured</strong> for QUIC."},
    {"{\"y\":\"time_ns\",\"say\":\"it takes\"}", "time_ns", "time",
     TWELVE("1000", "1000", "1000", "1000", "1000", "1000", "1000", "1000", "1000", "1000", "1000",
            "1000"),
     "It takes: <strong>1 \xc2\xb5s</strong> for all 12 protocols."},
    /* many values: the middle is summed up */
    {"{\"y\":\"time_ns\",\"say\":\"it takes\"}", "time_ns", "time",
     TWELVE("12", "11", "10", "9", "8", "7", "6", "5", "4", "3", "2", "1"),
     "It takes: <strong>1 ns</strong> for tcpcrypt; <strong>2 ns</strong> for MinimaLT; "
     "<strong>3 ns</strong> for CurveCP; <strong>4 ns</strong> to <strong>10 ns</strong> for 7 "
     "more; <strong>11 ns</strong> for TLS 1.3; <strong>12 ns</strong> for TLS 1.2."},
    /* many names: most of them are "all others" */
    {"{\"y\":\"twice\",\"say\":\"delivered twice\"}", "twice", "count",
     TWELVE("0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "2",
            "0") " tls13,early,0,ok,1 quic,early,0,ok,1",
     "Delivered twice: <strong>1</strong> for TLS 1.3 early and QUIC early; <strong>2</strong> for "
     "MinimaLT; <strong>none</strong> for all others."},
    /* nothing was run as the answer wants it, or there is none: the first plot */
    {"{\"y\":\"time_ns\",\"when\":{\"loss_ppm\":[\"50000\"]}}", "time_ns", "time",
     "tls12,fresh,0,ok,300000000", "The median time is <strong>300 ms</strong> for TLS 1.2."},
    {"null", "time_ns", "time", "tls12,fresh,0,ok,300000000",
     "The median time is <strong>300 ms</strong> for TLS 1.2."},
    {"{\"y\":\"time_ns\"}", "time_ns", "time", "", "No run of it is stored."},
};

static void answers_say_what_was_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_error error = {0};
        struct sd_stored stored;
        char *said = NULL;
        size_t len;
        write_results(&rows[i]);
        FILE *to = open_memstream(&said, &len);
        if (!to || sd_stored_load(&stored, folder, &error) < 0 ||
            report_answer(to, &stored, json_array_get(stored.scenarios, 0), &error) < 0)
            fail_msg("row %zu: %s", i, error.text);
        sd_stored_free(&stored);
        fclose(to);
        if (strcmp(said, rows[i].says) != 0)
            fail_msg("row %zu, %s\nexpected %s\nfound    %s", i, rows[i].answer, rows[i].says,
                     said);
        free(said);
    }
}

static void a_column_that_is_not_there_is_named(void **state)
{
    (void)state;
    static const struct row row = {"{\"y\":\"tine_ns\"}", "time_ns", "time", "tls12,fresh,0,ok,1",
                                   ""};
    struct sd_error error = {0};
    struct sd_stored stored;
    char *said = NULL;
    size_t len;
    write_results(&row);
    FILE *to = open_memstream(&said, &len);
    assert_non_null(to);
    assert_int_equal(sd_stored_load(&stored, folder, &error), SD_OK);
    assert_int_equal(report_answer(to, &stored, json_array_get(stored.scenarios, 0), &error),
                     SD_E_IO);
    if (!strstr(error.text, "answer of s: expected a column of runs.csv, found 'tine_ns'"))
        fail_msg("expected the column's name, found: %s", error.text);
    sd_stored_free(&stored);
    fclose(to);
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_say_what_was_measured),
        cmocka_unit_test(a_column_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
