/* scenario.h - a scenario file, loaded and checked, and its runs.
 *
 * A scenario is loaded once; its chunk is run again for every run, so that no run sees what
 * another left in a script's variables. */
#ifndef SD_SCENARIO_H
#define SD_SCENARIO_H

#include "sim/core/cost.h"
#include "sim/core/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sd_scenario;

/* --set k=v[,v]: replaces (or gives) a sweep value; text is parsed as a quantity or word. */
struct sd_setting {
    const char *name;   /* "loss" */
    const char *values; /* "1%,2%" */
};
struct sd_scenario_config {
    const struct sd_setting *settings;
    size_t setting_count;
    uint64_t base_seed;
    uint32_t repeats; /* 0: the scenario's */
    bool quick;       /* the scenario's smaller sweep, where it has one */
};
/* SD_E_SCENARIO with "file:line: expected, found", SD_E_IO, SD_E_USAGE for a bad setting. */
int sd_scenario_load(struct sd_scenario **, const char *path, const struct sd_scenario_config *,
                     struct sd_error *);
void sd_scenario_free(struct sd_scenario *);

const char *sd_scenario_name(const struct sd_scenario *); /* "handshake-rtt": the file's stem */
const char *sd_scenario_title(const struct sd_scenario *);
const char *sd_scenario_question(const struct sd_scenario *); /* first comment line of the file */
const char *const *sd_scenario_tags(const struct sd_scenario *); /* NULL-ended */
bool sd_scenario_has_tag(const struct sd_scenario *, const char *tag);
/* Its place in a survey, from 1; 0: none. */
unsigned sd_scenario_chapter(const struct sd_scenario *);
const char *sd_scenario_sha256(const struct sd_scenario *); /* hex, of the file */
/* Resolved sweep, measures, plots, tables, ladders and expectations as a JSON object, for the
 * manifest; plots/ and results/ read it from there. */
const char *sd_scenario_json(const struct sd_scenario *);

/* The sweep: columns in the order protocol, mode, then the scenario's own by name. */
size_t sd_scenario_columns(const struct sd_scenario *);
const char *sd_scenario_column(const struct sd_scenario *, size_t column);
size_t sd_scenario_points(const struct sd_scenario *);
/* "2%" shown as the integer with its unit in the column name: loss_ppm 20000, rtt_us, rate_pps. */
const char *sd_scenario_cell(const struct sd_scenario *, size_t point, size_t column);
uint32_t sd_scenario_repeats(const struct sd_scenario *);
uint64_t sd_scenario_seed(const struct sd_scenario *, size_t point, uint32_t repeat);
/* Metric columns this scenario writes. */
size_t sd_scenario_metrics(const struct sd_scenario *);
const char *sd_scenario_metric(const struct sd_scenario *, size_t metric);

enum sd_outcome { SD_RUN_OK, SD_RUN_FAILED, SD_RUN_UNFINISHED };
const char *sd_outcome_name(enum sd_outcome);

struct sd_run_request {
    size_t point;
    uint32_t repeat;
    const char *trace_path, *capture_path, *keys_path; /* NULL: not wanted */
};
#define SD_RUN_METRICS             96
#define SD_RUN_FAILED_EXPECTATIONS 16
struct sd_run_result {
    enum sd_outcome outcome;
    char detail[200]; /* why it stopped, notes; no newline */
    uint64_t value[SD_RUN_METRICS];
    bool has[SD_RUN_METRICS];
    uint8_t expectations, expectations_failed;
    uint8_t failed[SD_RUN_FAILED_EXPECTATIONS]; /* indices into the scenario's expect list */
};
/* One run, in this process.  SD_OK whatever the outcome of the run; < 0 when the script is wrong
 * (error thrown inside a function) or a file cannot be written. */
int sd_scenario_run(struct sd_scenario *, const struct sd_run_request *, struct sd_run_result *,
                    struct sd_error *);
const char *sd_scenario_expectation(const struct sd_scenario *, size_t index);

/* Cost tables by name, from lua/costs/NAME.lua; NULL and *error when there is none or it is wrong.
 */
const struct sd_cost_table *sd_costs_load(const char *name, struct sd_error *error);

/* The words of the language, for `shakedown list words`: "link", "carrier of packets between two
 * machines". */
struct sd_word {
    const char *word, *what;
};
extern const struct sd_word sd_words[];

#endif
