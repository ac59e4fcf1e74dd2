/* plot - the plots again, from stored results. */
#include "plots/plot.h"
#include "cmd/commands.h"
#include "cmd/next.h"

static int run(const struct sd_args *args)
{
    const char *dir = args->word[0];
    struct sd_error error = {0};
    size_t drawn = 0;
    if (sd_plots_draw(dir, &drawn, &error) < 0)
        return sd_complain(&error);
    printf("%zu plots in %s/plots\n", drawn, dir);
    sd_next("shakedown", "report", dir, NULL);
    return SD_EXIT_GOOD;
}

const struct sd_command sd_command_plot = {
    .name = "plot",
    .arguments = "DIR",
    .what = "the plots again, from stored results; nothing is rerun",
    .examples = "shakedown plot results/runs/handshake-loss\n",
    .least = 1,
    .most = 1,
    .run = run,
};
