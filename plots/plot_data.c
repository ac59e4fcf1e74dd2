#include "plots/plot_data.h"
#include "plots/axis.h"
#include "results/groups.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- what is asked for -- */

static int wrong(const struct plot_spec *spec, const char *expected, const char *found,
                 struct sd_error *error)
{
    return sd_fail(error, SD_E_IO, "manifest.json: plot %s of %s: expected %s, found %s",
                   *spec->name ? spec->name : "without a name",
                   sd_stored_text(spec->scenario, "name"), expected, *found ? found : "none");
}

/* A name becomes a file's: nothing else than letters, digits, '.', '_', '+' and '-'. */
static bool is_stem(const char *name)
{
    if (!*name || *name == '.' || strlen(name) > 120)
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("._+-", *name))
            return false;
    return true;
}

int sd_plot_spec(struct plot_spec *spec, const json_t *scenario, const json_t *plot,
                 struct sd_error *error)
{
    static const char *const kinds[] = {"lines", "bars", "cdf"};
    *spec = (struct plot_spec){
        .name = sd_stored_text(plot, "name"),
        .title = sd_stored_text(plot, "title"),
        .x = sd_stored_text(plot, "x"),
        .y = sd_stored_text(plot, "y"),
        .by = sd_stored_text(plot, "by"),
        .panel = sd_stored_text(plot, "panel"),
        .log = !strcmp(sd_stored_text(plot, "scale"), "log"),
        .scenario = scenario,
        .when = json_object_get(plot, "when"),
    };
    const char *kind = sd_stored_text(plot, "kind");
    size_t at = 0, index;
    while (at < 3 && strcmp(kind, kinds[at]))
        at++;
    if (!is_stem(spec->name))
        return wrong(spec, "a \"name\" for its file", spec->name, error);
    if (at == 3)
        return wrong(spec, "lines, bars or cdf as \"kind\"", kind, error);
    spec->kind = (enum plot_kind)at;
    if (spec->kind == PLOT_CDF)
        spec->x = "";
    if (!*spec->y)
        return wrong(spec, "a column as \"y\"", "", error);
    if (!*spec->x && spec->kind != PLOT_CDF)
        return wrong(spec, "a column as \"x\"", "", error);
    json_t *word;
    json_array_foreach(json_object_get(plot, "show"), index, word)
    {
        const char *stat = json_is_string(word) ? json_string_value(word) : "";
        if (spec->shown == PLOT_SHOWN)
            return wrong(spec, "at most 4 statistics in \"show\"", "more", error);
        if (!sd_stat_parse(stat, &spec->show[spec->shown++]))
            return wrong(spec, "statistics such as median and p95 in \"show\"", stat, error);
    }
    if (!spec->shown)
        spec->show[spec->shown++] = SD_STAT_MEDIAN;
    return SD_OK;
}

void sd_plot_file(const json_t *scenarios, const json_t *scenario, const char *name,
                  char file[PLOT_FILE])
{
    size_t i, j;
    json_t *earlier, *plot;
    snprintf(file, PLOT_FILE, "%.120s", name);
    json_array_foreach((json_t *)scenarios, i, earlier)
    {
        if (earlier == scenario)
            return;
        json_array_foreach(json_object_get(earlier, "plots"), j, plot)
        {
            if (!strcmp(sd_stored_text(plot, "name"), name))
                snprintf(file, PLOT_FILE, "%.120s-%.120s", sd_stored_text(scenario, "name"), name);
        }
    }
}

/* -- the runs -- */

struct sd_sample *sd_plot_sample(const struct plot_data *data, size_t panel, size_t series,
                                 size_t x)
{
    return &data->sample[(panel * data->series.count + series) * data->x.count + x];
}

/* What all groupings of one plot share. */
struct asking {
    const struct sd_stored *stored;
    const struct plot_spec *spec;
    struct sd_condition *condition;
    size_t conditions;
    struct sd_error *error;
};

static int group(const struct asking *asking, const char *const *by, size_t bys,
                 struct sd_groups **groups)
{
    struct sd_query query = {
        .scenario = sd_stored_text(asking->spec->scenario, "name"),
        .by = by,
        .bys = bys,
        .when = asking->condition,
        .whens = asking->conditions,
    };
    struct sd_error why = {0};
    int rc = sd_groups_make(groups, asking->stored->frame, &query, &why);
    return rc < 0 ? sd_fail(asking->error, rc == SD_E_NOMEM ? rc : SD_E_IO, "%s: plot %s: %s",
                            asking->stored->dir, asking->spec->name, why.text)
                  : SD_OK;
}

static int by_number(const void *a, const void *b)
{
    double x = strtod(*(const char *const *)a, NULL), y = strtod(*(const char *const *)b, NULL);
    return (x > y) - (x < y);
}

static bool is_number(const char *cell)
{
    return *cell && !cell[strspn(cell, "0123456789")];
}

/* The distinct cells of a column, in the order of the sweep; one empty key for no column. */
static int find_keys(const struct asking *asking, const char *column, struct plot_keys *keys)
{
    struct sd_groups *groups;
    if (!*column) {
        keys->cell[keys->count++] = "";
        return SD_OK;
    }
    int rc = group(asking, &column, 1, &groups);
    if (rc < 0)
        return rc;
    size_t count = sd_groups_count(groups);
    for (size_t i = 0; i < count && i < PLOT_KEYS; i++)
        keys->cell[keys->count++] = sd_groups_cell(groups, i, 0);
    sd_groups_free(groups);
    if (count > PLOT_KEYS)
        return sd_fail(asking->error, SD_E_UNSUPPORTED,
                       "plot %s: %zu values of %s are more than the %d that fit; give it a `when`",
                       asking->spec->name, count, column, PLOT_KEYS);
    return SD_OK;
}

