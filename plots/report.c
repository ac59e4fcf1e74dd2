#include "plots/report.h"
#include "plots/axis.h"
#include "plots/draft.h"
#include "plots/plot_data.h"
#include "plots/report_parts.h"
#include "plots/svg.h"
#include "results/files.h"
#include "results/tables.h"
#include <stdlib.h>
#include <string.h>

struct report {
    struct sd_stored stored;
    struct sd_tables *tables;
    struct report_expectations expectations;
    char **ladder;
    size_t ladders;
    FILE *to;
};

static void put_count(const struct report *report, const json_t *scenario)
{
    report_counts(report->to, report_count_runs(&report->stored, scenario));
}

/* -- where it comes from -- */

static void put_term(FILE *to, const char *term, const char *text)
{
    if (!*text)
        return;
    fputs("<dt>", to);
    sd_xml(to, term);
    fputs("</dt><dd><code>", to);
    sd_xml(to, text);
    fputs("</code></dd>\n", to);
}

static void put_versions(FILE *to, const json_t *versions)
{
    const char *name;
    json_t *version;
    if (!json_object_size(versions))
        return;
    fputs("<dt>versions</dt><dd>", to);
    bool first = true;
    json_object_foreach((json_t *)versions, name, version)
    {
        fputs(first ? "<code>" : ", <code>", to);
        sd_xml(to, name);
        fputc(' ', to);
        sd_xml(to, json_is_string(version) ? json_string_value(version) : "");
        fputs("</code>", to);
        first = false;
    }
    fputs("</dd>\n", to);
}

static void put_provenance(const struct report *report)
{
    const json_t *manifest = report->stored.manifest;
    FILE *to = report->to;
    fputs("<div class=\"about\">\n<h2>Where this comes from</h2>\n<dl>\n", to);
    put_term(to, "command", sd_stored_text(manifest, "command"));
    put_term(to, "source", sd_stored_text(manifest, "git"));
    put_term(to, "base seed", sd_stored_text(manifest, "base_seed"));
    put_versions(to, json_object_get(manifest, "versions"));
    put_term(to, "cost tables", sd_stored_text(manifest, "costs"));
    fputs("<dt>outcome</dt><dd>", to);
    put_count(report, NULL);
    if (report->expectations.count)
        fprintf(to, "; <span class=\"bad\">expectations failed in %zu place%s</span>",
                report->expectations.count, report->expectations.count == 1 ? "" : "s");
    fputs("</dd>\n<dt>beside this page</dt><dd>", to);
    report_link(to, "", "manifest.json", "", "manifest.json");
    fputs(", ", to);
    report_link(to, "", "runs.csv", "", "runs.csv");
    fputs(", ", to);
    report_link(to, "", "expectations.csv", "", "expectations.csv");
    fputs("</dd>\n</dl>\n<p class=\"muted\">The same command gives the same bytes again; "
          "<code>shakedown replay ",
          to);
    sd_xml(to, report->stored.dir);
    fputs(" RUN</code> shows it for one run.</p>\n</div>\n", to);
}

/* Probes have a section together. */
static bool is_probe(const json_t *scenario)
{
    return *sd_stored_text(scenario, "feature");
}

static int put_contents(const struct report *report, struct sd_error *error)
{
    FILE *to = report->to;
    size_t index;
    json_t *scenario;
    int rc = SD_OK;
    fputs("<nav>\n<h2>Questions</h2>\n<ol>\n", to);
    json_array_foreach((json_t *)report->stored.scenarios, index, scenario)
    {
        const char *question = sd_stored_text(scenario, "question");
        if (is_probe(scenario))
            continue;
        fprintf(to, "<li><a href=\"#s%zu\">", index);
        sd_xml(to, *question ? question : sd_stored_text(scenario, "title"));
        fputs("</a><span>", to);
        if (rc == SD_OK)
            rc = report_answer(to, &report->stored, scenario, error);
        fputs("</span></li>\n", to);
    }
    if (rc == SD_OK)
        rc = report_features(to, &report->stored, true, error);
    if (rc == SD_OK)
        rc = report_interop(to, report->stored.dir, true, error);
    fputs("</ol>\n</nav>\n", to);
    return rc;
}

/* -- one scenario -- */

