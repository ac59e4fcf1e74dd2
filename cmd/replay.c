/* replay - one run again from its manifest, compared byte for byte with what it left behind. */
#include "cmd/campaign.h"
#include "cmd/commands.h"
#include "cmd/next.h"
#include "results/manifest.h"
#include "results/store.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct replay {
    struct sd_campaign campaign;
    struct sd_args as_it_was; /* the command of the manifest */
    json_t *manifest;
    struct sd_frame *frame;
    char command[SD_COMMAND_TEXT];
    size_t part, point;
    uint32_t repeat;
    struct sd_run_result result;
    size_t compared; /* cells and files */
};

static int load_manifest(struct replay *replay, const char *dir, struct sd_error *error)
{
    int rc = sd_manifest_load(&replay->manifest, dir, error);
    if (rc < 0)
        return rc;
    const char *command = json_string_value(json_object_get(replay->manifest, "command"));
    if (!command || strlen(command) >= sizeof replay->command)
        return sd_fail(error, SD_E_IO, "%s/manifest.json: expected \"command\", found none", dir);
    strcpy(replay->command, command);

    char *word[SD_ARGS_WORDS];
    size_t words = 0;
    const struct sd_command *ran = NULL;
    if (sd_args_split(replay->command, word, SD_ARGS_WORDS, &words) == SD_OK && words > 2)
        ran = !strcmp(word[1], "run")      ? &sd_command_run
              : !strcmp(word[1], "survey") ? &sd_command_survey
                                           : NULL;
    if (!ran)
        return sd_fail(error, SD_E_IO,
                       "%s/manifest.json: expected the command of a run or a survey, found '%s'",
                       dir, command);
    rc = sd_args_parse(&replay->as_it_was, ran, (int)words - 1, word + 1, error);
    if (rc < 0)
        return rc;
    static const char *const survey[] = {"survey"};
    bool is_survey = ran == &sd_command_survey;
    rc = sd_campaign_prepare(&replay->campaign, &replay->as_it_was,
                             is_survey ? survey : replay->as_it_was.word,
                             is_survey ? 1 : replay->as_it_was.words, error);
    if (rc == SD_E_IO && !is_survey)
        fprintf(stderr, "shakedown: %s was made by %s; replay it where its scenario is\n", dir,
                command);
    return rc;
}

static int find_run(struct replay *replay, const char *dir, const char *wanted,
                    struct sd_error *error)
{
    const struct sd_scenarios *scenarios = &replay->campaign.scenarios;
    char first[256] = "";
    for (size_t part = 0; part < scenarios->count; part++) {
        const struct sd_scenario *scenario = scenarios->file[part].scenario;
        for (size_t point = 0; point < sd_scenario_points(scenario); point++)
            for (uint32_t repeat = 0; repeat < sd_scenario_repeats(scenario); repeat++) {
                char name[256];
                sd_campaign_run_name(scenario, point, repeat, name, sizeof name);
                if (!*first)
                    snprintf(first, sizeof first, "%s", name);
                if (!strcmp(name, wanted)) {
                    replay->part = part;
                    replay->point = point;
                    replay->repeat = repeat;
                    return SD_OK;
                }
            }
    }
    return sd_fail(error, SD_E_USAGE, "%s has no run '%s'; its first is %s", dir, wanted, first);
}

/* A changed scenario may rightly give something else. */
static void warn_if_changed(const struct replay *replay)
{
    const struct sd_scenario *scenario = replay->campaign.scenarios.file[replay->part].scenario;
    size_t index;
    json_t *part;
    json_array_foreach(json_object_get(replay->manifest, "scenarios"), index, part)
    {
        const char *name = json_string_value(json_object_get(part, "name"));
        const char *sha256 = json_string_value(json_object_get(part, "sha256"));
        if (name && sha256 && !strcmp(name, sd_scenario_name(scenario)) &&
            strcmp(sha256, sd_scenario_sha256(scenario)))
            fprintf(stderr, "shakedown: %s has changed since it was run\n",
                    replay->campaign.scenarios.file[replay->part].path);
    }
}

/* The row of runs.csv that has this run's cells; -1: none. */
static long find_row(const struct replay *replay)
{
    const struct sd_scenario *scenario = replay->campaign.scenarios.file[replay->part].scenario;
    const struct sd_frame *frame = replay->frame;
    int name = sd_frame_column(frame, "scenario"), repeat = sd_frame_column(frame, "repeat");
    for (size_t row = 0; row < sd_frame_rows(frame); row++) {
        bool same = !strcmp(sd_frame_cell(frame, row, name), sd_scenario_name(scenario)) &&
                    strtoul(sd_frame_cell(frame, row, repeat), NULL, 10) == replay->repeat;
        for (size_t i = 0; same && i < sd_scenario_columns(scenario); i++) {
            int column = sd_frame_column(frame, sd_scenario_column(scenario, i));
            same = column >= 0 && !strcmp(sd_frame_cell(frame, row, column),
                                          sd_scenario_cell(scenario, replay->point, i));
        }
        if (same)
            return (long)row;
    }
    return -1;
}

static bool same_cell(struct replay *replay, size_t row, const char *column, const char *found)
{
    int index = sd_frame_column(replay->frame, column);
    const char *expected = index < 0 ? "" : sd_frame_cell(replay->frame, row, index);
    replay->compared++;
    if (!strcmp(expected, found))
        return true;
    printf("%s: runs.csv has %s, this run has %s\n", column, *expected ? expected : "nothing",
           *found ? found : "nothing");
    return false;
}

