/* compare.c - what became different from the baseline. */
#include "results/compare.h"
#include "results/groups.h"
#include "results/tolerance.h"
#include "results/units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct sd_error *error)
{
    return sd_fail(error, SD_E_NOMEM, "out of memory for the comparison");
}

/* -- rows -- */

static int add_row(struct sd_comparison *c, enum sd_change change, const char *point,
                   const char *metric, const char *baseline, const char *now,
                   const struct sd_tolerance *tolerance)
{
    struct sd_check *check = c->check;
    if (check->rows == check->cap) {
        size_t cap = check->cap ? check->cap * 2 : 64;
        struct sd_check_row *grown = realloc(check->row, cap * sizeof *grown);
        if (!grown)
            return no_memory(c->error);
        check->row = grown;
        check->cap = cap;
    }
    char words[128] = "";
    if (tolerance)
        sd_tolerance_words(tolerance, metric, words, sizeof words);
    struct sd_check_row *row = &check->row[check->rows++];
    *row = (struct sd_check_row){
        .change = change,
        .scenario = strdup(c->scenario),
        .point = strdup(point),
        .metric = strdup(metric),
        .baseline = strdup(baseline),
        .now = strdup(now),
        .tolerance = strdup(words),
        .reason = tolerance ? tolerance->reason : "",
    };
    check->count[change]++;
    return row->scenario && row->point && row->metric && row->baseline && row->now && row->tolerance
               ? SD_OK
               : no_memory(c->error);
}

static void value_words(const char *metric, struct sd_value value, char *words, size_t cap)
{
    if (value.kind == SD_VALUE_KNOWN)
        sd_unit_words(!strcmp(metric, "ok") ? "ppm" : metric, value.number, words, cap);
    else
        snprintf(words, cap, "%s", value.kind == SD_VALUE_NEVER ? "never" : "none");
}

static enum sd_spread spread_of(const struct sd_comparison *c, bool steady)
{
    return !steady ? SD_VARYING : c->redrawn ? SD_REDRAWN : SD_STEADY;
}

static int differ(struct sd_comparison *c, const char *point, const char *metric, bool steady,
                  struct sd_value then, struct sd_value now)
{
    c->check->values++;
    if (then.kind == now.kind && then.number == now.number)
        return SD_OK;
    char before[64], after[64];
    const struct sd_tolerance *tolerance = sd_tolerance_of(metric, spread_of(c, steady));
    value_words(metric, then, before, sizeof before);
    value_words(metric, now, after, sizeof after);
    enum sd_change change = then.kind == SD_VALUE_NONE                    ? SD_CHANGE_NEW
                            : now.kind == SD_VALUE_NONE                   ? SD_CHANGE_VANISHED
                            : sd_tolerance_exceeded(tolerance, then, now) ? SD_CHANGE_WORSE
                                                                          : SD_CHANGE_TOLERATED;
    return add_row(c, change, point, metric, before, after, tolerance);
}

/* -- one point -- */

/* Every run of it is ok and has the same value, so that nothing random is in it. */
static bool is_steady(const struct sd_sample *sample)
{
    return sample->values == sample->n && sample->n &&
           sample->value[0] == sample->value[sample->n - 1];
}

static uint64_t apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* What of now stands for the point: the median; or, where the baseline is steady, the run that is
 * furthest from it. */
static struct sd_value of_now(const struct sd_sample *now, const struct sd_sample *then,
                              bool steady)
{
    if (!steady || !now->values)
        return sd_sample_stat(now, SD_STAT_MEDIAN);
    struct sd_value least = sd_sample_stat(now, SD_STAT_MIN);
    struct sd_value most = sd_sample_stat(now, SD_STAT_MAX);
    if (most.kind != SD_VALUE_KNOWN)
        return most;
    return apart(least.number, then->value[0]) > apart(most.number, then->value[0]) ? least : most;
}

