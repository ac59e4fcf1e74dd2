#include "cmd/campaign.h"
#include "cmd/progress.h"
#include "cmd/versions.h"
#include "cmd/workers.h"
#include "results/store.h"
#include "results/units.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A run that needs more is broken: the slowest of the survey takes about a minute. */
static const struct sd_limits run_limits = {
    .cpu_s = 600,
    .wall_s = 1800,
    .memory_bytes = UINT64_C(4) << 30,
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* -- preparing -- */

static bool has_flag(const struct sd_args *args, const char *name)
{
    for (const struct sd_flag *flag = args->command->flags; flag && flag->name; flag++)
        if (!strcmp(flag->name, name))
            return sd_args_has(args, name);
    return false;
}

static int take_settings(struct sd_campaign *campaign, const struct sd_args *args,
                         struct sd_error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < args->listed; i++) {
        char *text = strdup(args->list[i].text);
        if (!text)
            return sd_fail(error, SD_E_NOMEM, "out of memory for --set");
        if (campaign->setting_texts == SD_SETTINGS) {
            free(text);
            return sd_fail(error, SD_E_USAGE, "--set: more than %d of them", SD_SETTINGS);
        }
        campaign->setting_text[campaign->setting_texts++] = text;
        int rc = sd_settings_parse(text, campaign->setting, SD_SETTINGS, &count, error);
        if (rc < 0)
            return rc;
    }
    campaign->config.settings = campaign->setting;
    campaign->config.setting_count = count;
    return SD_OK;
}

/* What replay parses again: only what decides about results. */
static int write_command(struct sd_campaign *campaign, const struct sd_args *args,
                         struct sd_error *error)
{
    char *line = campaign->command;
    size_t cap = sizeof campaign->command;
    char number[32];
    bool fits =
        sd_args_quote(line, cap, "shakedown") && sd_args_quote(line, cap, args->command->name);
    for (size_t i = 0; i < args->words; i++)
        fits = fits && sd_args_quote(line, cap, args->word[i]);
    if (campaign->config.quick)
        fits = fits && sd_args_quote(line, cap, "--quick");
    for (size_t i = 0; i < args->listed; i++)
        fits = fits && sd_args_quote(line, cap, "--set") &&
               sd_args_quote(line, cap, args->list[i].text);
    snprintf(number, sizeof number, "%" PRIu64, campaign->config.base_seed);
    fits = fits && sd_args_quote(line, cap, "--seed") && sd_args_quote(line, cap, number);
    if (campaign->config.repeats) {
        snprintf(number, sizeof number, "%" PRIu32, campaign->config.repeats);
        fits = fits && sd_args_quote(line, cap, "--repeats") && sd_args_quote(line, cap, number);
    }
    if (!fits)
        return sd_fail(error, SD_E_USAGE, "the command line is longer than %zu bytes; use a tag",
                       cap);
    return SD_OK;
}

/* Named by what was typed: the scenarios and tags, or the command alone. */
static void default_dir(struct sd_campaign *campaign, const struct sd_args *args)
{
    const char *const *word = args->words ? args->word : &args->command->name;
    size_t words = args->words ? args->words : 1;
    size_t len = (size_t)snprintf(campaign->dir, sizeof campaign->dir, "results/runs/");
    for (size_t i = 0; i < words && len < sizeof campaign->dir; i++) {
        const char *name = strrchr(word[i], '/');
        name = name ? name + 1 : word[i];
        size_t stem = strlen(name);
        if (stem > 4 && !strcmp(name + stem - 4, ".lua"))
            stem -= 4;
        len += (size_t)snprintf(campaign->dir + len, sizeof campaign->dir - len, "%s%.*s",
                                i ? "+" : "", (int)stem, name);
    }
}

