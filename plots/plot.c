#include "plots/plot.h"
#include "plots/draft.h"
#include "plots/gnuplot.h"
#include "plots/plot_layout.h"
#include "plots/svg.h"
#include "results/files.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LEFT       24.0
#define MUTED_TEXT " fill=\"" SD_MUTED "\""

/* -- words -- */

#define NOTE 512
static void say(char note[NOTE], const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(char note[NOTE], const char *format, ...)
{
    va_list args;
    size_t len = strlen(note);
    va_start(args, format);
    vsnprintf(note + len, NOTE - len, format, args);
    va_end(args);
}

static const char *stat_words(enum sd_stat stat)
{
    switch (stat) {
    case SD_STAT_P50:
    case SD_STAT_MEDIAN:
        return "median";
    case SD_STAT_RATE:
        return "share of runs that are ok";
    case SD_STAT_N:
        return "number of runs";
    default:
        return sd_stat_names[stat];
    }
}

/* What the marks are: for the line under the legend. */
static void describe_marks(const struct plot_layout *layout, char note[NOTE])
{
    const struct plot_data *data = layout->data;
    const struct plot_spec *spec = data->spec;
    *note = '\0';
    if (spec->kind == PLOT_CDF) {
        say(note, "Share of runs that took no longer.");
    } else {
        say(note, "%s: %s", spec->kind == PLOT_BARS ? "Bars" : "Lines", stat_words(spec->show[0]));
        if (layout->whiskers)
            say(note, "; whiskers: %s",
                spec->show[0] == SD_STAT_RATE ? "95% confidence" : "first to third quartile");
        for (size_t i = 1; i < spec->shown; i++)
            say(note, "%s%s",
                i > 1                     ? ", "
                : spec->kind == PLOT_BARS ? "; diamonds: "
                                          : "; dotted: ",
                stat_words(spec->show[i]));
        say(note, ".");
    }
    if (data->most_runs > 1 && data->least_runs == data->most_runs)
        say(note, " %zu runs each.", data->most_runs);
    else if (data->most_runs > 1)
        say(note, " %zu to %zu runs each.", data->least_runs, data->most_runs);
    if (*data->pooled)
        say(note, " Taken together over: %s.", data->pooled);
}

static void describe_gaps(const struct plot_layout *layout, char note[NOTE])
{
    const struct plot_data *data = layout->data;
    *note = '\0';
    if (!data->runs)
        say(note, "No run that is stored belongs here.");
    else if (layout->nevers && data->spec->kind == PLOT_LINES)
        say(note,
            "\xe2\x96\xb3 at the upper edge: the statistic falls on runs that never got there.");
    else if (layout->nevers && data->spec->kind == PLOT_BARS)
        say(note, "\"never\"%s: the statistic falls on runs that never got there.",
            data->spec->shown > 1 ? " and \xe2\x96\xb3 at the upper edge" : "");
    if (layout->alone && data->spec->kind == PLOT_LINES)
        say(note, "%sGrey: the others.", *note ? " " : "");
    if (layout->fell_back)
        say(note, "%sThe axis is linear, because nothing is above 0.", *note ? " " : "");
}

/* "TLS 1.2: 3 of 20 unfinished, 1 failed"; protocols and modes say themselves what they
 * are, others not: "loss 5%" */
static void describe_series(const struct plot_data *data, size_t series, char *text, size_t cap)
{
    struct plot_count count = sd_plot_count(data, series);
    bool of_runs = data->spec->kind != PLOT_CDF && sd_stat_counts(data->spec->show[0]);
    const struct {
        size_t runs;
        const char *word;
    } parts[] = {
        {count.unfinished, "unfinished"},
        {count.failed, "failed"},
        {of_runs ? 0 : count.runs - count.values - count.unfinished - count.failed,
         "without a value"},
    };
    char word[96], name[96], total[32];
    snprintf(total, sizeof total, " of %zu", count.runs);
    sd_cell_text(data->spec->by, data->series.cell[series], word, sizeof word);
    bool itself = !strcmp(data->spec->by, "protocol") || !strcmp(data->spec->by, "mode");
    sd_name_text(itself ? "" : data->spec->by, name, sizeof name);
    int len = snprintf(text, cap, "%s%s%s", name, itself ? "" : " ", word);
    bool first = true;
    for (size_t i = 0; i < 3 && len > 0 && (size_t)len < cap; i++) {
        if (!parts[i].runs)
            continue;
        int n = snprintf(text + len, cap - (size_t)len, "%s%zu%s %s", first ? ": " : ", ",
                         parts[i].runs, first ? total : "", parts[i].word);
        len += n > 0 ? n : 0;
        first = false;
    }
}

/* -- the parts around gnuplot's -- */

/* Lines of text from (x, y) down, wrapped; returns the y below them. */
static double put_paragraph(FILE *to, double y, double size, const char *more, const char *text)
{
    const char *at = text;
    while (*at) {
        size_t end = 0, fits = 0;
        while (at[end]) {
            size_t word = end + strcspn(at + end, " ");
            if (fits && sd_text_width(at, word, size) > PLOT_WIDTH - 2 * LEFT)
                break;
            fits = word;
            end = word + strspn(at + word, " ");
        }
        char line[1024];
        snprintf(line, sizeof line, "%.*s", (int)fits, at);
        y += size * 1.35;
        sd_svg_text(to, LEFT, y, size, "start", more, line);
        at += fits + strspn(at + fits, " ");
    }
    return y;
}

static void put_glyph(FILE *to, const struct plot_data *data, const struct sd_style *style,
                      double x, double y)
{
    bool curve = data->spec->kind == PLOT_CDF;
    if (data->spec->kind == PLOT_BARS) {
        fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"16\" height=\"14\" fill=\"%s\"/>\n",
                x + 10, y - 11, style->light);
        return;
    }
    int on = 0, off = 0;
    bool dashed = curve && sscanf(style->dash, "(%d,%d", &on, &off) == 2;
    fprintf(to, "<path d=\"M%.1f %.1fh34\" stroke=\"%s\" stroke-width=\"2.4\" fill=\"none\"", x,
            y - 5, style->light);
    if (dashed)
        fprintf(to, " stroke-dasharray=\"%d %d\"", on, off);
    fprintf(to,
            "/>\n<use xlink:href=\"#%s-gpPt%d\" transform=\"translate(%.1f %.1f) scale(6)\" "
            "color=\"%s\" fill=\"none\"/>\n",
            data->spec->file, style->shape - 1, x + 17, y - 5, style->light);
}

