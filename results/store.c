/* store.c - writing DIR.
 *
 * rows.partial has a line for each thing that is known: "run,PART,RUN," and the row as it will
 * stand in runs.csv, or "expectation,PART,RUN," and a row of expectations.csv.  A line without its
 * newline was cut off by a kill and never happened. */
#include "results/store.h"
#include "results/claim.h"
#include "results/files.h"
#include "results/layout.h"
#include "results/manifest.h"
#include "results/partial.h"
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KIND_RUN         "run"
#define KIND_EXPECTATION "expectation"

struct expectation {
    size_t run, order; /* run among all; order in which they came */
    char *line;
};
struct part {
    size_t first, runs; /* among all */
};
struct sd_store {
    char dir[PATH_MAX];
    struct sd_layout layout;
    struct part *part;
    char **row; /* by run among all: the line of runs.csv; NULL: not yet */
    size_t runs, before;
    struct expectation *expectation;
    size_t expectations, expectations_cap;
    struct sd_partial partial;
    bool complete; /* runs.csv is there already */
    size_t failed; /* expectations, where that is so */
};

/* -- memory -- */

static void release(struct sd_store *store)
{
    if (!store)
        return;
    sd_partial_close(&store->partial);
    for (size_t i = 0; store->row && i < store->runs; i++)
        free(store->row[i]);
    for (size_t i = 0; i < store->expectations; i++)
        free(store->expectation[i].line);
    free(store->expectation);
    free(store->row);
    free(store->part);
    sd_layout_free(&store->layout);
    free(store);
}

static int count_runs(struct sd_store *store, const struct sd_store_config *config,
                      struct sd_error *error)
{
    store->part = calloc(config->parts ? config->parts : 1, sizeof *store->part);
    if (!store->part)
        return sd_fail(error, SD_E_NOMEM, "out of memory for %zu scenarios", config->parts);
    for (size_t i = 0; i < config->parts; i++) {
        store->part[i] = (struct part){.first = store->runs, .runs = config->part[i].runs};
        store->runs += config->part[i].runs;
    }
    store->row = calloc(store->runs ? store->runs : 1, sizeof *store->row);
    if (!store->row)
        return sd_fail(error, SD_E_NOMEM, "out of memory for %zu runs", store->runs);
    return SD_OK;
}

static size_t index_of(const struct sd_store *store, size_t part, size_t run)
{
    if (part >= store->layout.parts || run >= store->part[part].runs)
        return SIZE_MAX;
    return store->part[part].first + run;
}

static int keep_expectation(struct sd_store *store, size_t run, const char *line,
                            struct sd_error *error)
{
    if (store->expectations == store->expectations_cap) {
        size_t cap = store->expectations_cap ? 2 * store->expectations_cap : 64;
        struct expectation *grown = realloc(store->expectation, cap * sizeof *grown);
        if (!grown)
            return sd_fail(error, SD_E_NOMEM, "out of memory for expectations");
        store->expectation = grown;
        store->expectations_cap = cap;
    }
    char *copy = strdup(line);
    if (!copy)
        return sd_fail(error, SD_E_NOMEM, "out of memory for expectations");
    store->expectation[store->expectations] =
        (struct expectation){.run = run, .order = store->expectations, .line = copy};
    store->expectations++;
    return SD_OK;
}

/* -- rows.partial -- */

/* The first line of rows.partial, without its newline. */
static void partial_header(const struct sd_store *store, struct sd_text *text)
{
    sd_text_put(text, "kind,part,number,");
    sd_layout_header(&store->layout, text);
}

/* "run,0,17," of a line; *rest is what follows. */
static bool take_prefix(const struct sd_store *store, char *line, bool *is_run, size_t *run,
                        char **rest)
{
    char *part = strchr(line, ','), *number = part ? strchr(part + 1, ',') : NULL;
    char *end = number ? strchr(number + 1, ',') : NULL, *a, *b;
    if (!end || !isdigit((unsigned char)part[1]) || !isdigit((unsigned char)number[1]))
        return false;
    size_t p = strtoul(part + 1, &a, 10), r = strtoul(number + 1, &b, 10);
    *is_run = !strncmp(line, KIND_RUN ",", sizeof KIND_RUN);
    *run = index_of(store, p, r);
    *rest = end + 1;
    return a == number && b == end && *run != SIZE_MAX &&
           (*is_run || !strncmp(line, KIND_EXPECTATION ",", sizeof KIND_EXPECTATION));
}

