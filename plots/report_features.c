/* report_features.c - the section on features: what probes found beside what the survey's editions
 * say, where they differ, and the run behind each cell. */
#include "plots/report_parts.h"
#include "plots/style.h"
#include "plots/svg.h"
#include "results/features.h"
#include <string.h>

/* Of a claim, in the narrow cells of the matrix. */
static const char *mark(const char *claim)
{
    static const char *const marks[][2] = {
        {"yes", "✓"},       {"required", "R"},  {"no", "✗"},          {"not listed", "–"},
        {"mandatory", "M"}, {"supported", "S"}, {"unsupported", "U"},
    };
    for (size_t i = 0; claim && i < sizeof marks / sizeof *marks; i++)
        if (!strcmp(marks[i][0], claim))
            return marks[i][1];
    return "·";
}

static const char *title_of(const char *protocol)
{
    const struct sd_style *style = sd_style_find(protocol);
    return style ? style->title : protocol;
}

static void put_counts(FILE *to, const struct sd_features *features)
{
    size_t claims = 0, cells = sd_features_count(features) * sd_features_protocols(features);
    for (size_t i = 0; i < cells; i++)
        for (int e = 0; e < SD_EDITIONS; e++)
            claims += sd_features_cell(features, i / sd_features_protocols(features),
                                       i % sd_features_protocols(features))
                          ->says[e]
                          .claim != NULL;
    size_t differ = sd_features_disagreements(features);
    fprintf(to, "Of %zu claims of three editions, %zu are what the runs show and %zu are not.",
            claims, claims - differ, differ);
}

/* -- the matrix -- */

/* The word of a cell, and the mode where it is not the usual one. */
static void put_found(FILE *to, const struct sd_feature_cell *cell)
{
    sd_xml(to, sd_found_names[cell->found]);
    if (*cell->mode && strcmp(cell->mode, "fresh") != 0) {
        fputs(", mode ", to);
        sd_xml(to, cell->mode);
    }
}

static void put_cell(FILE *to, const struct sd_feature_cell *cell)
{
    static const char *const look[] = {"na", "no", "partly", "yes", "bad"};
    const char *word = cell->found == SD_FOUND_NOT_APPLICABLE ? "n/a" : sd_found_names[cell->found];
    bool differs = false;
    for (int e = 0; e < SD_EDITIONS; e++)
        differs |= sd_features_disagree(cell, (enum sd_edition)e);
    fprintf(to, "<td class=\"%s%s\"><a href=\"#f-%s-%s\">%s</a><small>", look[cell->found],
            differs ? " differs" : "", cell->feature->brief, cell->protocol, word);
    for (int e = 0; e < SD_EDITIONS; e++)
        fprintf(to, "%s<span%s>%s</span>", e ? " " : "",
                sd_features_disagree(cell, (enum sd_edition)e) ? " class=\"bad\"" : "",
                mark(cell->says[e].claim));
    fputs("</small></td>", to);
}

static void put_matrix(FILE *to, const struct sd_features *features)
{
    fputs("<div class=\"scroll whole\"><table class=\"matrix\">\n<tr><th>feature</th>", to);
    for (size_t p = 0; p < sd_features_protocols(features); p++) {
        const char *protocol = sd_features_cell(features, 0, p)->protocol;
        fprintf(to, "<th><i class=\"p-%s\"></i>", protocol);
        sd_xml(to, title_of(protocol));
        fputs("</th>", to);
    }
    fputs("</tr>\n", to);
    for (size_t f = 0; f < sd_features_count(features); f++) {
        const struct sd_feature *feature = sd_features_cell(features, f, 0)->feature;
        fprintf(to, "<tr><th><a href=\"#f-%s\">", feature->brief);
        sd_xml(to, feature->title);
        fputs("</a></th>", to);
        for (size_t p = 0; p < sd_features_protocols(features); p++)
            put_cell(to, sd_features_cell(features, f, p));
        fputs("</tr>\n", to);
    }
    fputs(
        "</table></div>\n<p class=\"muted\">The word is what runs showed; each leads to its "
        "evidence. Below it, what draft -00, drafts -03 to -09 and RFC 8922 claim: ✓ yes, ✗ no, R "
        "required of every protocol, – left out of a list, M mandatory, S supported, U "
        "unsupported, · nothing said. <span class=\"bad\">Red</span>: the runs show otherwise. "
        "For scripts: ",
        to);
    report_link(to, "tables", "features", ".csv", "features.csv");
    fputs(".</p>\n", to);
}

/* -- disagreements -- */

