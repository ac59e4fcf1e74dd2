#include "plots/stored.h"
#include "results/manifest.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH 4200

int sd_stored_load(struct sd_stored *stored, const char *dir, struct sd_error *error)
{
    *stored = (struct sd_stored){.dir = dir};
    int rc = sd_manifest_load(&stored->manifest, dir, error);
    if (rc == SD_OK)
        rc = sd_frame_load(&stored->frame, dir, error);
    if (rc < 0) {
        sd_stored_free(stored);
        return rc;
    }
    stored->scenarios = json_object_get(stored->manifest, "scenarios");
    return SD_OK;
}

void sd_stored_free(struct sd_stored *stored)
{
    json_decref(stored->manifest);
    sd_frame_free(stored->frame);
    *stored = (struct sd_stored){0};
}

const char *sd_stored_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

const json_t *sd_stored_measure(const json_t *scenario, const char *column)
{
    size_t index;
    json_t *measure;
    json_array_foreach(json_object_get(scenario, "measure"), index, measure)
    {
        if (!strcmp(sd_stored_text(measure, "column"), column))
            return measure;
    }
    return NULL;
}

const char *sd_stored_measure_name(const json_t *scenario, const char *column)
{
    const char *name = sd_stored_text(sd_stored_measure(scenario, column), "name");
    return *name ? name : column;
}

bool sd_stored_of(const struct sd_stored *stored, size_t row, const json_t *scenario)
{
    int column = sd_frame_column(stored->frame, "scenario");
    return column >= 0 &&
           !strcmp(sd_frame_cell(stored->frame, row, column), sd_stored_text(scenario, "name"));
}

static bool lists(const json_t *values, const char *cell)
{
    size_t index;
    json_t *value;
    json_array_foreach((json_t *)values, index, value)
    {
        if (json_is_string(value) && !strcmp(json_string_value(value), cell))
            return true;
    }
    return false;
}

bool sd_stored_when(const struct sd_stored *stored, size_t row, const json_t *when)
{
    const char *name;
    json_t *values;
    json_object_foreach((json_t *)when, name, values)
    {
        int column = sd_frame_column(stored->frame, name);
        if (column < 0 || !lists(values, sd_frame_cell(stored->frame, row, column)))
            return false;
    }
    return true;
}

int sd_stored_conditions(const json_t *when, struct sd_condition **list, size_t *count,
                         struct sd_error *error)
{
    size_t used = 0, size = json_object_size(when), index;
    const char *name;
    json_t *values, *value;
    *count = 0;
    *list = size ? calloc(size, sizeof **list) : NULL;
    if (size && !*list)
        return sd_fail(error, SD_E_NOMEM, "out of memory for conditions");
    json_object_foreach((json_t *)when, name, values)
    {
        const char **texts = calloc(json_array_size(values) + 1, sizeof *texts);
        if (!texts) {
            sd_conditions_free(*list, used);
            return sd_fail(error, SD_E_NOMEM, "out of memory for conditions");
        }
        struct sd_condition *condition = &(*list)[used++];
        *condition = (struct sd_condition){.column = name, .value = texts};
        json_array_foreach(values, index, value)
        {
            if (json_is_string(value))
                texts[condition->values++] = json_string_value(value);
        }
    }
    *count = used;
    return SD_OK;
}

void sd_conditions_free(struct sd_condition *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)list[i].value);
    free(list);
}

static const json_t *scenario_of(const struct sd_stored *stored, size_t row)
{
    size_t index;
    json_t *scenario;
    json_array_foreach((json_t *)stored->scenarios, index, scenario)
    {
        if (sd_stored_of(stored, row, scenario))
            return scenario;
    }
    return NULL;
}

#define CELLS 64
bool sd_stored_run_name(const struct sd_stored *stored, size_t row, char name[SD_STORED_NAME])
{
    const json_t *scenario = scenario_of(stored, row);
    const char *cell[CELLS];
    size_t cells = 0, index;
    json_t *column;
    json_array_foreach(json_object_get(scenario, "columns"), index, column)
    {
        int at =
            json_is_string(column) ? sd_frame_column(stored->frame, json_string_value(column)) : -1;
        if (cells < CELLS && at >= 0)
            cell[cells++] = sd_frame_cell(stored->frame, row, at);
    }
    int repeat = sd_frame_column(stored->frame, "repeat");
    uint64_t number = 0;
    if (repeat >= 0)
        sd_frame_integer(stored->frame, row, repeat, &number);
    *name = '\0';
    return scenario && sd_run_name(name, SD_STORED_NAME, sd_stored_text(scenario, "name"), cell,
                                   cells, (uint32_t)number) == SD_OK;
}

long sd_stored_find(const struct sd_stored *stored, const char *run)
{
    char name[SD_STORED_NAME];
    for (size_t row = 0; row < sd_frame_rows(stored->frame); row++)
        if (sd_stored_run_name(stored, row, name) && !strcmp(name, run))
            return (long)row;
    return -1;
}

bool sd_stored_has(const char *dir, const char *folder, const char *name, const char *suffix)
{
    char path[PATH];
    return snprintf(path, sizeof path, "%s/%s/%s%s", dir, folder, name, suffix) < PATH &&
           access(path, R_OK) == 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_name(char ***list, size_t *used, size_t *cap, const char *name, size_t len)
{
    if (*used + 1 >= *cap) {
        size_t more = *cap ? *cap * 2 : 16;
        char **grown = realloc(*list, more * sizeof *grown);
        if (!grown)
            return false;
        *list = grown;
        *cap = more;
    }
    (*list)[*used] = name ? strndup(name, len) : NULL;
    if (!name)
        return true;
    if (!(*list)[*used])
        return false;
    (*list)[++*used] = NULL;
    return true;
}

int sd_names(const char *dir, const char *folder, const char *suffix, char ***names, size_t *count,
             struct sd_error *error)
{
    char path[PATH];
    snprintf(path, sizeof path, "%s/%s", dir, folder);
    DIR *open = opendir(path);
    if (!open && errno != ENOENT)
        return sd_fail(error, SD_E_IO, "cannot read %s: %s", path, strerror(errno));
    char **list = NULL;
    size_t used = 0, cap = 0, suffix_len = strlen(suffix);
    bool fits = add_name(&list, &used, &cap, NULL, 0);
    struct dirent *entry;
    while (fits && open && (entry = readdir(open))) {
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] != '.' && len > suffix_len &&
            !strcmp(entry->d_name + len - suffix_len, suffix))
            fits = add_name(&list, &used, &cap, entry->d_name, len - suffix_len);
    }
    if (open)
        closedir(open);
    if (!fits) {
        sd_names_free(list);
        return sd_fail(error, SD_E_NOMEM, "out of memory for the names in %s", path);
    }
    qsort(list, used, sizeof *list, by_text);
    *names = list;
    *count = used;
    return SD_OK;
}

void sd_names_free(char **names)
{
    for (char **at = names; at && *at; at++)
        free(*at);
    free(names);
}
