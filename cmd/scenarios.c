#include "cmd/scenarios.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".lua"

/* -- a growing list of paths -- */

struct paths {
    char **path;
    size_t count;
};

static int add_path(struct paths *paths, const char *path, struct sd_error *error)
{
    for (size_t i = 0; i < paths->count; i++)
        if (!strcmp(paths->path[i], path))
            return SD_OK;
    char **grown = realloc(paths->path, (paths->count + 1) * sizeof *grown);
    char *copy = strdup(path);
    if (grown)
        paths->path = grown;
    if (!grown || !copy) {
        free(copy);
        return sd_fail(error, SD_E_NOMEM, "out of memory for scenario names");
    }
    paths->path[paths->count++] = copy;
    return SD_OK;
}

static void free_paths(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->path[i]);
    free(paths->path);
    *paths = (struct paths){0};
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_folder(struct paths *paths, const char *folder, bool required,
                      struct sd_error *error)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return required ? sd_fail(error, SD_E_IO, "cannot read %s: %s", folder, strerror(errno))
                        : SD_OK;
    int rc = SD_OK;
    size_t first = paths->count;
    struct dirent *entry;
    while (rc == SD_OK && (entry = readdir(dir))) {
        size_t len = strlen(entry->d_name);
        char path[PATH_MAX];
        if (entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
            !strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) &&
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path)
            rc = add_path(paths, path, error);
    }
    closedir(dir);
    if (paths->count > first)
        qsort(paths->path + first, paths->count - first, sizeof *paths->path, by_text);
    return rc;
}

static int add_all(struct paths *paths, struct sd_error *error)
{
    const char *root = sd_root(error);
    if (!root)
        return error ? error->code : SD_E_IO;
    static const char *const folders[] = {"scenarios", "scenarios/features", "scenarios/labs"};
    int rc = SD_OK;
    for (size_t i = 0; rc == SD_OK && i < sizeof folders / sizeof *folders; i++) {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s/%s", root, folders[i]);
        rc = add_folder(paths, folder, i == 0, error);
    }
    return rc;
}

/* -- loading -- */

static int add_scenario(struct sd_scenarios *found, const char *path, struct sd_scenario *scenario,
                        struct sd_error *error)
{
    struct sd_scenario_file *grown = realloc(found->file, (found->count + 1) * sizeof *found->file);
    char *copy = strdup(path);
    if (grown)
        found->file = grown;
    if (!grown || !copy) {
        free(copy);
        return sd_fail(error, SD_E_NOMEM, "out of memory for scenarios");
    }
    found->file[found->count++] = (struct sd_scenario_file){.path = copy, .scenario = scenario};
    return SD_OK;
}

void sd_scenarios_free(struct sd_scenarios *found)
{
    for (size_t i = 0; i < found->count; i++) {
        sd_scenario_free(found->file[i].scenario);
        free(found->file[i].path);
    }
    free(found->file);
    *found = (struct sd_scenarios){0};
}

/* Chapters of the survey first, in their order. */
static int by_chapter(const void *a, const void *b)
{
    const struct sd_scenario_file *one = a, *two = b;
    unsigned first = one->scenario ? sd_scenario_chapter(one->scenario) : 0;
    unsigned second = two->scenario ? sd_scenario_chapter(two->scenario) : 0;
    if (first != second)
        return first && (!second || first < second) ? -1 : 1;
    return strcmp(one->path, two->path);
}

int sd_scenarios_all(struct sd_scenarios *found, struct sd_error *error)
{
    *found = (struct sd_scenarios){0};
    struct paths paths = {0};
    int rc = add_all(&paths, error);
    for (size_t i = 0; rc == SD_OK && i < paths.count; i++) {
        struct sd_scenario *scenario = NULL;
        struct sd_error why = {0};
        struct sd_scenario_config plain = {0};
        if (sd_scenario_load(&scenario, paths.path[i], &plain, &why) < 0) {
            fprintf(stderr, "shakedown: %s\n", why.text);
            scenario = NULL;
        }
        rc = add_scenario(found, paths.path[i], scenario, error);
    }
    free_paths(&paths);
    if (found->count)
        qsort(found->file, found->count, sizeof *found->file, by_chapter);
    if (rc < 0)
        sd_scenarios_free(found);
    return rc;
}

