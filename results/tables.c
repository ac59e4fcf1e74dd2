#include "results/tables.h"
#include "results/features.h"
#include "results/files.h"
#include "results/groups.h"
#include "results/manifest.h"
#include "results/units.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTED_MOST 128 /* columns of a table, conditions, values of one */

struct table {
    char *name;
    const char *title, *scenario;
    const json_t *spec; /* {"by": [...], "when": {...}, "columns": [...]}; NULL: of features */
};
struct sd_tables {
    char dir[4096];
    json_t *manifest;
    struct sd_frame *frame;
    json_t *made;                 /* specs of scenarios that have none */
    struct sd_features *features; /* NULL: there are no probes */
    size_t first_of_features;     /* that table and the next: features, disagreements */
    struct table *table;
    size_t tables;
};

void sd_tables_free(struct sd_tables *tables)
{
    if (!tables)
        return;
    for (size_t i = 0; i < tables->tables; i++)
        free(tables->table[i].name);
    free(tables->table);
    sd_frame_free(tables->frame);
    json_decref(tables->manifest);
    json_decref(tables->made);
    sd_features_free(tables->features);
    free(tables);
}

size_t sd_tables_count(const struct sd_tables *tables)
{
    return tables->tables;
}

const char *sd_tables_name(const struct sd_tables *tables, size_t table)
{
    return tables->table[table].name;
}

const char *sd_tables_title(const struct sd_tables *tables, size_t table)
{
    return tables->table[table].title;
}

const char *sd_tables_scenario(const struct sd_tables *tables, size_t table)
{
    return tables->table[table].scenario;
}

/* -- what the manifest asks for -- */

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The sweep, n, ok, and the median of each thing measured. */
static json_t *default_spec(const json_t *scenario)
{
    json_t *columns = json_array();
    json_array_append_new(columns, json_pack("{ss ss}", "name", "n", "stat", "n"));
    json_array_append_new(columns, json_pack("{ss ss}", "name", "ok", "stat", "ok"));
    size_t index;
    json_t *measure;
    json_array_foreach(json_object_get(scenario, "measure"), index, measure)
    {
        const char *column = text_of(measure, "column");
        if (column)
            json_array_append_new(columns, json_pack("{ss ss ss}", "name", column, "metric", column,
                                                     "stat", "median"));
    }
    return json_pack("{sO* so}", "by", json_object_get(scenario, "columns"), "columns", columns);
}

static bool is_file_stem(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/') && strlen(name) < 200;
}

static bool is_taken(const struct sd_tables *tables, const char *name)
{
    for (size_t i = 0; i < tables->tables; i++)
        if (!strcmp(tables->table[i].name, name))
            return true;
    return false;
}

/* A name that an earlier table has is SCENARIO-NAME. */
static int append(struct sd_tables *tables, struct table table, const char *name,
                  struct sd_error *error)
{
    struct table *grown = realloc(tables->table, (tables->tables + 1) * sizeof *tables->table);
    char *unique = NULL;
    if (grown)
        tables->table = grown;
    if (!grown ||
        asprintf(&unique, is_taken(tables, name) ? "%s-%s" : "%.0s%s", table.scenario, name) < 0)
        return sd_fail(error, SD_E_NOMEM, "out of memory for tables");
    table.name = unique;
    table.title = table.title ? table.title : name;
    tables->table[tables->tables++] = table;
    if (!is_file_stem(unique))
        return sd_fail(error, SD_E_IO, "%s/manifest.json: the name '%.60s...' is too long",
                       tables->dir, unique);
    return SD_OK;
}

