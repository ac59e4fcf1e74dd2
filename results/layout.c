#include "results/layout.h"
#include <stdlib.h>
#include <string.h>

enum { SCENARIO = 2, LEADING = 3, FIXED = 4 };
static const char *const leading[LEADING] = {"protocol", "mode", "scenario"};
static const char *const fixed[FIXED] = {"repeat", "seed", "outcome", "detail"};

/* The column of that name among those from `from`, made if need be; -1: out of memory. */
static long column_of(struct sd_layout *layout, size_t from, const char *name)
{
    for (size_t i = from; i < layout->columns; i++)
        if (!strcmp(layout->name[i], name))
            return (long)i;
    char **grown = realloc(layout->name, (layout->columns + 1) * sizeof *grown);
    if (!grown)
        return -1;
    layout->name = grown;
    layout->name[layout->columns] = strdup(name);
    return layout->name[layout->columns] ? (long)layout->columns++ : -1;
}

/* Places count cells of each part, the first of them cell `first` of that part. */
static bool place_all(struct sd_layout *layout, const struct sd_store_part *part, size_t from,
                      bool metrics)
{
    for (size_t p = 0; p < layout->parts; p++) {
        size_t count = metrics ? part[p].metrics : part[p].columns;
        size_t first = metrics ? part[p].columns + FIXED : 0;
        for (size_t i = 0; i < count; i++) {
            long column = column_of(layout, from, metrics ? part[p].metric[i] : part[p].column[i]);
            if (column < 0)
                return false;
            layout->place[p][first + i] = (size_t)column;
        }
    }
    return true;
}

static bool place_fixed(struct sd_layout *layout, const struct sd_store_part *part)
{
    size_t first = layout->columns;
    for (size_t i = 0; i < FIXED; i++)
        if (column_of(layout, first, fixed[i]) < 0)
            return false;
    for (size_t p = 0; p < layout->parts; p++)
        for (size_t i = 0; i < FIXED; i++)
            layout->place[p][part[p].columns + i] = first + i;
    return true;
}

static bool allocate(struct sd_layout *layout, const struct sd_store_part *part, size_t parts)
{
    layout->place = calloc(parts ? parts : 1, sizeof *layout->place);
    layout->scenario = calloc(parts ? parts : 1, sizeof *layout->scenario);
    layout->cells = calloc(parts ? parts : 1, sizeof *layout->cells);
    if (!layout->place || !layout->scenario || !layout->cells)
        return false;
    layout->parts = parts;
    for (size_t p = 0; p < parts; p++) {
        layout->cells[p] = part[p].columns + FIXED + part[p].metrics;
        layout->place[p] = calloc(layout->cells[p], sizeof **layout->place);
        layout->scenario[p] = strdup(part[p].scenario);
        if (!layout->place[p] || !layout->scenario[p])
            return false;
    }
    for (size_t i = 0; i < LEADING; i++)
        if (column_of(layout, 0, leading[i]) < 0)
            return false;
    return true;
}

static int check_names(const struct sd_layout *layout, const struct sd_store_part *part,
                       struct sd_error *error)
{
    for (size_t p = 0; p < layout->parts; p++)
        for (size_t i = 0; i < part[p].columns; i++)
            if (!strcmp(part[p].column[i], leading[SCENARIO]))
                return sd_fail(error, SD_E_SCENARIO,
                               "%s sweeps over 'scenario', which is a column of runs.csv already",
                               part[p].scenario);
    for (size_t a = 0; a < layout->parts; a++)
        for (size_t b = 0; b < a; b++)
            if (!strcmp(layout->scenario[a], layout->scenario[b]))
                return sd_fail(error, SD_E_SCENARIO,
                               "two scenarios are called %s; their runs could not be told apart",
                               layout->scenario[a]);
    for (size_t a = 0; a < layout->columns; a++)
        for (size_t b = 0; b < a; b++)
            if (!strcmp(layout->name[a], layout->name[b]))
                return sd_fail(error, SD_E_SCENARIO,
                               "expected each column of runs.csv once, found '%s' twice: as a "
                               "value of a sweep and as a column of its own",
                               layout->name[a]);
    return SD_OK;
}

int sd_layout_make(struct sd_layout *layout, const struct sd_store_part *part, size_t parts,
                   struct sd_error *error)
{
    *layout = (struct sd_layout){0};
    int rc = SD_OK;
    if (!allocate(layout, part, parts) || !place_all(layout, part, 0, false) ||
        !place_fixed(layout, part) || !place_all(layout, part, layout->columns, true))
        rc = sd_fail(error, SD_E_NOMEM, "out of memory for the columns of runs.csv");
    else
        rc = check_names(layout, part, error);
    if (rc < 0)
        sd_layout_free(layout);
    return rc;
}

void sd_layout_free(struct sd_layout *layout)
{
    for (size_t i = 0; i < layout->columns; i++)
        free(layout->name[i]);
    for (size_t p = 0; p < layout->parts; p++) {
        free(layout->place[p]);
        free(layout->scenario[p]);
    }
    free(layout->name);
    free(layout->place);
    free(layout->scenario);
    free(layout->cells);
    *layout = (struct sd_layout){0};
}

void sd_layout_header(const struct sd_layout *layout, struct sd_text *text)
{
    for (size_t i = 0; i < layout->columns; i++) {
        sd_text_put(text, i ? "," : "");
        sd_csv_cell(text, layout->name[i]);
    }
    sd_text_put(text, "\n");
}

void sd_layout_row(const struct sd_layout *layout, size_t part, const char *const *cells,
                   struct sd_text *text)
{
    for (size_t column = 0; column < layout->columns; column++) {
        sd_text_put(text, column ? "," : "");
        if (column == SCENARIO) {
            sd_csv_cell(text, layout->scenario[part]);
            continue;
        }
        for (size_t i = 0; i < layout->cells[part]; i++)
            if (layout->place[part][i] == column) {
                sd_csv_cell(text, cells[i]);
                break;
            }
    }
    sd_text_put(text, "\n");
}
