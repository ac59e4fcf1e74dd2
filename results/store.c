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
#include "sim/core/random.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    int partial;   /* rows.partial, locked; -1 */
    off_t written; /* whole lines of it */
    bool complete; /* runs.csv is there already */
};

/* -- memory -- */

static void release(struct sd_store *store)
{
    if (!store)
        return;
    if (store->partial >= 0)
        close(store->partial);
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

static int append(struct sd_store *store, const struct sd_text *line, struct sd_error *error)
{
    if (line->bad)
        return sd_fail(error, SD_E_NOMEM, "out of memory for a row");
    size_t done = 0;
    while (done < line->len) {
        ssize_t n = pwrite(store->partial, line->text + done, line->len - done,
                           store->written + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int why = errno;
            /* What remains is whole lines; if even this fails, the end of the file has none. */
            if (ftruncate(store->partial, store->written) < 0)
                why = errno;
            return sd_fail(error, SD_E_IO,
                           "cannot write %s/rows.partial: %s; what was finished before is kept "
                           "there",
                           store->dir, strerror(why));
        }
        done += (size_t)n;
    }
    store->written += (off_t)line->len;
    return SD_OK;
}

/* No other process writes here: a lock that a child does not inherit, so that orphaned workers of
 * a killed process do not keep it. */
static int open_partial(struct sd_store *store, struct sd_error *error)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/rows.partial", store->dir);
    store->partial = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (store->partial < 0)
        return sd_fail(error, SD_E_IO, "cannot write %s: %s", path, strerror(errno));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(store->partial, F_SETLK, &lock) < 0 && (errno == EACCES || errno == EAGAIN)) {
        lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
        fcntl(store->partial, F_GETLK, &lock);
        return sd_fail(error, SD_E_USAGE,
                       "%s: process %ld is writing results there; wait for it, or give another "
                       "--out",
                       store->dir, (long)lock.l_pid);
    }
    struct stat info;
    store->written = fstat(store->partial, &info) == 0 ? info.st_size : 0;
    return SD_OK;
}

static void remove_partial(struct sd_store *store)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/rows.partial", store->dir);
    unlink(path);
}

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

