/* campaign.h - runs every run of some scenarios into one DIR: what `run`, `survey` and `replay`
 * share. */
#ifndef SD_CAMPAIGN_H
#define SD_CAMPAIGN_H

#include "cmd/args.h"
#include "cmd/scenarios.h"

#define SD_COMMAND_TEXT 4096
#define SD_SETTINGS     64

/* What the flags of `run` and `survey` say.  Lives as long as its campaign: settings point into
 * it. */
struct sd_campaign {
    struct sd_scenarios scenarios;
    struct sd_scenario_config config;
    struct sd_setting setting[SD_SETTINGS];
    char *setting_text[SD_SETTINGS];
    size_t setting_texts;
    char dir[4096];
    char command[SD_COMMAND_TEXT]; /* for manifest.json: what to type to have the same again */
    unsigned workers;
    bool resume, capture, trace;
    /* Traces this run though trace is false (the ladders of a survey); NULL: none. */
    bool (*traced)(const struct sd_scenario *, size_t point, uint32_t repeat);
};

/* Flags that every such command has: set, seed, repeats, j, out, resume, pcap, trace, quick; those
 * absent from the command's table keep their defaults.  words name the scenarios. */
int sd_campaign_prepare(struct sd_campaign *, const struct sd_args *, const char *const *word,
                        size_t words, struct sd_error *);
void sd_campaign_free(struct sd_campaign *);

struct sd_tally {
    size_t runs, before;         /* in all; of these, there before (--resume) */
    size_t before_without_files; /* of before: without the trace or capture now asked for */
    size_t ok, failed, unfinished;
    size_t cut_off; /* of failed: the process crashed or ran into a limit */
    size_t expectations_failed;
    char first_cut_off[256], first_expectation[256];
};
/* SD_OK; SD_WORKERS_STOPPED after SIGINT, SIGTERM or SIGHUP, with what is finished kept; < 0. */
int sd_campaign_run(const struct sd_campaign *, struct sd_tally *, struct sd_error *);

/* One run in this process, with files in dir/events and dir/pcap as asked. */
int sd_campaign_files(const char *dir, const char *run_name, bool trace, bool capture,
                      struct sd_run_request *, char paths[3][4096]);

/* "handshake-rtt-tls13-fresh-r0" of a point. */
void sd_campaign_run_name(const struct sd_scenario *, size_t point, uint32_t repeat, char *name,
                          size_t cap);
/* The row of runs.csv: columns, repeat, seed, outcome, detail, metrics.  text holds the numbers.
 * result NULL: outcome failed, with detail alone. */
#define SD_ROW_CELLS 160
struct sd_row {
    const char *cell[SD_ROW_CELLS];
    size_t cells;
    char text[SD_ROW_CELLS][24];
};
void sd_campaign_row(const struct sd_scenario *, size_t point, uint32_t repeat,
                     const struct sd_run_result *result, const char *detail, struct sd_row *);

#endif
