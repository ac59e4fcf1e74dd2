#include "plots/report_points.h"
#include "plots/axis.h"
#include "results/units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- values -- */

/* "3.00 round trips" */
static void quotient_text(const struct points *points, double number, char text[POINT_TEXT])
{
    struct sd_unit of = sd_unit_of(points->y), per = sd_unit_of(points->per);
    char name[64];
    sd_name_text(points->per, name, sizeof name);
    if (of.dimension != per.dimension)
        snprintf(text, POINT_TEXT, "%.2f%s%s per %s", number, *of.mark ? " " : "", of.mark, name);
    else if (!strcmp(name, "RTT"))
        snprintf(text, POINT_TEXT, "%.2f round trips", number);
    else
        snprintf(text, POINT_TEXT, "%.2f times the %s", number, name);
}

static void number_value(const struct points *points, const struct sd_sample *sample,
                         struct point_value *value)
{
    struct sd_value median = sd_sample_stat(sample, SD_STAT_MEDIAN);
    if (median.kind == SD_VALUE_NEVER) {
        value->order = 1e30;
        snprintf(value->text, sizeof value->text, "never");
        return;
    }
    if (median.kind == SD_VALUE_NONE) {
        value->order = 2e30;
        snprintf(value->text, sizeof value->text, "not measured");
        return;
    }
    value->order = sd_value_number(median);
    if (*points->per) {
        quotient_text(points, value->order / 100, value->text);
    } else if (!median.number && sd_unit_of(points->y).dimension == SD_DIM_NUMBER) {
        snprintf(value->text, sizeof value->text, "none");
    } else {
        char amount[SD_AMOUNT];
        sd_amount_text(points->y, value->order, amount);
        snprintf(value->text, sizeof value->text, "%s", amount);
    }
}

/* A run that is not ok has no value: what it was to show is not true. */
static void flag_value(const struct sd_sample *sample, struct point_value *value)
{
    for (size_t i = 0; i < sample->values; i++)
        value->trues += sample->value[i] != 0;
    value->order = value->runs ? -(double)value->trues / (double)value->runs : 0;
    if (value->trues && value->trues < value->runs)
        snprintf(value->text, sizeof value->text, "in %zu of %zu runs", value->trues, value->runs);
    else
        snprintf(value->text, sizeof value->text, "%s", value->trues ? "yes" : "no");
}

static int wrong(const struct points *points, int rc, const char *why, struct sd_error *error)
{
    return sd_fail(error, rc == SD_E_NOMEM ? rc : SD_E_IO, "answer of %s: %s",
                   sd_stored_text(points->scenario, "name"), why);
}

static int take_values(struct points *points, struct sd_error *error)
{
    struct sd_ask ask = {.metric = points->y,
                         .per = *points->per ? points->per : NULL,
                         .decimals = *points->per ? 2 : 0,
                         .stat = SD_STAT_MEDIAN};
    for (size_t g = 0; g < sd_groups_count(points->groups); g++) {
        struct point_value *value = &points->value[g];
        struct sd_sample sample = {0};
        struct sd_error why = {0};
        int rc = sd_groups_sample(points->groups, g, &ask, &sample, &why);
        value->runs = sample.n;
        value->unfinished = sample.was[SD_WAS_UNFINISHED];
        value->failed = sample.was[SD_WAS_FAILED];
        points->repeated |= sample.n > 1;
        if (rc == SD_OK && points->flag)
            flag_value(&sample, value);
        else if (rc == SD_OK)
            number_value(points, &sample, value);
        sd_sample_free(&sample);
        if (rc < 0)
            return wrong(points, rc, why.text, error);
    }
    return SD_OK;
}

/* -- names -- */

static bool same_cell(const struct points *points, size_t one, size_t other, size_t by)
{
    return !strcmp(sd_groups_cell(points->groups, one, by),
                   sd_groups_cell(points->groups, other, by));
}

static bool same_value(const struct points *points, size_t from, size_t to)
{
    for (size_t g = from + 1; g < to; g++)
        if (strcmp(points->value[g].text, points->value[from].text) != 0)
            return false;
    return true;
}

/* A name and what tells a point from its siblings: "TLS 1.3", "TLS 1.3 early", "TLS 1.3 early with
 * anti replay off". */