/* Under the panels, so that it covers no data. */
static double put_legend(FILE *to, const struct plot_layout *layout, double y)
{
    const struct plot_data *data = layout->data;
    double x = LEFT;
    bool unnamed = data->series.count == 1 && !*data->series.cell[0];
    if (unnamed || layout->alone)
        return y;
    y += 8;
    for (size_t series = 0; series < data->series.count; series++) {
        char text[256];
        describe_series(data, series, text, sizeof text);
        double width = 42 + sd_text_width(text, strlen(text), PLOT_LEGEND);
        if (x > LEFT && x + width > PLOT_WIDTH - LEFT) {
            x = LEFT;
            y += 24;
        }
        put_glyph(to, data, sd_plot_style(data, series), x, y);
        sd_svg_text(to, x + 42, y, PLOT_LEGEND, "start", " fill=\"" SD_INK "\"", text);
        x += width + 22;
    }
    return y + 8;
}

/* "loss: 5%"; a protocol's name says itself what it is. */
static void name_panel(const struct plot_layout *layout, size_t panel, char *text, size_t cap)
{
    const struct plot_data *data = layout->data;
    char name[96], value[96];
    if (layout->alone) {
        describe_series(data, panel, text, cap);
        return;
    }
    sd_name_text(data->spec->panel, name, sizeof name);
    sd_cell_text(data->spec->panel, data->panel.cell[panel], value, sizeof value);
    if (!strcmp(data->spec->panel, "protocol"))
        snprintf(text, cap, "%s", value);
    else
        snprintf(text, cap, "%s: %s", name, value);
}

static void put_axis_titles(FILE *to, const struct plot_layout *layout)
{
    const struct plot_data *data = layout->data;
    size_t panels = data->panel.count;
    for (size_t i = 0; i < panels; i++) {
        const struct plot_panel *panel = &layout->panel[i];
        double middle = panel->left + panel->width / 2, top = layout->top + panel->top;
        bool lowest = i + layout->columns >= panels, leftmost = i % layout->columns == 0;
        if (lowest)
            sd_svg_text(to, middle, top + panel->height + layout->below - 16, PLOT_TEXT, "middle",
                        " fill=\"" SD_INK "\"", layout->x.title);
        if (leftmost)
            fprintf(to, "<g transform=\"translate(22 %.1f) rotate(-90)\">\n",
                    top + panel->height / 2);
        if (leftmost)
            sd_svg_text(to, 0, 0, PLOT_TEXT, "middle", " fill=\"" SD_INK "\"", layout->y.title);
        if (leftmost)
            fputs("</g>\n", to);
        if (*data->spec->panel) {
            char text[256];
            name_panel(layout, i, text, sizeof text);
            sd_svg_text(to, middle, top - 10, PLOT_TEXT, "middle",
                        " font-weight=\"bold\" fill=\"" SD_INK "\"", text);
        }
    }
}

