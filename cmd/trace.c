/* trace - who sent what, when, in one traced run. */
#include "cmd/commands.h"

static int run(const struct sd_args *args)
{
    struct sd_error error = {0};
    sd_fail(&error, SD_E_UNSUPPORTED, "%s: no trace of %s can be shown yet", args->word[0],
            args->word[1]);
    return sd_complain(&error);
}

const struct sd_command sd_command_trace = {
    .name = "trace",
    .arguments = "DIR RUN",
    .what = "who sent what, when: one traced run as a ladder diagram",
    .examples = "shakedown trace results/runs/handshake-rtt handshake-rtt-tls13-fresh-r0\n",
    .least = 2,
    .most = 2,
    .run = run,
};
