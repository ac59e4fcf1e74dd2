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

/* The window of the first ladder of its scenario that names the run; the whole run otherwise. */
static struct sd_ladder_view view_of(const struct sd_stored *stored, const char *run)
{
    struct sd_ladder_view view = {0};
    long row = sd_stored_find(stored, run);
    size_t index, at;
    json_t *scenario, *ladder;
    if (row < 0)
        return view;
    json_array_foreach((json_t *)stored->scenarios, index, scenario)
    {
        if (!sd_stored_of(stored, (size_t)row, scenario))
            continue;
        json_array_foreach(json_object_get(scenario, "ladders"), at, ladder)
        {
            if (!sd_stored_when(stored, (size_t)row, json_object_get(ladder, "when")))
                continue;
            view.from = time_of(ladder, "from_ns");
            view.to = time_of(ladder, "to_ns");
            return view;
        }
    }
    return view;
}

static int draw_one(const struct sd_stored *stored, const char *folder, const char *run,
                    struct sd_error *error)
{
    typedef int form(const struct sd_trace *, const struct sd_ladder_view *, FILE *,
                     struct sd_error *);
    static form *const forms[] = {sd_ladder_svg, sd_ladder_text};
    static const char *const suffixes[] = {".svg", ".txt"};
    struct sd_trace *trace;
    int rc = sd_trace_load(&trace, stored->dir, run, error);
    if (rc < 0)
        return rc;
    struct sd_ladder_view view = view_of(stored, run);
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

int sd_ladders_draw(const char *dir, size_t *drawn, struct sd_error *error)
{
    struct sd_stored stored;
    char **run = NULL, folder[4200];
    size_t runs = 0;
    int rc = sd_stored_load(&stored, dir, error);
    if (rc < 0)
        return rc;
    snprintf(folder, sizeof folder, "%s/ladders", dir);
    rc = sd_names(dir, "events", ".jsonl", &run, &runs, error);
    if (rc == SD_OK && runs)
        rc = sd_folder_make(folder, error);
    for (size_t i = 0; rc == SD_OK && i < runs; i++)
        rc = draw_one(&stored, folder, run[i], error);
    sd_names_free(run);
    sd_stored_free(&stored);
    if (drawn)
        *drawn = runs;
    return rc;
}
