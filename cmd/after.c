#include "cmd/after.h"
#include "cmd/commands.h"
#include "cmd/workers.h"
#include "plots/ladder.h"
#include "plots/plot.h"
#include "plots/report.h"
#include "results/tables.h"
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
    if (tally->expectations_failed && *tally->first_expectation)
        fprintf(stderr, "shakedown: %zu expectations failed, the first: %s\n",
                tally->expectations_failed, tally->first_expectation);
    else if (tally->expectations_failed)
        fprintf(stderr, "shakedown: %zu expectations failed before: %s/expectations.csv\n",
                tally->expectations_failed, campaign->dir);
    if (tally->cut_off)
        fprintf(stderr, "shakedown: %zu runs were cut off, the first: %s\n", tally->cut_off,
                tally->first_cut_off);
    if (sd_tables_write(campaign->dir, error) < 0)
        return sd_complain(error);
    return tally->cut_off               ? SD_EXIT_INTERNAL
           : tally->expectations_failed ? SD_EXIT_EXPECTATION
                                        : SD_EXIT_GOOD;
}

static void show_table(const char *text, const char *dir, const char *name)
{
    const char *at = text;
    for (size_t lines = 0; *at && lines < TABLE_LINES; lines++)
        at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
    printf("%.*s", (int)(at - text), text);
    if (*at)
        printf("... all of it: %s/tables/%s.md\n", dir, name);
}

void sd_after_show_tables(const struct sd_campaign *campaign)
{
    struct sd_tables *tables;
    struct sd_error error = {0};
    if (sd_tables_load(&tables, campaign->dir, &error) < 0)
        return; /* sd_after_runs() has said why there are none */
    for (size_t i = 0; i < sd_tables_count(tables); i++) {
        struct sd_text text = {0};
        if (sd_tables_text(tables, i, SD_GRID_MARKDOWN, &text, &error) == SD_OK) {
            fputs(i ? "\n" : "", stdout);
            show_table(text.text, campaign->dir, sd_tables_name(tables, i));
        }
        free(text.text);
    }
    sd_tables_free(tables);
}

int sd_after_plots(const struct sd_campaign *campaign, int status)
{
    struct sd_error error = {0};
    return sd_plots_draw(campaign->dir, NULL, &error) < 0 ? sd_complain(&error) : status;
}

int sd_after_report(const struct sd_campaign *campaign, int status)
{
    struct sd_error error = {0};
    if (sd_ladders_draw(campaign->dir, NULL, &error) < 0 ||
        sd_report_write(campaign->dir, &error) < 0)
        return sd_complain(&error);
    fprintf(stderr, "next: open %s/report.html\n", campaign->dir);
    return status;
}