static size_t count_cells(const char *row, size_t cap, struct sd_error *why)
{
    char **cell = calloc(cap, sizeof *cell), *copy = strdup(row), *at = copy;
    size_t count = 0, line = 1;
    if (!cell || !copy ||
        sd_csv_record(&at, copy + strlen(copy), &line, cell, cap, &count, why) < 0)
        count = 0;
    free(copy);
    free(cell);
    return count;
}

static int take_line(void *ctx, char *line, size_t number, struct sd_error *error)
{
    struct sd_store *store = ctx;
    bool is_run = false;
    size_t run = 0, cells;
    char *rest = NULL;
    struct sd_error why = {.text = "expected a run's row"};
    size_t expected;
    if (!take_prefix(store, line, &is_run, &run, &rest) ||
        (expected = is_run ? store->layout.columns : 4,
         cells = count_cells(rest, expected, &why)) != expected)
        return sd_fail(error, SD_E_IO,
                       "%s:%zu: %s, found '%.60s'; remove that line to have the run again",
                       store->partial.path, number, why.text, line);
    if (!is_run)
        return keep_expectation(store, run, rest, error);
    if (!store->row[run]) {
        store->row[run] = strdup(rest);
        if (!store->row[run])
            return sd_fail(error, SD_E_NOMEM, "out of memory for rows");
        store->before++;
    }
    return SD_OK;
}

