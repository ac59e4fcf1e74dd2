/* report_first_plot.c - one sentence from the data, for scenarios that do not say what answers
 * them.
 *
 * It says what the scenario's first plot shows, a line at its far end: which protocol is lowest,
 * which highest, and which never got there. */
#include "plots/axis.h"
#include "plots/plot_data.h"
#include "plots/report_parts.h"
#include "plots/svg.h"
#include <ctype.h>
#include <math.h>
#include <string.h>

#define LISTED 3

struct list {
    char text[640];
    size_t count;
};

static void add(struct list *list, const char *text)
{
    size_t len = strlen(list->text);
    if (list->count++ < LISTED)
        snprintf(list->text + len, sizeof list->text - len, "%s%s", len ? ", " : "", text);
}

static void put_list(FILE *to, const struct list *list)
{
    sd_xml(to, list->text);
    if (list->count > LISTED)
        fprintf(to, " and %zu more", list->count - LISTED);
}

struct answer {
    const struct plot_data *data;
    size_t panel, first_x, last_x; /* what is looked at */
};

/* Points are told by what they are of (a protocol, mostly) and by what else they differ in: a plot
 * may have either as its x.  One `of` without the other means all its points. */
struct naming {
    const struct plot_keys *of, *other;
    const char *of_column, *other_column; /* other_column "": they differ in nothing else */
    bool turned;                          /* x is what they are of */
};

static struct naming naming_of(const struct answer *answer)
{
    const struct plot_data *data = answer->data;
    const struct plot_spec *spec = data->spec;
    bool turned = !strcmp(spec->x, "protocol") && strcmp(spec->x, spec->by);
    bool one = !*spec->x || !strcmp(spec->x, spec->by) || answer->first_x == answer->last_x;
    if (turned)
        return (struct naming){&data->x, &data->series, spec->x, spec->by, true};
    return (struct naming){&data->series, &data->x, spec->by, one ? "" : spec->x, false};
}

static struct sd_value value_at(const struct answer *answer, const struct naming *naming, size_t of,
                                size_t other, enum sd_stat stat)
{
    const struct sd_sample *sample = sd_plot_sample(
        answer->data, answer->panel, naming->turned ? other : of, naming->turned ? of : other);
    return sample->n ? sd_sample_stat(sample, stat) : (struct sd_value){.kind = SD_VALUE_NONE};
}

/* "TLS 1.3", "TLS 1.3 resumed", "TLS 1.3 with lost 2" */
static void name_point(const struct naming *naming, size_t of, size_t other, bool alone, char *text,
                       size_t cap)
{
    char name[96], column[96], cell[96];
    sd_cell_text(naming->of_column, naming->of->cell[of], name, sizeof name);
    if (alone) {
        snprintf(text, cap, "%s", name);
        return;
    }
    sd_name_text(naming->other_column, column, sizeof column);
    sd_cell_text(naming->other_column, naming->other->cell[other], cell, sizeof cell);
    if (!strcmp(naming->other_column, "mode"))
        snprintf(text, cap, "%s %s", name, cell);
    else
        snprintf(text, cap, "%s with %s %s", name, column, cell);
}

static bool is(struct sd_value value, enum sd_value_kind kind, double number)
{
    return value.kind == kind && (kind != SD_VALUE_KNOWN || sd_value_number(value) == number);
}

/* All points whose value is such; one word for all points of one kind. */
static struct list list_points(const struct answer *answer, enum sd_stat stat,
                               enum sd_value_kind kind, double number)
{
    struct naming naming = naming_of(answer);
    struct list list = {0};
    size_t first = naming.turned ? 0 : answer->first_x;
    size_t last = naming.turned ? naming.other->count - 1 : answer->last_x;
    char text[300];
    for (size_t of = 0; of < naming.of->count; of++) {
        size_t points = 0, such = 0;
        for (size_t other = first; other <= last; other++) {
            struct sd_value value = value_at(answer, &naming, of, other, stat);
            points += value.kind != SD_VALUE_NONE;
            such += is(value, kind, number);
        }
        bool alone = such == points && (points > 1 || !*naming.other_column);
        for (size_t other = first; such && other <= last; other++) {
            if (!is(value_at(answer, &naming, of, other, stat), kind, number))
                continue;
            name_point(&naming, of, other, alone, text, sizeof text);
            add(&list, text);
            if (alone)
                break;
        }
    }
    return list;
}

struct extremes {
    double lowest, highest;
    size_t values;
};

static struct extremes look(const struct answer *answer, enum sd_stat stat)
{
    const struct plot_data *data = answer->data;
    struct extremes found = {INFINITY, -INFINITY, 0};
    for (size_t x = answer->first_x; x <= answer->last_x; x++)
        for (size_t series = 0; series < data->series.count; series++) {
            const struct sd_sample *sample = sd_plot_sample(data, answer->panel, series, x);
            struct sd_value value = sd_sample_stat(sample, stat);
            if (!sample->n || value.kind != SD_VALUE_KNOWN)
                continue;
            found.lowest = fmin(found.lowest, sd_value_number(value));
            found.highest = fmax(found.highest, sd_value_number(value));
            found.values++;
        }
    return found;
}

