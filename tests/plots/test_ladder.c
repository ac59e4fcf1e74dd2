/* Ladders: whole ones against golden files, and what they must say of odd traces.
 *
 * After a change of looks: GOLDEN=write build/tests/plots/plots_ladder, then look at the files. */
#include "plots/draft.h"
#include "plots/ladder.h"
#include "plots/ladder_plan.h"
#include "tests/plots/xml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LAB HERE "/lab"

/* -- drawing -- */

static struct sd_trace *load(const char *run)
{
    struct sd_trace *trace;
    struct sd_error error = {0};
    if (sd_trace_load(&trace, LAB, run, &error) < 0)
        fail_msg("%s", error.text);
    return trace;
}

static char *draw(const struct sd_trace *trace, bool svg, struct sd_ladder_view view)
{
    struct sd_draft draft;
    struct sd_error error = {0};
    assert_int_equal(sd_draft_begin(&draft, &error), SD_OK);
    if ((svg ? sd_ladder_svg : sd_ladder_text)(trace, &view, draft.to, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(sd_draft_end(&draft, &error), SD_OK);
    char *text = strdup(draft.text);
    sd_draft_drop(&draft);
    return text;
}

static struct sd_trace *parse(const char *text)
{
    struct sd_trace *trace;
    struct sd_error error = {0};
    if (sd_trace_parse(&trace, text, strlen(text), "test", &error) < 0)
        fail_msg("%s", error.text);
    return trace;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    if (file) {
        if (fread(text, 1, (1 << 20) - 1, file) == 0)
            text[0] = '\0';
        fclose(file);
    }
    return text;
}

static void same_as_golden(const char *found, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/golden/%s", HERE, name);
    const char *golden = getenv("GOLDEN");
    if (golden && !strcmp(golden, "write")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(found, file);
        fclose(file);
    }
    char *expected = read_file(path);
    size_t line = 1;
    for (size_t i = 0; expected[i] == found[i]; i++) {
        if (!found[i]) {
            free(expected);
            return;
        }
        line += found[i] == '\n';
    }
    const char *e = expected, *f = found;
    for (size_t i = 1; i < line; i++) {
        e = strchr(e, '\n') + 1;
        f = strchr(f, '\n') + 1;
    }
    fail_msg("%s, line %zu\nexpected %.*s\nfound    %.*s\nif that is meant: GOLDEN=write", name,
             line, (int)strcspn(e, "\n"), e, (int)strcspn(f, "\n"), f);
}

/* -- golden -- */

static void ladders_are_as_they_were(void **state)
{
    (void)state;
    static const struct {
        const char *run, *golden;
        bool svg;
        struct sd_ladder_view view;
    } rows[] = {
        {"handshake-rtt-tls13-fresh-r0", "tls13.txt", false, {0}},
        {"handshake-rtt-tls13-fresh-r0", "tls13-80.txt", false, {.columns = 80}},
        {"handshake-rtt-tls13-fresh-r0", "tls13.svg", true, {0}},
        {"handshake-loss-tls12-fresh-50000-50000-r3", "tls12-loss.txt", false, {0}},
        {"nat-rebinding-wireguard-fresh-both-r0", "wireguard-nat.txt", false, {.columns = 120}},
        {"odd-quic-fresh-r0", "window.txt", false, {.from = 3 * SD_MS, .to = 5 * SD_MS}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_trace *trace = load(rows[i].run);
        char *found = draw(trace, rows[i].svg, rows[i].view);
        same_as_golden(found, rows[i].golden);
        free(found);
        sd_trace_free(trace);
    }
}

/* -- what every ladder keeps -- */

static const char *const runs[] = {
    "handshake-rtt-tls13-fresh-r0",
    "handshake-loss-tls12-fresh-50000-50000-r3",
    "nat-rebinding-wireguard-fresh-both-r0",
    "odd-quic-fresh-r0",
    "odd-empty-r0",
};
#define RUNS (sizeof runs / sizeof *runs)

static void pictures_are_well_formed_and_refer_to_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < RUNS; i++) {
        struct sd_trace *trace = load(runs[i]);
        char *svg = draw(trace, true, (struct sd_ladder_view){.packets = 1000}), why[200];
        if (!xml_well_formed(svg, why, sizeof why))
            fail_msg("%s: %s", runs[i], why);
        if (strstr(svg, "<script") || strstr(svg, "url(") || strstr(svg, "src=") ||
            strstr(svg, "href="))
            fail_msg("%s: its picture refers to something", runs[i]);
        free(svg);
        sd_trace_free(trace);
    }
}

static void text_stays_within_its_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < RUNS; i++)
        for (int columns = 80; columns <= 120; columns += 20) {
            struct sd_trace *trace = load(runs[i]);
            char *text = draw(trace, false, (struct sd_ladder_view){.columns = columns});
            char *save = NULL;
            for (char *line = strtok_r(text, "\n", &save); line;
                 line = strtok_r(NULL, "\n", &save)) {
                int wide = 0;
                for (char *c = line; *c; c++) {
                    if ((unsigned char)*c < 0x20)
                        fail_msg("%s: a control character in \"%s\"", runs[i], line);
                    wide += ((unsigned char)*c & 0xc0) != 0x80;
                }
                if (wide > columns)
                    fail_msg("%s: expected at most %d columns, found %d: %s", runs[i], columns,
                             wide, line);
            }
            free(text);
            sd_trace_free(trace);
        }
}

