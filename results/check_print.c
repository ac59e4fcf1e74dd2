/* check_print.c - a check for people, and as JUnit XML. */
#include "results/check.h"
#include "results/tolerance.h"
#include <stdlib.h>
#include <string.h>

static const char *const verdict[SD_CHANGES] = {
    [SD_CHANGE_WORSE] = "CHANGED",    [SD_CHANGE_VANISHED] = "VANISHED",
    [SD_CHANGE_TOLERATED] = "within", [SD_CHANGE_NEW] = "new",
    [SD_CHANGE_LEFT_OUT] = "not run",
};

static bool fails(const struct sd_check_row *row)
{
    return row->change == SD_CHANGE_WORSE || row->change == SD_CHANGE_VANISHED;
}

/* -- for people -- */

static void print_expectations(const struct sd_check *check, struct sd_text *text)
{
    sd_text_format(text, "expectations: %zu of %zu hold\n",
                   check->expectations - check->expectations_failed, check->expectations);
    if (!check->expectations_failed)
        return;
    struct sd_grid grid = {0};
    sd_grid_column(&grid, "scenario", false);
    sd_grid_column(&grid, "expectation", false);
    sd_grid_column(&grid, "runs", true);
    sd_grid_column(&grid, "the first", false);
    for (size_t i = 0; i < check->expectations; i++) {
        const struct sd_check_expectation *at = &check->expectation[i];
        if (!at->failed)
            continue;
        sd_grid_cell(&grid, at->scenario);
        sd_grid_cell(&grid, at->text);
        sd_grid_format(&grid, "%zu", at->failed);
        sd_grid_cell(&grid, at->first);
    }
    sd_text_put(text, "\n");
    sd_grid_print(&grid, SD_GRID_MARKDOWN, text);
    sd_grid_free(&grid);
    sd_text_put(text, "\n");
}

static bool shown(const struct sd_check_row *row, bool all)
{
    return all || row->change != SD_CHANGE_TOLERATED;
}