static int put_plots(const struct report *report, const json_t *scenario, struct sd_error *error)
{
    size_t index;
    json_t *plot;
    char how[4300];
    snprintf(how, sizeof how, "shakedown plot %s", report->stored.dir);
    json_array_foreach(json_object_get(scenario, "plots"), index, plot)
    {
        char file[PLOT_FILE];
        sd_plot_file(report->stored.scenarios, scenario, sd_stored_text(plot, "name"), file);
        int rc = report_picture(report->to, report->stored.dir, "plots", file, how, error);
        if (rc < 0)
            return rc;
    }
    return SD_OK;
}

static int put_table(const struct report *report, size_t table, struct sd_error *error)
{
    FILE *to = report->to;
    struct sd_grid grid = {0};
    const char *name = sd_tables_name(report->tables, table);
    int rc = sd_tables_grid(report->tables, table, true, &grid, error);
    if (rc == SD_OK && grid.bad)
        rc = sd_fail(error, SD_E_NOMEM, "out of memory for table %s", name);
    if (rc < 0) {
        sd_grid_free(&grid);
        return rc;
    }
    fputs("<h3>", to);
    sd_xml(to, sd_tables_title(report->tables, table));
    fputs("</h3>\n", to);
    report_grid(to, &grid);
    fputs("<p class=\"muted\">For scripts: ", to);
    report_link(to, "tables", name, ".csv", "table as CSV");
    fputs(", in whole numbers. \xe2\x88\x9e: never; \xe2\x80\x93: not measured.</p>\n", to);
    sd_grid_free(&grid);
    return SD_OK;
}