int sd_campaign_prepare(struct sd_campaign *campaign, const struct sd_args *args,
                        const char *const *word, size_t words, struct sd_error *error)
{
    memset(campaign, 0, sizeof *campaign);
    campaign->config.base_seed = sd_args_count(args, "seed", 1);
    campaign->config.repeats =
        has_flag(args, "repeats") ? (uint32_t)sd_args_count(args, "repeats", 0) : 0;
    campaign->config.quick = has_flag(args, "quick");
    campaign->workers = (unsigned)sd_args_count(args, "j", sd_processors());
    campaign->resume = has_flag(args, "resume");
    campaign->capture = has_flag(args, "pcap");
    campaign->trace = has_flag(args, "trace");

    const char *out = sd_args_text(args, "out", NULL);
    if (!out)
        default_dir(campaign, args);
    else if (snprintf(campaign->dir, sizeof campaign->dir, "%s", out) >=
             (int)sizeof campaign->dir / 2)
        return sd_fail(error, SD_E_USAGE, "--out: the name of the folder is too long");
    size_t len = strlen(campaign->dir);
    while (len > 1 && campaign->dir[len - 1] == '/')
        campaign->dir[--len] = '\0';

    int rc = take_settings(campaign, args, error);
    if (rc == SD_OK)
        rc = write_command(campaign, args, error);
    if (rc == SD_OK)
        rc = sd_scenarios_find(&campaign->scenarios, word, words, &campaign->config, error);
    if (rc < 0)
        sd_campaign_free(campaign);
    return rc;
}

void sd_campaign_free(struct sd_campaign *campaign)
{
    sd_scenarios_free(&campaign->scenarios);
    for (size_t i = 0; i < campaign->setting_texts; i++)
        free(campaign->setting_text[i]);
    campaign->setting_texts = 0;
}

/* -- names and rows -- */

void sd_campaign_run_name(const struct sd_scenario *scenario, size_t point, uint32_t repeat,
                          char *name, size_t cap)
{
    const char *cells[SD_ROW_CELLS];
    size_t columns = sd_scenario_columns(scenario);
    if (columns > SD_ROW_CELLS)
        columns = SD_ROW_CELLS;
    for (size_t i = 0; i < columns; i++)
        cells[i] = sd_scenario_cell(scenario, point, i);
    sd_run_name(name, cap, sd_scenario_name(scenario), cells, columns, repeat);
}

void sd_campaign_row(const struct sd_scenario *scenario, size_t point, uint32_t repeat,
                     const struct sd_run_result *result, const char *detail, struct sd_row *row)
{
    size_t columns = sd_scenario_columns(scenario), metrics = sd_scenario_metrics(scenario), n = 0;
    for (size_t i = 0; i < columns && n < SD_ROW_CELLS; i++)
        row->cell[n++] = sd_scenario_cell(scenario, point, i);
    if (n + 4 + metrics > SD_ROW_CELLS)
        abort(); /* a scenario with more columns than SD_ROW_CELLS has more than the language allows
                  */
    snprintf(row->text[n], sizeof row->text[n], "%" PRIu32, repeat);
    row->cell[n] = row->text[n];
    n++;
    snprintf(row->text[n], sizeof row->text[n], "%" PRIu64,
             sd_scenario_seed(scenario, point, repeat));
    row->cell[n] = row->text[n];
    n++;
    row->cell[n++] = sd_outcome_name(result ? result->outcome : SD_RUN_FAILED);
    row->cell[n++] = detail;
    for (size_t i = 0; i < metrics; i++, n++) {
        row->cell[n] = "";
        if (result && result->has[i]) {
            snprintf(row->text[n], sizeof row->text[n], "%" PRIu64, result->value[i]);
            row->cell[n] = row->text[n];
        }
    }
    row->cells = n;
}

/* -- running -- */

struct slot {
    uint32_t part;
    uint32_t repeat;
    size_t point;
};

struct running {
    const struct sd_campaign *campaign;
    struct sd_store *store;
    struct slot *todo;
    size_t jobs;
    struct sd_progress progress;
    struct sd_tally *tally;
    struct sd_error *error;
};

static int make_folder(const char *dir, const char *name, struct sd_error *error)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        return sd_fail(error, SD_E_IO, "cannot make %s: %s", path, strerror(errno));
    return SD_OK;
}