static int add_table(struct sd_tables *tables, const json_t *scenario, const json_t *spec,
                     bool first, struct sd_error *error)
{
    const char *from = text_of(scenario, "name"), *title = text_of(spec, "title");
    const char *name = text_of(spec, "name");
    if (!name && first)
        name = from;
    if (!from || !name || !is_file_stem(name) || !is_file_stem(from))
        return sd_fail(error, SD_E_IO,
                       "%s/manifest.json: expected scenarios and tables to have names that can be "
                       "those of files, found '%.60s' of '%.60s'",
                       tables->dir, name ? name : "none", from ? from : "none");
    if (!title)
        title = text_of(scenario, "title");
    return append(tables, (struct table){.title = title, .scenario = from, .spec = spec}, name,
                  error);
}
/* What the probes of all scenarios found together. */
static int add_features(struct sd_tables *tables, struct sd_error *error)
{
    int rc = sd_features_make(&tables->features, tables->manifest, tables->frame, error);
    if (rc < 0 || !tables->features)
        return rc;
    tables->first_of_features = tables->tables;
    rc = append(tables, (struct table){.title = "What each protocol offers", .scenario = "probes"},
                "features", error);
    if (rc == SD_OK)
        rc = append(tables,
                    (struct table){.title = "Where an edition of the survey says otherwise",
                                   .scenario = "probes"},
                    "disagreements", error);
    return rc;
}

static int list_tables(struct sd_tables *tables, struct sd_error *error)
{
    size_t s, t;
    json_t *scenario, *spec;
    json_array_foreach(json_object_get(tables->manifest, "scenarios"), s, scenario)
    {
        const json_t *asked = json_object_get(scenario, "tables");
        if (!json_array_size(asked) && !text_of(scenario, "feature")) {
            spec = default_spec(scenario);
            if (!spec || json_array_append_new(tables->made, spec) < 0)
                return sd_fail(error, SD_E_NOMEM, "out of memory for tables");
            int rc = add_table(tables, scenario, spec, true, error);
            if (rc < 0)
                return rc;
        }
        json_array_foreach(asked, t, spec)
        {
            int rc = add_table(tables, scenario, spec, t == 0, error);
            if (rc < 0)
                return rc;
        }
    }
    return SD_OK;
}

int sd_tables_make(struct sd_tables **out, json_t *manifest, struct sd_frame *frame,
                   const char *dir, struct sd_error *error)
{
    struct sd_tables *tables = calloc(1, sizeof *tables);
    *out = NULL;
    if (!tables || !(tables->made = json_array())) {
        free(tables);
        json_decref(manifest);
        sd_frame_free(frame);
        return sd_fail(error, SD_E_NOMEM, "out of memory for tables");
    }
    snprintf(tables->dir, sizeof tables->dir, "%s", dir);
    tables->manifest = manifest;
    tables->frame = frame;
    int rc = list_tables(tables, error);
    if (rc == SD_OK)
        rc = add_features(tables, error);
    if (rc < 0)
        sd_tables_free(tables);
    else
        *out = tables;
    return rc;
}

int sd_tables_load(struct sd_tables **out, const char *dir, struct sd_error *error)
{
    json_t *manifest;
    struct sd_frame *frame = NULL;
    *out = NULL;
    int rc = sd_manifest_load(&manifest, dir, error);
    if (rc == SD_OK)
        rc = sd_frame_load(&frame, dir, error);
    if (rc < 0) {
        json_decref(manifest);
        return rc;
    }
    return sd_tables_make(out, manifest, frame, dir, error);
}

/* -- one table, read from its spec -- */

struct plan {
    const char *by[LISTED_MOST];
    struct sd_condition when[LISTED_MOST];
    const char *value[LISTED_MOST]; /* of all conditions */
    struct sd_query query;
    struct sd_ask ask[LISTED_MOST];
    const char *name[LISTED_MOST]; /* of each ask's column */
    size_t asks;
};

static int wrong(const struct sd_tables *tables, size_t table, const char *how,
                 struct sd_error *error)
{
    return sd_fail(error, SD_E_IO, "%s/manifest.json: table %s: %s", tables->dir,
                   tables->table[table].name, how);
}

/* Strings of an array, or one string, into list; -1: something else, or more than fit. */
static long strings(const json_t *from, const char **list, size_t room)
{
    size_t count = json_is_string(from) ? 1 : json_array_size(from);
    if (count > room || !(json_is_string(from) || json_is_array(from)))
        return -1;
    for (size_t i = 0; i < count; i++) {
        list[i] = json_string_value(json_is_string(from) ? from : json_array_get(from, i));
        if (!list[i])
            return -1;
    }
    return (long)count;
}

