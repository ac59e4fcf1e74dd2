/* report_answer.c - one sentence from the data.
 *
 * It says what the scenario's first plot shows, at its far end: which protocol is lowest, which
 * highest, which never got there, and how many runs that leaves out. */
#include "plots/axis.h"
#include "plots/plot_data.h"
#include "plots/report_parts.h"
#include "plots/svg.h"
#include <ctype.h>
#include <math.h>
#include <string.h>

#define LISTED 3

/* Series and words of x that share a value. */
struct list {
    double value;
    char text[512];
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
    struct list lowest, highest, never;
    size_t values;
};

static void take(struct answer *answer, size_t series, size_t x)
{
    const struct plot_data *data = answer->data;
    const struct plot_spec *spec = data->spec;
    const struct sd_sample *sample = sd_plot_sample(data, answer->panel, series, x);
    char text[224], by[96], at[96];
    if (!sample->n)
        return;
    sd_cell_text(spec->by, data->series.cell[series], by, sizeof by);
    sd_cell_text(spec->x, data->x.cell[x], at, sizeof at);
    bool both = *spec->x && strcmp(spec->x, spec->by) && answer->first_x != answer->last_x;
    /* The protocol first, however the plot is turned. */
    bool turned = !strcmp(spec->x, "protocol");
    snprintf(text, sizeof text, "%s%s%s", both && turned ? at : by, both ? " " : "",
             !both    ? ""
             : turned ? by
                      : at);
    struct sd_value value = sd_sample_stat(sample, spec->show[0]);
    if (value.kind == SD_VALUE_NEVER)
        add(&answer->never, text);
    if (value.kind != SD_VALUE_KNOWN)
        return;
    double number = sd_value_number(value);
    if (!answer->values || number < answer->lowest.value)
        answer->lowest = (struct list){.value = number};
    if (!answer->values || number > answer->highest.value)
        answer->highest = (struct list){.value = number};
    if (number == answer->lowest.value)
        add(&answer->lowest, text);
    if (number == answer->highest.value)
        add(&answer->highest, text);
    answer->values++;
}

/* "At loss 10%, with RTT 100 ms: " */
static void put_where(FILE *to, const struct answer *answer)
{
    const struct plot_data *data = answer->data;
    char name[96], value[96];
    bool at = data->numeric && data->x.count > 1;
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

static const char *measure_name(const struct plot_spec *spec)
{
    size_t index;
    json_t *measure;
    json_array_foreach(json_object_get(spec->scenario, "measure"), index, measure)
    {
        if (!strcmp(sd_stored_text(measure, "column"), spec->y))
            return sd_stored_text(measure, "name");
    }
    return spec->y;
}

static void put_subject(FILE *to, const struct plot_spec *spec, bool begins)
{
    char name[96], text[192];
    sd_name_text(measure_name(spec), name, sizeof name);
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

static void put_sentence(FILE *to, const struct answer *answer)
{
    const struct plot_spec *spec = answer->data->spec;
    const char *unit = spec->show[0] == SD_STAT_RATE   ? "ppm"
                       : sd_stat_counts(spec->show[0]) ? ""
                                                       : spec->y;
    bool somewhere = (answer->data->numeric && answer->data->x.count > 1) || *spec->panel;
    char low[SD_AMOUNT], high[SD_AMOUNT];
    put_where(to, answer);
    put_subject(to, spec, !somewhere);
    sd_amount_text(unit, answer->lowest.value, low);
    sd_amount_text(unit, answer->highest.value, high);
    if (!answer->values) {
        fputs(" was never reached", to);
    } else if (!strcmp(low, high)) {
        fprintf(to, " is <strong>%s</strong> for ", low);
        if (answer->values > 1)
            fprintf(to, "all %zu", answer->values);
        else
            put_list(to, &answer->lowest);
    } else {
        fprintf(to, " runs from <strong>%s</strong> (", low);
        put_list(to, &answer->lowest);
        fprintf(to, ") to <strong>%s</strong> (", high);
        put_list(to, &answer->highest);
        fputc(')', to);
    }
    if (answer->values && answer->never.count) {
        fputs("; never for ", to);
        put_list(to, &answer->never);
    }
    fputs(".", to);
}

static void look(struct answer *answer)
{
    const struct plot_data *data = answer->data;
    answer->panel = data->panel.count ? data->panel.count - 1 : 0;
    answer->last_x = data->x.count ? data->x.count - 1 : 0;
    answer->first_x = data->numeric ? answer->last_x : 0;
    for (size_t x = answer->first_x; x < data->x.count && data->panel.count; x++)
        for (size_t series = 0; series < data->series.count; series++)
            take(answer, series, x);
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

int report_answer(FILE *to, const struct sd_stored *stored, const json_t *scenario,
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
    struct answer answer = {.data = &data};
    look(&answer);
    if (data.runs)
        put_sentence(to, &answer);
    else
        fputs("No run of it is stored.", to);
    sd_plot_data_free(&data);
    return SD_OK;
}