int sd_campaign_files(const char *dir, const char *run_name, bool trace, bool capture,
                      struct sd_run_request *request, char paths[3][4096])
{
    static const char *const shape[3] = {"%s/events/%s.jsonl", "%s/pcap/%s.pcapng",
                                         "%s/pcap/%s.keys"};
    for (int i = 0; i < 3; i++)
        if (snprintf(paths[i], 4096, shape[i], dir, run_name) >= 4096)
            return SD_E_USAGE;
    request->trace_path = trace ? paths[0] : NULL;
    request->capture_path = capture ? paths[1] : NULL;
    request->keys_path = capture ? paths[2] : NULL;
    return SD_OK;
}

static bool wants_trace(const struct sd_campaign *campaign, const struct sd_scenario *scenario,
                        const struct slot *slot)
{
    return campaign->trace ||
           (campaign->traced && campaign->traced(scenario, slot->point, slot->repeat));
}

static int work(void *ctx, size_t job, void *result, struct sd_error *error)
{
    struct running *running = ctx;
    const struct sd_campaign *campaign = running->campaign;
    const struct slot *slot = &running->todo[job];
    struct sd_scenario *scenario = campaign->scenarios.file[slot->part].scenario;
    char name[256], paths[3][4096];
    sd_campaign_run_name(scenario, slot->point, slot->repeat, name, sizeof name);
    struct sd_run_request request = {.point = slot->point, .repeat = slot->repeat};
    if (sd_campaign_files(campaign->dir, name, wants_trace(campaign, scenario, slot),
                          campaign->capture, &request, paths) < 0)
        return sd_fail(error, SD_E_USAGE, "--out: the name of the folder is too long");
    return sd_scenario_run(scenario, &request, result, error);
}

static void count_run(struct sd_tally *tally, const struct sd_run_result *result)
{
    switch (result ? result->outcome : SD_RUN_FAILED) {
    case SD_RUN_OK:
        tally->ok++;
        break;
    case SD_RUN_FAILED:
        tally->failed++;
        break;
    case SD_RUN_UNFINISHED:
        tally->unfinished++;
        break;
    }
}

static void describe(const struct sd_scenario *scenario, size_t point, char *words, size_t cap)
{
    size_t len = 0;
    *words = '\0';
    for (size_t i = 0; i < sd_scenario_columns(scenario) && len < cap; i++) {
        char cell[80];
        sd_cell_words(sd_scenario_column(scenario, i), sd_scenario_cell(scenario, point, i), cell,
                      sizeof cell);
        int n = snprintf(words + len, cap - len, "%s%s", i ? " " : "", cell);
        len += n > 0 ? (size_t)n : 0;
    }
}

static int keep_expectations(struct running *running, const struct slot *slot, size_t run,
                             const char *name, const struct sd_run_result *result)
{
    const struct sd_scenario *scenario = running->campaign->scenarios.file[slot->part].scenario;
    for (size_t i = 0; i < result->expectations_failed && i < SD_RUN_FAILED_EXPECTATIONS; i++) {
        const char *text = sd_scenario_expectation(scenario, result->failed[i]);
        int rc = sd_store_expectation(running->store, slot->part, run, name, text, false,
                                      running->error);
        if (rc < 0)
            return rc;
        if (!*running->tally->first_expectation)
            snprintf(running->tally->first_expectation, sizeof running->tally->first_expectation,
                     "%.100s: %.150s", name, text);
        running->tally->expectations_failed++;
    }
    return SD_OK;
}

