/* run - every run of some scenarios, then their tables and plots. */
#include "cmd/after.h"
#include "cmd/campaign.h"
#include "cmd/commands.h"
#include "cmd/next.h"

static int run(const struct sd_args *args)
{
    static struct sd_campaign campaign;
    struct sd_error error = {0};
    if (sd_campaign_prepare(&campaign, args, args->word, args->words, &error) < 0)
        return sd_complain(&error);
    struct sd_tally tally;
    int rc = sd_campaign_run(&campaign, &tally, &error);
    int status = sd_after_runs(&campaign, &tally, rc, &error);
    if (rc == SD_OK && status != SD_EXIT_USAGE) {
        sd_after_show_tables(&campaign);
        status = sd_after_plots(&campaign, status);
        if (campaign.trace) {
            char first[256];
            sd_campaign_run_name(campaign.scenarios.file[0].scenario, 0, 0, first, sizeof first);
            sd_next("shakedown", "trace", campaign.dir, first, NULL);
        } else {
            sd_next("shakedown", "report", campaign.dir, NULL);
        }
    }
    sd_campaign_free(&campaign);
    return status;
}

static const struct sd_flag flags[] = {
    {"set", SD_FLAG_LIST, "K=V[,V]", "replace a sweep value: rtt=31ms,loss=2%,5%", 0, 0},
    {"seed", SD_FLAG_COUNT, "N", "another seed for everything random; default 1", 0, UINT64_MAX},
    {"repeats", SD_FLAG_COUNT, "N", "runs of each point; default the scenario's", 1, 1000000},
    {"quick", SD_FLAG_SWITCH, NULL, "the scenario's small sweep", 0, 0},
    {"j", SD_FLAG_COUNT, "N", "runs at a time; default the processors", 1, 256},
    {"out", SD_FLAG_TEXT, "DIR", "where results go; default results/runs/NAME", 0, 0},
    {"resume", SD_FLAG_SWITCH, NULL, "go on where an interrupted run stopped", 0, 0},
    {"pcap", SD_FLAG_SWITCH, NULL, "keep DIR/pcap/RUN.pcapng and RUN.keys", 0, 0},
    {"trace", SD_FLAG_SWITCH, NULL, "keep DIR/events/RUN.jsonl, for ladders", 0, 0},
    {NULL, SD_FLAG_SWITCH, NULL, NULL, 0, 0},
};

const struct sd_command sd_command_run = {
    .name = "run",
    .arguments = "FILE|NAME|TAG...",
    .what = "run scenarios: by file, by name, or all that have a tag",
    .examples = "shakedown run handshake-rtt\n"
                "shakedown run handshake-loss --set rtt=31.169ms,loss=2%,5% --repeats 10\n"
                "shakedown run my-lab.lua --set protocol=wireguard --pcap --trace\n",
    .flags = flags,
    .least = 1,
    .most = 64,
    .run = run,
};
