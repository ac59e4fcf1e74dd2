/* commands.h - every subcommand, each in the file of its name; main.c lists them. */
#ifndef SD_COMMANDS_H
#define SD_COMMANDS_H

#include "cmd/args.h"

extern const struct sd_command sd_command_run, sd_command_survey, sd_command_table, sd_command_plot,
    sd_command_report, sd_command_check, sd_command_list, sd_command_trace, sd_command_replay,
    sd_command_live, sd_command_calibrate, sd_command_bench;

/* "shakedown: ..." on stderr, and the exit code that fits the error. */
int sd_complain(const struct sd_error *);
int sd_exit_code(int result); /* of an enum sd_result */

#endif
