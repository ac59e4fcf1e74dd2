/* Plots and the report of a stored folder: the same bytes twice, well-formed, complete, closed. */
#include "plots/ladder.h"
#include "plots/plot.h"
#include "plots/report.h"
#include "tests/cmd/program.h"
#include "tests/plots/xml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[4096];
static char lab[4200]; /* drawn once; tests only look at it */

static int teardown(void **state)
{
    (void)state;
    program_rmtree(folder);
    return 0;
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[4600];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        fail_msg("cannot write %s", path);
}

/* A copy of tests/plots/lab, to draw into. */
static void copy_lab(const char *name, char *dir, size_t cap)
{
    static const char *const files[] = {
        "manifest.json",
        "runs.csv",
        "expectations.csv",
        "events/handshake-rtt-tls13-fresh-r0.jsonl",
        "events/handshake-loss-tls12-fresh-50000-50000-r3.jsonl",
        "events/nat-rebinding-wireguard-fresh-both-r0.jsonl",
        "events/odd-quic-fresh-r0.jsonl",
    };
    char events[4300];
    snprintf(dir, cap, "%s/%s", folder, name);
    snprintf(events, sizeof events, "%s/events", dir);
    if (mkdir(dir, 0777) < 0 || mkdir(events, 0777) < 0)
        fail_msg("cannot make %s", events);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *text = program_file(HERE "/lab", files[i]);
        if (!text)
            fail_msg("tests/plots/lab/%s is not there", files[i]);
        write_file(dir, files[i], text);
        free(text);
    }
}