static int plan_rows(struct plan *plan, const struct sd_tables *tables, size_t table,
                     struct sd_error *error)
{
    const json_t *spec = tables->table[table].spec;
    const json_t *by = json_object_get(spec, "by"), *when = json_object_get(spec, "when");
    long bys = by ? strings(by, plan->by, LISTED_MOST) : 0;
    if (bys < 0)
        return wrong(tables, table, "expected \"by\" to be a list of columns", error);
    size_t whens = 0, values = 0;
    const char *column;
    json_t *accepted;
    json_object_foreach((json_t *)when, column, accepted)
    {
        long count = whens < LISTED_MOST
                         ? strings(accepted, plan->value + values, LISTED_MOST - values)
                         : -1;
        if (count < 0)
            return wrong(tables, table, "expected \"when\" to be lists of values, not too many",
                         error);
        plan->when[whens++] = (struct sd_condition){
            .column = column, .value = plan->value + values, .values = (size_t)count};
        values += (size_t)count;
    }
    plan->query = (struct sd_query){
        .scenario = tables->table[table].scenario,
        .by = plan->by,
        .bys = (size_t)bys,
        .when = plan->when,
        .whens = whens,
    };
    return SD_OK;
}

static int plan_columns(struct plan *plan, const struct sd_tables *tables, size_t table,
                        struct sd_error *error)
{
    size_t index;
    json_t *column;
    json_array_foreach(json_object_get(tables->table[table].spec, "columns"), index, column)
    {
        const char *name = text_of(column, "name"), *stat = text_of(column, "stat");
        const json_t *decimals = json_object_get(column, "decimals");
        json_int_t places = json_integer_value(decimals);
        if (!name || !stat || plan->asks == LISTED_MOST)
            return wrong(tables, table,
                         "expected columns, not too many, with \"name\" and \"stat\"", error);
        struct sd_ask *ask = &plan->ask[plan->asks];
        *ask = (struct sd_ask){
            .metric = text_of(column, "metric"),
            .per = text_of(column, "per"),
            .decimals = (unsigned)places,
        };
        if (!sd_stat_parse(stat, &ask->stat))
            return wrong(
                tables, table,
                "expected \"stat\" to be one of n ok failed unfinished p25 p50 p75 p85 p95 p99 "
                "median mean min max sum rate",
                error);
        if (places < 0 || places > 9)
            return wrong(tables, table, "expected \"decimals\" between 0 and 9", error);
        plan->name[plan->asks++] = name;
    }
    return SD_OK;
}

static int make_plan(struct plan *plan, const struct sd_tables *tables, size_t table,
                     struct sd_error *error)
{
    *plan = (struct plan){0};
    int rc = plan_rows(plan, tables, table, error);
    if (rc == SD_OK)
        rc = plan_columns(plan, tables, table, error);
    if (rc == SD_OK && !plan->query.bys && !plan->asks)
        rc = wrong(tables, table, "expected at least one column, found none", error);
    return rc;
}

/* -- one table, filled -- */

/* Cells of a sweep column as numbers; false when one is none. */
static bool sweep_numbers(const struct sd_groups *groups, size_t by, struct sd_value *value)
{
    for (size_t g = 0; g < sd_groups_count(groups); g++) {
        const char *cell = sd_groups_cell(groups, g, by);
        size_t digits = strspn(cell, "0123456789");
        if (!digits || cell[digits] || digits > 19 || (*cell == '0' && digits > 1))
            return false;
        value[g] = (struct sd_value){.kind = SD_VALUE_KNOWN, .number = strtoull(cell, NULL, 10)};
    }
    return sd_groups_count(groups) > 0;
}

static void format_value(struct sd_value value, char *cell, size_t cap)
{
    uint64_t scale = 1;
    for (unsigned i = 0; i < value.decimals; i++)
        scale *= 10;
    if (value.kind != SD_VALUE_KNOWN)
        *cell = '\0';
    else if (value.decimals)
        snprintf(cell, cap, "%" PRIu64 ".%0*" PRIu64, value.number / scale, (int)value.decimals,
                 value.number % scale);
    else
        snprintf(cell, cap, "%" PRIu64, value.number);
}

