#include "results/features.h"
#include "results/claims.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct sd_edition_name sd_editions[SD_EDITIONS] = {
    {"draft-00.csv", "draft_00", "draft -00"},
    {"drafts-03-09.csv", "drafts_03_09", "drafts -03 to -09"},
    {"rfc8922.csv", "rfc_8922", "RFC 8922"},
};
const char *const sd_found_names[] = {"not applicable", "no", "partly", "yes", "nothing"};

#define PROTOCOLS_MAX 64
#define COLUMNS_MAX   64

struct sd_features {
    struct sd_claims *claims;
    const char *protocol[PROTOCOLS_MAX];
    size_t protocols;
    const struct sd_feature *feature[64];
    size_t features;
    struct sd_feature_cell *cell; /* by feature, then protocol */
};

void sd_features_free(struct sd_features *f)
{
    if (!f)
        return;
    sd_claims_free(f->claims);
    free(f->cell);
    free(f);
}

size_t sd_features_count(const struct sd_features *f)
{
    return f->features;
}

size_t sd_features_protocols(const struct sd_features *f)
{
    return f->protocols;
}

const struct sd_feature_cell *sd_features_cell(const struct sd_features *f, size_t feature,
                                               size_t protocol)
{
    return &f->cell[feature * f->protocols + protocol];
}

/* -- what was measured -- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const json_t *probe_of(const json_t *manifest, const char *scenario)
{
    size_t index;
    json_t *one;
    json_array_foreach(json_object_get(manifest, "scenarios"), index, one)
    {
        if (!strcmp(text_of(one, "name"), scenario) && *text_of(one, "feature"))
            return one;
    }
    return NULL;
}

/* The features that the manifest has probes of, in the order of the list. */
static void take_features(struct sd_features *f, const json_t *manifest)
{
    for (const struct sd_feature *at = sd_features; at->bit; at++) {
        size_t index;
        json_t *one;
        json_array_foreach(json_object_get(manifest, "scenarios"), index, one)
        {
            if (!strcmp(text_of(one, "feature"), at->brief)) {
                f->feature[f->features++] = at;
                break;
            }
        }
    }
}

static size_t place_of(const char *const *list, size_t count, const char *word)
{
    size_t at = 0;
    while (at < count && strcmp(list[at], word))
        at++;
    return at;
}

static void take_protocols(struct sd_features *f, const json_t *manifest,
                           const struct sd_frame *frame)
{
    int scenario = sd_frame_column(frame, "scenario"), column = sd_frame_column(frame, "protocol");
    for (size_t row = 0; row < sd_frame_rows(frame); row++) {
        const char *protocol = sd_frame_cell(frame, row, column);
        if (f->protocols < PROTOCOLS_MAX &&
            probe_of(manifest, sd_frame_cell(frame, row, scenario)) &&
            place_of(f->protocol, f->protocols, protocol) == f->protocols)
            f->protocol[f->protocols++] = protocol;
    }
}

static void name_run(struct sd_feature_cell *cell, const json_t *probe,
                     const struct sd_frame *frame, size_t row)
{
    const char *value[COLUMNS_MAX];
    size_t values = 0, index;
    json_t *column;
    uint64_t repeat = 0;
    json_array_foreach(json_object_get(probe, "columns"), index, column)
    {
        const char *name = json_string_value(column);
        if (name && values < COLUMNS_MAX)
            value[values++] = sd_frame_cell(frame, row, sd_frame_column(frame, name));
    }
    sd_frame_integer(frame, row, sd_frame_column(frame, "repeat"), &repeat);
    sd_run_name(cell->run, sizeof cell->run, text_of(probe, "name"), value, values,
                (uint32_t)repeat);
}

/* The best verdict counts, of equal ones the first. */
static void take_run(struct sd_features *f, const json_t *probe, const struct sd_frame *frame,
                     size_t row)
{
    size_t feature = 0;
    while (feature < f->features && strcmp(f->feature[feature]->brief, text_of(probe, "feature")))
        feature++;
    size_t protocol = place_of(f->protocol, f->protocols,
                               sd_frame_cell(frame, row, sd_frame_column(frame, "protocol")));
    uint64_t verdict;
    if (feature == f->features || protocol == f->protocols)
        return;
    struct sd_feature_cell *cell = &f->cell[feature * f->protocols + protocol];
    bool known = sd_frame_integer(frame, row, sd_frame_column(frame, "verdict"), &verdict) &&
                 verdict < SD_FOUND_NOTHING;
    bool first = !*cell->run;
    if (!first && (!known || (cell->found != SD_FOUND_NOTHING && verdict <= cell->found)))
        return;
    cell->found = known ? (enum sd_found)verdict : SD_FOUND_NOTHING;
    cell->seen = sd_frame_cell(frame, row, sd_frame_column(frame, "detail"));
    cell->mode = sd_frame_cell(frame, row, sd_frame_column(frame, "mode"));
    cell->row = row;
    name_run(cell, probe, frame, row);
}

/* -- what is claimed -- */

static void take_claims(struct sd_features *f)
{
    for (size_t i = 0; i < f->features * f->protocols; i++) {
        struct sd_feature_cell *cell = &f->cell[i];
        for (int e = 0; e < SD_EDITIONS; e++)
            cell->says[e].claim =
                sd_claims_find(f->claims, (enum sd_edition)e, cell->feature->brief, cell->protocol,
                               &cell->says[e].where);
        cell->reason = sd_claims_reason(f->claims, cell->feature->brief, cell->protocol);
        if (!cell->reason)
            cell->reason = cell->seen;
    }
}