static void draw(const char *dir)
{
    struct sd_error error = {0};
    size_t plots = 0, ladders = 0;
    if (sd_plots_draw(dir, &plots, &error) < 0 || sd_ladders_draw(dir, &ladders, &error) < 0 ||
        sd_report_write(dir, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(plots, 16);
    assert_int_equal(ladders, 1);
}

static int setup(void **state)
{
    (void)state;
    program_mktree(folder, sizeof folder);
    copy_lab("lab", lab, sizeof lab);
    draw(lab);
    return 0;
}

static char *need(const char *dir, const char *name)
{
    char *text = program_file(dir, name);
    if (!text)
        fail_msg("expected %s/%s, found none", dir, name);
    return text;
}

static const char *const drawn[] = {
    "plots/handshake-rtt.svg",
    "plots/handshake-bytes.svg",
    "plots/handshake-loss.svg",
    "plots/handshake-loss-cdf.svg",
    "plots/handshake-loss-mean.svg",
    "plots/nat-rebinding.svg",
    "plots/flood-success.svg",
    "plots/flood-cpu.svg",
    "plots/odd-range.svg",
    "plots/odd-each.svg",
    "plots/odd-point.svg",
    "plots/odd-nothing.svg",
    "plots/odd-cdf.svg",
    "plots/odd-bars.svg",
    "plots/odd-zero.svg",
    "plots/odd-handshake-rtt.svg",
    "ladders/nat-rebinding-wireguard-fresh-both-r0.svg",
};
#define DRAWN (sizeof drawn / sizeof *drawn)

static void drawings_are_well_formed_and_closed(void **state)
{
    (void)state;
    char why[200];
    for (size_t i = 0; i < DRAWN; i++) {
        char *svg = need(lab, drawn[i]);
        if (!xml_well_formed(svg, why, sizeof why))
            fail_msg("%s: %s", drawn[i], why);
        /* A point's shape is defined in the same file; nothing else is referred to. */
        for (const char *at = svg; (at = strstr(at, "href=")); at++)
            if (strncmp(at, "href=\"#", 7) && strncmp(at, "href='#", 7))
                fail_msg("%s refers to %.40s", drawn[i], at);
        if (strstr(svg, "<script") || strstr(svg, "url(") || strstr(svg, "src=") ||
            strcasestr(svg, "gnuplot") || !strstr(svg, "<title>") || !strstr(svg, "<desc>"))
            fail_msg("%s has a script, a reference, gnuplot's name, or no title", drawn[i]);
        free(svg);
    }
}

static void the_same_data_gives_the_same_bytes(void **state)
{
    (void)state;
    char again[4200];
    copy_lab("again", again, sizeof again);
    draw(again);
    draw(again); /* over what is there */
    for (size_t i = 0; i < DRAWN; i++) {
        char *first = need(lab, drawn[i]), *second = need(again, drawn[i]);
        if (strcmp(first, second))
            fail_msg("%s differs from one drawing to the next", drawn[i]);
        free(first);
        free(second);
    }
}

static void plots_say_what_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text;
    } rows[] = {
        {"plots/handshake-loss-cdf.svg", "TLS 1.2: 2 of 20 unfinished"},
        {"plots/handshake-loss.svg", "20 runs each."},
        {"plots/handshake-loss.svg", "dotted: p95"},
        {"plots/handshake-loss.svg", ">RTT: 100 ms<"},
        {"plots/handshake-loss.svg", ">loss (%)<"},
        {"plots/nat-rebinding.svg", "20 of 40 unfinished, 2 without a value"},
        {"plots/nat-rebinding.svg", "the statistic falls on runs that never got there"},
        {"plots/nat-rebinding.svg", "rebinding &lt;of &amp; &quot;everything&quot;&gt;"},
        {"plots/odd-nothing.svg", "IKEv2 + ESP: 8 of 8 failed"},
        {"plots/odd-zero.svg", "Taken together over: size"},
        {"plots/flood-cpu.svg", ">rate (packets/s), not to scale<"},
        {"plots/odd-each.svg", "Grey: the others."},
        {"plots/odd-handshake-rtt.svg", "The axis is linear, because nothing is above 0."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *svg = need(lab, rows[i].file);
        if (!strstr(svg, rows[i].text))
            fail_msg("%s: expected '%s' in it, found none", rows[i].file, rows[i].text);
        free(svg);
    }
}

/* -- the report -- */

static void the_report_is_complete(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "<!DOCTYPE html>",
        "name=\"viewport\"",
        "@media print",
        "prefers-color-scheme:dark",
        /* where it comes from */
        "shakedown survey --out results/runs/survey",
        "v0.1-120-gabcdef0",
        "openssl 3.0.17",
        "laptop-2020",
        "1171 runs: 1067 ok",
        "96 unfinished",
        /* each scenario: title, question, answer */
        "<h2>Round trips before data</h2>",
        "<h2>Handshake time against packet loss</h2>",
        "<h2>NAT rebinding in the middle of a transfer</h2>",
        "<h2>Spoofed handshake flood with honest clients</h2>",
        "How long does a secure handshake take when the network drops packets?",
        "At loss 10%, with RTT 100 ms, the median handshake time runs from <strong>100 ms</strong> "
        "(WireGuard) to",
        "and is never reached for TLS 1.2, TLS 1.3",
        /* what failed */
        "<span class=\"bad\">failed:</span> without loss every run finishes",
        "handshake-loss-tls13-fresh-100000-20000-r3",
        "<span class=\"good\">holds:</span> WireGuard roams without a new handshake",
        "crashed: signal 6 (Aborted), with a comma and &quot;quotes&quot; &lt;b&gt;",
        /* what lies beside it */
        "href=\"events/nat-rebinding-wireguard-fresh-both-r0.jsonl\"",
        "href=\"ladders/nat-rebinding-wireguard-fresh-both-r0.txt\"",
        "<summary>WireGuard, fresh, rebind both</summary>",
        "href=\"runs.csv\"",
        "href=\"tables/handshake-rtt.csv\"",
        /* how to have it again */
        "<pre><code>shakedown run nat-rebinding</code></pre>",
        "Longest silence after a rebinding &lt;of &amp; &quot;everything&quot;&gt;",
    };
    char *html = need(lab, "report.html");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(html, parts[i]))
            fail_msg("report.html: expected '%s' in it, found none", parts[i]);
    size_t pictures = 0;
    for (const char *at = html; (at = strstr(at, "<svg ")); at++)
        pictures++;
    assert_int_equal(pictures, DRAWN);
    free(html);
}

/* Links lead to files beside it or into the page; nothing is fetched. */
static void the_report_needs_no_network(void **state)
{
    (void)state;
    char *html = need(lab, "report.html");
    static const char *const fetched[] = {"src=",    "<script", "<link",   "<iframe",
                                          "<object", "<image",  "@import", "url("};
    for (size_t i = 0; i < sizeof fetched / sizeof *fetched; i++)
        if (strstr(html, fetched[i]))
            fail_msg("report.html holds %s", fetched[i]);
    for (const char *at = html; (at = strstr(at, "href=")); at += 5)
        if (!strncmp(at + 6, "http", 4) || !strncmp(at + 6, "//", 2))
            fail_msg("report.html links to %.60s", at);
    for (const char *at = html; (at = strstr(at, "://")); at += 3)
        if (strncmp(at, "://www.w3.org/", 14)) /* names of namespaces */
            fail_msg("report.html mentions %.60s", at - 5);
    free(html);
}

static void ids_of_the_report_are_unique(void **state)
{
    (void)state;
    char id[200];
    char *html = need(lab, "report.html");
    for (const char *at = html; (at = strstr(at, " id=")); at += 4) {
        size_t len = strcspn(at + 5, "\"'") + 6;
        assert_true(len < sizeof id);
        snprintf(id, sizeof id, "%.*s", (int)len, at);
        const char *again = strstr(at + len, id);
        if (again)
            fail_msg("report.html has%s twice", id);
    }
    free(html);
}