static int compare_metric(struct sd_comparison *c, const char *point, const char *metric,
                          const struct sd_groups *now, size_t n, const struct sd_groups *then,
                          size_t t)
{
    struct sd_sample a, b = {0};
    struct sd_ask ask = {.metric = metric, .stat = SD_STAT_MEDIAN};
    int rc = sd_groups_sample(then, t, &ask, &a, c->error);
    if (rc == SD_OK) {
        /* A column that is gone is a value that is gone. */
        if (sd_frame_column(c->now.frame, metric) >= 0)
            rc = sd_groups_sample(now, n, &ask, &b, c->error);
        bool steady = is_steady(&a);
        struct sd_value before = sd_sample_stat(&a, SD_STAT_MEDIAN);
        if (rc == SD_OK)
            rc = differ(c, point, metric, steady, before, of_now(&b, &a, steady));
    }
    sd_sample_free(&a);
    sd_sample_free(&b);
    return rc;
}

static int compare_ok(struct sd_comparison *c, const char *point, const struct sd_groups *now,
                      size_t n, const struct sd_groups *then, size_t t)
{
    struct sd_ask ask = {.stat = SD_STAT_RATE};
    struct sd_value a, b;
    int rc = sd_groups_stat(then, t, &ask, &a, c->error);
    if (rc == SD_OK)
        rc = sd_groups_stat(now, n, &ask, &b, c->error);
    bool steady = a.number == 0 || a.number == 1000000;
    return rc < 0 ? rc : differ(c, point, "ok", steady, a, b);
}

static void point_words(const struct sd_comparison *c, const struct sd_groups *groups, size_t group,
                        char *words, size_t cap)
{
    size_t len = 0;
    *words = '\0';
    for (size_t i = 0; i < c->columns && len < cap; i++) {
        char cell[96];
        sd_cell_words(c->column[i], sd_groups_cell(groups, group, i), cell, sizeof cell);
        int n = *cell ? snprintf(words + len, cap - len, "%s%s", len ? " " : "", cell) : 0;
        len += n > 0 ? (size_t)n : 0;
    }
}

static int add_point(struct sd_comparison *c, const char *words, size_t first)
{
    struct sd_check *check = c->check;
    struct sd_check_point *grown =
        realloc(check->point, (check->points + 1) * sizeof *check->point);
    if (!grown)
        return no_memory(c->error);
    check->point = grown;
    struct sd_check_point *point = &grown[check->points++];
    *point =
        (struct sd_check_point){strdup(c->scenario), strdup(words), first, check->rows - first};
    return point->scenario && point->point ? SD_OK : no_memory(c->error);
}

static int compare_point(struct sd_comparison *c, const json_t *metrics,
                         const struct sd_groups *now, size_t n, const struct sd_groups *then,
                         size_t t)
{
    char words[512];
    size_t first = c->check->rows, index;
    json_t *metric;
    point_words(c, then, t, words, sizeof words);
    int rc = compare_ok(c, words, now, n, then, t);
    json_array_foreach((json_t *)metrics, index, metric)
    {
        const char *name = json_string_value(metric);
        if (rc == SD_OK && name && sd_frame_column(c->then.frame, name) >= 0)
            rc = compare_metric(c, words, name, now, n, then, t);
    }
    return rc < 0 ? rc : add_point(c, words, first);
}

/* -- one scenario -- */

static bool same_point(const struct sd_comparison *c, const struct sd_groups *a, size_t x,
                       const struct sd_groups *b, size_t y)
{
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(sd_groups_cell(a, x, i), sd_groups_cell(b, y, i)) != 0)
            return false;
    return true;
}

/* The group of `in` that is the point `x` of `a`; count: none.  Looks from `near` on, where it is
 * when nothing was added. */
static size_t find_point(const struct sd_comparison *c, const struct sd_groups *a, size_t x,
                         const struct sd_groups *in, size_t near)
{
    size_t count = sd_groups_count(in);
    for (size_t i = 0; i < count; i++) {
        size_t at = (near + i) % count;
        if (same_point(c, a, x, in, at))
            return at;
    }
    return count;
}

