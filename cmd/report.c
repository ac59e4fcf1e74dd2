/* report - plots, ladders and report.html again, from stored results. */
#include "plots/report.h"
#include "cmd/commands.h"
#include "cmd/next.h"
#include "plots/ladder.h"
#include "plots/plot.h"

static int run(const struct sd_args *args)
{
    const char *dir = args->word[0];
    struct sd_error error = {0};
    if (sd_plots_draw(dir, NULL, &error) < 0)
        sd_complain(&error); /* the report says of each plot that it is not there */
    if (sd_ladders_draw(dir, NULL, &error) < 0 || sd_report_write(dir, &error) < 0)
        return sd_complain(&error);
    char path[4200];
    snprintf(path, sizeof path, "%.4000s/report.html", dir);
    printf("%s\n", path);
    sd_next("open", path, NULL);
    return SD_EXIT_GOOD;
}

const struct sd_command sd_command_report = {
    .name = "report",
    .arguments = "DIR",
    .what = "plots, ladders and report.html again, from stored results; nothing is rerun",
    .examples = "shakedown report results/runs/survey\n",
    .least = 1,
    .most = 1,
    .run = run,
};