static int done(void *ctx, size_t job, enum sd_job_end end, const void *raw,
                const struct sd_error *why)
{
    struct running *running = ctx;
    const struct slot *slot = &running->todo[job];
    const struct sd_scenario *scenario = running->campaign->scenarios.file[slot->part].scenario;
    const struct sd_run_result *result = raw;
    size_t run = slot->point * sd_scenario_repeats(scenario) + slot->repeat;
    char name[256], words[160];
    sd_campaign_run_name(scenario, slot->point, slot->repeat, name, sizeof name);

    /* A script's mistake, or a file that cannot be written, would hit every run. */
    if (end == SD_JOB_DONE && why->code < 0) {
        *running->error = *why;
        return why->code;
    }

    struct sd_row row;
    sd_campaign_row(scenario, slot->point, slot->repeat, result,
                    result ? result->detail : why->text, &row);
    int rc = result ? keep_expectations(running, slot, run, name, result) : SD_OK;
    if (rc == SD_OK)
        rc = sd_store_add(running->store, slot->part, run, row.cell, row.cells, running->error);
    if (rc < 0)
        return rc;

    count_run(running->tally, result);
    if (!result) {
        if (!running->tally->cut_off++)
            snprintf(running->tally->first_cut_off, sizeof running->tally->first_cut_off,
                     "%.120s: %.120s", name, why->text);
        sd_progress_say(&running->progress, "shakedown: %s %s; its row says so, the others go on",
                        name, why->text);
    }
    describe(scenario, slot->point, words, sizeof words);
    sd_progress_step(&running->progress, words, !result || result->outcome == SD_RUN_FAILED);
    return SD_OK;
}

/* Whether a run of before left what this campaign asks of the others. */
static bool has_files(const struct sd_campaign *campaign, const struct slot *slot)
{
    const struct sd_scenario *scenario = campaign->scenarios.file[slot->part].scenario;
    char name[256], paths[3][4096];
    sd_campaign_run_name(scenario, slot->point, slot->repeat, name, sizeof name);
    struct sd_run_request request = {0};
    if (sd_campaign_files(campaign->dir, name, wants_trace(campaign, scenario, slot),
                          campaign->capture, &request, paths) < 0)
        return false;
    return (!request.trace_path || access(request.trace_path, F_OK) == 0) &&
           (!request.capture_path || access(request.capture_path, F_OK) == 0);
}

static int list_runs(struct running *running, struct sd_error *error)
{
    const struct sd_scenarios *scenarios = &running->campaign->scenarios;
    struct sd_tally *tally = running->tally;
    for (size_t part = 0; part < scenarios->count; part++)
        tally->runs += sd_scenario_points(scenarios->file[part].scenario) *
                       sd_scenario_repeats(scenarios->file[part].scenario);
    running->todo = calloc(tally->runs ? tally->runs : 1, sizeof *running->todo);
    if (!running->todo)
        return sd_fail(error, SD_E_NOMEM, "out of memory for %zu runs", tally->runs);
    for (size_t part = 0; part < scenarios->count; part++) {
        const struct sd_scenario *scenario = scenarios->file[part].scenario;
        uint32_t repeats = sd_scenario_repeats(scenario);
        for (size_t point = 0; point < sd_scenario_points(scenario); point++)
            for (uint32_t repeat = 0; repeat < repeats; repeat++) {
                struct slot slot = {.part = (uint32_t)part, .point = point, .repeat = repeat};
                if (sd_store_has(running->store, part, point * repeats + repeat)) {
                    tally->before++;
                    tally->before_without_files += !has_files(running->campaign, &slot);
                } else {
                    running->todo[running->jobs++] = slot;
                }
            }
    }
    return SD_OK;
}