static int take_line(struct sd_store *store, char *line, size_t number, struct sd_error *error)
{
    bool is_run = false;
    size_t run = 0, cells;
    char *rest = NULL;
    struct sd_error why = {.text = "expected a run's row"};
    size_t expected;
    if (!take_prefix(store, line, &is_run, &run, &rest) ||
        (expected = is_run ? store->layout.columns : 4,
         cells = count_cells(rest, expected, &why)) != expected)
        return sd_fail(error, SD_E_IO,
                       "%s/rows.partial:%zu: %s, found '%.60s'; remove that line to have the run "
                       "again",
                       store->dir, number, why.text, line);
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

static int take_lines(struct sd_store *store, char *text, size_t len, struct sd_error *error)
{
    struct sd_text header = {0};
    partial_header(store, &header);
    if (header.bad)
        return sd_fail(error, SD_E_NOMEM, "out of memory for columns");
    bool same = len >= header.len && !memcmp(text, header.text, header.len);
    size_t at = header.len;
    free(header.text);
    if (!same && memchr(text, '\n', len))
        return sd_fail(error, SD_E_USAGE,
                       "--resume: %s/rows.partial has other columns; leave --resume out to start "
                       "again",
                       store->dir);
    store->written = 0;
    if (!same)
        return SD_OK; /* killed at the first line */
    int rc = SD_OK;
    for (size_t number = 2; rc == SD_OK; number++) {
        store->written = (off_t)at;
        char *newline = memchr(text + at, '\n', len - at);
        if (!newline)
            break;
        *newline = '\0';
        rc = strlen(text + at) == (size_t)(newline - text) - at
                 ? take_line(store, text + at, number, error)
                 : sd_fail(error, SD_E_IO, "%s/rows.partial:%zu: expected text, found a zero byte",
                           store->dir, number);
        at = (size_t)(newline - text) + 1;
    }
    return rc;
}

/* Through the descriptor that holds the lock: closing another would give it up. */
static int resume_partial(struct sd_store *store, struct sd_error *error)
{
    size_t len = (size_t)store->written, got = 0;
    char *text = malloc(len + 1);
    if (!text)
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s/rows.partial", store->dir);
    while (got < len) {
        ssize_t n = pread(store->partial, text + got, len - got, (off_t)got);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    text[got] = '\0';
    int rc = got == len ? take_lines(store, text, len, error)
                        : sd_fail(error, SD_E_IO, "cannot read %s/rows.partial: %s", store->dir,
                                  strerror(errno));
    free(text);
    return rc;
}

/* -- runs.csv, of runs that were all finished -- */

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
    return SD_OK;
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
    if (store->written > 0)
        rc = resume_partial(store, error);
    snprintf(path, sizeof path, "%s/runs.csv", store->dir);
    if (rc == SD_OK && store->written == 0 && access(path, F_OK) == 0)
        rc = resume_finished(store, error);
    return rc;
}

static int start_again(struct sd_store *store, bool results, const json_t *manifest,
                       struct sd_error *error)
{
    int rc = results ? sd_claim_clear(store->dir, error) : SD_OK;
    if (rc == SD_OK && ftruncate(store->partial, 0) < 0)
        rc = sd_fail(error, SD_E_IO, "cannot write %s/rows.partial: %s", store->dir,
                     strerror(errno));
    store->written = 0;
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
        rc = open_partial(store, error);
    if (rc < 0)
        return rc;
    bool was_empty = store->written == 0;
    rc = config->resume && results ? go_on(store, manifest, error)
                                   : start_again(store, results, manifest, error);
    if (rc == SD_OK && !store->complete && ftruncate(store->partial, store->written) < 0)
        rc = sd_fail(error, SD_E_IO, "cannot write %s/rows.partial: %s", store->dir,
                     strerror(errno));
    if (rc == SD_OK && !store->complete && store->written == 0) {
        struct sd_text header = {0};
        partial_header(store, &header);
        rc = append(store, &header, error);
        free(header.text);
    }
    if (was_empty && (rc < 0 || store->complete))
        remove_partial(store);
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
    store->partial = -1;
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
    int rc = append(store, &line, error);
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
    int rc = append(store, &line, error);
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

static int by_run(const void *a, const void *b)
{
    const struct expectation *x = a, *y = b;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Once each: a run that was killed before its row was written says the same again. */
static bool is_repeated(const struct expectation *list, size_t i)
{
    for (size_t before = i; before-- > 0 && list[before].run == list[i].run;)
        if (!strcmp(list[before].line, list[i].line))
            return true;
    return false;
}

/* In the order of the runs; those of one run in the order in which they came. */
static int write_expectations(struct sd_store *store, struct sd_error *error)
{
    struct expectation *list = store->expectation;
    if (store->expectations)
        qsort(list, store->expectations, sizeof *list, by_run);
    struct sd_text text = {0};
    sd_text_put(&text, "scenario,run,expectation,ok\n");
    for (size_t i = 0; i < store->expectations; i++) {
        if (is_repeated(list, i))
            continue;
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
            remove_partial(store);
    }
    release(store);
    return rc;
}

void sd_store_abandon(struct sd_store *store)
{
    release(store);
}

/* -- names -- */

static void add_safely(struct sd_text *text, const char *word)
{
    for (; *word; word++) {
        if (isalnum((unsigned char)*word) || strchr("._+-", *word))
            sd_text_add(text, word, 1);
        else
            sd_text_format(text, "=%02X", (unsigned)(unsigned char)*word);
    }
}

#define NAME_LONGEST 200 /* file systems allow 255 bytes, ".pcapng.new" included */

int sd_run_name(char *name, size_t cap, const char *scenario, const char *const *cells,
                size_t cells_count, uint32_t repeat)
{
    if (cap < 32)
        return SD_E_ARG;
    struct sd_text text = {0};
    uint64_t hash = sd_hash_text(0, scenario);
    add_safely(&text, scenario);
    for (size_t i = 0; i < cells_count; i++) {
        const char *cell = cells[i] ? cells[i] : "";
        hash = sd_hash_text(hash, cell);
        if (*cell) {
            sd_text_put(&text, "-");
            add_safely(&text, cell);
        }
    }
    sd_text_format(&text, "-r%" PRIu32, repeat);
    size_t longest = cap - 1 < NAME_LONGEST ? cap - 1 : NAME_LONGEST;
    if (text.bad || text.len > longest)
        snprintf(name, cap, "%.*s-%016" PRIx64, (int)longest - 17, text.bad ? "run" : text.text,
                 sd_hash_u64(hash, repeat));
    else
        memcpy(name, text.text, text.len + 1);
    free(text.text);
    return SD_OK;
}