static void a_plot_that_is_not_there_is_said_to_be_missing(void **state)
{
    (void)state;
    char dir[4200];
    struct sd_error error = {0};
    copy_lab("bare", dir, sizeof dir);
    if (sd_report_write(dir, &error) < 0)
        fail_msg("%s", error.text);
    char *html = need(dir, "report.html");
    if (!strstr(html, "plots/handshake-loss.svg is not there") || !strstr(html, "shakedown plot "))
        fail_msg("expected what is missing and how to have it");
    free(html);
}

/* -- what can be wrong -- */

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *error;
    } rows[] = {
        {"manifest.json", "{", "manifest.json:1: expected JSON"},
        {"manifest.json",
         "{\"shakedown_results\":1,\"scenarios\":[{\"name\":\"s\",\"plots\":[{\"name\":\"../x\","
         "\"kind\":\"bars\",\"x\":\"mode\",\"y\":\"rtt_us\",\"by\":\"protocol\"}]}]}",
         "plot ../x of s: expected a \"name\" for its file, found ../x"},
        {"manifest.json",
         "{\"shakedown_results\":1,\"scenarios\":[{\"name\":\"s\",\"plots\":[{\"name\":\"p\","
         "\"kind\":\"pie\"}]}]}",
         "plot p of s: expected lines, bars or cdf as \"kind\", found pie"},
        {"manifest.json",
         "{\"shakedown_results\":1,\"scenarios\":[{\"name\":\"s\",\"plots\":[{\"name\":\"p\","
         "\"kind\":\"bars\",\"x\":\"mode\",\"y\":\"rtt_us\",\"show\":[\"mood\"]}]}]}",
         "expected statistics such as median and p95 in \"show\", found mood"},
        {"manifest.json",
         "{\"shakedown_results\":1,\"scenarios\":[{\"name\":\"odd\",\"plots\":[{\"name\":\"p\","
         "\"kind\":\"bars\",\"x\":\"mod\",\"y\":\"rtt_us\",\"by\":\"protocol\"}]}]}",
         "plot p: expected a column of runs.csv, found 'mod'; did you mean mode?"},
        {"runs.csv", "protocol,mode\ntls13\n", "runs.csv:2: expected 2 cells, found 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char dir[4200], name[32];
        struct sd_error error = {0};
        snprintf(name, sizeof name, "wrong-%zu", i);
        copy_lab(name, dir, sizeof dir);
        write_file(dir, rows[i].file, rows[i].text);
        int rc = sd_plots_draw(dir, NULL, &error);
        if (rc != SD_E_IO || !strstr(error.text, rows[i].error))
            fail_msg("row %zu\nexpected ...%s...\nfound %d: %s", i, rows[i].error, rc, error.text);
    }
}

static void set_path(const char *path)
{
    if (setenv("PATH", path, 1) < 0)
        fail_msg("cannot set PATH");
}

static void gnuplot_missing_or_failing_is_said(void **state)
{
    (void)state;
    char dir[4200], bin[4300], *was = strdup(getenv("PATH"));
    struct sd_error error = {0};
    copy_lab("no-gnuplot", dir, sizeof dir);
    snprintf(bin, sizeof bin, "%s/bin", dir);
    assert_int_equal(mkdir(bin, 0777), 0);

    set_path(bin);
    int rc = sd_plots_draw(dir, NULL, &error);
    if (rc != SD_E_IO || !strstr(error.text, "apt-get install gnuplot-nox"))
        fail_msg("expected the name of the package, found %d: %s", rc, error.text);

    write_file(bin, "gnuplot",
               "#!/bin/sh\necho 'gnuplot> plot' >&2\necho '  line 1: moon is full' >&2\nexit 3\n");
    char path[4400];
    snprintf(path, sizeof path, "%s/gnuplot", bin);
    assert_int_equal(chmod(path, 0755), 0);
    rc = sd_plots_draw(dir, NULL, &error);
    if (rc != SD_E_IO || !strstr(error.text, "status 3") || !strstr(error.text, "moon is full"))
        fail_msg("expected what gnuplot said, found %d: %s", rc, error.text);
    set_path(was);
    free(was);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawings_are_well_formed_and_closed),
        cmocka_unit_test(the_same_data_gives_the_same_bytes),
        cmocka_unit_test(plots_say_what_is_missing),
        cmocka_unit_test(the_report_is_complete),
        cmocka_unit_test(the_report_needs_no_network),
        cmocka_unit_test(ids_of_the_report_are_unique),
        cmocka_unit_test(a_plot_that_is_not_there_is_said_to_be_missing),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(gnuplot_missing_or_failing_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