bool sd_features_disagree(const struct sd_feature_cell *cell, enum sd_edition edition)
{
    const char *claim = cell->says[edition].claim;
    if (!claim || cell->found == SD_FOUND_NOTHING)
        return false;
    bool there = cell->found == SD_FOUND_YES || cell->found == SD_FOUND_PARTLY;
    return sd_claims_affirm(claim) != there;
}

size_t sd_features_disagreements(const struct sd_features *f)
{
    size_t count = 0;
    for (size_t i = 0; i < f->features * f->protocols; i++)
        for (int e = 0; e < SD_EDITIONS; e++)
            count += sd_features_disagree(&f->cell[i], (enum sd_edition)e);
    return count;
}

/* -- all of it -- */

static int fill(struct sd_features *f, const json_t *manifest, const struct sd_frame *frame,
                struct sd_error *error)
{
    take_protocols(f, manifest, frame);
    f->cell = calloc(f->features * f->protocols + 1, sizeof *f->cell);
    if (!f->cell)
        return sd_fail(error, SD_E_NOMEM, "out of memory for the features");
    for (size_t i = 0; i < f->features * f->protocols; i++)
        f->cell[i] = (struct sd_feature_cell){.feature = f->feature[i / f->protocols],
                                              .protocol = f->protocol[i % f->protocols],
                                              .found = SD_FOUND_NOTHING,
                                              .mode = "",
                                              .seen = ""};
    int scenario = sd_frame_column(frame, "scenario");
    for (size_t row = 0; row < sd_frame_rows(frame); row++) {
        const json_t *probe = probe_of(manifest, sd_frame_cell(frame, row, scenario));
        if (probe)
            take_run(f, probe, frame, row);
    }
    int rc = sd_claims_load(&f->claims, error);
    if (rc == SD_OK)
        take_claims(f);
    return rc;
}

int sd_features_make(struct sd_features **out, const json_t *manifest, const struct sd_frame *frame,
                     struct sd_error *error)
{
    *out = NULL;
    struct sd_features *f = calloc(1, sizeof *f);
    if (!f)
        return sd_fail(error, SD_E_NOMEM, "out of memory for the features");
    take_features(f, manifest);
    int rc = f->features ? fill(f, manifest, frame, error) : SD_OK;
    if (rc < 0 || !f->features)
        sd_features_free(f);
    else
        *out = f;
    return rc;
}

/* -- as tables -- */

static void matrix(const struct sd_features *f, struct sd_grid *grid)
{
    sd_grid_column(grid, "feature", false);
    for (size_t p = 0; p < f->protocols; p++)
        sd_grid_column(grid, f->protocol[p], false);
    for (size_t i = 0; i < f->features; i++) {
        sd_grid_cell(grid, f->feature[i]->title);
        for (size_t p = 0; p < f->protocols; p++) {
            const struct sd_feature_cell *cell = sd_features_cell(f, i, p);
            bool disagrees = false;
            for (int e = 0; e < SD_EDITIONS; e++)
                disagrees |= sd_features_disagree(cell, (enum sd_edition)e);
            sd_grid_format(grid, "%s%s",
                           cell->found == SD_FOUND_NOT_APPLICABLE ? "n/a"
                                                                  : sd_found_names[cell->found],
                           disagrees ? " ≠" : "");
        }
    }
}

static void rows(const struct sd_features *f, struct sd_grid *grid)
{
    static const char *const column[] = {"feature", "title", "protocol", "measured", "mode"};
    for (size_t c = 0; c < sizeof column / sizeof *column; c++)
        sd_grid_column(grid, column[c], false);
    for (int e = 0; e < SD_EDITIONS; e++)
        sd_grid_column(grid, sd_editions[e].column, false);
    sd_grid_column(grid, "run", false);
    sd_grid_column(grid, "seen", false);
    for (size_t i = 0; i < f->features * f->protocols; i++) {
        const struct sd_feature_cell *cell = &f->cell[i];
        sd_grid_cell(grid, cell->feature->brief);
        sd_grid_cell(grid, cell->feature->title);
        sd_grid_cell(grid, cell->protocol);
        sd_grid_cell(grid, sd_found_names[cell->found]);
        sd_grid_cell(grid, cell->mode);
        for (int e = 0; e < SD_EDITIONS; e++)
            sd_grid_cell(grid, cell->says[e].claim ? cell->says[e].claim : "says nothing");
        sd_grid_cell(grid, cell->run);
        sd_grid_cell(grid, cell->seen);
    }
}

void sd_features_grid(const struct sd_features *f, bool people, struct sd_grid *grid)
{
    if (people)
        matrix(f, grid);
    else
        rows(f, grid);
}

void sd_disagreements_grid(const struct sd_features *f, struct sd_grid *grid)
{
    static const char *const column[] = {"feature",  "protocol", "edition", "claim", "where",
                                         "measured", "seen",     "reason",  "run"};
    for (size_t c = 0; c < sizeof column / sizeof *column; c++)
        sd_grid_column(grid, column[c], false);
    for (size_t i = 0; i < f->features * f->protocols; i++)
        for (int e = 0; e < SD_EDITIONS; e++) {
            const struct sd_feature_cell *cell = &f->cell[i];
            if (!sd_features_disagree(cell, (enum sd_edition)e))
                continue;
            const char *text[] = {
                cell->feature->title, cell->protocol,      sd_editions[e].title,
                cell->says[e].claim,  cell->says[e].where, sd_found_names[cell->found],
                cell->seen,           cell->reason,        cell->run};
            for (size_t c = 0; c < sizeof text / sizeof *text; c++)
                sd_grid_cell(grid, text[c]);
        }
}
