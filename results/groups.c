#include "results/groups.h"
#include "results/units.h"
#include <stdlib.h>
#include <string.h>

#define DECIMALS_MOST 9

struct row {
    size_t row;
    const uint32_t *key; /* by column: the how-manieth distinct value */
    size_t bys;
};
struct sd_groups {
    const struct sd_frame *frame;
    int *column; /* of the frame, by `by` */
    size_t bys;
    uint32_t *key;
    size_t *row; /* all rows, group after group */
    size_t rows;
    size_t *first; /* of each group in row, and one more */
    size_t groups;
    int outcome;
};

void sd_groups_free(struct sd_groups *groups)
{
    if (!groups)
        return;
    free(groups->column);
    free(groups->key);
    free(groups->row);
    free(groups->first);
    free(groups);
}

static int column_of(const struct sd_frame *frame, const char *name, struct sd_error *error)
{
    int column = sd_frame_column(frame, name);
    if (column >= 0)
        return column;
    size_t columns = sd_frame_columns(frame);
    const char **names = calloc(columns + 1, sizeof *names);
    for (size_t i = 0; names && i < columns; i++)
        names[i] = sd_frame_name(frame, (int)i);
    const char *nearest = names ? sd_nearest(name, names) : NULL;
    sd_fail(error, SD_E_ARG, "expected a column of runs.csv, found '%.60s'%s%.60s%s", name,
            nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    free(names);
    return SD_E_ARG;
}

/* -- which rows -- */

static bool fits(const struct sd_frame *frame, size_t row, int column,
                 const struct sd_condition *condition)
{
    const char *cell = sd_frame_cell(frame, row, column);
    for (size_t i = 0; i < condition->values; i++)
        if (!strcmp(cell, condition->value[i]))
            return true;
    return false;
}

static int select_rows(struct sd_groups *groups, const struct sd_query *query,
                       struct sd_error *error)
{
    const struct sd_frame *frame = groups->frame;
    int scenario = query->scenario ? column_of(frame, "scenario", error) : 0;
    if (scenario < 0)
        return scenario;
    for (size_t row = 0; row < sd_frame_rows(frame); row++)
        if (!query->scenario || !strcmp(sd_frame_cell(frame, row, scenario), query->scenario))
            groups->row[groups->rows++] = row;
    for (size_t w = 0; w < query->whens; w++) {
        int column = column_of(frame, query->when[w].column, error);
        if (column < 0)
            return column;
        size_t kept = 0;
        for (size_t i = 0; i < groups->rows; i++)
            if (fits(frame, groups->row[i], column, &query->when[w]))
                groups->row[kept++] = groups->row[i];
        groups->rows = kept;
    }
    return SD_OK;
}

/* -- which group -- */

/* Numbers a column's distinct cells in the order in which they occur. */
static int number_cells(struct sd_groups *groups, size_t by, struct sd_error *error)
{
    const char **distinct = NULL;
    size_t count = 0, cap = 0, last = 0;
    for (size_t i = 0; i < groups->rows; i++) {
        const char *cell = sd_frame_cell(groups->frame, groups->row[i], groups->column[by]);
        size_t at = last; /* neighbours are often alike */
        if (at >= count || strcmp(distinct[at], cell) != 0)
            for (at = 0; at < count && strcmp(distinct[at], cell) != 0;)
                at++;
        if (at == count) {
            if (count == cap) {
                cap = cap ? 2 * cap : 16;
                const char **grown = realloc(distinct, cap * sizeof *grown);
                if (!grown) {
                    free(distinct);
                    return sd_fail(error, SD_E_NOMEM, "out of memory for groups");
                }
                distinct = grown;
            }
            distinct[count++] = cell;
        }
        groups->key[i * groups->bys + by] = (uint32_t)at;
        last = at;
    }
    free(distinct);
    return SD_OK;
}

static int compare_keys(const struct row *a, const struct row *b)
{
    for (size_t i = 0; i < a->bys; i++)
        if (a->key[i] != b->key[i])
            return a->key[i] < b->key[i] ? -1 : 1;
    return 0;
}

static int by_key_then_row(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = compare_keys(x, y);
    return order ? order : x->row < y->row ? -1 : x->row > y->row;
}

static int cut(struct sd_groups *groups, struct sd_error *error)
{
    struct row *sorted = calloc(groups->rows + 1, sizeof *sorted);
    groups->first = calloc(groups->rows + 1, sizeof *groups->first);
    if (!sorted || !groups->first) {
        free(sorted);
        return sd_fail(error, SD_E_NOMEM, "out of memory for groups");
    }
    for (size_t i = 0; i < groups->rows; i++)
        sorted[i] = (struct row){groups->row[i], groups->key + i * groups->bys, groups->bys};
    qsort(sorted, groups->rows, sizeof *sorted, by_key_then_row);
    for (size_t i = 0; i < groups->rows; i++) {
        if (i == 0 || compare_keys(&sorted[i - 1], &sorted[i]) != 0)
            groups->first[groups->groups++] = i;
        groups->row[i] = sorted[i].row;
    }
    groups->first[groups->groups] = groups->rows;
    free(sorted);
    return SD_OK;
}

int sd_groups_make(struct sd_groups **out, const struct sd_frame *frame,
                   const struct sd_query *query, struct sd_error *error)
{
    *out = NULL;
    struct sd_groups *groups = calloc(1, sizeof *groups);
    if (!groups)
        return sd_fail(error, SD_E_NOMEM, "out of memory for groups");
    size_t rows = sd_frame_rows(frame);
    groups->frame = frame;
    groups->bys = query->bys;
    groups->row = calloc(rows + 1, sizeof *groups->row);
    groups->column = calloc(query->bys + 1, sizeof *groups->column);
    groups->key = calloc(rows * query->bys + 1, sizeof *groups->key);
    int rc = groups->row && groups->column && groups->key
                 ? SD_OK
                 : sd_fail(error, SD_E_NOMEM, "out of memory for groups");
    if (rc == SD_OK) {
        groups->outcome = column_of(frame, "outcome", error);
        rc = groups->outcome < 0 ? groups->outcome : select_rows(groups, query, error);
    }
    for (size_t i = 0; rc == SD_OK && i < query->bys; i++) {
        groups->column[i] = column_of(frame, query->by[i], error);
        rc = groups->column[i] < 0 ? groups->column[i] : number_cells(groups, i, error);
    }
    if (rc == SD_OK)
        rc = cut(groups, error);
    if (rc < 0)
        sd_groups_free(groups);
    else
        *out = groups;
    return rc;
}

size_t sd_groups_count(const struct sd_groups *groups)
{
    return groups->groups;
}

const char *sd_groups_cell(const struct sd_groups *groups, size_t group, size_t by)
{
    return sd_frame_cell(groups->frame, groups->row[groups->first[group]], groups->column[by]);
}

size_t sd_groups_rows(const struct sd_groups *groups, size_t group, const size_t **rows)
{
    *rows = groups->row + groups->first[group];
    return groups->first[group + 1] - groups->first[group];
}

/* -- statistics -- */

struct division {
    int metric, per;     /* columns; -1: none */
    sd_wide times, over; /* brings units together and makes room for decimals */
};

static uint64_t nanoseconds(const char *column)
{
    struct sd_unit unit = sd_unit_of(column);
    return unit.dimension == SD_DIM_TIME ? unit.base : 1;
}

static int plan(const struct sd_groups *groups, const struct sd_ask *ask, struct division *division,
                struct sd_error *error)
{
    *division = (struct division){.metric = -1, .per = -1, .times = 1, .over = 1};
    if (ask->decimals > DECIMALS_MOST)
        return sd_fail(error, SD_E_ARG, "expected at most %d decimals, found %u", DECIMALS_MOST,
                       ask->decimals);
    if (sd_stat_counts(ask->stat))
        return SD_OK;
    if (!ask->metric)
        return sd_fail(error, SD_E_ARG, "expected a metric for %s, found none",
                       sd_stat_names[ask->stat]);
    division->metric = column_of(groups->frame, ask->metric, error);
    if (division->metric < 0)
        return division->metric;
    for (unsigned i = 0; i < ask->decimals; i++)
        division->times *= 10;
    if (!ask->per)
        return SD_OK;
    division->per = column_of(groups->frame, ask->per, error);
    if (division->per < 0)
        return division->per;
    /* Only where both are times is there anything to bring together. */
    if (sd_unit_of(ask->metric).dimension == SD_DIM_TIME &&
        sd_unit_of(ask->per).dimension == SD_DIM_TIME) {
        division->times *= nanoseconds(ask->metric);
        division->over = nanoseconds(ask->per);
    }
    return SD_OK;
}

/* false: the cell is empty, or divided by nothing, or beyond 64 bits. */
static bool value_of(const struct sd_groups *groups, size_t row, const struct division *division,
                     uint64_t *value)
{
    uint64_t number, per = 1;
    if (division->metric < 0 || !sd_frame_integer(groups->frame, row, division->metric, &number) ||
        (division->per >= 0 && !sd_frame_integer(groups->frame, row, division->per, &per)) || !per)
        return false;
    sd_wide over = division->over * per;
    if (number && division->times > (~(sd_wide)0 - over) / number)
        return false;
    sd_wide quotient = (number * division->times + over / 2) / over;
    *value = (uint64_t)quotient;
    return quotient <= UINT64_MAX;
}

static enum sd_outcome_kind outcome_of(const char *cell)
{
    return !strcmp(cell, "ok")           ? SD_WAS_OK
           : !strcmp(cell, "unfinished") ? SD_WAS_UNFINISHED
                                         : SD_WAS_FAILED;
}

int sd_groups_sample(const struct sd_groups *groups, size_t group, const struct sd_ask *ask,
                     struct sd_sample *sample, struct sd_error *error)
{
    struct division division;
    *sample = (struct sd_sample){0};
    int rc = plan(groups, ask, &division, error);
    for (size_t i = groups->first[group]; rc == SD_OK && i < groups->first[group + 1]; i++) {
        uint64_t value;
        bool there = value_of(groups, groups->row[i], &division, &value);
        const char *outcome = sd_frame_cell(groups->frame, groups->row[i], groups->outcome);
        if (sd_sample_add(sample, outcome_of(outcome), there ? &value : NULL) < 0)
            rc = sd_fail(error, SD_E_NOMEM, "out of memory for statistics");
    }
    if (rc < 0)
        sd_sample_free(sample);
    else
        sd_sample_sort(sample);
    return rc;
}

int sd_groups_stat(const struct sd_groups *groups, size_t group, const struct sd_ask *ask,
                   struct sd_value *value, struct sd_error *error)
{
    struct sd_sample sample;
    *value = (struct sd_value){0};
    int rc = sd_groups_sample(groups, group, ask, &sample, error);
    if (rc < 0)
        return rc;
    *value = sd_sample_stat(&sample, ask->stat);
    value->decimals = sd_stat_counts(ask->stat) ? 0 : ask->decimals;
    sd_sample_free(&sample);
    return SD_OK;
}