/* One column of the table while it is made: text, or numbers. */
struct column {
    const char *name;
    struct sd_value *value; /* by group; NULL: text of by column */
    struct sd_unit unit;
    struct sd_shown shown;
};

static struct sd_unit unit_of(const char *name, const struct sd_ask *ask)
{
    struct sd_unit unit = sd_unit_of(name);
    if (ask && unit.dimension == SD_DIM_NUMBER && sd_stat_counts(ask->stat)) {
        if (ask->stat >= SD_STAT_RATE)
            unit = sd_unit_of("ppm");
    } else if (ask && unit.dimension == SD_DIM_NUMBER && !ask->per && ask->metric)
        unit = sd_unit_of(ask->metric);
    return unit;
}

static int make_columns(struct column *column, const struct plan *plan,
                        const struct sd_groups *groups, struct sd_value *room,
                        struct sd_error *error)
{
    size_t count = sd_groups_count(groups), bys = plan->query.bys;
    for (size_t c = 0; c < bys + plan->asks; c++) {
        struct column *at = &column[c];
        const struct sd_ask *ask = c < bys ? NULL : &plan->ask[c - bys];
        *at = (struct column){.name = ask ? plan->name[c - bys] : plan->by[c],
                              .value = room + c * count};
        if (!ask && !sweep_numbers(groups, c, at->value))
            at->value = NULL;
        for (size_t g = 0; ask && g < count; g++) {
            int rc = sd_groups_stat(groups, g, ask, &at->value[g], error);
            if (rc < 0)
                return rc;
        }
        at->unit = unit_of(at->name, ask);
        if (!at->value)
            at->unit = sd_unit_of(""); /* words have none */
        at->shown = sd_unit_shown(at->unit, at->value, at->value ? count : 0, !ask);
    }
    /* Columns of one unit are read across: they show as many decimals. */
    for (size_t c = bys; c < bys + plan->asks; c++)
        for (size_t other = bys; other < c; other++) {
            struct sd_shown *a = &column[c].shown, *b = &column[other].shown;
            if (*a->unit && !strcmp(a->unit, b->unit))
                a->decimals = b->decimals = a->decimals > b->decimals ? a->decimals : b->decimals;
        }
    return SD_OK;
}

static void fill(struct sd_grid *grid, const struct column *column, size_t columns,
                 const struct sd_groups *groups, bool people)
{
    char text[256];
    for (size_t c = 0; c < columns; c++) {
        snprintf(text, sizeof text, "%s", column[c].name);
        if (people)
            sd_unit_heading(column[c].name, column[c].unit, column[c].shown, text, sizeof text);
        sd_grid_column(grid, text, column[c].value != NULL);
    }
    for (size_t g = 0; g < sd_groups_count(groups); g++)
        for (size_t c = 0; c < columns; c++) {
            if (!column[c].value) {
                sd_grid_cell(grid, sd_groups_cell(groups, g, c));
                continue;
            }
            if (people)
                sd_unit_cell(column[c].value[g], column[c].shown, text, sizeof text);
            else
                format_value(column[c].value[g], text, sizeof text);
            sd_grid_cell(grid, text);
        }
}

static int features_grid(const struct sd_tables *tables, size_t table, bool people,
                         struct sd_grid *grid, struct sd_error *error)
{
    if (table == tables->first_of_features)
        sd_features_grid(tables->features, people, grid);
    else
        sd_disagreements_grid(tables->features, grid);
    return grid->bad ? sd_fail(error, SD_E_NOMEM, "out of memory for tables") : SD_OK;
}

