/* shakedown - the command line: finds the subcommand, parses its flags, returns its exit code. */
#include "cmd/commands.h"
#include "sim/core/env.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct sd_command *const commands[] = {
    &sd_command_survey, &sd_command_run,   &sd_command_table,     &sd_command_plot,
    &sd_command_report, &sd_command_check, &sd_command_list,      &sd_command_trace,
    &sd_command_replay, &sd_command_live,  &sd_command_calibrate, &sd_command_bench,
};
#define COMMANDS (sizeof commands / sizeof *commands)

int sd_exit_code(int result)
{
    switch (result) {
    case SD_OK:
        return SD_EXIT_GOOD;
    case SD_E_INTERNAL:
    case SD_E_NOMEM:
    case SD_E_STATE:
        return SD_EXIT_INTERNAL;
    default:
        return SD_EXIT_USAGE;
    }
}

int sd_complain(const struct sd_error *error)
{
    fprintf(stderr, "shakedown: %s\n", error->text);
    return sd_exit_code(error->code);
}

static void help(FILE *to)
{
    fprintf(to, "shakedown survey --quick              every survey scenario, small: start here\n"
                "shakedown run handshake-rtt           one scenario, by name, tag or file\n"
                "shakedown run handshake-loss --set rtt=31ms,loss=2%%,5%% --repeats 10\n"
                "shakedown list scenarios              what there is to run\n"
                "\ncommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "    %-10s%s\n", commands[i]->name, commands[i]->what);
    fprintf(
        to,
        "\nshakedown COMMAND --help says more, with examples.\n"
        "Exit status: 0 good; 1 an expectation failed; 2 a flag, scenario, folder or disk needs\n"
        "your attention; 3 a fault of Shakedown or a run that crashed; 130 interrupted.\n");
}

static const struct sd_command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static int no_such_command(const char *name)
{
    const char *names[COMMANDS + 2];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    names[COMMANDS] = "help";
    names[COMMANDS + 1] = NULL;
    const char *nearest = sd_nearest(name, names);
    if (nearest)
        fprintf(stderr, "shakedown: no command '%s'; did you mean %s?\n", name, nearest);
    else
        fprintf(stderr, "shakedown: no command '%s'; see shakedown --help\n", name);
    return SD_EXIT_USAGE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return SD_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
        const struct sd_command *asked = argc > 2 ? find(argv[2]) : NULL;
        if (argc > 2 && !asked)
            return no_such_command(argv[2]);
        if (asked)
            sd_args_help(asked, stdout);
        else
            help(stdout);
        return SD_EXIT_GOOD;
    }
    const struct sd_command *command = find(name);
    if (!command)
        return no_such_command(name);

    static struct sd_args args;
    struct sd_error error = {0};
    if (sd_args_parse(&args, command, argc - 1, argv + 1, &error) < 0)
        return sd_complain(&error);
    if (args.help) {
        sd_args_help(command, stdout);
        return SD_EXIT_GOOD;
    }
    return command->run(&args);
}

/* A file opened by a program whose standard output is closed would become it, and a table would be
 * written into a store.  Read-only, so that writing fails as on what is closed. */
static bool fill_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    if (!fill_standard_files())
        return SD_EXIT_INTERNAL;
    signal(SIGPIPE, SIG_IGN); /* `shakedown list | head` must not lose a store half-way */
    if (sd_core_init() < 0) {
        fprintf(stderr, "shakedown: the start-up self-test failed\n");
        return SD_EXIT_INTERNAL;
    }
    int status = dispatch(argc, argv);
    errno = 0;
    bool broken = ferror(stdout);
    if (fflush(stdout) != 0)
        broken = true;
    if (broken && errno != EPIPE && status == SD_EXIT_GOOD) {
        fprintf(stderr, "shakedown: cannot write to standard output: %s\n",
                errno ? strerror(errno) : "write error");
        status = SD_EXIT_USAGE;
    }
    return status;
}