/* "At loss 10%, with RTT 100 ms: " */
static void put_where(FILE *to, const struct answer *answer, bool at)
{
    const struct plot_data *data = answer->data;
    char name[96], value[96];
    if (at) {
        sd_name_text(data->spec->x, name, sizeof name);
        sd_cell_text(data->spec->x, data->x.cell[answer->last_x], value, sizeof value);
        fputs("At ", to);
        sd_xml(to, name);
        fputc(' ', to);
        sd_xml(to, value);
    }
    if (*data->spec->panel) {
        sd_name_text(data->spec->panel, name, sizeof name);
        sd_cell_text(data->spec->panel, data->panel.cell[answer->panel], value, sizeof value);
        fputs(at ? ", with " : "With ", to);
        sd_xml(to, name);
        fputc(' ', to);
        sd_xml(to, value);
    }
    if (at || *data->spec->panel)
        fputs(", ", to);
}

/* "the median handshake time" */
static void put_subject(FILE *to, const struct plot_spec *spec, bool begins)
{
    char name[96], text[192];
    sd_name_text(sd_stored_measure_name(spec->scenario, spec->y), name, sizeof name);
    switch (spec->show[0]) {
    case SD_STAT_RATE:
        snprintf(text, sizeof text, "the share of runs that end well");
        break;
    case SD_STAT_N:
    case SD_STAT_OK:
    case SD_STAT_FAILED:
    case SD_STAT_UNFINISHED:
        snprintf(text, sizeof text, "the number of runs");
        break;
    default:
        snprintf(text, sizeof text, "the %s %s",
                 spec->show[0] == SD_STAT_P50 ? "median" : sd_stat_names[spec->show[0]], name);
    }
    if (begins)
        text[0] = (char)toupper((unsigned char)text[0]);
    sd_xml(to, text);
}

/* " runs from 50 ms (WireGuard) to 400 ms (TLS 1.2), and is never reached for DTLS 1.2" */
static void put_extremes(FILE *to, const struct answer *answer, enum sd_stat stat)
{
    const char *unit = stat == SD_STAT_RATE   ? "ppm"
                       : sd_stat_counts(stat) ? ""
                                              : answer->data->spec->y;
    struct extremes found = look(answer, stat);
    struct list lowest = list_points(answer, stat, SD_VALUE_KNOWN, found.lowest);
    struct list highest = list_points(answer, stat, SD_VALUE_KNOWN, found.highest);
    struct list never = list_points(answer, stat, SD_VALUE_NEVER, 0);
    char low[SD_AMOUNT], high[SD_AMOUNT];
    sd_amount_text(unit, found.lowest, low);
    sd_amount_text(unit, found.highest, high);
    if (!found.values) {
        fputs(" is never reached", to);
        return;
    }
    if (!strcmp(low, high)) {
        fprintf(to, " is <strong>%s</strong> for ", low);
        if (found.values > 1 && !never.count)
            fputs("all", to);
        else
            put_list(to, &lowest);
    } else {
        fprintf(to, " runs from <strong>%s</strong> (", low);
        put_list(to, &lowest);
        fprintf(to, ") to <strong>%s</strong> (", high);
        put_list(to, &highest);
        fputc(')', to);
    }
    if (never.count) {
        fputs(", and is never reached for ", to);
        put_list(to, &never);
    }
}

static void put_sentence(FILE *to, const struct answer *answer)
{
    const struct plot_spec *spec = answer->data->spec;
    bool one_x =
        answer->data->numeric && answer->first_x == answer->last_x && answer->data->x.count > 1;
    put_where(to, answer, one_x);
    put_subject(to, spec, !one_x && !*spec->panel);
    for (size_t i = 0; i < spec->shown; i++) {
        if (i)
            fprintf(to, "; its %s", sd_stat_names[spec->show[i]]);
        put_extremes(to, answer, spec->show[i]);
    }
    fputs(".", to);
}

/* A scenario without plots: its first metric by protocol. */
static struct plot_spec plain_spec(const json_t *scenario)
{
    const char *metric = json_string_value(json_array_get(json_object_get(scenario, "metrics"), 0));
    return (struct plot_spec){
        .name = sd_stored_text(scenario, "name"),
        .x = "",
        .y = metric ? metric : "",
        .by = "protocol",
        .panel = "",
        .kind = PLOT_BARS,
        .show = {SD_STAT_MEDIAN},
        .shown = 1,
        .scenario = scenario,
    };
}

int report_first_plot(FILE *to, const struct sd_stored *stored, const json_t *scenario,
                      struct sd_error *error)
{
    const json_t *plot = json_array_get(json_object_get(scenario, "plots"), 0);
    struct plot_spec spec = plain_spec(scenario);
    struct plot_data data;
    int rc = plot ? sd_plot_spec(&spec, scenario, plot, error) : SD_OK;
    if (rc < 0)
        return rc;
    if (!*spec.y)
        return SD_OK;
    if (spec.kind == PLOT_CDF) {
        spec.show[0] = SD_STAT_MEDIAN;
        spec.shown = 1;
    }
    rc = sd_plot_data(&data, stored, &spec, error);
    if (rc < 0)
        return rc;
    /* Lines lead somewhere: their far end.  Bars stand for themselves: all of them. */
    struct answer answer = {.data = &data};
    answer.panel = data.panel.count ? data.panel.count - 1 : 0;
    answer.last_x = data.x.count ? data.x.count - 1 : 0;
    answer.first_x = data.numeric && spec.kind == PLOT_LINES ? answer.last_x : 0;
    if (data.runs)
        put_sentence(to, &answer);
    else
        fputs("No run of it is stored.", to);
    sd_plot_data_free(&data);
    return SD_OK;
}
