/* scenario.c - loads scenario files and answers questions about them. */
#include "lua/scenario.h"
#include "lua/loaded.h"
#include "sim/core/digest.h"
#include "sim/core/random.h"
#include "sim/core/root.h"
#include <stdlib.h>
#include <string.h>

/* -- loading -- */

static char *stem(const char *path)
{
    const char *file = strrchr(path, '/');
    file = file ? file + 1 : path;
    size_t len = strlen(file);
    return strndup(file, len > 4 && !strcmp(file + len - 4, ".lua") ? len - 4 : len);
}

/* Of a file in the source tree from there, so that manifests do not tell where the tree is. */
static char *shown_path(const char *path)
{
    const char *root = sd_root(NULL);
    size_t len = root ? strlen(root) : 0;
    return strdup(len && !strncmp(path, root, len) && path[len] == '/' ? path + len + 1 : path);
}

/* The first paragraph of the comment that the file begins with, as one line. */
static char *question(const char *text)
{
    char *line = malloc(strlen(text) + 1), *to = line;
    if (!line)
        return NULL;
    while (!strncmp(text, "--", 2)) {
        text += 2 + strspn(text + 2, " \t-");
        size_t len = strcspn(text, "\r\n");
        if (!len)
            break;
        if (to > line)
            *to++ = ' ';
        memcpy(to, text, len);
        to += len;
        text += len + strspn(text + len, "\r");
        text += *text == '\n';
    }
    *to = '\0';
    return line;
}

static int copy_settings(struct sd_scenario *s, const struct sd_scenario_config *config)
{
    size_t count = config->setting_count;
    s->config = *config;
    s->setting = calloc(count + 1, sizeof *s->setting);
    s->setting_names.text = calloc(count + 1, sizeof(char *));
    s->setting_values.text = calloc(count + 1, sizeof(char *));
    s->config.settings = s->setting;
    s->config.setting_count = 0;
    if (!s->setting || !s->setting_names.text || !s->setting_values.text)
        return SD_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        char *name = strdup(config->settings[i].name), *values = strdup(config->settings[i].values);
        s->setting_names.text[i] = name;
        s->setting_values.text[i] = values;
        s->setting_names.count = s->setting_values.count = i + 1;
        if (!name || !values)
            return SD_E_NOMEM;
        s->setting[i] = (struct sd_setting){name, values};
        s->config.setting_count = i + 1;
    }
    return SD_OK;
}

static int check_sizes(const struct sd_scenario *s, struct sd_error *error)
{
    if (s->metrics.count > SD_RUN_METRICS)
        return sd_fail(error, SD_E_SCENARIO, "%s: measure: expected at most %d columns, found %zu",
                       s->path, SD_RUN_METRICS, s->metrics.count);
    return SD_OK;
}

int sd_scenario_load(struct sd_scenario **out, const char *path,
                     const struct sd_scenario_config *config, struct sd_error *error)
{
    *out = NULL;
    struct sd_scenario *s = calloc(1, sizeof *s);
    if (!s)
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
    struct sd_script *script = NULL;
    int rc = sd_script_read(path, &s->file, &s->file_len, error);
    if (rc == SD_OK) {
        s->path = strdup(path);
        s->name = stem(path);
        s->shown_path = shown_path(path);
        s->question = question(s->file);
        sd_sha256_hex(s->file, s->file_len, s->sha256);
        if (copy_settings(s, config) < 0 || !s->path || !s->name || !s->shown_path || !s->question)
            rc = sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
    }
    if (rc == SD_OK)
        rc = sd_scenario_open(s, &script, error);
    if (rc == SD_OK)
        rc = sd_scenario_take(s, script, error);
    if (rc == SD_OK)
        rc = check_sizes(s, error);
    sd_script_free(script);
    if (rc < 0) {
        sd_scenario_free(s);
        return rc;
    }
    *out = s;
    return SD_OK;
}

void sd_scenario_free(struct sd_scenario *s)
{
    if (!s)
        return;
    for (size_t c = 0; s->cells && c < s->columns.count; c++)
        sd_texts_free(&s->cells[c]);
    free(s->cells);
    free(s->place);
    sd_texts_free(&s->tags);
    sd_texts_free(&s->columns);
    sd_texts_free(&s->metrics);
    sd_texts_free(&s->expectations);
    sd_texts_free(&s->setting_names);
    sd_texts_free(&s->setting_values);
    free(s->setting);
    free(s->title);
    free(s->json);
    free(s->question);
    free(s->shown_path);
    free(s->name);
    free(s->path);
    free(s->file);
    free(s);
}

/* -- what it says -- */

const char *sd_scenario_name(const struct sd_scenario *s)
{
    return s->name;
}

const char *sd_scenario_title(const struct sd_scenario *s)
{
    return s->title;
}

const char *sd_scenario_question(const struct sd_scenario *s)
{
    return s->question;
}

const char *const *sd_scenario_tags(const struct sd_scenario *s)
{
    return (const char *const *)s->tags.text;
}

bool sd_scenario_has_tag(const struct sd_scenario *s, const char *tag)
{
    for (size_t i = 0; i < s->tags.count; i++)
        if (!strcmp(s->tags.text[i], tag))
            return true;
    return false;
}

unsigned sd_scenario_chapter(const struct sd_scenario *s)
{
    return s->chapter;
}

const char *sd_scenario_sha256(const struct sd_scenario *s)
{
    return s->sha256;
}

const char *sd_scenario_json(const struct sd_scenario *s)
{
    return s->json;
}

size_t sd_scenario_columns(const struct sd_scenario *s)
{
    return s->columns.count;
}

const char *sd_scenario_column(const struct sd_scenario *s, size_t column)
{
    return s->columns.text[column];
}

size_t sd_scenario_points(const struct sd_scenario *s)
{
    return s->points;
}

const char *sd_scenario_cell(const struct sd_scenario *s, size_t point, size_t column)
{
    return s->cells[column].text[s->place[point * s->columns.count + column]];
}

uint32_t sd_scenario_repeats(const struct sd_scenario *s)
{
    return s->repeats;
}

uint64_t sd_scenario_seed(const struct sd_scenario *s, size_t point, uint32_t repeat)
{
    uint64_t seed = sd_hash_text(s->config.base_seed, s->name);
    for (size_t c = 0; c < s->columns.count; c++)
        seed = sd_hash_text(seed, sd_scenario_cell(s, point, c));
    return sd_hash_u64(seed, repeat);
}

size_t sd_scenario_metrics(const struct sd_scenario *s)
{
    return s->metrics.count;
}

const char *sd_scenario_metric(const struct sd_scenario *s, size_t metric)
{
    return s->metrics.text[metric];
}

const char *sd_scenario_expectation(const struct sd_scenario *s, size_t index)
{
    return index < s->expectations.count ? s->expectations.text[index] : "";
}

const char *sd_outcome_name(enum sd_outcome outcome)
{
    static const char *const names[] = {"ok", "failed", "unfinished"};
    return names[outcome];
}