static int tell_new_points(struct sd_comparison *c, const struct sd_groups *now,
                           const struct sd_groups *then)
{
    char words[512];
    size_t near = 0;
    for (size_t n = 0; n < sd_groups_count(now); n++) {
        size_t t = find_point(c, now, n, then, near);
        near = t + 1;
        if (t < sd_groups_count(then))
            continue;
        point_words(c, now, n, words, sizeof words);
        int rc = add_row(c, SD_CHANGE_NEW, words, "", "", "", NULL);
        if (rc < 0)
            return rc;
    }
    return SD_OK;
}

static int compare_points(struct sd_comparison *c, const json_t *metrics,
                          const struct sd_groups *now, const struct sd_groups *then)
{
    char words[512];
    size_t near = 0;
    for (size_t t = 0; t < sd_groups_count(then); t++) {
        size_t n = find_point(c, then, t, now, near);
        int rc;
        near = n + 1;
        if (n < sd_groups_count(now)) {
            rc = compare_point(c, metrics, now, n, then, t);
        } else {
            point_words(c, then, t, words, sizeof words);
            rc = add_row(c, c->narrowed ? SD_CHANGE_LEFT_OUT : SD_CHANGE_VANISHED, words, "",
                         "there", "not there", NULL);
        }
        if (rc < 0)
            return rc;
    }
    return tell_new_points(c, now, then);
}

static int take_columns(struct sd_comparison *c, const json_t *then, const json_t *now)
{
    const json_t *columns = json_object_get(then, "columns");
    c->columns = 0;
    for (size_t i = 0; i < json_array_size(columns) && c->columns < SD_COMPARE_COLUMNS; i++) {
        const char *name = json_string_value(json_array_get(columns, i));
        if (name)
            c->column[c->columns++] = name;
    }
    if (json_equal(columns, json_object_get(now, "columns")))
        return SD_OK;
    char *before = json_dumps(columns, JSON_COMPACT | JSON_ENCODE_ANY);
    char *after = json_dumps(json_object_get(now, "columns"), JSON_COMPACT | JSON_ENCODE_ANY);
    int rc = add_row(c, SD_CHANGE_VANISHED, "", "columns of the sweep", before ? before : "none",
                     after ? after : "none", NULL);
    free(before);
    free(after);
    return rc < 0 ? rc : 1;
}

static bool is_listed(const json_t *list, const json_t *word)
{
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)list, index, item)
    {
        if (json_equal(item, word))
            return true;
    }
    return false;
}

static int tell_new_metrics(struct sd_comparison *c, const json_t *now, const json_t *then)
{
    size_t index;
    json_t *metric;
    json_array_foreach(json_object_get(now, "metrics"), index, metric)
    {
        if (!json_is_string(metric) || is_listed(json_object_get(then, "metrics"), metric))
            continue;
        int rc = add_row(c, SD_CHANGE_NEW, "", json_string_value(metric), "", "", NULL);
        if (rc < 0)
            return rc;
    }
    return SD_OK;
}

static json_int_t repeats_of(const json_t *scenario)
{
    return json_integer_value(json_object_get(scenario, "repeats"));
}

/* Rows of repeats that both have, where one has more: its further ones had other weather. */
struct common {
    char (*text)[24];
    const char **value;
    struct sd_condition when;
};
static bool common_repeats(struct common *common, const json_t *a, const json_t *b, size_t rows)
{
    json_int_t least = repeats_of(a) < repeats_of(b) ? repeats_of(a) : repeats_of(b);
    size_t count = least > 0 ? (size_t)least : 0;
    count = count < rows ? count : rows;
    *common = (struct common){
        .text = calloc(count + 1, sizeof *common->text),
        .value = calloc(count + 1, sizeof *common->value),
    };
    if (!common->text || !common->value)
        return false;
    for (size_t i = 0; i < count; i++) {
        snprintf(common->text[i], sizeof common->text[i], "%zu", i);
        common->value[i] = common->text[i];
    }
    common->when = (struct sd_condition){"repeat", common->value, count};
    return true;
}