/* -- what they say -- */

#define MACHINES(list) "{\"kind\":\"run\",\"run\":\"r\",\"machines\":[" list "]}\n"
#define MACHINE(name)  "{\"name\":\"" name "\",\"role\":\"host\"}"
#define CROSSES(t, from, to, more)                                                                 \
    "{\"t\":" t ",\"kind\":\"packet\",\"from\":\"" from "\",\"to\":\"" to "\",\"len\":60," more    \
    "}\n"
#define ARRIVES(t, from, to, arrive) CROSSES(t, from, to, "\"fate\":\"arrived\",\"arrive\":" arrive)

static void odd_traces_say_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *name, *trace, *text, *svg;
        struct sd_ladder_view view;
    } rows[] = {
        {
            .name = "nothing",
            .trace = MACHINES(MACHINE("a")),
            .text = "nothing happened",
            .svg = "nothing happened",
        },
        {
            .name = "cut after two packets",
            .trace = MACHINES(MACHINE("a") "," MACHINE("b")) ARRIVES("0", "a", "b", "1000000")
                ARRIVES("1000000", "a", "b", "2000000") ARRIVES("2000000", "a", "b", "3000000")
                    ARRIVES("3500000", "b", "a", "4000000"),
            .view = {.packets = 2},
            .text = "2 packets more, from 2.000 to 3.500 ms: --window 2ms-4ms",
            .svg = "2 packets more, from 2.000 to 3.500 ms",
        },
        {
            .name = "a silence",
            .trace = MACHINES(MACHINE("a") "," MACHINE("b")) ARRIVES("0", "a", "b", "1000000")
                ARRIVES("5001000000", "a", "b", "5002000000"),
            .text = " 5 s pass ",
            .svg = "5 s pass",
        },
        {
            .name = "the router stands between those it joins",
            .trace = MACHINES(MACHINE("left") "," MACHINE("right") "," MACHINE("router"))
                ARRIVES("0", "left", "router", "1") ARRIVES("1", "router", "right", "2"),
            .text = "left                               router                               right",
            .svg = "router",
        },
        {
            .name = "the busiest six of eight machines",
            .trace = MACHINES(MACHINE("a") "," MACHINE("b") "," MACHINE("c") "," MACHINE(
                "d") "," MACHINE("e") "," MACHINE("f") "," MACHINE("g") "," MACHINE("h"))
                ARRIVES("0", "g", "h", "1") ARRIVES("1", "a", "b", "2") ARRIVES("2", "b", "a", "3")
                    ARRIVES("3", "c", "d", "4") ARRIVES("4", "d", "c", "5")
                        ARRIVES("5", "e", "f", "6") ARRIVES("6", "f", "e", "7"),
            .text = "2 machines more have no lifeline; 1 of their packets",
            .svg = "2 machines more have no lifeline; 1 of their packets",
        },
        {
            .name = "lost",
            .trace = MACHINES(MACHINE("a") "," MACHINE("b"))
                CROSSES("0", "a", "b", "\"fate\":\"lost\",\"what\":\"SYN\""),
            .text = "X                  \xe2\x94\x82 never",
            .svg = "> lost</tspan>",
        },
        {
            .name = "extensions are clear, early data and records are not",
            .trace = MACHINES(MACHINE("a") "," MACHINE("b"))
                CROSSES("0", "a", "b",
                        "\"fate\":\"arrived\",\"arrive\":1,\"what\":\"Hello (cookie), (early 5 B), "
                        "[App]\""),
            .text = "Hello (cookie), (early 5 B), [App] 60 B",
            .svg = "<tspan fill=\"#1c2126\">Hello (cookie), </tspan>"
                   "<tspan fill=\"#6d3fb5\" font-weight=\"bold\">(early 5 B)</tspan>"
                   "<tspan fill=\"#1c2126\">, </tspan>"
                   "<tspan fill=\"#6d3fb5\" font-weight=\"bold\">[App]</tspan>",
        },
        {
            .name = "names are escaped",
            .trace = MACHINES("{\"name\":\"<a&b>\"}," MACHINE("b")) ARRIVES("0", "<a&b>", "b", "1"),
            .text = "<a&b>",
            .svg = "&lt;a&amp;b&gt;",
        },
        {
            .name = "two conversations are told apart",
            .trace = MACHINES(MACHINE("a") "," MACHINE("b"))
                ARRIVES("0", "a", "b", "1") "{\"t\":1,\"kind\":\"event\",\"machine\":\"b\","
                                            "\"conn\":1,\"name\":\"ready\"}\n"
                                            "{\"t\":2,\"kind\":\"event\",\"machine\":\"b\","
                                            "\"conn\":2,\"name\":\"ready\"}\n",
            .text = "#2 ready *",
            .svg = "#2 </tspan>",
        },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_trace *trace = parse(rows[i].trace);
        char *text = draw(trace, false, rows[i].view), *svg = draw(trace, true, rows[i].view);
        char why[200];
        if (!strstr(text, rows[i].text))
            fail_msg("%s: expected text with '%s', found\n%s", rows[i].name, rows[i].text, text);
        if (!strstr(svg, rows[i].svg) || !xml_well_formed(svg, why, sizeof why))
            fail_msg("%s: expected a picture with '%s', found\n%s", rows[i].name, rows[i].svg, svg);
        free(text);
        free(svg);
        sd_trace_free(trace);
    }
}

