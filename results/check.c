/* check.c - loading both sides, expectations. */
#include "results/compare.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct sd_error *error)
{
    return sd_fail(error, SD_E_NOMEM, "out of memory for the check");
}

void sd_check_free(struct sd_check *check)
{
    if (!check)
        return;
    for (size_t i = 0; i < check->rows; i++) {
        struct sd_check_row *row = &check->row[i];
        free(row->scenario);
        free(row->point);
        free(row->metric);
        free(row->baseline);
        free(row->now);
        free(row->tolerance);
    }
    for (size_t i = 0; i < check->expectations; i++) {
        free(check->expectation[i].scenario);
        free(check->expectation[i].text);
        free(check->expectation[i].first);
    }
    for (size_t i = 0; i < check->points; i++) {
        free(check->point[i].scenario);
        free(check->point[i].point);
    }
    for (size_t i = 0; i < check->scenarios; i++)
        free(check->scenario[i]);
    free(check->scenario);
    free(check->draws);
    free(check->row);
    free(check->expectation);
    free(check->point);
    free(check);
}

size_t sd_check_failures(const struct sd_check *check)
{
    return check->expectations_failed + check->count[SD_CHANGE_WORSE] +
           check->count[SD_CHANGE_VANISHED];
}

static int add_scenarios(struct sd_check *check, const json_t *manifest, struct sd_error *error)
{
    size_t index;
    json_t *scenario;
    json_array_foreach(json_object_get(manifest, "scenarios"), index, scenario)
    {
        const char *name = json_string_value(json_object_get(scenario, "name"));
        bool known = !name;
        for (size_t i = 0; i < check->scenarios; i++)
            known = known || !strcmp(check->scenario[i], name);
        if (known)
            continue;
        char **grown = realloc(check->scenario, (check->scenarios + 1) * sizeof *grown);
        if (!grown)
            return no_memory(error);
        check->scenario = grown;
        check->scenario[check->scenarios] = strdup(name);
        if (!check->scenario[check->scenarios])
            return no_memory(error);
        check->scenarios++;
    }
    return SD_OK;
}

/* -- expectations -- */

static int add_expectation(struct sd_check *check, const char *scenario, const char *text,
                           struct sd_error *error)
{
    struct sd_check_expectation *grown =
        realloc(check->expectation, (check->expectations + 1) * sizeof *grown);
    if (!grown)
        return no_memory(error);
    check->expectation = grown;
    struct sd_check_expectation *at = &grown[check->expectations++];
    *at = (struct sd_check_expectation){strdup(scenario), strdup(text), 0, strdup("")};
    return at->scenario && at->text && at->first ? SD_OK : no_memory(error);
}

static struct sd_check_expectation *find_expectation(struct sd_check *check, const char *scenario,
                                                     const char *text)
{
    for (size_t i = 0; i < check->expectations; i++)
        if (!strcmp(check->expectation[i].scenario, scenario) &&
            !strcmp(check->expectation[i].text, text))
            return &check->expectation[i];
    return NULL;
}

static int list_expectations(struct sd_check *check, const json_t *manifest, struct sd_error *error)
{
    size_t s, e;
    json_t *scenario, *text;
    json_array_foreach(json_object_get(manifest, "scenarios"), s, scenario)
    {
        const char *name = json_string_value(json_object_get(scenario, "name"));
        json_array_foreach(json_object_get(scenario, "expectations"), e, text)
        {
            if (!name || !json_is_string(text) ||
                find_expectation(check, name, json_string_value(text)))
                continue;
            int rc = add_expectation(check, name, json_string_value(text), error);
            if (rc < 0)
                return rc;
        }
    }
    return SD_OK;
}

static int take_failure(struct sd_check *check, const struct sd_frame *frame, size_t row,
                        const int column[4], struct sd_error *error)
{
    const char *scenario = sd_frame_cell(frame, row, column[0]);
    const char *run = sd_frame_cell(frame, row, column[1]);
    const char *text = sd_frame_cell(frame, row, column[2]);
    if (!strcmp(sd_frame_cell(frame, row, column[3]), "1"))
        return SD_OK;
    struct sd_check_expectation *at = find_expectation(check, scenario, text);
    if (!at) {
        int rc = add_expectation(check, scenario, text, error);
        if (rc < 0)
            return rc;
        at = &check->expectation[check->expectations - 1];
    }
    if (at->failed++ == 0) {
        check->expectations_failed++;
        free(at->first);
        at->first = strdup(run);
    }
    return at->first ? SD_OK : no_memory(error);
}

static int check_expectations(struct sd_check *check, const char *dir, const json_t *manifest,
                              struct sd_error *error)
{
    static const char *const names[4] = {"scenario", "run", "expectation", "ok"};
    int rc = list_expectations(check, manifest, error);
    struct sd_frame *frame = NULL;
    if (rc == SD_OK)
        rc = sd_frame_load_file(&frame, dir, "expectations.csv", error);
    int column[4];
    for (int i = 0; rc == SD_OK && i < 4; i++) {
        column[i] = sd_frame_column(frame, names[i]);
        if (column[i] < 0)
            rc = sd_fail(error, SD_E_IO, "%s/expectations.csv:1: expected a column '%s'", dir,
                         names[i]);
    }
    for (size_t row = 0; rc == SD_OK && row < sd_frame_rows(frame); row++)
        rc = take_failure(check, frame, row, column, error);
    sd_frame_free(frame);
    return rc;
}

static int load(struct sd_side *side, const char *dir, struct sd_error *error)
{
    int rc = sd_manifest_load(&side->manifest, dir, error);
    return rc < 0 ? rc : sd_frame_load(&side->frame, dir, error);
}

int sd_check_make(struct sd_check **out, const char *dir, const char *baseline,
                  struct sd_error *error)
{
    struct sd_comparison c = {.error = error};
    *out = NULL;
    c.check = calloc(1, sizeof *c.check);
    if (!c.check)
        return no_memory(error);
    int rc = load(&c.now, dir, error);
    if (rc == SD_OK)
        rc = add_scenarios(c.check, c.now.manifest, error);
    if (rc == SD_OK)
        rc = check_expectations(c.check, dir, c.now.manifest, error);
    if (rc == SD_OK && baseline) {
        c.check->compared = true;
        rc = load(&c.then, baseline, error);
        if (rc == SD_OK)
            rc = add_scenarios(c.check, c.then.manifest, error);
        if (rc == SD_OK)
            rc = sd_compare(&c);
    }
    json_decref(c.now.manifest);
    json_decref(c.then.manifest);
    sd_frame_free(c.now.frame);
    sd_frame_free(c.then.frame);
    if (rc < 0)
        sd_check_free(c.check);
    else
        *out = c.check;
    return rc;
}