static size_t key_of(const struct plot_keys *keys, const char *cell)
{
    size_t at = 0;
    while (at + 1 < keys->count && strcmp(keys->cell[at], cell))
        at++;
    return at;
}

static void order_x(struct plot_data *data)
{
    data->numeric = data->x.count > 0;
    for (size_t i = 0; i < data->x.count; i++)
        data->numeric = data->numeric && is_number(data->x.cell[i]);
    if (data->numeric)
        qsort(data->x.cell, data->x.count, sizeof *data->x.cell, by_number);
}

static int take_samples(const struct asking *asking, struct plot_data *data)
{
    const struct plot_spec *spec = asking->spec;
    const char *by[3];
    size_t bys = 0, panel_at = 3, series_at = 3, x_at = 3;
    if (*spec->panel)
        by[panel_at = bys++] = spec->panel;
    if (*spec->by)
        by[series_at = bys++] = spec->by;
    if (*spec->x)
        by[x_at = bys++] = spec->x;
    struct sd_groups *groups;
    int rc = group(asking, by, bys, &groups);
    struct sd_ask ask = {.metric = spec->y, .stat = SD_STAT_MEDIAN};
    for (size_t g = 0; rc == SD_OK && g < sd_groups_count(groups); g++) {
        size_t panel = panel_at < 3 ? key_of(&data->panel, sd_groups_cell(groups, g, panel_at)) : 0;
        size_t series =
            series_at < 3 ? key_of(&data->series, sd_groups_cell(groups, g, series_at)) : 0;
        size_t x = x_at < 3 ? key_of(&data->x, sd_groups_cell(groups, g, x_at)) : 0;
        struct sd_sample *sample = sd_plot_sample(data, panel, series, x);
        struct sd_error why = {0};
        if (sd_groups_sample(groups, g, &ask, sample, &why) < 0)
            rc = sd_fail(asking->error, SD_E_IO, "%s: plot %s: %s", asking->stored->dir, spec->name,
                         why.text);
        if (!sample->n)
            continue;
        data->runs += sample->n;
        data->least_runs =
            data->most_runs && data->least_runs < sample->n ? data->least_runs : sample->n;
        data->most_runs = sample->n > data->most_runs ? sample->n : data->most_runs;
    }
    if (rc == SD_OK)
        sd_groups_free(groups);
    return rc;
}

/* Sweep columns that have several values here, and are neither axis, series nor panel. */
static int note_pooled(const struct asking *asking, struct plot_data *data)
{
    const struct plot_spec *spec = asking->spec;
    size_t index, len = 0;
    json_t *column;
    json_array_foreach(json_object_get(spec->scenario, "columns"), index, column)
    {
        const char *name = json_is_string(column) ? json_string_value(column) : "";
        struct sd_groups *groups;
        if (!*name || !strcmp(name, spec->by) || !strcmp(name, spec->panel) ||
            !strcmp(name, spec->x))
            continue;
        int rc = group(asking, &name, 1, &groups);
        if (rc < 0)
            return rc;
        if (sd_groups_count(groups) > 1 && len < sizeof data->pooled) {
            char words[96];
            sd_name_text(name, words, sizeof words);
            int n = snprintf(data->pooled + len, sizeof data->pooled - len, "%s%s", len ? ", " : "",
                             words);
            len += n > 0 ? (size_t)n : 0;
        }
        sd_groups_free(groups);
    }
    return SD_OK;
}

int sd_plot_data(struct plot_data *data, const struct sd_stored *stored,
                 const struct plot_spec *spec, struct sd_error *error)
{
    *data = (struct plot_data){.spec = spec};
    struct asking asking = {.stored = stored, .spec = spec, .error = error};
    int rc = sd_stored_conditions(spec->when, &asking.condition, &asking.conditions, error);
    if (rc == SD_OK)
        rc = find_keys(&asking, spec->panel, &data->panel);
    if (rc == SD_OK)
        rc = find_keys(&asking, spec->by, &data->series);
    if (rc == SD_OK)
        rc = find_keys(&asking, spec->x, &data->x);
    if (rc == SD_OK) {
        order_x(data);
        size_t samples = data->panel.count * data->series.count * data->x.count;
        data->sample = calloc(samples ? samples : 1, sizeof *data->sample);
        rc = data->sample ? take_samples(&asking, data)
                          : sd_fail(error, SD_E_NOMEM, "out of memory for plot %s", spec->name);
    }
    if (rc == SD_OK)
        rc = note_pooled(&asking, data);
    sd_conditions_free(asking.condition, asking.conditions);
    if (rc < 0)
        sd_plot_data_free(data);
    return rc;
}

void sd_plot_data_free(struct plot_data *data)
{
    size_t samples = data->panel.count * data->series.count * data->x.count;
    for (size_t i = 0; data->sample && i < samples; i++)
        sd_sample_free(&data->sample[i]);
    free(data->sample);
    data->sample = NULL;
}

const struct sd_style *sd_plot_style(const struct plot_data *data, size_t series)
{
    const struct sd_style *style = sd_style_find(data->series.cell[series]);
    return style ? style : sd_style_nth(series);
}

struct plot_count sd_plot_count(const struct plot_data *data, size_t series)
{
    struct plot_count count = {0};
    for (size_t panel = 0; panel < data->panel.count; panel++)
        for (size_t x = 0; x < data->x.count; x++) {
            const struct sd_sample *sample = sd_plot_sample(data, panel, series, x);
            count.runs += sample->n;
            count.values += sample->values;
            count.failed += sample->was[SD_WAS_FAILED];
            count.unfinished += sample->was[SD_WAS_UNFINISHED];
        }
    return count;
}