static bool is_path(const char *word)
{
    size_t len = strlen(word);
    return strchr(word, '/') ||
           (len > strlen(SUFFIX) && !strcmp(word + len - strlen(SUFFIX), SUFFIX));
}

/* "handshake-rtt" is ".../scenarios/handshake-rtt.lua". */
static bool is_named(const char *path, const char *name)
{
    const char *file = strrchr(path, '/');
    file = file ? file + 1 : path;
    size_t len = strlen(name);
    return !strncmp(file, name, len) && !strcmp(file + len, SUFFIX);
}

static int no_such(const char *word, const struct sd_scenarios *all, struct sd_error *error)
{
    const char *words[256];
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (!all->file[i].scenario)
            continue;
        if (count < 255)
            words[count++] = sd_scenario_name(all->file[i].scenario);
        for (const char *const *tag = sd_scenario_tags(all->file[i].scenario);
             tag && *tag && count < 255; tag++)
            words[count++] = *tag;
    }
    words[count] = NULL;
    const char *nearest = sd_nearest(word, words);
    if (nearest)
        return sd_fail(error, SD_E_USAGE, "no scenario and no tag is called '%s'; did you mean %s?",
                       word, nearest);
    return sd_fail(error, SD_E_USAGE,
                   "no scenario and no tag is called '%s'; see shakedown list scenarios", word);
}

static int find_paths(struct paths *found, const char *word, const struct paths *known,
                      struct sd_scenarios *all, struct sd_error *error)
{
    if (is_path(word)) {
        if (access(word, R_OK) < 0)
            return sd_fail(error, SD_E_IO, "cannot read scenario %s: %s", word, strerror(errno));
        return add_path(found, word, error);
    }
    for (size_t i = 0; i < known->count; i++)
        if (is_named(known->path[i], word))
            return add_path(found, known->path[i], error);

    if (!all->file) {
        int rc = sd_scenarios_all(all, error);
        if (rc < 0)
            return rc;
    }
    size_t before = found->count;
    bool tagged = false;
    int rc = SD_OK;
    for (size_t i = 0; rc == SD_OK && i < all->count; i++)
        if (all->file[i].scenario && sd_scenario_has_tag(all->file[i].scenario, word)) {
            tagged = true;
            rc = add_path(found, all->file[i].path, error);
        }
    if (rc == SD_OK && !tagged && found->count == before)
        rc = no_such(word, all, error);
    return rc;
}

int sd_scenarios_find(struct sd_scenarios *found, const char *const *word, size_t words,
                      const struct sd_scenario_config *config, struct sd_error *error)
{
    *found = (struct sd_scenarios){0};
    struct paths known = {0}, wanted = {0};
    struct sd_scenarios all = {0};
    bool by_name = false;
    for (size_t i = 0; i < words; i++)
        by_name |= !is_path(word[i]);
    int rc = by_name ? add_all(&known, error) : SD_OK;
    for (size_t i = 0; rc == SD_OK && i < words; i++)
        rc = find_paths(&wanted, word[i], &known, &all, error);
    for (size_t i = 0; rc == SD_OK && i < wanted.count; i++) {
        struct sd_scenario *scenario = NULL;
        rc = sd_scenario_load(&scenario, wanted.path[i], config, error);
        if (rc == SD_OK)
            rc = add_scenario(found, wanted.path[i], scenario, error);
    }
    sd_scenarios_free(&all);
    free_paths(&wanted);
    free_paths(&known);
    if (rc < 0)
        sd_scenarios_free(found);
    return rc;
}
