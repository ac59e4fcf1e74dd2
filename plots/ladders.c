/* ladders.c - the ladders of a whole DIR. */
#include "plots/draft.h"
#include "plots/ladder.h"
#include "plots/stored.h"
#include "results/files.h"
#include <stdlib.h>
#include <string.h>

static sd_time time_of(const json_t *object, const char *key)
{
    json_int_t t = json_integer_value(json_object_get(object, key));
    return t > 0 ? (sd_time)t : 0;
}

/* Whether two rows are of the same protocol in the same mode. */
static bool are_alike(const struct sd_frame *frame, size_t a, size_t b)
{
    static const char *const columns[] = {"protocol", "mode"};
    for (int i = 0; i < 2; i++) {
        int column = sd_frame_column(frame, columns[i]);
        if (column >= 0 && strcmp(sd_frame_cell(frame, a, column), sd_frame_cell(frame, b, column)))
            return false;
    }
    return true;
}

/* The ladder of its scenario that asks for a row; NULL: none does.  One asks for the first run of
 * each protocol and mode that its `when` admits. */
static const json_t *asks_for(const struct sd_stored *stored, size_t row)
{
    size_t index, at;
    json_t *scenario, *ladder;
    json_array_foreach((json_t *)stored->scenarios, index, scenario)
    {
        if (!sd_stored_of(stored, row, scenario))
            continue;
        json_array_foreach(json_object_get(scenario, "ladders"), at, ladder)
        {
            const json_t *when = json_object_get(ladder, "when");
            bool first = sd_stored_when(stored, row, when);
            for (size_t before = 0; first && before < row; before++)
                first = !are_alike(stored->frame, before, row) ||
                        !sd_stored_of(stored, before, scenario) ||
                        !sd_stored_when(stored, before, when);
            if (first)
                return ladder;
        }
    }
    return NULL;
}

static int draw_one(const struct sd_stored *stored, const char *folder, const char *run,
                    const json_t *ladder, struct sd_error *error)
{
    typedef int form(const struct sd_trace *, const struct sd_ladder_view *, FILE *,
                     struct sd_error *);
    static form *const forms[] = {sd_ladder_svg, sd_ladder_text};
    static const char *const suffixes[] = {".svg", ".txt"};
    struct sd_trace *trace;
    int rc = sd_trace_load(&trace, stored->dir, run, error);
    if (rc < 0)
        return rc;
    struct sd_ladder_view view = {
        .from = time_of(ladder, "from_ns"),
        .to = time_of(ladder, "to_ns"),
    };
    for (int i = 0; rc == SD_OK && i < 2; i++) {
        struct sd_draft draft;
        char name[SD_STORED_NAME + 8];
        snprintf(name, sizeof name, "%.*s%s", SD_STORED_NAME - 1, run, suffixes[i]);
        rc = sd_draft_begin(&draft, error);
        if (rc == SD_OK)
            rc = forms[i](trace, &view, draft.to, error);
        if (rc == SD_OK)
            rc = sd_draft_land(&draft, folder, name, error);
        else
            sd_draft_drop(&draft);
    }
    sd_trace_free(trace);
    return rc;
}

static int draw_all(const struct sd_stored *stored, const char *folder, size_t *count,
                    struct sd_error *error)
{
    int rc = SD_OK;
    char run[SD_STORED_NAME];
    for (size_t row = 0; rc == SD_OK && row < sd_frame_rows(stored->frame); row++) {
        if (!sd_stored_run_name(stored, row, run) ||
            !sd_stored_has(stored->dir, "events", run, ".jsonl"))
            continue;
        const json_t *ladder = asks_for(stored, row);
        if (!ladder)
            continue;
        if (!*count)
            rc = sd_folder_make(folder, error);
        if (rc == SD_OK)
            rc = draw_one(stored, folder, run, ladder, error);
        *count += rc == SD_OK;
    }
    return rc;
}

int sd_ladders_draw(const char *dir, size_t *drawn, struct sd_error *error)
{
    struct sd_stored stored;
    char folder[4200];
    size_t count = 0;
    int rc = sd_stored_load(&stored, dir, error);
    if (rc < 0)
        return rc;
    snprintf(folder, sizeof folder, "%s/ladders", dir);
    rc = draw_all(&stored, folder, &count, error);
    sd_stored_free(&stored);
    if (drawn)
        *drawn = count;
    return rc;
}
