#include "results/interop.h"
#include "results/files.h"
#include "results/store.h"
#include "sim/core/root.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMITTED "results/interop.csv"
#define COPY      "tables/interop.csv"

enum { PROTOCOL, ROLE, MODE, PEER, VERSION, OUTCOME, COLUMNS };
static const char *const names[COLUMNS] = {"protocol", "role",    "mode",
                                           "peer",     "version", "outcome"};

struct cases {
    struct sd_frame *frame;
    int column[COLUMNS];
};

static const char *cell(const struct cases *cases, size_t row, int column)
{
    return sd_frame_cell(cases->frame, row, cases->column[column]);
}

static bool is_same(const struct cases *cases, size_t a, size_t b, int column)
{
    return !strcmp(cell(cases, a, column), cell(cases, b, column));
}

static bool has_failed(const struct cases *cases, size_t row)
{
    return strcmp(cell(cases, row, OUTCOME), "ok") != 0;
}

/* One row of the summary. */
static bool are_together(const struct cases *cases, size_t a, size_t b)
{
    return is_same(cases, a, b, PROTOCOL) && is_same(cases, a, b, ROLE) &&
           is_same(cases, a, b, PEER) && is_same(cases, a, b, VERSION);
}

static bool is_first(const struct cases *cases, size_t row,
                     bool (*alike)(const struct cases *, size_t, size_t))
{
    for (size_t before = 0; before < row; before++)
        if (alike(cases, before, row))
            return false;
    return true;
}

static bool are_of_one_peer(const struct cases *cases, size_t a, size_t b)
{
    return is_same(cases, a, b, PEER);
}

/* The cases that are together with a row: how many, and what was tried. */
static void put_cases(struct sd_grid *grid, const struct cases *cases, size_t row)
{
    struct sd_text tried = {0};
    size_t count = 0;
    for (size_t other = row; other < sd_frame_rows(cases->frame); other++) {
        if (!are_together(cases, row, other))
            continue;
        sd_text_put(&tried, count++ ? "; " : "");
        sd_text_put(&tried, cell(cases, other, MODE));
        sd_text_put(&tried, has_failed(cases, other) ? " (FAILED)" : "");
    }
    sd_grid_format(grid, "%zu", count);
    sd_grid_cell(grid, tried.text);
    grid->bad = grid->bad || tried.bad;
    free(tried.text);
}

static void put_grid(struct sd_grid *grid, const struct cases *cases,
                     struct sd_interop_count *count)
{
    static const int shown[] = {PROTOCOL, ROLE, PEER, VERSION};
    sd_grid_column(grid, "protocol", false);
    sd_grid_column(grid, "our role", false);
    sd_grid_column(grid, "peer", false);
    sd_grid_column(grid, "version", false);
    sd_grid_column(grid, "cases", true);
    sd_grid_column(grid, "tried", false);
    for (size_t row = 0; row < sd_frame_rows(cases->frame); row++) {
        count->cases++;
        count->failed += has_failed(cases, row);
        count->peers += is_first(cases, row, are_of_one_peer);
        if (!is_first(cases, row, are_together))
            continue;
        for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
            sd_grid_cell(grid, cell(cases, row, shown[i]));
        put_cases(grid, cases, row);
    }
}

int sd_interop_grid(const char *dir, struct sd_grid *grid, struct sd_interop_count *count,
                    struct sd_error *error)
{
    struct cases cases = {0};
    char path[4200];
    *count = (struct sd_interop_count){0};
    snprintf(path, sizeof path, "%s/%s", dir, COPY);
    if (access(path, F_OK) != 0)
        return SD_OK;
    int rc = sd_frame_load_file(&cases.frame, dir, COPY, error);
    if (rc < 0)
        return rc;
    for (int i = 0; i < COLUMNS && rc == SD_OK; i++) {
        cases.column[i] = sd_frame_column(cases.frame, names[i]);
        if (cases.column[i] < 0)
            rc = sd_fail(error, SD_E_IO, "%s: expected a column '%s', found none; %s", path,
                         names[i], "./lab interop writes it");
    }
    if (rc == SD_OK)
        put_grid(grid, &cases, count);
    sd_frame_free(cases.frame);
    return rc;
}

int sd_interop_write(const char *dir, struct sd_error *error)
{
    char path[4200], *committed = NULL;
    size_t len;
    const char *root = sd_root(error);
    if (root == NULL)
        return SD_E_IO;
    snprintf(path, sizeof path, "%s/%s", root, COMMITTED);
    if (access(path, F_OK) != 0)
        return SD_OK;
    int rc = sd_file_read(&committed, &len, NULL, path, NULL, error);
    if (rc == SD_OK)
        rc = sd_file_write(dir, COPY, committed, len, error);
    free(committed);

    struct sd_grid grid = {0};
    struct sd_text text = {0};
    struct sd_interop_count count;
    if (rc == SD_OK)
        rc = sd_interop_grid(dir, &grid, &count, error);
    if (rc == SD_OK) {
        sd_text_put(&text, "## What other people's programs said\n\n");
        sd_grid_print(&grid, SD_GRID_MARKDOWN, &text);
        rc = text.bad ? sd_fail(error, SD_E_NOMEM, "out of memory for %s/tables/interop.md", dir)
                      : sd_file_write(dir, "tables/interop.md", text.text, text.len, error);
    }
    free(text.text);
    sd_grid_free(&grid);
    return rc;
}