static int put_tables(const struct report *report, const json_t *scenario, struct sd_error *error)
{
    int rc = SD_OK;
    for (size_t i = 0; rc == SD_OK && i < sd_tables_count(report->tables); i++)
        if (!strcmp(sd_tables_scenario(report->tables, i), sd_stored_text(scenario, "name")))
            rc = put_table(report, i, error);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_ladder(const struct report *report, const char *run)
{
    return report->ladders &&
           bsearch(&run, report->ladder, report->ladders, sizeof *report->ladder, by_name);
}

/* True: the ladder's picture fits on a screen or two. */
static bool is_short(const struct report *report, const char *run)
{
    char name[600], *svg;
    struct sd_error why = {0};
    size_t len;
    snprintf(name, sizeof name, "ladders/%s.svg", run);
    if (sd_file_read(&svg, &len, report->stored.dir, name, NULL, &why) < 0)
        return false;
    const char *height = strstr(svg, " height=\"");
    bool fits = height && strtod(height + strlen(" height=\""), NULL) <= 1200;
    free(svg);
    return fits;
}

/* "TLS 1.3, fresh, lost 1": a run by what its scenario sweeps over. */
static void put_point(const struct report *report, const json_t *scenario, size_t row)
{
    const struct sd_frame *frame = report->stored.frame;
    size_t index;
    json_t *column;
    json_array_foreach(json_object_get(scenario, "columns"), index, column)
    {
        const char *name = json_is_string(column) ? json_string_value(column) : "";
        bool bare = !strcmp(name, "protocol") || !strcmp(name, "mode");
        bool swept = json_array_size(json_object_get(json_object_get(scenario, "sweep"), name)) > 1;
        if (!bare && !swept)
            continue;
        char words[96], cell[96];
        sd_name_text(name, words, sizeof words);
        sd_cell_text(name, sd_frame_cell(frame, row, sd_frame_column(frame, name)), cell,
                     sizeof cell);
        fputs(index ? ", " : "", report->to);
        sd_xml(report->to, bare ? "" : words);
        fputs(bare ? "" : " ", report->to);
        sd_xml(report->to, cell);
    }
}

/* In the order of the sweep, as tables have it. */
static int put_ladders(const struct report *report, const json_t *scenario, struct sd_error *error)
{
    FILE *to = report->to;
    bool first = true;
    for (size_t row = 0; row < sd_frame_rows(report->stored.frame); row++) {
        char run[SD_STORED_NAME];
        if (!sd_stored_of(&report->stored, row, scenario) ||
            !sd_stored_run_name(&report->stored, row, run) || !has_ladder(report, run))
            continue;
        if (first)
            fputs("<h3>Who sent what, when</h3>\n", to);
        fputs(first && is_short(report, run) ? "<details open><summary>" : "<details><summary>",
              to);
        first = false;
        put_point(report, scenario, row);
        fputs("</summary>\n<p>", to);
        report_run(to, report->stored.dir, run);
        fputs("</p>\n", to);
        char how[4800];
        snprintf(how, sizeof how, "shakedown trace %s %s", report->stored.dir, run);
        int rc = report_picture(to, report->stored.dir, "ladders", run, how, error);
        fputs("</details>\n", to);
        if (rc < 0)
            return rc;
    }
    return SD_OK;
}

static void put_again(const struct report *report, const json_t *scenario)
{
    char command[600];
    fputs("<h3>Run it again</h3>\n", report->to);
    const char *seed = sd_stored_text(report->stored.manifest, "base_seed");
    bool other_seed = *seed && strcmp(seed, "1");
    snprintf(command, sizeof command, "shakedown run %s%s%s%s", sd_stored_text(scenario, "name"),
             json_is_true(json_object_get(scenario, "quick")) ? " --quick" : "",
             other_seed ? " --seed " : "", other_seed ? seed : "");
    report_command(report->to, command);
    fputs("<p class=\"muted\">It is <code>", report->to);
    sd_xml(report->to, sd_stored_text(scenario, "path"));
    fputs("</code>, whose SHA-256 was <code>", report->to);
    sd_xml(report->to, sd_stored_text(scenario, "sha256"));
    fputs("</code>.</p>\n", report->to);
}

static int put_scenario(const struct report *report, const json_t *scenario, size_t index,
                        struct sd_error *error)
{
    FILE *to = report->to;
    fprintf(to, "<section id=\"s%zu\">\n<h2>", index);
    sd_xml(to, sd_stored_text(scenario, "title"));
    fputs("</h2>\n<p class=\"question\">", to);
    sd_xml(to, sd_stored_text(scenario, "question"));
    fputs("</p>\n<p class=\"answer\">", to);
    int rc = report_answer(to, &report->stored, scenario, error);
    fputs("</p>\n<p class=\"muted\">", to);
    put_count(report, scenario);
    fputs(".</p>\n", to);
    if (rc == SD_OK)
        rc = put_plots(report, scenario, error);
    if (rc == SD_OK)
        rc = put_tables(report, scenario, error);
    if (rc == SD_OK)
        report_expectations_show(to, &report->stored, scenario, &report->expectations);
    if (rc == SD_OK)
        rc = report_troubles(to, &report->stored, scenario, error);
    if (rc == SD_OK)
        rc = put_ladders(report, scenario, error);
    if (rc == SD_OK)
        put_again(report, scenario);
    fputs("</section>\n", to);
    return rc;
}

/* -- the whole -- */

static int put_page(const struct report *report, struct sd_error *error)
{
    FILE *to = report->to;
    size_t index;
    json_t *scenario;
    bool one = json_array_size(report->stored.scenarios) == 1;
    const char *title = one ? sd_stored_text(json_array_get(report->stored.scenarios, 0), "title")
                            : "How security protocols behave under stress";
    report_begin(to, title);
    fputs("<header>\n<h1>", to);
    sd_xml(to, title);
    fputs("</h1>\n<p class=\"muted\">A report of Shakedown, a network lab in one process.</p>\n"
          "</header>\n<main>\n",
          to);
    put_provenance(report);
    int rc = one ? SD_OK : put_contents(report, error);
    json_array_foreach((json_t *)report->stored.scenarios, index, scenario)
    {
        if (rc == SD_OK && !is_probe(scenario))
            rc = put_scenario(report, scenario, index, error);
    }
    if (rc == SD_OK)
        rc = report_features(to, &report->stored, false, error);
    if (rc == SD_OK)
        rc = report_interop(to, report->stored.dir, false, error);
    fputs("</main>\n", to);
    report_end(to);
    return rc;
}

int sd_report_write(const char *dir, struct sd_error *error)
{
    struct report report = {0};
    struct sd_draft draft = {0};
    int rc = sd_stored_load(&report.stored, dir, error);
    if (rc == SD_OK)
        rc = sd_tables_load(&report.tables, dir, error);
    if (rc == SD_OK)
        rc = report_expectations_load(&report.expectations, dir, error);
    if (rc == SD_OK)
        rc = sd_names(dir, "ladders", ".svg", &report.ladder, &report.ladders, error);
    if (rc == SD_OK)
        rc = sd_draft_begin(&draft, error);
    if (rc == SD_OK) {
        report.to = draft.to;
        rc = put_page(&report, error);
    }
    if (rc == SD_OK)
        rc = sd_draft_land(&draft, dir, "report.html", error);
    sd_draft_drop(&draft);
    sd_names_free(report.ladder);
    report_expectations_free(&report.expectations);
    sd_tables_free(report.tables);
    sd_stored_free(&report.stored);
    return rc;
}