static int by_run(const void *a, const void *b)
{
    const struct expectation *x = a, *y = b;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_expectations(struct sd_store *store)
{
    if (store->expectations)
        qsort(store->expectation, store->expectations, sizeof *store->expectation, by_run);
}

static bool is_repeated(const struct expectation *list, size_t count, const struct expectation *at)
{
    while (count-- > 0 && list[count].run == at->run)
        if (!strcmp(list[count].line, at->line))
            return true;
    return false;
}

/* A run that was killed before its row was written will say it all again, or has. */
static void drop_repeated(struct sd_store *store)
{
    struct expectation *list = store->expectation;
    size_t kept = 0;
    sort_expectations(store);
    for (size_t i = 0; i < store->expectations; i++) {
        if (!store->row[list[i].run] || is_repeated(list, kept, &list[i]))
            free(list[i].line);
        else
            list[kept++] = list[i];
    }
    store->expectations = kept;
}

static int resume_partial(struct sd_store *store, struct sd_error *error)
{
    struct sd_text header = {0};
    partial_header(store, &header);
    if (header.bad)
        return sd_fail(error, SD_E_NOMEM, "out of memory for columns");
    header.text[header.len - 1] = '\0';
    int rc = sd_partial_lines(&store->partial, header.text, take_line, store, error);
    free(header.text);
    if (rc == SD_OK)
        drop_repeated(store);
    return rc;
}

/* -- runs.csv, of runs that were all finished -- */

static int count_failed(struct sd_store *store, struct sd_error *error)
{
    struct sd_frame *frame;
    int rc = sd_frame_load_file(&frame, store->dir, "expectations.csv", error);
    if (rc < 0)
        return rc;
    int ok = sd_frame_column(frame, "ok");
    for (size_t row = 0; row < sd_frame_rows(frame); row++)
        store->failed += !strcmp(sd_frame_cell(frame, row, ok), "0");
    sd_frame_free(frame);
    return SD_OK;
}

static int resume_finished(struct sd_store *store, struct sd_error *error)
{
    struct sd_frame *frame;
    int rc = sd_frame_load(&frame, store->dir, error);
    if (rc < 0)
        return rc;
    int scenario = sd_frame_column(frame, "scenario");
    bool same =
        sd_frame_rows(frame) == store->runs && sd_frame_columns(frame) == store->layout.columns;
    for (size_t i = 0; same && i < store->layout.columns; i++)
        same = !strcmp(sd_frame_name(frame, (int)i), store->layout.name[i]);
    for (size_t part = 0; same && part < store->layout.parts; part++)
        for (size_t i = 0; same && i < store->part[part].runs; i++)
            same = !strcmp(sd_frame_cell(frame, store->part[part].first + i, scenario),
                           store->layout.scenario[part]);
    sd_frame_free(frame);
    if (!same)
        return sd_fail(error, SD_E_USAGE,
                       "--resume: %s/runs.csv does not have the %zu rows of its manifest; leave "
                       "--resume out to start again",
                       store->dir, store->runs);
    store->complete = true;
    store->before = store->runs;
    return count_failed(store, error);
}

/* -- opening -- */

static int go_on(struct sd_store *store, const json_t *manifest, struct sd_error *error)
{
    json_t *then = NULL;
    char path[PATH_MAX + 16];
    int rc = sd_manifest_load(&then, store->dir, error);
    if (rc == SD_OK)
        rc = sd_manifest_same(manifest, then, store->dir, error);
    json_decref(then);
    if (rc < 0)
        return rc;
    if (!store->partial.made)
        rc = resume_partial(store, error);
    snprintf(path, sizeof path, "%s/runs.csv", store->dir);
    if (rc == SD_OK && store->partial.written == 0 && access(path, F_OK) == 0)
        rc = resume_finished(store, error);
    return rc;
}

static int start_again(struct sd_store *store, bool results, const json_t *manifest,
                       struct sd_error *error)
{
    int rc = results ? sd_claim_clear(store->dir, error) : SD_OK;
    if (rc == SD_OK)
        rc = sd_partial_cut(&store->partial, true, error);
    return rc == SD_OK ? sd_manifest_write(manifest, store->dir, error) : rc;
}

static int open_store(struct sd_store *store, const struct sd_store_config *config,
                      const json_t *manifest, struct sd_error *error)
{
    bool results = false;
    int rc = sd_folder_make(store->dir, error);
    if (rc == SD_OK)
        rc = sd_claim(store->dir, &results, error);
    if (rc == SD_OK)
        rc = sd_partial_open(&store->partial, store->dir, error);
    if (rc < 0)
        return rc;
    rc = config->resume && results ? go_on(store, manifest, error)
                                   : start_again(store, results, manifest, error);
    if (rc == SD_OK && !store->complete)
        rc = sd_partial_cut(&store->partial, false, error);
    if (rc == SD_OK && !store->complete && store->partial.written == 0) {
        struct sd_text header = {0};
        partial_header(store, &header);
        rc = sd_partial_append(&store->partial, &header, error);
        free(header.text);
    }
    if (store->partial.made && (rc < 0 || store->complete))
        sd_partial_remove(&store->partial);
    return rc;
}

int sd_store_create(struct sd_store **out, const struct sd_store_config *config,
                    struct sd_error *error)
{
    *out = NULL;
    if (strlen(config->dir) >= PATH_MAX - 64)
        return sd_fail(error, SD_E_USAGE, "%.80s...: the name of the folder is too long",
                       config->dir);
    struct sd_store *store = calloc(1, sizeof *store);
    if (!store)
        return sd_fail(error, SD_E_NOMEM, "out of memory for results");
    store->partial.fd = -1;
    strcpy(store->dir, config->dir);
    json_t *manifest = NULL;
    int rc = sd_layout_make(&store->layout, config->part, config->parts, error);
    if (rc == SD_OK)
        rc = count_runs(store, config, error);
    if (rc == SD_OK && !(manifest = sd_manifest_make(config, error)))
        rc = error ? error->code : SD_E_INTERNAL;
    if (rc == SD_OK)
        rc = open_store(store, config, manifest, error);
    json_decref(manifest);
    if (rc < 0)
        release(store);
    else
        *out = store;
    return rc;
}

/* -- runs -- */

bool sd_store_has(const struct sd_store *store, size_t part, size_t run)
{
    size_t index = index_of(store, part, run);
    return index != SIZE_MAX && (store->complete || store->row[index]);
}

size_t sd_store_failed(const struct sd_store *store)
{
    size_t failed = store->failed;
    for (size_t i = 0; i < store->expectations; i++) {
        const char *line = store->expectation[i].line;
        failed += !strcmp(line + strlen(line) - 2, ",0");
    }
    return failed;
}

int sd_store_add(struct sd_store *store, size_t part, size_t run, const char *const *cells,
                 size_t count, struct sd_error *error)
{
    size_t index = index_of(store, part, run);
    if (index == SIZE_MAX || count != store->layout.cells[part])
        return sd_fail(error, SD_E_INTERNAL,
                       "expected a run of part %zu with its cells, found %zu "
                       "cells of run %zu",
                       part, count, run);
    if (sd_store_has(store, part, run))
        return sd_fail(error, SD_E_INTERNAL, "run %zu of %s has a row already", run,
                       store->layout.scenario[part]);
    struct sd_text line = {0};
    sd_text_format(&line, KIND_RUN ",%zu,%zu,", part, run);
    size_t prefix = line.len;
    sd_layout_row(&store->layout, part, cells, &line);
    int rc = sd_partial_append(&store->partial, &line, error);
    if (rc == SD_OK && !(store->row[index] = strndup(line.text + prefix, line.len - prefix - 1)))
        rc = sd_fail(error, SD_E_NOMEM, "out of memory for rows");
    free(line.text);
    return rc;
}

int sd_store_expectation(struct sd_store *store, size_t part, size_t run, const char *run_name,
                         const char *expectation, bool ok, struct sd_error *error)
{
    size_t index = index_of(store, part, run);
    if (index == SIZE_MAX)
        return sd_fail(error, SD_E_INTERNAL, "part %zu has no run %zu", part, run);
    struct sd_text line = {0};
    sd_text_format(&line, KIND_EXPECTATION ",%zu,%zu,", part, run);
    size_t prefix = line.len;
    sd_csv_cell(&line, store->layout.scenario[part]);
    sd_text_put(&line, ",");
    sd_csv_cell(&line, run_name);
    sd_text_put(&line, ",");
    sd_csv_cell(&line, expectation);
    sd_text_put(&line, ok ? ",1\n" : ",0\n");
    int rc = sd_partial_append(&store->partial, &line, error);
    if (rc == SD_OK) {
        line.text[line.len - 1] = '\0';
        rc = keep_expectation(store, index, line.text + prefix, error);
    }
    free(line.text);
    return rc;
}

/* -- the end -- */

static int write_text(struct sd_store *store, const char *name, struct sd_text *text,
                      struct sd_error *error)
{
    int rc = text->bad ? sd_fail(error, SD_E_NOMEM, "out of memory for %s/%s", store->dir, name)
                       : sd_file_write(store->dir, name, text->text, text->len, error);
    free(text->text);
    return rc;
}

static int write_runs(struct sd_store *store, struct sd_error *error)
{
    struct sd_text text = {0};
    sd_layout_header(&store->layout, &text);
    for (size_t i = 0; i < store->runs; i++) {
        if (!store->row[i]) {
            free(text.text);
            return sd_fail(error, SD_E_STATE,
                           "%s: expected all %zu runs, found none for number "
                           "%zu",
                           store->dir, store->runs, i);
        }
        sd_text_put(&text, store->row[i]);
        sd_text_put(&text, "\n");
    }
    return write_text(store, "runs.csv", &text, error);
}

/* In the order of the runs; those of one run in the order in which they came. */
static int write_expectations(struct sd_store *store, struct sd_error *error)
{
    struct expectation *list = store->expectation;
    sort_expectations(store);
    struct sd_text text = {0};
    sd_text_put(&text, "scenario,run,expectation,ok\n");
    for (size_t i = 0; i < store->expectations; i++) {
        sd_text_put(&text, list[i].line);
        sd_text_put(&text, "\n");
    }
    return write_text(store, "expectations.csv", &text, error);
}

static int write_timing(struct sd_store *store, double wall_s, struct sd_error *error)
{
    char now[32];
    time_t at = time(NULL);
    struct tm utc;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &utc));
    struct sd_text text = {0};
    sd_text_format(&text,
                   "{\n  \"finished\": \"%s\",\n  \"wall_s\": %.3f,\n  \"runs\": %zu,\n"
                   "  \"there_before\": %zu\n}\n",
                   now, wall_s, store->runs, store->before);
    return write_text(store, "timing.json", &text, error);
}

int sd_store_finish(struct sd_store *store, double wall_s, struct sd_error *error)
{
    int rc = SD_OK;
    if (!store->complete) {
        /* runs.csv comes last: where it is, all is there. */
        rc = write_expectations(store, error);
        if (rc == SD_OK)
            rc = write_timing(store, wall_s, error);
        if (rc == SD_OK)
            rc = write_runs(store, error);
        if (rc == SD_OK)
            sd_partial_remove(&store->partial);
    }
    release(store);
    return rc;
}

void sd_store_abandon(struct sd_store *store)
{
    release(store);
}