static double columns_of(const char *text, size_t len)
{
    (void)text;
    return (double)len;
}

static void labels_break_at_blanks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double most;
        const char *lines;
    } rows[] = {
        {"ClientHello", 20, "ClientHello"},
        {"ServerHello, Certificate, Done", 16, "ServerHello,|Certificate,|Done"},
        {"ServerHello, Finished", 8, "ServerHe|llo,|Finished"},
        /* not between a number and its unit */
        {"{Finished 4 records 643 B} 848 B", 24, "{Finished 4 records|643 B} 848 B"},
        {"[1200 B encrypted]", 6, "[1200|B|encryp|ted]"},
        {"plan 9 Bell labs", 6, "plan 9|Bell|labs"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_label label = {.len = strlen(rows[i].text)};
        struct sd_label_line line[8];
        char found[128] = "";
        snprintf(label.text, sizeof label.text, "%s", rows[i].text);
        size_t lines = sd_label_wrap(&label, rows[i].most, columns_of, line, 8);
        for (size_t l = 0; l < lines && l < 8; l++)
            snprintf(found + strlen(found), sizeof found - strlen(found), "%s%.*s", l ? "|" : "",
                     (int)line[l].len, label.text + line[l].start);
        if (strcmp(found, rows[i].lines) != 0)
            fail_msg("\"%s\" within %.0f\nexpected %s\nfound    %s", rows[i].text, rows[i].most,
                     rows[i].lines, found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ladders_are_as_they_were),
        cmocka_unit_test(pictures_are_well_formed_and_refer_to_nothing),
        cmocka_unit_test(text_stays_within_its_columns),
        cmocka_unit_test(odd_traces_say_what_they_are),
        cmocka_unit_test(labels_break_at_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
