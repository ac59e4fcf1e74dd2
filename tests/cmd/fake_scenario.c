/* A double of the scenario library, so that the whole command line can be tested without a
 * simulation: runs are instant and crash, spin, sleep or fail as their file says.
 *
 * A file's first line is its question; each other line is a word and its values:
 *   -- tags a b          -- protocol tls12 tls13     -- loss_ppm 0 20000     -- repeats 3
 *   -- crash N           run N (from 0) dies; likewise: quit, wrong (the script's mistake), sleep
 *   -- unexpected N      run N fails its expectation */
#include "cmd/commands.h"
#include "lua/scenario.h"
#include "sim/core/random.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VALUES 16
struct line {
    char word[32];
    char value[VALUES][32];
    size_t values;
};
#define LINES 16
struct sd_scenario {
    char name[64], question[128], sha256[65], json[4096];
    struct line line[LINES];
    size_t lines, columns;
    const char *tag[VALUES + 1];
    uint64_t base_seed;
    uint32_t repeats;
};

static struct line *find(struct sd_scenario *s, const char *word)
{
    for (size_t i = 0; i < s->lines; i++)
        if (!strcmp(s->line[i].word, word))
            return &s->line[i];
    return NULL;
}

/* Columns are the lines up to "repeats". */
static const struct line *column_line(const struct sd_scenario *s, size_t column)
{
    return &s->line[1 + column];
}

static void parse_line(struct sd_scenario *s, char *text)
{
    struct line *line = &s->line[s->lines];
    char *save = NULL, *word = strtok_r(text, " \n", &save);
    if (!word || strcmp(word, "--") || s->lines == LINES)
        return;
    word = strtok_r(NULL, " \n", &save);
    if (!word)
        return;
    snprintf(line->word, sizeof line->word, "%s", word);
    while (line->values < VALUES && (word = strtok_r(NULL, " \n", &save)))
        snprintf(line->value[line->values++], sizeof line->value[0], "%s", word);
    s->lines++;
}

static int apply(struct sd_scenario *s, const struct sd_setting *setting, struct sd_error *error)
{
    struct line *line = find(s, setting->name);
    if (!line)
        return sd_fail(error, SD_E_USAGE, "--set: %s has no '%s'", s->name, setting->name);
    char text[256], *save = NULL;
    snprintf(text, sizeof text, "%s", setting->values);
    line->values = 0;
    for (char *v = strtok_r(text, ",", &save); v && line->values < VALUES;
         v = strtok_r(NULL, ",", &save))
        snprintf(line->value[line->values++], sizeof line->value[0], "%s", v);
    return SD_OK;
}

static void describe(struct sd_scenario *s)
{
    size_t len = 0, cap = sizeof s->json;
    len += (size_t)snprintf(s->json, cap,
                            "{\"name\":\"%s\",\"title\":\"%s\",\"question\":\"%s\",\"path\":\"\","
                            "\"tags\":[],\"repeats\":%" PRIu32 ",\"columns\":[",
                            s->name, s->name, s->question, s->repeats);
    for (size_t i = 0; i < s->columns; i++)
        len += (size_t)snprintf(s->json + len, cap - len, "%s\"%s\"", i ? "," : "",
                                column_line(s, i)->word);
    len += (size_t)snprintf(s->json + len, cap - len,
                            "],\"metrics\":[\"handshake_time_ns\"],\"sweep\":{");
    for (size_t i = 0; i < s->columns; i++) {
        const struct line *line = column_line(s, i);
        len += (size_t)snprintf(s->json + len, cap - len, "%s\"%s\":[", i ? "," : "", line->word);
        for (size_t v = 0; v < line->values; v++)
            len += (size_t)snprintf(s->json + len, cap - len, "%s\"%s\"", v ? "," : "",
                                    line->value[v]);
        len += (size_t)snprintf(s->json + len, cap - len, "]");
    }
    snprintf(s->json + len, cap - len,
             "},\"measure\":[],\"plots\":[],\"tables\":[],\"ladders\":[],\"expectations\":[\"as "
             "expected\"]}");
}

int sd_scenario_load(struct sd_scenario **out, const char *path,
                     const struct sd_scenario_config *config, struct sd_error *error)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return sd_fail(error, SD_E_IO, "cannot read %s", path);
    struct sd_scenario *s = calloc(1, sizeof *s);
    const char *file = strrchr(path, '/');
    file = file ? file + 1 : path;
    snprintf(s->name, sizeof s->name, "%.*s", (int)strcspn(file, "."), file);
    char text[256];
    uint64_t hash = 0;
    for (int i = 0; fgets(text, sizeof text, f); i++) {
        hash = sd_hash_text(hash, text);
        if (i == 0)
            snprintf(s->question, sizeof s->question, "%.*s", (int)strcspn(text + 3, "\n"),
                     text + 3);
        else
            parse_line(s, text);
    }
    fclose(f);
    snprintf(s->sha256, sizeof s->sha256, "%064" PRIx64, hash);
    for (size_t i = 0; i < config->setting_count; i++) {
        int rc = apply(s, &config->settings[i], error);
        if (rc < 0) {
            free(s);
            return rc;
        }
    }
    struct line *repeats = find(s, "repeats");
    if (!repeats || s->lines < 2) {
        free(s);
        return sd_fail(error, SD_E_SCENARIO, "%s:1: expected a line 'repeats', found none", path);
    }
    s->repeats = config->repeats ? config->repeats : (uint32_t)atoi(repeats->value[0]);
    s->columns = (size_t)(repeats - s->line) - 1;
    s->base_seed = config->base_seed;
    for (size_t i = 0; i < s->line[0].values; i++)
        s->tag[i] = s->line[0].value[i];
    describe(s);
    *out = s;
    return SD_OK;
}

