/* table - the tables of stored results. */
#include "cmd/commands.h"
#include "results/store.h"

static int run(const struct sd_args *args)
{
    struct sd_frame *frame;
    struct sd_error error = {0};
    if (sd_frame_load(&frame, args->word[0], &error) < 0)
        return sd_complain(&error);
    sd_frame_free(frame);
    return SD_EXIT_GOOD;
}

const struct sd_command sd_command_table = {
    .name = "table",
    .arguments = "DIR [NAME]",
    .what = "the tables of stored results",
    .examples = "shakedown table results/runs/handshake-rtt\n",
    .least = 1,
    .most = 2,
    .run = run,
};
