#include "results/grid.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sd_grid_column(struct sd_grid *grid, const char *name, bool number)
{
    struct sd_grid_column *grown =
        realloc(grid->column, (grid->columns + 1) * sizeof *grid->column);
    char *copy = strdup(name);
    if (grown)
        grid->column = grown;
    if (!grown || !copy) {
        free(copy);
        grid->bad = true;
        return;
    }
    grid->column[grid->columns++] = (struct sd_grid_column){.name = copy, .number = number};
}

void sd_grid_cell(struct sd_grid *grid, const char *text)
{
    if (grid->cells == grid->cap) {
        size_t cap = grid->cap ? grid->cap * 2 : 64;
        char **grown = realloc(grid->cell, cap * sizeof *grown);
        if (!grown) {
            grid->bad = true;
            return;
        }
        grid->cell = grown;
        grid->cap = cap;
    }
    char *copy = strdup(text ? text : "");
    if (copy)
        grid->cell[grid->cells++] = copy;
    else
        grid->bad = true;
}

void sd_grid_format(struct sd_grid *grid, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sd_grid_cell(grid, text);
}

void sd_grid_free(struct sd_grid *grid)
{
    for (size_t i = 0; i < grid->columns; i++)
        free(grid->column[i].name);
    for (size_t i = 0; i < grid->cells; i++)
        free(grid->cell[i]);
    free(grid->column);
    free(grid->cell);
    *grid = (struct sd_grid){0};
}

/* Characters of UTF-8 text, each taken to be one column wide. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t escapes_of(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '|';
    return count;
}

static void repeat(struct sd_text *out, char c, size_t times)
{
    while (times-- > 0)
        sd_text_add(out, &c, 1);
}

static void padded(struct sd_text *out, const char *text, bool markdown, size_t width, bool right,
                   bool last)
{
    size_t have = width_of(text) + (markdown ? escapes_of(text) : 0);
    size_t pad = width > have ? width - have : 0;
    if (right)
        repeat(out, ' ', pad);
    for (const char *at = text; *at; at++) {
        if (*at == '|' && markdown)
            sd_text_put(out, "\\");
        sd_text_add(out, at, 1);
    }
    if (!right && !last)
        repeat(out, ' ', pad);
}

static void aligned(const struct sd_grid *grid, size_t rows, bool markdown, struct sd_text *out)
{
    size_t columns = grid->columns, *width = calloc(columns, sizeof *width);
    if (!width) {
        out->bad = true;
        return;
    }
    for (size_t c = 0; c < columns; c++) {
        width[c] = width_of(grid->column[c].name);
        if (markdown && width[c] < 3)
            width[c] = 3;
        for (size_t r = 0; r < rows; r++) {
            const char *cell = grid->cell[r * columns + c];
            size_t wide = width_of(cell) + (markdown ? escapes_of(cell) : 0);
            if (wide > width[c])
                width[c] = wide;
        }
    }
    for (size_t r = 0; r <= rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            sd_text_put(out, markdown ? c ? " | " : "| " : c ? "  " : "");
            padded(out, r ? grid->cell[(r - 1) * columns + c] : grid->column[c].name, markdown,
                   width[c], grid->column[c].number, !markdown && c + 1 == columns);
        }
        sd_text_put(out, markdown ? " |\n" : "\n");
        if (r || !markdown)
            continue;
        for (size_t c = 0; c < columns; c++) {
            sd_text_put(out, "|");
            repeat(out, '-', width[c] + 2 - grid->column[c].number);
            sd_text_put(out, grid->column[c].number ? ":" : "");
        }
        sd_text_put(out, "|\n");
    }
    free(width);
}

static void csv(const struct sd_grid *grid, size_t rows, struct sd_text *out)
{
    for (size_t r = 0; r <= rows; r++) {
        for (size_t c = 0; c < grid->columns; c++) {
            sd_text_put(out, c ? "," : "");
            sd_csv_cell(out, r ? grid->cell[(r - 1) * grid->columns + c] : grid->column[c].name);
        }
        sd_text_put(out, "\n");
    }
}

static void json_string(struct sd_text *out, const char *text)
{
    sd_text_put(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            sd_text_put(out, "\\");
        if ((unsigned char)*text < ' ')
            sd_text_format(out, "\\u%04x", (unsigned)*text);
        else
            sd_text_add(out, text, 1);
    }
    sd_text_put(out, "\"");
}

static void json(const struct sd_grid *grid, size_t rows, struct sd_text *out)
{
    sd_text_put(out, "[");
    for (size_t r = 0; r < rows; r++) {
        sd_text_put(out, r ? ",\n  {" : "\n  {");
        for (size_t c = 0; c < grid->columns; c++) {
            const char *cell = grid->cell[r * grid->columns + c];
            sd_text_put(out, c ? ", " : "");
            json_string(out, grid->column[c].name);
            sd_text_put(out, ": ");
            if (!*cell)
                sd_text_put(out, "null");
            else if (grid->column[c].number)
                sd_text_put(out, cell);
            else
                json_string(out, cell);
        }
        sd_text_put(out, "}");
    }
    sd_text_put(out, rows ? "\n]" : "]");
}

void sd_grid_print(const struct sd_grid *grid, enum sd_grid_format format, struct sd_text *out)
{
    if (grid->bad || !grid->columns) {
        out->bad = out->bad || grid->bad;
        return;
    }
    size_t rows = grid->cells / grid->columns;
    switch (format) {
    case SD_GRID_MARKDOWN:
    case SD_GRID_TEXT:
        aligned(grid, rows, format == SD_GRID_MARKDOWN, out);
        break;
    case SD_GRID_CSV:
        csv(grid, rows, out);
        break;
    case SD_GRID_JSON:
        json(grid, rows, out);
        break;
    }
}
