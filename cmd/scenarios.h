/* scenarios.h - finds scenario files by path, name or tag, and loads them. */
#ifndef SD_CMD_SCENARIOS_H
#define SD_CMD_SCENARIOS_H

#include "lua/scenario.h"
#include "sim/core/root.h"

struct sd_scenario_file {
    char *path;
    struct sd_scenario *scenario;
};
struct sd_scenarios {
    struct sd_scenario_file *file; /* in the order of the words, then of the names */
    size_t count;
};

/* Every scenario that a word names: a path (with '/' or ".lua"), the name of a file of scenarios/
 * or scenarios/labs/, or a tag.  Each file once.  SD_E_USAGE with the nearest right word, SD_E_IO,
 * or what sd_scenario_load() says. */
int sd_scenarios_find(struct sd_scenarios *, const char *const *word, size_t words,
                      const struct sd_scenario_config *, struct sd_error *);
/* All of scenarios/ and scenarios/labs/, by chapter, then by name.  One that does not load has a NULL scenario, is
 * told on stderr and does not make this fail. */
int sd_scenarios_all(struct sd_scenarios *, struct sd_error *);
void sd_scenarios_free(struct sd_scenarios *);

/* Splits "rtt=31.169ms,loss=1%,2%" into settings "rtt" and "loss" ("1%,2%").  text is changed and
 * must outlive them.  SD_E_USAGE. */
int sd_settings_parse(char *text, struct sd_setting *setting, size_t cap, size_t *count,
                      struct sd_error *);

#endif
