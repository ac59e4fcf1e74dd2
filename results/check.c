#include "results/check.h"
#include "results/groups.h"
#include "results/manifest.h"
#include "results/tolerance.h"
#include "results/units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MOST 64

/* One of the two folders. */
struct side {
    json_t *manifest;
    struct sd_frame *frame;
};
struct comparison {
    struct sd_check *check;
    struct side now, then;
    const char *scenario;
    const char *column[COLUMNS_MOST]; /* of its sweep */
    size_t columns;
    bool narrowed; /* points were left out on purpose */
    struct sd_error *error;
};

static int no_memory(struct sd_error *error)
{
    return sd_fail(error, SD_E_NOMEM, "out of memory for the check");
}

void sd_check_free(struct sd_check *check)
{
    if (!check)
        return;
    for (size_t i = 0; i < check->rows; i++) {
        struct sd_check_row *row = &check->row[i];
        free(row->scenario);
        free(row->point);
        free(row->metric);
        free(row->baseline);
        free(row->now);
        free(row->tolerance);
    }
    for (size_t i = 0; i < check->expectations; i++) {
        free(check->expectation[i].scenario);
        free(check->expectation[i].text);
        free(check->expectation[i].first);
    }
    for (size_t i = 0; i < check->points; i++) {
        free(check->point[i].scenario);
        free(check->point[i].point);
    }
    for (size_t i = 0; i < check->scenarios; i++)
        free(check->scenario[i]);
    free(check->scenario);
    free(check->row);
    free(check->expectation);
    free(check->point);
    free(check);
}

size_t sd_check_failures(const struct sd_check *check)
{
    return check->expectations_failed + check->count[SD_CHANGE_WORSE] +
           check->count[SD_CHANGE_VANISHED];
}

static int add_scenarios(struct sd_check *check, const json_t *manifest, struct sd_error *error)
{
    size_t index;
    json_t *scenario;
    json_array_foreach(json_object_get(manifest, "scenarios"), index, scenario)
    {
        const char *name = json_string_value(json_object_get(scenario, "name"));
        bool known = !name;
        for (size_t i = 0; i < check->scenarios; i++)
            known = known || !strcmp(check->scenario[i], name);
        if (known)
            continue;
        char **grown = realloc(check->scenario, (check->scenarios + 1) * sizeof *grown);
        if (!grown)
            return no_memory(error);
        check->scenario = grown;
        check->scenario[check->scenarios] = strdup(name);
        if (!check->scenario[check->scenarios])
            return no_memory(error);
        check->scenarios++;
    }
    return SD_OK;
}

/* -- expectations -- */

static int add_expectation(struct sd_check *check, const char *scenario, const char *text,
                           struct sd_error *error)
{
    struct sd_check_expectation *grown =
        realloc(check->expectation, (check->expectations + 1) * sizeof *grown);
    if (!grown)
        return no_memory(error);
    check->expectation = grown;
    struct sd_check_expectation *at = &grown[check->expectations++];
    *at = (struct sd_check_expectation){strdup(scenario), strdup(text), 0, strdup("")};
    return at->scenario && at->text && at->first ? SD_OK : no_memory(error);
}

static struct sd_check_expectation *find_expectation(struct sd_check *check, const char *scenario,
                                                     const char *text)
{
    for (size_t i = 0; i < check->expectations; i++)
        if (!strcmp(check->expectation[i].scenario, scenario) &&
            !strcmp(check->expectation[i].text, text))
            return &check->expectation[i];
    return NULL;
}

static int list_expectations(struct sd_check *check, const json_t *manifest, struct sd_error *error)
{
    size_t s, e;
    json_t *scenario, *text;
    json_array_foreach(json_object_get(manifest, "scenarios"), s, scenario)
    {
        const char *name = json_string_value(json_object_get(scenario, "name"));
        json_array_foreach(json_object_get(scenario, "expectations"), e, text)
        {
            if (!name || !json_is_string(text) ||
                find_expectation(check, name, json_string_value(text)))
                continue;
            int rc = add_expectation(check, name, json_string_value(text), error);
            if (rc < 0)
                return rc;
        }
    }
    return SD_OK;
}

static int take_failure(struct sd_check *check, const struct sd_frame *frame, size_t row,
                        const int column[4], struct sd_error *error)
{
    const char *scenario = sd_frame_cell(frame, row, column[0]);
    const char *run = sd_frame_cell(frame, row, column[1]);
    const char *text = sd_frame_cell(frame, row, column[2]);
    if (!strcmp(sd_frame_cell(frame, row, column[3]), "1"))
        return SD_OK;
    struct sd_check_expectation *at = find_expectation(check, scenario, text);
    if (!at) {
        int rc = add_expectation(check, scenario, text, error);
        if (rc < 0)
            return rc;
        at = &check->expectation[check->expectations - 1];
    }
    if (at->failed++ == 0) {
        check->expectations_failed++;
        free(at->first);
        at->first = strdup(run);
    }
    return at->first ? SD_OK : no_memory(error);
}