int sd_tables_grid(const struct sd_tables *tables, size_t table, bool people, struct sd_grid *grid,
                   struct sd_error *error)
{
    if (!tables->table[table].spec)
        return features_grid(tables, table, people, grid, error);
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return sd_fail(error, SD_E_NOMEM, "out of memory for tables");
    struct sd_groups *groups = NULL;
    int rc = make_plan(plan, tables, table, error);
    struct sd_error why = {0};
    if (rc == SD_OK && sd_groups_make(&groups, tables->frame, &plan->query, &why) < 0)
        rc = wrong(tables, table, why.text, error);
    size_t columns = plan->query.bys + plan->asks;
    struct column *column = calloc(columns + 1, sizeof *column);
    struct sd_value *room =
        calloc((groups ? sd_groups_count(groups) : 0) * columns + 1, sizeof *room);
    if (rc == SD_OK && (!column || !room))
        rc = sd_fail(error, SD_E_NOMEM, "out of memory for tables");
    if (rc == SD_OK && make_columns(column, plan, groups, room, &why) < 0)
        rc = wrong(tables, table, why.text, error);
    if (rc == SD_OK) {
        fill(grid, column, columns, groups, people);
        if (grid->bad)
            rc = sd_fail(error, SD_E_NOMEM, "out of memory for tables");
    }
    sd_groups_free(groups);
    free(column);
    free(room);
    free(plan);
    return rc;
}

static bool has_cell(const struct sd_grid *grid, const char *text)
{
    for (size_t i = 0; i < grid->cells; i++)
        if (!strcmp(grid->cell[i], text))
            return true;
    return false;
}

int sd_tables_text(const struct sd_tables *tables, size_t table, enum sd_grid_format format,
                   struct sd_text *text, struct sd_error *error)
{
    struct sd_grid grid = {0};
    bool people = format == SD_GRID_MARKDOWN || format == SD_GRID_TEXT;
    int rc = sd_tables_grid(tables, table, people, &grid, error);
    if (rc < 0) {
        sd_grid_free(&grid);
        return rc;
    }
    if (people) {
        sd_text_format(text, "## %s\n\n", tables->table[table].title);
        sd_grid_print(&grid, format, text);
        if (has_cell(&grid, "∞"))
            sd_text_put(text, "\n∞: that many runs did not get so far.\n");
        if (has_cell(&grid, "–"))
            sd_text_put(text, "\n–: there is nothing of the kind to measure.\n");
        if (tables->features && table == tables->first_of_features)
            sd_text_put(text, "\n≠: an edition of the survey says otherwise; see disagreements.\n");
    } else if (format == SD_GRID_JSON) {
        const struct table *at = &tables->table[table];
        json_t *head =
            json_pack("{ss ss ss}", "name", at->name, "title", at->title, "scenario", at->scenario);
        char *words = json_dumps(head, 0);
        if (words)
            sd_text_add(text, words, strlen(words) - 1); /* open: rows follow */
        else
            text->bad = true;
        free(words);
        json_decref(head);
        sd_text_put(text, ", \"rows\": ");
        sd_grid_print(&grid, format, text);
        sd_text_put(text, "}");
    } else
        sd_grid_print(&grid, format, text);
    sd_grid_free(&grid);
    return text->bad ? sd_fail(error, SD_E_NOMEM, "out of memory for tables") : SD_OK;
}

static int write_one(const struct sd_tables *tables, size_t table, enum sd_grid_format format,
                     const char *ending, struct sd_error *error)
{
    struct sd_text text = {0};
    char name[256], folder[4200];
    snprintf(name, sizeof name, "%s%s", tables->table[table].name, ending);
    snprintf(folder, sizeof folder, "%s/tables", tables->dir);
    int rc = sd_tables_text(tables, table, format, &text, error);
    if (rc == SD_OK)
        rc = sd_file_write(folder, name, text.text ? text.text : "", text.len, error);
    free(text.text);
    return rc;
}

int sd_tables_write(const char *dir, struct sd_error *error)
{
    struct sd_tables *tables;
    char folder[4200];
    int rc = sd_tables_load(&tables, dir, error);
    if (rc < 0)
        return rc;
    snprintf(folder, sizeof folder, "%s/tables", dir);
    rc = sd_folder_make(folder, error);
    for (size_t i = 0; rc == SD_OK && i < tables->tables; i++) {
        rc = write_one(tables, i, SD_GRID_MARKDOWN, ".md", error);
        if (rc == SD_OK)
            rc = write_one(tables, i, SD_GRID_CSV, ".csv", error);
    }
    sd_tables_free(tables);
    return rc;
}
