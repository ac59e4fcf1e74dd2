/* frame.c - runs.csv, read back: every cell as text, in one buffer. */
#include "results/csv.h"
#include "results/files.h"
#include "results/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_MAX 4096

struct sd_frame {
    char *text; /* all cells, each ending in '\0' */
    char **name;
    size_t columns;
    char **cell; /* rows x columns */
    size_t rows, cap;
};

void sd_frame_free(struct sd_frame *frame)
{
    if (!frame)
        return;
    free(frame->text);
    free(frame->name);
    free(frame->cell);
    free(frame);
}

static int check_header(const struct sd_frame *frame, const char *path, struct sd_error *error)
{
    for (size_t i = 0; i < frame->columns; i++) {
        if (!*frame->name[i])
            return sd_fail(error, SD_E_IO, "%s:1: expected a name for column %zu, found none", path,
                           i + 1);
        if ((size_t)sd_frame_column(frame, frame->name[i]) != i)
            return sd_fail(error, SD_E_IO, "%s:1: expected each column once, found '%.60s' twice",
                           path, frame->name[i]);
    }
    return SD_OK;
}

static int take_records(struct sd_frame *frame, size_t len, const char *path,
                        struct sd_error *error)
{
    char *at = frame->text, *end = frame->text + len;
    char **cell = calloc(COLUMNS_MAX, sizeof *cell);
    if (!cell)
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
    int rc = SD_OK;
    for (size_t line = 1, next = 1; rc == SD_OK && at < end; line = next) {
        size_t count;
        struct sd_error why = {0};
        rc = sd_csv_record(&at, end, &next, cell, frame->name ? frame->columns : COLUMNS_MAX,
                           &count, &why);
        if (rc < 0) {
            sd_fail(error, SD_E_IO, "%s:%zu: %s", path, line, why.text);
            break;
        }
        if (!frame->name) {
            frame->columns = count;
            frame->name = calloc(count, sizeof *cell);
            if (frame->name)
                memcpy(frame->name, cell, count * sizeof *cell);
            rc = frame->name ? check_header(frame, path, error)
                             : sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
            continue;
        }
        if (count != frame->columns) {
            rc = sd_fail(error, SD_E_IO, "%s:%zu: expected %zu cells, found %zu", path, line,
                         frame->columns, count);
            break;
        }
        if (frame->rows == frame->cap) {
            size_t cap = frame->cap ? frame->cap * 2 : 256;
            char **grown = realloc(frame->cell, cap * frame->columns * sizeof *grown);
            if (!grown) {
                rc = sd_fail(error, SD_E_NOMEM, "out of memory for the rows of %s", path);
                break;
            }
            frame->cell = grown;
            frame->cap = cap;
        }
        memcpy(frame->cell + frame->rows++ * count, cell, count * sizeof *cell);
    }
    free(cell);
    if (rc == SD_OK && !frame->name)
        rc = sd_fail(error, SD_E_IO, "%s:1: expected a line of column names, found an empty file",
                     path);
    return rc < 0 && rc != SD_E_NOMEM ? SD_E_IO : rc;
}

int sd_frame_parse(struct sd_frame **out, char *text, size_t len, const char *path,
                   struct sd_error *error)
{
    struct sd_frame *frame = calloc(1, sizeof *frame);
    *out = NULL;
    if (!frame) {
        free(text);
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
    }
    frame->text = text;
    int rc = take_records(frame, len, path, error);
    if (rc < 0)
        sd_frame_free(frame);
    else
        *out = frame;
    return rc;
}

int sd_frame_load_file(struct sd_frame **out, const char *dir, const char *name,
                       struct sd_error *error)
{
    char *text, path[4200];
    size_t len;
    *out = NULL;
    snprintf(path, sizeof path, "%s/rows.partial", dir);
    int rc = sd_file_read(&text, &len, dir, name,
                          access(path, F_OK) == 0
                              ? "its runs were interrupted: finish them with --resume"
                              : "expected a folder that `shakedown run` wrote",
                          error);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return rc < 0 ? rc : sd_frame_parse(out, text, len, path, error);
}

int sd_frame_load(struct sd_frame **out, const char *dir, struct sd_error *error)
{
    return sd_frame_load_file(out, dir, "runs.csv", error);
}

size_t sd_frame_rows(const struct sd_frame *frame)
{
    return frame->rows;
}

int sd_frame_column(const struct sd_frame *frame, const char *name)
{
    for (size_t i = 0; i < frame->columns; i++)
        if (!strcmp(frame->name[i], name))
            return (int)i;
    return -1;
}

size_t sd_frame_columns(const struct sd_frame *frame)
{
    return frame->columns;
}

const char *sd_frame_name(const struct sd_frame *frame, int column)
{
    return frame->name[column];
}

const char *sd_frame_cell(const struct sd_frame *frame, size_t row, int column)
{
    if (row >= frame->rows || column < 0 || (size_t)column >= frame->columns)
        return "";
    return frame->cell[row * frame->columns + (size_t)column];
}

bool sd_frame_integer(const struct sd_frame *frame, size_t row, int column, uint64_t *value)
{
    const char *at = sd_frame_cell(frame, row, column);
    uint64_t sum = 0;
    if (!*at)
        return false;
    for (; *at; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

bool sd_frame_number(const struct sd_frame *frame, size_t row, int column, double *value)
{
    uint64_t whole;
    bool there = sd_frame_integer(frame, row, column, &whole);
    if (there)
        *value = (double)whole;
    return there;
}
