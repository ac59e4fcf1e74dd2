/* survey - every scenario tagged "survey" for every protocol, and a probe of every feature, with
 * tables, plots, the ladders that the scenarios ask for, and the report. */
#include "cmd/after.h"
#include "cmd/campaign.h"
#include "cmd/commands.h"
#include "results/interop.h"
#include <jansson.h>
#include <string.h>

static bool lists(const json_t *values, const char *cell)
{
    for (size_t i = 0; i < json_array_size(values); i++)
        if (!strcmp(json_string_value(json_array_get(values, i)), cell))
            return true;
    return false;
}

/* Whether the `when` of a ladder admits a point. */
static bool admits(const json_t *when, const struct sd_scenario *scenario, size_t point)
{
    for (size_t i = 0; i < sd_scenario_columns(scenario); i++) {
        const json_t *values = json_object_get(when, sd_scenario_column(scenario, i));
        if (values && !lists(values, sd_scenario_cell(scenario, point, i)))
            return false;
    }
    return true;
}

/* A sweep's first two columns are the protocol and its mode. */
static bool are_alike(const struct sd_scenario *scenario, size_t a, size_t b)
{
    return !strcmp(sd_scenario_cell(scenario, a, 0), sd_scenario_cell(scenario, b, 0)) &&
           !strcmp(sd_scenario_cell(scenario, a, 1), sd_scenario_cell(scenario, b, 1));
}

static bool is_first_of_its_kind(const json_t *when, const struct sd_scenario *scenario,
                                 size_t point)
{
    if (!admits(when, scenario, point))
        return false;
    for (size_t before = 0; before < point; before++)
        if (are_alike(scenario, before, point) && admits(when, scenario, before))
            return false;
    return true;
}

/* Traces what sd_ladders_draw() will draw: for each ladder that the scenario asks for, the first
 * run of each protocol and mode that it admits. */
static bool wants_ladder(const struct sd_scenario *scenario, size_t point, uint32_t repeat)
{
    if (repeat)
        return false;
    if (sd_scenario_has_tag(scenario, "features"))
        return true; /* the evidence of its verdict */
    json_t *description = json_loads(sd_scenario_json(scenario), 0, NULL);
    const json_t *ladders = json_object_get(description, "ladders");
    bool wanted = false;
    for (size_t i = 0; i < json_array_size(ladders) && !wanted; i++)
        wanted = is_first_of_its_kind(json_object_get(json_array_get(ladders, i), "when"), scenario,
                                      point);
    json_decref(description);
    return wanted;
}

static int run(const struct sd_args *args)
{
    static struct sd_campaign campaign;
    static const char *const word[] = {"survey", "features"};
    struct sd_error error = {0};
    if (sd_campaign_prepare(&campaign, args, word, 2, &error) < 0)
        return sd_complain(&error);
    campaign.traced = wants_ladder;

    struct sd_tally tally;
    int rc = sd_campaign_run(&campaign, &tally, &error);
    int status = sd_after_runs(&campaign, &tally, rc, &error);
    if (rc == SD_OK && status != SD_EXIT_USAGE && sd_interop_write(campaign.dir, &error) < 0)
        status = sd_complain(&error);
    if (rc == SD_OK && status != SD_EXIT_USAGE)
        status = sd_after_report(&campaign, sd_after_plots(&campaign, status));
    sd_campaign_free(&campaign);
    return status;
}

static const struct sd_flag flags[] = {
    {"quick", SD_FLAG_SWITCH, NULL, "small sweeps: half a minute instead of several minutes", 0, 0},
    {"seed", SD_FLAG_COUNT, "N", "another seed for everything random; default 1", 0, UINT64_MAX},
    {"j", SD_FLAG_COUNT, "N", "runs at a time; default the processors", 1, 256},
    {"out", SD_FLAG_TEXT, "DIR", "where results go; default results/runs/survey", 0, 0},
    {"resume", SD_FLAG_SWITCH, NULL, "go on where an interrupted survey stopped", 0, 0},
    {"pcap", SD_FLAG_SWITCH, NULL, "keep DIR/pcap/RUN.pcapng and RUN.keys of every run", 0, 0},
    {NULL, SD_FLAG_SWITCH, NULL, NULL, 0, 0},
};

const struct sd_command sd_command_survey = {
    .name = "survey",
    .what =
        "every survey scenario and every feature for every protocol: tables, plots, report.html",
    .examples = "shakedown survey --quick\n"
                "shakedown survey --out results/runs/full\n",
    .flags = flags,
    .run = run,
};
