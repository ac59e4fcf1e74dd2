/* loaded.h - what a scenario's file came to when it was loaded: plain C data, no Lua. */
#ifndef SD_LOADED_H
#define SD_LOADED_H

#include "lua/scenario.h"
#include "lua/script.h"

/* A list of texts; NULL-ended. */
struct sd_texts {
    char **text;
    size_t count;
};

struct sd_scenario {
    char *path, *file; /* as given; its bytes */
    size_t file_len;
    char *name, *question, *shown_path;
    char sha256[65];
    struct sd_scenario_config config; /* settings point into the two lists */
    struct sd_setting *setting;
    struct sd_texts setting_names, setting_values;

    char *title, *json;
    struct sd_texts tags, columns, metrics, expectations;
    struct sd_texts *cells; /* by column: the values of the sweep as cells */
    uint32_t *place;        /* by point and column: which cell */
    size_t points;
    uint32_t repeats;
    unsigned chapter;
};

/* A script in which the prelude and the scenario's chunk have run: for one use. */
int sd_scenario_open(const struct sd_scenario *, struct sd_script **, struct sd_error *);
/* Pushes the table that the prelude calls config; inside a protected call. */
void sd_scenario_push_config(const struct sd_scenario *, lua_State *);
/* Takes what the prelude's describe() returned; the scenario's lists are empty before. */
int sd_scenario_take(struct sd_scenario *, struct sd_script *, struct sd_error *);
void sd_texts_free(struct sd_texts *);

#endif