static void extend(const struct points *points, size_t group, size_t by, const char *name,
                   char text[POINT_NAME])
{
    const char *column = points->by[by];
    char words[64] = "", cell[64];
    bool bare = !strcmp(column, "protocol") || !strcmp(column, "mode");
    sd_cell_text(column, sd_groups_cell(points->groups, group, by), cell, sizeof cell);
    if (!bare)
        sd_name_text(column, words, sizeof words);
    const char *with = !*name ? "" : bare ? " " : strstr(name, " with ") ? ", " : " with ";
    snprintf(text, POINT_NAME, "%s%s%s%s%s", name, with, words, bare ? "" : " ", cell);
}

static void add_name(struct points *points, size_t group, const char *name)
{
    struct point_name *add = &points->name[points->names];
    add->value = points->value[group];
    add->place = points->names++;
    snprintf(add->text, sizeof add->text, "%s", name);
}

/* Names groups from..to, which are alike in all columns before `by` and sorted by the others. */
static void name_groups(struct points *points, size_t from, size_t to, size_t by, const char *name)
{
    if (by == points->bys || (by > 0 && same_value(points, from, to))) {
        add_name(points, from, name);
        return;
    }
    bool differ = !same_cell(points, from, to - 1, by);
    for (size_t begin = from, end; begin < to; begin = end) {
        char text[POINT_NAME];
        for (end = begin + 1; end < to && same_cell(points, begin, end, by); end++)
            ;
        snprintf(text, sizeof text, "%s", name);
        if (differ || by == 0)
            extend(points, begin, by, name, text);
        points->plain &= !differ || by == 0;
        name_groups(points, begin, end, by + 1, text);
    }
}

static int by_value(const void *a, const void *b)
{
    const struct point_name *one = a, *two = b;
    if (strcmp(one->value.text, two->value.text) != 0 && one->value.order != two->value.order)
        return one->value.order < two->value.order ? -1 : 1;
    return (one->place > two->place) - (one->place < two->place);
}

size_t points_alike(const struct points *points, size_t at)
{
    size_t end = at + 1;
    while (end < points->names &&
           !strcmp(points->name[end].value.text, points->name[at].value.text))
        end++;
    return end - at;
}

/* -- the whole -- */

static int group(struct points *points, const struct sd_stored *stored, struct sd_error *error)
{
    struct sd_query query = {
        .scenario = sd_stored_text(points->scenario, "name"), .by = points->by, .bys = points->bys};
    struct sd_condition *condition;
    struct sd_error why = {0};
    int rc = sd_stored_conditions(points->when, &condition, &query.whens, error);
    if (rc < 0)
        return rc;
    query.when = condition;
    rc = sd_groups_make(&points->groups, stored->frame, &query, &why);
    sd_conditions_free(condition, query.whens);
    return rc < 0 ? wrong(points, rc, why.text, error) : SD_OK;
}

int points_make(struct points *points, const struct sd_stored *stored, const json_t *scenario,
                struct sd_error *error)
{
    const json_t *answer = json_object_get(scenario, "answer");
    size_t index;
    json_t *column;
    *points = (struct points){
        .scenario = scenario,
        .y = sd_stored_text(answer, "y"),
        .per = sd_stored_text(answer, "per"),
        .say = sd_stored_text(answer, "say"),
        .when = json_object_get(answer, "when"),
    };
    points->flag = !strcmp(sd_stored_text(sd_stored_measure(scenario, points->y), "dim"), "flag");
    json_array_foreach(json_object_get(scenario, "columns"), index, column)
    {
        if (json_is_string(column) && points->bys < POINT_COLUMNS)
            points->by[points->bys++] = json_string_value(column);
    }
    points->plain = points->bys > 0 && !strcmp(points->by[0], "protocol");
    int rc = group(points, stored, error);
    size_t count = rc == SD_OK ? sd_groups_count(points->groups) : 0;
    if (!count)
        return rc;
    points->value = calloc(count, sizeof *points->value);
    points->name = calloc(count, sizeof *points->name);
    if (!points->value || !points->name)
        rc = wrong(points, SD_E_NOMEM, "out of memory", error);
    if (rc == SD_OK)
        rc = take_values(points, error);
    if (rc < 0) {
        points_free(points);
        return rc;
    }
    name_groups(points, 0, count, 0, "");
    qsort(points->name, points->names, sizeof *points->name, by_value);
    return SD_OK;
}

void points_free(struct points *points)
{
    sd_groups_free(points->groups);
    free(points->value);
    free(points->name);
    points->groups = NULL;
    points->value = NULL;
    points->name = NULL;
    points->names = 0;
}
