#include "cmd/after.h"
#include "cmd/commands.h"
#include "cmd/next.h"
#include "cmd/workers.h"
#include "plots/ladder.h"
#include "plots/plot.h"
#include "plots/report.h"
#include "results/tables.h"
#include <stdlib.h>
#include <string.h>

#define TABLE_LINES 40

/* "s" of a plural. */
static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* The command again, with what the manifest does not keep of it. */
static void say_again(const struct sd_campaign *campaign, const char *before, bool resume)
{
    const char *word[5];
    size_t words = 0;
    if (campaign->trace)
        word[words++] = "--trace";
    if (campaign->capture)
        word[words++] = "--pcap";
    word[words++] = "--out";
    word[words++] = campaign->dir;
    if (resume)
        word[words++] = "--resume";
    sd_next_command(before, campaign->command, word, words);
}

static void say_interrupted(const struct sd_campaign *campaign, const struct sd_tally *tally)
{
    size_t kept = tally->before + tally->ok + tally->failed + tally->unfinished;
    fprintf(stderr, "shakedown: interrupted; %zu of %zu runs are kept in %s\n", kept, tally->runs,
            campaign->dir);
    say_again(campaign, "", true);
}

static void say_tally(const struct sd_campaign *campaign, const struct sd_tally *tally)
{
    fprintf(stderr, "%zu run%s in %s: %zu ok", tally->runs, plural(tally->runs), campaign->dir,
            tally->ok);
    if (tally->failed)
        fprintf(stderr, ", %zu failed", tally->failed);
    if (tally->unfinished)
        fprintf(stderr, ", %zu unfinished", tally->unfinished);
    if (tally->before)
        fprintf(stderr, ", %zu were there already", tally->before);
    fputc('\n', stderr);
    if (tally->before_without_files)
        fprintf(stderr,
                "shakedown: %zu of those that were there already left no %s; --resume runs nothing "
                "twice: give another --out for theirs\n",
                tally->before_without_files, campaign->capture ? "capture" : "trace");
}

int sd_after_runs(const struct sd_campaign *campaign, const struct sd_tally *tally, int result,
                  struct sd_error *error)
{
    if (result == SD_WORKERS_STOPPED) {
        say_interrupted(campaign, tally);
        return SD_EXIT_INTERRUPTED;
    }
    if (result < 0) {
        int code = error->code, status = sd_complain(error);
        /* Another script is another scenario, which does not go on from this one's runs. */
        if (tally->ok + tally->failed + tally->unfinished)
            say_again(campaign, "put that right, then", code != SD_E_SCENARIO);
        return status;
    }
    say_tally(campaign, tally);
    if (tally->expectations_failed && *tally->first_expectation)
        fprintf(stderr, "shakedown: %zu expectation%s failed, the first: %s\n",
                tally->expectations_failed, plural(tally->expectations_failed),
                tally->first_expectation);
    else if (tally->expectations_failed)
        fprintf(stderr, "shakedown: %zu expectation%s failed before: %s/expectations.csv\n",
                tally->expectations_failed, plural(tally->expectations_failed), campaign->dir);
    if (tally->cut_off)
        fprintf(stderr, "shakedown: %zu run%s cut off, the first: %s\n", tally->cut_off,
                tally->cut_off == 1 ? " was" : "s were", tally->first_cut_off);
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
    char path[4200];
    snprintf(path, sizeof path, "%s/report.html", campaign->dir);
    sd_next("open", path, NULL);
    return status;
}