static bool same_row(struct replay *replay, size_t row)
{
    static const char *const fixed[] = {"repeat", "seed", "outcome", "detail"};
    const struct sd_scenario *scenario = replay->campaign.scenarios.file[replay->part].scenario;
    static struct sd_row again;
    sd_campaign_row(scenario, replay->point, replay->repeat, &replay->result, replay->result.detail,
                    &again);
    size_t columns = sd_scenario_columns(scenario);
    for (size_t i = 0; i < 4; i++)
        if (!same_cell(replay, row, fixed[i], again.cell[columns + i]))
            return false;
    for (size_t i = 0; i < sd_scenario_metrics(scenario); i++)
        if (!same_cell(replay, row, sd_scenario_metric(scenario, i), again.cell[columns + 4 + i]))
            return false;
    return true;
}

/* Prints the first difference: of text by line, of anything else by byte. */
static bool same_file(struct replay *replay, const char *kept, const char *made, bool text)
{
    FILE *a = fopen(kept, "rb"), *b = fopen(made, "rb");
    bool same = a && b;
    unsigned long byte = 0, line = 1;
    int x = EOF, y = EOF;
    while (same && (x = getc(a), y = getc(b), x == y) && x != EOF) {
        byte++;
        line += x == '\n';
    }
    if (!a || !b)
        printf("%s: cannot be read\n", a ? made : kept);
    else if (x != y) {
        same = false;
        if (text)
            printf("%s: line %lu is the first that differs\n", kept, line);
        else
            printf("%s: byte %lu is the first that differs\n", kept, byte);
    }
    if (a)
        fclose(a);
    if (b)
        fclose(b);
    replay->compared++;
    return same;
}

/* Events, capture or keys; named as the kept ones, because a trace says its name. */
#define SCRATCH_FILE 4608
static void scratch_file(char path[SCRATCH_FILE], const char *scratch, const char *name, int which)
{
    static const char *const ending[3] = {".jsonl", ".pcapng", ".keys"};
    snprintf(path, SCRATCH_FILE, "%.4095s/%.400s%s", scratch, name, ending[which]);
}

static int run_and_compare(struct replay *replay, const char *dir, const char *name,
                           const char *scratch, bool *same, struct sd_error *error)
{
    struct sd_scenario *scenario = replay->campaign.scenarios.file[replay->part].scenario;
    static char kept[3][4096];
    char made[3][SCRATCH_FILE];
    struct sd_run_request request = {.point = replay->point, .repeat = replay->repeat};
    int rc = sd_campaign_files(dir, name, true, true, &request, kept);
    if (rc < 0)
        return sd_fail(error, rc, "%s: the name of the folder is too long", dir);
    const char *wanted[3];
    for (int i = 0; i < 3; i++) {
        scratch_file(made[i], scratch, name, i);
        wanted[i] = access(kept[i], R_OK) == 0 ? made[i] : NULL;
    }
    request.trace_path = wanted[0];
    request.capture_path = wanted[1];
    request.keys_path = wanted[1] ? made[2] : NULL;

    rc = sd_scenario_run(scenario, &request, &replay->result, error);
    if (rc < 0)
        return rc;
    long row = find_row(replay);
    if (row < 0)
        return sd_fail(error, SD_E_IO, "%s/runs.csv has no row of %s; was it interrupted before?",
                       dir, name);
    *same = same_row(replay, (size_t)row);
    for (int i = 0; i < 3 && *same; i++)
        if (wanted[i])
            *same = same_file(replay, kept[i], made[i], i != 1);
    return SD_OK;
}

static int replay_in(struct replay *replay, const char *dir, const char *name, bool *same,
                     struct sd_error *error)
{
    int rc = load_manifest(replay, dir, error);
    if (rc == SD_OK)
        rc = find_run(replay, dir, name, error);
    if (rc == SD_OK)
        rc = sd_frame_load(&replay->frame, dir, error);
    if (rc < 0)
        return rc;
    warn_if_changed(replay);

    const char *tmp = getenv("TMPDIR");
    char scratch[4096], file[SCRATCH_FILE];
    snprintf(scratch, sizeof scratch, "%s/shakedown-replay-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(scratch))
        return sd_fail(error, SD_E_IO, "cannot make a folder %s: %s", scratch, strerror(errno));
    rc = run_and_compare(replay, dir, name, scratch, same, error);
    for (int i = 0; i < 3; i++) {
        scratch_file(file, scratch, name, i);
        unlink(file);
    }
    rmdir(scratch);
    return rc;
}

static int run(const struct sd_args *args)
{
    static struct replay replay;
    struct sd_error error = {0};
    const char *dir = args->word[0], *name = args->word[1];
    bool same = false;
    int rc = replay_in(&replay, dir, name, &same, &error);
    int status = rc < 0 ? sd_complain(&error) : SD_EXIT_GOOD;
    if (rc == SD_OK && same) {
        printf("%s: the same again, byte for byte (%zu cells and files)\n", name, replay.compared);
        sd_next("shakedown", "trace", dir, name, NULL);
    } else if (rc == SD_OK) {
        fprintf(stderr,
                "next: compare versions in %s/manifest.json with shakedown list costs "
                "--json and your libraries\n",
                dir);
        status = SD_EXIT_EXPECTATION;
    }
    sd_frame_free(replay.frame);
    json_decref(replay.manifest);
    sd_campaign_free(&replay.campaign);
    return status;
}

const struct sd_command sd_command_replay = {
    .name = "replay",
    .arguments = "DIR RUN",
    .what = "one run again from its manifest, compared byte for byte",
    .examples = "shakedown replay results/runs/handshake-rtt handshake-rtt-tls13-fresh-r0\n",
    .notes = "Compares the run's row of runs.csv and, if they were kept, its events and capture;\n"
             "prints the first difference and exits 1 if there is one.\n",
    .least = 2,
    .most = 2,
    .run = run,
};
