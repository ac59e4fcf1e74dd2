/* report_runs.c - how runs ended: counts, expectations that failed, points in trouble. */
#include "plots/axis.h"
#include "plots/report_parts.h"
#include "plots/svg.h"
#include "results/csv.h"
#include "results/files.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINTS_SHOWN 40 /* of those in trouble */
#define RUNS_SHOWN   5  /* of those that failed one expectation */

/* -- counts -- */

struct report_count report_count_runs(const struct sd_stored *stored, const json_t *scenario)
{
    struct report_count count = {0};
    int outcome = sd_frame_column(stored->frame, "outcome");
    for (size_t row = 0; outcome >= 0 && row < sd_frame_rows(stored->frame); row++) {
        if (scenario && !sd_stored_of(stored, row, scenario))
            continue;
        const char *cell = sd_frame_cell(stored->frame, row, outcome);
        count.runs++;
        count.ok += !strcmp(cell, "ok");
        count.failed += !strcmp(cell, "failed");
        count.unfinished += !strcmp(cell, "unfinished");
    }
    return count;
}

void report_counts(FILE *to, struct report_count count)
{
    fprintf(to, "%zu run%s: %zu ok", count.runs, count.runs == 1 ? "" : "s", count.ok);
    if (count.unfinished)
        fprintf(to, ", <span class=\"bad\">%zu unfinished</span>", count.unfinished);
    if (count.failed)
        fprintf(to, ", <span class=\"bad\">%zu failed</span>", count.failed);
}

void report_run(FILE *to, const char *dir, const char *run)
{
    static const struct {
        const char *folder, *suffix, *text;
    } files[] = {
        {"events", ".jsonl", "events"}, {"pcap", ".pcapng", "capture"}, {"pcap", ".keys", "keys"},
        {"ladders", ".svg", "ladder"},  {"ladders", ".txt", "as text"},
    };
    fputs("<code>", to);
    sd_xml(to, run);
    fputs("</code>", to);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (sd_stored_has(dir, files[i].folder, run, files[i].suffix)) {
            fputs(" ", to);
            report_link(to, files[i].folder, run, files[i].suffix, files[i].text);
        }
}

/* -- expectations -- */

static int take_records(struct report_expectations *all, size_t len, const char *dir,
                        struct sd_error *error)
{
    char *at = all->text, *cell[8];
    size_t line = 1, cells, cap = 0;
    bool head = true;
    while (at < all->text + len) {
        struct sd_error why = {0};
        size_t here = line;
        int rc = sd_csv_record(&at, all->text + len, &line, cell, 8, &cells, &why);
        if (rc < 0 || cells != 4)
            return sd_fail(error, SD_E_IO, "%s/expectations.csv:%zu: %s", dir, here,
                           rc < 0 ? why.text : "expected scenario,run,expectation,ok");
        bool failed = !head && (!strcmp(cell[3], "false") || !strcmp(cell[3], "0"));
        head = false;
        if (!failed)
            continue;
        if (all->count == cap) {
            cap = cap ? 2 * cap : 16;
            struct report_failed *grown = realloc(all->failed, cap * sizeof *grown);
            if (!grown)
                return sd_fail(error, SD_E_NOMEM, "out of memory for expectations");
            all->failed = grown;
        }
        all->failed[all->count++] = (struct report_failed){cell[0], cell[1], cell[2]};
    }
    return SD_OK;
}

int report_expectations_load(struct report_expectations *all, const char *dir,
                             struct sd_error *error)
{
    size_t len;
    char path[4200];
    *all = (struct report_expectations){0};
    snprintf(path, sizeof path, "%s/expectations.csv", dir);
    if (access(path, F_OK) < 0)
        return SD_OK;
    int rc = sd_file_read(&all->text, &len, dir, "expectations.csv", NULL, error);
    if (rc == SD_OK)
        rc = take_records(all, len, dir, error);
    if (rc < 0)
        report_expectations_free(all);
    return rc;
}

void report_expectations_free(struct report_expectations *all)
{
    free(all->text);
    free(all->failed);
    *all = (struct report_expectations){0};
}

static size_t show_failed(FILE *to, const char *dir, const char *scenario, const char *text,
                          const struct report_expectations *all, bool names)
{
    size_t failed = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->failed[i].scenario, scenario) || strcmp(all->failed[i].expectation, text))
            continue;
        if (names && failed < RUNS_SHOWN) {
            fputs("<br>", to);
            report_run(to, dir, all->failed[i].run);
        }
        failed++;
    }
    return failed;
}