static int put_canvas(FILE *to, const struct plot_layout *layout, struct sd_error *error)
{
    if (!layout->data->runs)
        return SD_OK;
    struct sd_draft script;
    int rc = sd_draft_begin(&script, error);
    if (rc < 0)
        return rc;
    sd_plot_script(layout, script.to);
    rc = sd_draft_end(&script, error);
    fprintf(to, "<g transform=\"translate(0 %.1f)\">\n", layout->top);
    if (rc == SD_OK)
        rc = sd_gnuplot(script.text, script.len, layout->data->spec->file, to, error);
    fputs("</g>\n", to);
    sd_draft_drop(&script);
    return rc;
}

static int draw(const struct plot_data *data, FILE *to, struct sd_error *error)
{
    const struct plot_spec *spec = data->spec;
    struct plot_layout layout;
    struct sd_draft body;
    char marks[NOTE], gaps[NOTE], description[2 * NOTE + 64];
    int rc = sd_draft_begin(&body, error);
    if (rc < 0)
        return rc;
    double y = put_paragraph(body.to, 12, PLOT_TITLE, " font-weight=\"bold\" fill=\"" SD_INK "\"",
                             spec->title);
    y = put_paragraph(body.to, y + 2, PLOT_TEXT, MUTED_TEXT,
                      sd_stored_text(sd_stored_measure(spec->scenario, spec->y), "what"));
    sd_plot_lay_out(&layout, data, y + 10);
    describe_marks(&layout, marks);
    describe_gaps(&layout, gaps);
    y = layout.top + (data->runs ? layout.height : 0);
    rc = put_canvas(body.to, &layout, error);
    if (rc == SD_OK) {
        if (data->runs)
            put_axis_titles(body.to, &layout);
        y = put_legend(body.to, &layout, y);
        y = put_paragraph(body.to, y, PLOT_TEXT - 1, MUTED_TEXT, data->runs ? marks : "");
        y = put_paragraph(body.to, y, PLOT_TEXT - 1, MUTED_TEXT, gaps);
        rc = sd_draft_end(&body, error);
    }
    if (rc == SD_OK) {
        snprintf(description, sizeof description, "%s against %s. %s %s", layout.y.title,
                 layout.x.title, marks, gaps);
        sd_svg_begin(to, PLOT_WIDTH, y + 18, spec->title, description);
        fwrite(body.text, 1, body.len, to);
        sd_svg_end(to);
    }
    sd_draft_drop(&body);
    return rc;
}

static int draw_one(const struct sd_stored *stored, const char *folder, const json_t *scenario,
                    const json_t *plot, struct sd_error *error)
{
    struct plot_spec spec;
    struct plot_data data;
    struct sd_draft file;
    char name[PLOT_FILE + 4];
    int rc = sd_plot_spec(&spec, scenario, plot, error);
    sd_plot_file(stored->scenarios, scenario, spec.name, spec.file);
    if (rc == SD_OK)
        rc = sd_plot_data(&data, stored, &spec, error);
    if (rc < 0)
        return rc;
    rc = sd_draft_begin(&file, error);
    if (rc == SD_OK)
        rc = draw(&data, file.to, error);
    snprintf(name, sizeof name, "%s.svg", spec.file);
    if (rc == SD_OK)
        rc = sd_draft_land(&file, folder, name, error);
    else
        sd_draft_drop(&file);
    sd_plot_data_free(&data);
    return rc;
}

int sd_plots_draw(const char *dir, size_t *drawn, struct sd_error *error)
{
    struct sd_stored stored;
    size_t count = 0, i, j;
    json_t *scenario, *plot;
    char folder[4200];
    int rc = sd_stored_load(&stored, dir, error);
    if (rc < 0)
        return rc;
    snprintf(folder, sizeof folder, "%s/plots", dir);
    json_array_foreach((json_t *)stored.scenarios, i, scenario)
    {
        json_array_foreach(json_object_get(scenario, "plots"), j, plot)
        {
            if (rc == SD_OK && !count)
                rc = sd_folder_make(folder, error);
            if (rc == SD_OK)
                rc = draw_one(&stored, folder, scenario, plot, error);
            count += rc == SD_OK;
        }
    }
    sd_stored_free(&stored);
    if (drawn)
        *drawn = count;
    return rc;
}