static bool is_quick(const json_t *scenario)
{
    return json_is_true(json_object_get(scenario, "quick"));
}

static int compare_scenario(struct sd_comparison *c, const json_t *then)
{
    c->scenario = json_string_value(json_object_get(then, "name"));
    if (!c->scenario)
        return SD_OK;
    const json_t *now = sd_manifest_scenario(c->now.manifest, c->scenario);
    if (!now)
        return add_row(c, SD_CHANGE_LEFT_OUT, "", "", "there", "not run", NULL);
    int rc = take_columns(c, then, now);
    if (rc != SD_OK)
        return rc < 0 ? rc : SD_OK;
    const char *command = json_string_value(json_object_get(c->now.manifest, "command"));
    c->narrowed = is_quick(now) != is_quick(then) || (command && strstr(command, " --set "));
    struct common common;
    if (!common_repeats(&common, now, then, sd_frame_rows(c->now.frame)))
        rc = no_memory(c->error);
    struct sd_query query = {
        .scenario = c->scenario,
        .by = c->column,
        .bys = c->columns,
        .when = &common.when,
        .whens = repeats_of(now) != repeats_of(then),
    };
    struct sd_groups *a = NULL, *b = NULL;
    if (rc == SD_OK)
        rc = sd_groups_make(&a, c->now.frame, &query, c->error);
    if (rc == SD_OK)
        rc = sd_groups_make(&b, c->then.frame, &query, c->error);
    if (rc == SD_OK)
        rc = compare_points(c, json_object_get(then, "metrics"), a, b);
    if (rc == SD_OK)
        rc = tell_new_metrics(c, now, then);
    sd_groups_free(a);
    sd_groups_free(b);
    free(common.text);
    free(common.value);
    return rc;
}

/* Another seed, or libraries that may ask for random numbers in another order. */
static int note_draws(struct sd_comparison *c)
{
    const json_t *now = json_object_get(c->now.manifest, "versions");
    const json_t *then = json_object_get(c->then.manifest, "versions");
    const json_t *seed = json_object_get(c->then.manifest, "base_seed");
    const char *key = "base_seed";
    json_t *before = (json_t *)seed, *after = json_object_get(c->now.manifest, key);
    c->redrawn = !json_equal(before, after);
    if (!c->redrawn) {
        json_object_foreach((json_t *)then, key, before)
        {
            after = json_object_get(now, key);
            c->redrawn = strcmp(key, "compiler") != 0 && !json_equal(before, after);
            if (c->redrawn)
                break;
        }
    }
    if (!c->redrawn)
        return SD_OK;
    const char *a = json_string_value(before), *b = json_string_value(after);
    if (asprintf(&c->check->draws, "%s %s, now %s", key, a ? a : "none", b ? b : "none") < 0) {
        c->check->draws = NULL;
        return no_memory(c->error);
    }
    return SD_OK;
}

int sd_compare(struct sd_comparison *c)
{
    int noted = note_draws(c);
    if (noted < 0)
        return noted;
    size_t index;
    json_t *scenario;
    json_array_foreach(json_object_get(c->then.manifest, "scenarios"), index, scenario)
    {
        int rc = compare_scenario(c, scenario);
        if (rc < 0)
            return rc;
    }
    json_array_foreach(json_object_get(c->now.manifest, "scenarios"), index, scenario)
    {
        c->scenario = json_string_value(json_object_get(scenario, "name"));
        if (!c->scenario || sd_manifest_scenario(c->then.manifest, c->scenario))
            continue;
        int rc = add_row(c, SD_CHANGE_NEW, "", "", "", "", NULL);
        if (rc < 0)
            return rc;
    }
    return SD_OK;
}