void sd_scenario_free(struct sd_scenario *s)
{
    free(s);
}

const char *sd_scenario_name(const struct sd_scenario *s)
{
    return s->name;
}

const char *sd_scenario_title(const struct sd_scenario *s)
{
    return s->name;
}

const char *sd_scenario_question(const struct sd_scenario *s)
{
    return s->question;
}

const char *const *sd_scenario_tags(const struct sd_scenario *s)
{
    return s->tag;
}

bool sd_scenario_has_tag(const struct sd_scenario *scenario, const char *tag)
{
    const char *const *at = sd_scenario_tags(scenario);
    while (at && *at && strcmp(*at, tag))
        at++;
    return at && *at;
}

unsigned sd_scenario_chapter(const struct sd_scenario *s)
{
    (void)s;
    return 0;
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
    return s->columns;
}

const char *sd_scenario_column(const struct sd_scenario *s, size_t column)
{
    return column_line(s, column)->word;
}

size_t sd_scenario_points(const struct sd_scenario *s)
{
    size_t points = 1;
    for (size_t i = 0; i < s->columns; i++)
        points *= column_line(s, i)->values;
    return points;
}

/* The last column turns fastest. */
const char *sd_scenario_cell(const struct sd_scenario *s, size_t point, size_t column)
{
    for (size_t i = s->columns - 1; i > column; i--)
        point /= column_line(s, i)->values;
    return column_line(s, column)->value[point % column_line(s, column)->values];
}

uint32_t sd_scenario_repeats(const struct sd_scenario *s)
{
    return s->repeats;
}

uint64_t sd_scenario_seed(const struct sd_scenario *s, size_t point, uint32_t repeat)
{
    uint64_t seed = sd_hash_text(s->base_seed, s->name);
    for (size_t i = 0; i < s->columns; i++)
        seed = sd_hash_text(seed, sd_scenario_cell(s, point, i));
    return sd_hash_u64(seed, repeat);
}

size_t sd_scenario_metrics(const struct sd_scenario *s)
{
    (void)s;
    return 1;
}

const char *sd_scenario_metric(const struct sd_scenario *s, size_t metric)
{
    (void)s;
    (void)metric;
    return "handshake_time_ns";
}

const char *sd_outcome_name(enum sd_outcome outcome)
{
    static const char *const names[] = {"ok", "failed", "unfinished"};
    return names[outcome];
}

static bool listed(struct sd_scenario *s, const char *word, size_t run)
{
    const struct line *line = find(s, word);
    for (size_t i = 0; line && i < line->values; i++)
        if ((size_t)atoi(line->value[i]) == run)
            return true;
    return false;
}

int sd_scenario_run(struct sd_scenario *s, const struct sd_run_request *request,
                    struct sd_run_result *result, struct sd_error *error)
{
    size_t run = request->point * s->repeats + request->repeat;
    struct line *pause_line = find(s, "sleep");
    if (pause_line)
        usleep((useconds_t)atoi(pause_line->value[0]) * 1000);
    if (listed(s, "crash", run))
        abort();
    if (listed(s, "quit", run))
        _exit(4);
    if (listed(s, "wrong", run))
        return sd_fail(error, SD_E_SCENARIO, "%s.lua:9: expected a time, found a size", s->name);
    memset(result, 0, sizeof *result);
    result->outcome = SD_RUN_OK;
    result->value[0] = 1 + sd_scenario_seed(s, request->point, request->repeat) % 1000000;
    result->has[0] = true;
    result->expectations = 1;
    if (listed(s, "unexpected", run)) {
        result->expectations_failed = 1;
        result->failed[0] = 0;
    }
    if (request->trace_path) {
        FILE *f = fopen(request->trace_path, "w");
        if (!f ||
            fprintf(f,
                    "{\"kind\":\"run\",\"run\":\"%s\",\"machines\":[{\"name\":\"client\"}]}\n"
                    "{\"t\":0,\"kind\":\"note\",\"text\":\"%" PRIu64 "\"}\n",
                    strrchr(request->trace_path, '/') + 1, result->value[0]) < 0 ||
            fclose(f) != 0)
            return sd_fail(error, SD_E_IO, "cannot write %s: %s", request->trace_path,
                           strerror(errno));
    }
    return SD_OK;
}

const char *sd_scenario_expectation(const struct sd_scenario *s, size_t index)
{
    (void)s;
    (void)index;
    return "as expected";
}

const struct sd_cost_table *sd_costs_load(const char *name, struct sd_error *error)
{
    sd_fail(error, SD_E_ARG, "no cost table '%s'", name);
    return NULL;
}

const struct sd_word sd_words[] = {{"link", "carrier of packets between two machines"},
                                   {NULL, NULL}};

static int no_network(const struct sd_args *args)
{
    (void)args;
    return SD_EXIT_INTERNAL;
}

const struct sd_command sd_command_bench = {
    .name = "bench", .arguments = "", .what = "is without a network here", .run = no_network};