static int check_expectations(struct sd_check *check, const char *dir, const json_t *manifest,
                              struct sd_error *error)
{
    static const char *const names[4] = {"scenario", "run", "expectation", "ok"};
    int rc = list_expectations(check, manifest, error);
    struct sd_frame *frame = NULL;
    if (rc == SD_OK)
        rc = sd_frame_load_file(&frame, dir, "expectations.csv", error);
    int column[4];
    for (int i = 0; rc == SD_OK && i < 4; i++) {
        column[i] = sd_frame_column(frame, names[i]);
        if (column[i] < 0)
            rc = sd_fail(error, SD_E_IO, "%s/expectations.csv:1: expected a column '%s'", dir,
                         names[i]);
    }
    for (size_t row = 0; rc == SD_OK && row < sd_frame_rows(frame); row++)
        rc = take_failure(check, frame, row, column, error);
    sd_frame_free(frame);
    return rc;
}

/* -- rows of the comparison -- */

static int add_row(struct comparison *c, enum sd_change change, const char *point,
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

static int differ(struct comparison *c, const char *point, const char *metric, bool steady,
                  struct sd_value then, struct sd_value now)
{
    c->check->values++;
    if (then.kind == now.kind && then.number == now.number)
        return SD_OK;
    char before[64], after[64];
    const struct sd_tolerance *tolerance = sd_tolerance_of(metric, steady);
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

static int compare_metric(struct comparison *c, const char *point, const char *metric,
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

static int compare_ok(struct comparison *c, const char *point, const struct sd_groups *now,
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

static void point_words(const struct comparison *c, const struct sd_groups *groups, size_t group,
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

static int add_point(struct comparison *c, const char *words, size_t first)
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

static int compare_point(struct comparison *c, const json_t *metrics, const struct sd_groups *now,
                         size_t n, const struct sd_groups *then, size_t t)
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

static bool same_point(const struct comparison *c, const struct sd_groups *a, size_t x,
                       const struct sd_groups *b, size_t y)
{
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(sd_groups_cell(a, x, i), sd_groups_cell(b, y, i)) != 0)
            return false;
    return true;
}

/* The group of `in` that is the point `x` of `a`; count: none.  Looks from `near` on, where it is
 * when nothing was added. */
static size_t find_point(const struct comparison *c, const struct sd_groups *a, size_t x,
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

static int tell_new_points(struct comparison *c, const struct sd_groups *now,
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

static int compare_points(struct comparison *c, const json_t *metrics, const struct sd_groups *now,
                          const struct sd_groups *then)
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

static int take_columns(struct comparison *c, const json_t *then, const json_t *now)
{
    const json_t *columns = json_object_get(then, "columns");
    c->columns = 0;
    for (size_t i = 0; i < json_array_size(columns) && c->columns < COLUMNS_MOST; i++) {
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

static int tell_new_metrics(struct comparison *c, const json_t *now, const json_t *then)
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

static bool is_quick(const json_t *scenario)
{
    return json_is_true(json_object_get(scenario, "quick"));
}

static int compare_scenario(struct comparison *c, const json_t *then)
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
    struct sd_query query = {.scenario = c->scenario, .by = c->column, .bys = c->columns};
    struct sd_groups *a = NULL, *b = NULL;
    rc = sd_groups_make(&a, c->now.frame, &query, c->error);
    if (rc == SD_OK)
        rc = sd_groups_make(&b, c->then.frame, &query, c->error);
    if (rc == SD_OK)
        rc = compare_points(c, json_object_get(then, "metrics"), a, b);
    if (rc == SD_OK)
        rc = tell_new_metrics(c, now, then);
    sd_groups_free(a);
    sd_groups_free(b);
    return rc;
}

static int compare(struct comparison *c)
{
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

static int load(struct side *side, const char *dir, struct sd_error *error)
{
    int rc = sd_manifest_load(&side->manifest, dir, error);
    return rc < 0 ? rc : sd_frame_load(&side->frame, dir, error);
}

int sd_check_make(struct sd_check **out, const char *dir, const char *baseline,
                  struct sd_error *error)
{
    struct comparison c = {.error = error};
    *out = NULL;
    c.check = calloc(1, sizeof *c.check);
    if (!c.check)
        return no_memory(error);
    int rc = load(&c.now, dir, error);
    if (rc == SD_OK)
        rc = add_scenarios(c.check, c.now.manifest, error);
    if (rc == SD_OK)
        rc = check_expectations(c.check, dir, c.now.manifest, error);
    if (rc == SD_OK && baseline) {
        c.check->compared = true;
        rc = load(&c.then, baseline, error);
        if (rc == SD_OK)
            rc = add_scenarios(c.check, c.then.manifest, error);
        if (rc == SD_OK)
            rc = compare(&c);
    }
    json_decref(c.now.manifest);
    json_decref(c.then.manifest);
    sd_frame_free(c.now.frame);
    sd_frame_free(c.then.frame);
    if (rc < 0)
        sd_check_free(c.check);
    else
        *out = c.check;
    return rc;
}