static void print_rows(const struct sd_check *check, bool all, struct sd_text *text)
{
    struct sd_grid grid = {0};
    static const char *const names[] = {"scenario", "point",     "metric", "baseline",
                                        "now",      "tolerance", "verdict"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        sd_grid_column(&grid, names[i], i == 3 || i == 4);
    /* What fails comes first. */
    for (int failing = 1; failing >= 0; failing--)
        for (size_t i = 0; i < check->rows; i++) {
            const struct sd_check_row *row = &check->row[i];
            if (fails(row) != failing || !shown(row, all))
                continue;
            sd_grid_cell(&grid, row->scenario);
            sd_grid_cell(&grid, row->point);
            sd_grid_cell(&grid, row->metric);
            sd_grid_cell(&grid, row->baseline);
            sd_grid_cell(&grid, row->now);
            sd_grid_cell(&grid, row->tolerance);
            sd_grid_cell(&grid, verdict[row->change]);
        }
    if (grid.cells) {
        sd_text_put(text, "\n");
        sd_grid_print(&grid, SD_GRID_MARKDOWN, text);
    }
    sd_grid_free(&grid);
}

void sd_check_print(const struct sd_check *check, bool all, struct sd_text *text)
{
    print_expectations(check, text);
    if (!check->compared)
        return;
    sd_text_format(text,
                   "baseline: %zu points, %zu values compared: %zu changed, %zu vanished, %zu "
                   "within their tolerance, %zu new, %zu not run\n",
                   check->points, check->values, check->count[SD_CHANGE_WORSE],
                   check->count[SD_CHANGE_VANISHED], check->count[SD_CHANGE_TOLERATED],
                   check->count[SD_CHANGE_NEW], check->count[SD_CHANGE_LEFT_OUT]);
    if (check->draws)
        sd_text_format(text, "random numbers are others than in the baseline: %s\n", check->draws);
    print_rows(check, all, text);
}

void sd_check_rules(struct sd_text *text)
{
    static const char *const spread[] = {
        [SD_STEADY] = "one value", [SD_REDRAWN] = "one value, redrawn", [SD_VARYING] = "several",
        [SD_ALIKE] = "one value",  [SD_ANY_SPREAD] = "whatever",
    };
    struct sd_grid grid = {0};
    sd_grid_column(&grid, "metric", false);
    sd_grid_column(&grid, "runs gave", false);
    sd_grid_column(&grid, "tolerance", false);
    sd_grid_column(&grid, "because", false);
    for (size_t i = 0; i < sd_tolerances_count; i++) {
        const struct sd_tolerance *at = &sd_tolerances[i];
        char words[128];
        sd_tolerance_words(at, at->metric, words, sizeof words);
        sd_grid_cell(&grid, at->metric);
        sd_grid_cell(&grid, spread[at->spread]);
        sd_grid_cell(&grid, words);
        sd_grid_cell(&grid, at->reason);
    }
    sd_grid_print(&grid, SD_GRID_TEXT, text);
    sd_grid_free(&grid);
}

/* -- JUnit -- */

static void xml(struct sd_text *text, const char *word)
{
    for (; *word; word++)
        switch (*word) {
        case '&':
            sd_text_put(text, "&amp;");
            break;
        case '<':
            sd_text_put(text, "&lt;");
            break;
        case '>':
            sd_text_put(text, "&gt;");
            break;
        case '"':
            sd_text_put(text, "&quot;");
            break;
        default:
            /* XML has no other control characters, not even escaped. */
            sd_text_add(text, (unsigned char)*word < ' ' ? " " : word, 1);
        }
}

static void open_case(struct sd_text *text, const char *scenario, const char *what,
                      const char *name)
{
    sd_text_put(text, "    <testcase classname=\"");
    xml(text, scenario);
    sd_text_put(text, "\" name=\"");
    xml(text, what);
    sd_text_put(text, *name ? ": " : "");
    xml(text, name);
    sd_text_put(text, "\"");
}

static void row_words(struct sd_text *text, const struct sd_check_row *row)
{
    xml(text, verdict[row->change]);
    sd_text_put(text, *row->metric ? " " : "");
    xml(text, row->metric);
    sd_text_put(text, ": baseline ");
    xml(text, row->baseline);
    sd_text_put(text, ", now ");
    xml(text, row->now);
    sd_text_put(text, *row->tolerance ? ", tolerance " : "");
    xml(text, row->tolerance);
    sd_text_put(text, *row->reason ? ": " : "");
    xml(text, row->reason);
    sd_text_put(text, "\n");
}

static void expectation_case(struct sd_text *text, const struct sd_check_expectation *at)
{
    open_case(text, at->scenario, "expectation", at->text);
    if (!at->failed) {
        sd_text_put(text, "/>\n");
        return;
    }
    sd_text_format(text, ">\n      <failure message=\"in runs: %zu, the first: ", at->failed);
    xml(text, at->first);
    sd_text_put(text, "\"/>\n    </testcase>\n");
}

static void point_case(struct sd_text *text, const struct sd_check *check,
                       const struct sd_check_point *point)
{
    size_t failing = 0;
    for (size_t i = 0; i < point->rows; i++)
        failing += fails(&check->row[point->first + i]);
    open_case(text, point->scenario, "baseline", point->point);
    if (!failing) {
        sd_text_put(text, "/>\n");
        return;
    }
    sd_text_format(text, ">\n      <failure message=\"values that differ: %zu\">\n", failing);
    for (size_t i = 0; i < point->rows; i++)
        if (fails(&check->row[point->first + i]))
            row_words(text, &check->row[point->first + i]);
    sd_text_put(text, "      </failure>\n    </testcase>\n");
}

/* A point or scenario that is gone: a row of no compared point. */
static bool is_whole(const struct sd_check_row *row)
{
    return row->change == SD_CHANGE_VANISHED && (!*row->metric || !*row->point);
}

static void vanished_case(struct sd_text *text, const struct sd_check_row *row)
{
    open_case(text, row->scenario, "baseline", *row->point ? row->point : row->metric);
    sd_text_put(text, ">\n      <failure message=\"vanished\">\n");
    row_words(text, row);
    sd_text_put(text, "      </failure>\n    </testcase>\n");
}

struct suite {
    size_t tests, failures;
};

static struct suite suite_cases(struct sd_text *text, const struct sd_check *check,
                                const char *scenario)
{
    struct suite suite = {0};
    for (size_t i = 0; i < check->expectations; i++) {
        if (strcmp(check->expectation[i].scenario, scenario) != 0)
            continue;
        expectation_case(text, &check->expectation[i]);
        suite.tests++;
        suite.failures += check->expectation[i].failed > 0;
    }
    for (size_t i = 0; i < check->points; i++) {
        const struct sd_check_point *point = &check->point[i];
        bool failed = false;
        if (strcmp(point->scenario, scenario) != 0)
            continue;
        point_case(text, check, point);
        for (size_t r = 0; r < point->rows; r++)
            failed = failed || fails(&check->row[point->first + r]);
        suite.tests++;
        suite.failures += failed;
    }
    for (size_t i = 0; i < check->rows; i++) {
        if (strcmp(check->row[i].scenario, scenario) != 0 || !is_whole(&check->row[i]))
            continue;
        vanished_case(text, &check->row[i]);
        suite.tests++;
        suite.failures++;
    }
    return suite;
}

static void add_suite(struct sd_text *text, const struct sd_check *check, const char *scenario)
{
    struct sd_text cases = {0};
    struct suite suite = suite_cases(&cases, check, scenario);
    if (suite.tests) {
        sd_text_put(text, "  <testsuite name=\"");
        xml(text, scenario);
        sd_text_format(text, "\" tests=\"%zu\" failures=\"%zu\">\n", suite.tests, suite.failures);
        sd_text_add(text, cases.text ? cases.text : "", cases.len);
        sd_text_put(text, "  </testsuite>\n");
    }
    text->bad = text->bad || cases.bad;
    free(cases.text);
}

void sd_check_junit(const struct sd_check *check, struct sd_text *text)
{
    sd_text_put(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"shakedown "
                      "check\">\n");
    for (size_t i = 0; i < check->scenarios; i++)
        add_suite(text, check, check->scenario[i]);
    sd_text_put(text, "</testsuites>\n");
}