void report_expectations_show(FILE *to, const struct sd_stored *stored, const json_t *scenario,
                              const struct report_expectations *all)
{
    const json_t *texts = json_object_get(scenario, "expectations");
    const char *name = sd_stored_text(scenario, "name");
    size_t index;
    json_t *text;
    if (!json_array_size(texts))
        return;
    fputs("<h3>Expectations</h3>\n<ul>\n", to);
    json_array_foreach((json_t *)texts, index, text)
    {
        const char *words = json_is_string(text) ? json_string_value(text) : "";
        size_t failed = show_failed(to, stored->dir, name, words, all, false);
        fprintf(to, "<li><span class=\"%s\">%s</span> ", failed ? "bad" : "good",
                failed ? "failed:" : "holds:");
        sd_xml(to, words);
        if (failed) {
            fprintf(to, " &mdash; in %zu run%s", failed, failed == 1 ? "" : "s");
            show_failed(to, stored->dir, name, words, all, true);
            if (failed > RUNS_SHOWN) {
                fputs("<br>and more in ", to);
                report_link(to, "", "expectations.csv", "", "expectations.csv");
            }
        }
        fputs("</li>\n", to);
    }
    fputs("</ul>\n", to);
}

/* -- points in trouble -- */

struct columns {
    const char *name[64];
    size_t count;
};

static void take_columns(struct columns *columns, const json_t *scenario)
{
    size_t index;
    json_t *column;
    columns->count = 0;
    json_array_foreach(json_object_get(scenario, "columns"), index, column)
    {
        if (json_is_string(column) && columns->count < 64)
            columns->name[columns->count++] = json_string_value(column);
    }
}

static void put_point(FILE *to, const struct sd_stored *stored, const struct columns *columns,
                      const struct sd_groups *groups, size_t group)
{
    const size_t *row;
    size_t rows = sd_groups_rows(groups, group, &row), first = SIZE_MAX, failed = 0, unfinished = 0;
    int outcome = sd_frame_column(stored->frame, "outcome");
    int detail = sd_frame_column(stored->frame, "detail");
    for (size_t i = 0; i < rows; i++) {
        const char *cell = sd_frame_cell(stored->frame, row[i], outcome);
        failed += !strcmp(cell, "failed");
        unfinished += !strcmp(cell, "unfinished");
        if (strcmp(cell, "ok") && first == SIZE_MAX)
            first = row[i];
    }
    fputs("<tr>", to);
    for (size_t c = 0; c < columns->count; c++) {
        char text[96];
        bool protocol = !strcmp(columns->name[c], "protocol");
        sd_cell_text(columns->name[c], sd_groups_cell(groups, group, c), text, sizeof text);
        report_cell(to, columns->name[c], protocol ? sd_groups_cell(groups, group, c) : text,
                    false);
    }
    fprintf(to,
            "<td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td "
            "class=\"t\">",
            rows, unfinished, failed);
    sd_xml(to, detail < 0 ? "" : sd_frame_cell(stored->frame, first, detail));
    fputs("</td><td class=\"t\">", to);
    char name[SD_STORED_NAME];
    if (sd_stored_run_name(stored, first, name))
        report_run(to, stored->dir, name);
    fputs("</td></tr>\n", to);
}

static bool in_trouble(const struct sd_stored *stored, const struct sd_groups *groups, size_t group)
{
    const size_t *row;
    size_t rows = sd_groups_rows(groups, group, &row);
    int outcome = sd_frame_column(stored->frame, "outcome");
    for (size_t i = 0; i < rows; i++)
        if (strcmp(sd_frame_cell(stored->frame, row[i], outcome), "ok"))
            return true;
    return false;
}

static void put_points(FILE *to, const struct sd_stored *stored, const struct columns *columns,
                       const struct sd_groups *groups)
{
    size_t points = 0;
    fputs("<h3>Runs that did not end well</h3>\n<div class=\"scroll\"><table>\n<tr>", to);
    for (size_t c = 0; c < columns->count; c++) {
        char words[96];
        sd_name_text(columns->name[c], words, sizeof words);
        fputs("<th>", to);
        sd_xml(to, words);
        fputs("</th>", to);
    }
    fputs("<th class=\"n\">runs</th><th class=\"n\">unfinished</th><th class=\"n\">failed</th>"
          "<th>why the first one</th><th>which</th></tr>\n",
          to);
    for (size_t g = 0; g < sd_groups_count(groups); g++)
        if (in_trouble(stored, groups, g) && points++ < POINTS_SHOWN)
            put_point(to, stored, columns, groups, g);
    fputs("</table></div>\n", to);
    if (points > POINTS_SHOWN) {
        fprintf(to, "<p>%zu points more are in ", points - POINTS_SHOWN);
        report_link(to, "", "runs.csv", "", "runs.csv");
        fputs(".</p>\n", to);
    }
    fputs("<p class=\"muted\">They count in every statistic as longer than any value that was "
          "measured.</p>\n",
          to);
}

int report_troubles(FILE *to, const struct sd_stored *stored, const json_t *scenario,
                    struct sd_error *error)
{
    struct report_count count = report_count_runs(stored, scenario);
    struct columns columns;
    struct sd_groups *groups;
    if (count.ok == count.runs)
        return SD_OK;
    take_columns(&columns, scenario);
    struct sd_query query = {
        .scenario = sd_stored_text(scenario, "name"), .by = columns.name, .bys = columns.count};
    int rc = sd_groups_make(&groups, stored->frame, &query, error);
    if (rc < 0)
        return rc;
    put_points(to, stored, &columns, groups);
    sd_groups_free(groups);
    return SD_OK;
}
