#include "results/claims.h"
#include "sim/core/root.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASONS SD_EDITIONS /* the file behind those of the editions */
#define FILES   (SD_EDITIONS + 1)

struct sd_claims {
    struct sd_frame *frame[FILES];
};

static const char *const affirmative[] = {"yes", "required", "mandatory", "supported", NULL};
static const char *const negative[] = {"no", "not listed", "unsupported", NULL};

static bool lists(const char *const *list, const char *word)
{
    while (*list && strcmp(*list, word))
        list++;
    return *list;
}

bool sd_claims_affirm(const char *claim)
{
    return lists(affirmative, claim);
}

static const char *file_of(int file)
{
    return file == REASONS ? "reasons.csv" : sd_editions[file].file;
}

static bool is_feature(const char *brief)
{
    const struct sd_feature *at = sd_features;
    while (at->bit && strcmp(at->brief, brief))
        at++;
    return at->bit;
}

static const char *cell(const struct sd_frame *frame, size_t row, const char *column)
{
    return sd_frame_cell(frame, row, sd_frame_column(frame, column));
}

/* The row of this feature and protocol before row `end`, or end. */
static size_t find(const struct sd_frame *frame, size_t end, const char *feature,
                   const char *protocol)
{
    size_t row = 0;
    while (row < end && (strcmp(cell(frame, row, "feature"), feature) ||
                         strcmp(cell(frame, row, "protocol"), protocol)))
        row++;
    return row;
}

static int check(const struct sd_frame *frame, int file, struct sd_error *error)
{
    const char *name = file_of(file), *words = file == REASONS ? "reason" : "claim";
    for (size_t row = 0; row < sd_frame_rows(frame); row++) {
        const char *feature = cell(frame, row, "feature"), *said = cell(frame, row, words);
        const char *protocol = cell(frame, row, "protocol");
        if (!is_feature(feature))
            return sd_fail(error, SD_E_IO, "results/claims/%s:%zu: there is no feature '%s'", name,
                           row + 2, feature);
        if (!*protocol || !*said ||
            (file != REASONS && !lists(affirmative, said) && !lists(negative, said)))
            return sd_fail(
                error, SD_E_IO,
                "results/claims/%s:%zu: expected a protocol and a %s, found '%s' and '%s'", name,
                row + 2, words, protocol, said);
        if (find(frame, row, feature, protocol) != row)
            return sd_fail(error, SD_E_IO, "results/claims/%s:%zu: %s of %s is there twice", name,
                           row + 2, feature, protocol);
    }
    return SD_OK;
}

int sd_claims_load(struct sd_claims **out, struct sd_error *error)
{
    *out = NULL;
    const char *root = sd_root(error);
    if (!root)
        return SD_E_IO;
    struct sd_claims *claims = calloc(1, sizeof *claims);
    if (!claims)
        return sd_fail(error, SD_E_NOMEM, "out of memory for claims");
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s/results/claims", root);
    int rc = SD_OK;
    for (int file = 0; rc == SD_OK && file < FILES; file++) {
        rc = sd_frame_load_file(&claims->frame[file], dir, file_of(file), error);
        if (rc == SD_OK)
            rc = check(claims->frame[file], file, error);
    }
    if (rc < 0)
        sd_claims_free(claims);
    else
        *out = claims;
    return rc;
}

void sd_claims_free(struct sd_claims *claims)
{
    if (!claims)
        return;
    for (int file = 0; file < FILES; file++)
        sd_frame_free(claims->frame[file]);
    free(claims);
}

const char *sd_claims_find(const struct sd_claims *claims, enum sd_edition edition,
                           const char *feature, const char *protocol, const char **where)
{
    const struct sd_frame *frame = claims->frame[edition];
    size_t row = find(frame, sd_frame_rows(frame), feature, protocol);
    if (row == sd_frame_rows(frame))
        return NULL;
    *where = cell(frame, row, "where");
    return cell(frame, row, "claim");
}

const char *sd_claims_reason(const struct sd_claims *claims, const char *feature,
                             const char *protocol)
{
    const struct sd_frame *frame = claims->frame[REASONS];
    size_t row = find(frame, sd_frame_rows(frame), feature, protocol);
    return row < sd_frame_rows(frame) ? cell(frame, row, "reason") : NULL;
}
