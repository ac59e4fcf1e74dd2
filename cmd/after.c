#include "cmd/after.h"
#include "cmd/commands.h"
#include "cmd/workers.h"
#include <stdlib.h>
#include <string.h>

#define TABLE_LINES 40

static void say_interrupted(const struct sd_campaign *campaign, const struct sd_tally *tally)
{
    size_t kept = tally->before + tally->ok + tally->failed + tally->unfinished;
    fprintf(stderr,
            "shakedown: interrupted; %zu of %zu runs are kept in %s\n"
            "next: %s --out %s --resume\n",
            kept, tally->runs, campaign->dir, campaign->command, campaign->dir);
}

static void say_tally(const struct sd_campaign *campaign, const struct sd_tally *tally)
{
    fprintf(stderr, "%zu runs in %s: %zu ok", tally->runs, campaign->dir, tally->ok);
    if (tally->failed)
        fprintf(stderr, ", %zu failed", tally->failed);
    if (tally->unfinished)
        fprintf(stderr, ", %zu unfinished", tally->unfinished);
    if (tally->before)
        fprintf(stderr, ", %zu were there already", tally->before);
    fputc('\n', stderr);
}

int sd_after_runs(const struct sd_campaign *campaign, const struct sd_tally *tally, int result,
                  struct sd_error *error)
{
    if (result == SD_WORKERS_STOPPED) {
        say_interrupted(campaign, tally);
        return SD_EXIT_INTERRUPTED;
    }
    if (result < 0) {
        int status = sd_complain(error);
        if (tally->ok + tally->failed + tally->unfinished)
            fprintf(stderr, "next: put that right, then %s --out %s --resume\n", campaign->command,
                    campaign->dir);
        return status;
    }
    say_tally(campaign, tally);
    if (tally->expectations_failed)
        fprintf(stderr, "shakedown: %zu expectations failed, the first: %s\n",
                tally->expectations_failed, tally->first_expectation);
    if (tally->cut_off)
        fprintf(stderr, "shakedown: %zu runs were cut off, the first: %s\n", tally->cut_off,
                tally->first_cut_off);
    return tally->cut_off               ? SD_EXIT_INTERNAL
           : tally->expectations_failed ? SD_EXIT_EXPECTATION
                                        : SD_EXIT_GOOD;
}

void sd_after_show_tables(const struct sd_campaign *campaign)
{
    for (size_t i = 0; i < campaign->scenarios.count; i++) {
        const struct sd_scenario *scenario = campaign->scenarios.file[i].scenario;
        char path[8192], line[2048];
        snprintf(path, sizeof path, "%s/tables/%s.md", campaign->dir, sd_scenario_name(scenario));
        FILE *table = fopen(path, "r");
        if (!table)
            continue;
        printf("%s%s\n\n", i ? "\n" : "", sd_scenario_title(scenario));
        size_t lines = 0;
        while (fgets(line, sizeof line, table) && lines++ < TABLE_LINES)
            fputs(line, stdout);
        if (lines > TABLE_LINES)
            printf("... all of it: %s\n", path);
        fclose(table);
    }
}

int sd_after_report(const struct sd_campaign *campaign, int status)
{
    fprintf(stderr, "next: open %s/report.html\n", campaign->dir);
    return status;
}