static void put_disagreements(FILE *to, const struct sd_features *features)
{
    fputs("<h3>Where an edition says otherwise</h3>\n<div class=\"scroll\"><table>\n"
          "<tr><th>feature</th><th>protocol</th><th>who says what</th><th>measured</th>"
          "<th>why they differ</th></tr>\n",
          to);
    for (size_t f = 0; f < sd_features_count(features); f++)
        for (size_t p = 0; p < sd_features_protocols(features); p++) {
            const struct sd_feature_cell *cell = sd_features_cell(features, f, p);
            bool open = false;
            for (int e = 0; e < SD_EDITIONS; e++) {
                if (!sd_features_disagree(cell, (enum sd_edition)e))
                    continue;
                if (!open) {
                    fprintf(to, "<tr><td class=\"w\"><a href=\"#f-%s-%s\">", cell->feature->brief,
                            cell->protocol);
                    sd_xml(to, cell->feature->title);
                    fputs("</a></td>", to);
                    report_cell(to, "protocol", cell->protocol, false);
                    fputs("<td class=\"w\">", to);
                }
                fprintf(to, "%s<b>%s</b>: %s (", open ? "<br>" : "", sd_editions[e].title,
                        cell->says[e].claim);
                sd_xml(to, cell->says[e].where);
                fputc(')', to);
                open = true;
            }
            if (!open)
                continue;
            fputs("</td><td>", to);
            put_found(to, cell);
            fputs("</td><td class=\"w\">", to);
            sd_xml(to, cell->reason);
            fputs("</td></tr>\n", to);
        }
    fputs("</table></div>\n<p class=\"muted\">For scripts: ", to);
    report_link(to, "tables", "disagreements", ".csv", "disagreements.csv");
    fputs(".</p>\n", to);
}

/* -- evidence -- */

static const json_t *probe_of(const struct sd_stored *stored, const struct sd_feature *feature)
{
    size_t index;
    json_t *scenario;
    json_array_foreach((json_t *)stored->scenarios, index, scenario)
    {
        if (!strcmp(sd_stored_text(scenario, "feature"), feature->brief))
            return scenario;
    }
    return NULL;
}

static void put_evidence(FILE *to, const struct sd_stored *stored,
                         const struct sd_features *features, size_t f)
{
    const struct sd_feature *feature = sd_features_cell(features, f, 0)->feature;
    const json_t *probe = probe_of(stored, feature);
    fprintf(to, "<details id=\"f-%s\"><summary>", feature->brief);
    sd_xml(to, feature->title);
    fputs("</summary>\n<p class=\"question\">", to);
    sd_xml(to, sd_stored_text(probe, "question"));
    fputs("</p>\n<div class=\"scroll\"><table>\n<tr><th>protocol</th><th>measured</th>"
          "<th>what was seen</th><th>run</th></tr>\n",
          to);
    for (size_t p = 0; p < sd_features_protocols(features); p++) {
        const struct sd_feature_cell *cell = sd_features_cell(features, f, p);
        fprintf(to, "<tr id=\"f-%s-%s\">", feature->brief, cell->protocol);
        report_cell(to, "protocol", cell->protocol, false);
        fputs("<td>", to);
        put_found(to, cell);
        fputs("</td><td class=\"w\">", to);
        sd_xml(to, cell->seen);
        fputs("</td><td class=\"w\">", to);
        if (*cell->run)
            report_run(to, stored->dir, cell->run);
        fputs("</td></tr>\n", to);
    }
    fputs("</table></div>\n<p class=\"muted\">The probe is <code>", to);
    sd_xml(to, sd_stored_text(probe, "path"));
    fputs("</code>; <code>shakedown trace ", to);
    sd_xml(to, stored->dir);
    fputs(" RUN --text</code> shows a run packet by packet.</p>\n</details>\n", to);
}

int report_features(FILE *to, const struct sd_stored *stored, bool contents, struct sd_error *error)
{
    struct sd_features *features;
    int rc = sd_features_make(&features, stored->manifest, stored->frame, error);
    if (rc < 0 || !features)
        return rc;
    if (contents) {
        fputs("<li><a href=\"#features\">What does each protocol offer, and what does the survey "
              "claim?</a><span>",
              to);
        put_counts(to, features);
        fputs("</span></li>\n", to);
    } else {
        fputs("<section id=\"features\">\n<h2>Features: claims and measurements</h2>\n"
              "<p class=\"question\">What does each protocol offer, and what does the survey "
              "claim?</p>\n<p class=\"answer\">",
              to);
        put_counts(to, features);
        fputs("</p>\n", to);
        put_matrix(to, features);
        put_disagreements(to, features);
        fputs("<h3>The evidence</h3>\n", to);
        for (size_t f = 0; f < sd_features_count(features); f++)
            put_evidence(to, stored, features, f);
        fputs("<h3>Run it again</h3>\n", to);
        report_command(to, "shakedown run features");
        fputs("</section>\n", to);
    }
    sd_features_free(features);
    return SD_OK;
}