/* "v1.2-3-gabcdef" of the source tree, or "" when git or the history is not there. */
static void git_revision(char *text, size_t cap)
{
    *text = '\0';
    const char *root = sd_root(NULL);
    int ends[2];
    if (!root || pipe(ends) < 0)
        return;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        if (!freopen("/dev/null", "w", stderr))
            _exit(127);
        execlp("git", "git", "-C", root, "describe", "--always", "--dirty", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    if (pid > 0) {
        size_t len = 0;
        ssize_t n;
        while (len < cap - 1 && (n = read(ends[0], text + len, cap - 1 - len)) > 0)
            len += (size_t)n;
        text[len] = '\0';
        text[strcspn(text, "\n")] = '\0';
        waitpid(pid, NULL, 0);
    }
    close(ends[0]);
}

struct names {
    const char **column, **metric;
};

/* False: no memory; what was had is in names, for the caller to free. */
static bool describe_part(struct sd_store_part *part, struct names *names,
                          const struct sd_scenario *scenario)
{
    size_t columns = sd_scenario_columns(scenario), metrics = sd_scenario_metrics(scenario);
    names->column = calloc(columns + 1, sizeof *names->column);
    names->metric = calloc(metrics + 1, sizeof *names->metric);
    if (!names->column || !names->metric)
        return false;
    for (size_t c = 0; c < columns; c++)
        names->column[c] = sd_scenario_column(scenario, c);
    for (size_t m = 0; m < metrics; m++)
        names->metric[m] = sd_scenario_metric(scenario, m);
    *part = (struct sd_store_part){
        .scenario = sd_scenario_name(scenario),
        .json = sd_scenario_json(scenario),
        .sha256 = sd_scenario_sha256(scenario),
        .columns = columns,
        .metrics = metrics,
        .runs = sd_scenario_points(scenario) * sd_scenario_repeats(scenario),
        .column = names->column,
        .metric = names->metric,
    };
    return true;
}

static int open_store(struct running *running, struct sd_error *error)
{
    const struct sd_campaign *campaign = running->campaign;
    size_t count = campaign->scenarios.count;
    struct sd_store_part *part = calloc(count, sizeof *part);
    struct names *names = calloc(count, sizeof *names);
    bool there = part && names;
    for (size_t i = 0; there && i < count; i++)
        there = describe_part(&part[i], &names[i], campaign->scenarios.file[i].scenario);
    int rc = there ? SD_OK : sd_fail(error, SD_E_NOMEM, "out of memory for %zu scenarios", count);
    if (rc == SD_OK) {
        char git[128];
        git_revision(git, sizeof git);
        struct sd_store_config config = {
            .dir = campaign->dir,
            .command = campaign->command,
            .git = git,
            .base_seed = campaign->config.base_seed,
            .part = part,
            .parts = count,
            .resume = campaign->resume,
        };
        config.version = sd_versions(&config.versions);
        config.cost = sd_cost_versions(&config.costs);
        rc = sd_store_create(&running->store, &config, error);
    }
    for (size_t i = 0; names && i < count; i++) {
        free(names[i].column);
        free(names[i].metric);
    }
    free(names);
    free(part);
    return rc;
}

static int run_all(struct running *running, struct sd_error *error)
{
    const struct sd_campaign *campaign = running->campaign;
    int rc = SD_OK;
    if (campaign->trace || campaign->traced)
        rc = make_folder(campaign->dir, "events", error);
    if (rc == SD_OK && campaign->capture)
        rc = make_folder(campaign->dir, "pcap", error);
    if (rc == SD_OK)
        rc = list_runs(running, error);
    if (rc < 0)
        return rc;

    struct sd_workers workers = {
        .jobs = running->jobs,
        .workers = campaign->workers,
        .limits = run_limits,
        .result_bytes = sizeof(struct sd_run_result),
        .ctx = running,
        .work = work,
        .done = done,
        .stop = &interrupted,
    };
    sd_progress_begin(&running->progress, stderr, running->tally->runs, running->tally->before);
    rc = sd_workers_run(&workers, error);
    sd_progress_end(&running->progress);
    return rc;
}

int sd_campaign_run(const struct sd_campaign *campaign, struct sd_tally *tally,
                    struct sd_error *error)
{
    memset(tally, 0, sizeof *tally);
    struct running running = {.campaign = campaign, .tally = tally, .error = error};
    double began = sd_wall();

    struct sigaction catch = {.sa_handler = interrupt}, was[3];
    static const int signals[3] = {SIGINT, SIGTERM, SIGHUP};
    interrupted = 0;
    for (int i = 0; i < 3; i++)
        sigaction(signals[i], &catch, &was[i]);

    int rc = open_store(&running, error);
    if (rc == SD_OK) {
        tally->expectations_failed = sd_store_failed(running.store);
        rc = run_all(&running, error);
        if (rc == SD_OK)
            rc = sd_store_finish(running.store, sd_wall() - began, error);
        else
            sd_store_abandon(running.store);
    }
    free(running.todo);
    for (int i = 0; i < 3; i++)
        sigaction(signals[i], &was[i], NULL);
    return rc;
}
