/* survey - every scenario tagged "survey" for every protocol, with tables, plots, one ladder for
 * each protocol, and the report. */
#include "cmd/after.h"
#include "cmd/campaign.h"
#include "cmd/commands.h"
#include <string.h>

/* The scenario whose runs are the protocols' ladders: one undisturbed exchange. */
#define LADDERS_FROM "handshake-rtt"

static bool is_first_of_protocol(const struct sd_scenario *scenario, size_t point, uint32_t repeat)
{
    if (repeat || strcmp(sd_scenario_name(scenario), LADDERS_FROM))
        return false;
    for (size_t before = 0; before < point; before++)
        if (!strcmp(sd_scenario_cell(scenario, before, 0), sd_scenario_cell(scenario, point, 0)))
            return false;
    return true;
}

static int run(const struct sd_args *args)
{
    static struct sd_campaign campaign;
    static const char *const word[] = {"survey"};
    struct sd_error error = {0};
    if (sd_campaign_prepare(&campaign, args, word, 1, &error) < 0)
        return sd_complain(&error);
    campaign.traced = is_first_of_protocol;

    struct sd_tally tally;
    int status =
        sd_after_runs(&campaign, &tally, sd_campaign_run(&campaign, &tally, &error), &error);
    if (status != SD_EXIT_USAGE && status != SD_EXIT_INTERRUPTED)
        status = sd_after_report(&campaign, sd_after_plots(&campaign, status));
    sd_campaign_free(&campaign);
    return status;
}

static const struct sd_flag flags[] = {
    {"quick", SD_FLAG_SWITCH, NULL, "small sweeps: a minute instead of an hour", 0, 0},
    {"seed", SD_FLAG_COUNT, "N", "another seed for everything random; default 1", 0, UINT64_MAX},
    {"j", SD_FLAG_COUNT, "N", "runs at a time; default the processors", 1, 256},
    {"out", SD_FLAG_TEXT, "DIR", "where results go; default results/runs/survey", 0, 0},
    {"resume", SD_FLAG_SWITCH, NULL, "go on where an interrupted survey stopped", 0, 0},
    {"pcap", SD_FLAG_SWITCH, NULL, "keep DIR/pcap/RUN.pcapng and RUN.keys of every run", 0, 0},
    {NULL, SD_FLAG_SWITCH, NULL, NULL, 0, 0},
};

const struct sd_command sd_command_survey = {
    .name = "survey",
    .what = "every survey scenario for every protocol: tables, plots, ladders, report.html",
    .examples = "shakedown survey --quick\n"
                "shakedown survey --out results/runs/full\n",
    .flags = flags,
    .run = run,
};
